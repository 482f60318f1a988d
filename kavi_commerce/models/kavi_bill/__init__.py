from . import (
    base,
    book_check,
    card_payment,
    card_refund,
    portal,
)
