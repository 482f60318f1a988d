"""Money is dated when it moves; where the books are closed, it is booked later, and
said so before and after."""

from datetime import date

from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPaymentDay(BillingCommon):
    def history(self, bill):
        return str(self.messages(bill).mapped("body"))

    def test_paid_and_refunded_before_the_bill_date(self):
        """Dated 15 April, paid and refunded on 10 March: the refund says 10 March. The
        credit note is not dated before its invoice."""
        with self.at("2026-03-10 12:00:00"):
            bill = self.issued(100, bill_date="2026-04-15")
            self.pay(bill)
            self.give_back(bill)
            self.assertBill(
                bill,
                "refunded",
                payment_date=date(2026, 3, 10),
                refund_date=date(2026, 3, 10),
                refund_amount=100.0,
            )
        refund = self.payments(bill, "outbound")
        self.assertEqual(refund.date, date(2026, 3, 10))
        self.assertEqual(refund.move_id.date, date(2026, 3, 10))
        self.assertEqual(self.notes(bill).invoice_date, date(2026, 4, 15))

    def test_canceled_before_the_bill_date(self):
        with self.at("2026-03-10 12:00:00"):
            bill = self.issued(100, bill_date="2026-04-15")
            self.pay(bill)
            self.cancel(bill)
            self.assertBill(bill, "canceled", refund_date=date(2026, 3, 10))
        self.assertEqual(self.payments(bill, "outbound").date, date(2026, 3, 10))

    def test_refund_before_its_payment(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, date="2026-03-10")
        with self.refused("0.00", bill.name):
            self.give_back(bill, date="2026-03-09")
        self.assertBill(bill, "paid", refund_amount=0.0)
        self.give_back(bill, 30, date="2026-03-10")
        self.assertBill(bill, "refunded", refund_date=date(2026, 3, 10))

    def test_refund_between_two_payments(self):
        """No more than had come until then."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, amount=60, date="2026-03-10")
        self.pay(bill, date="2026-03-20")
        with self.refused("60.00"):
            self.give_back(bill, 61, date="2026-03-15")
        self.give_back(bill, 40, date="2026-03-15")
        with self.refused("20.00"):
            self.give_back(bill, 21, date="2026-03-15")
        self.give_back(bill, 60, date="2026-03-20")
        self.assertBill(bill, "refunded", refund_amount=100.0)

    def test_credit_paid_out_before_it_was_there(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, amount=150, date="2026-03-10")
        credit = self.bills.env["kavi.credit"].search(
            [("partner_id", "=", self.account.id)]
        )
        with self.refused("before"):
            credit._refund_in_money(self.check, date(2026, 3, 9))
        credit._refund_in_money(self.check, date(2026, 3, 10))
        self.assertEqual(credit.state, "refunded")

    # === CLOSED PERIODS === #

    def close(self, day):
        self.company.fiscalyear_lock_date = day

    def test_payment_in_a_closed_period(self):
        """The window says so before, the history after; the day of the money stays."""
        for today in ("2026-03-20 12:00:00", "2026-05-02 12:00:00"):
            with self.subTest(today=today), self.at(today):
                self.close(False)
                bill = self.issued(100, bill_date="2026-01-05")
                self.close("2026-01-31")
                wizard = self.wizard(
                    bill,
                    "payment",
                    {"method_id": self.check.id, "date": "2026-01-20"},
                )
                self.assertIn("01/31/2026", wizard.hint)
                said = self.bills._get_booking_day(
                    self.company, self.bank, date(2026, 1, 20)
                )
                wizard.action_complete_payment()
                payment = self.payments(bill)
                self.assertEqual(payment.date, date(2026, 1, 20))
                self.assertEqual(payment.move_id.date, said)
                self.assertGreater(said, date(2026, 1, 31))
                self.assertIn(f"{said:%m/%d/%Y}", wizard.hint or self.history(bill))
                self.assertIn(f"Booked on {said:%m/%d/%Y}", self.history(bill))
                self.assertBill(bill, "paid", payment_date=date(2026, 1, 20))

    def test_payment_in_an_open_period(self):
        bill = self.issued(100, bill_date="2026-01-05")
        self.close("2026-01-31")
        vals = {"method_id": self.check.id, "date": "2026-02-01"}
        wizard = self.wizard(bill, "payment", vals)
        self.assertFalse(wizard.hint)
        wizard.action_complete_payment()
        self.assertEqual(self.payments(bill).move_id.date, date(2026, 2, 1))
        self.assertNotIn("Booked on", self.history(bill))

    def test_refund_in_a_closed_period(self):
        bill = self.issued(100, bill_date="2026-01-05")
        self.pay(bill, date="2026-01-10")
        self.close("2026-01-31")
        wizard = self.wizard(bill, "refund", {"date": "2026-01-20"})
        self.assertIn("01/31/2026", wizard.hint)
        wizard.action_refund()
        refund = self.payments(bill, "outbound")
        self.assertEqual(refund.date, date(2026, 1, 20))
        self.assertGreater(refund.move_id.date, date(2026, 1, 31))
        self.assertIn("Booked on", self.history(bill))
        self.assertBill(bill, "refunded", refund_date=date(2026, 1, 20))

    def test_bounce_in_a_closed_period(self):
        bill = self.issued(100, bill_date="2026-01-05")
        self.pay(bill, date="2026-01-10")
        self.close("2026-01-31")
        wizard = self.wizard(bill, "reverse", {"date": "2026-01-20"})
        wizard.line_ids.is_chosen = True
        self.assertIn("01/31/2026", wizard.hint)
        wizard.action_reverse_payment()
        self.assertIn("Booked on", self.history(bill))

    def test_shared_payment_in_a_closed_period(self):
        bills = self.issued(10, bill_date="2026-01-05") | self.issued(
            20, bill_date="2026-01-06"
        )
        self.close("2026-01-31")
        vals = {"method_id": self.check.id, "date": "2026-01-20"}
        wizard = self.wizard(bills, "payment", vals)
        self.assertIn("01/31/2026", wizard.hint)
        wizard.action_complete_payment()
        for bill in bills:
            self.assertIn("Booked on", self.history(bill))
            self.assertBill(bill, "paid", payment_date=date(2026, 1, 20))
