"""What every test run has in common. bin/kavi gives pytest its databases and folders.

Under pytest-xdist (`-n 2`) each worker, gw0, gw1 ..., has a database, a scratch
database and a log of its own, named after it. bin/kavi makes them before pytest starts.
"""

import contextlib
import os
import random
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent

# No deadline: an example may hold a database. Examples are random, so that every run
# looks at new ones; the seed in the header and the blob of a failure bring them back.
COMMON = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
settings.register_profile("dev", max_examples=25, **COMMON)
settings.register_profile("ci", max_examples=60, **COMMON)
settings.register_profile("long", max_examples=400, **COMMON)
if os.environ.get("KAVI_LONG"):  # bin/kavi test --long
    settings.load_profile("long")
else:
    settings.load_profile("ci" if os.environ.get("CI") else "dev")

# What Odoo says when it skips a test that a machine without a browser cannot run.
NO_BROWSER = ("Chrome", "chrome", "websocket-client", "--odoo-http")

# Seconds that what bears such a name may take, where no run has measured it yet.
LONG_ONES = {
    "table_walk": 150,
    "commerce_crash": 150,
    "commerce_storm": 120,
    "prefork": 100,
    "surcharge": 60,
    "journey": 50,
    "concurrency": 50,
}
# What takes less is not noted, and counts for this much.
SHORT = 0.1
DURATIONS = "kavi/durations"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if hasattr(config, "workerinput"):
        config.option.hypothesis_seed = config.workerinput["hypothesis_seed"]
    elif getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = random.SystemRandom().randrange(10**6)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stopwatch(config), "kavi-stopwatch")


def pytest_report_header(config):
    seed = config.option.hypothesis_seed
    return f"random examples: seed {seed} (again: --hypothesis-seed={seed})"


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path):
    """Takes the tests/ of the root: pytest-odoo passes over whatever lies below a
    manifest that is not installable, as the root's is."""
    if collection_path == ROOT / "tests" or collection_path.parent == ROOT / "tests":
        return collection_path.name == "__pycache__"
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A tour that was skipped for want of a browser did not run: it fails."""
    report = (yield).get_result()
    if report.skipped and any(word in str(report.longrepr) for word in NO_BROWSER):
        report.outcome = "failed"


@pytest.fixture(scope="session", autouse=True)
def companies(request):
    """Companies with charts of accounts, in a database that bin/kavi has made for this
    run: each class of tests would make its own anew."""
    database = request.config.getoption("odoo_database", None)
    if not database or "KAVI_SCRATCH_DB" not in os.environ:
        return
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    from odoo.addons.kavi_billing.tests.common import BillingCommon
    from odoo.addons.kavi_billing.tests.companies import prepare_companies

    classes = {item.cls for item in request.session.items if item.cls}
    if not any(issubclass(each, BillingCommon) for each in classes):
        return

    with Registry(database).cursor() as cr:
        prepare_companies(api.Environment(cr, SUPERUSER_ID, {}))


# === WORKERS === #


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_cmdline_main(config):
    """Gives a worker its own databases and log, before pytest-odoo configures Odoo."""
    odoo = config.pluginmanager.get_plugin("odoo")
    if odoo and hasattr(config, "workerinput"):
        worker, option = config.workerinput["workerid"], config.option
        option.odoo_database = database = f"{option.odoo_database}_{worker}"
        option.odoo_extra = [
            f"{extra.removesuffix('.log')}_{worker}.log"
            if extra.startswith("logfile=")
            else extra
            for extra in option.odoo_extra
        ]
        if "KAVI_SCRATCH_DB" in os.environ:
            os.environ["KAVI_SCRATCH_DB"] += f"_{worker}"
        # it would copy the database once more, and use the filestore of another
        odoo._worker_db_name = lambda: contextlib.nullcontext(database)
    yield


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """What the workers are told: all have the same seed, and the same order."""
    option = node.config.option
    node.workerinput["hypothesis_seed"] = option.hypothesis_seed
    node.workerinput["durations"] = _durations(node.config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """The longest classes first (a class stays with one worker, as the functions of a
    module do): at the end no worker has a long one while the others have nothing.

    Needs --dist=loadscope --no-loadscope-reorder."""
    if not hasattr(config, "workerinput"):
        return
    durations, total = config.workerinput["durations"], defaultdict(float)
    for item in items:
        total[_scope(item.nodeid)] += durations.get(item.nodeid, SHORT)
    for scope in total:
        if not any(name.startswith(scope) for name in durations):
            guesses = [LONG_ONES[name] for name in LONG_ONES if name in scope]
            total[scope] += max(guesses, default=0)
    first = {scope: number for number, scope in enumerate(total)}
    items.sort(
        key=lambda item: (-total[_scope(item.nodeid)], first[_scope(item.nodeid)])
    )


def _scope(nodeid):
    return nodeid.rsplit("::", 1)[0]


def _durations(config):
    cache = getattr(config, "cache", None)
    return cache.get(DURATIONS, {}) if cache else {}


class Stopwatch:
    """Notes in pytest's cache how long each test takes, for the next run's order."""

    def __init__(self, config):
        self.config = config
        self.seconds = defaultdict(float)

    def pytest_runtest_logreport(self, report):
        if hasattr(report, "context"):
            return  # a subtest's time is in its test's
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self):
        cache = getattr(self.config, "cache", None)
        if not cache or not self.seconds:
            return
        known = {
            name: seconds
            for name, seconds in _durations(self.config).items()
            if name not in self.seconds and (ROOT / name.split("::")[0]).exists()
        }
        for name, seconds in self.seconds.items():
            if seconds > SHORT:
                known[name] = round(seconds, 2)
        cache.set(DURATIONS, known)
