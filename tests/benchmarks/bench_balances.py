"""What accounts owe, against the bare SQL that sums the same table."""

from .bulk import make_accounts, make_bills
from .runner import Benchmark

ACCOUNTS, BILLS = 1000, 100_000


class AccountBalances(Benchmark):
    name = "balances"
    doc = f"balances of {ACCOUNTS} accounts, {BILLS} bills / the bare SQL aggregate"
    rounds = 11

    def prepare(self, env):
        accounts = make_accounts(env, ACCOUNTS, "Bench balance")
        self.accounts = accounts.ids
        make_bills(env, accounts, BILLS, "BALANCE-")

    def ours(self, env):
        accounts = env["res.partner"].browse(self.accounts)
        assert accounts.mapped("billing_balance")[9] == 1_000

    def peer(self, env):
        env.cr.execute(
            """
            SELECT partner_id, company_id, currency_id,
                   SUM(amount_due), SUM(amount_due_company), COUNT(*)
              FROM kavi_bill
             WHERE partner_id = ANY(%s) AND amount_due <> 0
          GROUP BY partner_id, company_id, currency_id
            """,
            [self.accounts],
        )
        assert {row[0]: row[4] for row in env.cr.fetchall()}[self.accounts[9]] == 1_000
