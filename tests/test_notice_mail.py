"""What really leaves the house: mails that an SMTP server receives, and jobs that run
at once, or die, in real transactions."""

import os
import re
import socket
import time
from email import message_from_bytes, policy
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller

from odoo.tools import mute_logger

BILLS = 24
SENDER = "billing@kavi.example"
COPY = "copy@kavi.example"


class Mailbox:
    """Keeps what it is sent: (recipients, message)."""

    def __init__(self):
        self.received = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.received.append((envelope.rcpt_tos, message))
        return "250 OK"

    def to(self, address):
        return [mail for rcpts, mail in self.received if address in rcpts]


@pytest.fixture
def mailbox():
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    box.port = port
    yield box
    server.stop()


@pytest.fixture
def office(scratch, mailbox):
    """A company with a rule, and bills that are due for it."""
    with scratch.env() as env:
        env["kavi.notice.rule"].search([]).active = False
        env["ir.mail_server"].search([]).active = False
        env["mail.mail"].search([]).unlink()
        env["ir.mail_server"].create(
            {"name": "Test", "smtp_host": "127.0.0.1", "smtp_port": mailbox.port}
        )
        company = env["res.company"].create(
            {
                "name": "Mailing Ltd",
                "billing_email_from": SENDER,
                "billing_email_copy": COPY,
                "billing_notify_new_bill": False,
            }
        )
        env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        rule = env["kavi.notice.rule"].create(
            {
                "name": "Reminder",
                "interval_number": 3,
                "company_id": company.id,
                "start_date": "2020-01-01",
                "template_id": env.ref("kavi_billing.mail_template_bill_reminder").id,
            }
        )
        accounts = env["res.partner"].create(
            [
                {"name": f"Payer {n}", "email": f"payer{n}@doe.example"}
                for n in range(BILLS)
            ]
        )
        bills = (
            env["kavi.bill"]
            .with_company(company)
            .create(
                [
                    {
                        "partner_id": account.id,
                        "title": f"Fee of {account.name}",
                        "amount": 25,
                        "company_id": company.id,
                        "bill_date": "2026-01-02",
                        "payment_term_id": False,
                        "due_date": "2026-01-10",
                    }
                    for account in accounts
                ]
            )
        )
        bills.action_issue()
        scratch.rule, scratch.bills = rule.id, bills.ids
    return scratch


# no server of this database is up that the page could get its styles from
@mute_logger("odoo.addons.base.models.ir_actions_report")
def send_queue(office):
    with office.env() as env:
        # in tests Odoo renders no PDF unless it is asked to
        Mail = env["mail.mail"].with_context(force_report_rendering=True)
        Mail.process_email_queue()


def count(office):
    """(notices of the rule, mails in the queue)"""
    with office.env() as env:
        notices = env["kavi.notice"].search([("rule_id", "=", office.rule)])
        return len(notices), env["mail.mail"].search_count(
            [("model", "=", "kavi.bill"), ("res_id", "in", office.bills)]
        )


def run_job(env):
    env["kavi.notice.rule"]._cron_send_notices()


def test_journey_mail_as_it_is_received(office, mailbox):
    """Recipients, sender, copy, a text part, and links that open this bill only."""
    with office.env() as env:
        run_job(env)
    send_queue(office)
    assert len({str(mail["Message-Id"]) for __, mail in mailbox.received}) == BILLS
    assert len(mailbox.to(COPY)) == BILLS
    with office.env() as env:
        bills = env["kavi.bill"].browse(office.bills)
        tokens = {bill.id: bill.access_token for bill in bills}
        assert len(set(tokens.values())) == BILLS
        for number, bill in enumerate(bills):
            (mail,) = mailbox.to(f"payer{number}@doe.example")
            assert SENDER in mail["From"]
            assert "Mailing Ltd" in mail["From"]
            assert SENDER in mail["Reply-To"]
            assert COPY in mail["Cc"]
            assert f"payer{number}@doe.example" in mail["To"]
            assert bill.name in mail["Subject"]
            assert mail.get_content_type() == "multipart/alternative"
            plain = mail.get_body(("plain",)).get_content()
            html = mail.get_body(("html",)).get_content()
            for text in (plain, html):
                assert f"Fee of Payer {number}" in text.replace("\n", " ")
                assert "25.00" in text
            links = re.findall(r'href="([^"]+/my/bills/[^"]+)"', html)
            assert len(links) == 2
            for link in links:
                parts = urlsplit(link.replace("&amp;", "&"))
                assert parts.path == f"/my/bills/{bill.id}"
                assert parse_qs(parts.query)["access_token"] == [tokens[bill.id]]
                assert f"/my/bills/{bill.id}" in plain
        notices = env["kavi.notice"].search([("rule_id", "=", office.rule)])
        assert set(notices.mapped("state")) == {"sent"}
        # what is kept in the house does not open the bill
        for notice in notices:
            assert tokens[notice.bill_id.id] not in str(notice.message_id.body)
            assert notice.message_id.exists()
        assert not env["mail.mail"].search([("model", "=", "kavi.bill")])


def test_journey_mail_of_a_new_bill_carries_the_invoice(office, mailbox):
    """As a PDF that was made when the mail was sent; nothing of it is stored."""
    with office.env() as env:
        bill = env["kavi.bill"].browse(office.bills[0])
        files = env["ir.attachment"].search_count([])
        bill._notify("new")
        assert env["ir.attachment"].search_count([]) == files
        name = f"Invoice {bill.name}.pdf"
    send_queue(office)
    (mail,) = mailbox.to("payer0@doe.example")
    (document,) = mail.iter_attachments()
    assert document.get_filename() == name
    assert document.get_content_type() == "application/pdf"
    assert document.get_content().startswith(b"%PDF")


@mute_logger("odoo.addons.mail.models.mail_mail")
def test_journey_mail_that_is_refused(office, mailbox):
    """The log says so; the mail waits to be tried again."""

    async def refuse(server, session, envelope):
        return "550 No such box"

    mailbox.handle_DATA = refuse
    with office.env() as env:
        run_job(env)
    send_queue(office)
    with office.env() as env:
        notices = env["kavi.notice"].search([("rule_id", "=", office.rule)])
        assert set(notices.mapped("state")) == {"failed"}
        assert "550" in notices[0].reason
    del mailbox.handle_DATA
    with office.env() as env:
        env["kavi.notice"].search(
            [("rule_id", "=", office.rule)]
        ).mail_id.action_retry()
    send_queue(office)
    with office.env() as env:
        notices = env["kavi.notice"].search([("rule_id", "=", office.rule)])
        assert set(notices.mapped("state")) == {"sent"}


@mute_logger("odoo.sql_db")
def test_concurrency_failure_18_two_workers(office):
    """At once: each bill has one notice and one mail."""
    answers = office.in_threads(run_job, run_job, run_job)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert count(office) == (BILLS, BILLS)
    with office.env() as env:
        run_job(env)
    assert count(office) == (BILLS, BILLS)


def run_and_die(env):
    """Like a server that loses its power: after a few batches, in the midst of one."""
    from odoo.addons.kavi_billing.models import kavi_notice_rule

    kavi_notice_rule.BATCH = 5
    original = kavi_notice_rule.KaviNoticeRule._send_batch
    batches = []

    def send(rules, ids):
        notices = original(rules, ids)
        batches.append(ids)
        if len(batches) == 3:
            os._exit(9)
        return notices

    type(env["kavi.notice.rule"])._send_batch = send
    run_job(env)


def test_concurrency_crash_between_batches(office):
    """What was committed stays, the batch that was not is done by the next run."""
    process = office.process(run_and_die)
    process.join(120)
    assert process.exitcode == 9
    time.sleep(0.5)
    assert count(office) == (10, 10)
    with office.env() as env:
        run_job(env)
    assert count(office) == (BILLS, BILLS)
