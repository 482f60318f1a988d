"""The fake PayPal: that it does what PayPal does, and fails as it is told.

Its answers are held against PayPal's own specifications wherever those are there: the
fixture fails a test that left a violation behind.
"""

import threading
from decimal import Decimal

import pytest
import requests

from .paypal_caller import issue


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
