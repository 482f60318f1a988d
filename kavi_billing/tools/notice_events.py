"""At which events an account is told what became of its bill.

Plain Python, no ORM: the switches of bill kinds, the wizards and the log read this one
table (KB-54 ... KB-56).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One occasion to write to an account.

    :ivar label: its name, for people
    :ivar template: XML id of the mail template, within this addon
    :ivar switch: the field of a bill kind that turns it on and off
    :ivar default: whether it is on for a bill without a kind
    :ivar document: what is attached to the mail (a key of
        ``bill_rules.DOCUMENTS``), if the bill has it; "" for nothing
    """

    label: str
    template: str
    switch: str
    default: bool = True
    document: str = ""


EVENTS = {
    "new": Event(
        "New Bill", "mail_template_bill_new", "notify_new", document="invoice"
    ),
    "receipt": Event(
        "Receipt", "mail_template_bill_receipt", "notify_receipt", document="receipt"
    ),
    "refund": Event(
        "Refund", "mail_template_bill_refund", "notify_refund", document="credit_note"
    ),
    "cancel": Event(
        "Canceled", "mail_template_bill_cancel", "notify_cancel", document="credit_note"
    ),
    "reversal": Event(
        "Payment Reversed", "mail_template_bill_reversal", "notify_reversal"
    ),
    "dispute": Event(
        "Dispute Opened", "mail_template_bill_dispute", "notify_dispute", False
    ),
    "resolve": Event(
        "Dispute Resolved", "mail_template_bill_resolve", "notify_dispute", False
    ),
    "update": Event("Updated", "mail_template_bill_update", "notify_update", False),
}

# What somebody does with a bill (a key of ``bill_rules.ACTS``) -> what its account may
# be told of.
EVENT_OF_ACT = {
    "complete_payment": "receipt",
    "refund": "refund",
    "cancel": "cancel",
    "reverse_payment": "reversal",
    "dispute": "dispute",
    "resolve_dispute": "resolve",
    "postpone": "update",
    "change_amount": "update",
}
