"""Databases in which a test may commit, for what only shows between transactions.

A TransactionCase has one transaction, which is rolled back; two buyers at the same
bill, or a server that dies between two commits, need a database that keeps what is
committed. The fixture is a copy of the seeded database, dropped at the end:

    def test_two_payers(scratch):
        with scratch.env() as env:              # a transaction, committed at the end
            bill = env["kavi.bill"].create(...).id

        def pay(env):                           # gets a transaction of its own
            return env["kavi.bill"].browse(bill).pay()

        answers = scratch.in_threads(pay, pay)  # both at once: results or exceptions
        process = scratch.process(slow, bill)   # elsewhere; process.kill() is a crash
        with scratch.serve() as url: ...        # a real server

A copy (of KAVI_SCRATCH_DB, which bin/kavi makes) takes well under a second.
"""

import contextlib
import itertools
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import odoo
import odoo.modules.registry
import odoo.sql_db
from odoo.api import SUPERUSER_ID, Environment
from odoo.tools import config

from .waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent
_numbers = itertools.count(1)


class ScratchDatabase:
    def __init__(self, name):
        self.name = name
        self._registry = None
        self._lock = threading.Lock()

    @property
    def registry(self):
        with self._lock:
            if self._registry is None:
                # a registry that loads while tests are enabled runs every module's
                enabled, config["test_enable"] = config["test_enable"], False
                try:
                    self._registry = odoo.modules.registry.Registry(self.name)
                finally:
                    config["test_enable"] = enabled
            return self._registry

    @contextlib.contextmanager
    def env(self, user=SUPERUSER_ID, **context):
        """An environment in a transaction of its own: committed, or rolled back when
        the block fails."""
        with self.registry.cursor() as cr:
            yield Environment(cr, user, context)

    def in_threads(self, *functions):
        """Calls each function at the same time, in a thread and a transaction of its
        own, and returns what they returned or raised, in order."""
        ready = threading.Barrier(len(functions))
        answers = [None] * len(functions)
        registry = self.registry

        def run(index, function):
            threading.current_thread().dbname = self.name
            try:
                with registry.cursor() as cr:
                    env = Environment(cr, SUPERUSER_ID, {})
                    ready.wait()
                    answers[index] = function(env)
            except Exception as error:
                answers[index] = error

        threads = [
            threading.Thread(target=run, args=arguments, daemon=True)
            for arguments in enumerate(functions)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        if any(thread.is_alive() for thread in threads):
            raise TimeoutError("a thread is still at work after two minutes")
        return answers

    def process(self, function, *args):
        """Starts another Python that calls function(env, *args) and commits. The
        function must be importable: a plain one of a test module. Its exit code is 1
        when it raises; kill() ends it as a crash would."""
        child = multiprocessing.get_context("spawn").Process(
            target=_in_child, args=(self.name, function, args), daemon=True
        )
        child.start()
        return child

    @contextlib.contextmanager
    def serve(self, *options):
        """A real server on this database, with its URL; more options are Odoo's."""
        port = _free_port()
        url = f"http://localhost:{port}"
        command = [sys.executable, "-m", "odoo", "server", "-d", self.name]
        command += ["--db-filter", f"^{self.name}$", "--http-port", str(port)]
        # a request may be slow on a busy machine, and the server is not to start anew
        command += ["--limit-time-real=0", "--limit-time-cpu=0"]
        command += ["--max-cron-threads=0", f"--logfile={_logfile()}", *options]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL) as server:
            try:
                wait_for_server(f"{url}/web/health", server)
                yield url
            finally:
                server.terminate()
                try:
                    server.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    server.kill()

    def close(self):
        odoo.modules.registry.Registry.delete(self.name)
        odoo.sql_db.close_db(self.name)
        self._registry = None


@contextlib.contextmanager
def scratch_database(template=None):
    """A copy of the seeded database, or of another, for as long as the block lasts."""
    seeded = os.environ.get("KAVI_SCRATCH_DB")
    if not seeded:
        raise RuntimeError(
            "KAVI_SCRATCH_DB is not set: run the tests with bin/kavi test"
        )
    # by this name bin/kavi finds it, should it stay
    name = f"{seeded}_{os.getpid()}_{next(_numbers)}"
    _copy(template or seeded, name)
    database = ScratchDatabase(name)
    try:
        yield database
    finally:
        database.close()
        subprocess.run(["dropdb", "--if-exists", "--force", name], check=True)
        shutil.rmtree(_filestore(name), ignore_errors=True)


def _copy(template, name):
    subprocess.run(["createdb", "-T", template, name], check=True)
    if _filestore(template).is_dir():
        # links will do: the files are named after their content and never written to
        shutil.copytree(_filestore(template), _filestore(name), copy_function=_link)


def _link(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _filestore(name):
    # not config.filestore(): under xdist pytest-odoo has it answer for another database
    return Path(config["data_dir"]) / "filestore" / name


def _logfile():
    return config["logfile"] or "/dev/null"


def _in_child(name, function, args):
    options = ["-d", name, "--no-http", f"--logfile={_logfile()}"]
    config.parse_config(options, setup_logging=True)
    with ScratchDatabase(name).env() as env:
        function(env, *args)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_server(url, server):
    def is_there():
        if server.poll() is not None:
            raise RuntimeError(f"the server stopped with code {server.returncode}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).read()
            return True

    wait_for(is_there, f"no answer from {url}", pause=0.2)
