"""The books are asked before the gateway; what moved is booked, however long it takes
(F-13)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestRefundBooks(CommerceCommon):
    def break_books(self, how):
        """Something without which a refund cannot be booked."""
        today = fields.Date.context_today(self.company)
        if how == "hard lock date":
            self.company.hard_lock_date = today + timedelta(days=1)
        elif how == "income account":
            self.bill.sudo().invoice_id.invoice_line_ids.account_id.active = False
        elif how == "receivable account":
            lines = self.bill.sudo().invoice_id.line_ids
            lines.filtered("date_maturity").account_id.active = False
        elif how == "journal of the gateway":
            self.provider.journal_id.active = False
        elif how == "journal of invoices":
            self.bill.sudo().invoice_id.journal_id.active = False
        self.env.flush_all()

    def setUp(self):
        super().setUp()
        self.bill = self.issued(100)
        self.tx = self.pay_by_card(self.bill)

    WAYS = ("hard lock date", "income account", "receivable account")

    def test_failure_13_refund_that_cannot_be_booked_is_not_asked(self):
        """The officer reads why; PayPal is not asked, and nothing is under way."""
        acts = {
            "refund": lambda: self.give_back(self.bill, 30),
            "cancel": lambda: self.cancel(self.bill),
            "transaction": lambda: self.tx._kavi_refund(30),
        }
        for way in self.WAYS:
            for act, do in acts.items():
                savepoint = self.cr.savepoint()
                self.break_books(way)
                with self.subTest(way=way, act=act):
                    with self.refused("not asked", "cannot be booked"):
                        do()
                    self.assertFalse(self.tx.child_transaction_ids)
                    self.assertFalse(self.paypal.ledger.entries(kind="refund"))
                savepoint.close(rollback=True)
        self.assertBill(self.bill, "paid", gateway_status=False)

    def test_trial_leaves_nothing(self):
        """Entries that were made on trial are gone; nobody heard of them."""
        Move, Message = self.env["account.move"], self.env["mail.message"]
        moves = Move.search_count([("company_id", "=", self.company.id)])
        history = self.env["kavi.activity"].sudo().search_count([])
        self.give_back(self.bill, 30)
        self.assertEqual(
            Move.search_count([("company_id", "=", self.company.id)]), moves
        )
        self.assertEqual(self.env["kavi.activity"].sudo().search_count([]), history + 1)
        self.assertBill(self.bill, "paid", refund_amount=0.0, amount_retained=100.0)
        last = Message.search(
            [("model", "=", "kavi.bill"), ("res_id", "=", self.bill.id)], limit=1
        )
        self.assertIn("The gateway is asked", str(last.body))

    def test_failure_13_refund_that_moved_is_booked_in_the_end(self):
        """The books broke meanwhile: tried again for as long as it takes, and the
        alert says the true reason; then they are mended."""
        self.give_back(self.bill, 30)
        refund = self.tx.child_transaction_ids
        account = self.bill.sudo().invoice_id.invoice_line_ids.account_id
        account.active = False
        told = len(self.bill.sudo().activity_ids)
        with self.quiet("models.payment_transaction.accounting"):
            refund._kavi_send()
            self.assertEqual((refund.state, refund.is_post_processed), ("done", False))
            reason = refund.post_process_error
            self.assertTrue(reason)
            for _check in range(10):
                self.refresh(refund)
                self.assertTrue(refund.next_check_date, "nobody looks again")
        notes = self.bill.sudo().activity_ids.sorted("id")[told:].mapped("note")
        self.assertEqual(len(notes), 2)  # at once, and after the last of seven checks
        for note in notes:
            self.assertIn(reason.split(".")[0], str(note))
            self.assertNotIn("no answer", str(note))
        self.assertLess(
            refund.next_check_date, fields.Datetime.now() + timedelta(days=2)
        )
        account.active = True
        self.refresh(refund)
        self.assertBill(self.bill, "refunded", refund_amount=30.0)
        self.assertFalse(refund.next_check_date or refund.post_process_error)
        self.assertLedgers(self.bill)

    def test_failure_13_charge_is_booked_in_the_end(self):
        """The same for money that came."""
        bill = self.issued(50)
        tx = self.start(bill)
        self.approve(tx)
        lines = bill.sudo().invoice_id.line_ids.filtered("date_maturity")
        lines.account_id.active = False
        with self.quiet("models.payment_transaction.accounting"):
            self.come_back(tx)
            for _check in range(9):
                self.refresh(tx)
        self.assertEqual(tx.state, "done")
        self.assertTrue(tx.next_check_date)
        lines.account_id.active = True
        self.refresh(tx)
        self.assertBill(bill, "paid", amount_paid=50.0)

    def test_cancel_that_fails_in_the_end_keeps_the_refund(self):
        """The money is back and booked, whatever hinders canceling; people are told."""
        self.cancel(self.bill)
        told = len(self.bill.sudo().activity_ids)

        reason = "Not on a Monday, says another addon."

        def refuse(*args, **kwargs):
            raise UserError(reason)

        with patch.object(type(self.bill), "_cancel_after_refunds", refuse):
            self.tx.child_transaction_ids._kavi_send()
        self.assertBill(self.bill, "refunded", refund_amount=100.0)
        notes = self.bill.sudo().activity_ids.sorted("id")[told:].mapped("note")
        self.assertIn("Not on a Monday", " ".join(map(str, notes)))
        self.cancel(self.bill)
        self.assertBill(self.bill, "canceled", refund_amount=100.0)
        self.assertLedgers(self.bill)
