from . import (
    accounting,
    authorization,
    base,
    capture,
    checkout,
    paypal_report,
    purge,
    refund,
    sync,
    turn,
)
