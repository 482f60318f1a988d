"""Card money that goes back: by the bill, by the transaction, at the gateway."""

from lxml import etree

from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestCardRefunds(CommerceCommon):
    def test_refund_goes_to_the_card(self):
        """KC-23, KC-27: asked of the gateway, booked when it has done so."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.give_back(bill, 30, reason="Fell ill")
        refund = tx.child_transaction_ids
        self.assertEqual(refund.kavi_state, "pending_return")
        self.assertEqual(tx.kavi_state, "pending_return")
        self.assertBill(bill, "paid", gateway_status="awaiting", refund_amount=0.0)
        refund._kavi_send()
        self.env.flush_all()
        self.assertEqual((refund.state, tx.kavi_state), ("done", "returned"))
        self.assertBill(bill, "refunded", refund_amount=30.0, gateway_status=False)
        self.assertLedgers(bill)
        paid_out = self.payments(bill, "outbound")
        self.assertEqual(paid_out.payment_transaction_id, refund)
        self.assertIn("Fell ill", self.notes(bill).ref)
        # and again, up to what was charged
        self.refund_by_card(bill)
        self.assertBill(bill, "refunded", refund_amount=100.0, amount_retained=0.0)
        self.assertLedgers(bill)

    def test_refund_of_a_surcharge(self):
        """F-16: what was charged goes back, surcharge included."""
        self.card.surcharge_percent = 3
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.refund_by_card(bill)
        self.assertBill(bill, "refunded", refund_amount=103.0, amount_retained=0.0)
        self.assertLedgers(bill)

    def test_refund_of_one_of_several_bills(self):
        bills = self.issued(100) | self.issued(50)
        tx = self.pay_by_card(bills)
        refund = self.refund_by_card(bills[1])
        self.assertEqual(refund.amount, -50)
        self.assertBill(bills[1], "refunded", refund_amount=50.0)
        self.assertBill(bills[0], "paid", refund_amount=0.0)
        self.assertEqual(tx.amount_refundable, 100)
        self.assertLedgers(*bills)

    def test_refund_of_many_bills(self):
        """Each goes back the way it came: two by card are asked of the gateway, each
        for its own; one by check is given back at once; one of which nothing is left
        is reported."""
        bills = self.issued(100) | self.issued(50)
        apart, by_check, given = self.issued(70), self.issued(20), self.issued(10)
        charges = self.pay_by_card(bills) | self.pay_by_card(apart)
        self.pay(by_check)
        self.pay(given)
        self.give_back(given)
        everything = bills | apart | by_check | given
        answer = self.wizard(everything, "refund", {}).action_refund()
        report = self.env["kavi.bulk.report"].browse(answer["res_id"])
        self.assertEqual((report.done_count, report.res_ids), (4, given.ids))
        self.assertIn(given.display_name, report.refused)
        self.assertBill(by_check, "refunded", refund_amount=20.0)
        for bill in bills | apart:
            self.assertBill(bill, "paid", gateway_status="awaiting", refund_amount=0.0)
        refunds = charges.child_transaction_ids
        self.assertEqual(sorted(refunds.mapped("amount")), [-100, -70, -50])
        refunds._kavi_send()
        self.env.flush_all()
        for bill in bills | apart:
            total = bill.amount_total
            self.assertBill(bill, "refunded", refund_amount=total, amount_retained=0.0)
            self.assertLedgers(bill)
        entries = self.paypal.ledger.entries(kind="refund")
        self.assertEqual(len(entries), 3)

    def test_cancel_gives_back(self):
        """KB-37: what was paid goes back to the card when the bill is canceled."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.cancel(bill)
        self.assertBill(bill, "paid", gateway_status="awaiting")
        tx.child_transaction_ids._kavi_send()
        self.env.flush_all()
        self.assertBill(bill, "canceled", refund_amount=100.0)
        self.assertLedgers(bill)

    def test_other_method_stays_manual(self):
        """Money may go back otherwise; the gateway is not asked."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.give_back(bill, 30, method_id=self.check.id)
        self.assertBill(bill, "refunded", refund_amount=30.0)
        self.assertFalse(self.paypal.ledger.entries(kind="refund"))

    def test_bad_input_refund_amounts(self):
        """Never above what remains, what is under way included."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        for amount in (-1, 0, 100.01, 0.001, float("nan")):
            with self.subTest(amount=amount), self.refused():
                tx._kavi_refund(amount)
            with self.subTest(amount=amount), self.refused():
                tx._refund(amount or -1)
        tx._kavi_refund(60)
        with self.refused("40"):
            tx._kavi_refund(50)
        self.assertEqual(tx.amount_refundable, 40)
        with self.refused("Awaiting Gateway"):
            bill._refund(10)

    def test_refund_from_the_transaction(self):
        """KC-27: the bill follows."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        wizard = self.as_user("officer")["kavi.transaction.refund.wizard"].create(
            {"transaction_id": tx.id, "amount": 25, "reason": "Twice"}
        )
        wizard.action_refund()
        tx.child_transaction_ids._kavi_send()
        self.env.flush_all()
        self.assertBill(bill, "refunded", refund_amount=25.0)
        self.assertLedgers(bill)

    def test_refund_wizard_warns(self):
        """KC-26: to refund the bill instead, if that can be."""
        view = self.env.ref("kavi_commerce.view_kavi_transaction_refund_wizard_form")
        Wizard = self.as_user("officer")["kavi.transaction.refund.wizard"]
        form = etree.fromstring(Wizard.get_view(view.id)["arch"])
        (warning,) = form.xpath("//div[contains(@class, 'alert-warning')]/text()")
        self.assertIn("Refund the bill instead, if you can", " ".join(warning.split()))

    def test_failed_return_is_tried_again(self):
        """KC-24: refused, then again as a new one."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.paypal.fail(
            "captures.refund", 422, issue="REFUND_FAILED_INSUFFICIENT_FUNDS"
        )
        refund = self.refund_by_card(bill, 30)
        self.assertEqual(refund.kavi_state, "failed_return")
        self.assertIn("balance", refund.state_message)
        self.assertBill(bill, "paid", refund_amount=0.0, gateway_status="failed")
        refund.with_user(self.officer).action_kavi_retry_refund()
        again = tx.child_transaction_ids - refund
        again._kavi_send()
        self.env.flush_all()
        self.assertEqual(again.state, "done")
        self.assertBill(bill, "refunded", refund_amount=30.0)
        self.assertLedgers(bill)

    def test_purge_and_freeze(self):
        """KC-35, KC-36: what identifies is taken out, the bill frozen for everybody."""
        bill, other = self.issued(100), self.issued(100)
        tx = self.pay_by_card(bill)
        self.start(other)._kavi_cancel_checkout()
        with self.at("2030-01-01 12:00:00"):
            old = self.transactions._find_purgeable(self.company, "2029-01-01 00:00:00")
            self.assertIn(tx, old)
            old._kavi_purge()
        self.env.flush_all()
        self.assertTrue(tx.is_purged)
        self.assertFalse(tx.card_last_digits or tx.payer_name or tx.partner_email)
        self.assertFalse(any(tx.gateway_message_ids.mapped("text")))
        self.assertTrue(bill.is_frozen)
        self.assertFalse(other.is_frozen)  # not at its end
        for act in ("refund", "cancel", "edit", "reverse_payment"):
            with self.subTest(act=act), self.refused("Frozen"):
                bill._check_act(act)
        with self.refused("purged"):
            tx._kavi_refund(10)
