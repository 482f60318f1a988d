"""When nobody answers, and when the answer is no, days later: the ladder of DESIGN's
section 5 (5 minutes, 1 hour, then daily for 5 days, then people are told)."""

from odoo import fields
from odoo.tests import tagged

from odoo.addons.kavi_billing.tests.profile import by_turns

from ..models.payment_transaction.sync import RETRY_DELAYS
from .common import CommerceCommon

LADDER = [5, 60, *[24 * 60] * 5]


@tagged("post_install", "-at_install")
class TestLadder(CommerceCommon):
    def minutes(self, tx):
        """How long it is until the gateway is asked again; None: never."""
        if not tx.next_check_date:
            return None
        span = tx.next_check_date - fields.Datetime.now()
        return round(span.total_seconds() / 60)

    def told(self, bill):
        return bill.sudo().activity_ids.mapped("summary")

    def mailed(self, bill):
        return bill.sudo().notice_ids.filtered(
            lambda notice: notice.event == "card_failed"
        )

    def held(self, bill):
        """Paid, and the gateway holds the money."""
        self.paypal.fail("orders.capture", "pending", reason="ECHECK")
        return self.pay_by_card(bill)

    def authorized(self, bill):
        self.provider.kavi_intent = "AUTHORIZE"
        return self.pay_by_card(bill)

    def part_of_authorized(self, bill, act):
        child = getattr(self.authorized(bill), f"_{act}")(100)
        child._kavi_send()
        return child

    def refunded(self, bill, **fault):
        self.pay_by_card(bill)
        if fault:
            self.paypal.fail("captures.refund", **fault)
        return self.refund_by_card(bill, 30)

    def test_table_walk_whichever_call_gives_no_answer(self):
        """The order is there, approved, and only one call stays without an answer."""
        self.assertEqual(list(RETRY_DELAYS), LADDER)
        table = {
            "orders.get": lambda bill: self.pay_by_card(bill),
            "orders.capture": lambda bill: self.pay_by_card(bill),
            "orders.authorize": lambda bill: self.authorized(bill),
            "captures.get": lambda bill: self.held(bill),
            "captures.refund": lambda bill: self.refunded(bill),
            "refunds.get": lambda bill: self.refunded(bill, kind="pending"),
            "authorizations.capture": lambda bill: self.part_of_authorized(
                bill, "capture"
            ),
            "authorizations.void": lambda bill: self.part_of_authorized(bill, "void"),
        }
        for turn, kind in enumerate((503, "drop_before")):
            for endpoint, begin in by_turns(table.items(), 2, turn):
                with self.subTest(endpoint=endpoint, kind=kind):
                    self.paypal.heal()
                    self.provider.kavi_intent = "CAPTURE"
                    if endpoint == "orders.get":
                        # the capture's own answer was lost, and then the order's
                        self.paypal.fail("orders.capture", "drop_after")
                        bill = self.issued(100)
                        tx = begin(bill)
                        self.paypal.fail(endpoint, kind, count=None)
                    else:
                        self.paypal.fail(endpoint, kind, count=None)
                        bill = self.issued(100)
                        tx = begin(bill)
                    self.assertEqual(tx.state, "pending")
                    seen = [self.minutes(tx)]
                    for __ in LADDER:
                        self.assertFalse(self.told(bill))
                        self.refresh(tx)
                        seen.append(self.minutes(tx))
                    self.assertEqual(seen, [*LADDER, None])
                    self.assertEqual(self.told(bill), ["The gateway gives no answer"])
                    self.assertEqual(tx.state, "pending")
                    self.assertEqual(bill.gateway_status, "awaiting")

    def test_asked_by_a_person_after_the_last_check(self):
        """Still no answer: the ladder once more, from its first step; an event or a
        person in between do not begin it anew."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", 503, count=None)
        tx = self.pay_by_card(bill)
        self.refresh(tx)
        self.assertEqual((tx.check_step, self.minutes(tx)), (1, 60))
        tx.with_user(self.officer).action_kavi_ask_gateway()
        self.receive(*self.events("CHECKOUT.ORDER.APPROVED"))
        self.assertEqual((tx.check_step, self.minutes(tx)), (1, 60))
        for __ in LADDER[1:]:
            self.refresh(tx)
        self.assertFalse(tx.next_check_date)
        tx.with_user(self.officer).action_kavi_ask_gateway()
        self.assertEqual((tx.check_step, self.minutes(tx)), (0, 5))
        self.paypal.heal()
        self.refresh(tx)
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)

    def test_failure_13_tried_for_ever(self):
        """The gateway has answered: seven looks are not the end of it."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        tx.write({"is_post_processed": False, "post_process_error": "Closed books."})
        for __ in range(len(LADDER) + 3):
            tx._schedule_next_check()
        self.assertEqual(self.minutes(tx), LADDER[-1])

    # === NO, AFTER ALL === #

    def test_failure_08_held_payment_is_denied(self):
        """The bill is open again; administrators and payer are told, once."""
        self.account.email = "acme@example.com"
        for told_by in ("event", "look"):
            with self.subTest(told_by=told_by):
                bill = self.issued(100)
                tx = self.held(bill)
                self.assertFalse(self.told(bill))
                self.paypal.settle(tx.paypal_capture_id, "DENIED")
                for __ in range(2):
                    if told_by == "event":
                        self.receive(*self.events("PAYMENT.CAPTURE.DENIED"))
                    else:
                        self.refresh(tx)
                self.assertEqual(tx.kavi_state, "failed_charge")
                self.assertBill(bill, "new", gateway_status="failed", amount_due=100.0)
                self.assertEqual(
                    self.told(bill), ["A card payment that was awaited has failed"]
                )
                note = bill.sudo().activity_ids.note
                self.assertIn("100.00", note)
                self.assertIn("declined", note)
                notice = self.mailed(bill)
                self.assertEqual(len(notice), 1)
                self.assertEqual(notice.state, "queued")
                self.assertIn("100.00", str(notice.body))

    def test_refused_when_the_payer_has_gone(self):
        """Any answer that comes late: to the capture that is sent again, or by the
        order; not what the payer reads on the page at once."""
        bill, other, page = (self.issued(100) for __ in range(3))
        self.paypal.fail("orders.capture", 503)
        tx = self.pay_by_card(bill)
        self.paypal.fail("orders.capture", 422, issue="INSTRUMENT_DECLINED")
        self.refresh(tx)
        self.assertEqual(tx.state, "error")
        self.assertEqual(len(self.told(bill)), 1)
        self.paypal.fail("orders.capture", 503)
        tx = self.pay_by_card(other)
        order = tx._get_paypal_client().get_order(tx.paypal_order_id)
        tx._paypal_apply_order({**order, "status": "VOIDED"})
        self.assertEqual(tx.state, "cancel")
        self.assertEqual(len(self.told(other)), 1)
        for fault in (
            {"kind": 422, "issue": "INSTRUMENT_DECLINED"},
            {"kind": "declined"},
        ):
            if fault["kind"] != "declined":
                self.paypal.fail("orders.capture", **fault)
            source = "declined" if fault["kind"] == "declined" else "visa"
            tx = self.pay_by_card(page, source=source)
            self.assertEqual(tx.state, "error")
            self.assertFalse(self.told(page))
            self.assertFalse(self.mailed(page))

    def test_authorization_that_runs_out(self):
        """It was to be captured by hand: administrators are told; not of a void of
        their own."""
        bill, own = self.issued(100), self.issued(100)
        tx = self.authorized(bill)
        client = tx._get_paypal_client()
        client.void_authorization(tx.paypal_authorization_id, "on PayPal's site")
        self.refresh(tx)
        self.assertEqual(tx.state, "cancel")
        self.assertEqual(len(self.told(bill)), 1)
        self.assertFalse(self.mailed(bill))
        tx = self.authorized(own)
        tx._void(100)._kavi_send()
        self.receive(*self.events("PAYMENT.AUTHORIZATION.VOIDED"))
        self.assertEqual(tx.state, "cancel")
        self.assertFalse(self.told(own))

    # === A LIVE GATEWAY THAT MAY NOT BE USED === #

    def test_nobody_falls_into_test_mode(self):
        """Live PayPal without a certificate, or without the bill's currency: card
        payment is not offered, though manual mode is published."""
        manual = self._provider("kavi_manual", self.company)
        payer = self.as_user("officer").ref("base.public_user")
        bill = self.issued(100)
        yen = self.env.ref("base.JPY")
        yen.active = True
        in_yen = self.issued(100, currency_id=yen.id)
        for_payer = (bill | in_yen).sudo().with_user(payer).sudo()
        self.assertTrue(all(each._get_card_provider() for each in for_payer))
        self.provider.write({"state": "enabled", "is_published": True})
        self.provider.available_currency_ids = self.company.currency_id
        parameters = self.env["ir.config_parameter"]
        for url, offered in (
            ("https://billing.example.com", True),
            ("http://billing.example.com", False),
        ):
            parameters.set_param("web.base.url", url)
            with self.subTest(url=url):
                own, foreign = for_payer
                wanted = self.provider if offered else self.provider.browse()
                self.assertEqual(own._get_card_provider(), wanted)
                self.assertFalse(foreign._get_card_provider())
                self.assertEqual(bool(own._get_card_problem()), not offered)
                self.assertTrue(foreign._get_card_problem())
                self.assertEqual(self.card in own._get_offered_methods(), offered)
                # nor by asking for it
                for asked in (bill, in_yen):
                    with self.refused("for tests"):
                        asked._pay_by_card(manual)
        # live, and not shown to payers yet: the tests are over all the same
        parameters.set_param("web.base.url", "https://billing.example.com")
        self.provider.is_published = False
        public = for_payer.with_user(payer)
        self.assertFalse(public.sudo()[:1]._get_card_provider())
        # no live one: tests are what there is
        self.provider.state = "disabled"
        self.assertEqual(for_payer[:1]._get_card_provider(), manual)
