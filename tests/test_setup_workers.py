"""Tests by several processes: what each of them has, what they share, what is told."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from odoo.tools import config

from .test_setup import ROOT, kavi, pytest_here

DISTRIBUTED = ("--dist=loadscope", "--no-loadscope-reorder")


def arguments(*given):
    """What bin/kavi makes of the arguments of `test`, without running any."""
    script = """
        eval "$(sed -n '/^read_test_arguments() {/,/^}/p' bin/kavi)"
        nproc() { echo 16; }
        die() { echo "$*"; exit 1; }
        paths=(addons tests)
        read_test_arguments "$@"
        echo "workers=$workers plain=$plain long=${KAVI_LONG:-} paths=${paths[*]} \\
arguments=${arguments[*]}"
    """
    answer = subprocess.run(
        ["bash", "-euc", script, "bash", *given],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "KAVI_LONG"},
        capture_output=True,
        text=True,
    )
    assert not answer.stderr
    return answer.stdout.strip()


@pytest.mark.parametrize(
    "given, read",
    [
        # all of them
        ("", "workers=6 plain=1 long= paths=addons tests arguments="),
        ("--long", "workers=6 plain=1 long=1 paths=addons tests arguments="),
        ("-n 3", "workers=3 plain=1 long= paths=addons tests arguments="),
        ("-n0", "workers=0 plain=1 long= paths=addons tests arguments="),
        ("-n auto", "workers=16 plain=1 long= paths=addons tests arguments="),
        ("-x", "workers=6 plain= long= paths=addons tests arguments=-x"),
        # chosen ones
        ("-k walk", "workers=0 plain= long= paths=addons tests arguments=-k walk"),
        ("-k bin", "workers=0 plain= long= paths=addons tests arguments=-k bin"),
        (
            "-k walk --numprocesses=2 -x",
            "workers=2 plain= long= paths=addons tests arguments=-k walk -x",
        ),
        (
            "tests/test_setup.py::test_help",
            "workers=0 plain= long= paths= arguments=tests/test_setup.py::test_help",
        ),
        ("-n 2 tests -x", "workers=2 plain= long= paths= arguments=tests -x"),
        ("--pdb", "workers=0 plain= long= paths=addons tests arguments=--pdb"),
    ],
)
def test_how_many_processes_run_what(given, read):
    assert arguments(*given.split()) == read


def test_a_number_of_processes_is_one():
    assert arguments("-n", "many") == "-n takes a number of processes, not many"
    answer = kavi("test", "-n", "many")
    assert answer.returncode == 1
    assert "-n takes a number of processes, not many" in answer.stderr


def test_a_worker_has_databases_and_a_log_of_its_own(request):
    worker = getattr(request.config, "workerinput", {}).get("workerid")
    suffix = f"_{worker}" if worker else ""
    scratch, (database,) = os.environ["KAVI_SCRATCH_DB"], config["db_name"]
    assert scratch.endswith(f"_scratch{suffix}")
    assert database == scratch.replace("_scratch", "")
    assert Path(config["logfile"]).name == f"test{suffix}.log"
    assert Path(config.filestore(database)).name == database


def test_workers_have_the_seed_that_is_told(tmp_path):
    source = "\n".join(
        f"class Test{name}:\n"
        "    def test_it(self, request):\n"
        "        assert False, f'seed {request.config.option.hypothesis_seed}!'"
        for name in "AB"
    )
    answer = pytest_here(tmp_path, source, "-n", "2", *DISTRIBUTED)
    (seed,) = re.findall(r"random examples: (seed \d+) ", answer.stdout)
    assert set(re.findall(r"\[(gw\d)\] linux", answer.stdout)) == {"gw0", "gw1"}
    assert set(re.findall(r"AssertionError: (seed \d+)!", answer.stdout)) == {seed}
    assert re.search(r"=+ 2 failed in \S+s =+$", answer.stdout.strip())
    assert answer.returncode == 1


def test_a_tour_without_a_browser_fails_in_a_worker_too(tmp_path):
    source = "import unittest\ndef test_tour():\n    raise unittest.SkipTest('Chrome')"
    answer = pytest_here(tmp_path, source, "-n", "1", *DISTRIBUTED)
    assert "1 failed" in answer.stdout
    assert answer.returncode == 1


def test_the_longest_comes_first_and_what_belongs_together_stays(tmp_path):
    quick = "def test_quick(): pass\ndef test_next(): pass"
    (tmp_path / "test_table_walk.py").write_text("def test_long(): pass")
    answer = pytest_here(tmp_path, quick, "-n", "1", "-v", *DISTRIBUTED)
    ran = re.findall(r"PASSED \S+::(\w+)", answer.stdout)
    assert ran == ["test_long", "test_quick", "test_next"]


def test_what_was_measured_counts_more_than_a_name(tmp_path):
    slow = (
        "import time\n"
        "def test_first(): pass\n"
        "class TestSlow:\n"
        "    def test_slow(self): time.sleep(0.3)"
    )
    (tmp_path / "test_table_walk.py").write_text(
        "import time\ndef test_walk(): time.sleep(0.15)"
    )
    assert "3 passed" in pytest_here(tmp_path, slow).stdout
    answer = pytest_here(tmp_path, slow, "-n", "1", "-v", *DISTRIBUTED)
    ran = re.findall(r"PASSED \S+::(\w+)", answer.stdout)
    assert ran == ["test_slow", "test_walk", "test_first"]
