"""What accountants do to the invoice of a bill is seen by the bill at once.

As in test_accountant_payments: after each step bill and ledger agree.
"""

from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestInvoicesOutside(BillingCommon):
    def setUp(self):
        super().setUp()
        self.bill = self.issued(100, bill_date="2026-03-01")
        self.move = self.invoice(self.bill)

    def test_reset_and_posted_again(self):
        """While the invoice is a draft nothing is owed, and the bill says so."""
        self.move.button_draft()
        self.assertBill(
            self.bill, "new", is_posted=False, amount_due=0.0, amount_total=100.0
        )
        self.assertFalse(self.bill.is_overdue)
        self.move.action_post()
        self.assertBill(self.bill, "new", is_posted=True, amount_due=100.0)

    def test_amount_changed_in_invoicing(self):
        name, day = self.bill.name, self.bill.bill_date
        self.move.button_draft()
        self.move.invoice_line_ids.price_unit = 80
        self.move.action_post()
        self.assertBill(self.bill, "new", amount_total=80.0, amount_due=80.0, name=name)
        self.assertEqual(self.bill.bill_date, day)
        self.pay(self.bill)
        self.assertBill(self.bill, "paid", amount_paid=80.0)

    def test_paid_invoice_reset_and_posted_again(self):
        self.register_payment(self.move)
        self.move.button_draft()
        self.assertBill(self.bill, "new", amount_due=0.0, amount_paid=0.0)
        self.move.action_post()
        state = "paid" if self.ledger(self.bill)["amount_paid"] else "new"
        self.assertBill(self.bill, state)

    def test_paid_invoice_changed(self):
        """Odoo takes the payment off without a word; the bill notices."""
        self.register_payment(self.move)
        self.move.button_draft()
        self.move.invoice_line_ids.price_unit = 80
        self.move.action_post()
        self.assertBill(self.bill, "new", amount_total=80.0, amount_due=80.0)
        credits = self.move.invoice_outstanding_credits_debits_widget["content"]
        self.move.js_assign_outstanding_line(credits[0]["id"])
        self.assertBill(self.bill, "paid", amount_paid=80.0, amount_due=0.0)

    def test_canceled_in_invoicing(self):
        """KB-27: nothing is owed any more, so the bill is canceled."""
        self.move.button_draft()
        self.move.button_cancel()
        self.assertBill(self.bill, "canceled", amount_due=0.0)
        self.assertTrue(self.bill.cancel_date)
        self.assertFalse(self.bill.is_overdue)

    def test_paid_invoice_canceled(self):
        """The payment stays, open, for the account; the bill keeps nothing."""
        self.register_payment(self.move)
        self.move.button_draft()
        self.move.button_cancel()
        self.assertBill(self.bill, "canceled", amount_due=0.0, amount_paid=0.0)

    def test_money_of_a_canceled_invoice_is_a_credit(self):
        """The officer sees it, and gives it back or applies it."""
        for amount in (100, 40):
            with self.subTest(amount=amount):
                bill = self.issued(100)
                move = self.invoice(bill)
                self.register_payment(move, amount)
                move.button_draft()
                move.button_cancel()
                self.env.flush_all()
                self.env.cr.precommit.run()
                self.assertBill(bill, "canceled", amount_due=0.0, amount_paid=0.0)
                credit = self.as_user("officer")["kavi.credit"].search(
                    [("partner_id", "=", bill.partner_id.id)], order="id desc", limit=1
                )
                self.assertEqual((credit.state, credit.amount_open), ("open", amount))
                credit._refund_in_money(self.check)
                self.assertEqual(credit.state, "refunded")
                self.assertBooks(bill)

    def test_reversed_before_payment(self):
        """A credit note counts when it is posted, not before."""
        note = self.reverse(self.move)
        self.assertBill(self.bill, "new", amount_due=100.0)
        self.assertEqual(note.sudo().kavi_bill_id, self.bill)
        note.action_post()
        self.assertBill(
            self.bill,
            "canceled",
            amount_due=0.0,
            amount_credited=100.0,
            cancel_date=note.invoice_date,
        )

    def test_reversed_in_part(self):
        """Crediting a part is no cancellation; the rest can be paid."""
        note = self.reverse(self.move)
        note.invoice_line_ids.price_unit = 30
        note.action_post()
        self.assertBill(
            self.bill, "new", amount_credited=30.0, amount_due=70.0, is_partly_paid=True
        )
        self.pay(self.bill)
        self.assertBill(
            self.bill, "paid", amount_paid=70.0, amount_due=0.0, amount_retained=70.0
        )

    def test_reversed_at_once(self):
        self.reverse(self.move, modify=True)
        self.assertBill(self.bill, "canceled", amount_due=0.0, amount_credited=100.0)
        self.assertEqual(len(self.bill.sudo().move_ids), 2)

    def test_reverse_and_create(self):
        """Odoo's "reverse and create invoice" would leave an invoice without a bill."""
        wizard = (
            self.move.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=self.move.ids)
            .create({"journal_id": self.move.journal_id.id})
        )
        with self.refused("Change the amount on the bill"):
            wizard.modify_moves()
        self.assertBill(self.bill, "new", amount_due=100.0)

    def test_refunded(self):
        """KB-36: a credit note that is paid out is a refund; the rest is retained."""
        self.register_payment(self.move, payment_date="2026-03-02")
        note, __ = self.refund(self.bill, 30)
        self.assertBill(
            self.bill,
            "refunded",
            amount_paid=100.0,
            refund_amount=30.0,
            amount_retained=70.0,
            amount_due=0.0,
            refund_date=note.invoice_date,
            payment_date=date(2026, 3, 2),
        )
        self.refund(self.bill, 70)
        self.assertBill(self.bill, "refunded", refund_amount=100.0, amount_retained=0.0)

    def test_refund_taken_back(self):
        self.register_payment(self.move)
        __, payment = self.refund(self.bill)
        payment.action_draft()
        self.assertBill(self.bill, "paid", refund_amount=0.0, amount_retained=100.0)
        payment.action_post()
        self.assertBill(self.bill, "refunded", refund_amount=100.0)
        payment.action_cancel()
        self.assertBill(self.bill, "paid", refund_amount=0.0, amount_retained=100.0)

    def test_payment_undone_after_a_refund(self):
        """The check bounced when a part was given back already: all of it is owed
        again, whatever was refunded, and it can be paid."""
        payment = self.register_payment(self.move)
        self.refund(self.bill, 30)
        self.assertBill(self.bill, "refunded", amount_due=0.0)
        payment.action_cancel()
        self.assertBill(self.bill, "new", amount_due=100.0, refund_amount=30.0)
        self.pay(self.bill)
        self.assertBill(self.bill, "refunded", amount_due=0.0, amount_retained=70.0)

    def test_credit_note_of_a_paid_bill_kept_as_credit(self):
        """Credited but not paid out: the money is still here, so it is still Paid."""
        self.register_payment(self.move)
        self.reverse(self.move).action_post()
        self.assertBill(self.bill, "paid", amount_paid=100.0, refund_amount=0.0)

    def test_cancel_beside_an_open_credit_note(self):
        """Part of a paid bill was credited in Invoicing and never paid out: canceled,
        the bill would leave it open for ever. It is refused as a whole, with what to
        do."""
        self.register_payment(self.move)
        note = self.reverse(self.move)
        note.invoice_line_ids.write({"quantity": 1, "price_unit": 30})
        note.action_post()
        for amount in (70, 0):
            with self.subTest(refund=amount), self.refused("30.00", note.name):
                self.cancel(self.bill, refund_amount=amount)
        self.assertBill(self.bill, "paid", refund_amount=0.0)
        self.register_payment(note)
        self.cancel(self.bill)
        self.assertBill(self.bill, "canceled", refund_amount=100.0)

    def test_credit_of_another_document(self):
        """A goodwill credit pays the bill; it does not cancel it."""
        goodwill = self.move.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.account.id,
                "invoice_line_ids": [
                    Command.create({"name": "Goodwill", "price_unit": 100})
                ],
            }
        )
        goodwill.invoice_line_ids.tax_ids = False
        goodwill.action_post()
        credits = self.move.invoice_outstanding_credits_debits_widget["content"]
        self.move.js_assign_outstanding_line(credits[0]["id"])
        self.assertEqual(self.move.payment_state, "reversed")
        self.assertBill(
            self.bill,
            "paid",
            amount_credited=100.0,
            amount_paid=0.0,
            amount_due=0.0,
            payment_date=False,
        )

    def test_own_credit_and_goodwill_together(self):
        """Half credited by its own note, half by another's: settled, not canceled."""
        note = self.reverse(self.move)
        note.invoice_line_ids.price_unit = 50
        note.action_post()
        goodwill = note.copy({"reversed_entry_id": False})
        goodwill.action_post()
        credits = self.move.invoice_outstanding_credits_debits_widget["content"]
        self.move.js_assign_outstanding_line(credits[0]["id"])
        self.assertBill(self.bill, "paid", amount_credited=100.0, amount_due=0.0)
        self.assertFalse(goodwill.sudo().kavi_bill_id)

    def test_due_date_changed(self):
        """KB-15: the accountant's due date is the bill's, and moves Overdue."""
        bill = self.issued(bill_date="2026-03-01", due_date="2026-03-20")
        with self.at("2026-04-10 12:00"):
            bill.invalidate_recordset()
            self.assertTrue(bill.is_overdue)
            self.invoice(bill).invoice_date_due = "2026-05-01"
            self._assert_due(bill, date(2026, 5, 1))
            self.assertEqual(bill.due_date, date(2026, 5, 1))

    def test_maturity_changed(self):
        """On the journal item itself, as is done where terms set the date."""
        with self.at("2026-04-10 12:00"):
            self.bill.invalidate_recordset()
            self.assertTrue(self.bill.is_overdue)
            line = self.move.line_ids.filtered("date_maturity")
            line.date_maturity = "2026-05-01"
            self._assert_due(self.bill, date(2026, 5, 1))

    def _assert_due(self, bill, day):
        self.assertBill(bill, "new", next_due_date=day, is_overdue=False)
        domain = [("id", "=", bill.id), ("is_overdue", "=", True)]
        self.assertFalse(self.bills.search(domain))

    def test_copy_of_the_invoice_is_not_the_bills(self):
        self.move.copy().action_post()
        self.assertBill(self.bill, "new", amount_total=100.0, amount_due=100.0)
        self.assertEqual(self.bill.sudo().move_ids, self.move)

    def test_entries_are_not_deleted(self):
        self.move.button_draft()
        with self.refused("belongs to bill", self.bill.name):
            self.move.unlink()
        self.assertTrue(self.move.exists())

    def test_account_of_the_invoice_follows_the_bill(self):
        """Whoever owes in the ledger is the account that owes on the bill."""
        self.move.button_draft()
        try:
            self.move.partner_id = self.person
            self.move.action_post()
        except UserError:
            return  # refused: as good
        self.assertEqual(self.bill.partner_id, self.move.commercial_partner_id)

    def test_currency_of_the_invoice_follows_the_bill(self):
        """100 dollars are not 100 euro."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.move.button_draft()
        try:
            self.move.currency_id = euro
            self.move.action_post()
        except UserError:
            return  # refused: as good
        self.assertEqual(self.bill.currency_id, self.move.currency_id)
