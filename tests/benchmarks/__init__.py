"""Benchmarks: our way of doing a thing beside a peer's, in one database and one run.

Run them with `bin/kavi bench [NAME ...]`; write one as a class in a bench_*.py here:

    class IssueBills(Benchmark):
        name = "issue_100"
        doc = "issue 100 bills / post 100 invoices"

        def prepare(self, env): ...        # once; committed, untimed
        def before_round(self, env): ...   # before each timing, untimed
        def ours(self, env): ...
        def peer(self, env): ...
        def report(self, env): ...         # text shown below the line, as a query plan
"""

from .runner import Benchmark
