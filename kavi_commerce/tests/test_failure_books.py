"""Guards of the failures in which the money is there and something else is not, each
alone: see ``test_failure_guards`` (F-09 to F-12)."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged

from ..models.payment_transaction.turn import PaymentTransaction as Turn
from .common import REFUSAL, CommerceCommon

ACCOUNTING = "models.payment_transaction.accounting"


class BooksCommon(CommerceCommon):
    def told(self, bill):
        return bill.sudo().activity_ids.sorted("id").mapped("summary")

    def alerts(self, tx):
        """How often each thing was told: activities of one kind are one."""
        notes = tx.gateway_message_ids.filtered(lambda line: line.direction == "note")
        return [note.text.split(":")[0] for note in notes.sorted("id")]

    def capture_of(self, tx):
        return tx._get_paypal_client().get_capture(tx.paypal_capture_id)

    @contextmanager
    def heard(self):
        """What the callbacks of bills hear, at once: not only before the commit."""
        events, model = [], type(self.bills)
        original = model._on_state_changed

        def hear(bills, event):
            events.append((bills.ids, event))
            return original(bills, event)

        with patch.object(model, "_on_state_changed", hear):
            yield events


@tagged("post_install", "-at_install")
class TestReversalGuards(BooksCommon):
    def test_failure_09_whoever_waits_hears_of_it(self):
        """Reopened: who raised the bill hears of it, whole or in part, and once."""
        for amount in (None, 40):
            with self.subTest(amount=amount):
                bill = self.issued(100)
                tx = self.pay_by_card(bill)
                self.paypal.reverse(tx.paypal_capture_id, amount)
                (event,) = self.events("PAYMENT.CAPTURE.REVERSED")[-1:]
                with self.heard() as events:
                    self.receive(event)
                    self.receive({**event, "id": f"WH-AGAIN-{amount}"})
                self.assertEqual(events, [(bill.ids, "reopened")])
                self.assertEqual(len(self.told(bill)), 1)
                self.assertEqual(len(tx.child_transaction_ids), 1 if amount else 0)
                self.assertLedgers(bill)

    def test_failure_09_heard_with_the_entries(self):
        """By who makes the entries, without waiting for the commit or a savepoint."""
        whole, part = self.issued(100), self.issued(100)
        tx = self.pay_by_card(whole)
        tx.reversal_date = "2026-03-01"
        with self.heard() as events:
            whole.sudo()._reverse_payment(tx.payment_id)
        self.assertEqual(events, [(whole.ids, "reopened")])
        tx = self.pay_by_card(part)
        back = tx._create_child_transaction(40, is_refund=True, is_chargeback=True)
        back._split_over_bills(40, tx.kavi_line_ids, tx.browse())
        bill = back.kavi_line_ids._get_bill_to_book()
        with self.heard() as events:
            bill._record_chargeback(
                tx.payment_id, 40, tx.payment_id.date, "By the bank"
            )
        self.assertEqual(events, [(part.ids, "reopened")])

    def test_failure_09_dispute_is_told_once_for_each_state(self):
        """As often as PayPal writes of it."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        dispute = self.paypal.open_dispute(tx.paypal_capture_id)
        (event,) = self.events("CUSTOMER.DISPUTE.CREATED")
        for number in range(3):
            self.receive({**event, "id": f"WH-{number}"})
        self.assertEqual(self.told(bill), ["Dispute at the gateway"])
        self.assertEqual(self.alerts(tx), ["Dispute at the gateway"])
        self.paypal.resolve_dispute(dispute, "RESOLVED_SELLER_FAVOUR")
        self.receive(*self.events("CUSTOMER.DISPUTE.RESOLVED"))
        self.assertEqual(self.alerts(tx), ["Dispute at the gateway"] * 2)

    def test_failure_09_taken_back_before_it_was_booked(self):
        """Money that was not owed: its payment is booked in the end, and people are
        told that it is to be reversed."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.pay(bill)
        self.approve(tx)
        self.charge_elsewhere(tx)
        broken = patch.object(
            type(bill), "_record_unallocated_payment", side_effect=ValueError("broken")
        )
        with broken, self.quiet(ACCOUNTING):
            self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
            self.paypal.reverse(tx.paypal_capture_id)
            self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
        self.assertTrue(tx.reversal_date)
        tx._commit_and_post_process()
        self.assertIn("A payment that was used was charged back", self.alerts(tx))
        self.assertBill(bill, "paid", amount_paid=100.0)

    def test_failure_09_taken_back_is_not_given_back(self):
        """Neither from the transaction nor from the bill."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.paypal.reverse(tx.paypal_capture_id)
        self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
        with self.refused("taken this money back"):
            tx._check_refundable()
        # were it still in the books
        with patch.object(
            type(tx.kavi_line_ids), "_get_held_amount", lambda line: line.total
        ):
            self.assertEqual(tx._get_refundable_of(bill), 0)
        self.assertFalse(bill._get_card_charges())


@tagged("post_install", "-at_install")
class TestRefundGuards(BooksCommon):
    def test_failure_10_more_than_is_left(self):
        """Refused before the gateway is asked: by the bill, and by the charge, also
        while another refund is under way."""
        self.company.billing_allow_part_payment = True
        bill = self.issued(100)
        tx = self.pay_by_card(bill, {bill: 60})
        self.pay(bill)
        with self.refused("60.00"):
            bill._refund(amount=80, method=self.card)
        with self.refused("60.00", "80.00"):
            tx._kavi_refund(80)
        with self.refused("60.00", "80.00"):
            tx._create_refund(80, bill)
        self.paypal.fail("captures.refund", "pending")
        tx._kavi_refund(40)._kavi_send()
        for act in ("refund", "retry_refund", "cancel"):
            with self.subTest(act=act), self.refused("Awaiting Gateway"):
                bill._check_act(act)
        with self.refused("20.00", "30.00"):
            tx._kavi_refund(30)
        self.assertEqual(len(self.paypal.calls("captures.refund")), 1)

    def test_failure_10_each_refusal_is_told(self):
        """And nothing but the refund has changed."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        with self.refused("Only a failed return"):
            tx._lock_failed_return()
        self.paypal.fail("captures.refund", 422, issue=REFUSAL)
        refund = self.refund_by_card(bill, 40)
        self.assertEqual(self.told(bill), ["A refund has failed"])
        self.assertBill(bill, "paid", gateway_status="failed", refund_amount=0.0)
        self.assertEqual((tx.amount_refundable, tx.amount_returned), (100, 0))
        with self.refused("Only what was charged"):
            refund._kavi_refund(10)

    def test_failure_10_fails_when_it_was_made(self):
        """The transaction says so; what is not booked by then is not booked."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        broken = patch.object(
            type(bill), "_record_card_refund", side_effect=ValueError("broken")
        )
        self.give_back(bill, 30)
        refund = tx.child_transaction_ids
        with broken, self.quiet(ACCOUNTING):
            refund._kavi_send()
        self.assertEqual((refund.state, refund.is_post_processed), ("done", False))
        answer = refund._get_paypal_client().get_refund(refund.paypal_refund_id)
        refund._paypal_apply_refund({**answer, "status": "FAILED"})
        self.assertTrue(refund.reversal_date)
        self.assertEqual(refund.kavi_state, "failed_return")
        self.assertIn("A refund that was made has failed after all", self.told(bill))
        self.refresh(refund)
        self.assertBill(bill, "paid", refund_amount=0.0, gateway_status="failed")
        self.assertEqual(tx.amount_refundable, 100)


@tagged("post_install", "-at_install")
class TestAmountGuards(BooksCommon):
    def test_failure_11_order_of_another_payment(self):
        """Nothing is taken, and people are told."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        order = tx._get_paypal_client().get_order(tx.paypal_order_id)
        order["purchase_units"][0]["custom_id"] = "ANOTHER-1"
        client = type(tx._get_paypal_client())
        with patch.object(client, "get_order", lambda *args: order):
            self.come_back(tx)
        self.assertEqual(tx.state, "error")
        self.assertIn("another payment", tx.state_message)
        self.assertEqual(self.told(bill), ["A card payment was not taken"])
        self.assertFalse(self.paypal.ledger.entries())

    def test_failure_11_capture_of_another_amount(self):
        """It is no payment of the bill; people are told of it once."""
        for money in (
            {"currency_code": "USD", "value": "90.00"},
            {"currency_code": "EUR", "value": "100.00"},
        ):
            with self.subTest(money=money):
                bill = self.issued(100)
                self.paypal.fail("orders.capture", "pending")
                tx = self.pay_by_card(bill)
                capture = {**self.capture_of(tx), "status": "COMPLETED"}
                for __ in range(2):
                    tx._paypal_apply_capture({**capture, "amount": money})
                    tx._commit_and_post_process()
                self.assertEqual(tx.state, "error")
                self.assertIn(money["value"], tx.state_message)
                self.assertFalse(tx.payment_id)
                self.assertBill(bill, "new", amount_due=100.0)
                self.assertEqual(
                    self.told(bill), ["A card payment that was not asked for"]
                )

    def test_failure_11_refund_of_another_amount(self):
        for money in (
            {"currency_code": "USD", "value": "30.00"},
            {"currency_code": "EUR", "value": "40.00"},
        ):
            with self.subTest(money=money):
                bill = self.issued(100)
                self.pay_by_card(bill)
                self.paypal.fail("captures.refund", "pending")
                refund = self.refund_by_card(bill, 40)
                client = refund._get_paypal_client()
                answer = client.get_refund(refund.paypal_refund_id)
                refund._paypal_apply_refund(
                    {**answer, "status": "COMPLETED", "amount": money}
                )
                refund._commit_and_post_process()
                self.assertEqual(refund.kavi_state, "failed_return")
                self.assertBill(bill, "paid", refund_amount=0.0)
                self.assertEqual(self.told(bill), ["A refund of another amount"])

    def test_failure_11_taken_back_in_another_currency(self):
        """Nobody knows what it is worth here: told, once, and entered by people."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        reversal = {
            "id": "9AB12345CD678901E",
            "amount": {"currency_code": "EUR", "value": "100.00"},
        }
        for __ in range(2):
            tx._process_chargeback(reversal, "By the bank.")
        self.assertEqual(
            self.told(bill), ["A payment was charged back in another currency"]
        )
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertFalse(tx.reversal_date or tx.child_transaction_ids)

    def test_failure_11_fee_in_another_currency(self):
        """Not booked as if it were in the payment's."""
        tx = self.start(self.issued(100))
        fee = {"paypal_fee": {"currency_code": "EUR", "value": "3.00"}}
        self.assertEqual(tx._read_fee({"breakdown": fee}, "breakdown"), 0)
        fee["paypal_fee"]["currency_code"] = "USD"
        self.assertEqual(tx._read_fee({"breakdown": fee}, "breakdown"), 3)


@tagged("post_install", "-at_install")
class TestChangeGuards(BooksCommon):
    def test_failure_12_acts_close_the_checkout(self):
        """Whatever else is done with the bill: the attempt is over, and is not
        captured."""
        for act in (
            "choose_method",
            "complete_payment",
            "change_amount",
            "write_off",
            "apply_credit",
            "cancel",
        ):
            with self.subTest(act=act):
                bill = self.issued(100)
                tx = self.start(bill)
                bill._lock_for_act(act)
                self.assertEqual(tx.state, "cancel")

    def test_failure_12_acts_wait_for_the_gateway(self):
        """While it is not known whether the money came."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(bill)
        for act in (
            "change_amount",
            "choose_method",
            "complete_payment",
            "pay_by_card",
            "write_off",
            "apply_credit",
            "cancel",
        ):
            with self.subTest(act=act), self.refused("Awaiting Gateway"):
                bill._check_act(act)
        self.refresh(tx)
        self.paypal.fail("captures.refund", "drop_after")
        self.refund_by_card(bill, 30)
        for act in ("refund", "retry_refund", "cancel"):
            with self.subTest(act=act), self.refused("Awaiting Gateway"):
                bill._check_act(act)

    def test_failure_12_read_anew_under_the_lock(self):
        """What another one has committed is what counts, not what was read before:
        where the bills are locked, and at the begin of a turn."""
        bill = self.issued(100)
        tx = self.start(bill)
        acts = (
            tx._kavi_lock_with_bills,
            lambda: Turn._kavi_see_anew(tx),
        )
        cron = type(self.env["ir.cron"])
        for due, act in zip((60.0, 40.0), acts, strict=True):
            self.env.flush_all()
            self.assertGreater(bill.amount_due, due)
            self.env.cr.execute(
                "UPDATE kavi_bill SET amount_due = %s WHERE id = %s", [due, bill.id]
            )
            with patch.object(cron, "_commit_progress", lambda *args, **kwargs: None):
                act()
            self.assertEqual(bill.amount_due, due)

    def test_failure_12_bill_takes_no_payment_any_more(self):
        """As much is owed as before, and still it is not to be paid: not charged."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        bill.sudo()._write_facts({"is_frozen": True})
        self.assertEqual(bill.amount_due, 100)
        self.come_back(tx)
        self.assertEqual(tx.state, "cancel")
        self.assertIn("Frozen", tx.payer_message)
        self.assertFalse(self.paypal.calls("orders.capture"))

    def test_failure_12_rest_is_a_credit_with_the_entries(self):
        """40 of 100 are still owed when the money comes: what is over is the account's,
        and does not wait for the commit to be found."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "pending")
        tx = self.pay_by_card(bill)
        self.register_payment(self.invoice(bill), 60)
        paying = tx.kavi_line_ids._get_bill_to_book()
        # without what is looked for when a bill becomes paid, whoever paid it
        with patch.object(type(bill), "_record_rests", lambda bills: None):
            payment = paying._complete_payment(self.card, amount=100)
        credit = self.env["kavi.credit"].search([("move_id", "=", payment.move_id.id)])
        self.assertEqual(credit.amount_open, 60)

    def test_failure_12_card_payment_switched_off(self):
        """While the payer was at the gateway: nothing is charged, and they read why."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        self.provider.state = "disabled"
        self.come_back(tx)
        self.assertEqual(tx.state, "cancel")
        self.assertIn("switched off", tx.payer_message)
        self.assertFalse(self.paypal.calls("orders.capture"))

    def test_failure_12_rules_changed_while_paying(self):
        """What was charged by the rules of that day is booked: a part, though parts are
        not allowed any more, and by a method that the terms do not name any more."""
        self.company.billing_allow_part_payment = True
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "pending")
        tx = self.pay_by_card(bill, {bill: 40})
        self.company.billing_allow_part_payment = False
        others = patch.object(type(bill), "_get_term_methods", lambda bill: self.check)
        with others:
            self.paypal.settle(tx.paypal_capture_id)
            self.refresh(tx)
        self.assertFalse(tx.post_process_error)
        self.assertBill(bill, "new", amount_paid=40.0, amount_due=60.0)
        self.assertLedgers(bill)
