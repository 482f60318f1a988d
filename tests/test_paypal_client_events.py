"""The PayPal client: whether an event is PayPal's, and what is recorded of messages."""

import json
import logging

import pytest

from .paypal_without_odoo import (
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
CARD = "4111 1111 1111 1111"


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
