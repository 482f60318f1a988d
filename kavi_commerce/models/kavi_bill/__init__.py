from . import (
    base,
    book_check,
    card_cancel,
    card_entries,
    card_payment,
    card_refund,
    portal,
)
