"""The fake PayPal: that it does what PayPal does, and fails as it is told.

Its answers are held against PayPal's own specifications wherever those are there: the
fixture fails a test that left a violation behind.
"""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from .fake_paypal import FakePayPal, specs

ROOT = Path(__file__).resolve().parent.parent


class Caller:
    """Calls the fake as a client would, without any of the suite's own code."""

    def __init__(self, fake):
        self.fake = fake
        self.headers = {"Prefer": "return=representation"}
        self.number = 0
        self.sign_in()

    def sign_in(self):
        answer = requests.post(
            f"{self.fake.url}/v1/oauth2/token",
            auth=(self.fake.client_id, self.fake.client_secret),
            data={"grant_type": "client_credentials"},
            timeout=10,
        )
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path, **query):
        return requests.get(
            f"{self.fake.url}{path}", params=query, headers=self.headers, timeout=10
        )

    def post(self, path, body=None, request_id=None, **headers):
        self.number += 1
        headers = {
            **self.headers,
            "Content-Type": "application/json",
            "PayPal-Request-Id": request_id or f"request-{self.number}",
            **headers,
        }
        raw = None if body is None else json.dumps(body)
        return requests.post(
            f"{self.fake.url}{path}", data=raw, headers=headers, timeout=10
        )

    def order(self, value="100.00", currency="USD", intent="CAPTURE", **unit):
        body = {
            "intent": intent,
            "purchase_units": [
                {"amount": {"currency_code": currency, "value": value}, **unit}
            ],
            "payment_source": {
                "paypal": {
                    "experience_context": {
                        "return_url": "http://localhost/back?bill=1",
                        "cancel_url": "http://localhost/cancelled",
                        "user_action": "PAY_NOW",
                        "landing_page": "GUEST_CHECKOUT",
                    }
                }
            },
        }
        return self.post("/v2/checkout/orders", body)

    def paid(self, value="100.00", currency="USD", **unit):
        """The capture of an order that was approved."""
        order_id = self.order(value, currency, **unit).json()["id"]
        self.fake.approve(order_id)
        answer = self.capture(order_id).json()
        return answer["purchase_units"][0]["payments"]["captures"][0]

    def capture(self, order_id, **more):
        return self.post(f"/v2/checkout/orders/{order_id}/capture", {}, **more)

    def authorized(self, value="100.00", currency="USD", **unit):
        order_id = self.order(value, currency, "AUTHORIZE", **unit).json()["id"]
        self.fake.approve(order_id)
        answer = self.post(f"/v2/checkout/orders/{order_id}/authorize", {}).json()
        return answer["purchase_units"][0]["payments"]["authorizations"][0]["id"]

    def refund(self, capture_id, value=None, currency="USD", **more):
        body = {"amount": {"currency_code": currency, "value": value}} if value else {}
        return self.post(f"/v2/payments/captures/{capture_id}/refund", body, **more)


@pytest.fixture
def fake():
    with FakePayPal() as fake:
        print(f"seed {fake.seed}; {fake.specs.note or 'checked by specification'}")
        yield fake
    assert fake.violations == []


@pytest.fixture
def caller(fake):
    return Caller(fake)


@pytest.fixture
def receiver():
    """A server that takes webhooks; statuses holds what it answers next."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((raw, dict(self.headers)))
            statuses = self.server.statuses
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.statuses = [], []
    server.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def issue(answer):
    return answer.status_code, answer.json()["details"][0]["issue"]


def register(caller, url, *events):
    events = [{"name": name} for name in events or ["*"]]
    body = {"url": url, "event_types": events}
    return caller.post("/v1/notifications/webhooks", body)


# --- tokens


def test_a_token_is_asked_for_with_id_and_secret(fake, caller):
    answer = requests.post(
        f"{fake.url}/v1/oauth2/token",
        auth=("fake-client", "wrong"),
        data={"grant_type": "client_credentials"},
        timeout=10,
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert caller.get("/v2/checkout/orders/NONE").status_code == 404
    caller.headers["Authorization"] = "Bearer nonsense"
    refused = caller.get("/v2/checkout/orders/NONE")
    assert (refused.status_code, refused.json()["name"]) == (
        401,
        "AUTHENTICATION_FAILURE",
    )


def test_a_token_expires(fake, caller):
    fake.clock.advance(fake.tokens.seconds + 1)
    assert caller.get("/v2/checkout/orders/NONE").status_code == 401
    caller.sign_in()
    assert caller.get("/v2/checkout/orders/NONE").status_code == 404
    fake.tokens.revoke()
    assert caller.get("/v2/checkout/orders/NONE").status_code == 401


# --- orders


def test_an_order_is_approved_and_captured_once(fake, caller):
    created = caller.order(custom_id="C-1", invoice_id="BILL-1")
    assert created.status_code == 201
    order = created.json()
    assert order["status"] == "PAYER_ACTION_REQUIRED"
    links = {link["rel"]: link["href"] for link in order["links"]}
    assert links["payer-action"] == fake.approval_url(order["id"])
    assert issue(caller.capture(order["id"])) == (422, "ORDER_NOT_APPROVED")

    fake.approve(order["id"], "mastercard")
    shown = caller.get(f"/v2/checkout/orders/{order['id']}").json()
    assert shown["status"] == "APPROVED"
    assert shown["payment_source"]["card"]["last_digits"] == "4444"

    captured = caller.capture(order["id"])
    assert (captured.status_code, captured.json()["status"]) == (201, "COMPLETED")
    (made,) = captured.json()["purchase_units"][0]["payments"]["captures"]
    assert made["status"] == "COMPLETED"
    assert made["custom_id"] == "C-1"
    breakdown = made["seller_receivable_breakdown"]
    assert breakdown["paypal_fee"]["value"] == "3.20"
    assert breakdown["net_amount"]["value"] == "96.80"
    assert caller.get(f"/v2/payments/captures/{made['id']}").json() == made
    assert issue(caller.capture(order["id"])) == (422, "ORDER_ALREADY_CAPTURED")

    (entry,) = fake.ledger.entries(custom_id="C-1")
    assert (entry.gross, entry.fee, entry.net) == (
        Decimal("100.00"),
        Decimal("3.20"),
        Decimal("96.80"),
    )
    assert fake.ledger.net("USD") == Decimal("96.80")


def test_an_order_without_a_payment_source_has_an_approve_link(caller):
    body = {
        "intent": "CAPTURE",
        "purchase_units": [{"amount": {"currency_code": "EUR", "value": "1.00"}}],
    }
    order = caller.post("/v2/checkout/orders", body, **{"Prefer": "return=minimal"})
    assert order.json()["status"] == "CREATED"
    assert "purchase_units" not in order.json()
    assert "approve" in [link["rel"] for link in order.json()["links"]]


def test_a_declined_card_leaves_the_order_to_another_card(fake, caller):
    order_id = caller.order().json()["id"]
    fake.approve(order_id, "declined")
    answer = caller.capture(order_id)
    assert issue(answer) == (422, "INSTRUMENT_DECLINED")
    assert answer.json()["links"][0]["rel"] == "redirect"
    assert issue(caller.capture(order_id)) == (422, "ORDER_NOT_APPROVED")
    fake.approve(order_id, "visa")
    assert caller.capture(order_id).status_code == 201
    assert len(fake.ledger.entries()) == 1


def test_an_order_that_ran_out_is_gone(fake, caller):
    order_id = caller.order().json()["id"]
    fake.approve(order_id)
    fake.expire(order_id)
    assert issue(caller.capture(order_id)) == (404, "INVALID_RESOURCE_ID")
    names = [event["event_type"] for event in fake.webhooks.events]
    assert names[-1] == "CHECKOUT.PAYMENT-APPROVAL.REVERSED"


def test_the_same_bill_is_not_paid_twice_by_two_orders(fake, caller):
    caller.paid(invoice_id="BILL-1")
    order_id = caller.order(invoice_id="BILL-1").json()["id"]
    fake.approve(order_id)
    assert issue(caller.capture(order_id)) == (422, "DUPLICATE_INVOICE_ID")
    assert fake.ledger.gross("USD") == 100


@pytest.mark.parametrize(
    "value, currency, expected",
    [
        ("0.00", "USD", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("-1.00", "USD", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("1.005", "USD", "DECIMAL_PRECISION"),
        ("1.50", "JPY", "DECIMAL_PRECISION"),
        ("1.00", "TWD", "DECIMAL_PRECISION"),
        ("1.00", "KWD", "INVALID_CURRENCY_CODE"),
    ],
)
def test_amounts_that_an_order_can_not_have(caller, value, currency, expected):
    assert issue(caller.order(value, currency)) == (422, expected)


@pytest.mark.parametrize("currency", ["JPY", "HUF", "TWD"])
def test_currencies_without_decimals(fake, caller, currency):
    made = caller.paid("5000", currency)
    assert made["amount"]["value"] == "5000"
    assert made["seller_receivable_breakdown"]["paypal_fee"]["value"] == "175"
    refused = caller.refund(made["id"], "10.00", currency)
    assert issue(refused) == (422, "DECIMALS_NOT_SUPPORTED")
    assert caller.refund(made["id"], "10", currency).json()["amount"]["value"] == "10"
    assert fake.ledger.gross(currency) == 4990


def test_parts_of_an_amount_must_add_up(caller):
    def unit(total, items):
        return {
            "amount": {
                "currency_code": "USD",
                "value": "100.00",
                "breakdown": {"item_total": {"currency_code": "USD", "value": total}},
            },
            "items": [
                {
                    "name": "Dues",
                    "quantity": "1",
                    "unit_amount": {"currency_code": "USD", "value": items},
                }
            ],
        }

    def create(*units):
        body = {"intent": "CAPTURE", "purchase_units": list(units)}
        return caller.post("/v2/checkout/orders", body)

    assert issue(create(unit("90.00", "90.00"))) == (422, "AMOUNT_MISMATCH")
    assert issue(create(unit("100.00", "90.00"))) == (422, "ITEM_TOTAL_MISMATCH")
    assert create(unit("100.00", "100.00")).status_code == 201
    good = unit("100.00", "100.00")
    assert issue(create(good, good)) == (422, "REFERENCE_ID_REQUIRED")
    same = good | {"reference_id": "A"}
    assert issue(create(same, same)) == (422, "DUPLICATE_REFERENCE_ID")


def test_no_card_number_goes_through_an_order(caller):
    body = {
        "intent": "CAPTURE",
        "purchase_units": [{"amount": {"currency_code": "USD", "value": "1.00"}}],
        "payment_source": {"card": {"name": "Pat Payer"}},
    }
    answer = caller.post("/v2/checkout/orders", body)
    assert issue(answer) == (422, "NOT_ENABLED_FOR_CARD_PROCESSING")


# --- authorizations


def test_an_authorization_is_captured_in_parts(fake, caller):
    id = caller.authorized(custom_id="C-2")
    url = f"/v2/payments/authorizations/{id}"
    assert caller.get(url).json()["status"] == "CREATED"
    assert fake.ledger.entries() == []
    part = {"amount": {"currency_code": "USD", "value": "60.00"}}
    assert caller.post(f"{url}/capture", part).json()["final_capture"] is False
    assert caller.get(url).json()["status"] == "PARTIALLY_CAPTURED"
    assert issue(caller.post(f"{url}/capture", part)) == (
        422,
        "MAX_CAPTURE_AMOUNT_EXCEEDED",
    )
    rest = caller.post(f"{url}/capture", {}).json()
    assert (rest["amount"]["value"], rest["final_capture"]) == ("40.00", True)
    assert caller.get(url).json()["status"] == "CAPTURED"
    again = caller.post(f"{url}/capture", {})
    assert issue(again) == (422, "AUTHORIZATION_ALREADY_CAPTURED")
    assert issue(caller.post(f"{url}/void")) == (422, "PREVIOUSLY_CAPTURED")
    assert fake.ledger.gross("USD", custom_id="C-2") == 100


def test_a_final_capture_gives_up_the_rest(fake, caller):
    url = f"/v2/payments/authorizations/{caller.authorized()}"
    part = {"amount": {"currency_code": "USD", "value": "60.00"}, "final_capture": True}
    assert caller.post(f"{url}/capture", part).json()["final_capture"] is True
    assert caller.get(url).json()["status"] == "CAPTURED"
    assert fake.ledger.gross("USD") == 60


def test_an_authorization_is_voided_without_a_word(fake, caller):
    url = f"/v2/payments/authorizations/{caller.authorized()}"
    voided = caller.post(f"{url}/void", **{"Prefer": "return=minimal"})
    assert (voided.status_code, voided.content) == (204, b"")
    assert issue(caller.post(f"{url}/void")) == (422, "PREVIOUSLY_VOIDED")
    assert issue(caller.post(f"{url}/capture", {})) == (422, "AUTHORIZATION_VOIDED")
    assert fake.ledger.entries() == []


def test_an_authorization_expires(fake, caller):
    url = f"/v2/payments/authorizations/{caller.authorized()}"
    fake.clock.advance(30 * 86400)
    caller.sign_in()
    assert issue(caller.post(f"{url}/capture", {})) == (422, "AUTHORIZATION_EXPIRED")


# --- refunds


def test_refunds_up_to_what_was_paid(fake, caller):
    made = caller.paid(custom_id="C-3")
    first = caller.refund(made["id"], "30.00")
    assert first.status_code == 201
    assert caller.get(f"/v2/payments/refunds/{first.json()['id']}").json() == (
        first.json()
    )
    shown = caller.get(f"/v2/payments/captures/{made['id']}").json()
    assert shown["status"] == "PARTIALLY_REFUNDED"
    exceeded = caller.refund(made["id"], "70.01")
    assert issue(exceeded) == (422, "REFUND_AMOUNT_EXCEEDED")
    other = caller.refund(made["id"], "1.00", "EUR")
    assert issue(other) == (422, "REFUND_CAPTURE_CURRENCY_MISMATCH")
    rest = caller.refund(made["id"]).json()
    assert rest["amount"]["value"] == "70.00"
    assert rest["seller_payable_breakdown"]["total_refunded_amount"]["value"] == (
        "100.00"
    )
    full = caller.refund(made["id"], "1.00")
    assert issue(full) == (422, "CAPTURE_FULLY_REFUNDED")
    assert fake.ledger.gross("USD", custom_id="C-3") == 0
    assert fake.ledger.net("USD") == Decimal("-3.20")  # PayPal keeps its fee


def test_a_refund_may_come_too_late_or_once_too_often(fake, caller):
    made = caller.paid()
    for _refund in range(10):
        assert caller.refund(made["id"], "1.00").status_code == 201
    tenth = caller.refund(made["id"], "1.00")
    assert issue(tenth) == (422, "MAX_NUMBER_OF_REFUNDS_EXCEEDED")
    fake.clock.advance(181 * 86400)
    caller.sign_in()
    late = caller.refund(made["id"], "1.00")
    assert issue(late) == (422, "REFUND_TIME_LIMIT_EXCEEDED")


def test_a_pending_refund_fails_later(fake, caller):
    made = caller.paid()
    fake.fail("captures.refund", "pending")
    refund = caller.refund(made["id"], "40.00").json()
    assert refund["status"] == "PENDING"
    assert issue(caller.refund(made["id"], "60.01")) == (422, "REFUND_AMOUNT_EXCEEDED")
    fake.settle_refund(refund["id"], "FAILED")
    shown = caller.get(f"/v2/payments/refunds/{refund['id']}").json()
    assert shown["status"] == "FAILED"
    assert fake.ledger.gross("USD") == 100
    assert caller.refund(made["id"]).json()["amount"]["value"] == "100.00"


def test_what_others_do_with_a_capture(fake, caller):
    made = caller.paid()
    fake.refund_on_site(made["id"], "10.00")
    fake.reverse(made["id"])
    kinds = [entry.kind for entry in fake.ledger.entries()]
    assert kinds == ["capture", "refund", "reversal"]
    assert fake.ledger.gross("USD") == 0
    names = [event["event_type"] for event in fake.webhooks.events]
    assert names[-2:] == ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"]


# --- request ids


def test_the_same_request_is_done_once(fake, caller):
    order_id = caller.order().json()["id"]
    fake.approve(order_id)
    first = caller.capture(order_id, request_id="one")
    again = caller.capture(order_id, request_id="one")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    made = first.json()["purchase_units"][0]["payments"]["captures"][0]
    refunds = [caller.refund(made["id"], "5.00", request_id="r") for _n in range(3)]
    assert len({refund.json()["id"] for refund in refunds}) == 1
    assert fake.ledger.gross("USD") == 95


def test_the_same_request_at_once_is_done_once(fake, caller):
    made = caller.paid()
    answers = []

    def refund():
        answers.append(caller.refund(made["id"], "5.00", request_id="r").json()["id"])

    threads = [threading.Thread(target=refund) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), len(set(answers))) == (8, 1)
    assert fake.ledger.gross("USD") == 95


def test_a_request_id_is_not_for_another_body(fake, caller):
    made = caller.paid()
    caller.refund(made["id"], "5.00", request_id="r")
    answer = caller.refund(made["id"], "6.00", request_id="r")
    assert issue(answer) == (422, "DUPLICATE_REQUEST_ID")
    assert fake.ledger.gross("USD") == 95
    fake.violations.clear()  # the specification has no word for this one


def test_a_refusal_is_not_kept(fake, caller):
    order_id = caller.order().json()["id"]
    assert issue(caller.capture(order_id, request_id="c")) == (
        422,
        "ORDER_NOT_APPROVED",
    )
    fake.approve(order_id)
    assert caller.capture(order_id, request_id="c").status_code == 201


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


# --- webhooks


def test_registering_webhooks(fake, caller, receiver):
    hook = register(caller, receiver.url, "PAYMENT.CAPTURE.COMPLETED")
    assert hook.status_code == 201
    again = register(caller, receiver.url)
    assert again.json()["name"] == "WEBHOOK_URL_ALREADY_EXISTS"
    unknown = register(caller, f"{receiver.url}2", "NO.SUCH.EVENT")
    assert unknown.json()["name"] == "VALIDATION_ERROR"
    listed = caller.get("/v1/notifications/webhooks").json()["webhooks"]
    assert [entry["id"] for entry in listed] == [hook.json()["id"]]
    fake.https_only = True
    assert register(caller, f"{receiver.url}3").status_code == 400
    url = f"{fake.url}/v1/notifications/webhooks/{hook.json()['id']}"
    gone = requests.delete(url, headers=caller.headers, timeout=10)
    assert gone.status_code == 204
    assert requests.delete(url, headers=caller.headers, timeout=10).status_code == 404


def verification(caller, raw, headers, webhook_id, **changed):
    """Asks whether the bytes were signed, putting them in as they are."""
    asked = {
        "auth_algo": headers["Paypal-Auth-Algo"],
        "cert_url": headers["Paypal-Cert-Url"],
        "transmission_id": headers["Paypal-Transmission-Id"],
        "transmission_sig": headers["Paypal-Transmission-Sig"],
        "transmission_time": headers["Paypal-Transmission-Time"],
        "webhook_id": webhook_id,
        **changed,
    }
    body = f'{json.dumps(asked)[:-1]}, "webhook_event": {raw.decode()}}}'
    answer = requests.post(
        f"{caller.fake.url}/v1/notifications/verify-webhook-signature",
        data=body.encode(),
        headers={**caller.headers, "Content-Type": "application/json"},
        timeout=10,
    )
    return answer.json().get("verification_status", answer.status_code)


def test_an_event_is_signed_over_its_bytes(fake, caller, receiver):
    hook_id = register(caller, receiver.url).json()["id"]
    caller.paid()
    fake.webhooks.deliver()
    names = [json.loads(raw)["event_type"] for raw, _headers in receiver.got]
    assert names == [
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.CAPTURE.COMPLETED",
        "CHECKOUT.ORDER.COMPLETED",
    ]
    raw, headers = receiver.got[0]
    assert verification(caller, raw, headers, hook_id) == "SUCCESS"
    rewritten = json.dumps(json.loads(raw)).encode()
    assert verification(caller, rewritten, headers, hook_id) == "FAILURE"
    changed = raw.replace(b"100.00", b"999.00")
    assert verification(caller, changed, headers, hook_id) == "FAILURE"
    assert verification(caller, raw, headers, "ANOTHER1") == "FAILURE"
    elsewhere = {"cert_url": "https://example.com/cert"}
    assert verification(caller, raw, headers, hook_id, **elsewhere) == "FAILURE"
    later = {"transmission_time": "2031-01-01T00:00:00Z"}
    assert verification(caller, raw, headers, hook_id, **later) == "FAILURE"


def test_a_forged_event_and_a_verification_that_is_down(fake, caller, receiver):
    hook_id = register(caller, receiver.url).json()["id"]
    order_id = caller.order().json()["id"]
    fake.webhooks.forge_next = 1
    fake.approve(order_id)
    fake.webhooks.deliver()
    raw, headers = receiver.got[0]
    assert verification(caller, raw, headers, hook_id) == "FAILURE"
    fake.fail("webhooks.verify", 503)
    assert verification(caller, raw, headers, hook_id) == 503


def test_events_are_shuffled_doubled_and_tried_again(fake, caller, receiver):
    register(caller, receiver.url)
    for _n in range(3):
        caller.paid()
    first = [delivery.event_id for delivery in fake.webhooks.waiting]
    receiver.statuses = [503]
    fake.webhooks.deliver(shuffle=True, times=2)
    got = [json.loads(raw)["id"] for raw, _headers in receiver.got]
    assert got != [*first, *first]
    assert sorted(got) == sorted([*first, *first])
    assert fake.webhooks.waiting == []
    order_id = caller.order().json()["id"]
    fake.approve(order_id)
    receiver.statuses = [500, 403]
    (sent,) = fake.webhooks.deliver()
    assert fake.webhooks.waiting == [sent]
    fake.webhooks.deliver(only="APPROVED")
    assert fake.webhooks.waiting == [sent]
    fake.webhooks.deliver()
    assert sent.results == [500, 403, 200]
    # a replay has the same signature
    fake.webhooks.replay(sent.event_id)
    assert receiver.got[-1] == receiver.got[-2]


def test_released_events_go_out_by_themselves(fake, caller, receiver):
    register(caller, receiver.url, "PAYMENT.CAPTURE.COMPLETED")
    fake.webhooks.retry_seconds = 0.05
    fake.webhooks.release(workers=2, duplicate=1.0, jitter=0.05)
    receiver.statuses = [500]
    for _n in range(3):
        caller.paid()
    assert fake.webhooks.drain()
    assert len(receiver.got) == 7  # each twice, and one once more
    assert all(delivery.is_taken for delivery in fake.webhooks.deliveries)
    fake.webhooks.hold()
    caller.paid()
    assert len(fake.webhooks.waiting) == 1


def test_an_address_where_nobody_listens(fake, caller):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    register(caller, f"http://127.0.0.1:{port}/hook")
    fake.approve(caller.order().json()["id"])
    (sent,) = fake.webhooks.deliver()
    assert "refused" in sent.results[0]


def test_events_look_like_paypals_samples(fake, caller):
    folder = specs.folder() / "webhook_samples"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}")
    made = caller.paid(custom_id="C", invoice_id="I")
    fake.refund_on_site(made["id"], "1.00")
    fake.resolve_dispute(fake.open_dispute(made["id"]))
    order_id = caller.order().json()["id"]
    fake.approve(order_id)
    fake.expire(order_id)
    for end in ("COMPLETED", "DENIED"):
        order_id = caller.order(custom_id="C", invoice_id=end).json()["id"]
        fake.approve(order_id)
        fake.fail("orders.capture", "pending")
        answer = caller.capture(order_id).json()
        fake.settle(answer["purchase_units"][0]["payments"]["captures"][0]["id"], end)
    ours = {event["event_type"]: event for event in fake.webhooks.events}
    for path in folder.glob("*.json"):
        sample = json.loads(path.read_text())
        event = ours[sample["event_type"]]
        for key in ("resource_type", "resource_version", "event_version"):
            assert event[key] == sample[key], (path.name, key)
        # the synthetic sample of a denied capture has a breakdown, and notes are free
        missing = set(sample["resource"]) - set(event["resource"])
        assert missing <= {"note_to_payer", "seller_receivable_breakdown", "invoice_id"}


# --- disputes and the report


def test_a_dispute_is_listed_and_accepted(fake, caller):
    assert "items" not in caller.get("/v1/customer/disputes").json()
    made = caller.paid(custom_id="C-4")
    dispute_id = fake.open_dispute(made["id"])
    assert issue(caller.refund(made["id"])) == (422, "TRANSACTION_DISPUTED")
    fake.open_dispute(caller.paid()["id"], "5.00")
    page = caller.get("/v1/customer/disputes", page_size=1).json()
    (next_page,) = [link for link in page["links"] if link["rel"] == "next"]
    rest = requests.get(next_page["href"], headers=caller.headers, timeout=10).json()
    assert {page["items"][0]["dispute_id"], rest["items"][0]["dispute_id"]} == set(
        fake.disputes.found
    )
    one = caller.get("/v1/customer/disputes", disputed_transaction_id=made["id"])
    assert len(one.json()["items"]) == 1
    url = f"/v1/customer/disputes/{dispute_id}"
    shown = caller.get(url).json()
    assert shown["disputed_transactions"][0]["seller_transaction_id"] == made["id"]
    assert caller.post(f"{url}/accept-claim").status_code == 200
    shown = caller.get(url).json()
    assert shown["dispute_outcome"]["outcome_code"] == "RESOLVED_BUYER_FAVOUR"
    (entry,) = fake.ledger.entries(kind="chargeback")
    assert entry.gross == -100


def test_a_dispute_that_the_seller_wins(fake, caller):
    made = caller.paid()
    fake.resolve_dispute(fake.open_dispute(made["id"]), "RESOLVED_SELLER_FAVOUR")
    assert fake.ledger.gross("USD") == 100
    assert caller.refund(made["id"], "1.00").status_code == 201


def test_the_report_tells_the_ledger_page_by_page(fake, caller):
    span = {
        "start_date": fake.clock.text(fake.clock.after(days=-1)),
        "end_date": fake.clock.text(fake.clock.after(days=1)),
    }
    url = "/v1/reporting/transactions"
    assert caller.get(url, **span).json()["total_items"] == 0
    made = caller.paid(custom_id="C-5", invoice_id="I-5")
    caller.refund(made["id"], "10.00")
    caller.paid("50.00")
    rows = []
    for page in (1, 2):
        answer = caller.get(url, page_size=2, page=page, **span).json()
        assert (answer["total_items"], answer["total_pages"]) == (3, 2)
        rows += [row["transaction_info"] for row in answer["transaction_details"]]
    values = [
        (row["transaction_amount"]["value"], row["fee_amount"]["value"]) for row in rows
    ]
    assert values == [("100.00", "-3.20"), ("-10.00", "0.00"), ("50.00", "-1.75")]
    assert rows[0]["custom_field"] == "C-5"
    assert rows[1]["paypal_reference_id"] == made["id"]
    one = caller.get(url, transaction_id=made["id"], **span).json()
    assert one["total_items"] == 1
    span["start_date"] = fake.clock.text(fake.clock.after(days=-40))
    assert caller.get(url, **span).status_code == 400


# --- the specifications


@pytest.mark.skipif(not specs.folder().is_dir(), reason=f"no folder {specs.folder()}")
def test_a_request_that_is_not_valid_is_refused_and_noted(fake, caller):
    body = {
        "intent": "CAPTURE",
        "purchase_units": [{"amount": {"currency_code": "USD", "value": 103.0}}],
    }
    assert caller.post("/v2/checkout/orders", body).status_code == 400
    assert "not of type 'string'" in fake.violations[0]
    caller.get("/v1/reporting/transactions", start_date="yesterday")
    assert any("end_date: is required" in text for text in fake.violations)
    fake.violations.clear()


@pytest.mark.skipif(not specs.folder().is_dir(), reason=f"no folder {specs.folder()}")
def test_an_answer_that_is_not_valid_is_noted(fake, caller):
    fake.merchant_id = "too short"
    caller.order()
    assert "merchant_id" in fake.violations[0]
    fake.violations.clear()


def test_without_specifications_all_else_works(tmp_path):
    folder = tmp_path / "nothing"
    with FakePayPal(specs_folder=str(folder)) as fake:
        assert str(folder) in fake.specs.note
        caller = Caller(fake)
        made = caller.paid()
        assert caller.refund(made["id"]).status_code == 201
        assert caller.post("/v2/checkout/orders", {}).status_code == 400
        number = {"currency_code": "USD", "value": 1.5}
        body = {"intent": "CAPTURE", "purchase_units": [{"amount": number}]}
        assert caller.post("/v2/checkout/orders", body).status_code == 400
        assert fake.violations == []


# --- the payer's page


def test_the_page_shows_what_is_paid_and_sends_the_payer_back(fake, caller):
    order = caller.order("12.50", "EUR", description="Dues <2026>").json()
    url = fake.approval_url(order["id"])
    page = requests.get(url, timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    for text in ("12.50 EUR", "Kavi Demo Organization", "Dues &lt;2026&gt;"):
        assert text in page.text

    def choose(**form):
        return requests.post(url, data=form, timeout=10, allow_redirects=False)

    declined = choose(act="refuse", source="visa")
    assert "declined this card" in declined.text
    cancelled = choose(act="cancel")
    assert cancelled.headers["Location"] == (
        f"http://localhost/cancelled?token={order['id']}"
    )
    back = choose(act="approve", source="mastercard")
    assert (back.status_code, back.headers["Location"]) == (
        303,
        f"http://localhost/back?bill=1&token={order['id']}&PayerID=QYR5Z8XDVJNXQ",
    )
    assert caller.capture(order["id"]).status_code == 201
    assert "completed already" in requests.get(url, timeout=10).text


def test_a_window_that_closes_after_approval(fake, caller):
    order_id = caller.order().json()["id"]
    answer = requests.post(
        fake.approval_url(order_id),
        data={"act": "close", "source": "visa"},
        timeout=10,
        allow_redirects=False,
    )
    assert answer.status_code == 200
    assert fake.orders[order_id].status == "APPROVED"


def test_an_unknown_payment_has_a_page_too(fake):
    answer = requests.get(f"{fake.url}/checkoutnow?token=<script>", timeout=10)
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_the_sdk_approves_through_the_fake(fake, caller):
    script = requests.get(f"{fake.url}/sdk/js?client-id=x", timeout=10).text
    assert script == fake.sdk_js()
    assert fake.url in script and "FAKE_" not in script
    order_id = caller.order().json()["id"]
    answer = requests.post(
        f"{fake.url}/_buyer/approve",
        data={"order_id": order_id, "source": "paypal"},
        timeout=10,
    )
    assert answer.json() == {"payerID": "QYR5Z8XDVJNXQ"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert caller.capture(order_id).status_code == 201


# --- control over HTTP, and by itself


def test_the_control_api(fake, caller):
    def control(act, **arguments):
        url = f"{fake.url}/_control/{act}"
        return requests.post(url, json=arguments, timeout=10)

    order_id = caller.order().json()["id"]
    assert control("approve", order_id=order_id, source="paypal").status_code == 200
    control("fail", endpoint="orders.capture", kind=503)
    assert caller.capture(order_id).status_code == 503
    assert caller.capture(order_id).status_code == 201
    state = requests.get(f"{fake.url}/_control/state", timeout=10).json()
    assert state["orders"][order_id]["status"] == "COMPLETED"
    assert state["net"] == {"USD": "96.80"}
    (capture_id,) = state["captures"]
    refund = control("refund_on_site", capture_id=capture_id, amount="1.00").json()
    assert refund["result"] in fake.payments.refunds
    for name in ("ledger", "calls", "violations", "deliveries"):
        assert requests.get(f"{fake.url}/_control/{name}", timeout=10).ok
    assert control("deliver").json() == {"result": []}
    assert control("nonsense").status_code == 404
    assert control("approve", order_id="NONE").status_code == 404
    assert control("approve", wrong="x").status_code == 400
    secrets = requests.get(f"{fake.url}/_control/calls", timeout=10).text
    assert "access_token" not in secrets
    control("reset")
    assert fake.orders == {}
    elsewhere = {"Origin": "https://example.com"}
    url = f"{fake.url}/_control/reset"
    assert requests.post(url, headers=elsewhere, timeout=10).status_code == 403


def test_it_starts_by_itself():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.fake_paypal", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--quiet"],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert str(port) in process.stdout.readline()
            state = f"http://127.0.0.1:{port}/_control/state"
            assert requests.get(state, timeout=10).json()["orders"] == {}
        finally:
            process.terminate()
