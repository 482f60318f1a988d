"""The client and its helpers, against the fake: what each failure comes to.

They know no Odoo, so they are loaded without the addon: by their folder, as a package
whose own __init__ (which imports the models) is not run.
"""

import importlib
import itertools
import json
import logging
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .fake_paypal import FakePayPal

ADDON = Path(__file__).resolve().parent.parent / "kavi_commerce"


def load(name):
    package = "kavi_commerce_without_odoo"
    if package not in sys.modules:
        module = types.ModuleType(package)
        module.__path__ = [str(ADDON)]
        sys.modules[package] = module
    return importlib.import_module(f"{package}.{name}")


connection = load("paypal.connection")
paypal_client = load("paypal.client")
amounts = load("paypal.amounts")
redaction = load("paypal.redaction")
PayPalClient, RequestRejected, NoAnswer = (
    paypal_client.PayPalClient,
    paypal_client.RequestRejected,
    paypal_client.NoAnswer,
)
numbers = itertools.count()
CARD = "4111 1111 1111 1111"


@pytest.fixture
def fake():
    with FakePayPal() as fake:
        print(f"seed {fake.seed}; {fake.specs.note or 'checked by specification'}")
        yield fake
    assert fake.violations == []


@pytest.fixture
def messages():
    return []


@pytest.fixture
def client(fake, messages):
    return PayPalClient(
        fake.url,
        fake.client_id,
        fake.client_secret,
        recorder=messages.append,
        timeout=5,
    )


def order(client, value="100.00", currency="USD", intent="CAPTURE", **unit):
    amount = amounts.money(value, currency)
    payload = {"intent": intent, "purchase_units": [{"amount": amount, **unit}]}
    return client.create_order(payload, f"order-{next(numbers)}")["id"]


def approved(fake, client, **unit):
    order_id = order(client, **unit)
    fake.approve(order_id)
    return order_id


def paid(fake, client, **unit):
    answer = client.capture_order(
        approved(fake, client, **unit), f"capture-{next(numbers)}"
    )
    return answer["purchase_units"][0]["payments"]["captures"][0]["id"]


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


def test_a_page_of_a_proxy_is_no_refusal(client, monkeypatch):
    def answer(status, content, **headers):
        response = connection.requests.Response()
        response.status_code, response._content = status, content
        response.headers.update(headers)
        monkeypatch.setattr(
            connection.requests, "request", lambda *args, **more: response
        )
        with pytest.raises(NoAnswer) as unknown:
            client.get_order("ORDER1")
        return unknown.value

    monkeypatch.setattr(client, "get_token", lambda: "token")
    assert answer(403, b"<html>Blocked</html>").status == 403
    assert answer(302, b"", Location="https://example.com").status == 302
    assert answer(200, b"[]").status == 200
    assert answer(201, b"").status == 201
    assert answer(200, b"\xff\xfe").status == 200
    assert answer(429, b"{}").status == 429


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


# --- webhooks


@pytest.fixture
def event(fake, client):
    """The webhook's id, the body and headers of a delivery."""
    hook = client.create_webhook("http://127.0.0.1:9/hook", ["*"])
    fake.approve(order(client))
    (delivery,) = fake.webhooks.waiting
    headers = fake.webhooks.sign(delivery)
    return hook["id"], delivery.raw, {key.upper(): v for key, v in headers.items()}


def test_a_signature_is_verified_over_the_raw_bytes(fake, client, event):
    hook_id, raw, headers = event
    assert client.verify_webhook(raw, headers, hook_id) is True
    rewritten = json.dumps(json.loads(raw)).encode()
    assert client.verify_webhook(rewritten, headers, hook_id) is False
    changed = raw.replace(b"100.00", b"100.01")
    assert client.verify_webhook(changed, headers, hook_id) is False
    assert client.verify_webhook(raw, headers, "OTHER1") is False


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"{",
        b'{}, "webhook_id": "mine"',
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_event_is_refused_unasked(fake, client, event, body):
    hook_id, _raw, headers = event
    assert client.verify_webhook(body, headers, hook_id) is False
    assert fake.calls("webhooks.verify") == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://example.com/cert",
        "https://paypal.com.example.com/cert",
        "https://notpaypal.com/cert",
        "http://api.paypal.com/cert",
        "https://api.paypal.com@example.com/cert",
    ],
)
def test_a_certificate_from_elsewhere_is_refused_unasked(fake, client, event, url):
    hook_id, raw, headers = event
    headers["PAYPAL-CERT-URL"] = url
    assert client.verify_webhook(raw, headers, hook_id) is False
    assert fake.calls("webhooks.verify") == []


def test_a_forged_signature_is_refused(fake, client, event):
    hook_id, raw, headers = event
    fake.webhooks.forge_next = 1
    forged = fake.webhooks.sign(fake.webhooks.waiting[0])
    headers = {key.upper(): value for key, value in forged.items()}
    assert client.verify_webhook(raw, headers, hook_id) is False
    del headers["PAYPAL-TRANSMISSION-SIG"]
    assert client.verify_webhook(raw, headers, hook_id) is False


@pytest.mark.parametrize("kind", [500, 503, 403, 404, "drop_after", "malformed"])
def test_a_verification_that_is_not_to_be_had_is_unknown(fake, client, event, kind):
    fake.fail("webhooks.verify", kind)
    with pytest.raises(NoAnswer):
        client.verify_webhook(event[1], event[2], event[0])


def test_signature_headers_that_paypal_can_not_read_are_refused(fake, client, event):
    fake.fail("webhooks.verify", 400)
    assert client.verify_webhook(event[1], event[2], event[0]) is False


# --- the record


def test_every_message_is_recorded(fake, client, messages):
    made = paid(fake, client)
    fake.fail("captures.refund", "drop_after")
    with pytest.raises(NoAnswer):
        client.refund_capture(made, "r-1")
    told = [(m.direction, m.method, m.path, m.status) for m in messages]
    assert told[:4] == [
        ("sent", "POST", "/v1/oauth2/token", None),
        ("received", "POST", "/v1/oauth2/token", 200),
        ("sent", "POST", "/v2/checkout/orders", None),
        ("received", "POST", "/v2/checkout/orders", 201),
    ]
    assert messages[3].debug_id == fake.calls("orders.create")[0].debug_id
    assert messages[3].time.tzinfo is None and messages[3].time.microsecond == 0
    sent, lost = messages[-2:]
    assert sent.request_id == lost.request_id == "r-1"
    assert (lost.status, lost.text) == (None, "ConnectionError")


def test_no_secret_is_recorded_or_logged(fake, client, messages, caplog):
    caplog.set_level(logging.DEBUG)
    made = paid(fake, client, description=f"card {CARD}", custom_id="C")
    fake.tokens.revoke()
    client.refund_capture(made, "r", note=f"password=hunter2 {fake.client_secret}")
    wrong = PayPalClient(
        fake.url, "id", "a-wrong-secret", recorder=messages.append, timeout=5
    )
    with pytest.raises(RequestRejected):
        wrong.test_connection()
    kept = caplog.text + "".join(str(message) for message in messages)
    tokens = list(fake.tokens._tokens)
    for secret in (
        fake.client_secret,
        "a-wrong-secret",
        "hunter2",
        *tokens,
        "Basic ",
        "Bearer ",
        CARD,
        CARD.replace(" ", ""),
    ):
        assert secret not in kept
    assert "[card ...1111]" in kept
    assert made in kept


def test_a_recorder_that_fails_costs_no_outcome(fake, client, monkeypatch):
    told = []
    monkeypatch.setattr(connection._logger, "exception", told.append)

    def fail(message):
        raise RuntimeError("the database is away")

    order_id = approved(fake, client)
    client.recorder = fail
    assert client.capture_order(order_id, "c")["status"] == "COMPLETED"
    assert len(told) == 2


# --- amounts


@pytest.mark.parametrize(
    "amount, code, text",
    [
        (100, "USD", "100.00"),
        ("12.5", "EUR", "12.50"),
        (Decimal("0.01"), "USD", "0.01"),
        (19.99, "USD", "19.99"),
        (0.1 + 0.2, "USD", "0.30"),
        (1234567.89, "USD", "1234567.89"),
        (5000, "JPY", "5000"),
        (5000.0, "HUF", "5000"),
        ("5000.00", "TWD", "5000"),
        (Decimal("1E+3"), "JPY", "1000"),
        (0, "USD", "0.00"),
    ],
)
def test_amounts_are_written_by_paypals_table(amount, code, text):
    assert amounts.format_amount(amount, code) == text
    assert amounts.money(amount, code) == {"currency_code": code, "value": text}


@pytest.mark.parametrize(
    "amount, code",
    [
        ("1.005", "USD"),
        (1.005, "USD"),
        ("10.50", "JPY"),
        ("10.01", "HUF"),
        ("0.5", "TWD"),
        (-1, "USD"),
        ("", "USD"),
        ("1,50", "EUR"),
        (None, "USD"),
        (float("nan"), "USD"),
        (float("inf"), "USD"),
        ("NaN", "USD"),
        (1, "KWD"),
        (1, "BHD"),
        (1, "usd"),
        (1, ""),
        (1, None),
    ],
)
def test_amounts_that_paypal_can_not_take(amount, code):
    with pytest.raises(amounts.AmountError):
        amounts.format_amount(amount, code)


def test_amounts_are_read():
    read = amounts.parse_amount
    assert read({"currency_code": "USD", "value": "-3.20"}) == (Decimal("-3.20"), "USD")
    for bad in (None, {}, {"currency_code": "USD", "value": "x"}, "3.20", 3):
        with pytest.raises(amounts.AmountError):
            read(bad)


@given(
    code=st.sampled_from(sorted(amounts.DECIMALS)),
    units=st.integers(min_value=0, max_value=10**12),
    kind=st.sampled_from([Decimal, str, float]),
)
def test_property_amounts_come_back(code, units, kind):
    places = amounts.decimals(code)
    amount = Decimal(units).scaleb(-places)
    text = amounts.format_amount(kind(f"{amount:f}"), code)
    assert len(text.partition(".")[2]) == places
    assert amounts.parse_amount({"currency_code": code, "value": text}) == (
        amount,
        code,
    )


# --- redaction


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "card 4111-1111-1111-1111.",
        "378282246310005",
        "pan:5555 5555 5555 4444",
        '{"number": "6011111111111117"}',
        '{"number": 4111111111111111}',
        "x4111111111111111y",
        "30569309025904",
    ],
)
def test_card_numbers_are_taken_out(text):
    clean = redaction.redact_text(text)
    assert not any(run in clean for run in ("11111111", "2463", "5555 5555", "0930"))


@pytest.mark.parametrize(
    "text, kept",
    [
        ("pan: 4111111111111111", "pan: [card ...1111]"),
        ("Authorization: Bearer A21AAabc.def-123", "Authorization: Bearer [hidden]"),
        ("client_secret=abc&x=1", "client_secret=[hidden]&x=1"),
        ("password: 'a b c', y", "password: '[hidden]', y"),
        ("cvv2: 123", "cvv2: [hidden]"),
        ("token A21AAFEpH4PsADK7qSS7pSRsgz", "token [hidden]"),
        ("Basic dXNlcjpwYXNz", "Basic [hidden]"),
        ("secure: yes", "secure: yes"),
        ("paid 103.00 USD on 2026-11-22", "paid 103.00 USD on 2026-11-22"),
        ("1JU08902781691411", "1JU08902781691411"),
        ("4111111111111112", "4111111111111112"),
    ],
)
def test_secrets_are_taken_out_and_nothing_else(text, kept):
    assert redaction.redact_text(text) == kept
    assert redaction.redact_text(kept) == kept


def test_a_json_text_stays_json():
    text = json.dumps(
        {
            "access_token": "abc",
            "Client-Secret": "abc",
            "card": {"number": "4111111111111111", "security_code": "123"},
            "list": [{"cvv": 123, "brand": "VISA", "last_digits": "1111"}],
            "note": "Bearer abc",
            "amount": {"value": "103.00"},
            "fee": 3.2,
            "none": None,
            "yes": True,
        }
    )
    clean = json.loads(redaction.redact_text(text))
    assert clean == {
        "access_token": "[hidden]",
        "Client-Secret": "[hidden]",
        "card": {"number": "[card ...1111]", "security_code": "[hidden]"},
        "list": [{"cvv": "[hidden]", "brand": "VISA", "last_digits": "1111"}],
        "note": "Bearer [hidden]",
        "amount": {"value": "103.00"},
        "fee": 3.2,
        "none": None,
        "yes": True,
    }
    assert "103.00" not in redaction.redact_text(text.encode().decode(), ["103.00"])
    assert redaction.redact(b"cvv=123") == "cvv=[hidden]"


@given(
    digits=st.lists(st.integers(0, 9), min_size=12, max_size=18),
    gap=st.sampled_from(["", " ", "-"]),
    around=st.sampled_from(["{}", "card {}.", '{{"a": "{}"}}', "({})", "\n{}\n"]),
)
def test_property_no_number_that_passes_luhn_is_kept(digits, gap, around):
    weighted = sum(
        sum(divmod(digit * (2 - place % 2), 10))
        for place, digit in enumerate(reversed(digits))
    )
    number = "".join(map(str, [*digits, -weighted % 10]))
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    clean = redaction.redact_text(around.format(gap.join(groups)))
    assert gap.join(groups) not in clean
    assert number not in clean.replace(" ", "").replace("-", "")


@given(st.text())
def test_property_any_text_can_be_scrubbed_twice(text):
    once = redaction.redact_text(text)
    assert redaction.redact_text(once) == once
