"""A copy of the database for trying (`odoo neutralize`) touches nobody: no receiver, no
gateway, no mailbox, whichever jobs somebody starts there."""

import contextlib
import socket
import subprocess
import sys

import pytest
from aiosmtpd.controller import Controller
from werkzeug.datastructures import Headers

from odoo.tools import mute_logger

from odoo.addons.kavi_commerce.models import payment_provider

from .prefork import allow_receiver
from .receiver import Receiver
from .scratch import ROOT, scratch_database
from .till import open_till

MAIL_QUEUE = "mail.ir_cron_mail_scheduler_action"
EXPECTED = {"gateway", "receiver", "mailbox"}


class Outside:
    """Where somebody listens on this machine, and who was called."""

    def __init__(self):
        self.names, self.called = {}, []

    def listen(self, name, port):
        self.names[port] = name

    def forget(self):
        self.called.clear()

    def connect(self, original):
        def connect(sock, address):
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                self.called.append(self.names.get(address[1], address))
                if address[1] not in self.names:
                    raise OSError("nobody else is called in a test")
            return original(sock, address)

        return connect


class Mailbox:
    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        return "250 OK"


@contextlib.contextmanager
def mailbox():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(Mailbox(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@pytest.fixture
def till():
    with open_till() as till:
        yield till


@pytest.fixture
def outside(till, monkeypatch):
    """All that a live database reaches, and would reach at the next run of its jobs."""
    outside = Outside()
    with Receiver() as receiver, mailbox() as mail_port:
        outside.listen("gateway", int(till.paypal.url.rsplit(":", 1)[1]))
        outside.listen("receiver", receiver.port)
        outside.listen("mailbox", mail_port)
        # live is here what this machine has
        monkeypatch.setattr(payment_provider.base, "LIVE", till.paypal.url)
        paid, open_ = till.issue(100, 50)
        with till.scratch.env() as env:
            # before a payment begins: in what mode it was made does not change
            env["payment.provider"].browse(till.provider).state = "enabled"
            have_all_at_work(env, till, receiver.url, mail_port, (paid, open_))
        original = socket.socket.connect
        monkeypatch.setattr(socket.socket, "connect", outside.connect(original))
        yield outside


def have_all_at_work(env, till, receiver_url, mail_port, bills):
    """An outbox, a card payment, an event, a rule, and mail, each with work to do."""
    env["ir.mail_server"].create(
        {"name": "Real", "smtp_host": "127.0.0.1", "smtp_port": mail_port}
    )
    outbox = env["kavi.outbox"].search([("company_id", "=", till.company)])
    outbox = outbox or env["kavi.outbox"].create(
        {"name": "Accounting office", "company_id": till.company}
    )
    allow_receiver(env)
    outbox.url = receiver_url
    outbox.action_new_secret()
    outbox.action_new_key()
    paid, open_ = env["kavi.bill"].browse(bills)
    outbox._record(paid.invoice_id)
    env["kavi.notice.rule"].create(
        {
            "name": "Reminder",
            "interval_number": 3,
            "company_id": till.company,
            "start_date": "2020-01-01",
            "template_id": env.ref("kavi_billing.mail_template_bill_reminder").id,
        }
    )
    template = env.ref("kavi_billing.mail_template_bill_reminder")
    open_._notify_by(template, "custom")
    notices = env["kavi.notice"].search([("bill_id", "=", open_.id)])
    assert "queued" in notices.mapped("state")
    # an order that was approved, and its event; live, as far as the books know
    tx = paid._pay_by_card(paid._get_card_provider())
    tx._kavi_open_checkout()
    till.paypal.approve(tx.paypal_order_id)
    delivery = till.paypal.webhooks.waiting[-1]
    headers = Headers(till.paypal.webhooks.sign(delivery))
    assert env["kavi.gateway.event"]._receive(delivery.raw, headers) == "stored"
    tx.next_check_date = "2020-01-01"


def run_all_jobs(scratch):
    """Every scheduled action of ours, then Odoo's queue of mails, as somebody does who
    has turned them on again."""
    with scratch.env() as env:
        ours = env["ir.model.data"].search(
            [("model", "=", "ir.cron"), ("module", "=like", "kavi_%")], order="id"
        )
        assert len(ours) >= 11
        ids = [*ours.mapped("res_id"), env.ref(MAIL_QUEUE).id]
        env["ir.cron"].browse(ids).active = True
    for id_ in ids:
        with scratch.env() as env:
            env["ir.cron"].browse(id_).method_direct_trigger()


@mute_logger(
    "odoo.addons.mail.models.mail_mail",
    "odoo.addons.base.models.ir_mail_server",
    "odoo.addons.base.models.ir_actions_report",
)
def test_a_neutralized_copy_touches_nobody(till, outside):
    """The same jobs that reach everybody from the original reach nobody from the copy,
    and what was to do there is left to the original."""
    till.scratch.close()  # a database that somebody is connected to is not copied
    with scratch_database(till.scratch.name) as copy:
        subprocess.run(
            [sys.executable, "-m", "odoo", "neutralize", "-d", copy.name],
            cwd=ROOT,
            check=True,
        )
        run_all_jobs(copy)
        assert outside.called == []
        with copy.env() as env:
            check_disarmed(env, till)
    run_all_jobs(till.scratch)
    assert set(outside.called) == EXPECTED


def check_disarmed(env, till):
    """Nothing is kept in the copy that opens or reaches another door."""
    provider = env["payment.provider"].browse(till.provider)
    assert provider.state == "disabled"
    for name in (
        "paypal_client_id",
        "paypal_client_secret",
        "paypal_webhook_id",
        "paypal_access_token",
    ):
        assert not provider[name], name
    assert not env["payment.transaction"].search([("next_check_date", "!=", False)])
    assert not env["kavi.gateway.event"].search([("state", "=", "new")])
    outboxes = env["kavi.outbox"].with_context(active_test=False).search([])
    assert outboxes
    for name in ("url", "secret", "key_digest"):
        assert not any(outboxes.mapped(name)), name
    assert not env["kavi.notice.rule"].search([])
    assert not env["kavi.notice"].search([("state", "=", "queued")])
