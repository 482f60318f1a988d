"""Finds the benchmarks, times them, and prints one line for each."""

import argparse
import gc
import importlib
import json
import platform
import statistics
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
HEADER = (
    f"{'benchmark':<32}{'ratio':>8}{'ours s':>12}{'peer s':>12}"
    "   ratio = peer / ours: above 1, ours is the faster"
)


class Benchmark:
    name = ""
    doc = ""
    rounds = 7
    user = "base.user_admin"

    def prepare(self, env):
        """Makes what both sides need; committed before the first round."""

    def before_round(self, env):
        """Untimed, before each timing of either side, in its transaction."""

    def ours(self, env):
        raise NotImplementedError

    def peer(self, env):
        raise NotImplementedError

    def report(self, env):
        """More to tell, such as a query plan, or None."""


class Result:
    def __init__(self, benchmark):
        self.benchmark = benchmark
        self.seconds = {"ours": [], "peer": []}
        self.queries = {"ours": 0, "peer": 0}
        self.report = None

    def median(self, side):
        return statistics.median(self.seconds[side])

    @property
    def ratio(self):
        return self.median("peer") / self.median("ours")

    def line(self):
        return (
            f"{self.benchmark.name:<32}{self.ratio:>7.2f}x"
            f"{self.median('ours'):>12.4f}{self.median('peer'):>12.4f}"
            f"   {self.benchmark.doc}"
        ).rstrip()

    def as_dict(self):
        return {
            "name": self.benchmark.name,
            "doc": self.benchmark.doc,
            "ratio": round(self.ratio, 3),
            "ours": self.median("ours"),
            "peer": self.median("peer"),
            "rounds": self.seconds,
            "queries": self.queries,
            "report": self.report,
        }


def discover(folder=FOLDER, package=__package__):
    """The benchmarks of every bench_*.py, by name."""
    found = {}
    for path in sorted(folder.glob("bench_*.py")):
        module = importlib.import_module(f"{package}.{path.stem}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Benchmark) and value.name:
                if found.setdefault(value.name, value) is not value:
                    raise SystemExit(f"two benchmarks are named {value.name}")
    return {name: found[name]() for name in sorted(found)}


def choose(benchmarks, names):
    unknown = sorted(set(names) - set(benchmarks))
    if unknown:
        known = ", ".join(benchmarks) or "none yet"
        raise SystemExit(
            f"kavi: there is no benchmark {', '.join(unknown)}. There are: {known}"
        )
    return [benchmarks[name] for name in names or benchmarks]


def time_once(benchmark, side, open_env):
    """Seconds and queries of one side, once. What it did is rolled back."""
    with open_env(benchmark.user, commit=False) as env:
        benchmark.before_round(env)
        env.flush_all()
        env.invalidate_all()
        gc.collect()
        gc.disable()
        try:
            queries = env.cr.sql_log_count
            start = time.perf_counter()
            getattr(benchmark, side)(env)
            env.cr.flush()  # with what waits for the commit, such as tracking
            seconds = time.perf_counter() - start
            return seconds, env.cr.sql_log_count - queries
        finally:
            gc.enable()


def run(benchmark, open_env, rounds=None):
    result = Result(benchmark)
    with open_env(benchmark.user, commit=True) as env:
        benchmark.prepare(env)
    for number in range(-1, rounds or benchmark.rounds):
        # The sides take turns at going first. Round -1 fills caches and is not counted.
        sides = ("ours", "peer") if number % 2 else ("peer", "ours")
        for side in sides:
            seconds, queries = time_once(benchmark, side, open_env)
            if number >= 0:
                result.seconds[side].append(seconds)
                result.queries[side] = queries
    with open_env(benchmark.user, commit=False) as env:
        result.report = benchmark.report(env)
    return result


def odoo_environments(database):
    """Returns open_env(user, commit), a context with an environment."""
    from contextlib import contextmanager

    from odoo.api import SUPERUSER_ID, Environment
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(
        ["-d", database, "--no-http", "--log-level=error"], setup_logging=True
    )
    registry = Registry(database)

    @contextmanager
    def open_env(user, commit):
        with registry.cursor() as cr:
            uid = Environment(cr, SUPERUSER_ID, {}).ref(user).id
            yield Environment(cr, uid, {})
            if not commit:
                cr.rollback()

    return open_env


def machine(open_env):
    from odoo import release

    with open_env(Benchmark.user, commit=False) as env:
        env.cr.execute("SHOW server_version")
        return {
            "python": platform.python_version(),
            "odoo": release.version,
            "postgresql": env.cr.fetchone()[0],
            "machine": platform.machine(),
        }


def parser():
    parser = argparse.ArgumentParser(prog="bin/kavi bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--json", metavar="FILE", help="write all numbers there too")
    parser.add_argument("--rounds", type=int, help="instead of each one's own number")
    parser.add_argument("--list", action="store_true", help="list them, run nothing")
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--database", help=argparse.SUPPRESS)
    return parser


def main(arguments=None, benchmarks=None, environments=odoo_environments, out=print):
    options = parser().parse_args(arguments)
    benchmarks = discover() if benchmarks is None else benchmarks
    chosen = choose(benchmarks, options.names)
    if options.list:
        for benchmark in chosen:
            out(f"{benchmark.name:<32}{benchmark.doc}")
    if options.list or options.check:
        return 0
    open_env = environments(options.database)
    results = []
    out(HEADER)
    for benchmark in chosen:
        result = run(benchmark, open_env, options.rounds)
        results.append(result)
        out(result.line())
        if result.report:
            out("    " + result.report.strip().replace("\n", "\n    "))
        sys.stdout.flush()
    if options.json:
        found = machine(open_env)
        found["benchmarks"] = [result.as_dict() for result in results]
        Path(options.json).write_text(json.dumps(found, indent=1) + "\n")
    return 0
