from . import (
    kavi_bill_cancel_wizard,
    kavi_bill_method_wizard,
    kavi_bill_payment_wizard,
    kavi_credit_apply_wizard,
    kavi_credit_refund_wizard,
)
