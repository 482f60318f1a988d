"""Guards of the failures that another guard stands behind: each alone, so that the test
fails when that one is taken out (F-01 to F-05, F-07, F-08, F-10)."""

import json
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..models.payment_transaction.turn import TURN
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


@tagged("post_install", "-at_install")
class TestAttemptGuards(CommerceCommon):
    """From the attempt to the money."""

    def test_failure_03_charge_is_not_known_yet(self):
        """The gateway does not say what became of the charge: what takes it back waits,
        however it is told."""
        for kind in ("REFUNDED", "REVERSED"):
            with self.subTest(kind=kind):
                bill = self.issued(100)
                self.paypal.fail("orders.capture", "drop_after")
                tx = self.pay_by_card(bill)
                capture = self.paypal.ledger.entries(kind="capture")[-1].id
                if kind == "REFUNDED":
                    self.paypal.refund_on_site(capture)
                else:
                    self.paypal.reverse(capture)
                event = self.events(f"PAYMENT.CAPTURE.{kind}")[-1]
                self.paypal.fail("orders.get", 503, count=None)
                with self.refused("not known yet"):
                    self.receive(event)
                with self.refused("not known yet"):
                    tx._process_chargeback(event["resource"], "By the bank.")
                self.assertFalse(tx.child_transaction_ids or tx.reversal_date)
                self.paypal.heal()
                self.receive(event)
                self.assertEqual(tx.kavi_state, "returned")
                self.assertLedgers(bill)

    def test_failure_03_payment_is_booked_before_its_refund(self):
        """Whichever of the two is booked first, the other is there."""
        for first in ("refund", "charge"):
            with self.subTest(first=first):
                self.paypal.reset()
                bill = self.issued(100)
                broken = patch.object(
                    type(bill), "_complete_payment", side_effect=ValueError("broken")
                )
                refused = patch.object(
                    type(bill), "_record_card_refund", side_effect=ValueError("broken")
                )
                accounting = "models.payment_transaction.accounting"
                with broken, refused, self.quiet(accounting):
                    tx = self.pay_by_card(bill)
                    self.paypal.refund_on_site(tx.paypal_capture_id, 40)
                    self.receive(*self.events("PAYMENT.CAPTURE.REFUNDED"))
                refund = tx.child_transaction_ids
                self.assertEqual(len(refund), 1)
                self.assertFalse((tx | refund).kavi_line_ids.payment_id)
                if first == "refund":
                    refund._post_process()
                else:
                    tx._commit_and_post_process()
                self.assertBill(bill, "refunded", amount_paid=100.0, refund_amount=40.0)
                self.assertLedgers(bill)

    def test_failure_05_closed_attempt_is_let_be(self):
        """Another tab has closed it: nothing is asked of it, and it is not captured
        where it was looked up a moment before."""
        bill = self.issued(100)
        first = self.start(bill)
        self.approve(first)
        order = first._get_paypal_client().get_order(first.paypal_order_id)
        self.start(bill, {bill: 60})
        self.assertEqual(first.state, "cancel")
        asked = len(self.paypal.calls("orders.get"))
        self.come_back(first)
        self.assertEqual(len(self.paypal.calls("orders.get")), asked)
        first._paypal_capture_order(order)
        first._paypal_capture_order(order, again=True)
        self.assertFalse(self.paypal.calls("orders.capture"))
        with self.refused("start again"):
            first._kavi_open_checkout()

    def test_failure_05_asked_for_once_at_a_time(self):
        """The payer presses again while the first answer is to come."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "drop_before")
        tx = self.pay_by_card(bill)
        for __ in range(2):
            self.come_back(tx)
        self.assertEqual(len(self.paypal.calls("orders.capture")), 1)
        with self.refused("in progress"):
            tx._kavi_open_checkout()
        self.refresh(tx)
        self.assertBill(bill, "paid")
        with self.refused("is made"):
            tx._kavi_open_checkout()
        self.assertLedgers(bill)

    def test_failure_05_what_is_resumed(self):
        """The same again is the same order: as long as it is new, and by the same
        gateway and the same way."""
        bill = self.issued(100)
        page = self.start(bill)
        self.assertEqual(self.start(bill), page)
        buttons = self.start(bill, flow="buttons")
        self.assertEqual((page.state, buttons.state), ("cancel", "draft"))
        manual = self._provider("kavi_manual", self.company)
        other = bill._pay_by_card(manual, flow="buttons")
        self.assertEqual((buttons.state, other.state), ("cancel", "draft"))
        old = self.start(bill)
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '4 h'"
            " WHERE id = %s",
            [old.id],
        )
        self.env.invalidate_all()
        self.assertNotEqual(self.start(bill), old)
        self.assertEqual(old.state, "cancel")

    def test_failure_05_one_after_the_other(self):
        """Who takes the money has the turn, and the bill, when they look at what is
        owed; not while the gateway is asked. Who begins an attempt has the bill when
        they look for others."""
        bill = self.issued(100)
        seen, locked = {}, []
        tx = self.start(bill)
        self.approve(tx)
        Bill, client = type(bill), type(tx._get_paypal_client())

        def watch(model, name):
            original = getattr(model, name)

            def call(*args, **kwargs):
                seen[name] = (self.has_turn(tx), bill.id in locked)
                return original(*args, **kwargs)

            return patch.object(model, name, call)

        original = Bill.lock_for_update

        def lock(bills, **kwargs):
            locked.extend(bills.ids)
            return original(bills, **kwargs)

        with (
            patch.object(Bill, "lock_for_update", lock),
            watch(type(tx), "_get_owed_problem"),
            watch(client, "capture_order"),
        ):
            self.come_back(tx)
        self.assertEqual(seen["_get_owed_problem"], (True, True))
        self.assertFalse(seen["capture_order"][0])
        self.assertFalse(self.has_turn(tx))
        locked.clear()
        bill = self.issued(100)
        with (
            patch.object(Bill, "lock_for_update", lock),
            watch(Bill, "_resume_checkout"),
        ):
            self.start(bill)
        self.assertTrue(seen["_resume_checkout"][1])

    def has_turn(self, tx):
        self.env.cr.execute(
            "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND classid = %s AND objid = %s AND pid = pg_backend_pid()",
            [TURN, tx.id],
        )
        return bool(self.env.cr.fetchone()[0])

    def test_failure_05_second_capture_of_one_order(self):
        """Told, and the first one stays the one that can be refunded."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        capture = tx._get_paypal_client().get_capture(tx.paypal_capture_id)
        tx._paypal_apply_capture({**capture, "id": "9AB12345CD678901E"})
        self.assertEqual(tx.paypal_capture_id, capture["id"])
        self.assertEqual(
            bill.sudo().activity_ids.mapped("summary"), ["A second charge"]
        )
        self.assertBill(bill, "paid", amount_paid=100.0)

    def test_failure_08_what_each_answer_does(self):
        """Money that did not come, in all of PayPal's words; none of them, and no word
        that it is held, undoes money that came."""
        for status in ("DENIED", "DECLINED", "FAILED"):
            with self.subTest(status=status):
                bill = self.issued(100)
                self.paypal.fail("orders.capture", "pending")
                tx = self.start(bill)
                self.approve(tx)
                tx.next_check_date = False
                self.come_back(tx)
                self.assertTrue(tx.next_check_date)
                capture = tx._get_paypal_client().get_capture(tx.paypal_capture_id)
                held = {"status_details": {"reason": "PENDING_REVIEW"}}
                tx._paypal_apply_capture({**capture, **held})
                self.assertIn("PENDING_REVIEW", tx.state_message)
                tx._paypal_apply_capture({**capture, "status": status})
                self.assertEqual(tx.state, "error")
                self.assertBill(bill, "new", amount_due=100.0, gateway_status="failed")
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        capture = tx._get_paypal_client().get_capture(tx.paypal_capture_id)
        for status in ("DENIED", "DECLINED", "FAILED", "PENDING"):
            with self.subTest(status=status, of="money that came"):
                other = {**capture, "id": "9AB12345CD678901E", "status": status}
                tx._paypal_apply_capture(other)
                self.assertEqual(tx.state, "done")
                self.assertEqual(tx.paypal_capture_id, capture["id"])
        self.assertBill(bill, "paid", amount_paid=100.0)

    def test_failure_08_capture_outlives_its_order(self):
        """PayPal forgets the order; what was captured is asked for by its own id, also
        where it was given up."""
        for state in ("pending", "cancel", "error"):
            with self.subTest(state=state):
                bill = self.issued(100)
                self.paypal.fail("orders.capture", "pending")
                tx = self.pay_by_card(bill)
                self.paypal.settle(tx.paypal_capture_id)
                self.paypal.fail("orders.get", 404, count=None)
                if state != "pending":
                    tx.write({"state": state})
                self.refresh(tx)
                self.assertBill(bill, "paid")
                self.paypal.heal()
