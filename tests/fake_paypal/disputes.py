"""Disputes v1: opened and resolved by the test, listed, shown and accepted by calls."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from . import clock, money
from .errors import PayPalError, not_found


@dataclass
class Dispute:
    id: str
    capture: object
    amount: Decimal
    reason: str
    stage: str
    created: datetime
    updated: datetime
    status: str = "WAITING_FOR_SELLER_RESPONSE"
    outcome: str | None = None
    refunded: Decimal = Decimal(0)


class Disputes:
    def __init__(self, fake):
        self.fake = fake
        self.found = {}

    # --- endpoints

    def list(self, fake, call):
        found = [d for d in self.found.values() if self._fits(d, call.query)]
        size = int(call.query.get("page_size", 10))
        start = int(call.query.get("next_page_token", "0"))
        answer = {"links": [self._link("", "self")]}
        if found[start : start + size]:  # an empty list is left out
            answer["items"] = [
                _summary(self._json(dispute)) for dispute in found[start : start + size]
            ]
        if start + size < len(found):
            token = f"?page_size={size}&next_page_token={start + size}"
            answer["links"].append(self._link(token, "next"))
        return 200, answer

    def get(self, fake, call, id):
        return 200, self._json(self._of(id))

    def accept(self, fake, call, id):
        dispute = self._of(id)
        if dispute.status == "RESOLVED":
            raise PayPalError(400, "INVALID_DISPUTE_STATUS")
        self.resolve(id, "RESOLVED_BUYER_FAVOUR")
        return 200, {"links": [self._link(f"/{id}", "self")]}

    # --- acts

    def open(self, capture_id, amount=None, reason="UNAUTHORISED", stage="CHARGEBACK"):
        capture = self.fake.payments.captures[capture_id]
        now = self.fake.clock.now()
        dispute = Dispute(
            id=f"PP-D-{self.fake.number():05d}",
            capture=capture,
            amount=capture.amount if amount is None else amount,
            reason=reason,
            stage=stage,
            created=now,
            updated=now,
        )
        self.found[dispute.id] = dispute
        self.fake.emit("CUSTOMER.DISPUTE.CREATED", self._json(dispute))
        return dispute

    def resolve(self, id, outcome):
        dispute = self._of(id)
        if dispute.status == "RESOLVED":
            raise ValueError(f"dispute {id} is resolved already")
        dispute.status, dispute.outcome = "RESOLVED", outcome
        dispute.updated = self.fake.clock.now()
        if outcome == "RESOLVED_BUYER_FAVOUR":
            rest = dispute.capture.amount - dispute.capture.refunded()
            dispute.refunded = min(dispute.amount, rest)
            if dispute.refunded > 0:
                self.fake.payments.reverse(
                    dispute.capture.id, dispute.refunded, "chargeback"
                )
        self.fake.emit("CUSTOMER.DISPUTE.RESOLVED", self._json(dispute))

    def is_disputed(self, capture_id):
        return any(
            dispute.capture.id == capture_id and dispute.status != "RESOLVED"
            for dispute in self.found.values()
        )

    # --- inside

    def _of(self, id):
        if id not in self.found:
            raise not_found()
        return self.found[id]

    def _fits(self, dispute, query):
        wanted = query.get("disputed_transaction_id")
        if wanted and dispute.capture.id != wanted:
            return False
        states = query.get("dispute_state")
        state = "RESOLVED" if dispute.status == "RESOLVED" else "REQUIRED_ACTION"
        if states and state != states:
            return False
        start = query.get("start_time")
        if start and dispute.created < clock.parse(start):
            return False
        after = query.get("update_time_after")
        return not after or dispute.updated >= clock.parse(after)

    def _link(self, path, rel):
        return {
            "href": f"{self.fake.url}/v1/customer/disputes{path}",
            "rel": rel,
            "method": "GET",
        }

    def _json(self, dispute):
        capture = dispute.capture
        transaction = {
            "buyer_transaction_id": f"B{capture.id[1:]}",
            "seller_transaction_id": capture.id,
            "create_time": self.fake.clock.text(capture.created),
            "gross_amount": money.money(capture.amount, capture.currency),
            "transaction_status": "COMPLETED",
        }
        if capture.custom_id:
            transaction["custom"] = capture.custom_id
        answer = {
            "dispute_id": dispute.id,
            "create_time": self.fake.clock.text(dispute.created),
            "update_time": self.fake.clock.text(dispute.updated),
            "disputed_transactions": [transaction],
            "reason": dispute.reason,
            "status": dispute.status,
            "dispute_amount": money.money(dispute.amount, capture.currency),
            "dispute_life_cycle_stage": dispute.stage,
            "dispute_channel": "EXTERNAL",
            "links": [self._link(f"/{dispute.id}", "self")],
        }
        if dispute.outcome:
            answer["dispute_outcome"] = {
                "outcome_code": dispute.outcome,
                "amount_refunded": money.money(dispute.refunded, capture.currency),
            }
        return answer


def _summary(answer):
    return {
        key: value
        for key, value in answer.items()
        if key not in ("disputed_transactions", "dispute_outcome")
    }
