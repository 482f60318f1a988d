from . import (
    kavi_bill_act_wizard,
    kavi_bill_cancel_wizard,
    kavi_bill_card_wizard,
    kavi_bill_refund_wizard,
    kavi_transaction_complete_wizard,
    kavi_transaction_note_wizard,
    kavi_transaction_refund_wizard,
)
