from . import (
    accounting,
    authorization,
    base,
    checkout,
    paypal_report,
    purge,
    refund,
    sync,
)
