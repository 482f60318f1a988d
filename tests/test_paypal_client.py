"""The PayPal client against the fake: what each failure comes to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from .paypal_without_odoo import (
    amounts,
    approved,
    connection,
    exceptions,
    order,
    paid,
    paypal_client,
)

NoAnswer = exceptions.NoAnswer
RequestRejected = exceptions.RequestRejected
PayPalClient = paypal_client.PayPalClient


# --- what works


def test_an_order_from_creation_to_refund(fake, client):
    order_id = order(client, custom_id="TX-1")
    assert client.get_order(order_id)["status"] == "CREATED"
    fake.approve(order_id)
    answer = client.capture_order(order_id, "capture-1")
    (made,) = answer["purchase_units"][0]["payments"]["captures"]
    assert amounts.parse_amount(made["amount"]) == (Decimal("100.00"), "USD")
    assert client.get_capture(made["id"]) == made
    part = amounts.money(Decimal(30), "USD")
    note = "Sorry " * 60
    refund = client.refund_capture(made["id"], "refund-1", part, "TX-2", "R-1", note)
    assert refund["custom_id"] == "TX-2"
    assert len(refund["note_to_payer"]) == 255
    assert client.get_refund(refund["id"]) == refund
    assert client.refund_capture(made["id"], "refund-2")["amount"]["value"] == "70.00"
    assert fake.ledger.gross("USD") == 0


def test_an_authorization(fake, client):
    order_id = approved(fake, client, intent="AUTHORIZE")
    answer = client.authorize_order(order_id, "authorize-1")
    (made,) = answer["purchase_units"][0]["payments"]["authorizations"]
    part = amounts.money("60.00", "USD")
    capture = client.capture_authorization(made["id"], "capture-1", part)
    assert capture["final_capture"] is False
    status = client.get_authorization(made["id"])["status"]
    assert status == "PARTIALLY_CAPTURED"
    assert client.void_authorization(made["id"], "void-1") == {}
    assert client.get_authorization(made["id"])["status"] == "VOIDED"
    assert fake.ledger.gross("USD") == 60


def test_the_last_capture_of_an_authorization(fake, client):
    order_id = approved(fake, client, intent="AUTHORIZE")
    answer = client.authorize_order(order_id, "authorize-1")
    (made,) = answer["purchase_units"][0]["payments"]["authorizations"]
    part = amounts.money("60.00", "USD")
    client.capture_authorization(made["id"], "c", part, final=True, invoice_id="I-1")
    assert client.get_authorization(made["id"])["status"] == "CAPTURED"
    assert fake.ledger.entries()[0].invoice_id == "I-1"


def test_webhooks_are_registered_listed_and_deleted(fake, client):
    hook = client.create_webhook("http://localhost/hook", ["*"], "hook-1")
    assert [entry["id"] for entry in client.list_webhooks()] == [hook["id"]]
    assert client.delete_webhook(hook["id"]) == {}
    assert client.list_webhooks() == []


def test_the_report_over_many_pages_and_months(fake, client, monkeypatch):
    monkeypatch.setattr(paypal_client, "REPORT_PAGE", 2)
    made = paid(fake, client, custom_id="TX-1")
    for number in range(4):
        client.refund_capture(made, f"r{number}", amounts.money(1, "USD"))
    end = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(hours=1)
    rows = list(client.list_transactions(end - timedelta(days=90), end))
    assert len(rows) == 5
    assert rows[0]["transaction_id"] == made
    total = sum(
        amounts.parse_amount(row["transaction_amount"])[0]
        + amounts.parse_amount(row["fee_amount"])[0]
        for row in rows
    )
    assert total == fake.ledger.net("USD")


def test_the_connection_is_tried(fake, client):
    assert client.test_connection()["app_id"].startswith("APP-")
    wrong = PayPalClient(fake.url, fake.client_id, "wrong")
    with pytest.raises(RequestRejected) as refused:
        wrong.test_connection()
    assert (refused.value.status, refused.value.name) == (401, "invalid_client")
    nowhere = PayPalClient("http://127.0.0.1:9", "x", "y", timeout=2)
    with pytest.raises(NoAnswer):
        nowhere.test_connection()


def test_only_this_machine_is_spoken_to_in_the_clear():
    with pytest.raises(ValueError, match="https"):
        PayPalClient("http://paypal.example.com", "x", "y")
    assert "hush" not in repr(PayPalClient(paypal_client.LIVE, "x", "hush"))


@pytest.mark.parametrize("bad", ["", None, "../x", "A/B", "A?b=1", "A" * 300, 7])
def test_an_id_can_not_lead_elsewhere(client, fake, bad):
    with pytest.raises(ValueError, match="no id"):
        client.get_capture(bad)
    assert fake.calls() == []


@pytest.mark.parametrize("bad", ["", None, "x" * 109])
def test_nothing_moves_without_a_request_id(client, fake, bad):
    with pytest.raises(ValueError, match="request id"):
        client.refund_capture("CAPTURE1", bad)
    assert fake.calls() == []


# --- what doesn't


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "malformed"])
def test_a_lost_answer_is_unknown_and_asked_again(fake, client, kind):
    order_id = approved(fake, client)
    fake.fail("orders.capture", kind)
    with pytest.raises(NoAnswer):
        client.capture_order(order_id, "c")
    assert client.capture_order(order_id, "c")["status"] == "COMPLETED"
    assert fake.ledger.gross("USD") == 100


def test_a_late_answer_is_unknown(fake, client):
    order_id = approved(fake, client)
    client._api.timeout = 0.3
    fake.fail("orders.capture", "late", delay=30)
    with pytest.raises(NoAnswer, match="in time"):
        client.capture_order(order_id, "c")
    assert fake.ledger.gross("USD") == 100


def test_all_that_is_asked_takes_no_longer_than_told(fake, monkeypatch):
    """The token and the question together: each of them waits for what is left."""
    client = PayPalClient(fake.url, fake.client_id, fake.client_secret, within=0.5)
    clock = [client._ends - 0.5]
    monkeypatch.setattr(connection.time, "monotonic", lambda: clock[0])
    fake.fail("orders.get", "late", delay=30)
    order_id = approved(
        fake, PayPalClient(fake.url, fake.client_id, fake.client_secret)
    )
    with pytest.raises(exceptions.Silence):
        client.get_order(order_id)
    clock[0] += 0.5
    asked = len(fake.calls("orders.get"))
    with pytest.raises(exceptions.Silence):
        client.get_order(order_id)
    assert len(fake.calls("orders.get")) == asked


def test_a_connection_that_never_was(fake, client):
    client.test_connection()
    fake.stop()
    with pytest.raises(NoAnswer):
        client.get_order("ORDER1")


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("after", [True, False])
def test_paypals_own_failure_is_unknown(fake, client, status, after):
    made = paid(fake, client)
    fake.fail("captures.refund", status, after=after, retry_after=9)
    with pytest.raises(NoAnswer) as unknown:
        client.refund_capture(made, "r")
    assert unknown.value.status == status
    assert unknown.value.debug_id
    client.refund_capture(made, "r")
    assert fake.ledger.gross("USD") == 0


@pytest.mark.parametrize(
    "status, issue",
    [
        (400, "INVALID_PARAMETER_SYNTAX"),
        (403, "PERMISSION_DENIED"),
        (404, "INVALID_RESOURCE_ID"),
        (422, "REFUND_TIME_LIMIT_EXCEEDED"),
        (422, "REFUND_FAILED_INSUFFICIENT_FUNDS"),
    ],
)
def test_a_no_is_refused_with_its_reason(fake, client, status, issue):
    made = paid(fake, client)
    fake.fail("captures.refund", status, issue=issue)
    with pytest.raises(RequestRejected) as raised:
        client.refund_capture(made, "r")
    refused = raised.value
    assert (refused.status, refused.issues) == (status, [issue])
    assert refused.name and refused.message and refused.debug_id
    assert fake.ledger.gross("USD") == 100


@pytest.mark.parametrize(
    "endpoint, status, issue",
    [
        ("captures.refund", 409, "PREVIOUS_REQUEST_IN_PROGRESS"),
        ("orders.capture", 422, "ORDER_COMPLETION_IN_PROGRESS"),
    ],
)
def test_a_call_that_is_still_at_work_is_unknown(fake, client, endpoint, status, issue):
    order_id = approved(fake, client)
    made = paid(fake, client, custom_id="other")
    fake.fail(endpoint, status, issue=issue)
    with pytest.raises(NoAnswer) as unknown:
        if endpoint == "orders.capture":
            client.capture_order(order_id, "c")
        else:
            client.refund_capture(made, "r")
    assert unknown.value.status == status


def test_refusals_as_paypal_gives_them(fake, client):
    order_id = order(client)
    with pytest.raises(RequestRejected) as refused:
        client.capture_order(order_id, "c-1")
    assert "ORDER_NOT_APPROVED" in refused.value.issues
    fake.approve(order_id, "declined")
    with pytest.raises(RequestRejected) as refused:
        client.capture_order(order_id, "c-2")
    assert "INSTRUMENT_DECLINED" in refused.value.issues
    fake.approve(order_id)
    client.capture_order(order_id, "c-3")
    with pytest.raises(RequestRejected) as refused:
        client.capture_order(order_id, "c-4")
    assert "ORDER_ALREADY_CAPTURED" in refused.value.issues
    assert fake.ledger.gross("USD") == 100


def test_concurrency_a_storm_of_lost_answers_charges_each_order_once(fake, client):
    def pay(number):
        keys = [f"{act}-{number}" for act in ("order", "capture", "refund")]
        amount = amounts.money(number + 1, "USD")
        payload = {"intent": "CAPTURE", "purchase_units": [{"amount": amount}]}
        order_id = until_known(client.create_order, payload, keys[0])["id"]
        fake.approve(order_id)
        answer = until_known(client.capture_order, order_id, keys[1])
        (made,) = answer["purchase_units"][0]["payments"]["captures"]
        if number % 2:
            until_known(client.refund_capture, made["id"], keys[2])

    def until_known(call, *arguments):
        for _try in range(50):
            try:
                return call(*arguments)
            except NoAnswer:
                continue
        raise AssertionError("no answer in 50 tries")

    fake.fail("*", "drop_after", probability=0.1)
    fake.fail("*", "drop_before", probability=0.1)
    fake.fail("*", 503, probability=0.1, after=True)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(pay, range(60)))
    assert len(fake.ledger.entries(kind="capture")) == 60
    assert len(fake.ledger.entries(kind="refund")) == 30
    assert fake.ledger.gross("USD") == sum(number + 1 for number in range(0, 60, 2))
    assert len([call for call in fake.calls() if call.fault]) > 20


# --- tokens


def test_one_token_serves_many_calls(fake, client):
    for _n in range(3):
        client.list_webhooks()
    assert fake.tokens.issued == 1


def test_a_refused_token_is_renewed_once(fake, client):
    made = paid(fake, client)
    fake.tokens.revoke()
    client.refund_capture(made, "r")
    assert fake.tokens.issued == 2
    assert [call.status for call in fake.calls("captures.refund")] == [401, 201]


def test_a_token_that_is_never_good_is_asked_for_once_more_only(fake, client):
    client.list_webhooks()
    fake.fail("webhooks.list", 401, count=None)
    with pytest.raises(RequestRejected) as refused:
        client.list_webhooks()
    assert refused.value.status == 401
    assert len(fake.calls("webhooks.list")) == 3
    assert fake.tokens.issued == 2
    # a token that was fetched for this very call is not renewed
    client.set_token(None, 0)
    with pytest.raises(RequestRejected):
        client.list_webhooks()
    assert len(fake.calls("webhooks.list")) == 4
    assert fake.tokens.issued == 3


def test_no_redirect_is_followed(fake, client):
    elsewhere = {"Location": f"{fake.url}/elsewhere"}
    fake.fail("orders.get", 307, headers=elsewhere)
    with pytest.raises(NoAnswer) as unknown:
        client.get_order("ORDER1")
    assert unknown.value.status == 307
    assert not any(call.target == "/elsewhere" for call in fake.calls())


@pytest.mark.parametrize("kind", ["drop_after", "malformed", 503])
def test_without_a_token_nothing_was_sent(fake, client, kind):
    fake.fail("oauth.token", kind)
    with pytest.raises(NoAnswer):
        client.capture_order("ORDER1", "c")
    assert fake.calls("orders.capture") == []


def test_the_caller_may_keep_the_token(fake):
    kept = []

    def get_token():
        return kept[-1][0] if kept else None

    def set_token(token, seconds):
        kept.append((token, seconds))

    def client():
        return PayPalClient(
            fake.url, fake.client_id, fake.client_secret, get_token, set_token
        )

    client().list_webhooks()
    client().list_webhooks()
    assert fake.tokens.issued == 1
    assert kept[0][1] == fake.tokens.seconds - connection.TOKEN_MARGIN
    fake.tokens.revoke()
    client().list_webhooks()
    assert kept[1] == (None, 0)
    assert len(kept) == 3


def test_a_token_in_memory_ends(fake, client):
    fake.tokens.seconds = 600
    client.list_webhooks()
    cache = client.get_token.__self__
    assert cache.get()
    cache.ends -= 301
    client.list_webhooks()
    assert fake.tokens.issued == 2
