from . import kavi_protected_mixin  # first: models of Odoo's take it, too

from . import (
    account_move,
    account_move_line,
    account_partial_reconcile,
    account_payment,
    account_payment_term,
    account_payment_term_line,
    ir_actions_report,
    kavi_bulk_mixin,
    kavi_guard_mixin,
    kavi_ledger_check_mixin,
    kavi_retry_mixin,
    kavi_view_mixin,
    kavi_activity,
    kavi_document_mixin,
    kavi_bill,
    kavi_bill_kind,
    kavi_bill_line,
    kavi_billable_mixin,
    kavi_billing_task,
    kavi_credit,
    kavi_notice,
    kavi_notice_rule,
    kavi_payment_method,
    mail_mail,
    mail_template,
    product_template,
    res_company,
    res_config_settings,
    res_partner,
    res_users,
)

# views on the tables of those above
from . import (
    kavi_account_allocation,
    kavi_account_ledger,
    kavi_bill_instalment,
)
