from . import (
    accounting,
    authorization,
    base,
    capture,
    checkout,
    paypal_report,
    purge,
    refund,
    refund_check,
    sync,
)
