"""A refund that the gateway refuses: seen on the bill, tried again or made otherwise;
a bill ends, and its account is told, when the money has gone back (KB-25, KB-37)."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import REFUSAL, CommerceCommon


@tagged("post_install", "-at_install")
class TestRefusedRefunds(CommerceCommon):
    def setUp(self):
        super().setUp()
        self.account.email = "office@acme.example"
        self.company.billing_email_from = "billing@kavi.example"

    def refuse(self, **details):
        self.paypal.fail("captures.refund", 422, issue=REFUSAL, **details)

    def send(self, bill):
        """After the commit, what was asked is sent."""
        bill.sudo().transaction_ids._kavi_send()
        self.env.flush_all()

    def called_off(self, bill, **vals):
        """Canceled in the window, and sent."""
        self.cancel(bill, **vals)
        self.send(bill)

    def told(self, bill, event):
        """What the account was told of that."""
        notices = self.env["kavi.notice"].search(
            [("bill_id", "=", bill.id), ("event", "=", event)]
        )
        return [str(notice.message_id.body) for notice in notices]

    def tile(self):
        tiles = self.as_user("officer")["kavi.billing.overview"].get_overview()["tiles"]
        (tile,) = [tile for tile in tiles if tile["key"] == "failed"]
        return tile

    # === THE FLAG === #

    def test_refused_refund_shows_on_the_bill(self):
        """KB-25: Failed Gateway for failed credits, too; in lists and the overview."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        alerts = len(bill.sudo().activity_ids)
        self.refuse()
        refund = self.refund_by_card(bill)
        self.assertEqual(refund.kavi_state, "failed_return")
        self.assertBill(bill, "paid", refund_amount=0.0, gateway_status="failed")
        self.assertIn("failed_gateway", bill._get_flags())
        self.assertIn("Failed Gateway", bill.flag_label)
        self.assertIn("retry_refund", bill.allowed_acts)
        self.assertIn(bill, self.bills.search([("gateway_status", "=", "failed")]))
        tile = self.tile()
        self.assertIn("1 bill", tile["hint"])
        found = self.bills.search(tile["action"]["domain"])
        self.assertEqual(found, bill)
        tasks = self.as_user("officer")["kavi.billing.overview"]._get_tasks()
        self.assertIn(("refused_refunds", 1), [(t["key"], t["count"]) for t in tasks])
        self.assertEqual(len(bill.sudo().activity_ids), alerts + 1)
        kind, text = bill._get_gateway_notice()
        self.assertEqual(kind, "warning")
        self.assertIn("refund", text)

    def test_refused_refund_is_tried_again_from_the_bill(self):
        """By the button of the bill, as often as it takes, and once each time."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.refuse(count=2)
        self.refund_by_card(bill, 30)
        for _try in range(2):
            bill.action_retry_refund()
            self.send(bill)
        self.assertBill(bill, "refunded", refund_amount=30.0, gateway_status=False)
        self.assertEqual(len(tx.child_transaction_ids), 3)
        with self.refused("Failed Gateway"):
            bill.action_retry_refund()
        self.assertLedgers(bill)

    def test_access_retry_takes_an_officer(self):
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.refuse()
        refund = self.refund_by_card(bill, 30)
        for model, method, ids in (
            ("kavi.bill", "action_retry_refund", bill.ids),
            ("payment.transaction", "action_kavi_retry_refund", refund.ids),
            ("payment.transaction", "action_kavi_drop_return", refund.ids),
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                self.rpc("user", model, method, ids)
        self.assertEqual(tx.child_transaction_ids, refund)

    def test_failure_10_failed_return_is_never_made_twice(self):
        """Tried again and made: trying the first one again would be 30 more."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.refuse()
        failed = self.refund_by_card(bill, 30)
        failed.with_user(self.officer).action_kavi_retry_refund()
        with self.refused("twice"):  # while the second try is under way
            failed.with_user(self.officer).action_kavi_retry_refund()
        self.send(bill)
        with self.refused("twice"):
            failed.with_user(self.officer).action_kavi_retry_refund()
        self.assertFalse(failed.is_failed_return)
        self.assertEqual(len(tx.child_transaction_ids), 2)
        self.assertBill(bill, "refunded", refund_amount=30.0)
        self.assertLedgers(bill)

    def test_failure_10_failed_return_is_settled_by_check(self):
        """Given back otherwise: the flag goes, and the card gets nothing more."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.refuse()
        failed = self.refund_by_card(bill)
        self.give_back(bill, method_id=self.check.id)
        self.assertBill(bill, "refunded", refund_amount=100.0, gateway_status=False)
        with self.refused("twice"):
            failed.with_user(self.officer).action_kavi_retry_refund()
        with self.refused("can be refunded"):
            tx._kavi_refund(10)
        self.assertEqual(tx.amount_refundable, 0)

    def test_a_part_by_check_leaves_the_flag(self):
        """10 of the 30 that failed: what is missing stays in sight, until it is let
        be."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.refuse()
        failed = self.refund_by_card(bill, 30)
        self.give_back(bill, 10, method_id=self.check.id)
        self.assertBill(bill, "refunded", gateway_status="failed")
        failed.with_user(self.officer).action_kavi_drop_return()
        self.assertBill(bill, "refunded", refund_amount=10.0, gateway_status=False)

    def test_pending_refund_that_fails_later(self):
        """Held by the gateway, then refused: the same flag, and it can be tried."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.paypal.fail("captures.refund", "pending")
        refund = self.refund_by_card(bill)
        self.assertBill(bill, "paid", gateway_status="awaiting")
        self.paypal.payments.settle_refund(refund.paypal_refund_id, "FAILED")
        self.receive(*self.events("PAYMENT.REFUND.FAILED"))
        self.assertBill(bill, "paid", gateway_status="failed")
        bill.action_retry_refund()
        self.send(bill)
        self.assertBill(bill, "refunded", refund_amount=100.0, gateway_status=False)

    def test_refused_refund_of_one_of_several_bills(self):
        """Each bill says what became of its own part."""
        bills = self.issued(100) | self.issued(50)
        tx = self.pay_by_card(bills)
        self.refuse()
        tx._kavi_refund(120)
        self.send(bills)
        self.assertEqual(set(bills.mapped("gateway_status")), {"failed"})
        bills[1].action_retry_refund()
        self.send(bills)
        self.assertBill(bills[0], "refunded", refund_amount=100.0)
        self.assertBill(bills[1], "refunded", refund_amount=20.0)
        self.assertLedgers(*bills)

    # === CANCEL === #

    def test_cancel_waits_for_the_gateway(self):
        """The bill ends, and the account is told, when the answer is there."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.cancel(bill, reason="Raised twice", notify=True)
        self.assertBill(bill, "paid", gateway_status="awaiting", refund_amount=0.0)
        self.assertFalse(self.told(bill, "cancel"))
        with self.refused("Awaiting Gateway"):
            bill._cancel("again")
        self.send(bill)
        self.assertBill(
            bill,
            "canceled",
            refund_amount=100.0,
            amount_retained=0.0,
            gateway_status=False,
            cancel_reason="Raised twice",
        )
        (text,) = self.told(bill, "cancel")
        self.assertIn("100.00", text)
        self.assertIn("Raised twice", text)
        self.assertFalse(self.told(bill, "refund"))
        self.assertLedgers(bill)

    def test_cancel_that_the_gateway_refuses(self):
        """Nothing has ended, nobody is told that money came back; it goes on from the
        bill."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.refuse()
        self.called_off(bill, notify=True)
        self.assertBill(bill, "paid", gateway_status="failed", amount_retained=100.0)
        self.assertFalse(self.told(bill, "cancel"))
        self.assertLessEqual({"refund", "cancel", "retry_refund"}, {*bill.allowed_acts})
        bill.action_retry_refund()
        self.send(bill)
        self.assertBill(bill, "canceled", refund_amount=100.0, gateway_status=False)
        (text,) = self.told(bill, "cancel")
        self.assertIn("100.00", text)
        self.assertLedgers(bill)

    def test_refused_cancel_is_asked_again_or_settled_by_check(self):
        for way in ("again", "check"):
            with self.subTest(way=way):
                bill = self.issued(100)
                self.pay_by_card(bill)
                self.refuse()
                self.called_off(bill)
                if way == "check":
                    self.give_back(bill, method_id=self.check.id)
                    self.assertBill(bill, "refunded", gateway_status=False)
                self.called_off(bill)
                self.assertBill(
                    bill, "canceled", refund_amount=100.0, gateway_status=False
                )

    def test_cancel_of_a_part_paid_bill(self):
        """What is open is credited when the money is back, not before."""
        bill = self.issued(100)
        self.pay_by_card(bill, {bill: 40})
        self.cancel(bill)
        self.assertBill(bill, "new", amount_due=60.0, gateway_status="awaiting")
        self.send(bill)
        self.assertBill(bill, "canceled", refund_amount=40.0, amount_due=0.0)
        self.assertLedgers(bill)

    def test_cancel_keeps_a_part(self):
        """25 are kept for the work: the card gets the rest."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.called_off(bill, refund_amount=75)
        self.assertBill(bill, "canceled", refund_amount=75.0, amount_retained=25.0)
        self.assertLedgers(bill)

    def test_cancel_keeps_all(self):
        """Nothing goes back: nothing is asked, and it ends at once."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.cancel(bill, refund_amount=0)
        self.assertBill(bill, "canceled", refund_amount=0.0, amount_retained=100.0)
        self.assertFalse(self.paypal.ledger.entries(kind="refund"))

    def test_cancel_of_two_charges_ends_with_the_last(self):
        """One went back, one was refused: not canceled; tried again, it is."""
        bill = self.issued(100)
        self.pay_by_card(bill, {bill: 40})
        self.pay_by_card(bill)
        self.refuse()
        self.called_off(bill, notify=True)
        self.assertEqual(bill.gateway_status, "failed")
        self.assertBill(bill, "refunded", refund_amount=60.0, amount_retained=40.0)
        bill.action_retry_refund()
        self.send(bill)
        self.assertBill(bill, "canceled", refund_amount=100.0, gateway_status=False)
        (text,) = self.told(bill, "cancel")
        self.assertIn("100.00", text)
        self.assertLedgers(bill)

    def test_cancel_of_several_bills(self):
        """Those by check end at once, those by card with the gateway's answer."""
        cards, checks = self.issued(100) | self.issued(50), self.issued(30)
        self.pay_by_card(cards)
        self.pay(checks)
        self.cancel(cards | checks, notify=True)
        self.assertBill(checks, "canceled", refund_amount=30.0)
        self.assertEqual(set(cards.mapped("state")), {"paid"})
        self.assertEqual(len(self.told(checks, "cancel")), 1)
        self.assertFalse(self.told(cards[0], "cancel"))
        self.send(cards)
        for bill in cards:
            self.assertBill(bill, "canceled", refund_amount=bill.amount_total)
            self.assertEqual(len(self.told(bill, "cancel")), 1)

    def test_text_of_a_late_notice_is_the_edited_one(self):
        """What the officer wrote is what the account reads, when it is true."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        wizard = self.wizard(bill, "cancel", {"reason": "x", "notify": True})
        wizard.edit_notice = True
        wizard.notice_subject, wizard.notice_body = "So sorry", "<p>We erred.</p>"
        wizard.action_cancel_bills()
        self.send(bill)
        (text,) = self.told(bill, "cancel")
        self.assertIn("We erred.", text)

    def test_callbacks_hear_of_the_end_once(self):
        """Canceled, not refunded and then canceled."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.cancel(bill)
        activities = self.env["kavi.activity"].sudo()
        self.send(bill)
        self.env.cr.flush()
        moves = activities.search(
            [("bill_id", "=", bill.id), ("new_state", "in", ("refunded", "canceled"))]
        )
        self.assertEqual(
            [(move.old_state, move.new_state) for move in moves],
            [("paid", "canceled")],
        )
