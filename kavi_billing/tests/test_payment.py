"""Money that comes in (KB-32): in full, in parts, too much, or nearly enough."""

from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPayment(BillingCommon):
    def receivable(self, move):
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def euro(self, *rates):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": euro.id}
                | {"company_id": self.company.id}
                for day, rate in rates
            ]
        )
        return euro

    # === IN FULL === #

    def test_new_and_pending(self):
        """KB-32: both are completed; the payment says which bill it is for."""
        new, pending = self.issued(100), self.issued(50)
        self.choose(pending, self.wire)
        self.pay(new, payment_number="4711", date="2026-03-05")
        self.pay(pending, self.wire)
        self.assertBill(
            new,
            "paid",
            amount_paid=100.0,
            payment_date=date(2026, 3, 5),
            payment_number="4711",
            payment_method_id=self.check,
        )
        self.assertBill(
            pending, "paid", payment_method_id=self.wire, payment_number=False
        )
        payment = self.payments(new)
        self.assertEqual(payment.memo, f"{new.name} 4711")
        self.assertEqual(payment.partner_id, self.account)
        self.assertEqual(self.payments(pending).memo, pending.name)
        # above it, that nobody has an address to be told of it
        history = str(self.messages(new)[1:2].body)
        self.assertIn("4711", history)
        self.assertIn("Check", history)

    def test_number_of_a_method_without_one(self):
        bill = self.issued(100)
        with self.refused("Wire Transfer", "payment number"):
            bill._complete_payment(self.wire, number="4711")
        self.assertBill(bill, "new", amount_due=100.0)
        # a number typed before the method was changed is no error
        self.pay(bill, self.wire, payment_number="4711")
        self.assertBill(bill, "paid", payment_number=False)

    def test_books_of_a_payment(self):
        """Bank against receivable, and nothing is left."""
        bill = self.issued(100)
        self.pay(bill)
        payment = self.payments(bill)
        bank = payment.move_id.line_ids - self.receivable(payment.move_id)
        self.assertEqual(bank.balance, 100.0)
        self.assertEqual(bank.account_id, payment.outstanding_account_id)
        invoice = bill.sudo().invoice_id
        self.assertTrue(self.receivable(invoice).full_reconcile_id)
        self.assertEqual(payment.invoice_ids, invoice)
        self.assertTrue(payment.is_reconciled)

    def test_journal_of_the_method(self):
        till = self.env["account.journal"].create(
            {
                "name": "Till",
                "type": "cash",
                "code": "TILL",
                "company_id": self.company.id,
            }
        )
        self.check.journal_id = till
        bill = self.issued(10)
        self.pay(bill)
        self.assertEqual(self.payments(bill).journal_id, till)

    def test_journal_without_outstanding_account(self):
        """Where Odoo would wait for the bank statement, the bill is paid all the
        same: somebody said that the money is there."""
        self.bank.inbound_payment_method_line_ids.payment_account_id = False
        bill = self.issued(10)
        self.pay(bill)
        self.assertEqual(self.payments(bill).move_id.state, "posted")
        self.assertBill(bill, "paid", amount_paid=10.0)

    def test_many_at_once(self):
        """Those of one account have one payment: so they have on the bank's
        statement."""
        bills = (
            self.issued(10) | self.issued(20) | self.issued(30, bill_date="2026-03-01")
        )
        self.choose(bills[0])
        self.pay(bills)
        for bill, amount in zip(bills, (10.0, 20.0, 30.0), strict=True):
            self.assertBill(bill, "paid", amount_paid=amount)
            self.assertEqual(self.payments(bill).amount, 60.0)
        with self.refused("for one bill"):
            (self.issued(1) | self.issued(2))._complete_payment(self.check, amount=1)

    def test_many_with_one_that_is_paid(self):
        """Then none is paid."""
        paid, first, last = self.issued(10), self.issued(20), self.issued(30)
        self.pay(paid)
        with self.refused(paid.display_name):
            (first | paid | last)._complete_payment(self.check)
        for bill in first | last:
            self.assertBill(bill, "new", amount_paid=0.0)

    def test_zero_total(self):
        """Paid at once, so nothing can be completed."""
        free = [Command.create({"name": "Free", "price_unit": 0})]
        bill = self.issued(line_ids=free)
        with self.refused("Complete a payment"):
            bill._complete_payment(self.check)

    # === IN PARTS === #

    def test_parts(self):
        bill = self.issued(100)
        self.pay(bill, amount=40, date="2026-03-05")
        self.assertBill(
            bill,
            "new",
            is_partly_paid=True,
            amount_paid=40.0,
            amount_due=60.0,
            amount_retained=40.0,
            payment_date=False,
            payment_method_id=False,
        )
        self.assertIn("Partly Paid", bill.flag_label)
        self.choose(bill, self.wire)
        self.pay(bill, self.wire, amount=59.99)
        self.assertBill(bill, "pending", is_partly_paid=True, amount_due=0.01)
        self.pay(bill, date="2026-03-04")
        self.assertBill(
            bill, "paid", is_partly_paid=False, amount_paid=100.0, amount_due=0.0
        )
        self.assertEqual(self.payments(bill).mapped("amount"), [40.0, 59.99, 0.01])

    def test_parts_forbidden(self):
        """By the setting; the sentence says who can allow them."""
        self.company.billing_allow_part_payment = False
        bill = self.issued(100)
        for amount in (99.99, 0.01):
            with self.refused("in full", "administrator", "100.00"):
                self.pay(bill, amount=amount)
        self.assertBill(bill, "new", amount_paid=0.0)
        self.pay(bill, amount=100)
        self.assertBill(bill, "paid")

    def test_parts_that_the_term_allows(self):
        """Instalments are parts: paid oldest first, whatever the setting says."""
        self.company.billing_allow_part_payment = False
        thirds = [
            Command.create({"value_amount": share, "nb_days": days})
            for share, days in ((30, 0), (30, 30), (40, 60))
        ]
        term = self.env["account.payment.term"].create(
            {"name": "Three parts", "line_ids": thirds}
        )
        bill = self.issued(100, payment_term_id=term.id, bill_date="2026-03-01")
        self.pay(bill, amount=30)
        self.assertBill(bill, "new", next_due_date=date(2026, 3, 31), amount_due=70.0)
        self.pay(bill, amount=45)
        self.assertBill(bill, "new", next_due_date=date(2026, 4, 30), amount_due=25.0)
        self.pay(bill)
        self.assertBill(bill, "paid", next_due_date=False)

    # === TOO MUCH === #

    def test_overpayment(self):
        """What is too much stays open on the payment, as the account's credit."""
        bill = self.issued(100)
        self.pay(bill, amount=130)
        self.assertBill(
            bill, "paid", amount_paid=100.0, amount_due=0.0, amount_retained=100.0
        )
        line = self.receivable(self.payments(bill).move_id)
        self.assertEqual(line.amount_residual, -30.0)
        credit = self.env["kavi.credit"].search([("partner_id", "=", self.account.id)])
        self.assertEqual((credit.state, credit.amount_open), ("open", 30.0))
        self.assertEqual(credit.kind, "overpayment")

    def test_overpayment_of_several_instalments(self):
        halves = {"value_amount": 50, "nb_days": 0}, {"value_amount": 50, "nb_days": 30}
        term = self.env["account.payment.term"].create(
            {"name": "Halves", "line_ids": [Command.create(half) for half in halves]}
        )
        bill = self.issued(100, payment_term_id=term.id)
        self.pay(bill, amount=120)
        self.assertBill(bill, "paid", amount_paid=100.0)
        line = self.receivable(self.payments(bill).move_id)
        self.assertEqual(line.amount_residual, -20.0)

    # === NEARLY ENOUGH === #

    def test_write_off(self):
        account = self.allow_write_off(5)
        bill = self.issued(100)
        self.pay(bill, amount=96, write_off=True)
        self.assertBill(
            bill, "paid", amount_due=0.0, amount_paid=96.0, amount_credited=4.0
        )
        payment = self.payments(bill)
        self.assertEqual(payment.amount, 96.0)
        lost = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == account
        )
        self.assertEqual((lost.balance, lost.partner_id), (4.0, self.account))
        self.assertIn(bill.name, lost.name)
        self.assertTrue(self.receivable(bill.sudo().invoice_id).full_reconcile_id)
        self.assertEqual(sum(payment.move_id.line_ids.mapped("balance")), 0.0)

    def test_write_off_of_the_rest_after_a_part(self):
        self.allow_write_off(5)
        bill = self.issued(100)
        self.pay(bill, amount=50)
        self.pay(bill, amount=45, write_off=True)
        self.assertBill(
            bill, "paid", amount_due=0.0, amount_paid=95.0, amount_credited=5.0
        )

    def test_write_off_over_instalments(self):
        """The money is split over the instalments, and not a cent more."""
        self.allow_write_off(5)
        for shares in ((50, 50), (30, 30, 40)):
            term = self.env["account.payment.term"].create(
                {
                    "name": "Parts",
                    "line_ids": [
                        Command.create({"value_amount": share, "nb_days": 30 * number})
                        for number, share in enumerate(shares)
                    ],
                }
            )
            bill = self.issued(100, payment_term_id=term.id)
            self.pay(bill, amount=99.97, write_off=True)
            self.assertBill(
                bill,
                "paid",
                amount_paid=99.97,
                amount_credited=0.03,
                amount_retained=99.97,
            )
            self.give_back(bill)
            self.assertEqual(self.payments(bill, "outbound").amount, 99.97)

    def test_write_off_beyond_the_limit(self):
        self.allow_write_off(5)
        bill = self.issued(100)
        with self.refused("5.01", "5.00", "written off"):
            bill._complete_payment(self.check, amount=94.99, write_off=True)
        self.assertBill(bill, "new", amount_paid=0.0)

    def test_write_off_without_an_account(self):
        self.allow_write_off(5)
        self.company.billing_write_off_account_id = False
        bill = self.issued(100)
        with self.refused("no write-off account", "Settings"):
            bill._complete_payment(self.check, amount=99, write_off=True)
        self.assertBill(bill, "new", amount_paid=0.0)

    def test_write_off_where_parts_are_forbidden(self):
        self.company.billing_allow_part_payment = False
        self.allow_write_off(5)
        bill = self.issued(100)
        bill._complete_payment(self.check, amount=99, write_off=True)
        self.assertBill(bill, "paid")

    def test_write_off_of_nothing(self):
        """A payment in full has no rest; nor has one of more."""
        self.allow_write_off(5)
        for amount in (100, 110):
            bill = self.issued(100)
            bill._complete_payment(self.check, amount=amount, write_off=True)
            self.assertBill(bill, "paid", amount_paid=100.0, amount_credited=0.0)

    def test_write_off_in_a_foreign_currency(self):
        """The limit is the company's money; the rest is booked at the day's rate."""
        euro = self.euro(("2026-01-01", 0.5), ("2026-02-01", 0.8))
        account = self.allow_write_off(5)
        bill = self.issued(100, currency_id=euro.id, bill_date="2026-01-15")
        with self.refused("written off"):  # 4.01 euro are more than 5 dollars
            bill._complete_payment(
                self.check, amount=95.99, write_off=True, date=date(2026, 2, 10)
            )
        bill._complete_payment(
            self.check, amount=96, write_off=True, date=date(2026, 2, 10)
        )
        self.assertBill(
            bill, "paid", amount_paid=96.0, amount_due=0.0, amount_due_company=0.0
        )
        lost = self.payments(bill).move_id.line_ids.filtered(
            lambda line: line.account_id == account
        )
        self.assertEqual((lost.amount_currency, lost.balance), (4.0, 5.0))

    # === FOREIGN CURRENCY === #

    def test_moving_rate(self):
        """Paid in parts at other rates than it was issued at: the exchange difference
        is booked, and nothing is left in either currency."""
        euro = self.euro(("2026-01-01", 0.5), ("2026-02-01", 0.8), ("2026-03-01", 1.07))
        bill = self.issued(99.99, currency_id=euro.id, bill_date="2026-01-15")
        self.assertBill(bill, "new", amount_due=99.99, amount_due_company=199.98)
        self.pay(bill, amount=33.33, date="2026-02-10")
        self.assertBill(bill, "new", amount_due=66.66, amount_due_company=133.32)
        self.pay(bill, amount=33.33, date="2026-03-10")
        self.assertBill(bill, "new", amount_due=33.33)
        self.pay(bill, date="2026-01-20")
        self.assertBill(bill, "paid", amount_due=0.0, amount_due_company=0.0)
        for move in self.payments(bill).move_id + bill.sudo().invoice_id:
            for line in self.receivable(move):
                self.assertEqual(line.amount_residual, 0.0)
                self.assertEqual(line.amount_residual_currency, 0.0)

    def test_without_decimals(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        bill = self.issued(1000, currency_id=yen.id)
        with self.refused("decimals", "JPY"):
            bill._complete_payment(self.check, amount=0.5)
        self.pay(bill, amount=999)
        self.assertBill(bill, "new", amount_due=1.0)
        self.pay(bill)
        self.assertBill(bill, "paid")

    # === WHO IS TOLD === #

    def test_notice_and_note(self):
        """The payer is told if asked for; the note is for billing people (KB-41)."""
        self.person.email = "jane@doe.example"
        bill = self.issued(100, partner_id=self.person.id)
        self.pay(bill, notify=True, reason="Thanks", note="by courier")
        # the receipt; below it is the mail of the new bill
        mail = self.messages(bill).filtered(lambda m: m.partner_ids)[:1]
        self.assertEqual(mail.partner_ids, self.person)
        self.assertIn("100.00", str(mail.body))
        self.assertNotIn("courier", str(mail.body))
        note = self.messages(bill).filtered(lambda m: "courier" in str(m.body))
        self.assertTrue(note.subtype_id.internal or note.is_internal)
        self.assertFalse(note.partner_ids)

    def test_notice_without_an_address(self):
        bill = self.issued(100)
        self.pay(bill, notify=True)
        self.assertBill(bill, "paid")
        bodies = " ".join(str(m.body) for m in self.messages(bill))
        self.assertIn("no e-mail address", bodies)

    def test_window_that_was_open_too_long(self):
        """Somebody else paid a part meanwhile: look again."""
        bill = self.issued(100)
        wizard = self.wizard(bill, "payment", {"method_id": self.check.id})
        bill._complete_payment(self.check, amount=40)
        with self.refused("since you opened this window"):
            wizard.action_complete_payment()
        self.assertBill(bill, "new", amount_due=60.0)
