"""A company that is paid by card: in a database of its own, at a PayPal of its own, by
worker processes that can be killed.

    def test_x(till):
        bill = till.issue(100)
        code = till.workers.run(pay, bill)      # pay(env, bill), in a new process
        till.workers.run(pay, bill, die=("after", "_kavi_commit", 1))   # -9: killed
        till.make_due()
        till.run_job("resolve")
        till.check()                            # both ledgers agree
"""

import contextlib
import itertools
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
from collections import Counter
from decimal import Decimal
from pathlib import Path

import odoo.modules.registry
import odoo.sql_db
from odoo.api import SUPERUSER_ID, Environment
from odoo.tools import config

from .fake_paypal import FakePayPal
from .fake_paypal.webhooks import EVENTS
from .scratch import scratch_database
from .secret_search import find_secrets
from .waiting import wait_for

_logger = logging.getLogger(__name__)

WEBHOOK_PATH = "/payment/paypal/webhook"
BASE_URL = "http://127.0.0.1:8069"
# Seconds until a process that hangs is given up; one that has many things to do may
# take longer on a busy machine.
PATIENCE = 120
LONG = 900


class Till:
    def __init__(self, scratch, paypal, log):
        self.scratch, self.paypal, self.log = scratch, paypal, log
        # bar codes and bank accounts of the demo that look like a card's number
        self._known = set(find_secrets(scratch, ()))
        with scratch.env() as env:
            self._set_up(env)
        self._workers = None

    @property
    def workers(self):
        """Started when asked for: a test with a server of its own needs none."""
        if not self._workers:
            self._workers = Workers(self.scratch.name, self.paypal, self.log)
        return self._workers

    def close(self):
        if self._workers:
            self._workers.close()

    def _set_up(self, env):
        set_param = env["ir.config_parameter"].set_param
        set_param("kavi_commerce.paypal_test_url", self.paypal.url)
        set_param("web.base.url", BASE_URL)
        env["kavi.notice.rule"].search([]).active = False
        env["ir.mail_server"].search([]).active = False
        company = env["res.company"].create({"name": "Till Ltd"})
        env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        company.billing_gateway_fee_account_id = env["account.account"].search(
            [("company_ids", "=", company.id), ("account_type", "=", "expense")],
            limit=1,
        )
        company.billing_email_from = "billing@till.example"
        Provider = env["payment.provider"]
        provider = Provider.search(
            [("code", "=", "paypal"), ("company_id", "=", company.id)]
        ) or Provider.search([("code", "=", "paypal")], limit=1).copy(
            {"company_id": company.id}
        )
        provider.write(
            {
                "state": "test",
                "is_published": True,
                "paypal_email_account": self.paypal.payee_email,
                "paypal_client_id": self.paypal.client_id,
                "paypal_client_secret": self.paypal.client_secret,
            }
        )
        self.company, self.provider = company.id, provider.id
        self.register_webhook(env, BASE_URL)

    def register_webhook(self, env, base_url):
        """All events to this address, and to no other."""
        self.paypal.webhooks.registered.clear()
        provider = env["payment.provider"].browse(self.provider)
        answer = provider._get_paypal_client().create_webhook(
            f"{base_url}{WEBHOOK_PATH}", EVENTS
        )
        provider.paypal_webhook_id = answer["id"]

    @contextlib.contextmanager
    def site(self, log=None):
        """A real server with a scheduler that does our jobs, to which the events go;
        its URL."""
        with self.scratch.env() as env:
            env["ir.cron"].search([]).active = False
            for name in ("events", "resolve"):
                env.ref(f"kavi_commerce.cron_{name}").active = True
        options = [f"--logfile={log or self.log}", "--max-cron-threads=2"]
        with self.scratch.serve(*options) as url:
            with self.scratch.env() as env:
                env["ir.config_parameter"].set_param("web.base.url", url)
                self.register_webhook(env, url)
            yield url

    # === ACTIONS === #

    def issue(self, *amounts):
        """Bills over these amounts, each of an account of its own."""
        with self.scratch.env() as env:
            bills = (
                env["kavi.bill"]
                .with_company(self.company)
                .create(
                    [
                        {
                            "partner_id": env["res.partner"]
                            .create({"name": "Payer", "email": "payer@doe.example"})
                            .id,
                            "title": "Fee",
                            "amount": amount,
                            "company_id": self.company,
                        }
                        for amount in amounts
                    ]
                )
            )
            bills.action_issue()
            return bills.ids

    def approve(self, bill):
        """The payer agrees to the last order of a bill."""
        with self.scratch.env() as env:
            orders = env["kavi.bill"].browse(bill).transaction_ids.sorted("id")
            self.paypal.approve(orders[-1].paypal_order_id)

    # === TIME === #

    def make_due(self):
        """So much time passes that all that waits is due, and that jobs which were
        killed have run well again: Odoo passes over one killed three times in a row."""
        with self.scratch.registry.cursor() as cr:
            cr.execute(
                "UPDATE payment_transaction SET next_check_date = '2020-01-01'"
                " WHERE next_check_date IS NOT NULL"
            )
            cr.execute(
                "UPDATE kavi_gateway_event SET next_try = '2020-01-01'"
                " WHERE state = 'new'"
            )
            cr.execute("UPDATE ir_cron_progress SET timed_out_counter = 0")

    def waits(self):
        """Whether anything is still to be asked, booked or worked on."""
        with self.scratch.env() as env:
            return bool(
                env["payment.transaction"].search_count(
                    [("next_check_date", "!=", False)]
                )
                or env["kavi.gateway.event"].search_count([("state", "=", "new")])
            )

    def run_job(self, *names):
        """Scheduled actions of the addon, one after the other, in a new process."""
        assert self.workers.run(run_job, *names, patience=LONG) == 0

    # === ASSERTIONS === #

    def ledger(self):
        """What PayPal says that moved: {(kind, id): amount}, each once."""
        return Counter(
            (_KINDS[entry.kind], entry.id, entry.gross)
            for entry in self.paypal.ledger.entries()
        )

    def books(self, env):
        """What the posted payments say that moved at the gateway, in the same shape."""
        payments = env["account.payment"].search(
            [("company_id", "=", self.company), ("payment_transaction_id", "!=", False)]
        )
        found = Counter()
        by_tx = payments.grouped("payment_transaction_id")
        for tx, paid in by_tx.items():
            assert set(paid.move_id.mapped("state")) == {"posted"}, paid
            is_refund = tx.operation == "refund"
            id_ = tx.paypal_refund_id if is_refund else tx.paypal_capture_id
            total = sum(paid.mapped("amount"))
            kind = "out" if is_refund else "in"
            found[kind, id_, _cents(-total if is_refund else total)] += 1
            # more payments than bills: something was booked twice
            assert len(paid) == len(tx.kavi_line_ids), (tx.reference, paid)
        return found

    def check(self):
        """PayPal's ledger and the books agree to the cent: no charge without a payment,
        no payment without a charge, none twice; fees too."""
        with self.scratch.env() as env:
            assert self.ledger() == self.books(env)
            assert not env["kavi.bill"]._find_book_differences()
            lines = env["account.move.line"].search(
                [("company_id", "=", self.company), ("parent_state", "=", "posted")]
            )
            company = env["res.company"].browse(self.company)
            fees = lines.filtered(
                lambda line: line.account_id == company.billing_gateway_fee_account_id
            )
            paypal = self.paypal.ledger
            assert _cents(sum(fees.mapped("balance"))) == paypal.fees("USD")
            payments = env["account.payment"].search(
                [("company_id", "=", self.company)]
            )
            # what is outstanding at the gateway is what it will pay out
            outstanding = lines.filtered(
                lambda line: line.account_id in payments.outstanding_account_id
            )
            net = _cents(sum(outstanding.mapped("balance")))
            assert net == paypal.net("USD")
            assert not env["payment.transaction"].search(
                [("company_id", "=", self.company), ("post_process_error", "!=", False)]
            )
        assert self.paypal.violations == []

    def find_secrets(self):
        """Where card numbers, the client's secret or tokens are kept after all this,
        and were not at the beginning."""
        secrets = [self.paypal.client_secret, *self.paypal.tokens.given]
        assert len(secrets) > 1, "no token was ever given: nothing was tried"
        return set(find_secrets(self.scratch, secrets, [self.log])) - self._known


_KINDS = {"capture": "in", "refund": "out", "reversal": "out", "chargeback": "out"}


def _cents(amount):
    return Decimal(str(amount)).quantize(Decimal("0.01"))


@contextlib.contextmanager
def open_till(seed=7):
    """A till for as long as the block lasts, with a log of its own: what is killed and
    what meets others says so there, and not where the log is checked."""
    with (
        tempfile.TemporaryDirectory(prefix="kavi_till_") as folder,
        scratch_database() as scratch,
        FakePayPal(seed=seed) as paypal,
    ):
        till = Till(scratch, paypal, Path(folder) / "odoo.log")
        try:
            yield till
        finally:
            till.close()


# === WORKERS === #


class Workers:
    """Processes of Odoo that are there at once: forked off one that has loaded all."""

    def __init__(self, name, paypal, log):
        self.name, self.paypal = name, paypal
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._parent = context.Process(
            target=_fork_on_demand, args=(name, str(log), theirs), daemon=True
        )
        self._parent.start()
        theirs.close()
        self._receive()

    def _receive(self, patience=PATIENCE):
        if not self._pipe.poll(patience):
            raise TimeoutError(f"a worker is still at work after {patience} seconds")
        return self._pipe.recv()

    def warm(self, function, *args):
        """Call function(env, *args) where the processes are forked off: what it fills
        the caches with is there for all that come after."""
        self._pipe.send((function, args, None, True))
        self._receive()

    def run(self, function, *args, die=None, patience=PATIENCE):
        """Call function(env, *args) in a process and a transaction of its own.

        :param die: where the process is killed: ("before" or "after", what, how many
            times it has been there); what is an endpoint of PayPal's, at which the
            fake kills, or a method, named model:method (payment.transaction's, when
            there is no model)
        :return: its exit code: -9 when it was killed
        """
        is_told, pid = threading.Event(), []
        hook = None
        if die and "." in die[1] and ":" not in die[1]:
            when, endpoint, nth = die

            def kill():
                is_told.wait(PATIENCE)
                os.kill(pid[0], signal.SIGKILL)

            hook = self.paypal.fail(
                endpoint, "hook", call=kill, after=when == "after", skip=nth - 1
            )
        self._pipe.send((function, args, None if hook else die, False))
        pid.append(self._receive())
        is_told.set()
        code = self._receive(patience)
        if hook:
            self.paypal.heal()
        if code == -signal.SIGKILL:
            self._wait_for_locks(pid[0])
        return code

    def _wait_for_locks(self, pid):
        """Until the database has noticed that a process is gone."""
        name = config["db_app_name"].replace("{pid}", str(pid))
        wait_for(
            lambda: not _count_connections(self.name, name),
            "the database still serves a process that is gone",
        )

    def close(self):
        with contextlib.suppress(OSError):
            self._pipe.send(None)
        self._parent.join(10)
        self._parent.kill()


def _count_connections(database, application):
    with odoo.sql_db.db_connect("postgres").cursor() as cr:
        cr.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = %s AND application_name = %s",
            [database, application],
        )
        return cr.fetchone()[0]


def _fork_on_demand(name, log, pipe):
    options = ["-d", name, "--no-http", f"--logfile={log}"]
    config.parse_config(options, setup_logging=True)
    threading.current_thread().dbname = name
    registry = odoo.modules.registry.Registry(name)
    odoo.sql_db.close_all()  # a connection is not shared over a fork
    pipe.send("ready")
    while task := pipe.recv():
        *work, is_here = task
        if is_here:
            pipe.send(_work(registry, *work))
            odoo.sql_db.close_all()
            continue
        pid = os.fork()
        if not pid:
            os._exit(_work(registry, *work))
        pipe.send(pid)
        pipe.send(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _work(registry, function, args, die):
    """The exit code: 1 when it fails, which the log tells of."""
    try:
        registry.check_signaling()
        if die:
            _die_at(registry, *die)
        with registry.cursor() as cr:
            function(Environment(cr, SUPERUSER_ID, {}), *args)
    except BaseException:
        _logger.exception("%s has failed", function.__name__)
        return 1
    return 0


def _die_at(registry, when, what, nth):
    model, __, method = what.rpartition(":")
    cls = registry[model or "payment.transaction"]
    original = getattr(cls, method)
    calls = itertools.count(1)

    def mortal(self, *args, **kwargs):
        is_now = next(calls) == nth
        if is_now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(self, *args, **kwargs)
        if is_now:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(cls, method, mortal)


def run_job(env, *names):
    for name in names:
        env.ref(f"kavi_commerce.cron_{name}").method_direct_trigger()
