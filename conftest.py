"""What every test run has in common. bin/kavi gives pytest its database and folders."""

import os
import random
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
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# What Odoo says when it skips a test that a machine without a browser cannot run.
NO_BROWSER = ("Chrome", "chrome", "websocket-client", "--odoo-http")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = random.SystemRandom().randrange(10**6)


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
