from . import (
    base,
    card_cancel,
    card_payment,
    card_refund,
    portal,
)
