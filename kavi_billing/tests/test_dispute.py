"""A dispute, and what else of an issued bill is edited."""

from datetime import date

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import BillingCommon


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
        self.resolve_dispute(bill, "half price")
        self.assertBill(bill, "new", is_disputed=False)
        history = " ".join(str(m.body) for m in self.messages(bill))
        self.assertIn("half price", history)
        with self.refused("not marked", "In Dispute"):
            self.resolve_dispute(bill)

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
