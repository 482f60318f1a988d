"""Events as PayPal sends them, before anything is known of who sent them.

An event is read within bounds of size and depth, and its shape is checked to the leaves
that are read of it (the members of PayPal's types ``event``, ``order``, ``capture_2``,
``refund`` and ``dispute``; others pass unseen). What fails is no event of PayPal's.
"""

import re
from typing import Annotated

import pydantic_core
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

# Bytes; PayPal's events have a few thousand.
MAX_BODY = 64 * 1024
# Letters of a header: a signature has some 350.
MAX_HEADER = 2000
MAX_ITEMS = 100
# What neither PostgreSQL stores nor UTF-8 writes
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@[A-Za-z0-9.-]{1,190}")

Text = Annotated[str, StringConstraints(max_length=4000)]
Id = Annotated[str, StringConstraints(max_length=255)]
Kind = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9._-]{0,99}$")]
Amount = Annotated[
    str,
    StringConstraints(pattern=r"^-?([0-9]{1,20}(\.[0-9]{1,6})?|\.[0-9]{1,6})$"),
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def few(kind):
    return Annotated[list[kind], Field(max_length=MAX_ITEMS)]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class Money(_Shape):
    currency_code: Code
    value: Amount


class Link(_Shape):
    href: Text | None = None
    rel: Id | None = None


class RelatedIds(_Shape):
    order_id: Id | None = None
    capture_id: Id | None = None
    authorization_id: Id | None = None


class SupplementaryData(_Shape):
    related_ids: RelatedIds | None = None


class PurchaseUnit(_Shape):
    reference_id: Id | None = None
    custom_id: Id | None = None
    amount: Money | None = None


class DisputedTransaction(_Shape):
    seller_transaction_id: Id | None = None
    custom: Text | None = None


class DisputeOutcome(_Shape):
    outcome_code: Id | None = None


class Breakdown(_Shape):
    gross_amount: Money | None = None
    paypal_fee: Money | None = None
    net_amount: Money | None = None
    total_refunded_amount: Money | None = None


class StatusDetails(_Shape):
    reason: Text | None = None


class Resource(_Shape):
    id: Id | None = None
    status: Id | None = None
    intent: Id | None = None
    create_time: Id | None = None
    update_time: Id | None = None
    custom_id: Id | None = None
    invoice_id: Id | None = None
    amount: Money | dict | None = None
    note_to_payer: Text | None = None
    status_details: StatusDetails | None = None
    seller_payable_breakdown: Breakdown | None = None
    seller_receivable_breakdown: Breakdown | None = None
    supplementary_data: SupplementaryData | None = None
    purchase_units: few(PurchaseUnit) | None = None
    payment_source: dict[Id, dict] | None = None
    links: few(Link) | None = None
    # of a dispute
    dispute_id: Id | None = None
    reason: Text | None = None
    dispute_amount: Money | None = None
    dispute_outcome: DisputeOutcome | None = None
    disputed_transactions: few(DisputedTransaction) | None = None


class Event(_Shape):
    id: Annotated[Id, StringConstraints(min_length=1)]
    event_type: Kind
    create_time: Id | None = None
    summary: Text | None = None
    resource: Resource | None = None


class _Order(Resource):
    """What Odoo's own handler reads of an order without looking whether it is there."""

    purchase_units: Annotated[list[PurchaseUnit], Field(min_length=1)]
    payment_source: dict[Id, dict]


class _OrderEvent(Event):
    resource: _Order


def read_event(raw):
    """Read an event.

    :param bytes raw: the body, as it came
    :return: the whole event, as dict
    :raise ValueError: when this is none; the message says nothing of its content
    """
    if len(raw) > MAX_BODY:
        raise ValueError("The event is too long.")
    try:
        # bounded in depth, and strict about Unicode
        event = pydantic_core.from_json(raw, allow_inf_nan=False)
    except (ValueError, RecursionError):
        raise ValueError("The event is no JSON.") from None
    _check_shape(Event, event)
    for text in _texts(event):
        if _UNSTORABLE.search(text):
            raise ValueError("The event holds letters that nobody writes.")
    event["resource"] = event.get("resource") or {}
    return event


def check_order(event):
    """Whether an event holds an order that Odoo's own handler can read.

    :param dict event: of :func:`read_event`
    :raise ValueError: when it does not
    """
    _check_shape(_OrderEvent, event)


def _check_shape(shape, event):
    try:
        shape.model_validate(event)
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
        raise ValueError(f"No event of PayPal's: {', '.join(places[:9])}.") from None


def one_line(text, length=200):
    """A text from outside, fit for a line of a log and for a field: nothing in it
    begins another line, or cannot be stored."""
    return _CONTROLS.sub(" ", str(text)[:length]).strip()


def one_address(text):
    """An e-mail address from outside; empty if this is none, or more than one."""
    if (
        not isinstance(text, str)
        or not _ADDRESS.fullmatch(text)
        or not text.isprintable()
    ):
        return ""
    return text


def _texts(value):
    """All texts in a JSON value, the names of members too."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
