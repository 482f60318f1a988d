"""Surcharges of payments that bounce, are refunded or canceled, or change their method
(KB-53)."""

from odoo.tests import tagged

from .surcharge_common import SurchargeCommon


@tagged("post_install", "-at_install")
class TestSurchargeReversed(SurchargeCommon):
    def test_payment_that_bounces(self):
        """Nothing paid, nothing charged; the next payment is charged anew."""
        for bill, key, method in self.each_method():
            self.pay(bill, method)
            charged = self.surcharges(bill)
            self.bounce(bill)
            self.assertFalse(self.surcharges(bill))
            self.assertEqual(set(charged.mapped("state")) - {"posted"}, set())
            self.assertEqual(
                charged.reversal_move_ids.mapped("amount_total"),
                charged.mapped("amount_total"),
            )
            to_come = self.expected(key, 100)[1]
            self.assertBill(
                bill,
                "pending",
                amount_total=100.0,
                amount_due=100.0,
                amount_paid=0.0,
                surcharge_booked=0.0,
                amount_to_pay=100 + to_come,
            )
            self.pay(bill, method)
            self.assertCharged(bill, key, 100)
            self.assertBill(bill, "paid", amount_paid=100 + to_come)

    def test_refunded_in_part_and_whole(self):
        """Up to all that was paid, surcharge included; notes in proportion."""
        for bill, key, method in self.each_method():
            self.pay(bill, method)
            charged, paid = self.surcharges(bill), bill.amount_paid
            self.give_back(bill, 25)
            self.assertBill(
                bill, "refunded", refund_amount=25.0, amount_retained=paid - 25
            )
            with self.refused("can be refunded"):
                bill._refund(amount=round(paid - 25 + 0.01, 2))
            self.give_back(bill)
            self.assertBill(bill, "refunded", refund_amount=paid, amount_retained=0.0)
            self.assertEqual(self.payments(bill, "outbound")[-1:].amount, paid - 25)
            # over both notes, each line and tax is given back to the cent
            lines = (charged | self.notes(bill)).line_ids
            for account in (
                self.income,
                self.taxes[key[1]].mapped("invoice_repartition_line_ids.account_id"),
            ):
                items = lines.filtered(lambda line, a=account: line.account_id in a)
                self.assertAlmostEqual(sum(items.mapped("balance")), 0, 6)
            self.assertAlmostEqual(
                sum(self.notes(bill).mapped("amount_tax")),
                sum(charged.mapped("amount_tax")),
                6,
            )

    def test_canceled(self):
        """Promised only: nothing was ever charged. Paid: given back with the rest."""
        for bill, _key, method in self.each_method():
            self.choose(bill, method)
            self.cancel(bill)
            self.assertFalse(bill.sudo().move_ids.filtered("is_kavi_surcharge"))
            self.assertBill(bill, "canceled", payment_surcharge=0.0, amount_to_pay=0.0)
        for bill, _key, method in self.each_method():
            self.pay(bill, method)
            paid = bill.amount_paid
            self.cancel(bill)
            self.assertBill(bill, "canceled", refund_amount=paid, amount_retained=0.0)

    def test_canceled_when_partly_paid(self):
        for bill, _key, method in self.each_method():
            bill._complete_payment(method, amount=40)
            paid = bill.amount_paid
            self.cancel(bill)
            self.assertBill(
                bill,
                "canceled",
                refund_amount=paid,
                amount_retained=0.0,
                amount_credited=60.0,
            )
            notes = sum(self.notes(bill).mapped("amount_total"))
            self.assertAlmostEqual(notes, bill.amount_total, 6)

    def test_method_changed(self):
        """It follows the method as often as it is changed, to none and back."""
        costly, free = self.methods["both", "on top"], self.check
        bill = self.issued(100)
        for method, charged in ((costly, 3.52), (free, 0.0), (costly, 3.52)):
            self.choose(bill, method)
            self.assertBill(bill, "pending", amount_to_pay=100 + charged)
        self.pay(bill, free)
        self.assertBill(bill, "paid", amount_total=100.0, payment_method_id=free)
        # promised free, paid the costly way: what was used is charged
        bill = self.issued(100)
        self.choose(bill, free)
        self.pay(bill, costly)
        self.assertBill(bill, "paid", amount_total=103.52, surcharge_booked=3.52)
