"""The inbox: verified first, stored once, worked on after, in any order."""

import json
from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import SIGNED, WEBHOOK_ID, CommerceCommon

WEBHOOK = "/payment/paypal/webhook/"


@tagged("post_install", "-at_install")
class TestEvents(HttpCase, CommerceCommon):
    def setUp(self):
        super().setUp()
        webhooks = self.paypal.webhooks
        webhooks.registered[WEBHOOK_ID] = {
            "id": WEBHOOK_ID,
            "url": self.base_url() + WEBHOOK,
            "event_types": [{"name": "*"}],
        }
        # by this test's own session, which alone the server of the tests answers
        patcher = patch.object(webhooks, "send", self._send)
        patcher.start()
        self.addCleanup(patcher.stop)

    def _send(self, delivery, headers=None):
        delivery.headers = headers or self.paypal.webhooks.sign(delivery)
        answer = self.post(delivery.raw, delivery.headers)
        delivery.results.append(answer.status_code)
        return answer.status_code

    def post(self, body, headers=None):
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self.url_open(WEBHOOK, data=body, headers=headers)

    def deliver(self):
        """What waits goes out.

        :return: all deliveries so far
        """
        self.env.flush_all()
        self.paypal.webhooks.deliver()
        self.env.invalidate_all()
        return self.paypal.webhooks.deliveries

    def stored(self):
        return self.env["kavi.gateway.event"].sudo().search([])

    def test_failure_06_raw_bytes_are_verified(self):
        """Bytes that another serializer would write otherwise are taken."""
        tx = self.start(self.issued(100))
        self.approve(tx)
        deliveries = self.deliver()
        self.assertTrue(deliveries)
        self.assertTrue(all(delivery.is_taken for delivery in deliveries))
        self.assertEqual(len(self.stored()), len(deliveries))

    def test_failure_07_unsigned_forged_replayed(self):
        """Refused with 403 and nothing changed; unavailable with 503, the same."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        event = self.events("CHECKOUT.ORDER.APPROVED")[0]
        self.assertEqual(self.post(json.dumps(event)).status_code, 403)
        self.paypal.webhooks.forge_next = 1
        delivery = self.deliver()[-1]
        self.assertEqual(delivery.results[-1], 403)
        self.assertFalse(self.stored())
        self.paypal.fail("webhooks.verify", 500, count=1)
        self.paypal.webhooks.deliver()
        self.assertEqual(delivery.results[-1], 503)
        self.assertFalse(self.stored())
        self.assertEqual(tx.state, "draft")
        # taken at last; the same one again is known
        self.paypal.webhooks.deliver()
        self.assertEqual(delivery.results[-1], 200)
        self.paypal.webhooks.replay(delivery.event_id)
        self.paypal.webhooks.deliver()
        self.env.invalidate_all()
        self.assertEqual(len(self.stored()), 1)
        for body in (
            b" ",
            b"[]",
            b"{",
            b'{"id": 1}',
            b'{"event_type": "X", "resource": 3}',
        ):
            self.assertIn(self.post(body).status_code, (400, 403))

    def shop_payment(self):
        """A shop's or invoice's transaction, and the event by which it is paid."""
        tx = self.no_bills_transaction("SHOP-1", operation="online_direct")
        resource = {
            "id": "5O190127TN364715T",
            "intent": "CAPTURE",
            "status": "COMPLETED",
            "payment_source": {"paypal": {"name": {"surname": "Mälzer"}}},
            "purchase_units": [
                {
                    "reference_id": "SHOP-1",
                    "amount": {"currency_code": "USD", "value": "100.00"},
                    "payments": {},
                }
            ],
        }
        return tx, "CHECKOUT.ORDER.COMPLETED", resource

    def test_bad_input_event_of_odoo_is_not_taken_unverified(self):
        """A shop's or invoice's transaction: an event that cannot be verified changes
        nothing either."""
        tx, kind, resource = self.shop_payment()
        event = {"id": "WH-1", "event_type": kind, "resource": resource}
        for status in (500, 422, 401):
            self.paypal.fail("webhooks.verify", status, count=3)
            with mute_logger("odoo.addons.payment.models.payment_provider"):
                answer = self.post(json.dumps(event), SIGNED)
            self.assertIn(answer.status_code, (403, 503))
            self.assertTrue(self.paypal.calls("webhooks.verify"))
            self.env.invalidate_all()
            self.assertEqual(tx.state, "draft")
            self.paypal.heal()

    def test_failure_06_raw_bytes_of_odoo_events(self):
        """A shop's event is verified by its bytes too, and Odoo goes on with it."""
        tx, kind, resource = self.shop_payment()
        self.paypal.emit(kind, resource)
        self.assertEqual(self.deliver()[-1].results, [200])
        self.assertEqual(tx.state, "done")
        self.assertFalse(self.stored())

    def test_events_are_worked_on_and_retried(self):
        """What fails waits and is tried again; after the last time people are told."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        self.deliver()
        event = self.stored()
        self.assertEqual(event.state, "new")
        event._note_failure(ValueError("broken"))
        self.assertEqual((event.tries, event.state), (1, "new"))
        self.assertTrue(event.next_try)
        event._process()
        self.assertEqual(event.state, "done")
        self.assertBill(bill, "paid")
        for __ in range(10):
            event._note_failure(ValueError("broken"))
        self.assertEqual(event.state, "failed")
        self.assertTrue(bill.sudo().activity_ids)

    def test_shuffled_and_doubled(self):
        """Any order, any number of times: the end is the same."""
        import itertools

        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.paypal.refund_on_site(tx.paypal_capture_id, 40)
        events = self.events()
        for order in itertools.islice(itertools.permutations(events), 24):
            self.receive(*order, *order)
        self.assertBill(bill, "refunded", refund_amount=40.0)
        self.assertLedgers(bill)

    def test_report_tells_what_no_event_told(self):
        """The nightly comparison: charge, refund and reversal without an event."""
        bills = [self.issued(amount) for amount in (100, 50, 25)]
        self.paypal.fail("orders.capture", "drop_after")
        lost = self.pay_by_card(bills[0])
        refunded = self.pay_by_card(bills[1])
        reversed_ = self.pay_by_card(bills[2])
        self.paypal.refund_on_site(refunded.paypal_capture_id, 20)
        self.paypal.reverse(reversed_.paypal_capture_id)
        rows = list(
            self.provider._get_paypal_client().list_transactions(
                self.paypal.clock.now().replace(tzinfo=None, hour=0, minute=0),
                self.paypal.clock.now().replace(tzinfo=None),
            )
        )
        self.assertGreaterEqual(len(rows), 5)
        for row in rows + rows:
            self.transactions._process_report_row(self.provider, row)
        self.env.flush_all()
        self.assertEqual(lost.state, "done")
        self.assertBill(bills[0], "paid")
        self.assertBill(bills[1], "refunded", refund_amount=20.0)
        self.assertBill(bills[2], "new", amount_due=25.0)
        self.assertLedgers(*bills)
