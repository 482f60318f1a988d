"""What a payment must survive, F-01 to F-16, each with its guard."""

import json
from unittest.mock import patch

from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestFailures(CommerceCommon):
    def test_failure_01_capture_reply_lost(self):
        """Awaiting Gateway; the resolver looks, and it is paid once."""
        for kind in ("drop_after", "malformed", 500):
            with self.subTest(kind=kind):
                bill = self.issued(100)
                details = {"after": True} if kind == 500 else {}
                self.paypal.fail("orders.capture", kind, **details)
                tx = self.pay_by_card(bill)
                self.assertEqual(tx.kavi_state, "pending_charge")
                self.assertBill(bill, "new", gateway_status="awaiting")
                self.refresh(tx)
                self.refresh(tx)
                self.assertBill(bill, "paid", amount_paid=100.0)
                self.assertEqual(len(self.payments(bill)), 1)
        self.assertEqual(len(self.paypal.ledger.entries(kind="capture")), 3)

    def test_failure_01_capture_never_arrived(self):
        """Nothing was done: the resolver asks again with the same key."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "drop_before")
        tx = self.pay_by_card(bill)
        self.assertEqual(tx.state, "pending")
        self.refresh(tx)
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)

    def test_failure_02_same_event_many_times(self):
        """One payment, however often and in whatever number of voices it is told."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        self.receive(*self.events())
        self.assertBill(bill, "paid")
        for __ in range(5):
            self.receive(*self.events())
        self.come_back(tx)
        self.assertEqual(len(self.payments(bill)), 1)
        self.assertLedgers(bill)

    def test_failure_02_captured_by_another(self):
        """ORDER_ALREADY_CAPTURED is read again, and is a success."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        # what the other one has captured a moment before, we still saw approved
        order = tx._get_paypal_client().get_order(tx.paypal_order_id)
        tx._get_paypal_client().capture_order(tx.paypal_order_id, "another")
        tx._paypal_capture_order(order)
        tx._commit_and_post_process()
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)

    def test_failure_03_refund_before_capture(self):
        """The refund's event first: both are applied at the end, a part or all."""
        for amount in (40.0, 100.0):
            with self.subTest(amount=amount):
                self.paypal.reset()
                bill = self.issued(100)
                self.paypal.fail("orders.capture", "drop_after")
                tx = self.pay_by_card(bill)
                capture = self.paypal.ledger.entries(kind="capture")[0].id
                self.paypal.refund_on_site(capture, amount)
                events = self.events()
                self.receive(*reversed(events))
                self.receive(*({**event, "id": f"{event['id']}-2"} for event in events))
                self.assertBill(
                    bill, "refunded", amount_paid=100.0, refund_amount=amount
                )
                self.assertEqual(tx.kavi_state, "returned")
                self.assertEqual(len(tx.child_transaction_ids), 1)
                self.assertLedgers(bill)

    def test_failure_04_browser_closed_after_approval(self):
        """The event, or the resolver, captures what the payer has approved."""
        by_event, by_resolver = self.issued(100), self.issued(50)
        first, second = self.start(by_event), self.start(by_resolver)
        self.approve(first)
        self.receive(*self.events("CHECKOUT.ORDER.APPROVED"))
        self.assertBill(by_event, "paid")
        self.approve(second)
        self.refresh(second)
        self.assertBill(by_resolver, "paid")
        self.assertLedgers(by_event, by_resolver)

    def test_failure_04_never_approved(self):
        """An order that nobody approves is closed in the end, expired or not, or never
        made; not before the payer had time for it."""
        bill, other, third = self.issued(100), self.issued(50), self.issued(20)
        tx, gone = self.start(bill), self.start(other)
        unmade = third._pay_by_card(self.provider)
        self.paypal.expire(gone.paypal_order_id)
        for __ in range(3):
            self.assertEqual((tx.state, unmade.state), ("draft", "draft"))
            self.assertTrue(tx.next_check_date and unmade.next_check_date)
            self.refresh(tx | gone | unmade)
        self.assertEqual(set((tx | gone | unmade).mapped("state")), {"cancel"})
        self.assertBill(bill, "new", gateway_status=False)
        self.assertFalse(tx.next_check_date)

    def test_failure_05_two_tabs_and_double_click(self):
        """The same again is the same order; another amount closes the first; while
        the money is under way, the second is told so."""
        bill = self.issued(100)
        first, again = self.start(bill), self.start(bill)
        self.assertEqual(first, again)
        self.assertEqual(len(self.paypal.calls("orders.create")), 1)
        other = self.start(bill, {bill: 60})
        self.assertEqual((first.state, other.state), ("cancel", "draft"))
        # the first tab is approved all the same: it is not captured
        self.approve(first)
        self.come_back(first)
        self.assertFalse(self.paypal.ledger.entries())
        self.approve(other)
        self.paypal.fail("orders.capture", "drop_after")
        self.come_back(other)
        with self.refused("Awaiting Gateway"):
            self.start(bill)
        self.refresh(other)
        self.assertLedgers(bill)

    def test_failure_05_approved_and_pressed_again(self):
        """The payer has approved, came back some other way and presses Pay again: it is
        taken at once, instead of showing a page that is used up."""
        bill, declined, late = (self.issued(100) for __ in range(3))
        tx = self.start(bill)
        self.approve(tx)
        self.assertEqual(self.start(bill), tx)
        self.assertEqual(tx.state, "done")
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)
        # what the gateway says then is what the payer sees
        tx = self.start(declined)
        self.approve(tx, "declined")
        self.assertEqual(tx._kavi_open_checkout(), "")
        self.assertBill(declined, "new", gateway_status="failed")
        # no answer: the payer goes on to the gateway's page, as before
        tx = self.start(late)
        self.paypal.fail("orders.get", 503)
        self.assertEqual(tx._kavi_open_checkout(), tx.approve_url)
        # and an order that is gone is said to be
        self.paypal.expire(tx.paypal_order_id)
        with self.refused("start again"):
            tx._kavi_open_checkout()
        tx._paypal_process_order()
        self.assertNotEqual(self.start(late), tx)

    def test_failure_05_late_second_capture(self):
        """A capture that nobody of us made: the account's credit, and an alert."""
        bill = self.issued(100)
        first = self.start(bill)
        self.pay(bill)
        self.assertEqual(first.state, "cancel")
        self.approve(first)
        self.paypal_captures(first)
        self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
        self.assertEqual(first.state, "done")
        self.assertBill(bill, "paid", amount_paid=100.0)
        credit = self.env["kavi.credit"].search([("partner_id", "=", self.account.id)])
        self.assertEqual(credit.amount_open, 100)
        self.assertTrue(bill.sudo().activity_ids)

    def paypal_captures(self, tx):
        self.charge_elsewhere(tx)

    def test_failure_08_pending_then_denied(self):
        """An eCheck that bounces: not paid, open again, told."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "pending", reason="ECHECK")
        tx = self.pay_by_card(bill)
        self.assertEqual(tx.state, "pending")
        self.assertIn("ECHECK", tx.state_message)
        self.assertBill(bill, "new", gateway_status="awaiting")
        self.paypal.settle(tx.paypal_capture_id, "DENIED")
        self.receive(*self.events("PAYMENT.CAPTURE.DENIED"))
        self.assertEqual(tx.kavi_state, "failed_charge")
        self.assertBill(bill, "new", gateway_status="failed", amount_due=100.0)
        self.pay_by_card(bill)
        self.assertLedgers(bill)

    def test_failure_08_pending_then_completed(self):
        """An eCheck that clears, told late and out of order."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "pending")
        tx = self.pay_by_card(bill)
        self.paypal.settle(tx.paypal_capture_id)
        self.receive(*reversed(self.events()))
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)

    def test_failure_09_reversal_weeks_later(self):
        """A charge-back: the debt is open again, the entry reversed, people told."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.paypal.reverse(tx.paypal_capture_id)
        self.receive(*self.events())
        self.receive(*self.events())
        self.assertBill(bill, "new", amount_due=100.0, amount_paid=0.0)
        self.assertEqual(tx.kavi_state, "returned")
        self.assertTrue(tx.reversal_date)
        self.assertEqual(tx.payment_id.state, "rejected")
        self.assertTrue(bill.sudo().activity_ids)
        self.assertLedgers(bill)

    def test_failure_09_dispute(self):
        """Opened: told. Lost: the debt is open again."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        dispute = self.paypal.open_dispute(tx.paypal_capture_id)
        self.receive(*self.events())
        self.assertTrue(tx.dispute_state)
        refund = self.refund_by_card(bill, 10)
        self.assertIn("dispute", refund.state_message)
        self.assertBill(bill, "paid")
        self.paypal.resolve_dispute(dispute)
        self.receive(*self.events())
        self.assertEqual(tx.dispute_state, "RESOLVED_BUYER_FAVOUR")
        self.assertBill(bill, "new", amount_due=100.0)
        self.assertLedgers(bill)

    def test_failure_10_refunds_that_are_refused(self):
        """Each refusal is a clear message, and the state stays."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        for issue, word in (
            ("REFUND_AMOUNT_EXCEEDED", "less"),
            ("REFUND_TIME_LIMIT_EXCEEDED", "limited time"),
            ("MAX_NUMBER_OF_REFUNDS_EXCEEDED", "no further"),
            ("TRANSACTION_DISPUTED", "dispute"),
            ("REFUND_FAILED_INSUFFICIENT_FUNDS", "balance"),
            ("CAPTURE_FULLY_REFUNDED", "before"),
        ):
            with self.subTest(issue=issue):
                self.paypal.fail("captures.refund", 422, issue=issue)
                refund = self.refund_by_card(bill, 10)
                self.assertEqual(refund.kavi_state, "failed_return")
                self.assertIn(word, refund.state_message)
                self.assertBill(bill, "paid", refund_amount=0.0)
        self.refund_by_card(bill, 10)
        self.assertLedgers(bill)

    def test_failure_10_refund_pending_then_failed(self):
        """Under way at the gateway, then failed: told, and may be tried again."""
        for status, kavi_state, state, refunded in (
            ("FAILED", "failed_return", "paid", 0.0),
            ("CANCELLED", "failed_return", "paid", 0.0),
            ("COMPLETED", "returned", "refunded", 40.0),
        ):
            with self.subTest(status=status):
                bill = self.issued(100)
                self.pay_by_card(bill)
                self.paypal.fail("captures.refund", "pending")
                refund = self.refund_by_card(bill, 40)
                self.assertEqual(refund.kavi_state, "pending_return")
                self.assertTrue(refund.paypal_refund_id)
                self.paypal.settle_refund(refund.paypal_refund_id, status)
                self.refresh(refund)
                self.assertEqual(refund.kavi_state, kavi_state)
                gateway = False if refunded else "failed"
                self.assertBill(
                    bill, state, refund_amount=refunded, gateway_status=gateway
                )
                self.assertEqual(bool(bill.sudo().activity_ids), not refunded)

    def test_failure_10_refund_answer_lost(self):
        """Asked again with the same key: given back once."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.paypal.fail("captures.refund", "drop_after")
        refund = self.refund_by_card(bill, 40)
        self.assertEqual(refund.kavi_state, "pending_return")
        self.assertBill(bill, "paid", gateway_status="awaiting")
        # an event comes first, by which it is known; the resolver finds nothing to do
        self.receive(*self.events("PAYMENT.CAPTURE.REFUNDED"))
        self.refresh(refund)
        self.assertBill(bill, "refunded", refund_amount=40.0)
        self.assertEqual(len(self.paypal.ledger.entries(kind="refund")), 1)
        self.assertLedgers(bill)

    def test_failure_11_amount_differs(self):
        """An order of another amount or currency is not captured."""
        bill = self.issued(100)
        for amount in (
            {"currency_code": "USD", "value": "90.00"},
            {"currency_code": "EUR", "value": "100.00"},
        ):
            with self.subTest(amount=amount):
                tx = self.start(bill)
                self.approve(tx)
                order = tx._get_paypal_client().get_order(tx.paypal_order_id)
                order["purchase_units"][0]["amount"] = amount
                client = type(tx._get_paypal_client())
                with patch.object(client, "get_order", lambda *args, o=order: o):
                    self.come_back(tx)
                self.assertEqual(tx.state, "error")
                self.assertIn(amount["value"], tx.state_message)
        self.assertFalse(self.paypal.ledger.entries())
        self.assertBill(bill, "new", amount_due=100.0)

    def test_failure_12_bill_changed_while_paying(self):
        """Less is owed when the payer comes back: nothing is charged."""
        canceled, changed, part = self.issued(100), self.issued(100), self.issued(100)
        txs = [self.start(bill) for bill in (canceled, changed, part)]
        for tx in txs:
            self.approve(tx)
        # behind the bills' back, where no act closes the checkout
        self.reverse(self.invoice(canceled), modify=True)
        self.register_payment(self.invoice(part), 30)
        self.change_price(changed, 80)
        for tx in txs:
            self.come_back(tx)
            self.assertEqual(tx.state, "cancel")
        self.assertIn("Nothing was charged", txs[0].state_message)
        self.assertFalse(self.paypal.ledger.entries())

    def test_failure_12_money_comes_for_a_canceled_bill(self):
        """A payment on the way when the bill ends: the account's credit, and told."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "pending")
        tx = self.pay_by_card(bill)
        self.reverse(self.invoice(bill), modify=True)
        self.assertBill(bill, "canceled")
        self.paypal.settle(tx.paypal_capture_id)
        self.refresh(tx)
        self.assertEqual(tx.kavi_state, "charged")
        credit = self.env["kavi.credit"].search([("partner_id", "=", self.account.id)])
        self.assertEqual(credit.amount_open, 100)
        self.assertTrue(bill.sudo().activity_ids)

    def test_failure_13_booking_fails(self):
        """The money's state is kept, it is shown and tried again, nobody pays twice."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        broken = patch.object(
            type(bill), "_post_payments", side_effect=ValueError("a broken journal")
        )
        with broken, self.quiet("models.payment_transaction.accounting"):
            self.come_back(tx)
            self.refresh(tx)
        self.assertEqual(tx.state, "done")
        self.assertFalse(tx.is_post_processed)
        self.assertIn("a broken journal", tx.post_process_error)
        self.assertTrue(bill.sudo().activity_ids)
        self.assertTrue(tx.next_check_date)
        self.assertEqual(len(self.paypal.calls("orders.capture")), 1)
        # the money is there, so nobody is asked for it again, nor given it back twice
        self.assertBill(bill, "new", gateway_status="awaiting")
        for act in ("pay_by_card", "complete_payment", "cancel"):
            with self.refused("Awaiting Gateway"):
                bill._check_act(act)
        self.refresh(tx)
        self.assertFalse(tx.post_process_error or tx.next_check_date)
        self.assertBill(bill, "paid")
        self.assertEqual(len(self.paypal.calls("orders.capture")), 1)
        self.assertLedgers(bill)

    def test_failure_14_intent_is_committed_before_the_call(self):
        """Whenever money is asked for, what is asked is committed already."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        committed = []

        def commit(txs):
            txs.env.flush_all()
            committed.append({tx.id: tx.state for tx in txs})

        client = type(tx._get_paypal_client())
        seen = {}

        def watch(name):
            original = getattr(client, name)

            def call(*args, **kwargs):
                seen[name] = dict(committed[-1]) if committed else {}
                return original(*args, **kwargs)

            return patch.object(client, name, call)

        with (
            patch.object(type(tx), "_kavi_commit", commit),
            watch("capture_order"),
        ):
            self.come_back(tx)
        self.assertEqual(seen["capture_order"], {tx.id: "pending"})
        # a refund is only sent by what the commit of its intent has called
        self.give_back(bill, 10)
        self.assertFalse(self.paypal.calls("captures.refund"))
        self.assertTrue(self.env.cr.postcommit._funcs)

    def test_failure_15_currencies(self):
        """Amounts are strings by PayPal's own table of currencies."""
        for code, amount, text in (
            ("JPY", 1000, "1000"),
            ("HUF", 2500, "2500"),
            ("TWD", 300, "300"),
            ("EUR", 12.5, "12.50"),
        ):
            currency = self.env["res.currency"].with_context(active_test=False)
            currency = currency.search([("name", "=", code)])
            currency.active = True
            with self.subTest(code=code):
                bill = self.issued(amount, currency_id=currency.id)
                tx = self.pay_by_card(bill)
                order = self.paypal.calls("orders.create")[-1]
                self.assertIn(f'"value": "{text}"', json.dumps(tx._prepare_order()))
                self.assertTrue(order)
                self.assertBill(bill, "paid")
        # what PayPal cannot take is refused before anything is asked
        huf = self.env["res.currency"].search([("name", "=", "HUF")])
        bill = self.issued(10.5, currency_id=huf.id)
        calls = len(self.paypal.calls("orders.create"))
        with self.refused("decimals"):
            self.start(bill)
        self.assertEqual(len(self.paypal.calls("orders.create")), calls)

    def test_failure_16_surcharge_is_what_was_charged(self):
        """Part, many bills, method changed, checkout canceled, refund, zero."""
        self.card.write({"surcharge_percent": 2, "surcharge_fixed": 1})
        bills = self.issued(100) | self.issued(50)
        tx = self.pay_by_card(bills)
        self.assertEqual(tx.amount, 155)  # 100 + 3 and 50 + 2
        self.assertEqual(bills.mapped("amount_paid"), [103, 52])
        part = self.issued(100)
        self.start(part)._kavi_cancel_checkout()
        self.assertBill(part, "new", payment_surcharge=0.0)
        tx = self.start(part, {part: 50})
        self.approve(tx)
        self.card.write({"surcharge_percent": 20, "surcharge_fixed": 5})
        self.come_back(tx)  # as it was agreed
        self.assertBill(part, "new", amount_due=50.0, amount_paid=52.0)
        self.choose(part)
        self.pay(part)
        self.assertBill(part, "paid", amount_paid=102.0)
        self.refund_by_card(bills[0])
        self.assertBill(bills[0], "refunded", refund_amount=103.0)
        self.assertBooks(*bills, part)
