"""PostgreSQL is restarted, and stopped for a while, under load, and two servers work on
one database: people read a sentence and stay logged in, workers recover by themselves,
nothing is lost or doubled.

The PostgreSQL server that stops is the test's own. KAVI_LONG: for 20 seconds.
"""

import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from .cluster import cluster
from .office import Office, look
from .prefork import Refused, allow_receiver, connect, prefork, set_jobs
from .receiver import Receiver
from .scratch import ScratchDatabase, _filestore, _link
from .waiting import PATIENCE, wait_for

PASSWORD = "only for this test"
LONG = bool(os.environ.get("KAVI_LONG"))
SECONDS = 20 if LONG else 5
EACH = 25 if LONG else 6
OFFICERS = 3
NOTICES = "kavi_billing.cron_send_notices"
OUTBOX = "kavi_billing_export.cron_post_outbox"
SENTENCE = "The database cannot be reached at the moment."


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server with a copy of the seeded database, which all use here."""
    seeded = os.environ["KAVI_SCRATCH_DB"]
    name = f"{seeded}_{os.getpid()}_0"
    with cluster(seeded, name) as server, server.in_use():
        if _filestore(seeded).is_dir():
            shutil.copytree(_filestore(seeded), _filestore(name), copy_function=_link)
        server.scratch = ScratchDatabase(name)
        try:
            yield server
        finally:
            server.scratch.close()
            shutil.rmtree(_filestore(name), ignore_errors=True)


@pytest.fixture(scope="module")
def office(server):
    office = Office(server.scratch)
    with server.scratch.env() as env:
        env["res.users"].browse(office.officers).password = PASSWORD
        env["ir.cron"].search([]).active = False
        env["kavi.notice.rule"].search([]).active = False
        env["ir.mail_server"].search([]).active = False
        env["ir.config_parameter"].set_param("report.url", "http://127.0.0.1:9")
    return office


def log_of(folder):
    return Path(folder) / "odoo.log"


class Officer:
    """Issues one bill after the other, and presses again where it went wrong."""

    def __init__(self, site, number, bills):
        self.person = site.log_in(f"officer{number}", PASSWORD)
        self.bills, self.done, self.told = list(bills), [], []

    def work(self):
        end = time.monotonic() + PATIENCE
        for bill in self.bills:
            while time.monotonic() < end and not self._issue(bill):
                time.sleep(0.3)
            self.done.append(bill)

    def _issue(self, bill):
        try:
            self.person.call("kavi.bill", "action_issue", [bill])
        except Refused as refused:
            self.told.append(str(refused))
            # it was done, though nobody could say so
            return "not on a bill that is New" in str(refused)
        except requests.HTTPError as error:
            self.told.append((error.response.status_code, error.response.text))
            return False
        except requests.ConnectionError:
            self.told.append("cut")
            return False
        return True


def check_told(told):
    """A sentence, and nothing of our insides."""
    for answer in told:
        if isinstance(answer, tuple):
            status, text = answer
            assert status == 503, answer
            assert SENTENCE in text, answer
            assert "Traceback" not in text, answer
        else:
            assert answer == "cut" or "is New" in answer, answer


def new_rule(office, name):
    with office.scratch.env() as env:
        rule = env["kavi.notice.rule"].create(
            {
                "name": name,
                "interval_number": 3,
                "company_id": office.company,
                "start_date": "2020-01-01",
                "template_id": env.ref("kavi_billing.mail_template_bill_reminder").id,
            }
        )
        return rule.id


def overdue_drafts(office):
    """Bills that a rule will write about as soon as they are issued."""
    bills = office.drafts(OFFICERS * EACH)
    with office.scratch.env() as env:
        env["res.partner"].browse(office.account).email = "acme@doe.example"
        env["kavi.bill"].browse(bills).write(
            {
                "bill_date": "2026-01-02",
                "payment_term_id": False,
                "due_date": "2026-01-10",
            }
        )
    return bills


def count_notices(office, rule):
    with office.scratch.env() as env:
        notices = env["kavi.notice"].search([("rule_id", "=", rule)])
        assert len(notices) == len(notices.bill_id)
        return len(notices)


def check_issued(office, bills):
    """Each once, with one invoice."""
    states = {state for state, __, __ in look(office, bills)}
    assert states == {"new"}
    with office.scratch.env() as env:
        found = env["kavi.bill"].browse(bills)
        assert len(found.move_ids) == len(set(found.mapped("name"))) == len(bills)
        assert set(found.move_ids.mapped("state")) == {"posted"}


def test_crash_outage(server, office, tmp_path):
    """PostgreSQL is restarted, then away for some time, then fails as power does, while
    officers issue and a job writes notices."""
    bills = overdue_drafts(office)
    with prefork(office.scratch.name, log_of(tmp_path)) as site:
        officers = [
            Officer(site, n, bills[n * EACH : (n + 1) * EACH]) for n in range(OFFICERS)
        ]
        rule = new_rule(office, "Reminder, in an outage")
        seen = []
        with ThreadPoolExecutor(OFFICERS) as pool:
            work = [pool.submit(officer.work) for officer in officers]
            wait_for(lambda: officers[0].done, "nobody works")
            set_jobs(office.scratch.name, NOTICES)
            notify(office.scratch.name)
            server.stop()
            server.start()
            time.sleep(1)
            server.stop()
            seen += look_around(site)
            time.sleep(SECONDS)
            seen += look_around(site)
            server.start()
            if LONG:
                time.sleep(2)
                server.stop("immediate")
                server.start()
            for done in work:
                done.result(PATIENCE)
        site.wait_until_whole()
        check_told(seen)
        assert len(seen) == 2
        told = [answer for officer in officers for answer in officer.told]
        check_told(told)
        assert any(isinstance(answer, tuple) for answer in told), "nobody has noticed"
        check_issued(office, bills)
        # by itself: who has work for a job says so, as any act does
        site.run_jobs(NOTICES, until=lambda: count_notices(office, rule) == len(bills))
        assert "Traceback" not in page(site).text


def notify(name):
    """Wake the cron workers, as whoever has work for them does."""
    with connect("postgres") as cr:
        cr.execute("SELECT pg_notify('cron_trigger', %s)", [name])


def page(site):
    return requests.get(f"{site.url}/my/bills/1", timeout=PATIENCE)


def look_around(site):
    """A payer who follows a link meanwhile."""
    answer = page(site)
    return [(answer.status_code, answer.text)]


def test_concurrency_two_servers(server, office, tmp_path):
    """Two servers on one database, both with all jobs, while officers issue at both:
    each job's work is done once."""
    with office.scratch.env() as env:
        env["kavi.notice.rule"].search([]).active = False
        env["kavi.outbox"].create({"name": "Books", "company_id": office.company})
        ours = env["ir.model.data"].search(
            [("model", "=", "ir.cron"), ("module", "=like", "kavi_%")]
        )
        jobs = ours.mapped("complete_name")
    assert len(jobs) >= 11
    rule = new_rule(office, "Reminder, from two servers")
    bills = overdue_drafts(office)
    with (
        Receiver() as books,
        prefork(office.scratch.name, log_of(tmp_path), crons=2) as one,
        prefork(office.scratch.name, log_of(tmp_path), crons=2) as two,
    ):
        with office.scratch.env() as env:
            outbox = env["kavi.outbox"].search([("company_id", "=", office.company)])
            allow_receiver(env)
            outbox.url = books.url
            outbox.action_new_secret()
        officers = [
            Officer((one, two)[n % 2], n, bills[n * EACH : (n + 1) * EACH])
            for n in range(OFFICERS)
        ]
        stopped = threading.Event()
        with ThreadPoolExecutor(OFFICERS + 1) as pool:
            pool.submit(press, office.scratch.name, jobs, stopped)
            try:
                for done in [pool.submit(officer.work) for officer in officers]:
                    done.result(PATIENCE)
                check_issued(office, bills)
                wait_for(
                    lambda: (
                        reminded(office, rule) >= set(bills)
                        and len(books.got) >= len(bills)
                    ),
                    "the jobs do not come to an end",
                    pause=0.5,
                )
            finally:
                stopped.set()
    for officer in officers:  # somebody else was at it, at the most
        assert all(len(str(told).split()) > 5 for told in officer.told), officer.told
    check_mails(office, bills)
    ids = [headers["X-Kavi-Message"] for __, headers in books.got]
    assert len(ids) == len(set(ids)) == len(bills)
    with office.scratch.env() as env:
        messages = env["kavi.outbox.message"].search(
            [("outbox_id", "=", outbox.id)], order="number"
        )
        assert ids == messages.mapped("external_id")
        assert messages.mapped("number") == [*range(1, len(bills) + 1)]


def reminded(office, rule):
    with office.scratch.env() as env:
        return set(env["kavi.notice"].search([("rule_id", "=", rule)]).bill_id.ids)


def check_mails(office, bills):
    """As many mails as there are notices, each of one."""
    with office.scratch.env() as env:
        mails = env["mail.mail"].search(
            [("model", "=", "kavi.bill"), ("res_id", "in", bills)]
        )
        notices = env["kavi.notice"].search(
            [("bill_id", "in", bills), ("mail_id", "!=", False)]
        )
        assert mails == notices.mail_id
        assert len(mails) == len(notices)


def press(name, jobs, stopped):
    """Have all jobs due, over and over, for whoever is first."""
    while not stopped.wait(3):
        make_due(name, jobs)
        notify(name)


def make_due(name, jobs):
    """As :func:`set_jobs`, and not waiting for those that are at work."""
    with connect(name) as cr:
        cr.execute(
            """
            UPDATE ir_cron SET active = TRUE, nextcall = '2020-01-01'
             WHERE id IN (
                   SELECT cron.id FROM ir_cron cron
                     JOIN ir_model_data data
                       ON data.model = 'ir.cron' AND data.res_id = cron.id
                    WHERE data.module || '.' || data.name = ANY(%s)
                      FOR NO KEY UPDATE OF cron SKIP LOCKED)
            """,
            [list(jobs)],
        )
