"""A card payment is booked and told as soon as the gateway has answered, whoever comes
first: the payer, the event, or both at the same moment. Nobody waits for the next look
of the scheduled job, and nothing of it is an error in the log."""

import contextlib
import functools
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.datastructures import Headers

from odoo.exceptions import UserError
from odoo.service.model import retrying

from .payer import Payer
from .test_commerce_crash import check_out, come_back, last_of, look, receive
from .till import open_till

PAID = ("paid", 100.0, 0.0)
COMPLETED = "PAYMENT.CAPTURE.COMPLETED"


@pytest.fixture(scope="module")
def till():
    with open_till() as till:
        yield till


@pytest.fixture
def bill(till):
    """One whose payer has just agreed, and is on the way back."""
    (bill,) = till.issue(100)
    with till.scratch.env() as env:
        check_out(env, bill)
    till.approve(bill)
    yield bill
    till.paypal.heal()
    till.make_due()
    till.run_job("events", "resolve")
    till.check()


class Errors(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


@contextlib.contextmanager
def no_errors():
    """Nothing is logged as an error meanwhile."""
    errors = Errors()
    logging.getLogger().addHandler(errors)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(errors)
    assert errors.texts == []


def returning(bill):
    """The payer's browser comes back, as the framework calls it."""

    def act(env):
        return retrying(functools.partial(come_back, env, bill), env)

    return act


def told_by(till, kind, bill):
    """The event comes as soon as it has happened, and the job works on it."""

    def act(env):
        reference = last_of(env, bill).reference.encode()
        end = time.monotonic() + 20
        found = []
        while not found and time.monotonic() < end:
            time.sleep(0.01)
            found = [
                (delivery.raw, Headers(till.paypal.webhooks.sign(delivery)))
                for delivery in till.paypal.webhooks.waiting
                if delivery.event_type == kind and reference in delivery.raw
            ]
        env.cr.rollback()
        receive(env, found)
        env.cr.commit()
        env["kavi.gateway.event"]._cron_process()

    return act


def is_settled(till, bill):
    """Paid, and nothing is left to be looked at later."""
    with till.scratch.env() as env:
        tx = last_of(env, bill)
        left = tx.next_check_date, tx.post_process_error, tx.is_post_processed
    return look(till, bill) == PAID and left == (False, False, True)


@pytest.mark.parametrize("kind", ["CHECKOUT.ORDER.APPROVED", COMPLETED])
@pytest.mark.parametrize(
    "late", ["orders.get", "orders.capture", "captures.get", "nothing"]
)
def test_concurrency_return_and_event(till, bill, kind, late):
    """Both at once, each of the gateway's answers late in turn: booked when they are
    through, without another look."""
    if late != "nothing":
        till.paypal.fail(late, "late", count=2, delay=0.7)
    with no_errors():
        answers = till.scratch.in_threads(
            returning(bill), told_by(till, kind, bill), returning(bill)
        )
    assert answers == [None, None, None]
    assert is_settled(till, bill)


def test_concurrency_event_before_the_return_is_answered(till, bill):
    """The answer to the capture is lost, the event comes: it is not held up."""
    till.paypal.fail("orders.capture", "drop_after")
    with no_errors():
        till.scratch.in_threads(returning(bill), told_by(till, COMPLETED, bill))
    assert is_settled(till, bill)


def test_concurrency_somebody_works_on_the_bill(till, bill):
    """An officer holds the bill for a moment: it is waited for."""
    with no_errors():
        till.scratch.in_threads(returning(bill), hold(bill, 1.5))
    assert is_settled(till, bill)


def hold(bill, seconds):
    def act(env):
        env["kavi.bill"].browse(bill).lock_for_update()
        time.sleep(seconds)
        env.cr.commit()

    return act


def test_concurrency_somebody_works_on_the_bill_for_long(till, bill):
    """The job does it as soon as they are done: nobody waits for five minutes."""
    with no_errors():
        back, __ = till.scratch.in_threads(returning(bill), hold(bill, 8))
    assert isinstance(back, UserError)
    with till.scratch.env() as env:
        tx = last_of(env, bill)
        assert (tx.state, tx.bill_ids.state) == ("draft", "new")
    # a second return, as the page's reload
    till.scratch.in_threads(returning(bill))
    assert is_settled(till, bill)


def test_concurrency_bill_changes_while_it_is_booked(till, bill, monkeypatch):
    """Somebody else's change is committed in between: booked with it, at once."""
    with till.scratch.env() as env:
        Transaction = type(env["payment.transaction"])
    post_process, met = Transaction._post_process_charge, []

    def change(env):
        env["kavi.bill"].browse(bill).purchase_order = "PO 7"

    def meet(tx):
        if not met:
            met.append(bill)
            till.scratch.in_threads(change)
        return post_process(tx)

    monkeypatch.setattr(Transaction, "_post_process_charge", meet)
    with no_errors():
        till.scratch.in_threads(returning(bill))
    assert met
    assert is_settled(till, bill)


@pytest.mark.parametrize("when", ["before", "after"])
def test_crash_leaves_no_turn_taken(till, bill, when):
    """Whoever has the turn is killed: the next one is served, and books it."""
    point = (when, "_paypal_apply_order", 1)
    assert till.workers.run(come_back, bill, die=point) == -9
    till.scratch.in_threads(returning(bill))
    assert is_settled(till, bill)


def test_concurrency_new_token(till):
    """Two payers come back when the access token has just run out."""
    bills = till.issue(100, 100)
    for bill in bills:
        with till.scratch.env() as env:
            check_out(env, bill)
        till.approve(bill)
    with till.scratch.env() as env:
        provider = env["payment.provider"].browse(till.provider)
        provider.paypal_access_token_expiry = "2020-01-01"
    till.paypal.fail("oauth.token", "late", count=2, delay=0.5)
    with no_errors():
        till.scratch.in_threads(*map(returning, bills))
    for bill in bills:
        assert is_settled(till, bill)


def test_concurrency_told_on_the_page(till, tmp_path):
    """At a real server, with the webhook registered, several payers at once: each page
    says Paid long before the next look, and the server logs no error."""
    bills = till.issue(*[100] * 6)
    with till.scratch.env() as env:
        tokens = [
            bill._portal_ensure_token() for bill in env["kavi.bill"].browse(bills)
        ]
    log = tmp_path / "server.log"
    with till.site(log) as url:
        till.paypal.webhooks.release(workers=3)

        def pay(bill, token):
            payer = Payer(url, bill, token)
            page = payer.get(payer.agree(payer.check_out()))
            return payer.wait_until_told(page, patience=60)

        with ThreadPoolExecutor(len(bills)) as pool:
            pages = list(pool.map(pay, bills, tokens))
        till.paypal.webhooks.hold()
        assert till.paypal.webhooks.drain()
        end = time.monotonic() + 60
        while till.waits() and time.monotonic() < end:
            time.sleep(0.2)  # the scheduler works on the last events
    for page in pages:
        assert "was paid by card" in page.text
    for bill in bills:
        assert is_settled(till, bill)
    errors = [line for line in log.read_text().splitlines() if " ERROR " in line]
    assert not errors, log.read_text()
