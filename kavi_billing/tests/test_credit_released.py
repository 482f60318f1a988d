"""What the end of a bill releases: credits that had settled it are open again."""

from odoo.tests import tagged

from .mirror_common import MirrorCommon


@tagged("post_install", "-at_install")
class TestReleased(MirrorCommon):
    """What an end releases."""

    def credit(self, amount, **vals):
        credit = self.as_user("officer")["kavi.credit"].create(
            {
                "partner_id": self.account.id,
                "reason": "Sorry",
                "amount": amount,
                **vals,
            }
        )
        credit.action_issue()
        return credit

    def assertReleased(self, bill, credit, amount):
        self.cancel(bill)
        self.assertBill(bill, "canceled", amount_due=0.0)
        self.assertEqual((credit.state, credit.amount_open), ("open", amount))
        self.assertSettled(bill)
        self.assertFalse(self.bills.sudo()._find_book_differences())

    def test_goodwill(self):
        credit, bill = self.credit(30.0), self.issued()
        credit._apply(bill)
        self.assertReleased(bill, credit, 30.0)

    def test_goodwill_that_settled_all(self):
        credit, bill = self.credit(100.0), self.issued()
        credit._apply(bill)
        self.assertBill(bill, "paid")
        self.assertReleased(bill, credit, 100.0)

    def test_with_money(self):
        """Paid 70, credited 30: the money goes back, the credit is open again."""
        credit, bill = self.credit(30.0), self.issued()
        credit._apply(bill)
        self.pay(bill)
        self.assertReleased(bill, credit, 30.0)
        self.assertEqual(bill.refund_amount, 70.0)

    def test_a_memo_of_another_bill(self):
        """Bill A, memo of 30 applied to bill B, B canceled: the 30 are A's again."""
        first, second = self.issued(), self.issued()
        self.pay(first)
        memo = self.credit(30.0, kind="memo", bill_id=first.id)
        memo._apply(second)
        self.assertReleased(second, memo, 30.0)

    def test_a_part_of_an_overpayment(self):
        first, second = self.issued(), self.issued(40.0)
        self.pay(first, amount=150.0)
        credit = self.env["kavi.credit"].search([("bill_id", "=", first.id)])
        credit.with_env(self.bills.env)._apply(second)
        self.assertEqual(credit.amount_open, 10.0)
        self.assertReleased(second, credit.with_env(self.bills.env), 50.0)

    def test_own_memo(self):
        """What a memo took off is not owed, and no credit comes of it."""
        bill = self.issued()
        memo = self.credit(30.0, kind="memo", bill_id=bill.id)
        self.cancel(bill)
        self.assertEqual((memo.state, memo.amount_open), ("used", 0.0))
        self.assertUndone(bill)

    def test_own_memo_used_elsewhere(self):
        """Refused: the account would have the 30 twice."""
        first, second = self.issued(), self.issued()
        memo = self.credit(30.0, kind="memo", bill_id=first.id)
        memo._apply(second)
        with self.refused(memo.name, "Take it off"):
            self.cancel(first)
        self.assertBill(first, "new", amount_due=100.0)
        memo._unapply(second)
        self.cancel(first)
        self.assertUndone(first)

    def test_an_accountant_registers_too_much(self):
        """150 on a bill of 100 in Invoicing: the 50 are a credit that officers see."""
        bill = self.issued()
        self.register_payment(self.invoice(bill), 150.0)
        self.env.flush_all()
        self.env.cr.precommit.run()
        credit = self.as_user("officer")["kavi.credit"].search(
            [("partner_id", "=", self.account.id)]
        )
        self.assertEqual(
            (credit.kind, credit.state, credit.amount_open),
            ("overpayment", "open", 50.0),
        )
        second = self.issued(80.0)
        credit._apply(second)
        self.assertBill(second, "new", amount_due=30.0)
