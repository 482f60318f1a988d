from . import (
    base,
    card_payment,
    card_refund,
    portal,
)
