"""Reports add up by row: each sum in one can be followed (KB-65, KB-66, BB-19)."""

from decimal import Decimal

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.kavi_billing.tests.papers_common import (
    EveryStateCommon,
    PapersCommon,
)

from .test_report_download import DownloadMixin

DAY = "2026-03-10 12:00"


@tagged("post_install", "-at_install")
class TestReportSums(DownloadMixin, EveryStateCommon):
    def test_property_bill_data_adds_up(self):
        """For a bill in every state: the total, less paid, credited and not owed, is
        due; paid, less refunded, is retained."""
        bills = self.states
        wizard = self.download_wizard(self.bills.union(*bills.values()))
        rows = {row["bill_id"]: row for row in self.csv_rows(wizard)}
        for name, bill in bills.items():
            with self.subTest(name):
                row = {
                    key: Decimal(value)
                    for key, value in rows[bill.name or ""].items()
                    if key.startswith(("amount_", "refund_amount")) or key == "total"
                }
                self.assertEqual(
                    row["total"]
                    - row["amount_paid"]
                    - row["amount_credited"]
                    - row["amount_not_owed"],
                    row["amount_due"],
                )
                self.assertEqual(
                    row["amount_paid"] - row["refund_amount"], row["amount_retained"]
                )

    def test_bill_data_on_paper(self):
        """The columns that add up are printed, with their totals."""
        bills = self.states
        wizard = self.download_wizard(self.bills.union(*bills.values()))
        page = wizard._get_page()
        columns = [
            column.path for column in self.bills._get_report_columns() if column.printed
        ]
        dollar = self.company.currency_id
        for rows in (page["rows"], page["totals"]):
            for row in rows:
                found = {
                    path: Decimal(text.replace("$\xa0", "").replace(",", "") or 0)
                    for path, text in zip(columns, row, strict=True)
                    if path.startswith("amount_") or path == "refund_amount"
                }
                self.assertEqual(
                    found["amount_total"]
                    - found["amount_paid"]
                    - found["amount_credited"]
                    - found["amount_idle"],
                    found["amount_due"],
                    row,
                )
        self.assertEqual(len(page["totals"]), 1)
        self.assertIn(dollar.name, page["totals"][0][0])

    def test_property_balances_add_up(self):
        """Account Balances: billed, less paid, credited and not owed, is the balance;
        less open credits, the net."""
        bills = self.states
        credit = self.credit(12.5)
        self.env.flush_all()
        row = self.as_user("user")["kavi.balance.report"].search(
            [("partner_id", "=", self.account.id)]
        )
        issued = [bill for bill in bills.values() if bill.state != "draft"]
        currency = row.currency_id

        def total(field):
            # the bills that were paid too much on the way are no state of their own
            return currency.round(
                sum(
                    self.bills.search(
                        [
                            ("partner_id", "=", self.account.id),
                            ("state", "!=", "draft"),
                        ]
                    ).mapped(field)
                )
            )

        self.assertGreaterEqual(len(issued), 25)
        self.assertEqual(len(row), 1)
        for name, field in (
            ("amount_billed", "amount_total"),
            ("amount_paid", "amount_paid"),
            ("amount_credited", "amount_credited"),
            ("amount_due", "amount_due"),
        ):
            self.assertAlmostEqual(row[name], total(field), 6, name)
        self.assertAlmostEqual(row.amount_idle, 100 + 70, 6)
        self.assertAlmostEqual(
            row.amount_billed - row.amount_paid - row.amount_credited - row.amount_idle,
            row.amount_due,
            6,
        )
        self.assertAlmostEqual(row.amount_due - row.amount_credit, row.balance, 6)
        self.assertGreaterEqual(row.amount_credit, credit.amount_open)
        headers = [column.header for column in row._get_report_columns()]
        self.assertIn("amount_credited", headers)

    def test_overdue_of_every_state(self):
        """The tile, the aging report and the bills say the same."""
        with self.at("2026-05-10 12:00"):
            self.env.invalidate_all()
            bills = self.bills.search([("is_overdue", "=", True)])
            overview = self.as_user("user")["kavi.billing.overview"].get_overview()
            (tile,) = [tile for tile in overview["tiles"] if tile["key"] == "overdue"]
            total = sum(bills.mapped("amount_overdue"))
            self.assertEqual(tile["value"], self.company.currency_id.format(total))
            self.assertIn(str(len(bills)), tile["hint"])
            # by then, all that is open is
            self.assertAlmostEqual(total, sum(bills.mapped("amount_due")), 6)


@tagged("post_install", "-at_install")
class TestOverdueSums(PapersCommon):
    def overview(self):
        with self.at(DAY):
            overview = self.as_user("user")["kavi.billing.overview"].get_overview()
            (tile,) = [tile for tile in overview["tiles"] if tile["key"] == "overdue"]
            behind = self.as_user("user")[tile["action"]["res_model"]].search(
                tile["action"]["domain"]
            )
            amount = sum(behind.mapped("amount_due"))
        return tile, behind, amount

    def test_overdue_are_the_parts_that_are(self):
        """A deposit of 120 on 430 is overdue: 120, not 430."""
        line = {"value": "fixed", "value_amount": 120, "nb_days": 0}
        term = self.env["account.payment.term"].create(
            {
                "name": "Deposit",
                "line_ids": [
                    Command.create(line),
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 60}
                    ),
                ],
            }
        )
        with self.at("2026-03-01 12:00"):
            bill = self.issued(430, payment_term_id=term.id, bill_date="2026-03-01")
            self.issued(50, bill_date="2026-03-01")  # due later
        tile, behind, amount = self.overview()
        self.assertEqual(tile["value"], self.company.currency_id.format(120.0))
        self.assertEqual((behind.bill_id, amount), (bill, 120.0))
        self.assertIn("1 bill", tile["hint"])
        with self.at(DAY):
            self.assertEqual(bill.amount_overdue, 120.0)
