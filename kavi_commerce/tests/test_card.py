"""Paying bills by card: from the button to the entries (issue part 1, 5)."""

from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestCard(CommerceCommon):
    def test_bill_is_paid_by_card(self):
        """KC-11, KC-12: a bill in full; state, entries, fee and ids."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.assertEqual(tx.state, "draft")
        self.assertTrue(tx.order_id)
        self.assertEqual(bill.order_id, tx.order_id)
        self.assertIn(tx.paypal_order_id, tx.approve_url)
        self.assertBill(bill, "new", gateway_status=False)
        self.approve(tx)
        self.come_back(tx)
        self.assertEqual((tx.state, tx.kavi_state), ("done", "charged"))
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertEqual(bill.payment_method_id, self.card)
        self.assertNotEqual(tx.paypal_capture_id, tx.paypal_order_id)
        self.assertEqual(tx.card_last_digits, "1111")
        self.assertLedgers(bill)
        payment = self.payments(bill)
        self.assertEqual(payment.payment_transaction_id, tx)
        self.assertEqual(payment.journal_id, self.provider.journal_id)
        # the entries: 100 outstanding, 3.20 of it the gateway's
        self.assertAlmostEqual(tx.gateway_fee, 3.20)
        self.assertEqual(
            self.entries(payment.move_id | tx.fee_move_id),
            {"asset_current": 96.8, "asset_receivable": -100.0, "expense": 3.2},
        )
        self.assertEqual(float(self.paypal.ledger.net("USD")), 96.8)

    def test_bills_paid_together(self):
        """Several bills in one checkout, each in its books."""
        bills = self.issued(100) | self.issued(50.5)
        tx = self.pay_by_card(bills)
        self.assertEqual(tx.amount, 150.5)
        self.assertEqual(set(bills.mapped("state")), {"paid"})
        self.assertEqual(set(bills.mapped("order_id")), {tx.order_id})
        self.assertLedgers(*bills)

    def test_part_is_paid(self):
        """A part of a bill; then the rest, in an order of its own."""
        bill = self.issued(100)
        first = self.pay_by_card(bill, {bill: 40})
        self.assertBill(bill, "new", is_partly_paid=True, amount_due=60.0)
        second = self.pay_by_card(bill)
        self.assertEqual(second.amount, 60)
        self.assertNotEqual(first.order_id, second.order_id)
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertLedgers(bill)

    def test_surcharge_is_charged_and_booked(self):
        """KB-53: the surcharge is in the order, and in the books as it was agreed."""
        self.card.surcharge_percent = 3
        bill = self.issued(100)
        tx = self.start(bill)
        self.assertEqual(tx.amount, 103)
        self.assertEqual(
            (tx.kavi_line_ids.amount, tx.kavi_line_ids.surcharge), (100, 3)
        )
        self.card.surcharge_percent = 10  # changed meanwhile
        self.approve(tx)
        self.come_back(tx)
        self.assertBill(bill, "paid", amount_paid=103.0, surcharge_booked=3.0)
        self.assertLedgers(bill)

    def test_declined_then_another_card(self):
        """KC-03, KC-13, KC-15: Failed Charge is final; a new try is a new transaction
        of the same order."""
        bill = self.issued(100)
        first = self.pay_by_card(bill, source="declined")
        self.assertEqual((first.state, first.kavi_state), ("error", "failed_charge"))
        self.assertIn("declined", first.state_message)
        self.assertBill(bill, "new", gateway_status="failed")
        self.assertIn("failed_gateway", bill._get_overlays())
        self.assertIn(bill, self.bills.search([("gateway_status", "=", "failed")]))
        second = self.pay_by_card(bill)
        self.assertNotEqual(first, second)
        self.assertEqual(first.order_id, second.order_id)
        self.assertBill(bill, "paid", gateway_status=False)
        self.assertLedgers(bill)

    def test_pending_bill_is_new_while_its_card_is_undecided(self):
        """DESIGN 6: what was promised before is New underneath."""
        bill = self.issued(100)
        self.choose(bill)
        self.assertBill(bill, "pending")
        self.paypal.fail("orders.capture", "pending")
        self.pay_by_card(bill)
        self.assertBill(bill, "new", gateway_status="awaiting")
        self.assertIn("awaiting_gateway", bill._get_overlays())

    def test_turning_back(self):
        """The payer turns back at the gateway: nothing is charged, all is open."""
        bill = self.issued(100)
        tx = self.start(bill)
        tx._kavi_cancel_checkout()
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "new", gateway_status=False)
        self.choose(bill)
        self.assertBill(bill, "pending")

    def test_another_way_closes_the_checkout(self):
        """What is settled otherwise is not charged when the payer comes back."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        self.pay(bill)
        self.come_back(tx)
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertFalse(self.paypal.ledger.entries())

    def test_messages_are_kept(self):
        """KC-08: direction, status, debug id; nothing secret among them."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        messages = tx.gateway_message_ids
        self.assertLessEqual({"sent", "received"}, set(messages.mapped("direction")))
        self.assertTrue(any(messages.mapped("debug_id")))
        self.assertIn("Charged", messages.mapped("status"))
        everything = " ".join(filter(None, messages.mapped("detail")))
        self.assertNotIn(self.paypal.client_secret, everything)
        self.assertNotIn("Bearer", everything)

    def test_manual_mode(self):
        """KC-29, KC-30: an administrator plays the gateway; nothing goes back by it."""
        self.provider.state = "disabled"
        manual = self._provider("kavi_manual", self.company)
        bill = self.issued(100)
        tx = bill._pay_by_card(manual)
        self.assertEqual(tx._kavi_open_checkout(), "")
        self.assertEqual(tx.kavi_state, "pending_charge")
        self.assertIn("awaiting_gateway", bill._get_overlays())
        administrator = self.as_user("administrator")["payment.transaction"]
        administrator.browse(tx.id)._kavi_complete(False, "No funds")
        self.assertEqual(tx.kavi_state, "failed_charge")
        second = bill._pay_by_card(manual)
        second._kavi_open_checkout()
        administrator.browse(second.id)._kavi_complete(True)
        self.assertBill(bill, "paid", amount_paid=100.0)
        with self.refused("manual mode"):
            second._kavi_refund(10)
        # on the bill, it is a manual refund
        self.give_back(bill, 30)
        self.assertBill(bill, "refunded", refund_amount=30.0)
        with self.refused("test mode"), self.cr.savepoint():
            manual.state = "enabled"

    def test_authorize_then_capture_in_parts(self):
        """Authorized first; a part is captured, the rest is given up."""
        self.provider.kavi_intent = "AUTHORIZE"
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.assertEqual((tx.state, tx.kavi_state), ("authorized", "pending_charge"))
        self.assertIn("awaiting_gateway", bill._get_overlays())
        part = tx._capture(60)
        part._kavi_send()
        self.assertEqual(part.state, "done")
        rest = tx._void(40)
        rest._kavi_send()
        self.env.flush_all()
        self.assertEqual((rest.state, tx.state), ("cancel", "done"))
        self.assertBill(bill, "new", amount_paid=60.0, gateway_status=False)
        self.assertLedgers(bill)
