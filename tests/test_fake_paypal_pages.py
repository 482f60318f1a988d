"""The fake PayPal's specifications, the payer's page and its control by HTTP."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from .fake_paypal import FakePayPal, specs
from .paypal_caller import Caller

ROOT = Path(__file__).resolve().parent.parent


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
