"""The fake PayPal fails as it is told."""

import pytest
import requests

from .fake_paypal import FakePayPal
from .paypal_caller import Caller, issue


# --- faults
@pytest.mark.parametrize("kind, done", [("drop_after", 100), ("drop_before", 0)])
def test_a_dropped_answer(fake, caller, kind, done):
    order_id = caller.order().json()["id"]
    fake.approve(order_id)
    fake.fail("orders.capture", kind)
    with pytest.raises(requests.ConnectionError):
        caller.capture(order_id, request_id="c")
    assert fake.ledger.gross("USD") == done
    # asked again, it is done once all the same
    assert caller.capture(order_id, request_id="c").status_code in (200, 201)
    assert fake.ledger.gross("USD") == 100
    assert [call.fault for call in fake.calls("orders.capture")] == [kind, None]


def test_a_late_answer(fake, caller):
    order_id = caller.order().json()["id"]
    fake.approve(order_id)
    fake.fail("orders.capture", "late", delay=30)
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{fake.url}/v2/checkout/orders/{order_id}/capture",
            headers=caller.headers,
            timeout=0.3,
        )
    assert fake.ledger.gross("USD") == 100


def test_a_broken_answer(fake, caller):
    made = caller.paid()
    fake.fail("captures.refund", "malformed")
    answer = caller.refund(made["id"])
    assert answer.status_code == 201
    with pytest.raises(ValueError):
        answer.json()
    assert fake.ledger.gross("USD") == 0


@pytest.mark.parametrize("status", [401, 403, 409, 422, 429, 500, 503])
def test_a_told_status(fake, caller, status):
    made = caller.paid()
    fake.fail("captures.refund", status, retry_after=7)
    answer = caller.refund(made["id"])
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == "7"
    assert answer.json()["debug_id"] == answer.headers["Paypal-Debug-Id"]
    assert fake.ledger.gross("USD") == 100
    assert caller.refund(made["id"]).status_code == 201


def test_a_failure_after_the_work(fake, caller):
    made = caller.paid()
    fake.fail("captures.refund", 500, after=True)
    assert caller.refund(made["id"]).status_code == 500
    assert fake.ledger.gross("USD") == 0


def test_any_issue_of_an_operation(fake, caller):
    made = caller.paid()
    operation = "POST /v2/payments/captures/{capture_id}/refund"
    texts = fake.specs.issues.get(operation, {}).get("422")
    if not texts:
        pytest.skip(fake.specs.note)
    for name, text in texts.items():
        fake.fail("captures.refund", 422, issue=name)
        answer = caller.refund(made["id"])
        assert issue(answer) == (422, name)
        assert answer.json()["details"][0].get("description", "") == text


def test_a_hook_is_called_before_the_work_or_before_the_answer(fake, caller):
    made, seen = caller.paid(), []
    for after in (False, True):
        fake.fail(
            "captures.refund",
            "hook",
            call=lambda: seen.append(fake.ledger.gross("USD")),
            after=after,
        )
        caller.refund(made["id"], "10.00")
    assert seen == [100, 80]


def test_faults_are_counted_skipped_and_healed(fake, caller):
    fake.fail("orders.*", 503, count=2, skip=1)
    statuses = [caller.order().status_code for _n in range(4)]
    assert statuses == [201, 503, 503, 201]
    fake.fail("*", 500, count=None)
    assert caller.order().status_code == 500
    fake.heal()
    assert caller.order().status_code == 201
    with pytest.raises(ValueError, match="no such fault"):
        fake.fail("*", "explode")


def test_faults_by_chance_come_back_with_the_seed():
    def run(seed):
        with FakePayPal(seed=seed) as fake:
            caller = Caller(fake)
            fake.fail("orders.create", 503, probability=0.5)
            return [caller.order().status_code for _n in range(12)]

    first = run(4)
    assert set(first) == {201, 503}
    assert run(4) == first
    assert run(5) != first


@pytest.mark.parametrize("end, gross", [("COMPLETED", 100), ("DENIED", 0)])
def test_a_pending_capture_ends(fake, caller, end, gross):
    order_id = caller.order().json()["id"]
    fake.approve(order_id)
    fake.fail("orders.capture", "pending", reason="PENDING_REVIEW")
    answer = caller.capture(order_id).json()
    (made,) = answer["purchase_units"][0]["payments"]["captures"]
    assert made["status"] == "PENDING"
    assert made["status_details"]["reason"] == "PENDING_REVIEW"
    assert issue(caller.refund(made["id"])) == (422, "PENDING_CAPTURE")
    assert fake.ledger.gross("USD") == 0
    fake.settle(made["id"], end)
    shown = caller.get(f"/v2/payments/captures/{made['id']}").json()
    assert shown["status"] == {"DENIED": "DECLINED"}.get(end, end)
    assert fake.ledger.gross("USD") == gross
    assert fake.webhooks.events[-1]["event_type"] == f"PAYMENT.CAPTURE.{end}"
    with pytest.raises(ValueError, match="not PENDING"):
        fake.settle(made["id"])


def test_a_declined_capture(fake, caller):
    order_id = caller.order().json()["id"]
    fake.approve(order_id)
    fake.fail("orders.capture", "declined")
    answer = caller.capture(order_id).json()
    made = answer["purchase_units"][0]["payments"]["captures"][0]
    assert made["status"] == "DECLINED"
    assert fake.ledger.entries() == []
    assert issue(caller.refund(made["id"])) == (422, "REFUND_NOT_ALLOWED")
