"""A real server as it runs in production: a parent, HTTP workers and cron workers, each
a process of its own, which a test may kill.

    with prefork(scratch, log) as site:
        officer = site.log_in("officer0", "secret")
        officer.call("kavi.bill", "action_issue", [bill])      # over HTTP
        site.run_jobs("kavi_billing.cron_send_notices", until=is_done)
        with Snag(scratch.name, "account_move") as snag:       # halts who writes there
            snag.kill(site.find_server)                        # SIGKILL, as it stands
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg2
import requests

from odoo.sql_db import connection_info_for

from .scratch import ROOT, _free_port, wait_for_server
from .waiting import PATIENCE, wait_for

WORKERS = 2
# a request may be slow on a busy machine; 0 would have each worker killed at once
LIMITS = [f"--limit-time-{kind}=900" for kind in ("real", "cpu", "real-cron")]


class Refused(Exception):
    """What a person is told."""


class Site:
    def __init__(self, name, url, process, crons):
        self.name, self.url, self.process = name, url, process
        # beside them there is one for what is told at once
        self.expected = WORKERS + crons + 1

    def log_in(self, login, password):
        return Person(self, login, password)

    # === PROCESSES === #

    def workers(self):
        return psutil.Process(self.process.pid).children()

    def find_server(self):
        """The worker that is serving a request."""
        port = int(self.url.rsplit(":", 1)[1])
        return self._find(
            lambda line: line.laddr.port == port and line.status == "ESTABLISHED"
        )

    def find_cron(self):
        """A worker that does jobs: it lets others go first."""
        return next(worker.pid for worker in self.workers() if worker.nice() > 0)

    def wait_until_whole(self):
        """Until each worker that was killed has a successor, from the parent's hand."""
        wait_for(lambda: len(self.workers()) == self.expected, "a worker is missing")

    def find_caller(self, port):
        """The worker that is talking to that port of this machine."""
        return self._find(lambda line: line.raddr and line.raddr.port == port)

    def _find(self, is_it):
        (found,) = (
            worker.pid
            for worker in self.workers()
            if any(map(is_it, worker.net_connections()))
        )
        return found

    # === JOBS === #

    def run_jobs(self, *names, until, seconds=PATIENCE):
        """Have the cron workers do these jobs, and no other, until it is so."""
        set_jobs(self.name, *names)
        with connect("postgres") as cr:

            def look():
                # as whoever has work for a job does: otherwise it comes in a minute
                cr.execute("SELECT pg_notify('cron_trigger', %s)", [self.name])
                return until()

            wait_for(look, f"{names} did not come to an end", seconds, pause=0.3)
        set_jobs(self.name)


class Person:
    """Somebody at a browser, logged in."""

    def __init__(self, site, login, password):
        self.site, self.browser = site, requests.Session()
        params = {"db": site.name, "login": login, "password": password}
        self._post("/web/session/authenticate", params)

    def _post(self, path, params):
        answer = self.browser.post(
            self.site.url + path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=PATIENCE,
        )
        answer.raise_for_status()
        content = answer.json()
        if error := content.get("error"):
            raise Refused(error["data"]["message"])
        return content["result"]

    def call(self, model, method, *args, **kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._post(f"/web/dataset/call_kw/{model}/{method}", params)


class Payer:
    """Another one, with the link of a bill's mail."""

    def __init__(self, till, url, verify=True):
        self.till, self.url, self.verify = till, url, verify
        (self.bill,) = till.issue(100)
        with till.scratch.env() as env:
            self.token = env["kavi.bill"].browse(self.bill)._portal_ensure_token()

    def check_out(self):
        """As far as PayPal's page, where the payer agrees; the way back is kept."""
        url = f"{self.url}/my/bills/{self.bill}/pay"
        vals = {"access_token": self.token}
        with requests.Session() as browser:
            browser.verify, browser.trust_env = self.verify, False
            page = browser.get(url, params=vals, timeout=PATIENCE)
            csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
            answer = browser.post(
                url,
                data=vals | {"csrf_token": csrf[1]},
                allow_redirects=False,
                timeout=PATIENCE,
            )
        answer = requests.post(
            answer.headers["Location"],
            data={"act": "approve", "source": "visa"},
            allow_redirects=False,
            timeout=PATIENCE,
        )
        self.way_back = answer.headers["Location"]

    def come_back(self):
        return requests.get(
            self.way_back, allow_redirects=False, timeout=PATIENCE, verify=self.verify
        )

    def look(self):
        with self.till.scratch.env() as env:
            bill = env["kavi.bill"].browse(self.bill)
            return bill.state, bill.amount_paid, len(bill._get_payments())

    def is_paid(self):
        return self.look()[0] == "paid"


@contextlib.contextmanager
def prefork(name, log, *options, crons=1):
    """A server on a database for as long as the block lasts.

    :param options: more of Odoo's
    :rtype: Site
    """
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="kavi_prefork_") as folder:
        # the parent starts itself anew for what is told at once, by its file's name
        program = Path(folder) / "odoo-bin"
        program.write_text("import odoo.cli\n\nodoo.cli.main()\n")
        command = [sys.executable, str(program), "-d", name]
        command += ["--db-filter", f"^{name}$", "--http-interface", "127.0.0.1"]
        command += ["--http-port", str(port), "--gevent-port", str(_free_port())]
        command += [f"--workers={WORKERS}", f"--max-cron-threads={crons}"]
        command += [*LIMITS, f"--logfile={log}", *options]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL) as process:
            try:
                url = f"http://127.0.0.1:{port}"
                wait_for_server(f"{url}/web/health", process)
                site = Site(name, url, process, crons)
                site.wait_until_whole()
                yield site
            finally:
                end(process)


def end(process):
    """The parent and its children, the one that tells at once among them."""
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        process.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()


# === DATABASE === #


@contextlib.contextmanager
def connect(name):
    """A cursor that is no worker's, each statement of which counts at once."""
    connection = psycopg2.connect(**connection_info_for(name)[1])
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


def set_jobs(name, *active):
    """Have these scheduled actions due now, and no other."""
    with connect(name) as cr:
        cr.execute("UPDATE ir_cron_progress SET timed_out_counter = 0")
        cr.execute(
            """
            UPDATE ir_cron
               SET active = TRUE, nextcall = '2020-01-01', failure_count = 0
              FROM ir_model_data data
             WHERE data.model = 'ir.cron' AND data.res_id = ir_cron.id
               AND data.module || '.' || data.name = ANY(%s)
         RETURNING ir_cron.id
            """,
            [list(active)],
        )
        found = [id_ for (id_,) in cr.fetchall()]
        assert len(found) == len(active), active
        cr.execute(
            "UPDATE ir_cron SET active = FALSE WHERE active AND id <> ALL(%s)", [found]
        )


def allow_receiver(env):
    """Let the outbox post to this machine, as its administrator does."""
    name = "kavi_billing_export.outbox_hosts"
    env["ir.config_parameter"].set_param(name, "127.0.0.1")


class Snag:
    """Halts whoever adds a row to a table: as it is written, or as it is committed.

    :param when: SQL's condition on NEW; default: each row
    """

    KEY = 4711
    POINTS = {
        "write": "CREATE TRIGGER kavi_snag BEFORE INSERT ON {} FOR EACH ROW",
        "commit": "CREATE CONSTRAINT TRIGGER kavi_snag AFTER INSERT ON {}"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
    }

    def __init__(self, name, table, point="write", when="TRUE"):
        self.name, self.table, self.point, self.when = name, table, point, when
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self.cr = self._stack.enter_context(connect(self.name))
        self.cr.execute("SELECT pg_advisory_lock(%s)", [self.KEY])
        self.cr.execute(
            f"""
            CREATE OR REPLACE FUNCTION kavi_snag() RETURNS trigger AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock({self.KEY});
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            {self.POINTS[self.point].format(self.table)}
            WHEN ({self.when}) EXECUTE FUNCTION kavi_snag();
            """
        )
        return self

    def __exit__(self, *exc):
        self.release()
        self.cr.execute(f"DROP TRIGGER kavi_snag ON {self.table}")
        self._stack.close()

    def release(self):
        self.cr.execute("SELECT pg_advisory_unlock_all()")

    def kill(self, find):
        """Kill who is halted, and wait until the database has noticed.

        :param find: gives the number of its process
        """
        halted = wait_for(self._find_halted, f"nobody adds to {self.table}")
        os.kill(find(), signal.SIGKILL)
        self.release()
        wait_for(lambda: not self._is_served(halted), "the database serves the dead")

    def _find_halted(self):
        self.cr.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = %s AND wait_event = 'advisory'",
            [self.name],
        )
        return [pid for (pid,) in self.cr.fetchall()]

    def _is_served(self, pids):
        self.cr.execute("SELECT FROM pg_stat_activity WHERE pid = ANY(%s)", [pids])
        return self.cr.fetchall()


def killed(site, table, act, point="write", when="TRUE"):
    """Do an act over HTTP, and kill the worker that serves it where it stands; what its
    person's browser says is that the line was cut."""
    with ThreadPoolExecutor(1) as pool:
        with Snag(site.name, table, point, when) as snag:
            answer = pool.submit(act)
            snag.kill(site.find_server)
        error = answer.exception(PATIENCE)
    assert isinstance(error, requests.ConnectionError), error or answer.result()
    site.wait_until_whole()
