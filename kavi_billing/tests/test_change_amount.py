"""What an issued bill still changes: amount, due date, texts, dispute."""

from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

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


@tagged("post_install", "-at_install")
class TestPostpone(BillingCommon):
    def test_postpone(self):
        """KB-85: bill, invoice and journal item; the history has both dates."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.assertTrue(bill.is_overdue)
        self.postpone(bill, "2036-05-06", reason="asked for")
        self.assertBill(
            bill, "new", due_date=date(2036, 5, 6), next_due_date=date(2036, 5, 6)
        )
        self.assertFalse(bill.is_overdue)
        invoice = bill.sudo().invoice_id
        self.assertEqual(invoice.invoice_date_due, date(2036, 5, 6))
        maturity = invoice.line_ids.filtered("date_maturity").date_maturity
        self.assertEqual(maturity, date(2036, 5, 6))
        self.assertEqual(bill.bill_date, date(2026, 3, 1))
        history = " ".join(str(m.body) for m in self.messages(bill))
        for word in ("03/31/2026", "05/06/2036", "asked for"):
            self.assertIn(word, history)
        # and back, on the day of issue at the earliest
        self.postpone(bill, "2026-03-01")
        self.assertTrue(bill.is_overdue)
        with self.refused("before it was issued", bill.name):
            self.postpone(bill, "2026-02-28")

    def test_many(self):
        bills = self.issued(1) | self.issued(2) | self.issued(3)
        self.choose(bills[1])
        self.pay(bills[2], amount=1)
        self.postpone(bills, "2036-05-06")
        for bill in bills:
            self.assertBill(bill, bill.state, due_date=date(2036, 5, 6))

    def test_kept_by_what_follows(self):
        """Part payments, their reversal and the nightly jobs leave the date alone."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.postpone(bill, "2036-05-06")
        for step in (
            lambda bill: self.pay(bill, amount=40),
            self.bounce,
            self.choose,
            self.dispute,
        ):
            step(bill)
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(bill.due_date, date(2036, 5, 6))
            self.assertEqual(bill.next_due_date, date(2036, 5, 6))
            self.assertFalse(bill.is_overdue)

    def test_paid_refuses(self):
        bill, paid = self.issued(1), self.issued(2)
        self.pay(paid)
        due = bill.due_date
        with self.refused("Postpone", paid.display_name):
            (bill | paid)._postpone(date(2036, 5, 6))
        self.assertBill(bill, "new", due_date=due)
        canceled = self.issued(3)
        self.cancel(canceled)
        with self.refused("Postpone", "canceled"):
            canceled._postpone(date(2036, 5, 6))
        # the form offers no more than the table
        for settled in (paid, canceled):
            with self.assertRaisesRegex(AssertionError, "readonly"):
                Form(settled).due_date = date(2036, 5, 6)
        with Form(bill) as form:
            form.due_date = date(2036, 5, 6)
        self.assertBill(bill, "new", due_date=date(2036, 5, 6))

    def test_instalments(self):
        halves = {"value_amount": 50, "nb_days": 0}, {"value_amount": 50, "nb_days": 30}
        term = self.env["account.payment.term"].create(
            {"name": "Halves", "line_ids": [Command.create(half) for half in halves]}
        )
        bill = self.issued(100, payment_term_id=term.id)
        with self.refused("instalments", "Postpone"):
            bill.due_date = "2036-05-06"
        first, last = bill.instalment_ids
        self.postpone(bill, "2036-05-06", instalment_id=last.id)
        self.assertBill(bill, "new", due_date=date(2036, 5, 6))
        self.assertEqual(bill.next_due_date, first.due_date)

    def test_without_a_date(self):
        bill = self.issued(100)
        with self.refused(bill.name):
            bill._postpone(None)

    def test_after_the_amount_was_changed(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.postpone(bill, "2036-05-06")
        self.change_price(bill, 60)
        self.assertBill(bill, "new", due_date=date(2036, 5, 6), amount_due=60.0)
        self.postpone(bill, "2036-07-08")
        self.assertBill(bill, "new", next_due_date=date(2036, 7, 8))


@tagged("post_install", "-at_install")
class TestDisputeAndEdit(BillingCommon):
    def test_dispute(self):
        """KB-23, KB-40: a mark beside the state, with an optional notice."""
        self.person.email = "jane@doe.example"
        bill = self.issued(100, partner_id=self.person.id)
        self.dispute(bill, notify=True)
        self.assertBill(bill, "new", is_disputed=True, amount_due=100.0)
        self.assertIn("In Dispute", bill.flag_label)
        # below it is the mail of the new bill
        mail = self.messages(bill).filtered("partner_ids")[:1]
        self.assertIn("in dispute", str(mail.body))
        self.assertIn("never ordered", str(mail.body))
        with self.refused("In Dispute"):
            self.dispute(bill)
        self.resolve(bill, "half price")
        self.assertBill(bill, "new", is_disputed=False)
        history = " ".join(str(m.body) for m in self.messages(bill))
        self.assertIn("half price", history)
        with self.refused("not marked", "In Dispute"):
            self.resolve(bill)

    def test_disputed_bill_can_be_settled(self):
        for act in (self.pay, self.cancel, lambda bill: self.change_price(bill, 1)):
            bill = self.issued(100)
            self.dispute(bill)
            act(bill)
            self.assertBooks(bill)

    def test_paid_is_not_disputed(self):
        bill = self.issued(100)
        self.pay(bill)
        with self.refused("Open a dispute", "Paid"):
            bill._dispute()

    def test_many(self):
        bills = self.issued(1) | self.issued(2)
        self.dispute(bills)
        self.assertEqual(bills.mapped("is_disputed"), [True, True])
        paid = self.issued(3)
        self.pay(paid)
        with self.refused(paid.display_name):
            (self.issued(4) | paid)._dispute()

    def test_edit(self):
        """KB-31: texts and numbers of any bill that is not canceled."""
        texts = {
            "title": "New title",
            "description": "<p>More</p>",
            "purchase_order": "PO-7",
            "invoice_number": "I-7",
        }
        bill = self.issued(100)
        for step in (lambda bill: None, self.choose, self.pay, self.give_back):
            step(bill)
            bill.write(texts)
            self.assertBooks(bill)
            for name, value in texts.items():
                self.assertEqual(str(bill[name]), value)
        self.cancel(bill)
        for name, value in texts.items():
            with self.refused("canceled", "final"):
                bill.write({name: value})

    def test_issue_date_never_changes(self):
        """On any path, by any act."""
        bill = self.issued(100, bill_date="2026-03-01")
        steps = (
            lambda bill: self.postpone(bill, "2036-01-01"),
            lambda bill: self.change_price(bill, 50),
            lambda bill: self.pay(bill, amount=20),
            self.bounce,
            self.pay,
            lambda bill: self.give_back(bill, 10),
            self.cancel,
        )
        for step in steps:
            step(bill)
            self.assertEqual(bill.bill_date, date(2026, 3, 1))
            with self.assertRaises(UserError):
                bill.bill_date = "2026-03-02"
