"""Finding overdue bills: the plan must use an index."""

from odoo.tools import SQL

from .bulk import make_accounts, make_bills
from .runner import Benchmark

BILLS = 100_000


class FindOverdue(Benchmark):
    name = "overdue"
    doc = f"overdue among {BILLS} bills, found by the search / by hand-written SQL"
    rounds = 11

    def prepare(self, env):
        accounts = make_accounts(env, 100, "Bench overdue")
        make_bills(env, accounts, BILLS, "OVERDUE-")

    def _search(self, env):
        return env["kavi.bill"]._search([("is_overdue", "=", True)], order="id")

    def ours(self, env):
        assert len(list(self._search(env))) >= BILLS // 31

    def peer(self, env):
        env.cr.execute(
            """
            SELECT id FROM kavi_bill
             WHERE state IN ('new', 'pending') AND next_due_date < CURRENT_DATE
          ORDER BY id
            """
        )
        assert len(env.cr.fetchall()) >= BILLS // 31

    def report(self, env):
        env.cr.execute(
            SQL("EXPLAIN (ANALYZE, COSTS OFF) %s", self._search(env).select())
        )
        return "\n".join(line for (line,) in env.cr.fetchall())
