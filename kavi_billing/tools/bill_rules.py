"""What may be done with a bill, when, and where it leads.

Plain Python, no ORM: buttons, guards, portal, import and tests all read this one
table (KB-20 ... KB-27, D-02). To change a rule, change it here.
"""

from dataclasses import dataclass

# The main state: exactly one, computed from facts, never written by hand.
STATES = {
    "draft": "Draft",
    "new": "New",
    "pending": "Pending",
    "paid": "Paid",
    "refunded": "Refunded",
    "canceled": "Canceled",
}
ISSUED = tuple(state for state in STATES if state != "draft")
OPEN = ("new", "pending")
SETTLED = ("paid", "refunded")

# Flags: any number at once, shown as badges beside the state.
FLAGS = {
    "overdue": "Overdue",
    "partly_paid": "Partly Paid",
    "disputed": "In Dispute",
    "awaiting_gateway": "Awaiting Gateway",
    "failed_gateway": "Failed Gateway",
    "frozen": "Frozen",
    "opened": "Opening Balance",
    "past": "History",
}
# What keeps a bill as it is: no act changes it.
CLOSED = ("frozen", "past")


@dataclass(frozen=True)
class Act:
    """One thing that can be done with a bill.

    :ivar label: its name, for people
    :ivar leads: state it may start from -> states it may end in; a state that is
        missing refuses the act
    :ivar refused: flags that forbid it
    :ivar needs: flags without which it makes no sense
    :ivar later: states and flags for which another addon offers it; refused with
        "not available" where none does
    :ivar role: who may do it: "officer" (and above) or "administrator"
    """

    label: str
    leads: dict
    refused: tuple = CLOSED
    needs: tuple = ()
    later: tuple = ()
    role: str = "officer"


def _stay(*states):
    return {state: (state,) for state in states}


def _to(target, *states):
    return {state: (target,) for state in states}


def _settle():
    """From open, what an act may settle: refunded, if it was refunded and reopened."""
    return {state: (state, *SETTLED) for state in OPEN}


ACTS = {
    # -- before anybody sees it
    "issue": Act("Issue", {"draft": ("new", "paid")}),
    "delete": Act("Delete", {"draft": ()}),
    # -- what it says
    "edit": Act("Edit", _stay("draft", *OPEN, *SETTLED)),
    "change_amount": Act(
        "Change the amount",
        {"draft": ("draft",), **_settle()},
        refused=(*CLOSED, "awaiting_gateway", "partly_paid", "opened"),
    ),
    "postpone": Act("Postpone", _stay(*OPEN)),
    # -- how it is paid
    "choose_method": Act(
        "Choose a payment method",
        _to("pending", *OPEN),
        refused=(*CLOSED, "awaiting_gateway"),
    ),
    "complete_payment": Act(
        "Complete a payment",
        _settle(),
        refused=(*CLOSED, "awaiting_gateway"),
    ),
    "pay_by_card": Act(
        "Pay by card",
        {"new": ("new", "paid"), "pending": ("new", "paid")},
        refused=(*CLOSED, "awaiting_gateway"),
        later=OPEN,
    ),
    "write_off": Act(
        "Write off the rest",
        {state: SETTLED for state in OPEN},
        refused=(*CLOSED, "awaiting_gateway"),
    ),
    "apply_credit": Act(
        "Apply a credit",
        _settle(),
        refused=(*CLOSED, "awaiting_gateway"),
    ),
    "unapply_credit": Act(
        "Take a credit off again",
        {"new": ("new",), "pending": ("pending",), "paid": OPEN},
    ),
    "reverse_payment": Act(
        "Reverse a payment",
        {"paid": OPEN, "refunded": OPEN, "new": ("new",), "pending": ("pending",)},
    ),
    # -- how it ends
    "refund": Act(
        "Refund",
        _to("refunded", *SETTLED),
        refused=(*CLOSED, "awaiting_gateway"),
    ),
    "cancel": Act(
        "Cancel",
        _to("canceled", *OPEN, *SETTLED),
        refused=(*CLOSED, "awaiting_gateway"),
    ),
    # -- disputes (unpaid bills only, KB-23)
    "dispute": Act("Open a dispute", _stay(*OPEN), (*CLOSED, "disputed")),
    "resolve_dispute": Act("Resolve the dispute", _stay(*OPEN), needs=("disputed",)),
    # -- what the gateway and the mail do
    "freeze": Act("Freeze", _stay(*SETTLED, "canceled"), later=(*SETTLED, "canceled")),
    "send_notice": Act("Send a notice", _stay(*ISSUED), refused=("past",)),
}

# Who pays: the account's holder, its billing or primary contact, an administrator of
# the billed company, and whoever has the signed link (KB-18, KB-19, KB-43, KB-48).
PAYERS = frozenset({"holder", "contact", "administrator", "link"})
# What they may do on the bill's page: the act that the table has to allow -> who.
PAYER_ACTS = {
    "choose_method": ("choose_method", PAYERS),
    "purchase_order": ("edit", frozenset({"holder", "administrator"})),
    "invoice_number": ("edit", frozenset({"holder", "contact", "administrator"})),
}


# Which documents there are: the states in which they exist, and whether money must have
# come. A draft's invoice is a preview, and says so.
@dataclass(frozen=True)
class Document:
    states: tuple
    needs_payment: bool = False


DOCUMENTS = {
    "invoice": Document(("draft", *ISSUED)),
    "receipt": Document(ISSUED, needs_payment=True),
}

# Fields that nobody writes: they follow from the entries (D-04) ...
DERIVED = frozenset(
    "state amount_untaxed amount_tax surcharge_booked payment_surcharge "
    "surcharge_expected amount_with_surcharge amount_to_pay amount_to_pay_early "
    "amount_discounted "
    "discount_date amount_total amount_paid amount_credited "
    "amount_due amount_due_company refund_amount amount_retained amount_refundable "
    "payment_date "
    "refund_date cancel_date next_due_date is_partly_paid is_posted invoice_id "
    "is_overdue".split()
)
# ... fields that only an act writes, or an import of what was before ...
FACTS = frozenset(
    "name is_canceled is_disputed is_frozen payment_method_id payment_number "
    "cancel_reason move_ids opening_key opening_state opening_date "
    "opening_total opening_surcharge opening_paid opening_credited opening_refunded "
    "opening_due opening_payment_date opening_refund_date opening_cancel_date".split()
)
# ... and what "edit" may change once the bill is issued. Everything else is fixed.
EDITABLE = frozenset("title description due_date purchase_order invoice_number".split())


def refusal(act, state, flags=(), offered=()):
    """Say why ``act`` is refused on a bill in ``state`` with ``flags``.

    :param str act: a key of :data:`ACTS`
    :param str state: a key of :data:`STATES`
    :param flags: keys of :data:`FLAGS`
    :param offered: the acts that another addon offers
    :return: ``None`` when it is allowed, else ``(reason, detail)`` with the reason
        one of "state", "flag", "missing", "later" and the detail the state or
        flag at fault
    :raise KeyError: for an unknown act or state
    """
    rule = ACTS[act]
    if state not in STATES:
        raise KeyError(state)  # a programming error, not a refusal
    for flag in rule.refused:
        if flag in flags:
            return "flag", flag
    if state not in rule.leads:
        return "state", state
    for flag in rule.needs:
        if flag not in flags:
            return "missing", flag
    for fact in (state, *flags):
        if act not in offered and fact in rule.later:
            return "later", fact
    return None


def payer_acts(roles, state, flags=(), offered=()):
    """The keys of :data:`PAYER_ACTS` that are open to ``roles``, in its order.

    :param roles: some of :data:`PAYERS`
    """
    return [
        name
        for name, (act, whose) in PAYER_ACTS.items()
        if whose & set(roles) and refusal(act, state, flags, offered) is None
    ]


def document_refusal(document, state, is_paid):
    """Say why there is no such document of a bill.

    :param str document: a key of :data:`DOCUMENTS`
    :param str state: a key of :data:`STATES`
    :param bool is_paid: whether any money was received, refunded or not
    :return: ``None`` when there is one, else "state" or "unpaid"
    :raise KeyError: for an unknown document
    """
    rule = DOCUMENTS[document]
    if state not in rule.states:
        return "state"
    return "unpaid" if rule.needs_payment and not is_paid else None


def allowed_acts(state, flags=(), offered=()):
    """The names of all acts that are allowed, in the table's order."""
    return [act for act in ACTS if refusal(act, state, flags, offered) is None]
