"""Payments that did not hold: bounced, taken back, charged back."""

from datetime import date

from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestReversal(BillingCommon):
    def receivable(self, move):
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def assertTakenBack(self, payment):
        """Both movements are in the books, and square."""
        self.env.flush_all()
        self.assertEqual(payment.state, "rejected")
        move = payment.move_id
        self.assertEqual(move.state, "posted")
        reversal = move.reversal_move_ids
        self.assertEqual((len(reversal), reversal.state), (1, "posted"))
        for line in (move + reversal).line_ids.filtered("account_id.reconcile"):
            self.assertTrue(line.reconciled, line.account_id.display_name)
        sums = {}
        for line in (move + reversal).line_ids:
            sums[line.account_id] = sums.get(line.account_id, 0.0) + line.balance
        for account, balance in sums.items():
            self.assertAlmostEqual(balance, 0.0, 6, account.display_name)
        return reversal

    def test_bounced(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, date="2026-03-05")
        payment = self.payments(bill)
        self.bounce(bill, reason="no cover", date="2026-03-09")
        self.assertBill(
            bill,
            "pending",
            amount_due=100.0,
            amount_paid=0.0,
            amount_retained=0.0,
            payment_date=False,
        )
        reversal = self.assertTakenBack(payment)
        self.assertEqual(reversal.date, date(2026, 3, 9))
        self.assertIn("no cover", reversal.ref)
        self.assertIn("no cover", str(self.messages(bill).mapped("body")))
        self.assertEqual(bill.sudo().invoice_id.payment_state, "not_paid")
        self.assertTrue(bill.is_overdue)

    def test_paid_again(self):
        bill = self.issued(100)
        self.pay(bill)
        first = self.payments(bill)
        self.bounce(bill)
        self.pay(bill, self.wire)
        self.assertBill(bill, "paid", amount_paid=100.0, payment_method_id=self.wire)
        self.assertNotIn(first, self.payments(bill))
        self.bounce(bill)
        self.assertBill(bill, "pending", amount_due=100.0)
        self.cancel(bill)
        self.assertBill(bill, "canceled", amount_credited=100.0, refund_amount=0.0)

    def test_one_of_two_parts(self):
        bill = self.issued(100)
        self.pay(bill, amount=40)
        self.pay(bill)
        first, last = self.payments(bill)
        self.bounce(bill, first)
        self.assertBill(
            bill, "pending", amount_due=40.0, amount_paid=60.0, is_partly_paid=True
        )
        self.assertTakenBack(first)
        self.assertEqual(last.state, "paid" if last.is_matched else last.state)
        self.bounce(bill, last)
        self.assertBill(bill, "pending", amount_due=100.0, is_partly_paid=False)

    def test_part_of_an_open_bill(self):
        bill = self.issued(100)
        self.pay(bill, amount=40)
        self.bounce(bill)
        self.assertBill(bill, "new", amount_due=100.0, is_partly_paid=False)

    def test_payment_of_several_bills(self):
        """The accountant booked one payment for two: both are open again, and both
        histories say so."""
        first, second = self.issued(100), self.issued(50)
        payment = self.register_payment(
            self.invoice(first) | self.invoice(second), group_payment=True
        )
        self.bounce(first, reason="no cover")
        self.assertBill(first, "new", amount_due=100.0)
        self.assertBill(second, "new", amount_due=50.0)
        for bill in first | second:
            self.assertIn("no cover", str(self.messages(bill).mapped("body")))
        self.assertTakenBack(payment.sudo())

    def test_payment_with_a_write_off(self):
        """The rest that was written off is owed again, too."""
        self.allow_write_off(5)
        bill = self.issued(100)
        self.pay(bill, amount=97, write_off=True)
        payment = self.payments(bill)
        self.bounce(bill)
        self.assertBill(bill, "pending", amount_due=100.0, amount_credited=0.0)
        self.assertTakenBack(payment)

    def test_overpayment(self):
        """The credit that was left over is gone with the payment."""
        bill = self.issued(100)
        self.pay(bill, amount=130)
        payment = self.payments(bill)
        self.bounce(bill)
        self.assertBill(bill, "pending", amount_due=100.0)
        self.assertTakenBack(payment)
        credit = self.env["kavi.credit"].search([("partner_id", "=", self.account.id)])
        self.assertFalse(sum(credit.mapped("amount_open")))

    def test_foreign_currency(self):
        """With the exchange difference that the payment had caused."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": euro.id}
                | {"company_id": self.company.id}
                for day, rate in (
                    ("2026-01-01", 0.5),
                    ("2026-02-01", 0.8),
                    ("2026-03-01", 1.13),
                )
            ]
        )
        bill = self.issued(100, currency_id=euro.id, bill_date="2026-01-15")
        self.pay(bill, date="2026-02-10")
        payment = self.payments(bill)
        self.bounce(bill, date="2026-03-10")
        self.assertBill(bill, "pending", amount_due=100.0, amount_due_company=200.0)
        self.assertTakenBack(payment)
        self.pay(bill, date="2026-03-20")
        self.assertBill(bill, "paid", amount_due_company=0.0)

    def test_before_the_payment(self):
        """A reversal is not dated before what it takes back."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, date="2026-03-05")
        payment = self.payments(bill)
        self.bounce(bill, date="2026-03-02")
        self.assertEqual(self.assertTakenBack(payment).date, date(2026, 3, 5))

    def test_twice(self):
        """What was taken back settles nothing, so it is not taken back again."""
        bill = self.issued(100)
        self.pay(bill, amount=60)
        payment = self.payments(bill)
        self.bounce(bill)
        with self.refused("settles bill", bill.name):
            bill._reverse_payment(payment)
        self.assertEqual(len(payment.move_id.reversal_move_ids), 1)
        self.assertBill(bill, "new", amount_due=100.0)

    def test_payment_of_another_bill(self):
        bill, other = self.issued(100), self.issued(50)
        self.pay(bill, amount=60)
        self.pay(other)
        foreign = self.payments(other)
        with self.refused("settles bill", bill.name):
            bill._reverse_payment(foreign)
        with self.refused("settles bill"):
            bill._reverse_payment(self.env["account.payment"])
        self.assertBill(other, "paid")

    def test_payment_of_another_bill_by_rpc(self):
        """A wizard line may name any payment; only the bill's own are touched."""
        bill, other = self.issued(100), self.issued(50)
        self.pay(bill, amount=60)
        self.pay(other)
        line = (0, 0, {"payment_id": self.payments(other).id, "is_chosen": True})
        vals = {"bill_ids": [(6, 0, bill.ids)], "line_ids": [line]}
        model = "kavi.bill.reverse.wizard"
        id_ = self.rpc("officer", model, "create", vals)
        with self.refused("settles bill"):
            self.rpc("officer", model, "action_reverse_payment", [id_])
        self.assertBill(other, "paid")
        self.assertBill(bill, "new", amount_due=40.0)

    def test_refund_is_no_payment(self):
        bill = self.issued(100)
        self.pay(bill)
        self.give_back(bill, 30)
        with self.refused("settles bill"):
            bill._reverse_payment(self.payments(bill, "outbound"))
        self.assertBill(bill, "refunded", refund_amount=30.0)

    def test_after_a_refund(self):
        """Bounced when a part was given back already: all of it is owed again,
        whatever was refunded; paid again, that part is still given back."""
        bill = self.issued(100)
        self.pay(bill)
        payment = self.payments(bill)
        self.give_back(bill, 30)
        self.bounce(bill)
        self.assertBill(
            bill, "pending", amount_due=100.0, amount_paid=0.0, refund_amount=30.0
        )
        self.assertTakenBack(payment)
        self.pay(bill)
        self.assertBill(
            bill, "refunded", amount_due=0.0, amount_paid=100.0, amount_retained=70.0
        )
        self.give_back(bill)
        self.assertBill(bill, "refunded", refund_amount=100.0, amount_retained=0.0)

    def test_canceled_after_a_refund(self):
        """Refunded in part, bounced, and then nobody pays: it can be canceled."""
        bill = self.issued(100)
        self.pay(bill)
        self.give_back(bill, 30)
        self.bounce(bill)
        self.cancel(bill)
        self.assertBill(
            bill, "canceled", amount_due=0.0, amount_paid=0.0, refund_amount=30.0
        )

    def test_canceled_bill(self):
        """Canceled is final: its payment is not taken back."""
        bill = self.issued(100)
        self.pay(bill)
        payment = self.payments(bill)
        self.cancel(bill, refund_amount=0)
        with self.refused("canceled", "final"):
            bill._reverse_payment(payment)
        self.assertBill(bill, "canceled", amount_retained=100.0)

    def test_payment_that_settles_a_canceled_bill_too(self):
        """Then neither is touched."""
        first, second = self.issued(100), self.issued(50)
        payment = self.register_payment(
            self.invoice(first) | self.invoice(second), group_payment=True
        )
        self.cancel(second, refund_amount=0)
        with self.refused("canceled", second.display_name):
            first._reverse_payment(payment.sudo())
        self.assertBill(first, "paid", amount_paid=100.0)
        self.assertBill(second, "canceled", amount_paid=50.0)

    def test_nothing_chosen(self):
        bill = self.issued(100)
        self.pay(bill)
        wizard = self.wizard(bill, "reverse", {})
        self.assertEqual(wizard.line_ids.payment_id, self.payments(bill))
        wizard.line_ids.is_chosen = False
        with self.refused("Choose the payment"):
            wizard.action_reverse_payment()

    def test_locked_period(self):
        """The reversal falls into the open period."""
        bill = self.issued(100, bill_date="2026-01-10")
        self.pay(bill, date="2026-01-15")
        payment = self.payments(bill)
        self.company.fiscalyear_lock_date = "2026-01-31"
        self.bounce(bill, date="2026-01-20")
        self.assertGreater(self.assertTakenBack(payment).date, date(2026, 1, 31))
        self.assertBill(bill, "pending", amount_due=100.0)
