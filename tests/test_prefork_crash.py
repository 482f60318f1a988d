"""HTTP and cron workers that are killed (SIGKILL) in the middle of an act, on a server
in prefork mode: nothing is lost or doubled, and the next worker goes on by itself.

A worker is halted in the database, as it writes a row or as it commits, and killed
there: what was written is gone, what was committed stays though nobody was told.
"""

import base64
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from odoo import Command

from .office import Office, look
from .prefork import Payer, Refused, Snag, allow_receiver, killed, prefork
from .till import WEBHOOK_PATH, open_till
from .waiting import PATIENCE

PASSWORD = "only for this test"
LONG = bool(os.environ.get("KAVI_LONG"))
ROWS = 24
BILLS = 5


def points(*tables, both=LONG):
    """Where an act is killed: at one table; with KAVI_LONG at each of these tables, and
    as it commits.

    :param bool both: as it commits in any case
    """
    chosen = tables if LONG else tables[:1]
    commit = [(tables[0], "commit")] if both else []
    return [*((table, "write") for table in chosen), *commit]


@pytest.fixture(scope="module")
def till():
    with open_till() as till:
        yield till


@pytest.fixture(scope="module")
def office(till):
    office = Office(till.scratch)
    with till.scratch.env() as env:
        users = env["res.users"].browse(office.officers)
        administrators = env.ref("kavi_billing.group_billing_administrator")
        users.write(
            {"password": PASSWORD, "group_ids": [Command.link(administrators.id)]}
        )
        env["ir.cron"].search([]).active = False
    return office


@pytest.fixture(scope="module")
def site(till, office):
    with prefork(till.scratch.name, till.log) as site:
        with till.scratch.env() as env:
            env["ir.config_parameter"].set_param("web.base.url", site.url)
            till.register_webhook(env, site.url)
        yield site


@pytest.fixture(scope="module")
def officer(site):
    return site.log_in("officer0", PASSWORD)


# === OFFICERS === #


@pytest.mark.parametrize(
    "table, point",
    points("account_move", "account_move_line", "mail_message", both=True),
)
def test_crash_issue(office, site, officer, table, point):
    """Issued not at all, or all of them; and once, when it is asked for again."""
    bills = office.drafts(3)

    def issue():
        return officer.call("kavi.bill", "action_issue", bills)

    killed(site, table, issue, point)
    states = {state for state, __, __ in look(office, bills)}
    assert states == ({"draft"} if point == "write" else {"new"})
    if point == "write":
        issue()
    else:
        with pytest.raises(Refused):
            issue()
    with office.scratch.env() as env:
        found = env["kavi.bill"].browse(bills)
        assert found.mapped("state") == ["new"] * 3
        assert len(found.move_ids) == len(set(found.mapped("name"))) == 3
        assert set(found.move_ids.mapped("state")) == {"posted"}


@pytest.mark.parametrize(
    "table, point",
    points("account_payment", "account_partial_reconcile", "mail_message"),
)
def test_crash_payment(office, site, officer, table, point):
    """Paid not at all, or wholly; and once, when the officer presses again."""
    (bill,) = office.issued(1)
    vals = {"bill_ids": [Command.set([bill])], "method_id": office.check}
    wizard = "kavi.bill.payment.wizard"
    id_ = officer.call(wizard, "create", vals)

    def pay():
        return officer.call(wizard, "action_complete_payment", [id_])

    killed(site, table, pay, point)
    if point == "write":
        assert look(office, [bill]) == [("new", 10, 0)]
        pay()
    else:
        assert look(office, [bill]) == [("paid", 0, 1)]
        with pytest.raises(Refused):
            pay()
    assert look(office, [bill]) == [("paid", 0, 1)]


# === PAYERS === #


@pytest.fixture
def payer(till, site):
    payer = Payer(till, site.url)
    payer.check_out()
    return payer


def resolve(till, site, payer):
    """The scheduler alone brings it to its end, without the payer."""
    till.make_due()
    site.run_jobs("kavi_commerce.cron_resolve", until=payer.is_paid)
    assert payer.look() == ("paid", 100, 1)
    till.check()


@pytest.mark.parametrize("endpoint", ["orders.capture", *["orders.get"] * LONG])
def test_crash_card_payment_at_the_gateway(till, site, payer, endpoint):
    """The money has moved, and who asked for it is dead."""
    port = int(till.paypal.url.rsplit(":", 1)[1])

    def kill():
        os.kill(site.find_caller(port), signal.SIGKILL)

    till.paypal.fail(endpoint, "hook", call=kill, after=True)
    with pytest.raises(requests.ConnectionError):
        payer.come_back()
    till.paypal.heal()
    site.wait_until_whole()
    assert payer.look() == ("new", 0, 0)
    resolve(till, site, payer)


@pytest.mark.parametrize(
    "table, point", points("account_payment", "account_partial_reconcile", both=True)
)
def test_crash_card_payment_in_the_books(till, site, payer, table, point):
    """Captured, and half booked: the payer who loads the page again is charged once."""
    killed(site, table, payer.come_back, point)
    assert payer.come_back().status_code == 303
    resolve(till, site, payer)


@pytest.mark.parametrize("table, point", points("kavi_gateway_event"))
def test_crash_webhook(till, site, payer, table, point):
    """PayPal, which got no answer, sends its event again: it is stored once."""
    delivery = till.paypal.webhooks.waiting[-1]
    headers = till.paypal.webhooks.sign(delivery)

    def deliver():
        return requests.post(
            site.url + WEBHOOK_PATH,
            data=delivery.raw,
            headers=headers,
            timeout=PATIENCE,
        )

    def count():
        with till.scratch.env() as env:
            return env["kavi.gateway.event"].search_count(
                [("transaction_id.kavi_line_ids.bill_id", "=", payer.bill)]
            )

    killed(site, table, deliver, point)
    assert count() == (point == "commit")
    assert deliver().status_code == 200
    assert count() == 1
    till.make_due()
    site.run_jobs("kavi_commerce.cron_events", until=payer.is_paid)
    till.check()


# === JOBS === #


def kill_job(site, name, table, until, point="write", when="TRUE"):
    """Kill the cron worker in the middle of a job; another one does it."""
    with Snag(site.name, table, point, when) as snag, ThreadPoolExecutor(1) as pool:
        done = pool.submit(site.run_jobs, name, until=until)
        snag.kill(site.find_cron)
        done.result()
    site.wait_until_whole()


@pytest.mark.parametrize("point", ["write", *["commit"] * LONG])
def test_crash_import(office, site, point):
    """Each row of the file is in once, whichever rows were under way."""
    prefix = f"KILLED-{point}"
    lines = ["bill_id,account,bill_state,bill_date,total"]
    lines += [f"{prefix}-{n},{prefix},New,2024-01-31,7.50" for n in range(ROWS)]
    with office.scratch.env(user=office.officers[0]) as env:
        record = env["kavi.import"].create(
            {
                "file": base64.b64encode("\n".join(lines).encode()),
                "file_name": "x.csv",
                "opening_date": "2024-06-30",
            }
        )
        record.action_read()
        record.action_test()
        acting = record._as_act()
        acting.line_ids.write({"is_done": False})
        acting.write({"state": "importing"})

    def is_done():
        with office.scratch.env() as env:
            return env["kavi.import"].browse(record.id).state == "done"

    job = "kavi_billing_import.cron_import"
    when = f"NEW.name = '{prefix}-{ROWS // 2}'"
    kill_job(site, job, "kavi_bill", is_done, point, when)
    with office.scratch.env() as env:
        bills = env["kavi.bill"].search([("name", "=like", f"{prefix}-%")])
        assert len(bills) == len(set(bills.mapped("name"))) == ROWS
        assert len(bills.move_ids) == ROWS
        assert len(bills.partner_id) == 1
        assert not env["kavi.bill"]._find_book_differences()


@pytest.mark.parametrize("table, point", points("mail_mail", "kavi_notice"))
def test_crash_notices(office, site, table, point):
    """Each account gets one mail."""
    with office.scratch.env() as env:
        rule = env["kavi.notice.rule"].create(
            {
                "name": f"Reminder, killed at {table}, {point}",
                "interval_number": 3,
                "company_id": office.company,
                "start_date": "2020-01-01",
                "template_id": env.ref("kavi_billing.mail_template_bill_reminder").id,
            }
        )
        account = env["res.partner"].create({"name": "P", "email": "p@doe.example"})
        bills = (
            env["kavi.bill"]
            .with_company(office.company)
            .create(
                [
                    {
                        "partner_id": account.id,
                        "title": f"Fee {n}",
                        "amount": 25,
                        "company_id": office.company,
                        "bill_date": "2026-01-02",
                        "payment_term_id": False,
                        "due_date": "2026-01-10",
                    }
                    for n in range(BILLS)
                ]
            )
        )
        bills.action_issue()

    def written():
        with office.scratch.env() as env:
            return env["kavi.notice"].search(
                [("rule_id", "=", rule.id), ("bill_id", "in", bills.ids)]
            )

    kill_job(
        site,
        "kavi_billing.cron_send_notices",
        table,
        lambda: len(written()) == BILLS,
        point,
    )
    with office.scratch.env() as env:
        notices = written().with_env(env)
        assert notices.bill_id == bills.with_env(env)
        mails = env["mail.mail"].search([("model", "=", "kavi.bill")])
        mails = mails.filtered(lambda mail: mail.mail_message_id in notices.message_id)
        assert len(notices) == len(notices.mail_id) == len(mails) == BILLS
        env["kavi.notice.rule"].browse(rule.id).active = False


def test_crash_outbox(office, site, receiver):
    """What was received comes once more, the same under the same id; then the others,
    in their order."""
    with office.scratch.env() as env:
        outbox = env["kavi.outbox"].create(
            {"name": "Books", "company_id": office.company}
        )
        allow_receiver(env)
        outbox.url = receiver.url
        outbox.action_new_secret()
    office.issued(4)
    receiver.instead = lambda: os.kill(site.find_caller(receiver.port), signal.SIGKILL)

    def is_done():
        with office.scratch.env() as env:
            messages = env["kavi.outbox"].browse(outbox.id).message_ids
            return set(messages.mapped("state")) == {"sent"}

    site.run_jobs("kavi_billing_export.cron_post_outbox", until=is_done)
    site.wait_until_whole()
    # the first message is received, and who sent it dies
    first, again, *others = (
        (headers["X-Kavi-Message"], body) for body, headers in receiver.got
    )
    assert first == again
    with office.scratch.env() as env:
        messages = env["kavi.outbox"].browse(outbox.id).message_ids.sorted("number")
        assert messages.mapped("number") == [1, 2, 3, 4]
        sent = [again, *others]
        assert [id_ for id_, __ in sent] == messages.mapped("external_id")
        assert [body.decode() for __, body in sent] == messages.mapped("payload")
        env["kavi.outbox"].browse(outbox.id).active = False
