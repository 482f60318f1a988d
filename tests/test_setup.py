"""The set-up itself: the manifest of the suite, bin/kavi's answers, the log check."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bin"))

import checklog  # noqa: E402
import suite  # noqa: E402


def kavi(*arguments, **environment):
    return subprocess.run(
        ["bash", str(ROOT / "bin" / "kavi"), *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


# --- the suite


def test_the_suite_is_described_at_the_root():
    described = suite.manifest()
    assert described["name"] == "Kavi Suite"
    assert described["installable"] is False
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", described["version"])
    assert described["license"] == "LGPL-3"
    assert (ROOT / "LICENSE").read_text().lstrip().startswith("GNU LESSER GENERAL")


def test_every_addon_folder_is_named_in_the_suite():
    folders = {path.parent.name for path in ROOT.glob("*/__manifest__.py")}
    assert folders == set(suite.addons())


@pytest.mark.parametrize("addon", suite.addons())
def test_an_addon_has_the_version_and_licence_of_the_suite(addon):
    described, whole = suite.manifest(ROOT / addon), suite.manifest()
    for key in ("version", "license", "author"):
        assert described[key] == whole[key]
    assert (ROOT / addon / "pyproject.toml").is_file()


def test_the_database_is_made_anew_only_for_what_it_is_made_of(tmp_path):
    (tmp_path / "__manifest__.py").write_text("{'depends': ['a']}")
    files = {
        "a/__manifest__.py": "{'depends': ['base']}",
        "a/models/thing.py": "one",
        "a/views/thing.xml": "one",
        "a/tests/test_thing.py": "one",
        "a/static/tests/tours/tour.js": "one",
        "a/README.rst": "one",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    keys = {}
    for name in ["", *list(files)[1:]]:
        if name:
            (tmp_path / name).write_text("two")
        keys[name] = suite.addons_key(tmp_path)
    assert suite.base(tmp_path) == ["base"]
    assert keys[""] != keys["a/models/thing.py"] != keys["a/views/thing.xml"]
    assert keys["a/views/thing.xml"] == keys["a/tests/test_thing.py"]
    assert keys["a/views/thing.xml"] == keys["a/README.rst"]


def test_the_set_of_addons_is_their_names_and_major_versions(tmp_path):
    def described(**versions):
        (tmp_path / "__manifest__.py").write_text(repr({"depends": list(versions)}))
        for name, version in versions.items():
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "__manifest__.py").write_text(repr({"version": version}))
        return suite.addons_set(tmp_path)

    assert described(b="19.0.1.2.3", a="19.0.1.0.0") == "a=19.0.1,b=19.0.1"
    assert described(a="19.0.1.9.9", b="19.0.1.0.0") == "a=19.0.1,b=19.0.1"
    assert described(a="19.0.2.0.0", b="19.0.1.0.0") == "a=19.0.2,b=19.0.1"
    assert described(a="19.0.1.0.0") == "a=19.0.1"


# --- what bin/kavi answers


def test_an_unknown_command_gets_the_usage():
    answer = kavi("frobnicate")
    assert answer.returncode == 2
    assert "there is no command frobnicate" in answer.stderr
    assert "bin/kavi COMMAND" in answer.stderr


def test_help():
    answer = kavi("help")
    assert answer.returncode == 0
    for word in ("up", "test", "bench", "ODOO_PATH", "PGHOST", "KAVI_PORT"):
        assert re.search(rf"\b{word}\b", answer.stdout)


def test_an_odoo_path_without_odoo_is_told_in_one_sentence(tmp_path):
    answer = kavi("up", ODOO_PATH=str(tmp_path), KAVI_HOME=str(tmp_path / "home"))
    assert answer.returncode == 1
    (line,) = answer.stderr.strip().splitlines()
    assert f"ODOO_PATH={tmp_path} holds no Odoo 19" in line


def test_without_a_package_index_it_is_told_in_one_sentence(tmp_path):
    # Odoo is there; every index is a folder without packages
    odoo = tmp_path / "odoo"
    odoo.mkdir()
    (odoo / "release.py").write_text("version_info = (19, 0, 0, 'final', 0, '')\n")
    empty = f"file://{tmp_path}/nothing"
    answer = kavi(
        "up",
        ODOO_PATH=str(tmp_path),
        KAVI_HOME=str(tmp_path / "home"),
        PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS="",
        PIP_INDEX_URL=empty,
        UV_INDEX_URL=empty,
    )
    assert answer.returncode == 1
    last = answer.stderr.strip().splitlines()[-1]
    assert "the Python packages could not be installed" in last
    assert "Traceback" not in answer.stderr


# --- what a run of pytest here adds


def pytest_here(tmp_path, source, *arguments):
    """Runs pytest, without Odoo, on one test below a copy of our conftest."""
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "no:odoo", *arguments]
    return subprocess.run(
        [*command, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )


@pytest.mark.parametrize(
    "reason",
    ["Chrome executable not found", "websocket-client module is not installed"],
)
def test_a_tour_without_a_browser_fails(tmp_path, reason):
    source = (
        f"import unittest\ndef test_tour():\n    raise unittest.SkipTest({reason!r})"
    )
    answer = pytest_here(tmp_path, source)
    assert answer.returncode == 1
    assert "1 failed" in answer.stdout


def test_another_skip_is_only_a_skip(tmp_path):
    source = "import pytest\ndef test_it():\n    pytest.skip('no such currency')"
    assert "1 skipped" in pytest_here(tmp_path, source).stdout


def test_the_seed_of_random_examples_is_told_and_brings_them_back(tmp_path):
    source = (
        "from hypothesis import given, strategies as st\n"
        "@given(st.integers())\n"
        "def test_it(number):\n"
        "    assert False, number\n"
    )
    answer = pytest_here(tmp_path, source)
    assert re.search(
        r"random examples: seed \d+ \(again: --hypothesis-seed", answer.stdout
    )
    assert "@reproduce_failure" in answer.stdout
    answer = pytest_here(tmp_path, source, "--hypothesis-seed=42")
    assert "random examples: seed 42 " in answer.stdout


def test_a_run_by_hand_takes_longer(tmp_path, monkeypatch):
    source = (
        "from hypothesis import settings\n"
        "def test_it():\n"
        "    print('examples:', settings.default.max_examples)\n"
    )
    monkeypatch.delenv("KAVI_LONG", raising=False)
    monkeypatch.setenv("CI", "1")
    assert "examples: 60\n" in pytest_here(tmp_path, source, "-s").stdout
    monkeypatch.setenv("KAVI_LONG", "1")
    assert "examples: 400\n" in pytest_here(tmp_path, source, "-s").stdout


# --- the check of Odoo's log

INFO = "2026-01-02 03:04:05,678 9 INFO db odoo.modules: 1 module loaded"
WARNING = "2026-01-02 03:04:05,678 9 WARNING db odoo.addons.kavi: this is odd"
ERROR = "2026-01-02 03:04:05,678 9 ERROR db odoo.sql_db: bad query"


def test_warnings_and_errors_are_found_with_what_belongs_to_them():
    lines = [INFO, "more of it", WARNING, INFO, ERROR, "Traceback", "  line 1", INFO]
    assert checklog.findings(lines) == [WARNING, f"{ERROR}\nTraceback\n  line 1"]


def test_the_check_of_a_clean_log_says_nothing(tmp_path, capsys):
    log = tmp_path / "odoo.log"
    log.write_text(f"{INFO}\n")
    assert checklog.main([log, tmp_path / "no-such.log"]) == 0
    assert capsys.readouterr().out == ""
    log.write_text(f"{INFO}\n{WARNING}\n")
    assert checklog.main([log]) == 1
    assert WARNING in capsys.readouterr().out


def test_nothing_of_our_addons_is_allowed_in_the_log():
    for logger, text in checklog.ALLOWED:
        assert not logger.startswith("odoo.addons.kavi")
        assert "kavi" not in text
