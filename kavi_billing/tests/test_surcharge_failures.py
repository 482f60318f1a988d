"""What users of other billing systems were hit by with surcharges (F-16): the
line is what was charged, always."""

from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .surcharge_common import SurchargeCommon


@tagged("post_install", "-at_install")
class TestSurchargeFailures(SurchargeCommon):
    def setUp(self):
        super().setUp()
        self.card = self.methods["percent", "untaxed"]

    def assertOpenCredit(self, amount):
        credits = self.env["kavi.credit"].search(
            [("partner_id", "=", self.account.id), ("state", "=", "open")]
        )
        self.assertEqual(sum(credits.mapped("amount_open")), amount)

    def test_failure_16_surcharge_left_dangling(self):
        """invoiceninja#7845: 103 came for 100 and 3; the 3 were on no invoice, and the
        payment stayed partly unapplied."""
        bill = self.issued(100)
        self.choose(bill, self.card)
        payment = bill._complete_payment(self.card, received=103)
        self.assertEqual(self.surcharges(bill).amount_total, 3.0)
        self.assertBill(bill, "paid", amount_paid=103.0, amount_total=103.0)
        self.assertTrue(payment.is_reconciled)
        self.assertOpenCredit(0.0)

    def test_failure_16_many_bills(self):
        """invoiceninja#8979: of several that were paid at once, only the first bore
        the surcharge. Each payment is charged; one payment for several bills of an
        account is charged once, on the sum."""
        bills = self.of_others(68, 68, 0.1)
        self.choose(bills, self.card)
        self.pay(bills, self.card)
        for bill, charged in zip(bills, (2.04, 2.04, 0.0), strict=True):
            self.assertBill(bill, "paid", surcharge_booked=charged)
            self.assertEqual(
                self.payments(bill).amount, round(bill.amount_untaxed + charged, 2)
            )

        together = self.issued(68) | self.issued(68) | self.issued(0.1)
        self.pay(together, self.card)
        (payment,) = self.payments(together)
        self.assertEqual(sum(together.mapped("surcharge_booked")), 4.08)
        self.assertAlmostEqual(payment.amount, 136.1 + 4.08, 2)

    def of_others(self, *prices):
        """Issued bills of accounts of their own."""
        accounts = self.account.create([{"name": f"Payer {n}"} for n in prices])
        return self.bills.union(
            *(
                self.issued(price, partner_id=account.id)
                for price, account in zip(prices, accounts, strict=True)
            )
        )

    def test_failure_16_part_payment(self):
        """Charged on the whole bill when only a part was paid."""
        bill = self.issued(100)
        self.choose(bill, self.card)
        bill._complete_payment(self.card, amount=25)
        self.assertEqual(self.surcharges(bill).amount_total, 0.75)
        self.assertBill(
            bill, "pending", amount_paid=25.75, amount_due=75.0, amount_to_pay=77.25
        )

    def test_failure_16_small_surcharges(self):
        """invoiceninja#5717: less than one dollar was announced and not charged."""
        bills = self.of_others(1, 23, 24)
        stripe = self.new_method("both")
        self.choose(bills, stripe)
        asked = bills.mapped("amount_to_pay")
        self.assertEqual(asked, [1.33, 23.97, 25.0])
        self.pay(bills, stripe)
        self.assertEqual(bills.mapped("amount_paid"), asked)

    def test_failure_16_parts_at_another_rate(self):
        """What was charged stays; only what is still to come follows the settings."""
        bill = self.issued(100)
        self.choose(bill, self.card)
        bill._complete_payment(self.card, amount=50)
        self.card.surcharge_percent = 10
        self.assertBill(bill, "pending", surcharge_booked=1.5, payment_surcharge=6.5)
        self.pay(bill, self.card)
        moves = self.surcharges(bill)
        self.assertEqual(moves.mapped("amount_total"), [1.5, 5.0])

    def test_failure_16_of_what_is_paid(self):
        """invoiceninja#2110: of which amount? Of what is paid on the bill, before the
        surcharge; the payer can check it."""
        bill = self.issued(100)
        stripe = self.new_method("both")
        self.choose(bill, stripe)
        self.assertBill(bill, "pending", amount_to_pay=103.2)

    def test_failure_16_method_changed(self):
        """The surcharge of the first method stayed when another one was chosen."""
        bill = self.issued(100)
        for method, charged in (
            (self.card, 3.0),
            (self.methods["fixed", "untaxed"], 2.5),
            (self.check, 0.0),
            (self.card, 3.0),
            (self.check, 0.0),
        ):
            self.choose(bill, method)
            self.assertBill(bill, "pending", amount_to_pay=100 + charged)
        self.pay(bill, self.check)
        self.assertFalse(self.surcharges(bill))
        self.assertBill(bill, "paid", amount_paid=100.0)

    def test_failure_16_canceled_checkout(self):
        """Each attempt that was given up left its surcharge on the bill."""
        bill = self.issued(100)
        for __ in range(3):
            self.choose(bill, self.card)  # and goes away again
        self.assertBill(bill, "pending", amount_total=100.0, amount_to_pay=103.0)
        self.assertEqual(bill.sudo().move_ids, bill.sudo().invoice_id)
        self.cancel(bill)
        self.assertBill(bill, "canceled", payment_surcharge=0.0, amount_total=100.0)

    def test_failure_16_attempts_that_fail(self):
        """Every payment that did not hold takes its own surcharge back, whichever
        comes first."""
        bill = self.issued(100)
        bill._complete_payment(self.card, amount=40)
        first = self.payments(bill)
        bill._complete_payment(self.methods["fixed", "on top"], amount=60)
        self.assertBill(bill, "paid", surcharge_booked=3.95)
        self.bounce(bill, first)
        self.assertBill(bill, "pending", surcharge_booked=2.75, amount_due=40.0)
        self.bounce(bill)
        self.assertBill(bill, "pending", surcharge_booked=0.0, amount_due=100.0)
        replaced = bill.sudo().move_ids.filtered("is_kavi_replaced")
        self.assertEqual(len(replaced), 4)
        self.assertAlmostEqual(sum(replaced.mapped("amount_total_signed")), 0, 6)

    def test_failure_16_refund(self):
        """Refunds stopped at the bill's amount and kept the surcharge."""
        bill = self.issued(100)
        self.pay(bill, self.methods["percent", "on top"])
        self.give_back(bill)
        self.assertBill(bill, "refunded", refund_amount=103.3, amount_retained=0.0)
        earned = self.env["account.move.line"].search(
            [("account_id", "=", self.income.id), ("parent_state", "=", "posted")]
        )
        self.assertAlmostEqual(sum(earned.mapped("balance")), 0, 6)

    def test_failure_16_refund_after_a_bounced_payment(self):
        """What was taken back is not given back once more."""
        bill = self.issued(100)
        self.pay(bill, self.card)
        self.bounce(bill)
        self.pay(bill, self.methods["fixed", "untaxed"])
        self.give_back(bill, 50)
        self.give_back(bill)
        self.assertBill(bill, "refunded", refund_amount=102.5, amount_retained=0.0)
        moves = bill.sudo().move_ids
        self.assertAlmostEqual(sum(moves.mapped("amount_total_signed")), 0, 6)

    def test_failure_16_amount_changed_after_a_bounced_payment(self):
        bill = self.issued(100)
        self.pay(bill, self.card)
        self.bounce(bill)
        self.change_price(bill, 50)
        self.assertBill(bill, "pending", amount_total=50.0, amount_to_pay=51.5)

    def test_failure_16_zero(self):
        """A surcharge of nothing, or on nothing, made a line all the same."""
        free = [Command.create({"name": "Free", "price_unit": 0})]
        bill = self.issued(line_ids=free)
        self.assertBill(bill, "paid", payment_surcharge=0.0)
        fixed = self.methods["fixed", "untaxed"]
        self.assertFalse(bill._quote_payment(fixed).surcharge["total"])
        for amount, method in (
            (100, self.check),
            (0.1, self.card),  # 0.3 cents
            (100, self.new_method("none", "on top")),
        ):
            bill = self.issued(amount)
            self.pay(bill, method)
            self.assertEqual(bill.sudo().move_ids, bill.sudo().invoice_id)
            self.assertBill(bill, "paid", payment_surcharge=0.0, amount_total=amount)

    def test_failure_16_on_the_day_it_was_paid(self):
        """Not in the period in which the bill was issued, nor when it is entered."""
        bill = self.issued(100, bill_date="2025-12-20")
        with self.at("2026-03-10"):
            self.pay(bill, self.card, date="2026-01-05")
        self.assertEqual(self.surcharges(bill).date, date(2026, 1, 5))

    def test_failure_16_less_than_the_surcharge(self):
        """Nothing of the bill is paid by it: refused, with the reason."""
        bill = self.issued(100)
        method = self.methods["fixed", "untaxed"]
        for received in (0.01, 2.5):
            with self.refused("does not cover the surcharge"):
                bill._complete_payment(method, received=received)
        bill._complete_payment(method, received=2.51)
        self.assertBill(bill, "new", amount_due=99.99, surcharge_booked=2.5)
