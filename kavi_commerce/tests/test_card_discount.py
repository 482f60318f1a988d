"""What was agreed at checkout settles the bill, whenever the money comes (BB-04)."""

from odoo.tests import tagged

from .common import CommerceCommon

ISSUED, LAST_DAY, DAY_AFTER = (
    "2026-03-01 12:00:00",
    "2026-03-11 22:50:00",
    "2026-03-12 00:40:00",
)


@tagged("post_install", "-at_install")
class TestCardDiscount(CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls.env["account.payment.term"].create(
            {
                "name": "2 percent in 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
            }
        )

    def bill(self, amount=100):
        with self.at(ISSUED):
            return self.issued(
                amount, payment_term_id=self.term.id, bill_date="2026-03-01"
            )

    def begin(self, bills, moment, **kwargs):
        with self.at(moment):
            tx = self.start(bills, **kwargs)
            self.approve(tx)
        return tx

    def end(self, tx, moment):
        with self.at(moment):
            self.come_back(tx)

    def test_agreed_on_the_last_day_captured_on_the_next(self):
        """98 of 100, over midnight: paid, with a discount of 2, nothing due."""
        bill = self.bill()
        tx = self.begin(bill, LAST_DAY)
        self.assertEqual(tx.amount, 98)
        self.end(tx, DAY_AFTER)
        self.assertBill(
            bill, "paid", amount_due=0.0, amount_paid=98.0, amount_credited=2.0
        )
        self.assertEqual(str(tx.payment_id.date), "2026-03-12")
        self.assertLedgers(bill)

    def test_agreed_and_no_answer_for_days(self):
        """The capture's answer is lost: the resolver books what was agreed."""
        bill = self.bill()
        tx = self.begin(bill, LAST_DAY)
        self.paypal.fail("orders.capture", "drop_after")
        self.end(tx, LAST_DAY)
        self.assertEqual(tx.state, "pending")
        with self.at("2026-03-14 09:00:00"):
            self.refresh(tx)
        self.assertBill(bill, "paid", amount_due=0.0, amount_paid=98.0)

    def test_agreed_the_day_after(self):
        """No discount is offered any more, and none is given."""
        bill = self.bill()
        tx = self.begin(bill, DAY_AFTER)
        self.assertEqual(tx.amount, 100)
        self.end(tx, DAY_AFTER)
        self.assertBill(bill, "paid", amount_paid=100.0, amount_credited=0.0)

    def test_several_bills_with_a_surcharge(self):
        """Each bill's own discount, and the surcharge of that day."""
        self.card.write({"surcharge_percent": 10})
        bills = self.bill(100) | self.bill(50)
        tx = self.begin(bills, LAST_DAY)
        self.assertEqual(tx.amount, 161.7)  # 98 + 9.80 and 49 + 4.90
        self.card.write({"surcharge_percent": 20})
        self.end(tx, DAY_AFTER)
        self.assertBill(bills[0], "paid", amount_paid=107.8)
        self.assertBill(bills[1], "paid", amount_paid=53.9)

    def test_authorized_in_time_captured_later(self):
        """Taken by hand days after the payer has agreed."""
        self.provider.kavi_intent = "AUTHORIZE"
        bill = self.bill()
        tx = self.begin(bill, LAST_DAY)
        self.end(tx, LAST_DAY)
        self.assertEqual(tx.state, "authorized")
        with self.at("2026-03-13 09:00:00"):
            part = tx._capture(98)
            part._kavi_send()
        self.assertBill(bill, "paid", amount_due=0.0, amount_paid=98.0)

    def test_something_else_was_paid_meanwhile(self):
        """The discount is for who pays all: 98 no longer settle it, and are not taken
        when less is due."""
        bill = self.bill()
        tx = self.begin(bill, LAST_DAY)
        with self.at(LAST_DAY):
            self.register_payment(self.invoice(bill), 30)
        self.end(tx, DAY_AFTER)
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "new", amount_due=70.0)
