"""How bills are paid: methods, and the two acts that use them (KB-32, KB-49, KB-52)."""

from datetime import date

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPaymentMethod(BillingCommon):
    def test_any_number_of_manual_methods(self):
        """KB-49."""
        names = ["Cash", "Money order", "Standing order"]
        methods = self.check.create(
            [{"name": name, "company_id": self.company.id} for name in names]
        )
        self.assertEqual(set(methods.mapped("kind")), {"manual"})
        bill = self.issued()
        for method in methods:
            self.choose(bill, method)
            self.assertBill(bill, "pending", payment_method_id=method)

    def test_journal(self):
        """The method's own journal, else the company's first bank journal."""
        cash = self.env["account.journal"].create(
            {"name": "Till", "type": "cash", "company_id": self.company.id}
        )
        bill, other = self.issued(), self.issued()
        self.pay(bill)
        self.wire.journal_id = cash
        self.pay(other, self.wire)
        journals = [b.sudo()._get_payments().journal_id for b in (bill, other)]
        self.assertEqual(journals, [self.bank, cash])
        self.assertBooks(bill, other)

    def test_no_journal(self):
        """Says where to set one, and leaves the bill as it was."""
        self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")]
        ).active = False
        bill = self.issued()
        with self.refused("no bank journal", "Payment Methods"):
            self.pay(bill)
        self.assertBill(bill, "new", amount_due=100.0, payment_method_id=False)

    def test_archived_journal(self):
        self.wire.journal_id = self.bank
        self.bank.active = False
        bill = self.issued()
        with self.refused("archived", "Wire Transfer"):
            self.pay(bill, self.wire)
        self.assertBill(bill, "new", amount_due=100.0)

    def test_journal_of_another_company(self):
        other = self._new_company("Kavi Abroad")
        with self.assertRaises(UserError):
            self.wire.journal_id = self._journal("bank", other)

    def test_used_methods_are_archived(self):
        """A method that bills name is not deleted; one that none names may be."""
        bill = self.issued()
        self.choose(bill)
        with self.refused("Check", "archive"):
            self.check.unlink()
        self.wire.unlink()
        self.assertFalse(self.wire.exists())
        self.check.active = False
        self.assertBill(bill, "pending", payment_method_id=self.check)

    def test_archived_method_is_no_longer_offered(self):
        self.check.active = False
        bill = self.issued()
        for act in (self.choose, self.pay):
            with self.refused("still offered"):
                act(bill, self.check)
        self.assertBill(bill, "new", payment_method_id=False)

    def test_instructions_are_safe(self):
        """KB-51: simple HTML, no scripts."""
        self.check.instructions = "<p>Pay to <i>us</i><script>alert(1)</script></p>"
        self.assertIn("<i>us</i>", self.check.instructions)
        self.assertNotIn("script", self.check.instructions)


@tagged("post_install", "-at_install")
class TestCompletePayment(BillingCommon):
    def test_complete(self):
        """KB-32: one posted payment, matched with the invoice, on its day."""
        bill = self.issued(bill_date="2026-03-01")
        self.pay(bill, payment_number="4711", date="2026-03-05")
        self.assertBill(
            bill,
            "paid",
            amount_paid=100.0,
            payment_date=date(2026, 3, 5),
            payment_number="4711",
            payment_method_id=self.check,
        )
        payment = bill.sudo()._get_payments()
        self.assertEqual(len(payment), 1)
        self.assertEqual(payment.amount, 100.0)
        self.assertEqual(payment.partner_id, self.account)
        self.assertEqual(payment.date, date(2026, 3, 5))
        self.assertEqual(payment.memo, f"{bill.name} 4711")
        self.assertEqual(payment.move_id.state, "posted")
        self.assertEqual(payment.reconciled_invoice_ids, bill.sudo().invoice_id)

    def test_from_the_screen(self):
        """KB-32: the promised method is filled in, the number only where it is
        collected."""
        bill = self.issued()
        self.choose(bill, self.check)
        context = {"active_model": "kavi.bill", "active_ids": bill.ids}
        wizard = bill.env["kavi.bill.payment.wizard"].with_context(**context)
        with Form(wizard) as form:
            self.assertEqual(form.method_id, self.check)
            form.payment_number = "12"
        form.record.action_complete_payment()
        self.assertBill(bill, "paid", payment_number="12")
        other = self.issued()
        self.pay(other, self.wire, payment_number="not asked for")
        self.assertBill(other, "paid", payment_number=False)

    def test_number_where_none_is_collected(self):
        bill = self.issued()
        with self.refused("does not collect a payment number"):
            bill._complete_payment(self.wire, number="12")
        self.assertBill(bill, "new")

    def test_many_at_once(self):
        """A pile of checks: one payment a bill, each with its own amount."""
        bills = self.issued(10) | self.issued(20, partner_id=self.person.id)
        self.pay(bills)
        for bill in bills:
            payment = bill.sudo()._get_payments()
            self.assertBill(bill, "paid", amount_paid=bill.amount_total)
            self.assertEqual(payment.amount, bill.amount_total)
            self.assertEqual(payment.partner_id, bill.partner_id)

    def test_many_or_none(self):
        """One that is paid already: the others are not paid either."""
        paid, other = self.issued(), self.issued()
        self.pay(paid)
        with self.refused("Complete a payment", "Paid"):
            (other | paid)._complete_payment(self.check)
        self.assertBill(other, "new", amount_due=100.0)

    def test_default_date_is_the_company_s(self):
        self.company.partner_id.tz = "Pacific/Kiritimati"
        with self.at("2026-03-01 12:00"):
            bill = self.issued()
            self.pay(bill)
        self.assertBill(bill, "paid", payment_date=date(2026, 3, 2))

    def test_method_may_change_until_paid(self):
        """KB-46: any number of times, and back."""
        bill = self.issued()
        for method in (self.check, self.wire, self.check):
            self.choose(bill, method)
            self.assertBill(bill, "pending", payment_method_id=method)
        self.pay(bill, self.wire)
        self.assertBill(bill, "paid", payment_method_id=self.wire)
        with self.refused("Choose a payment method", "Paid"):
            self.choose(bill, self.check)

    def test_choosing_a_method_books_nothing(self):
        """DESIGN 4: a promise is no entry."""
        bill = self.issued()
        count = self.env["account.move"].search_count([])
        self.choose(bill)
        self.assertEqual(self.env["account.move"].search_count([]), count)
        self.assertBill(bill, "pending", amount_due=100.0, amount_paid=0.0)

    def test_invoice_that_is_not_posted(self):
        """Nothing is owed in the books, so nothing is received."""
        bill = self.issued()
        self.invoice(bill).button_draft()
        with self.refused("not posted", "accountant"):
            self.pay(bill)
        self.assertBill(bill, "new", is_booked=False, payment_method_id=False)

    def test_after_a_payment_was_reset(self):
        """Odoo keeps the dead match; the bill can be paid and canceled all the same."""
        for act, state in ((self.pay, "paid"), (self.cancel, "canceled")):
            bill = self.issued()
            payment = self.register_payment(self.invoice(bill))
            payment.action_draft()
            self.assertBill(bill, "new", amount_due=100.0)
            act(bill)
            self.assertBill(bill, state, amount_due=0.0)
            # whatever becomes of the old payment is not the bill's any more
            payment.action_post()
            self.assertBill(bill, state, amount_due=0.0)

    def test_foreign_currency(self):
        """The payment is in the bill's currency, at its own day's rate."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in (("2026-01-01", 0.5), ("2026-02-01", 0.8)):
            self.env["res.currency.rate"].create(
                {"name": day, "rate": rate, "currency_id": euro.id}
                | {"company_id": self.company.id}
            )
        bill = self.issued(currency_id=euro.id, bill_date="2026-01-15")
        self.assertBill(bill, "new", amount_due_company=200.0)
        self.pay(bill, date="2026-02-15")
        self.assertBill(bill, "paid", amount_paid=100.0, amount_due_company=0.0)
        payment = bill.sudo()._get_payments()
        self.assertEqual(payment.currency_id, euro)
        self.assertEqual(payment.amount, 100.0)
