"""What an import understands: columns, states, and how amounts fit together.

Plain Python, no ORM. Headers are those of our own reports' files, which are the
original's database names (KB-65, KB-66), and what other programs call the same things.
To teach the import another word, add it here.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from odoo.addons.kavi_billing.tools.bill_rules import FLAGS, OPEN, SETTLED, STATES
from odoo.addons.kavi_billing.tools.text import fold

BILLS, BALANCES = "bills", "balances"
# The kinds of files, and what people call them.
KINDS = {BILLS: "Bill Data", BALANCES: "Account Balances"}
ZERO = Decimal(0)
# More is no name, number or reference any more.
MAX_TEXT = 256
MAX_LONG_TEXT = 64_000
# Beyond this, cents get lost in a float.
MAX_AMOUNT = Decimal(10) ** 12


class RowError(ValueError):
    """A row that cannot be imported.

    :ivar code: why; ``messages.py`` has the sentence
    :ivar params: what the sentence names
    """

    def __init__(self, code, **params):
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Target:
    """What a column of a file can be.

    :ivar label: its name, for people
    :ivar kind: "text", "long", "date", "amount" or "state"
    :ivar files: the kinds of files that have it
    :ivar names: headers that mean it, beside its own name
    """

    label: str
    kind: str = "text"
    files: tuple = (BILLS,)
    names: tuple = ()


BOTH = (BILLS, BALANCES)
TARGETS = {
    # -- whose it is
    "account": Target(
        "Account Name",
        files=BOTH,
        names=(
            *("name", "account name", "customer", "customer name", "company name"),
            *("contact name", "contact", "client", "client name", "bill to"),
        ),
    ),
    "email": Target("E-mail", files=BOTH, names=("e mail", "email address")),
    "reference": Target(
        "Account Reference",
        files=BOTH,
        names=("account reference", "customer number", "customer id", "member id"),
    ),
    "vat": Target("Tax ID", files=BOTH, names=("vat", "vat number", "tax id")),
    "account_type": Target("Account Type", files=BOTH, names=("type",)),
    "currency": Target("Currency", files=BOTH, names=("currency code",)),
    "company": Target("Our Company", files=BOTH),
    # -- a bill
    "bill_id": Target("Bill ID", names=("bill number", "bill no", "num")),
    "bill": Target("Bill Name", names=("bill name", "title", "subject")),
    "bill_state": Target("State", "state", names=("state", "status", "bill status")),
    "bill_date": Target(
        "Issued", "date", names=("issued", "issue date", "invoice date", "date")
    ),
    "due_date": Target("Due Date", "date", names=("due", "invoice due date")),
    "description": Target("Description", "long"),
    "total": Target("Total", "amount", BOTH, names=("amount", "invoice total")),
    "payment_surcharge": Target("Surcharge", "amount", names=("surcharge",)),
    "amount_paid": Target("Paid", "amount", BOTH, names=("paid",)),
    "amount_credited": Target("Credited", "amount", names=("credited",)),
    "amount_due": Target(
        "Amount Due",
        "amount",
        names=(
            *("open", "outstanding", "open balance", "invoice amount due"),
            *("open amount", "amount open"),
        ),
    ),
    "refund_amount": Target("Refunded", "amount", names=("amount refunded",)),
    "amount_retained": Target("Retained", "amount"),
    "payment_type": Target("Payment Method", names=("payment method",)),
    "payment_number": Target("Payment Number", names=("check number",)),
    "payment_date": Target("Date Paid", "date", names=("date paid", "paid on")),
    "refund_date": Target("Date Refunded", "date", names=("date refunded",)),
    "cancel_date": Target("Cancel Date", "date"),
    "invoice_number": Target(
        "Invoice Number", names=("invoice no", "invoice num", "invoice id", "invoice #")
    ),
    "purchase_order": Target("PO Number", names=("purchase order number", "po number")),
    "kind": Target("Bill Kind", names=("bill kind",)),
    "created_by": Target("Source", names=("raised by",)),
    "item_key": Target("Item Key"),
    # -- a line of a bill, in files with a row for each
    "line_text": Target(
        "Line Description", names=("item description", "line item description")
    ),
    "line_amount": Target(
        "Line Amount", "amount", names=("item amount", "line total", "item total")
    ),
    "line_tax": Target(
        "Line Tax", "amount", names=("item tax amount", "line tax amount")
    ),
    # -- an account's balance
    "balance": Target(
        "Balance Due", "amount", (BALANCES,), ("balance due", "open balance")
    ),
    "credits": Target("Credits", "amount", (BALANCES,)),
    "net_balance": Target("Net Balance", "amount", (BALANCES,)),
    "open_bills": Target("Open Bills", files=(BALANCES,)),
}
# Without these a file of that kind says nothing.
NEEDED = {
    BILLS: ("account", "bill_id", "bill_date"),
    BALANCES: ("account", "balance"),
}
# Any of these says what a bill comes to; of the first two, of an open one.
TOTALS = ("total", "amount_due", "line_amount")
# What the rows of one bill can differ in.
OF_LINES = ("line_text", "line_amount", "line_tax")


def normalize_key(text):
    """A header, name or key as it is compared: no case, one space between words."""
    return fold(re.sub(r"[\s_\-./:]+", " ", fold(text)))


def header_key(header):
    """A header as it is compared: "InvoiceNo", "*Invoice no." and "invoice_no" are
    one."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header or "")
    return normalize_key(words.strip("* "))


def _known_headers(kind):
    known = {}
    for name, target in TARGETS.items():
        if kind in target.files:
            for word in (name, target.label, *target.names):
                known.setdefault(normalize_key(word), name)
    return known


def is_header(text):
    """Whether a text is the header of a column that is known."""
    return any(
        header_key(text) in known or normalize_key(text) in known
        for known in KNOWN.values()
    )


KNOWN = {kind: _known_headers(kind) for kind in (BILLS, BALANCES)}


def recognize_columns(headers, kind):
    """What each column is, by its header; the first of two that say the same.

    :return: list of keys of :data:`TARGETS`, or None for a column that is not known
    """
    found = []
    for header in headers:
        name = KNOWN[kind].get(normalize_key(header))
        name = name or KNOWN[kind].get(header_key(header))
        found.append(None if name in found else name)
    # other programs call a bill an invoice
    if kind == BILLS and "bill_id" not in found and "invoice_number" in found:
        found[found.index("invoice_number")] = "bill_id"
    return found


def recognize_kind(headers):
    """Which file it is: the kind of which it has more columns; None if it has none."""
    counts = {
        kind: sum(name is not None for name in recognize_columns(headers, kind))
        for kind in (BILLS, BALANCES)
    }
    best = max(counts, key=counts.get)
    return best if counts[best] else None


_STATES = {
    **{normalize_key(state): state for state in STATES},
    **{normalize_key(label): state for state, label in STATES.items()},
    **dict.fromkeys(("cancelled", "void", "voided"), "canceled"),
    **dict.fromkeys(("open", "unpaid", "outstanding", "not paid"), "new"),
    **dict.fromkeys(("authorised", "authorized", "sent", "awaiting payment"), "new"),
    **dict.fromkeys(("payment in progress",), "pending"),
    **dict.fromkeys(("fully paid", "paid in full", "settled"), "paid"),
}
PARTLY = {"partly paid", "partially paid", "part paid", "partial"}
# Badges that only an open bill has, and those that say nothing of it.
_OPEN_BADGES = {
    *("overdue", "past due", "late", "in dispute", "disputed"),
} | PARTLY
_BADGES = {normalize_key(label) for label in FLAGS.values()} | _OPEN_BADGES


def _read_badges(text):
    """The words of a state that has badges, "New, Overdue"."""
    words = [normalize_key(word) for word in re.split(r"[,;|+&·•\n]", text)]
    # "Overdue 5 days"
    return [
        re.sub(r"^(overdue|past due)( by)?( on)? [0-9].*", r"\1", word)
        for word in words
        if word
    ]


def read_state(text, badges=()):
    """The state of a bill.

    :param str text: as the original writes it ("New"), or as others do; our own badges
        may stand beside it, or alone
    :param badges: what else only an open bill has, as other addons call it
    :raise RowError: "state" for an unknown one, "draft" for one that is no bill yet
    """
    state = _STATES.get(normalize_key(text))
    if not state:
        words = _read_badges(text)
        states = {_STATES[word] for word in words if word in _STATES}
        more = set(map(normalize_key, badges))
        badges = {word for word in words if word not in _STATES}
        is_open = bool(badges & (_OPEN_BADGES | more))
        if is_open and not states:
            states = {"new"}
        if len(states) != 1 or badges - _BADGES - more:
            raise RowError("state", value=text)
        (state,) = states
        if is_open and state not in OPEN:
            raise RowError("state", value=text)
    if state == "draft":
        raise RowError("draft")
    return state


def is_partly_paid(text):
    """Whether a state says that a part is paid, and not how much."""
    return bool(PARTLY & set(_read_badges(text or "")))


@dataclass(frozen=True)
class Amounts:
    """What a bill was when it was exported; total = paid + credited + due."""

    state: str
    total: Decimal
    paid: Decimal
    credited: Decimal
    due: Decimal
    refunded: Decimal
    surcharge: Decimal


def fit_amounts(state, amounts, is_paid=False):
    """Put the amounts of a bill together; what the file leaves out follows.

    The original's file has total, refunds and what is retained; ours says what was
    paid, credited and is due, too.

    :param str state: of ``bill_rules.STATES``
    :param dict amounts: ``{name: Decimal or None}``, names of :data:`TARGETS`
    :param bool is_paid: the row has a date of payment
    :rtype: Amounts
    :raise RowError: when the amounts contradict each other, or the state
    """
    amounts = dict(amounts)
    if amounts.get("total") is None and state in OPEN:
        amounts["total"] = _add_up(amounts)
    _check_each(amounts)
    total = amounts["total"]
    refunded = amounts.get("refund_amount") or ZERO
    if state == "canceled":
        paid, credited = _read_canceled(total, refunded, amounts, is_paid)
        due = amounts.get("amount_due") or ZERO
        fits = True  # what became of what was not paid, no file says
    else:
        paid, credited, due = _read_settled(state, total, amounts)
        fits = total == paid + credited + due
    if not fits or min(paid, credited, due) < ZERO:
        raise RowError("sum", total=total, paid=paid, credited=credited, due=due)
    if state == "refunded" and amounts.get("refund_amount") is None:
        refunded = paid - (amounts.get("amount_retained") or ZERO)
    if state in OPEN and due <= ZERO:
        raise RowError("nothing_due")
    if state not in OPEN and due != ZERO:
        raise RowError("still_due", due=due)
    if state not in OPEN and refunded > paid:
        raise RowError("refunded", refunded=refunded, paid=paid)
    if state == "refunded" and not refunded:
        raise RowError("not_refunded")
    if state == "paid" and refunded:
        state = "refunded"  # some programs do not tell these two apart
    # of an open bill the method will charge it, when the money comes
    surcharge = ZERO if state in OPEN else amounts.get("payment_surcharge") or ZERO
    if surcharge > total:
        raise RowError("surcharge")
    return Amounts(state, total, paid, credited, due, refunded, surcharge)


def _add_up(amounts):
    """The total of an open bill of which only the parts are known, or None."""
    if amounts.get("amount_due") is None:
        return None
    parts = ("amount_due", "amount_paid", "amount_credited")
    return sum((amounts.get(part) or ZERO for part in parts), ZERO)


def _check_each(amounts):
    """Refuse what is no amount of a bill."""
    if amounts.get("total") is None:
        raise RowError("missing", field="total")
    for name, amount in amounts.items():
        if amount is None:
            continue
        if abs(amount) >= MAX_AMOUNT:
            raise RowError("huge", field=name)
        # less than nothing is retained where a payment bounced after a part refund
        if amount < ZERO and name != "amount_retained":
            raise RowError("negative", field=name)


def _read_settled(state, total, amounts):
    """What was paid and credited of a bill, and what is due; they make up the total."""
    credited = amounts.get("amount_credited") or ZERO
    paid, due = amounts.get("amount_paid"), amounts.get("amount_due")
    if paid is None and state in SETTLED:
        paid = total - credited
    elif paid is None:
        paid = ZERO if due is None else total - credited - due
    if due is None:
        due = total - credited - paid
    return paid, credited, due


def _read_canceled(total, refunded, amounts, is_paid):
    """What had been paid and credited of a canceled bill."""
    paid, credited = amounts.get("amount_paid"), amounts.get("amount_credited")
    if paid is None:
        paid = ZERO
        if is_paid or refunded:
            retained = amounts.get("amount_retained")
            paid = total if retained is None else refunded + retained
    if credited is None:
        credited = max(total - paid, ZERO)
    return paid, credited


def column_problem(columns, kind, all_open=False):
    """Why a file cannot be read with these columns.

    :param columns: a key of :data:`TARGETS` or None for each column
    :param bool all_open: somebody has said that all bills are open
    :return: ``(code, name)``: "twice", "foreign", "missing" or "state" and the target
        at fault; or None
    """
    chosen = [name for name in columns if name]
    for name in chosen:
        if chosen.count(name) > 1:
            return "twice", name
        if kind not in TARGETS[name].files:
            return "foreign", name
    for name in NEEDED[kind]:
        if name not in chosen:
            return "missing", name
    if kind == BILLS and not set(TOTALS) & set(chosen):
        return "missing", "total"
    if kind == BILLS and "bill_state" not in chosen and not all_open:
        return "state", "bill_state"
    return None
