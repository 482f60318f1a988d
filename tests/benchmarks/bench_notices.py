"""The nightly notices: what is due is found by an index, among many bills."""

from datetime import timedelta

from odoo.tools import SQL

from .bulk import make_accounts, make_bills
from .runner import Benchmark

BILLS = 100_000
DUE = 2_000


class FindDueNotices(Benchmark):
    name = "notices"
    doc = f"{DUE} due notices among {BILLS} bills / Odoo's search for those due items"
    rounds = 7

    def prepare(self, env):
        accounts = make_accounts(env, 100, "Bench notices")
        self.rule = (
            env["kavi.notice.rule"]
            .create(
                {
                    "name": "Bench",
                    "interval_number": 7,
                    "start_date": "2020-01-01",
                    "template_id": env.ref(
                        "kavi_billing.mail_template_bill_reminder"
                    ).id,
                }
            )
            .id
        )
        make_bills(env, accounts, BILLS, "NOTICE-")
        # of the 100,000, 2,000 are overdue, and these have an invoice in the books
        sample = env["kavi.bill"]._raise_bills(
            [{"partner_id": accounts[0].id, "title": "Sample", "amount": 100}]
        )
        env.flush_all()
        self._keep_due(env)
        self._give_invoices(env, sample.invoice_id)
        env.cr.execute("ANALYZE kavi_bill")
        env.cr.execute("ANALYZE account_move")
        env.cr.execute("ANALYZE account_move_line")

    def _keep_due(self, env):
        env.cr.execute(
            """
            UPDATE kavi_bill
               SET state = 'paid', next_due_date = NULL
             WHERE name LIKE 'NOTICE-%%' AND state = 'new'
               AND id NOT IN (
                   SELECT id FROM kavi_bill
                    WHERE name LIKE 'NOTICE-%%' AND next_due_date < CURRENT_DATE
                 ORDER BY id LIMIT %s)
            """,
            [DUE],
        )

    def _give_invoices(self, env, invoice):
        """Copies of one invoice, and of its receivable item, for the bills due."""
        line = invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )

        of_move = self._parts(invoice, "name", "kavi_bill_id")
        of_line = self._parts(line, "move_id", "date_maturity", "move_name")
        env.cr.execute(
            SQL(
                """
                INSERT INTO account_move (name, kavi_bill_id, %(columns)s)
                SELECT bill.name, bill.id, %(moves)s
                  FROM kavi_bill bill, account_move
                 WHERE account_move.id = %(id)s AND bill.state = 'new'
                   AND bill.name LIKE 'NOTICE-%%'
                """,
                columns=SQL(", ").join(of_move),
                moves=SQL(", ").join(SQL("account_move.%s", part) for part in of_move),
                id=invoice.id,
            )
        )
        env.cr.execute(
            SQL(
                """
                INSERT INTO account_move_line (
                       move_id, date_maturity, move_name, %(columns)s)
                SELECT move.id, CURRENT_DATE - 70, move.name, %(lines)s
                  FROM account_move move, account_move_line
                 WHERE account_move_line.id = %(id)s AND move.name LIKE 'NOTICE-%%'
                """,
                columns=SQL(", ").join(of_line),
                lines=SQL(", ").join(
                    SQL("account_move_line.%s", part) for part in of_line
                ),
                id=line.id,
            )
        )
        env.invalidate_all()

    @staticmethod
    def _parts(record, *but):
        return [
            SQL.identifier(name)
            for name, field in record._fields.items()
            if field.store and field.column_type and name not in ("id", *but)
        ]

    def ours(self, env):
        rows = env["kavi.notice.rule"].browse(self.rule)._find_due()
        assert len(rows) >= DUE

    def peer(self, env):
        lines = env["account.move.line"].search(
            [
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("account_type", "=", "asset_receivable"),
                (
                    "date_maturity",
                    "<=",
                    env.company._billing_today() - timedelta(days=7),
                ),
            ]
        )
        lines.read(["move_id", "date_maturity", "amount_residual_currency"])
        assert len(lines) >= DUE

    def report(self, env):
        rule = env["kavi.notice.rule"].browse(self.rule)
        query = rule._get_due_query(env.company._billing_today())
        env.cr.execute(SQL("EXPLAIN (ANALYZE, COSTS OFF) %s", query))
        plan = "\n".join(line for (line,) in env.cr.fetchall())
        assert "Seq Scan on kavi_bill" not in plan, plan
        return plan
