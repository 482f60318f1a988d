"""Many payers at once, at a real server, while answers are lost and events come twice
and out of order: when it is over, PayPal's ledger and ours agree.

KAVI_STORM_BILLS (default 20; with KAVI_LONG, 200) bills, KAVI_STORM_SEED (default:
chance; it is printed).
"""

import contextlib
import os
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.tools import mute_logger

from .till import LONG, open_till

BILLS = int(
    os.environ.get("KAVI_STORM_BILLS") or (200 if os.environ.get("KAVI_LONG") else 20)
)
SEED = int(os.environ.get("KAVI_STORM_SEED") or random.SystemRandom().randrange(10**6))
CLIENTS = 20
TRIES = 12
# One in twenty calls is lost on its way there, one in twenty on its way back.
LOST = 0.05
REFUNDED = 0.2
ROUNDS = 30
WAITS = 30


@pytest.fixture(scope="module")
def till():
    print(f"storm: KAVI_STORM_SEED={SEED} KAVI_STORM_BILLS={BILLS}")
    with open_till(seed=SEED) as till:
        yield till


class Payer:
    """A browser that pays one bill by the link of its mail, and does not give up."""

    def __init__(self, url, paypal, bill, token, chance):
        self.url, self.paypal, self.chance = url, paypal, chance
        self.path, self.token = f"/my/bills/{bill}/pay", token
        self.browser = requests.Session()
        self.seen = []

    def pay(self):
        for __ in range(TRIES):
            try:
                if self._try_once():
                    return
            except requests.RequestException as error:
                self.seen.append(repr(error))
            time.sleep(self.chance.random())

    def _try_once(self):
        """Whether the payer is through: comes back, or is told that it is under way."""
        page = self._get(self.url + self.path, access_token=self.token)
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        if not csrf:
            # paid or in progress: nothing is offered any more
            return page.status_code == 200
        vals = {"csrf_token": csrf[1], "access_token": self.token}
        # a double click: both are under way, the second one's page is shown
        clicks = 2 if self.chance.random() < 0.3 else 1
        answers = at_once([lambda: self._post(vals)] * clicks)
        places = {a.headers.get("Location", "") for a in answers if a is not None}
        places = {place for place in places if place.startswith(self.paypal.url)}
        if not places:
            self.seen.append("no way to the gateway")
            return False
        answer = self._approve(places.pop())
        if answer is None or self.chance.random() < 0.1:
            return True  # closes the window
        # back, and the page is loaded twice
        clicks = 2 if self.chance.random() < 0.3 else 1
        at_once([lambda: self._get(answer)] * clicks)
        return True

    def _approve(self, place):
        """Agree on PayPal's page; the address of the way back."""
        form = {"act": "approve", "source": "visa"}
        answer = requests.post(place, data=form, allow_redirects=False, timeout=WAITS)
        return answer.headers.get("Location")

    def _get(self, url, **query):
        return self.browser.get(url, params=query, timeout=WAITS)

    def _post(self, vals):
        return self.browser.post(
            self.url + self.path, data=vals, allow_redirects=False, timeout=WAITS
        )


def at_once(functions):
    """What each returned; None where the line was cut."""

    def safely(function):
        with contextlib.suppress(requests.RequestException):
            return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(safely, functions))


def keep_working(till, stopped):
    """What the scheduler does all the time: work on events, ask what is not known."""
    turn = 0
    while not stopped.is_set():
        turn += 1
        till.workers.run(work, turn % 3 == 0, patience=LONG)
        stopped.wait(0.2)


def work(env, is_resolver_due):
    if is_resolver_due:
        # as if five minutes had passed, for half of those that wait; not so often that
        # orders are closed whose payers, on a slow machine, are just about to approve
        env.cr.execute(
            "UPDATE payment_transaction SET next_check_date = '2020-01-01'"
            " WHERE id IN (SELECT id FROM payment_transaction"
            " WHERE next_check_date IS NOT NULL AND check_step < 2 AND id % 2 = 0"
            " FOR UPDATE SKIP LOCKED)"
        )
        env.cr.commit()
    env["kavi.gateway.event"]._cron_process()
    if is_resolver_due:
        env["payment.transaction"]._cron_resolve()


def give_some_back(till, bills, chance):
    """Officers refund some of those that are paid, while others are still paying."""
    chosen = [bill for bill in bills if chance.random() < REFUNDED]

    def refund(bill):
        def act(env):
            bill_ = env["kavi.bill"].browse(bill)
            return retrying(lambda: bool(bill_._refund(amount=4)), env)

        for __ in range(TRIES):
            (answer,) = till.scratch.in_threads(act)
            if not isinstance(answer, Exception):
                return
            assert isinstance(answer, UserError), answer
            time.sleep(1)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(refund, chosen))
    return chosen


def calm_down(till):
    """No faults any more; all that waits is looked after."""
    till.paypal.heal()
    assert till.paypal.webhooks.drain(LONG)
    for number in range(ROUNDS):
        till.make_due()
        till.run_job("events", "resolve")  # as long as a job may run, then again
        if number >= 2 and not till.waits():
            break


def test_concurrency_storm(till):
    """Bills paid by 20 clients: lost answers, doubled and shuffled events, double
    clicks, refunds in between. Both ledgers agree in the end, for any seed."""
    begun = time.monotonic()
    chance = random.Random(SEED)
    bills = till.issue(*[10 + n % 7 for n in range(BILLS)])
    with till.scratch.env() as env:
        tokens = {
            bill.id: bill._portal_ensure_token()
            for bill in env["kavi.bill"].browse(bills)
        }
    with till.scratch.serve(f"--logfile={till.log}") as url:
        with till.scratch.env() as env:
            env["ir.config_parameter"].set_param("web.base.url", url)
            till.register_webhook(env, url)
        paypal = till.paypal
        for kind in ("drop_before", "drop_after"):
            for endpoint in ("orders.*", "captures.*"):
                paypal.fail(endpoint, kind, probability=LOST)
        paypal.webhooks.release(workers=4, duplicate=0.1, jitter=2.0)
        payers = [
            Payer(url, paypal, bill, tokens[bill], random.Random(f"{SEED}-{bill}"))
            for bill in bills
        ]
        stopped = threading.Event()
        worker = threading.Thread(target=keep_working, args=(till, stopped))
        worker.start()
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            with ThreadPoolExecutor(CLIENTS + 1) as pool:
                refunds = pool.submit(give_some_back, till, bills, chance)
                list(pool.map(Payer.pay, payers))
                refunds.result()
            stopped.set()
            worker.join()
            calm_down(till)
    faults = sum(bool(call.fault) for call in paypal.calls())
    tried = sum(len(delivery.results) for delivery in paypal.webhooks.deliveries)
    print(
        f"storm: {BILLS} bills, {len(paypal.calls())} calls, {faults} of them lost, "
        f"{tried} deliveries of {len(paypal.webhooks.events)} events, "
        f"{time.monotonic() - begun:.0f} s"
    )
    till.check()
    with till.scratch.env() as env:
        for bill, payer in zip(env["kavi.bill"].browse(bills), payers, strict=True):
            attempts = bill.transaction_ids.mapped(
                lambda tx: (tx.state, tx.state_message)
            )
            seen = bill.state, payer.seen, attempts
            assert bill.state in ("paid", "refunded"), seen
            charges = bill.transaction_ids.filtered(
                lambda tx: tx.state == "done" and tx.operation != "refund"
            )
            assert len(charges) == 1
            assert not bill.transaction_ids.filtered("next_check_date")
        credits = env["kavi.credit"].search([("company_id", "=", till.company)])
        assert not credits
        undone = env["kavi.gateway.event"].search([("state", "!=", "done")])
        assert not undone, undone.mapped(
            lambda event: (event.event_type, event.state, event.tries, event.error)
        )
    assert faults
    assert tried > len(paypal.webhooks.events)


def test_storm_keeps_no_secret(till):
    """No card number, secret or token in database, attachments or logs after it."""
    assert till.find_secrets() == set()
