"""The amount of an issued bill is changed."""

from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestChangeAmount(BillingCommon):
    def tax(self, amount):
        return self.env["account.tax"].create(
            {
                "name": f"{amount} %",
                "amount": amount,
                "company_id": self.company.id,
                "country_id": self.company.account_fiscal_country_id.id,
            }
        )

    def moves(self, bill):
        moves = bill.sudo().move_ids.sorted("id")
        return [
            (move.move_type, move.amount_total, move.state, move.amount_residual)
            for move in moves
        ]

    def test_new_and_pending(self):
        """KB-31: credit note and new invoice under the same Bill ID."""
        for method in (None, self.check):
            bill = self.issued(100, bill_date="2026-03-01")
            if method:
                self.choose(bill, method)
            name, due, state = bill.name, bill.due_date, bill.state
            self.change_price(bill, 60, reason="early bird")
            self.assertBill(
                bill,
                state,
                name=name,
                bill_date=date(2026, 3, 1),
                due_date=due,
                amount_total=60.0,
                amount_due=60.0,
                amount_credited=0.0,
                is_partly_paid=False,
                payment_method_id=method or False,
            )
            self.assertEqual(
                self.moves(bill),
                [
                    ("out_invoice", 100.0, "posted", 0.0),
                    ("out_refund", 100.0, "posted", 0.0),
                    ("out_invoice", 60.0, "posted", 60.0),
                ],
            )
            self.assertEqual(bill.sudo().invoice_id.amount_total, 60.0)
            self.assertEqual(bill.sudo().invoice_id.payment_reference, name)
            history = str(self.messages(bill)[:1].body)
            for word in ("100.00", "60.00", "early bird"):
                self.assertIn(word, history)

    def test_again_and_paid(self):
        bill = self.issued(100)
        for price in (60, 250.5, 99.99):
            self.change_price(bill, price)
            self.assertBill(bill, "new", amount_total=price, amount_due=price)
        self.assertEqual(len(bill.sudo().move_ids), 7)
        self.pay(bill)
        self.assertBill(bill, "paid", amount_paid=99.99)
        with self.refused("Change the amount", "Paid"):
            self.change_price(bill, 1)

    def test_to_nothing(self):
        """A bill of zero is paid."""
        bill = self.issued(100)
        self.change_price(bill, 0)
        self.assertBill(bill, "paid", amount_total=0.0, amount_due=0.0)

    def test_from_nothing(self):
        free = [Command.create({"name": "Free", "price_unit": 0})]
        bill = self.issued(line_ids=free)
        with self.refused("Change the amount"):
            self.change_price(bill, 10)

    def test_below_zero(self):
        bill = self.issued(100)
        for price in (-0.01, float("nan"), float("inf"), 1e300):
            with self.subTest(price=price):
                with self.assertRaises(UserError):
                    line = bill.line_ids.id
                    bill._change_lines([Command.update(line, {"price_unit": price})])
                self.env.invalidate_all()
                self.assertBill(bill, "new", amount_total=100.0, amount_due=100.0)
                self.assertEqual(len(bill.sudo().move_ids), 1)

    def test_taxes(self):
        """Both taxes are in the books: what was declared is taken back."""
        low, high = self.tax(7.7), self.tax(19)
        line = {"name": "Fee", "price_unit": 99.99, "tax_ids": [Command.set(low.ids)]}
        bill = self.issued(line_ids=[Command.create(line)])
        self.assertBill(bill, "new", amount_total=107.69, amount_tax=7.7)
        line.update(price_unit=50, tax_ids=[Command.set(high.ids)])
        bill._change_lines([Command.clear(), Command.create(line)])
        self.assertBill(bill, "new", amount_total=59.5, amount_tax=9.5)
        taxes = bill.sudo().move_ids.line_ids.filtered("tax_line_id")
        self.assertEqual(
            sum(taxes.filtered(lambda t: t.tax_line_id == low).mapped("balance")), 0.0
        )
        self.assertEqual(
            sum(taxes.filtered(lambda t: t.tax_line_id == high).mapped("balance")), -9.5
        )

    def test_lines_added_and_removed(self):
        bill = self.issued(100)
        wizard = self.wizard(bill, "amount", {})
        wizard.line_ids = [Command.create({"name": "Dinner", "price_unit": 33})]
        self.assertEqual((wizard.old_total, wizard.amount_total), (100.0, 133.0))
        wizard.action_change_amount()
        self.assertBill(bill, "new", amount_total=133.0)
        self.assertEqual(bill.line_ids.mapped("name"), ["Membership", "Dinner"])
        wizard = self.wizard(bill, "amount", {})
        wizard.line_ids[0].unlink()
        wizard.action_change_amount()
        self.assertBill(bill, "new", amount_total=33.0)
        wizard = self.wizard(bill, "amount", {})
        wizard.line_ids.unlink()
        with self.refused("one line at least", "cancel"):
            wizard.action_change_amount()

    def test_partly_paid(self):
        """Refused: the money belongs to the invoice that is in the books."""
        bill = self.issued(100)
        self.pay(bill, amount=40)
        with self.refused("Partly Paid"):
            self.change_price(bill, 60)
        self.bounce(bill)
        self.change_price(bill, 60)
        self.assertBill(bill, "new", amount_total=60.0)

    def test_foreign_currency(self):
        """The old invoice goes at the rate it was booked with; nothing is left."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": euro.id}
                | {"company_id": self.company.id}
                for day, rate in (("2026-01-01", 0.5), ("2026-02-01", 0.8))
            ]
        )
        bill = self.issued(100, currency_id=euro.id, bill_date="2026-01-15")
        self.change_price(bill, 40)
        self.assertBill(bill, "new", amount_due=40.0)
        old = bill.sudo().move_ids.filtered("is_kavi_replaced")
        for line in old.line_ids.filtered("account_id.reconcile"):
            self.assertTrue(line.reconciled)
        self.pay(bill)
        self.assertBill(bill, "paid", amount_due_company=0.0)

    def test_locked_period(self):
        """In a locked period: the new entries fall into the open one."""
        bill = self.issued(100, bill_date="2026-01-15")
        self.company.sale_lock_date = "2026-01-31"
        self.change_price(bill, 60)
        self.assertBill(bill, "new", amount_total=60.0, bill_date=date(2026, 1, 15))
        *__, note, invoice = bill.sudo().move_ids.sorted("id")
        for move in (note, invoice):
            self.assertGreater(move.date, date(2026, 1, 31))

    def test_today_is_locked(self):
        """Sales, taxes or everything closed until after today: a sentence that says
        what to do, and nothing half done."""
        bill = self.issued(100, bill_date="2026-01-15")
        before = self.moves(bill)
        for lock in ("sale_lock_date", "tax_lock_date", "fiscalyear_lock_date"):
            with self.subTest(lock), self.cr.savepoint() as savepoint:
                self.company[lock] = date(2037, 1, 31)
                with self.refused("01/31/2037", "closed", "accountant", bill.name):
                    bill._change_lines(
                        [Command.update(bill.line_ids.id, {"price_unit": 60})]
                    )
                self.assertEqual(self.moves(bill), before)
                self.assertBill(bill, "new", amount_total=100.0)
                savepoint.rollback()
                self.env.invalidate_all()
        self.change_price(bill, 60)
        self.assertBill(bill, "new", amount_total=60.0)

    def test_replaced_invoice_is_out_of_play(self):
        """What the accountant does to old invoice and note does not bring it back."""
        bill = self.issued(100)
        self.change_price(bill, 60)
        old = bill.sudo().move_ids.filtered("is_kavi_replaced")
        accountant = old.with_user(self.users["accountant"])
        try:
            with self.cr.savepoint():
                accountant.line_ids.remove_move_reconcile()
                self.env.flush_all()
        except UserError:
            self.env.invalidate_all()  # refused: as good
        self.assertBill(bill, "new", amount_total=60.0, amount_due=60.0)
