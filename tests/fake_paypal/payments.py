"""Payments v2: authorizations, captures, refunds; and what happens to them later."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from . import money
from .errors import not_found, unprocessable

AUTHORIZATION_DAYS = 29
REFUND_DAYS = 180
MAX_REFUNDS = 10


@dataclass
class Authorization:
    id: str
    order: object
    unit: dict
    amount: Decimal
    currency: str
    created: datetime
    expires: datetime
    status: str = "CREATED"
    updated: datetime | None = None
    captures: list = field(default_factory=list)


@dataclass
class Capture:
    id: str
    order: object
    unit: dict
    amount: Decimal
    currency: str
    fee: Decimal
    final: bool
    invoice_id: str | None
    created: datetime
    authorization: Authorization | None = None
    status: str = "COMPLETED"
    reason: str | None = None
    updated: datetime | None = None
    refunds: list = field(default_factory=list)

    @property
    def custom_id(self):
        return self.unit.get("custom_id")

    def refunded(self):
        """What went back, or is about to."""
        live = [r for r in self.refunds if r.status in ("COMPLETED", "PENDING")]
        return sum((refund.amount for refund in live), Decimal(0))


@dataclass
class Refund:
    id: str
    capture: Capture
    amount: Decimal
    currency: str
    created: datetime
    kind: str  # the ledger's word for it: refund, reversal, chargeback
    custom_id: str | None = None
    invoice_id: str | None = None
    note: str | None = None
    status: str = "COMPLETED"
    updated: datetime | None = None


class Payments:
    """Holds them all by id; its public methods are the endpoints and the tests' acts.
    The caller holds the fake's lock."""

    def __init__(self, fake):
        self.fake = fake
        self.authorizations = {}
        self.captures = {}
        self.refunds = {}

    # --- endpoints

    def get_authorization(self, fake, call, id):
        return 200, self.as_json(_of(self.authorizations, id).id)

    def get_capture(self, fake, call, id):
        return 200, self.as_json(_of(self.captures, id).id)

    def get_refund(self, fake, call, id):
        refund = _of(self.refunds, id)
        if refund.kind == "chargeback":
            # in the events and the report only: the seller has refunded nothing
            raise not_found()
        return 200, self.as_json(refund.id)

    def capture_authorization(self, fake, call, id):
        authorization, body = _of(self.authorizations, id), call.json or {}
        if authorization.status == "VOIDED":
            raise unprocessable("AUTHORIZATION_VOIDED")
        if authorization.status == "CAPTURED":
            raise unprocessable("AUTHORIZATION_ALREADY_CAPTURED")
        if fake.clock.now() > authorization.expires:
            raise unprocessable("AUTHORIZATION_EXPIRED")
        rest = authorization.amount - sum(
            capture.amount for capture in authorization.captures
        )
        value = rest
        if "amount" in body:
            value, currency = money.parse(
                body["amount"], "/amount", "DECIMALS_NOT_SUPPORTED"
            )
            if currency != authorization.currency:
                raise unprocessable("AUTH_CAPTURE_CURRENCY_MISMATCH")
            if value > rest:
                raise unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED", "/amount/value")
        invoice_id = body.get("invoice_id")
        if invoice_id and self.is_paid(invoice_id):
            raise unprocessable("DUPLICATE_INVOICE_ID")
        final = body.get("final_capture", False) or value == rest
        capture = self.make_capture(
            authorization.order,
            authorization.unit,
            value,
            final=final,
            invoice_id=invoice_id or authorization.unit.get("invoice_id"),
            outcome=call.outcome,
            authorization=authorization,
        )
        authorization.captures.append(capture)
        authorization.status = "CAPTURED" if final else "PARTIALLY_CAPTURED"
        authorization.updated = fake.clock.now()
        for payments in authorization.order.payments.values():
            if authorization.id in payments.get("authorizations", []):
                payments.setdefault("captures", []).append(capture.id)
        return 201, self.as_json(capture.id)

    def void_authorization(self, fake, call, id):
        authorization = _of(self.authorizations, id)
        if authorization.status == "VOIDED":
            raise unprocessable("PREVIOUSLY_VOIDED")
        if authorization.status == "CAPTURED":
            raise unprocessable("PREVIOUSLY_CAPTURED")
        authorization.status, authorization.updated = "VOIDED", fake.clock.now()
        fake.emit("PAYMENT.AUTHORIZATION.VOIDED", self.as_json(id))
        if call.wants_representation:
            return 200, self.as_json(id)
        return 204, None

    def refund_capture(self, fake, call, id):
        body = call.json or {}
        refund = self.make_refund(
            id,
            body.get("amount"),
            custom_id=body.get("custom_id"),
            invoice_id=body.get("invoice_id"),
            note=body.get("note_to_payer"),
            outcome=call.outcome,
        )
        return 201, self.as_json(refund.id)

    # --- acts

    def make_authorization(self, order, unit):
        now = self.fake.clock.now()
        authorization = Authorization(
            id=self.fake.new_id(),
            order=order,
            unit=unit,
            amount=Decimal(unit["amount"]["value"]),
            currency=order.currency,
            created=now,
            expires=now + timedelta(days=AUTHORIZATION_DAYS),
        )
        self.authorizations[authorization.id] = authorization
        self.fake.emit("PAYMENT.AUTHORIZATION.CREATED", self.as_json(authorization.id))
        return authorization

    def make_capture(
        self, order, unit, value, *, final, invoice_id, outcome, authorization=None
    ):
        capture = Capture(
            id=self.fake.new_id(),
            order=order,
            unit=unit,
            amount=value,
            currency=order.currency,
            fee=self.fake.fee(value, order.currency),
            final=final,
            invoice_id=invoice_id,
            created=self.fake.clock.now(),
            authorization=authorization,
        )
        self.captures[capture.id] = capture
        if outcome and outcome.kind == "pending":
            capture.status, capture.reason = "PENDING", outcome.reason or "ECHECK"
            self.fake.emit("PAYMENT.CAPTURE.PENDING", self.as_json(capture.id))
        elif outcome and outcome.kind == "declined":
            capture.status = "DECLINED"
            self.fake.emit("PAYMENT.CAPTURE.DECLINED", self.as_json(capture.id))
        else:
            self._captured(capture)
        return capture

    def settle_capture(self, id, status):
        """A pending capture ends: COMPLETED or DENIED."""
        capture = _of(self.captures, id)
        if capture.status != "PENDING":
            raise ValueError(f"capture {id} is {capture.status}, not PENDING")
        capture.reason, capture.updated = None, self.fake.clock.now()
        if status == "COMPLETED":
            capture.status = "COMPLETED"
            self._captured(capture)
        elif status == "DENIED":
            capture.status = "DECLINED"
            self.fake.emit("PAYMENT.CAPTURE.DENIED", self.as_json(id))
        else:
            raise ValueError(f"a capture is settled COMPLETED or DENIED, not {status}")

    def make_refund(self, capture_id, amount=None, *, outcome=None, **texts):
        capture = _of(self.captures, capture_id)
        value = self._refundable(capture, amount)
        invoice_id = texts.get("invoice_id")
        if invoice_id and any(
            refund.invoice_id == invoice_id for refund in self.refunds.values()
        ):
            raise unprocessable("DUPLICATE_INVOICE_ID")
        refund = self._add_refund(capture, value, "refund", **texts)
        if outcome and outcome.kind == "pending":
            refund.status = "PENDING"
            self.fake.emit("PAYMENT.REFUND.PENDING", self.as_json(refund.id))
        else:
            self._refunded(refund, "PAYMENT.CAPTURE.REFUNDED")
        return refund

    def settle_refund(self, id, status):
        """A pending refund ends: COMPLETED, FAILED or CANCELLED."""
        refund = _of(self.refunds, id)
        if refund.status != "PENDING":
            raise ValueError(f"refund {id} is {refund.status}, not PENDING")
        refund.status, refund.updated = status, self.fake.clock.now()
        if status == "COMPLETED":
            self._refunded(refund, "PAYMENT.CAPTURE.REFUNDED")
        else:
            self.fake.emit("PAYMENT.REFUND.FAILED", self.as_json(id))

    def reverse(self, capture_id, amount=None, kind="reversal"):
        """PayPal or a bank takes the money back, whatever the seller says."""
        capture = _of(self.captures, capture_id)
        value = capture.amount - capture.refunded() if amount is None else amount
        refund = self._add_refund(capture, value, kind)
        self._refunded(refund, "PAYMENT.CAPTURE.REVERSED")
        return refund

    def is_paid(self, invoice_id):
        return any(
            capture.invoice_id == invoice_id and capture.status != "DECLINED"
            for capture in self.captures.values()
        )

    # --- shapes

    def as_json(self, id):
        if id in self.captures:
            return self._capture_json(self.captures[id])
        if id in self.refunds:
            return self._refund_json(self.refunds[id])
        return self._authorization_json(self.authorizations[id])

    def _common(self, made, path):
        answer = {
            "id": made.id,
            "status": made.status,
            "amount": money.money(made.amount, made.currency),
            "create_time": self.fake.clock.text(made.created),
            "update_time": self.fake.clock.text(made.updated or made.created),
            "links": [
                {
                    "href": f"{self.fake.url}/v2/payments/{path}/{made.id}",
                    "rel": "self",
                    "method": "GET",
                }
            ],
        }
        return answer

    def _related(self, made, **ids):
        return {
            "seller_protection": {"status": "NOT_ELIGIBLE"},
            "payee": made.unit["payee"],
            "supplementary_data": {"related_ids": {"order_id": made.order.id, **ids}},
        }

    def _authorization_json(self, made):
        answer = self._common(made, "authorizations") | self._related(made)
        answer |= _texts(made.unit.get("custom_id"), made.unit.get("invoice_id"))
        return answer | {"expiration_time": self.fake.clock.text(made.expires)}

    def _capture_json(self, made):
        ids = {}
        if made.authorization:
            ids["authorization_id"] = made.authorization.id
        answer = self._common(made, "captures") | self._related(made, **ids)
        answer |= _texts(made.custom_id, made.invoice_id)
        answer["final_capture"] = made.final
        answer["links"] += [
            {
                "href": f"{self.fake.url}/v2/payments/captures/{made.id}/refund",
                "rel": "refund",
                "method": "POST",
            },
            {
                "href": f"{self.fake.url}/v2/checkout/orders/{made.order.id}",
                "rel": "up",
                "method": "GET",
            },
        ]
        if made.reason:
            answer["status_details"] = {"reason": made.reason}
        breakdown = {"gross_amount": money.money(made.amount, made.currency)}
        if made.status in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"):
            breakdown["paypal_fee"] = money.money(made.fee, made.currency)
            breakdown["net_amount"] = money.money(made.amount - made.fee, made.currency)
        if made.status != "DECLINED":
            answer["seller_receivable_breakdown"] = breakdown
        return answer

    def _refund_json(self, made):
        answer = self._common(made, "refunds")
        answer |= _texts(made.custom_id, made.invoice_id)
        if made.note:
            answer["note_to_payer"] = made.note
        answer["links"].append(
            {
                "href": f"{self.fake.url}/v2/payments/captures/{made.capture.id}",
                "rel": "up",
                "method": "GET",
            }
        )
        earlier = sum(
            (
                refund.amount
                for refund in made.capture.refunds[
                    : made.capture.refunds.index(made) + 1
                ]
                if refund.status in ("COMPLETED", "PENDING")
            ),
            Decimal(0),
        )
        answer["seller_payable_breakdown"] = {
            "gross_amount": money.money(made.amount, made.currency),
            "paypal_fee": money.money(Decimal(0), made.currency),
            "net_amount": money.money(made.amount, made.currency),
            "total_refunded_amount": money.money(earlier, made.currency),
        }
        return answer

    # --- inside

    def _captured(self, capture):
        self._enter("capture", capture, capture, capture.amount, capture.fee)
        self.fake.emit("PAYMENT.CAPTURE.COMPLETED", self.as_json(capture.id))

    def _refunded(self, refund, event):
        capture = refund.capture
        left = capture.amount - capture.refunded()
        capture.status = "PARTIALLY_REFUNDED" if left > 0 else "REFUNDED"
        capture.updated = self.fake.clock.now()
        # PayPal keeps its fee
        self._enter(refund.kind, refund, capture, -refund.amount, Decimal(0))
        self.fake.emit(event, self.as_json(refund.id))

    def _enter(self, kind, made, capture, gross, fee):
        self.fake.ledger.add(
            time=self.fake.clock.now(),
            kind=kind,
            id=made.id,
            capture_id=capture.id,
            order_id=capture.order.id,
            currency=capture.currency,
            gross=gross,
            fee=fee,
            custom_id=made.custom_id,
            invoice_id=made.invoice_id,
        )

    def _add_refund(self, capture, value, kind, **texts):
        texts.setdefault("custom_id", None)
        texts["custom_id"] = texts["custom_id"] or capture.custom_id
        refund = Refund(
            id=self.fake.new_id(),
            capture=capture,
            amount=value,
            currency=capture.currency,
            created=self.fake.clock.now(),
            kind=kind,
            **texts,
        )
        self.refunds[refund.id] = refund
        capture.refunds.append(refund)
        return refund

    def _refundable(self, capture, amount):
        if capture.status == "PENDING":
            raise unprocessable("PENDING_CAPTURE")
        if capture.status not in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"):
            raise unprocessable("REFUND_NOT_ALLOWED")
        rest = capture.amount - capture.refunded()
        if rest <= 0:
            raise unprocessable("CAPTURE_FULLY_REFUNDED")
        if self.fake.disputes.is_disputed(capture.id):
            raise unprocessable("TRANSACTION_DISPUTED")
        if self.fake.clock.now() > capture.created + timedelta(days=REFUND_DAYS):
            raise unprocessable("REFUND_TIME_LIMIT_EXCEEDED")
        if len(capture.refunds) >= MAX_REFUNDS:
            raise unprocessable("MAX_NUMBER_OF_REFUNDS_EXCEEDED")
        if amount is None:
            return rest
        value, currency = money.parse(amount, "/amount", "DECIMALS_NOT_SUPPORTED")
        if currency != capture.currency:
            raise unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH")
        if value > rest:
            raise unprocessable("REFUND_AMOUNT_EXCEEDED", "/amount/value")
        return value


def minimal(answer):
    return {key: answer[key] for key in ("id", "status", "links")}


def _of(found, id):
    if id not in found:
        raise not_found()
    return found[id]


def _texts(custom_id, invoice_id):
    texts = {"custom_id": custom_id, "invoice_id": invoice_id}
    return {key: value for key, value in texts.items() if value}
