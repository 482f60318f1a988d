from . import (
    accounting,
    authorization,
    base,
    capture,
    checkout,
    outdated,
    paypal_report,
    purge,
    refund,
    sync,
)
