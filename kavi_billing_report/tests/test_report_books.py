"""Reports: their totals are those of the general ledger (KB-65, KB-66, BB-19).

What the ledger says is read from account.move.line in plain SQL, which owes nothing to
the views under test.
"""

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.kavi_billing.tests.test_credit import CreditCommon

from ..models.kavi_aging_report import BUCKETS

DAY = "2026-04-15"
# The posted receivable items of an account, per currency, by what they belong to.
RECEIVABLE = """
    SELECT line.currency_id,
           COALESCE(SUM(line.amount_residual_currency), 0),
           COALESCE(SUM(-line.amount_currency)
                    FILTER (WHERE move.move_type != 'out_invoice'), 0)
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id
      JOIN account_account account ON account.id = line.account_id
     WHERE line.partner_id = ANY(%s) AND line.parent_state = 'posted'
       AND line.company_id = %s
       AND account.account_type = 'asset_receivable'
  GROUP BY line.currency_id
"""


# The same items, by what they are and by period.
BY_KIND = """
    SELECT line.currency_id,
           COALESCE(SUM(line.amount_currency)
                    FILTER (WHERE move.move_type = 'out_invoice'), 0),
           COALESCE(-SUM(line.amount_currency)
                    FILTER (WHERE move.move_type = 'out_refund'), 0),
           COALESCE(-SUM(line.amount_currency)
                    FILTER (WHERE move.move_type = 'entry'), 0),
           SUM(line.amount_currency),
           SUM(line.balance)
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id
      JOIN account_account account ON account.id = line.account_id
     WHERE line.partner_id = ANY(%s) AND line.parent_state = 'posted'
       AND account.account_type = 'asset_receivable'
       AND line.date >= %s AND line.date < %s
  GROUP BY line.currency_id
"""
MONTHS = [f"2026-{month:02}-01" for month in range(1, 6)]


class ReportCommon(CreditCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.other = cls.env["res.partner"].create({"name": "Zebra Works"})
        cls.other._open_billing_account()
        cls.accounts = cls.account | cls.other

    @classmethod
    def business(cls):
        """A quarter of every kind of event, for two accounts in two currencies."""
        with cls.at(DAY):
            for account in cls.accounts:
                vals = {"partner_id": account.id, "bill_date": "2026-01-05"}
                cls.issued(70, **vals)
                part = cls.issued(100, **vals)
                cls.pay(part, amount=40, date="2026-02-01")
                paid = cls.issued(60, **{**vals, "bill_date": "2026-04-01"})
                cls.pay(paid, date="2026-04-02")
                given = cls.issued(50, **vals)
                cls.pay(given, cls.wire, date="2026-02-02")
                cls.give_back(given, 20)
                bounced = cls.issued(30, **vals)
                cls.pay(bounced, date="2026-03-01")
                cls.bounce(bounced)
                cls.cancel(cls.issued(11, **vals))
                euro = {**vals, "currency_id": cls.euro.id}
                cls.issued(25, **euro)
                cls.credit(15, partner_id=account.id, date="2026-04-01")
        cls.env.flush_all()

    def receivable(self, accounts):
        """{currency: (open, settled)} as the journal items say it."""
        self.env.cr.execute(RECEIVABLE, [accounts.ids, self.company.id])
        return {
            self.env["res.currency"].browse(row[0]): tuple(map(float, row[1:]))
            for row in self.env.cr.fetchall()
        }

    def report(self, model, role="user"):
        return self.as_user(role)[model]

    def rows(self, model, accounts=None):
        return self.report(model).search(
            [("partner_id", "in", (accounts or self.accounts).ids)]
        )


class BusinessCommon(ReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.business()


@tagged("post_install", "-at_install")
class TestReportBooks(BusinessCommon):
    def test_balances(self):
        """KB-65: an account's net balance is what the receivable ledger says."""
        for account in self.accounts:
            ledger = self.receivable(account)
            rows = self.rows("kavi.balance.report", account)
            self.assertEqual(set(rows.currency_id), set(ledger))
            for row in rows:
                self.assertAlmostEqual(row.balance, ledger[row.currency_id][0], 6)
                bills = self.env["kavi.bill"].search(
                    [
                        ("partner_id", "=", account.id),
                        ("currency_id", "=", row.currency_id.id),
                        ("amount_due", "!=", 0),
                    ]
                )
                self.assertEqual(row.bill_count, len(bills))
                self.assertAlmostEqual(row.amount_due, sum(bills.mapped("amount_due")))
            dollar = rows.filtered(lambda r: r.currency_id == self.company.currency_id)
            self.assertAlmostEqual(dollar.amount_due, 70 + 60 + 30)
            self.assertAlmostEqual(dollar.amount_credit, 15)
            domain = dollar.action_open_bills()["domain"]
            found = self.report("kavi.bill").search(domain)
            self.assertAlmostEqual(sum(found.mapped("amount_due")), dollar.amount_due)

    def test_payments_and_refunds(self):
        """Payments, reversals, refunds, credits: together what the ledger holds beside
        the invoices."""
        for account in self.accounts:
            ledger = self.receivable(account)
            rows = self.rows("kavi.payment.report", account)
            for currency, (_open, settled) in ledger.items():
                ours = rows.filtered(lambda row, c=currency: row.currency_id == c)
                self.assertAlmostEqual(sum(ours.mapped("amount")), settled, 6)
            dollar = rows.filtered(lambda r: r.currency_id == self.company.currency_id)
            sums = {
                name: sum(dollar.mapped(f"amount_{name}"))
                for name in ("paid", "reversed", "refunded", "credited")
            }
            # credited: the refund's note, the canceled bill's, and the goodwill
            self.assertEqual(
                sums,
                {
                    "paid": 180.0,
                    "reversed": 30.0,
                    "refunded": 20.0,
                    "credited": 20.0 + 11.0 + 15.0,
                },
            )
            wired = dollar.filtered(lambda row: row.payment_method_id == self.wire)
            self.assertEqual(
                set(wired.mapped("kind")), {"payment", "refund", "credit_note"}
            )

    def test_totals_of_a_period(self):
        """BB-19: of every month, and of all, each report that has dates says what the
        general ledger says: invoiced, credited, paid and the sum."""
        periods = [*zip(MONTHS, MONTHS[1:], strict=False), (MONTHS[0], MONTHS[-1])]
        seen = dict.fromkeys(("invoiced", "credited", "paid"), False)
        for start, end in periods:
            self.env.cr.execute(BY_KIND, [self.accounts.ids, start, end])
            for row in self.env.cr.fetchall():
                currency = self.env["res.currency"].browse(row[0])
                invoiced, credited, paid, change, change_company = map(float, row[1:])
                mine = [
                    ("partner_id", "in", self.accounts.ids),
                    ("currency_id", "=", currency.id),
                ]
                dated = [*mine, ("date", ">=", start), ("date", "<", end)]
                ledger = self.sums("kavi.account.ledger", dated, "amount")
                self.assertAlmostEqual(ledger, change, 6)
                company = self.sums("kavi.account.ledger", dated, "amount_company")
                self.assertAlmostEqual(company, change_company, 6)
                report = "kavi.payment.report"
                self.assertAlmostEqual(
                    self.sums(report, dated, "amount_paid")
                    - self.sums(report, dated, "amount_reversed")
                    - self.sums(report, dated, "amount_refunded"),
                    paid,
                    6,
                )
                self.assertAlmostEqual(
                    self.sums(report, dated, "amount_credited"), credited, 6
                )
                billed = [
                    *mine,
                    ("state", "!=", "draft"),
                    ("bill_date", ">=", start),
                    ("bill_date", "<", end),
                ]
                self.assertAlmostEqual(
                    self.sums("kavi.bill", billed, "amount_total"), invoiced, 6
                )
                for name, amount in zip(seen, (invoiced, credited, paid), strict=True):
                    seen[name] |= bool(amount)
        self.assertTrue(all(seen.values()), seen)

    def sums(self, model, domain, name):
        ((total,),) = self.report(model)._read_group(domain, [], [f"{name}:sum"])
        return total or 0.0

    def test_totals_of_today(self):
        """What is open by Bill Data, Aging and Account Balances is what the ledger has
        open; printed, too."""
        with self.at(DAY):
            for currency, (is_open, _settled) in self.receivable(self.accounts).items():
                mine = [
                    ("partner_id", "in", self.accounts.ids),
                    ("currency_id", "=", currency.id),
                ]
                due = self.sums("kavi.bill", mine, "amount_due")
                credits = self.sums("kavi.balance.report", mine, "amount_credit")
                self.assertAlmostEqual(due - credits, is_open, 6)
                aging = self.sums("kavi.aging.report", mine, "amount_due")
                self.assertAlmostEqual(aging, due, 6)
                ledger = self.sums("kavi.account.ledger", mine, "amount_open")
                self.assertAlmostEqual(ledger, is_open, 6)
                report = self.report("kavi.bill")
                totals = report._get_report_totals(mine, report._get_report_columns())
                self.assertAlmostEqual(totals[currency]["amount_due"], due, 6)

    def test_aging(self):
        """Each open item is in the bucket of its own due date; all are what is due."""
        with self.at(DAY):
            rows = self.rows("kavi.aging.report")
            bills = self.env["kavi.bill"].search(
                [("partner_id", "in", self.accounts.ids), ("amount_due", "!=", 0)]
            )
            for bill in bills:
                ours = rows.filtered(lambda row, b=bill: row.bill_id == b)
                self.assertAlmostEqual(sum(ours.mapped("amount_due")), bill.amount_due)
                self.assertAlmostEqual(
                    sum(ours.mapped("amount_due_company")), bill.amount_due_company
                )
            self.assertEqual(rows.bill_id, bills)

    def test_groups(self):
        """BB-19: every report is grouped and summed by the database."""
        for model, amount in (
            ("kavi.balance.report", "amount_due"),
            ("kavi.payment.report", "amount"),
            ("kavi.aging.report", "amount_due"),
        ):
            rows = self.rows(model)
            groups = self.report(model)._read_group(
                [("id", "in", rows.ids)],
                ["currency_id", "partner_id"],
                [f"{amount}:sum"],
            )
            self.assertGreater(len(groups), 1)
            for currency, partner, total in groups:
                mine = rows.filtered(
                    lambda r, c=currency, p=partner: (
                        r.currency_id == c and r.partner_id == p
                    )
                )
                self.assertAlmostEqual(sum(mine.mapped(amount)), total)


@tagged("post_install", "-at_install")
class TestReportAlone(ReportCommon):
    def test_balances_of_accounts_with_credits_only(self):
        """An account with a credit and no bill has a row of its own."""
        self.credit(15)
        row = self.rows("kavi.balance.report", self.account)
        self.assertEqual((row.amount_due, row.balance), (0.0, -15.0))
        self.issued(40)
        self.env.invalidate_all()
        row = self.rows("kavi.balance.report", self.account)
        self.assertEqual((len(row), row.balance), (1, 25.0))
        self.assertEqual(row.browse(row.id).amount_due, 40.0)

    def test_aging_buckets(self):
        """Not due, 1–30, 31–60, 61–90, over 90 days: at the edges of each."""
        bill = self.issued(100, bill_date="2026-01-05", due_date="2026-02-01")
        expected = {
            "2026-01-20": ("not_due", 0),
            "2026-02-01": ("not_due", 0),  # due today is not overdue (KB-22)
            "2026-02-02": ("days_30", 1),
            "2026-03-03": ("days_30", 30),
            "2026-03-04": ("days_60", 31),
            "2026-04-02": ("days_60", 60),
            "2026-04-03": ("days_90", 61),
            "2026-05-02": ("days_90", 90),
            "2026-05-03": ("older", 91),
        }
        for day, (bucket, days) in expected.items():
            with self.at(day):
                self.env.invalidate_all()
                row = self.rows("kavi.aging.report", self.account)
                self.assertEqual((row.bucket, row.days), (bucket, days))
                self.assertEqual(row.bill_id, bill)
                self.assertEqual(row[f"amount_{bucket}"], 100.0)
                self.assertEqual(
                    sum(row[f"amount_{each}"] for each in BUCKETS),
                    100.0,
                )
                if bucket != "not_due":
                    self.assertEqual(row.search([("bucket", "=", bucket)]) & row, row)

    def test_aging_after_a_payment_went(self):
        """A match with a payment that is no longer posted does not settle."""
        bill = self.issued(100, bill_date="2026-01-05")
        self.pay(bill, amount=40)
        self.assertEqual(self.rows("kavi.aging.report").amount_due, 60.0)
        self.payments(bill).move_id.button_draft()
        self.env.invalidate_all()
        self.assertEqual(self.rows("kavi.aging.report").amount_due, 100.0)


@tagged("post_install", "-at_install")
class TestReportAccess(BusinessCommon):
    MODELS = (
        "kavi.balance.report",
        "kavi.payment.report",
        "kavi.aging.report",
        "kavi.activity",
        "kavi.log.report",
    )

    def test_access_by_role(self):
        """Billing users and accountants see reports; nobody writes, others see none."""
        portal = self._new_user("report_portal", "base.group_portal")
        internal = self._new_user("report_internal", "base.group_user")
        for model in self.MODELS:
            for role in ("user", "officer", "administrator", "accountant"):
                self.assertTrue(self.report(model, role).search([], limit=1), model)
            for nobody in (portal, internal):
                with self.assertRaises(AccessError):
                    self.report(model, nobody).search([])
        activity = self.report("kavi.activity", "administrator").search([], limit=1)
        for act in (
            lambda: activity.write({"details": "nothing happened"}),
            lambda: activity.unlink(),
            lambda: activity.create({"act": "edit", "origination": "manual"}),
        ):
            with self.assertRaises(AccessError):
                act()

    def test_access_by_company(self):
        """What another company billed is in nobody's report who is not of it."""
        company = self._new_company("Elsewhere Ltd")
        user = self._new_user(
            "elsewhere",
            "kavi_billing.group_billing_user",
            company_id=company.id,
            company_ids=[fields.Command.set(company.ids)],
        )
        for model in self.MODELS:
            records = (
                self.env(
                    user=user,
                    su=False,
                    context={"allowed_company_ids": company.ids},
                )[model]
                .search([])
                .sudo()
            )
            self.assertFalse(
                records.filtered(lambda r: r.company_id == self.company), model
            )
