"""What accounts owe, against the bare SQL that sums the same table."""

import statistics
import time

from .bulk import make_accounts, make_bills
from .runner import Benchmark

ACCOUNTS, BILLS = 1000, 100_000


class AccountBalances(Benchmark):
    name = "balances"
    doc = f"balances of {ACCOUNTS} accounts, {BILLS} bills / the bare SQL sum over them"
    rounds = 11

    def prepare(self, env):
        accounts = make_accounts(env, ACCOUNTS, "Bench balance")
        self.accounts = accounts.ids
        make_bills(env, accounts, BILLS, "BALANCE-")

    def ours(self, env):
        accounts = env["res.partner"].browse(self.accounts)
        assert accounts.mapped("billing_balance")[9] == 1_000

    def peer(self, env):
        self._sum(env, "TRUE")

    def _sum(self, env, condition):
        env.cr.execute(
            f"""
            SELECT partner_id, SUM(amount_due_company)
              FROM kavi_bill
             WHERE partner_id = ANY(%s) AND {condition}
          GROUP BY partner_id
            """,
            [self.accounts],
        )
        assert dict(env.cr.fetchall())[self.accounts[9]] == 1_000

    def report(self, env):
        """The same against SQL that knows our partial index, which is stricter."""
        seconds = {"ours": [], "sql": []}
        for _round in range(self.rounds):
            env.invalidate_all()
            start = time.perf_counter()
            self.ours(env)
            middle = time.perf_counter()
            self._sum(env, "amount_due <> 0")
            seconds["ours"].append(middle - start)
            seconds["sql"].append(time.perf_counter() - middle)
        ours, sql = (statistics.median(times) for times in seconds.values())
        return f"against SQL with the index's condition: {sql / ours:.2f}x"
