"""What accountants cannot do to the documents of a bill, and locked periods."""

from datetime import date

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon
from .test_credit import CreditCommon

FINAL = ("canceled", "final")


@tagged("post_install", "-at_install")
class TestCanceledIsFinal(BillingCommon):
    """KB-27: nothing that is done to the entries brings a canceled bill back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.issued(100)
        cls.move = cls.invoice(cls.bill)
        cls.cancel(cls.bill)
        cls.note = cls.move.reversal_move_ids

    def tearDown(self):
        # After whatever the test did: still canceled, and the ledger says the same.
        self.assertBill(self.bill, "canceled", amount_due=0.0, amount_paid=0.0)
        super().tearDown()

    def test_entries_stay_posted(self):
        for move in (self.move, self.note):
            with self.refused(*FINAL):
                move.button_draft()
            with self.refused(*FINAL):
                move.button_cancel()

    def test_credit_note_stays_matched(self):
        """Taken off the invoice, the debt would be open again."""
        match = self.move.line_ids.matched_credit_ids
        with self.refused(*FINAL):
            self.move.js_remove_outstanding_partial(match.id)
        with self.refused(*FINAL):
            (self.move | self.note).line_ids.remove_move_reconcile()

    def test_credit_note_is_not_reversed(self):
        with self.refused(*FINAL):
            self.reverse(self.note, modify=True)

    def test_nothing_is_left_to_pay(self):
        with self.assertRaises(UserError):
            self.register_payment(self.move)
        self.assertFalse(self.bill.is_overdue)
        with self.at("2036-01-01"):
            self.bill.invalidate_recordset()
            self.assertFalse(self.bill.is_overdue)

    def test_another_credit_note_changes_nothing(self):
        """The bill stays as it is; that more was credited than it asked, the nightly
        check finds."""
        with self.cr.savepoint() as point:
            note = self.reverse(self.move)
            note.action_post()
            self.register_payment(note)
            self.env.flush_all()
            self.assertEqual((self.bill.state, self.bill.amount_due), ("canceled", 0))
            found = self.bills.sudo()._find_book_differences()
            self.assertIn(self.bill, found)
            point.rollback()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestSettledIsFinal(CreditCommon):
    """KB-27: what was paid, and kept or given back, is not owed again: an accountant
    cannot take payment or credit from a canceled bill (found by the property test)."""

    def assertStays(self, bill, entry, match):
        for act in (entry.button_draft, entry.button_cancel):
            with self.refused(*FINAL):
                act()
        with self.refused(*FINAL):
            match.unlink()
        with self.refused(*FINAL):
            entry.line_ids.remove_move_reconcile()
        self.assertBill(bill, "canceled", amount_due=0.0)

    def test_payment(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        bill = self.issued(10, currency_id=yen.id)
        self.pay(bill, amount=15)
        self.cancel(bill, refund_amount=10)
        payment = self.payments(bill).with_env(self.as_user("accountant"))
        invoice = self.invoice(bill)
        for act in (payment.action_cancel, payment.action_draft):
            with self.refused(*FINAL):
                act()
        self.assertStays(bill, payment.move_id, invoice.line_ids.matched_credit_ids)

    def test_credit(self):
        """A memo of the bill's own stays; other credits are open again."""
        bill = self.issued(50)
        credit = self.credit(20, kind="memo", bill_id=bill.id)
        self.apply(credit, bill)
        self.cancel(bill)
        note = credit.sudo().move_id.with_env(self.as_user("accountant"))
        self.assertStays(bill, note, note.line_ids.matched_debit_ids)

    def test_dead_match(self):
        """An invoice that was canceled owes nothing: the credit is free again."""
        bill, credit, other = self.issued(50), self.credit(50), self.issued(50)
        self.apply(credit, bill)
        self.invoice(bill).button_draft()
        self.invoice(bill).button_cancel()
        self.assertBill(bill, "canceled", amount_due=0.0)
        self.apply(credit, other)
        self.assertBill(other, "paid")
        self.assertBill(bill, "canceled", amount_due=0.0)


@tagged("post_install", "-at_install")
class TestCanceledByTheAccountant(BillingCommon):
    """A bill whose invoice was canceled or credited in Invoicing is as canceled as any:
    the application that raised it was told so."""

    def test_canceled_invoice_does_not_come_back(self):
        bill = self.issued(100)
        move = self.invoice(bill)
        move.button_draft()
        move.button_cancel()
        self.assertBill(bill, "canceled")
        with self.refused(*FINAL):
            move.button_draft()
        self.assertBill(bill, "canceled", amount_due=0.0)

    def test_credited_invoice_does_not_come_back(self):
        bill = self.issued(100)
        move = self.invoice(bill)
        self.reverse(move, modify=True)
        self.assertBill(bill, "canceled")
        with self.refused(*FINAL):
            move.line_ids.remove_move_reconcile()
        self.assertBill(bill, "canceled", amount_due=0.0)


@tagged("post_install", "-at_install")
class TestLockedPeriods(BillingCommon):
    """Lock dates are Odoo's; billing goes on around them."""

    def setUp(self):
        super().setUp()
        self.bill = self.issued(100, bill_date="2026-01-15")
        self.move = self.invoice(self.bill)
        # sudo: who locks is not the subject
        self.company.sale_lock_date = "2026-01-31"

    def test_cancel(self):
        """The credit note falls into the open period, without an error."""
        with self.at("2026-01-20 12:00"):
            self.cancel(self.bill)
        note = self.move.reversal_move_ids
        self.assertGreater(note.date, date(2026, 1, 31))
        self.assertBill(self.bill, "canceled", amount_credited=100.0)
        self.assertEqual(self.move.date, date(2026, 1, 15))

    def test_pay(self):
        with self.at("2026-01-20 12:00"):
            self.pay(self.bill)
        self.assertBill(self.bill, "paid", amount_paid=100.0)

    def test_issue(self):
        """The bill is of the day that was asked for; its entry is booked later."""
        bill = self.issued(50, bill_date="2026-01-10")
        self.assertEqual(bill.bill_date, date(2026, 1, 10))
        move = self.invoice(bill)
        self.assertEqual(move.invoice_date, date(2026, 1, 10))
        self.assertGreater(move.date, date(2026, 1, 31))
        self.assertBill(bill, "new", amount_due=50.0)

    def test_reset_is_refused_by_odoo(self):
        with self.assertRaises(UserError):
            self.move.button_draft()
        self.assertBill(self.bill, "new", amount_due=100.0)


@tagged("post_install", "-at_install")
class TestLinkToTheBill(BillingCommon):
    """Only the bill says which entries are its own."""

    def setUp(self):
        super().setUp()
        self.bill = self.issued(100)
        self.vals = {
            "move_type": "out_invoice",
            "partner_id": self.account.id,
            "invoice_line_ids": [Command.create({"name": "X", "price_unit": 7})],
        }

    def tearDown(self):
        self.assertEqual(len(self.bill.sudo().move_ids), 1)
        self.assertBill(self.bill, "new", amount_total=100.0, amount_due=100.0)
        super().tearDown()

    def test_not_by_create(self):
        for role in ("accountant", "administrator"):
            vals = {**self.vals, "kavi_bill_id": self.bill.id}
            with self.assertRaises(UserError):
                self.rpc(role, "account.move", "create", [vals])

    def test_not_by_a_default(self):
        """A context is written by whoever calls."""
        context = {"default_kavi_bill_id": self.bill.id}
        try:
            id_ = self.rpc(
                "accountant", "account.move", "create", self.vals, context=context
            )
        except (UserError, ValidationError):
            return  # refused: as good
        move = self.as_user("accountant")["account.move"].browse(id_)
        move.action_post()
        self.assertFalse(move.sudo().kavi_bill_id)

    def test_not_by_write(self):
        id_ = self.rpc("accountant", "account.move", "create", self.vals)
        with self.refused("by hand"):
            self.rpc(
                "accountant",
                "account.move",
                "write",
                [id_],
                {"kavi_bill_id": self.bill.id},
            )

    def test_not_taken_off(self):
        move = self.invoice(self.bill)
        with self.refused("by hand"):
            move.kavi_bill_id = False
        with self.refused("by hand"):
            move.write({"kavi_bill_id": self.issued(1).id})

    def test_not_by_import(self):
        answer = self.rpc(
            "accountant",
            "account.move",
            "load",
            [".id", "kavi_bill_id/.id"],
            [[str(self.invoice(self.bill).id), str(self.issued(1).id)]],
        )
        self.assertTrue(answer["messages"])
