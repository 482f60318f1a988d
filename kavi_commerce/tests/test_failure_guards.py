"""Guards of the failures that another guard stands behind: each alone, so that the test
fails when that one is taken out (F-01, F-02, F-07, F-10)."""

import json
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..paypal.client import TRANSMISSION_HEADERS, PayPalClient
from .common import SIGNED, WEBHOOK_ID, CommerceCommon

WEBHOOK = "/payment/paypal/webhook/"


@tagged("post_install", "-at_install")
class TestEventGuards(HttpCase, CommerceCommon):
    """PayPal itself would say yes to everything here."""

    def setUp(self):
        super().setUp()
        self.asked = []
        original = PayPalClient._call

        def call(client, method, path, *args, **kwargs):
            if not path.endswith("verify-webhook-signature"):
                return original(client, method, path, *args, **kwargs)
            self.asked.append(json.loads(kwargs["raw"]))
            return {"verification_status": "SUCCESS"}

        self.startPatcher(patch.object(PayPalClient, "_call", call))
        self.tx = self.start(self.issued(100))
        self.approve(self.tx)
        (self.event,) = self.events("CHECKOUT.ORDER.APPROVED")

    def post(self, **headers):
        self.env.flush_all()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {**SIGNED, **headers}
        answer = self.url_open(
            WEBHOOK,
            data=json.dumps(self.event),
            headers={
                "Content-Type": "application/json",
                **{name: value for name, value in headers.items() if value},
            },
        )
        self.env.invalidate_all()
        return answer.status_code

    def stored(self):
        return self.env["kavi.gateway.event"].sudo().search([])

    def test_failure_07_foreign_certificate_host(self):
        """Signed by whoever owns the certificate: PayPal is not even asked."""
        for url in (
            "https://evil.example/certs/CERT-1",
            "https://api.paypal.com.evil.example/certs/CERT-1",
            "https://evilpaypal.com/certs/CERT-1",
            "https://api.paypal.com@evil.example/certs/CERT-1",
            "http://api.paypal.com/certs/CERT-1",
            "//api.paypal.com/certs/CERT-1",
            "certs/CERT-1",
        ):
            with self.subTest(url=url):
                self.assertEqual(self.post(PAYPAL_CERT_URL=url), 403)
        self.assertFalse(self.asked)
        self.assertFalse(self.stored())
        self.assertEqual(self.tx.state, "draft")
        self.assertEqual(self.post(), 200)
        (asked,) = self.asked
        self.assertEqual(asked["cert_url"], SIGNED["PAYPAL-CERT-URL"])
        self.assertEqual(len(self.stored()), 1)

    def test_failure_07_unsigned_in_part(self):
        """Each of the five headers is needed."""
        self.assertEqual(
            set(SIGNED), {name.upper() for name in TRANSMISSION_HEADERS.values()}
        )
        for name in SIGNED:
            with self.subTest(name=name):
                self.assertEqual(self.post(**{name.replace("-", "_"): ""}), 403)
        self.assertFalse(self.asked)
        self.assertFalse(self.stored())

    def test_failure_02_replayed(self):
        """Stored once: found before, and by the database where two come at once."""
        self.assertEqual(self.post(), 200)
        self.assertEqual(self.post(), 200)
        self.assertEqual(len(self.stored()), 1)
        Event = self.env["kavi.gateway.event"]
        for blind in (False, True):
            # blind: the other one was not committed when this one looked
            with self.subTest(blind=blind):
                patcher = patch.object(
                    type(Event), "search_count", lambda *args, **kwargs: 0
                )
                if blind:
                    patcher.start()
                answer = Event._receive(json.dumps(self.event).encode(), SIGNED)
                if blind:
                    patcher.stop()
                self.assertEqual(answer, "known")
        self.assertEqual(len(self.stored()), 1)

    def test_failure_07_registered_webhook_only(self):
        """The event is verified for the webhook that is ours."""
        self.post()
        (asked,) = self.asked
        self.assertEqual(asked["webhook_id"], WEBHOOK_ID)
        self.assertEqual(asked["webhook_event"], self.event)


@tagged("post_install", "-at_install")
class TestKeyGuards(CommerceCommon):
    def keys(self, endpoint):
        return [call.request_id for call in self.paypal.calls(endpoint)]

    def test_failure_10_same_key_when_asked_again(self):
        """The refund was made, its answer lost, and no event tells of it: asked again
        with the same key, it is the same refund. With another key, 80 would go."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.paypal.fail("captures.refund", "drop_after", count=2)
        refund = self.refund_by_card(bill, 40)
        for __ in range(2):
            self.refresh(refund)
        self.assertEqual(refund.kavi_state, "returned")
        keys = self.keys("captures.refund")
        self.assertEqual(len(keys), 3)
        self.assertEqual(len(set(keys)), 1)
        self.assertEqual(len(self.paypal.ledger.entries(kind="refund")), 1)
        self.assertBill(bill, "refunded", refund_amount=40.0)
        self.assertLedgers(bill)
        # another refund of the same amount is another one
        self.refund_by_card(bill, 40)
        self.assertEqual(len(set(self.keys("captures.refund"))), 2)
        self.assertLedgers(bill)

    def test_failure_01_same_key_when_asked_again(self):
        """Orders, captures, authorizations, their captures and voids: likewise."""
        bill, parts = self.issued(100), self.issued(100)
        self.paypal.fail("orders.create", "drop_after")
        try:  # what was begun stays, as it is committed before the call
            self.start(bill)
        except UserError as error:
            self.assertIn("no answer", str(error))
        self.paypal.fail("orders.capture", "drop_before")
        tx = self.pay_by_card(bill)
        self.refresh(tx)
        self.provider.kavi_intent = "AUTHORIZE"
        self.paypal.fail("orders.authorize", "drop_before")
        authorized = self.pay_by_card(parts)
        self.refresh(authorized)
        for act, amount in (("capture", 70), ("void", 30)):
            self.paypal.fail(f"authorizations.{act}", "drop_after")
            child = getattr(authorized, f"_{act}")(amount)
            child._kavi_send()
            self.refresh(child)
        for endpoint in (
            "orders.capture",
            "orders.authorize",
            "authorizations.capture",
            "authorizations.void",
        ):
            with self.subTest(endpoint=endpoint):
                first, again = self.keys(endpoint)
                self.assertTrue(first)
                self.assertEqual(first, again)
        self.assertEqual(len(set(self.keys("orders.create")[:2])), 1)
        self.assertBill(bill, "paid")
        self.assertBill(parts, "new", amount_paid=70.0)
