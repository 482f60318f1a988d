from . import (
    digest_digest,
    kavi_report_mixin,
    kavi_activity,
    kavi_bill,
    kavi_billing_overview,
    kavi_money_event,
)

# views on the tables of those above
from . import (
    kavi_aging_report,
    kavi_balance_report,
    kavi_log_report,
    kavi_payment_report,
)
