"""Workers that are killed (SIGKILL) at every point between "intent stored" and "entries
posted": after a restart and one run of the resolver, PayPal's ledger and ours agree."""

import functools
import os

import pytest
from werkzeug.datastructures import Headers

from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.tools import mute_logger

from .till import open_till

AMOUNT = 100
PART = 40
COMMIT = "_kavi_commit"
BILL = "kavi.bill:"
# What happens in the books once the money has moved, the same for each act.
BOOKING = [
    ("before", "_commit_and_post_process", 1),
    ("after", COMMIT, 1),  # the state is kept
    ("before", "_post_process", 1),
    ("before", "_post_process_fee", 1),  # the payment is made, nothing is kept
    ("after", "_post_process_fee", 1),
    ("after", "_post_process", 1),
    ("after", COMMIT, 2),  # all is kept
]
# The first call is on trial, of the charge: it is booked before what goes back of it.
BOOKING_BACK = [
    (when, what, 2 if what == "_post_process" else number)
    for when, what, number in BOOKING
]


def later(points, commits):
    """The same points, that many commits further on."""
    return [
        (when, what, nth + commits if what == COMMIT else nth)
        for when, what, nth in points
    ]


POINTS = {
    # the payer presses Pay by card
    "check_out": [
        ("after", COMMIT, 1),  # the attempt is stored
        ("before", "orders.create", 1),
        ("after", "orders.create", 1),
        ("before", COMMIT, 2),
        ("after", COMMIT, 2),
    ],
    # the payer comes back, having approved
    "come_back": [
        ("before", "orders.get", 1),
        ("after", "orders.get", 1),
        ("before", COMMIT, 1),
        ("after", COMMIT, 1),  # the intent to capture is stored
        ("before", "orders.capture", 1),
        ("after", "orders.capture", 1),
        ("before", "_paypal_apply_order", 1),
        ("after", "_paypal_apply_order", 1),
        ("after", BILL + "_post_payments", 1),
        ("after", "_post_process_charge", 1),
        *later(BOOKING, 1),
    ],
    # the same, to authorize only: no money moves
    "authorize": [
        ("after", COMMIT, 1),
        ("before", "orders.authorize", 1),
        ("after", "orders.authorize", 1),
        ("after", "_paypal_apply_authorization", 1),
        ("after", COMMIT, 2),
    ],
    # an officer takes a part of what was authorized
    "take": [
        ("after", "_prepare_authorization_request", 1),  # nothing is stored yet
        ("before", "_kavi_send", 1),  # the intent is stored
        ("before", "authorizations.capture", 1),
        ("after", "authorizations.capture", 1),
        ("after", "_paypal_apply_capture", 1),
        ("after", "_post_process_charge", 1),
        *BOOKING,
    ],
    # an officer gives up what was authorized
    "give_up": [
        ("before", "_kavi_send", 1),
        ("before", "authorizations.void", 1),
        ("after", "authorizations.void", 1),
        ("after", COMMIT, 1),
    ],
    # an officer gives a part back
    "give_back": [
        ("after", "_check_bookable", 1),  # booked on trial, nothing is stored yet
        ("before", "_kavi_send", 1),  # the intent is stored
        ("before", "captures.refund", 1),
        ("after", "captures.refund", 1),
        ("after", "_paypal_apply_refund", 1),
        ("after", BILL + "_post_refunds", 2),  # the first one was on trial
        ("after", "_post_process_refund", 1),
        *BOOKING_BACK,
    ],
    # an officer cancels a bill that was paid by card
    "call_off": [
        ("after", "_check_bookable", 1),  # booked on trial, nothing is stored
        ("before", "_kavi_send", 1),  # the intent is stored, the bill as it was
        ("after", "captures.refund", 1),
        ("after", "_book_refund", 2),  # the first one was on trial
        ("after", BILL + "_cancel_after_refunds", 2),
        *BOOKING_BACK,
    ],
    # the resolver itself is killed, at a capture whose answer was lost
    "resolve": [
        ("before", "orders.get", 1),
        ("after", "orders.get", 1),
        ("after", "_paypal_apply_order", 1),
        ("after", "_post_process_charge", 1),
        ("after", COMMIT, 2),
        ("before", "_schedule_next_check", 1),
    ],
    # the job that works on events is killed, at an order that was approved
    "work_on_event": [
        ("before", "kavi.gateway.event:_process", 1),
        ("before", "orders.capture", 1),
        ("after", "orders.capture", 1),
        ("after", "_post_process_charge", 1),
        ("after", "kavi.gateway.event:_process", 1),
    ],
}
CASES = [(act, *point) for act, points in POINTS.items() for point in points]


@pytest.fixture(scope="module")
def till():
    with open_till() as till:
        # what processes start with in their caches, they need not read each
        (bill,) = till.issue(AMOUNT)
        for act in (check_out, come_back, give_back, resolve):
            till.workers.warm(act, bill)
            if act == check_out:
                till.approve(bill)
        yield till


# === ACTS IN A WORKER === #


def check_out(env, bill):
    bill = env["kavi.bill"].browse(bill)
    bill._pay_by_card(bill._get_card_provider())._kavi_open_checkout()


def come_back(env, bill):
    last_of(env, bill)._paypal_process_order()


def take(env, bill):
    last_of(env, bill)._capture(PART)


def give_up(env, bill):
    last_of(env, bill)._void(AMOUNT)


def give_back(env, bill):
    env["kavi.bill"].browse(bill)._refund(amount=PART)


def call_off(env, bill):
    env["kavi.bill"].browse(bill)._cancel("Raised twice")


def resolve(env, bill):
    env.ref("kavi_commerce.cron_resolve").method_direct_trigger()


def work_on_event(env, bill):
    env.ref("kavi_commerce.cron_events").method_direct_trigger()


def receive(env, deliveries):
    """What the webhook's route does."""
    for raw, headers in deliveries:
        assert env["kavi.gateway.event"]._receive(raw, headers) == "stored"


def set_intent(env, provider, intent):
    env["payment.provider"].browse(provider).kavi_intent = intent


def last_of(env, bill):
    return env["kavi.bill"].browse(bill).transaction_ids.sorted("id")[-1:]


# === STATES BEFORE AND AFTER === #


def prepare(till, act):
    """A bill at which the act is next."""
    (bill,) = till.issue(AMOUNT)
    intent = "AUTHORIZE" if act in ("authorize", "take", "give_up") else "CAPTURE"
    with till.scratch.env() as env:
        set_intent(env, till.provider, intent)
        if act != "check_out":
            check_out(env, bill)
            till.paypal.approve(last_of(env, bill).paypal_order_id)
        if act in ("take", "give_up", "give_back", "call_off"):
            come_back(env, bill)
    if act == "resolve":
        till.paypal.fail("orders.capture", "drop_after")
        with till.scratch.env() as env:
            come_back(env, bill)
        till.make_due()
    if act == "work_on_event":
        with till.scratch.env() as env:
            receive(
                env,
                [
                    (delivery.raw, Headers(till.paypal.webhooks.sign(delivery)))
                    for delivery in till.paypal.webhooks.waiting[-1:]
                ],
            )
    return bill


ACTS = {
    "check_out": check_out,
    "come_back": come_back,
    "authorize": come_back,
    "take": take,
    "give_up": give_up,
    "give_back": give_back,
    "call_off": call_off,
    "resolve": resolve,
    "work_on_event": work_on_event,
}
# act: the bill's state, what was paid of it, what was given back
PAID = ("paid", 100.0, 0.0)
AFTER = {
    "check_out": ("new", 0.0, 0.0),
    "come_back": PAID,
    "authorize": ("new", 0.0, 0.0),
    "take": ("new", 40.0, 0.0),
    "give_up": ("new", 0.0, 0.0),
    "give_back": ("refunded", 100.0, 40.0),
    "call_off": ("canceled", 100.0, 100.0),
    "resolve": PAID,
    "work_on_event": PAID,
}
# act: the state of the last transaction, where it is not done
LAST = {"check_out": "draft", "authorize": "authorized", "give_up": "cancel"}
# Killed before the intent was stored: it never was, and is not made up for.
NEVER_WAS = {
    ("take", "_prepare_authorization_request"): ("new", 0.0, 0.0),
    ("give_back", "_check_bookable"): PAID,
    ("call_off", "_check_bookable"): PAID,
}


def look(till, bill):
    with till.scratch.env() as env:
        bill = env["kavi.bill"].browse(bill)
        return bill.state, bill.amount_paid, bill.refund_amount


# Each takes seconds: the first of each point, whichever act comes there; all of them in
# the long profile.
FIRST = {(when, what): (act, when, what, n) for act, when, what, n in CASES[::-1]}
TRIED = CASES if os.environ.get("KAVI_LONG") else [*FIRST.values()][::-1]


@pytest.mark.parametrize(
    "case", TRIED, ids=[f"{act}-{when}-{what}-{n}" for act, when, what, n in TRIED]
)
def test_crash(till, case):
    """Killed there, started again, looked after once: both ledgers agree."""
    act, *point = case

    bill = prepare(till, act)
    assert till.workers.run(ACTS[act], bill, die=point) == -9
    till.make_due()
    till.run_job("resolve")
    assert look(till, bill) == NEVER_WAS.get((act, point[1]), AFTER[act])
    till.check()
    state = "authorized" if (act, point[1]) in NEVER_WAS else LAST.get(act, "done")
    if act in ("give_back", "call_off"):
        state = "done"
    with till.scratch.env() as env:
        last = last_of(env, bill)
        assert last.state == state
        assert act == "check_out" or not last.next_check_date
    if act == "check_out":
        pay_again(till, bill)


def pay_again(till, bill):
    """The payer, who saw an error, tries again: the same order, paid once."""
    orders = len(till.paypal.orders)
    assert till.workers.run(check_out, bill) == 0
    assert len(till.paypal.orders) - orders <= 1
    till.approve(bill)
    assert till.workers.run(come_back, bill) == 0
    assert look(till, bill) == PAID
    with till.scratch.env() as env:
        bill = env["kavi.bill"].browse(bill)
        assert len(bill.transaction_ids) == 1
        orders = till.paypal.orders.values()
        reference = bill.transaction_ids.reference
        mine = [o for o in orders if o.units[0]["custom_id"] == reference]
        assert len(mine) == 1
    till.check()


@pytest.mark.parametrize("late", ["orders.get", "orders.capture"])
def test_concurrency_failure_02_at_once(till, late):
    """The payer's return, twice, an event and the resolver, truly at once, each having
    seen the order approved: one capture, one payment."""
    bill = prepare(till, "work_on_event")
    till.make_due()
    till.paypal.fail(late, "late", count=4, delay=0.7)

    def in_time(act):
        return lambda env: retrying(functools.partial(act, env, bill), env)

    acts = [in_time(act) for act in (come_back, come_back, resolve, work_on_event)]
    with mute_logger("odoo.sql_db", "odoo.service.model"):
        answers = till.scratch.in_threads(*acts)
    for answer in answers:  # told that somebody else is at it, if anything
        assert not isinstance(answer, Exception) or isinstance(answer, UserError)
    till.paypal.heal()
    till.make_due()
    till.run_job("events", "resolve")
    assert look(till, bill) == PAID
    till.check()
    with till.scratch.env() as env:
        assert len(env["kavi.bill"].browse(bill)._get_payments()) == 1


@pytest.mark.parametrize("acts", [(give_back, give_back), (give_back, call_off)])
def test_concurrency_two_ask_for_money_back(till, acts):
    """Two officers at once: one is told that somebody else is at it, and the card gets
    what one of them has asked for."""
    bill = prepare(till, "give_back")

    def in_time(act):
        return lambda env: retrying(functools.partial(act, env, bill), env)

    with mute_logger("odoo.sql_db", "odoo.service.model"):
        answers = till.scratch.in_threads(*map(in_time, acts))
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert len(refused) <= 1
    assert all(isinstance(answer, UserError) for answer in refused)
    till.make_due()
    till.run_job("resolve")
    state, paid, back = look(till, bill)
    if len(refused) == 1:
        assert (state, paid, back) in (("refunded", 100, 40), ("canceled", 100, 100))
    else:  # one after the other
        assert (paid, back) in ((100, 80), (100, 100))
    till.check()


def test_crash_keeps_no_secret(till):
    """No card number, secret or token in database, attachments or log after all that;
    the search finds each where it is put."""
    assert till.find_secrets() == set()
    secret, token = till.paypal.client_secret, till.paypal.tokens.given[-1]
    for text in ("pan 4111 1111 1111 1111.", f"x{secret}", f"Bearer {token}"):
        with till.scratch.env() as env:
            note = env["res.partner"].create({"name": "x", "comment": text})
        assert any("res_partner.comment" in found for found in till.find_secrets())
        with till.scratch.env() as env:
            note.with_env(env).unlink()
