from . import (
    accounting,
    authorization,
    base,
    book_check,
    capture,
    checkout,
    paypal_report,
    purge,
    refund,
    refusal,
    sync,
)
