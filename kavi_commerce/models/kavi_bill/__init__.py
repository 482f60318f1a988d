from . import (
    base,
    card_cancel,
    book_check,
    card_payment,
    card_refund,
    portal,
)
