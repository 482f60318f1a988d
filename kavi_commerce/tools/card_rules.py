"""What may be done with a bill by card, and what waits while the gateway has not
answered. Plain Python, no ORM: added to the table of kavi_billing's ``bill_rules``.
"""

from odoo.addons.kavi_billing.tools.bill_rules import ISSUED, SETTLED, Act, stay

# Shown as badges beside the state.
FLAGS = {
    "awaiting_gateway": "Awaiting Gateway",
    "failed_gateway": "Failed Gateway",
}
ACTS = {
    "pay_by_card": Act(
        "Pay by card",
        {"new": ("new", "paid"), "pending": ("pending", "new", "paid")},
    ),
    # refused by the gateway: the bill is as it was, until it has answered
    "retry_refund": Act(
        "Try the refund again", stay(*ISSUED), needs=("failed_gateway",)
    ),
    "freeze": Act("Freeze", stay(*SETTLED, "canceled")),
}
# Flag -> the acts that it forbids.
REFUSED = {
    "awaiting_gateway": (
        "change_amount",
        "choose_method",
        "complete_payment",
        "pay_by_card",
        "write_off",
        "apply_credit",
        "refund",
        "retry_refund",
        "cancel",
    )
}
