"""The fake PayPal's webhooks, disputes and report."""

import json
import socket

import pytest
import requests

from .fake_paypal import specs
from .paypal_caller import issue, register


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
