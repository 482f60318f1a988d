"""Orders v2: create, get, authorize, capture."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import money
from .errors import PayPalError, not_found, unprocessable

# what a payer may pay with on the approval page
SOURCES = {
    "paypal": {"label": "PayPal balance"},
    "visa": {
        "label": "Visa •••• 1111",
        "card": {"brand": "VISA", "last_digits": "1111", "type": "CREDIT"},
    },
    "mastercard": {
        "label": "Mastercard •••• 4444",
        "card": {"brand": "MASTERCARD", "last_digits": "4444", "type": "DEBIT"},
    },
    "declined": {
        "label": "Visa •••• 0002, declined when charged",
        "card": {"brand": "VISA", "last_digits": "0002", "type": "CREDIT"},
    },
}
PAYER = {
    "payer_id": "QYR5Z8XDVJNXQ",
    "email_address": "payer@example.com",
    "name": {"given_name": "Pat", "surname": "Payer"},
    "address": {"country_code": "US"},
}


@dataclass
class Order:
    id: str
    intent: str
    units: list  # as they came, with the payee
    currency: str
    created: datetime
    return_url: str | None
    cancel_url: str | None
    payment_source: bool  # the request had one: PayPal's link is then "payer-action"
    status: str = "CREATED"
    source: str | None = None  # one of SOURCES, once the payer chose
    updated: datetime | None = None
    payments: dict = field(default_factory=dict)  # unit -> {"captures": [ids], ...}

    @property
    def total(self):
        return sum(Decimal(unit["amount"]["value"]) for unit in self.units)


def create(fake, call):
    body = call.json
    units = _units(fake, body["purchase_units"])
    source = body.get("payment_source") or {}
    if source and not call.request_id:
        raise PayPalError(400, "PAYPAL_REQUEST_ID_REQUIRED")
    if set(source) - {"paypal"}:
        # a card's number has no business here: it is typed at PayPal
        raise unprocessable("NOT_ENABLED_FOR_CARD_PROCESSING")
    context = source.get("paypal", {}).get("experience_context") or body.get(
        "application_context", {}
    )
    order = Order(
        id=fake.new_id(),
        intent=body["intent"],
        units=units,
        currency=units[0]["amount"]["currency_code"],
        created=fake.clock.now(),
        return_url=context.get("return_url"),
        cancel_url=context.get("cancel_url"),
        payment_source=bool(source),
        status="PAYER_ACTION_REQUIRED" if source else "CREATED",
    )
    fake.orders[order.id] = order
    return 201, as_json(fake, order)


def get(fake, call, id):
    return 200, as_json(fake, _order(fake, id))


def capture(fake, call, id):
    order = _order(fake, id)
    if order.intent != "CAPTURE":
        raise unprocessable("ACTION_DOES_NOT_MATCH_INTENT")
    if order.status == "COMPLETED":
        raise unprocessable("ORDER_ALREADY_CAPTURED")
    _check_approved(fake, order)
    for unit in order.units:
        _refuse_paid_invoice(fake, unit.get("invoice_id"))
    for number, unit in enumerate(order.units):
        made = fake.payments.make_capture(
            order,
            unit,
            Decimal(unit["amount"]["value"]),
            final=True,
            invoice_id=unit.get("invoice_id"),
            outcome=call.outcome,
        )
        order.payments.setdefault(number, {}).setdefault("captures", []).append(made.id)
    _complete(fake, order)
    fake.emit("CHECKOUT.ORDER.COMPLETED", as_json(fake, order))
    return 201, as_json(fake, order)


def authorize(fake, call, id):
    order = _order(fake, id)
    if order.intent != "AUTHORIZE":
        raise unprocessable("ACTION_DOES_NOT_MATCH_INTENT")
    if order.status == "COMPLETED":
        raise unprocessable("ORDER_ALREADY_AUTHORIZED")
    _check_approved(fake, order)
    for unit in order.units:
        _refuse_paid_invoice(fake, unit.get("invoice_id"))
    for number, unit in enumerate(order.units):
        made = fake.payments.make_authorization(order, unit)
        order.payments.setdefault(number, {}).setdefault("authorizations", []).append(
            made.id
        )
    _complete(fake, order)
    return 201, as_json(fake, order)


def approve(fake, order_id, source="visa"):
    """What the payer does on PayPal's page."""
    order = _order(fake, order_id)
    if source not in SOURCES:
        raise ValueError(f"no such source: {source}; there are {', '.join(SOURCES)}")
    if order.status in ("COMPLETED", "VOIDED"):
        raise unprocessable("ORDER_COMPLETED_OR_VOIDED")
    order.status, order.source, order.updated = "APPROVED", source, fake.clock.now()
    fake.emit("CHECKOUT.ORDER.APPROVED", as_json(fake, order))
    return order


def expire(fake, order_id):
    """The payer's approval ran out: the order is gone, as at PayPal."""
    order = _order(fake, order_id)
    approved, order.status = order.status == "APPROVED", "VOIDED"
    order.updated = fake.clock.now()
    if approved:
        fake.emit("CHECKOUT.PAYMENT-APPROVAL.REVERSED", as_json(fake, order))
    fake.gone.add(order.id)


def as_json(fake, order):
    units = []
    for number, unit in enumerate(order.units):
        unit = dict(unit)
        payments = order.payments.get(number)
        if payments:
            unit["payments"] = {
                kind: [fake.payments.as_json(made) for made in made_ids]
                for kind, made_ids in payments.items()
            }
        units.append(unit)
    answer = {
        "id": order.id,
        "intent": order.intent,
        "status": order.status,
        "purchase_units": units,
        "create_time": fake.clock.text(order.created),
        "links": links(fake, order),
    }
    if order.updated:
        answer["update_time"] = fake.clock.text(order.updated)
    if order.source:
        answer["payer"] = PAYER
        answer["payment_source"] = _source(order)
    elif order.payment_source:
        answer["payment_source"] = {"paypal": {}}
    return answer


def minimal(answer):
    """What PayPal returns where the request does not ask for the representation."""
    kept = ("id", "status", "payment_source", "payer", "links")
    brief = {key: answer[key] for key in kept if key in answer}
    units = [
        {key: unit[key] for key in ("reference_id", "payments") if key in unit}
        for unit in answer["purchase_units"]
    ]
    if any("payments" in unit for unit in units):
        brief["purchase_units"] = units
    return brief


def links(fake, order):
    url = f"{fake.url}/v2/checkout/orders/{order.id}"
    found = [{"href": url, "rel": "self", "method": "GET"}]
    if order.status in ("CREATED", "PAYER_ACTION_REQUIRED"):
        found.append(approval_link(fake, order))
    elif order.status == "APPROVED":
        act = order.intent.lower()
        found.append({"href": f"{url}/{act}", "rel": act, "method": "POST"})
    return found


def approval_link(fake, order):
    rel = "payer-action" if order.payment_source else "approve"
    return {"href": fake.approval_url(order.id), "rel": rel, "method": "GET"}


def _source(order):
    card = SOURCES[order.source].get("card")
    if card:
        return {"card": {"name": "Pat Payer", "expiry": "2031-12", **card}}
    return {
        "paypal": {
            "email_address": PAYER["email_address"],
            "account_id": PAYER["payer_id"],
            "account_status": "VERIFIED",
            "name": PAYER["name"],
            "address": PAYER["address"],
        }
    }


def _order(fake, id):
    if id in fake.gone or id not in fake.orders:
        raise not_found()
    return fake.orders[id]


def _check_approved(fake, order):
    if order.status != "APPROVED":
        raise unprocessable("ORDER_NOT_APPROVED")
    if order.source == "declined":
        # the payer has to choose again; until then the order is not approved
        order.status, order.updated = "PAYER_ACTION_REQUIRED", fake.clock.now()
        raise unprocessable(
            "INSTRUMENT_DECLINED",
            links=[{**approval_link(fake, order), "rel": "redirect"}],
        )


def _refuse_paid_invoice(fake, invoice_id):
    """As an account does that blocks accidental payments: PayPal's default."""
    if invoice_id and fake.payments.is_paid(invoice_id):
        raise unprocessable("DUPLICATE_INVOICE_ID")


def _complete(fake, order):
    order.status, order.updated = "COMPLETED", fake.clock.now()


def _units(fake, asked):
    units, references = [], set()
    for number, unit in enumerate(asked):
        where = f"/purchase_units/@{number}"
        if "reference_id" not in unit and len(asked) > 1:
            raise unprocessable("REFERENCE_ID_REQUIRED", f"{where}/reference_id")
        reference = unit.get("reference_id", "default")
        if reference in references:
            raise unprocessable("DUPLICATE_REFERENCE_ID", f"{where}/reference_id")
        references.add(reference)
        money.parse(unit["amount"], f"{where}/amount")
        _check_breakdown(unit, where)
        payee = {"email_address": fake.payee_email, "merchant_id": fake.merchant_id}
        units.append({**unit, "reference_id": reference, "payee": payee})
    if len({unit["amount"]["currency_code"] for unit in units}) > 1:
        raise unprocessable("MULTI_CURRENCY_ORDER", "/purchase_units")
    return units


def _check_breakdown(unit, where):
    breakdown = {
        key: Decimal(amount["value"])
        for key, amount in unit["amount"].get("breakdown", {}).items()
    }
    if unit.get("items"):
        if "item_total" not in breakdown:
            raise unprocessable(
                "ITEM_TOTAL_REQUIRED", f"{where}/amount/breakdown/item_total"
            )
        items = sum(
            Decimal(item["unit_amount"]["value"]) * int(item["quantity"])
            for item in unit["items"]
        )
        if items != breakdown["item_total"]:
            raise unprocessable(
                "ITEM_TOTAL_MISMATCH", f"{where}/amount/breakdown/item_total"
            )
    if breakdown:
        less = breakdown.pop("shipping_discount", 0) + breakdown.pop("discount", 0)
        if sum(breakdown.values()) - less != Decimal(unit["amount"]["value"]):
            raise unprocessable("AMOUNT_MISMATCH", f"{where}/amount/value")
