"""Only money is money: what was written off or discounted is credited, not paid."""

from odoo.fields import Command
from odoo.tests import tagged

from .mirror_common import MirrorCommon


@tagged("post_install", "-at_install")
class TestMoney(MirrorCommon):
    """Only money is money."""

    def entry(self, bill, *others):
        """The accountant settles a bill with an entry: what it books besides."""
        invoice = bill.sudo().invoice_id
        item = invoice.line_ids.filtered("date_maturity")
        lines = [
            {"account_id": account.id, "balance": balance}
            for account, balance in others
        ]
        lines.append(
            {
                "account_id": item.account_id.id,
                "partner_id": self.account.id,
                "balance": -sum(balance for _account, balance in others),
            }
        )
        entry = self.env["account.move"].create(
            {
                "journal_id": self._journal("general").id,
                "date": self.company._billing_today(),
                "line_ids": [Command.create(line) for line in lines],
            }
        )
        entry.action_post()
        (item | entry.line_ids.filtered("partner_id")).filtered(
            lambda line: line.account_id == item.account_id
        ).reconcile()
        return entry

    def expense(self, name="Bad debt"):
        return self.env["account.account"].create(
            {
                "name": name,
                "code": f"65{abs(hash(name)) % 9000 + 1000}",
                "account_type": "expense",
                "company_ids": [Command.set(self.company.ids)],
            }
        )

    def test_bank_and_bad_debt_in_one_entry(self):
        """Bank 60, bad debt 40: paid 60, credited 40, as with a payment and its
        write-off; 60 can be refunded."""
        bill = self.issued()
        bad = self.expense()
        self.entry(bill, (self.bank.default_account_id, 60.0), (bad, 40.0))
        self.assertBill(bill, "paid", amount_paid=60.0, amount_credited=40.0)
        self.assertEqual(bill.amount_refundable, 60.0)
        with self.refused("60"):
            self.give_back(bill, 100.0, method_id=self.check.id)
        self.give_back(bill, method_id=self.check.id)
        self.assertBill(bill, "refunded", refund_amount=60.0)
        self.assertResult(bill, 0.0)

    def test_a_statement_line_with_a_write_off(self):
        bill = self.issued()
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "payment_ref": bill.name,
                "date": self.company._billing_today(),
                "amount": 60.0,
                "partner_id": self.account.id,
            }
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        item = bill.sudo().invoice_id.line_ids.filtered("date_maturity")
        line.move_id.with_context(force_delete=True, skip_readonly_check=True).write(
            {
                "line_ids": [
                    Command.delete(suspense.id),
                    Command.create(
                        {
                            "account_id": item.account_id.id,
                            "partner_id": self.account.id,
                            "balance": -100.0,
                        }
                    ),
                    Command.create({"account_id": self.expense().id, "balance": 40.0}),
                ]
            }
        )
        settled = line.move_id.line_ids.filtered(
            lambda other: other.account_id == item.account_id
        )
        (item | settled).reconcile()
        self.assertBill(bill, "paid", amount_paid=60.0, amount_credited=40.0)

    def test_a_bank_fee(self):
        """The bank has kept 2 of the payer's 100: 100 were paid, where the company says
        that the account is for bank fees."""
        fees = self.expense("Bank fees")
        bill = self.issued()
        self.entry(bill, (self.bank.default_account_id, 98.0), (fees, 2.0))
        self.assertBill(bill, "paid", amount_paid=98.0, amount_credited=2.0)
        self.company.billing_fee_account_ids = fees
        second = self.issued()
        self.entry(second, (self.bank.default_account_id, 98.0), (fees, 2.0))
        self.assertBill(second, "paid", amount_paid=100.0, amount_credited=0.0)
        self.give_back(second, method_id=self.check.id)
        self.assertBill(second, "refunded", refund_amount=100.0)

    def test_while_a_memo_stands(self):
        """Bill 115 paid, memo of 30 on it: at most 85 can be refunded, for the 30 go
        back by the memo."""
        bill = self.taxed(self.tax())
        self.pay(bill)
        memo = self.memo(bill)
        self.assertEqual(bill.amount_refundable, 85.0)
        with self.refused("85"):
            self.give_back(bill, 115.0)
        with self.cr.savepoint() as point:
            self.cancel(bill)
            self.assertBill(bill, "canceled", refund_amount=85.0)
            self.assertResult(bill, 0.0, 0.0)
            point.rollback()
        self.env.invalidate_all()
        self.give_back(bill)
        memo._refund_in_money(self.check)
        paid_out = sum(self.payments(bill, "outbound").mapped("amount"))
        self.assertEqual(paid_out + memo.amount_refunded, 115.0)
        self.assertResult(bill, 0.0, 0.0)

    def test_early_discount_then_all_given_back(self):
        """However the discount is taxed, nothing is left of income and taxes."""
        for computation in ("included", "excluded", "mixed"):
            with self.subTest(computation), self.cr.savepoint() as point:
                term = self.env["account.payment.term"].create(
                    {
                        "name": computation,
                        "company_id": self.company.id,
                        "early_discount": True,
                        "discount_percentage": 2,
                        "discount_days": 10,
                        "early_pay_discount_computation": computation,
                    }
                )
                bill = self.taxed(self.tax(), 59.99, 40.01, payment_term_id=term.id)
                early = bill.amount_discounted
                self.assertGreater(early, 0)
                self.pay(bill)
                self.assertBill(bill, "paid", amount_paid=early)
                self.give_back(bill, 12.34)
                self.give_back(bill)
                self.assertBill(bill, "refunded", refund_amount=early)
                self.assertResult(bill, 0.0, 0.0)
                self.assertGrids(bill)
                point.rollback()

    def test_a_discount_that_bounced(self):
        """The payment that took the discount is taken back as it was booked, grids
        included, though the tax has another rate since."""
        for shape in ((100,), (100, -100), (60, 40)):
            for rate in (15.0, 10.0):
                with self.subTest(shape=shape, rate=rate):
                    tax = self.tax(15.0, shape, name=f"Tax {shape} {rate}")
                    term = self.env["account.payment.term"].create(
                        {
                            "name": "3 percent in 10 days",
                            "early_discount": True,
                            "discount_percentage": 3,
                            "discount_days": 10,
                            "early_pay_discount_computation": "included",
                        }
                    )
                    bill = self.taxed(tax, payment_term_id=term.id)
                    self.pay(bill)
                    self.assertGreater(bill.amount_credited, 0)
                    tax.amount = rate
                    self.bounce(bill)
                    due = bill.amount_total
                    self.assertBill(bill, "pending", amount_due=due, amount_paid=0.0)
                    self.assertResult(bill, 100.0, due - 100.0)
                    self.cancel(bill)
                    self.assertUndone(bill)

    def test_a_part_after_an_early_discount(self):
        """The share is of what was paid: half of the money is half of it all."""
        term = self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "company_id": self.company.id,
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "included",
            }
        )
        bill = self.taxed(self.tax(), payment_term_id=term.id)
        self.pay(bill)
        self.assertBill(bill, "paid", amount_paid=112.70)
        self.give_back(bill, 56.35)
        self.assertResult(bill, 49.0, 7.35)

    def test_income_beside_the_debt(self):
        """The payer sent 110 for 100, and the accountant booked 10 as other income: the
        bill has nothing to do with it, and its refund takes back its own income."""
        gain = self.env["account.account"].create(
            {
                "name": "Donations",
                "code": "759001",
                "account_type": "income_other",
                "company_ids": [Command.set(self.company.ids)],
            }
        )
        bill = self.taxed(self.tax())
        self.entry(bill, (self.bank.default_account_id, 125.0), (gain, -10.0))
        self.assertBill(bill, "paid", amount_paid=115.0, amount_credited=0.0)
        self.give_back(bill, 15.0, method_id=self.check.id)
        self.give_back(bill, method_id=self.check.id)
        self.assertBill(bill, "refunded", refund_amount=115.0)
        self.assertResult(bill, 10.0, 0.0)
        self.assertSettled(bill)
        self.assertFalse(self.notes(bill).line_ids.account_id & gain)
