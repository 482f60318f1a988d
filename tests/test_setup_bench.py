"""The benchmark runner: its arithmetic and its command line."""

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from .benchmarks import runner

ROOT = Path(__file__).resolve().parent.parent


class FakeCursor:
    sql_log_count = 0

    def flush(self):
        pass


class FakeEnv:
    """Counts what the runner does with an environment."""

    def __init__(self):
        self.cr = FakeCursor()
        self.flushed = 0

    def flush_all(self):
        self.flushed += 1

    def invalidate_all(self):
        pass


class Counting(runner.Benchmark):
    name = "counting"
    doc = "counts its calls"
    rounds = 3

    def __init__(self):
        self.calls = []

    def prepare(self, env):
        self.calls.append("prepare")

    def ours(self, env):
        self.calls.append("ours")
        env.cr.sql_log_count += 2

    def peer(self, env):
        self.calls.append("peer")
        env.cr.sql_log_count += 5

    def report(self, env):
        return "a plan"


@contextmanager
def fake_env(user, commit):
    yield FakeEnv()


def test_ratio_is_of_the_medians():
    result = runner.Result(Counting())
    result.seconds = {"ours": [1.0, 2.0, 90.0], "peer": [5.0, 4.0, 0.1]}
    assert result.ratio == 2.0
    assert result.line().split()[:4] == ["counting", "2.00x", "2.0000", "4.0000"]


def test_sides_take_turns_and_the_first_round_is_not_counted():
    benchmark = Counting()
    result = runner.run(benchmark, fake_env)
    assert benchmark.calls[0] == "prepare"
    assert benchmark.calls[1:] == ["ours", "peer", "peer", "ours"] * 2
    assert [len(seconds) for seconds in result.seconds.values()] == [3, 3]
    assert result.queries == {"ours": 2, "peer": 5}


def test_numbers_are_written_as_json(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "machine", lambda open_env: {"odoo": "19.0"})
    lines = []
    target = tmp_path / "numbers.json"
    code = runner.main(
        ["--json", str(target), "counting"],
        {"counting": Counting()},
        lambda database: fake_env,
        lines.append,
    )
    assert code == 0
    assert lines[0] == runner.HEADER
    assert lines[2] == "    a plan"
    numbers = json.loads(target.read_text())
    assert numbers["odoo"] == "19.0"
    assert numbers["benchmarks"][0]["name"] == "counting"
    assert len(numbers["benchmarks"][0]["rounds"]["ours"]) == 3


def test_an_unknown_name_is_told_with_those_there_are():
    with pytest.raises(SystemExit, match="no benchmark other. There are: counting"):
        runner.choose({"counting": Counting()}, ["counting", "other"])


def test_the_command_line_tells_an_unknown_name():
    answer = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "no-such-one"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("kavi: there is no benchmark no-such-one.")
    assert "Traceback" not in answer.stderr
