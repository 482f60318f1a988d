"""What the nightly check finds of card money when a guard fails: transactions against
payments against bills, in both directions, and the gateway's own report (D-05)."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import SQL

from .common import REFUSAL, CommerceCommon


@tagged("post_install", "-at_install")
class TestCardBookCheck(CommerceCommon):
    def setUp(self):
        super().setUp()
        self.bill = self.issued(100)
        self.tx = self.pay_by_card(self.bill)
        self.assertFalse(self.find())

    def tamper(self, row, **vals):
        """What no path of the addon does."""
        self.env.flush_all()
        for name, value in vals.items():
            self.env.execute_query(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id = %s RETURNING id",
                    SQL.identifier(row._table),
                    SQL.identifier(name),
                    value,
                    row.id,
                )
            )
        self.env.invalidate_all()

    def run_check(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("kavi_billing.cron_check_books").method_direct_trigger()
        self.env.invalidate_all()

    def find(self):
        """All that the check finds, as the scheduled job puts it together."""
        Bill, found = self.env["kavi.bill"].sudo(), {}
        for name in Bill._get_checked_models():
            found |= self.env[name].sudo()._find_book_differences()
        return found

    def assertFound(self, record, *words):
        text = self.find().get(record.sudo(), "")
        for word in words:
            self.assertIn(word, text)

    def late_credit(self):
        """A card payment for what was not owed: a credit of the account."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.pay(bill)
        self.approve(tx)
        self.charge_elsewhere(tx)
        self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
        self.assertFalse(self.find())
        return tx

    # === TRANSACTIONS AND PAYMENTS === #

    def test_charge_without_a_payment(self):
        self.tamper(self.tx.kavi_line_ids, payment_id=None)
        self.assertFound(self.tx, "no payment for it", "second payment")

    def test_payment_of_another_amount_or_currency(self):
        """Too much and too little, by a cent."""
        payment = self.tx.payment_id
        euro = self.env.ref("base.EUR")
        for row, vals in (
            (payment, {"amount": 100.01}),
            (payment, {"amount": 99.99}),
            (payment, {"currency_id": euro.id}),
            (payment, {"payment_type": "outbound"}),
            (payment, {"payment_transaction_id": None}),
            (self.tx, {"amount": 101}),
            (self.tx.kavi_line_ids, {"amount": 99}),
        ):
            with self.subTest(vals=vals):
                savepoint = self.cr.savepoint()
                self.tamper(row, **vals)
                self.assertFound(self.tx, "another amount")
                savepoint.close()
                self.env.invalidate_all()

    def test_payment_for_what_the_gateway_never_moved(self):
        self.tamper(self.tx, state="error")
        self.assertFound(self.tx, "moved nothing")

    def test_second_payment(self):
        """Booked twice."""
        (line,) = self.tx.kavi_line_ids
        with patch.object(type(self.bill), "_get_refusal", lambda *args: ""):
            line._get_bill_to_book()._record_unallocated_payment(
                self.card, line, self.bill.bill_date
            )
        self.assertFound(self.tx, "second payment")

    def test_payment_taken_back_while_the_gateway_holds_it(self):
        """Reverse Payment on a charge, and an accountant's reversal of its entry."""
        by_hand = self.issued(100)
        other = self.pay_by_card(by_hand)
        paid = self.tx.payment_id
        guard = "_check_not_at_gateway"
        with (
            patch.object(type(self.bill), "_lock_for_act", lambda *args: None),
            patch.object(type(paid), guard, lambda *args: None),
        ):
            base = self.env["kavi.bill"].sudo().browse(self.bill.id)
            base._post_payment_reversal(paid.move_id, self.bill.bill_date, "x")
            paid.action_reject()
        self.assertFound(self.tx, "gateway holds")
        with patch.object(type(paid), guard, lambda *args: None):
            other.payment_id.move_id._reverse_moves(cancel=True)
        self.assertFound(other, "gateway holds")

    def test_charged_back_and_still_in_the_books(self):
        self.tamper(self.tx, reversal_date="2026-01-01")
        self.assertFound(self.tx, "still have the payment")

    def test_rest_of_a_payment_that_is_nobodys_credit(self):
        tx = self.late_credit()
        credit = self.env["kavi.credit"].search(
            [("move_id", "=", tx.payment_id.move_id.id)]
        )
        other = self.issued(1).sudo().invoice_id
        self.tamper(credit, move_id=other.id)
        self.assertFound(tx, "nobody's credit")

    def test_fee_of_another_amount(self):
        self.assertTrue(self.tx.fee_move_id)
        self.tamper(self.tx, gateway_fee=self.tx.gateway_fee + 1)
        self.assertFound(self.tx, "fee")

    # === BY CARD, AND NO GATEWAY KNOWS OF IT === #

    def test_payment_by_the_card_method_without_a_transaction(self):
        """Complete Payment, Refund and Refund Credits by Credit Card."""
        bill, refunded = self.issued(50), self.issued(60)
        self.pay(bill)
        self.pay(refunded)
        self.give_back(refunded, 20, method_id=self.check.id)
        for payment in self.payments(bill), self.payments(refunded, "outbound"):
            self.tamper(payment, kavi_method_id=self.card.id)
            self.assertFound(payment, "no transaction")
        self.run_check()
        self.assertTrue(self.payments(bill).activity_ids)

    def test_refunded_in_the_books_and_not_at_the_gateway(self):
        """100 by check and 100 by card, canceled: 200 are refunded in the books, and
        nothing at the card."""
        bill = self.issued(200)
        self.company.billing_allow_part_payment = True
        self.pay(bill, amount=100)
        self.pay_by_card(bill)
        self.assertBill(bill, "paid")
        core = self.env.registry["kavi.bill"]
        with (
            patch.object(core, "_get_card_refundable", lambda bill: 0.0),
            patch.object(core, "_get_card_charges", lambda bill: bill.browse()),
        ):
            books = bill.sudo()._for_books()
            original = next(
                base._post_refunds
                for base in core.mro()
                if base.__module__.endswith("kavi_billing.models.kavi_bill.refund")
                and "_post_refunds" in vars(base)
            )
            original(books, {books: 200.0}, None, None, "canceled")
        self.env.flush_all()
        self.assertEqual(bill.refund_amount, 200)
        self.assertFound(bill, "100.00", "not at the gateway")

    def test_refund_of_a_card_payment_by_a_method_that_was_chosen(self):
        """The gateway takes no refund any more: a check is no difference."""
        self.give_back(self.bill, 40, method_id=self.check.id)
        self.assertFalse(self.find())
        self.refund_by_card(self.bill, 30)
        self.assertFalse(self.find())

    # === WHAT WENT BACK === #

    def test_refunds_beyond_the_charge(self):
        refund = self.refund_by_card(self.bill, 30)
        self.assertFalse(self.find())
        self.tamper(refund, amount=-100.01)
        self.assertFound(self.tx, "More went back")
        self.assertFound(refund, "another amount")

    def test_credit_left_open_for_a_returned_charge(self):
        """Given back from the transaction, and its credit pays another bill."""
        tx = self.late_credit()
        credit = self.env["kavi.credit"].search(
            [("move_id", "=", tx.payment_id.move_id.id)]
        )
        for amount, rest in ((60, 40), (40, 0)):
            known = tx.child_transaction_ids
            tx._kavi_refund(amount)
            refund = tx.child_transaction_ids - known
            refund._kavi_send()
            self.env.flush_all()
            self.assertEqual(refund.state, "done")
            self.tamper(credit, amount_open=rest + 1)
            self.assertFound(tx, "still open")
            self.tamper(credit, amount_open=rest)
            self.assertNotIn("still open", self.find().get(tx, ""))

    def test_return_that_is_matched_with_nothing(self):
        refund = self.refund_by_card(self.bill, 30)
        items = refund.payment_id.move_id.line_ids
        items.remove_move_reconcile()
        self.env.flush_all()
        self.assertFound(refund, "matched with nothing")

    def test_failed_return_that_was_tried_again_twice(self):
        """30 failed, and 30 went back twice; also where the first try failed, too."""
        for failures in (1, 2):
            bill = self.issued(100)
            self.pay_by_card(bill)
            self.paypal.fail("captures.refund", 422, issue=REFUSAL, count=failures)
            failed = last = self.refund_by_card(bill, 30)
            for _try in range(failures):
                last = self.retry(last)
            self.assertEqual(last.state, "done")
            self.assertFalse(self.find())
            # the guard: a line that something has made up for is no failed return
            with patch.object(
                type(failed.kavi_line_ids), "_is_failed_return", lambda line: True
            ):
                again = self.retry(failed)
            self.assertEqual(again.state, "done")
            self.assertFound(failed, "more than once")
            self.tamper(again, retry_of_id=None)
            self.assertFalse(self.find())

    def retry(self, failed):
        """The try that this makes, sent."""
        known = failed.source_transaction_id.child_transaction_ids
        failed.with_user(self.officer).action_kavi_retry_refund()
        refund = failed.source_transaction_id.child_transaction_ids - known
        refund.sudo()._kavi_send()
        self.env.flush_all()
        return refund

    def test_parent_and_child_both_refundable(self):
        """220 were captured of an authorization; 440 are offered for refund."""
        self.provider.kavi_intent = "AUTHORIZE"
        tx = self.pay_by_card(self.issued(220))
        part = tx._capture(220)
        part._kavi_send()
        self.env.flush_all()
        self.assertEqual(part.state, "done")

        def without_the_guard(txs):
            for each in txs:
                each.amount_returned = 0
                each.amount_refundable = each.amount if each.state == "done" else 0

        with patch.object(type(tx), "_compute_amounts", without_the_guard):
            self.env.invalidate_all()
            self.assertFound(tx, "twice")
        self.env.invalidate_all()

    # === WHO IS TOLD === #

    def test_told_once(self):
        """By the same job as of the books, and not every night."""
        self.tamper(self.tx, state="error")
        for __ in range(2):
            self.run_check()
            activities = self.bill.sudo().activity_ids
            self.assertEqual(len(activities), len(activities.user_id))
            self.assertIn(self.users["administrator"], activities.user_id)
        self.assertIn("moved nothing", str(activities[0].note))
