"""What may be done with a bill, when, and where it leads.

Plain Python, no ORM: buttons, guards, portal, import and tests all read this one
table (KB-20 ... KB-27, D-02). To change a rule, change it here. What another addon does
with bills it adds to the table (``kavi.bill._get_acts``), see :func:`extend_acts`.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

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
    "frozen": "Frozen",
    "opening_balance": "Opening Balance",
    "historical": "History",
}
# What keeps a bill as it is: no act changes it.
CLOSED = ("frozen", "historical")


@dataclass(frozen=True)
class Act:
    """One thing that can be done with a bill.

    :ivar label: its name, for people
    :ivar leads: state it may start from -> states it may end in; a state that is
        missing refuses the act
    :ivar refused: flags that forbid it
    :ivar needs: flags without which it makes no sense
    :ivar role: who may do it: "officer" (and above) or "administrator"
    """

    label: str
    leads: dict
    refused: tuple = CLOSED
    needs: tuple = ()
    role: str = "officer"


def stay(*states):
    """``leads`` of an act that keeps the state."""
    return {state: (state,) for state in states}


def lead_to(target, *states):
    """``leads`` of an act that ends in one state."""
    return {state: (target,) for state in states}


def _settle():
    """From open, what an act may settle: refunded, if it was refunded and reopened."""
    return {state: (state, *SETTLED) for state in OPEN}


ACTS = MappingProxyType(
    {
        # -- before anybody sees it
        "issue": Act("Issue", {"draft": ("new", "paid")}),
        "delete": Act("Delete", {"draft": ()}),
        # -- what it says
        "edit": Act("Edit", stay("draft", *OPEN, *SETTLED)),
        "change_amount": Act(
            "Change the amount",
            {"draft": ("draft",), **_settle()},
            refused=(*CLOSED, "partly_paid", "opening_balance"),
        ),
        "postpone": Act("Postpone", stay(*OPEN)),
        # -- how it is paid
        "choose_method": Act(
            "Choose a payment method",
            lead_to("pending", *OPEN),
        ),
        "complete_payment": Act(
            "Complete a payment",
            _settle(),
        ),
        "write_off": Act(
            "Write off the rest",
            {state: SETTLED for state in OPEN},
        ),
        "apply_credit": Act(
            "Apply a credit",
            _settle(),
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
            lead_to("refunded", *SETTLED),
        ),
        "cancel": Act(
            "Cancel",
            lead_to("canceled", *OPEN, *SETTLED),
        ),
        # -- disputes (unpaid bills only, KB-23)
        "dispute": Act("Open a dispute", stay(*OPEN), (*CLOSED, "disputed")),
        "resolve_dispute": Act("Resolve the dispute", stay(*OPEN), needs=("disputed",)),
        # -- what its account is told
        "send_notice": Act("Send a notice", stay(*ISSUED), refused=("historical",)),
    }
)

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
# come, or a credit note been posted. A draft's invoice is a preview, and says so.
@dataclass(frozen=True)
class Document:
    states: tuple
    needs_payment: bool = False
    needs_note: bool = False


DOCUMENTS = {
    "invoice": Document(("draft", *ISSUED)),
    "receipt": Document(ISSUED, needs_payment=True),
    "credit_note": Document(ISSUED, needs_note=True),
}

# Fields that nobody writes: they follow from the entries (D-04) ...
DERIVED = frozenset(
    "state amount_untaxed amount_tax surcharge_booked payment_surcharge "
    "surcharge_expected amount_with_surcharge amount_to_pay amount_to_pay_early "
    "amount_discounted "
    "discount_date amount_total amount_paid amount_credited "
    "amount_due amount_due_company refund_amount amount_retained amount_refundable "
    "amount_returnable "
    "payment_date "
    "refund_date cancel_date next_due_date is_partly_paid is_posted invoice_id "
    "is_overdue document_numbers".split()
)
# ... what an import says of the time before, and the books cannot know ...
OPENING = tuple(
    "opening_state opening_date opening_total opening_surcharge opening_paid "
    "opening_credited opening_refunded opening_payment_date opening_refund_date "
    "opening_cancel_date".split()
)
# ... fields that only an act writes, or an import ...
FACTS = frozenset(
    "name is_canceled is_disputed is_frozen payment_method_id payment_number "
    "cancel_reason move_ids opening_key opening_due access_token link_date "
    "origin_model origin_id".split()
).union(OPENING)
# ... which another application sets when it raises the bill ...
ORIGIN = frozenset({"origin_model", "origin_id"})
# ... and what "edit" may change once the bill is issued. Everything else is fixed.
EDITABLE = frozenset("title description due_date purchase_order invoice_number".split())


def extend_acts(acts, added=(), refused=()):
    """A table with what another addon adds to it.

    :param dict acts: a table like :data:`ACTS`; it stays as it is
    :param dict added: acts of the other addon
    :param dict refused: flag of the other addon -> names of the acts that it forbids
    :return: dict
    """
    table = {**acts, **dict(added)}
    for flag, names in dict(refused).items():
        for name in names:
            rule = table[name]
            table[name] = replace(rule, refused=(*rule.refused, flag))
    return table


def refusal(act, state, flags=(), acts=ACTS):
    """Say why ``act`` is refused on a bill in ``state`` with ``flags``.

    :param str act: a key of ``acts``
    :param str state: a key of :data:`STATES`
    :param flags: keys of :data:`FLAGS`, and of what other addons add
    :param dict acts: the table, see :func:`extend_acts`
    :return: ``None`` when it is allowed, else ``(reason, detail)`` with the reason
        one of "state", "flag", "missing" and the detail the state or flag at fault
    :raise KeyError: for an unknown act or state
    """
    rule = acts[act]
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
    return None


def payer_acts(roles, state, flags=(), acts=ACTS):
    """The keys of :data:`PAYER_ACTS` that are open to ``roles``, in its order.

    :param roles: some of :data:`PAYERS`
    """
    return [
        name
        for name, (act, whose) in PAYER_ACTS.items()
        if whose & set(roles) and refusal(act, state, flags, acts) is None
    ]


def document_refusal(document, state, is_paid, has_note=False):
    """Say why there is no such document of a bill.

    :param str document: a key of :data:`DOCUMENTS`
    :param str state: a key of :data:`STATES`
    :param bool is_paid: whether any money was received, refunded or not
    :param bool has_note: whether a credit note was posted
    :return: ``None`` when there is one, else "state", "unpaid" or "no_note"
    :raise KeyError: for an unknown document
    """
    rule = DOCUMENTS[document]
    if state not in rule.states:
        return "state"
    if rule.needs_payment and not is_paid:
        return "unpaid"
    return "no_note" if rule.needs_note and not has_note else None


def allowed_acts(state, flags=(), acts=ACTS):
    """The names of all acts that are allowed, in the table's order."""
    return [act for act in acts if refusal(act, state, flags, acts) is None]
