"""What anybody may send to the webhook: read within bounds, refused before any work,
and kept apart while the gateway says nothing (F-07)."""

import json
import os
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..paypal import silence
from ..paypal.client import PayPalClient
from ..paypal.event import MAX_BODY
from ..paypal.exceptions import Silence
from .common import SIGNED, CommerceCommon

WEBHOOK = "/payment/paypal/webhook/"
ORDER = "CHECKOUT.ORDER.APPROVED"
CONTROLLER = "odoo.addons.kavi_commerce.controllers.paypal"
CAPTURE = "PAYMENT.CAPTURE.COMPLETED"
DISPUTE = "CUSTOMER.DISPUTE.CREATED"


def event(kind=CAPTURE, **resource):
    return {"id": "WH-1", "event_type": kind, "resource": resource}


# What is no event of PayPal's: its type, its ids, and every place that is read of it.
HOSTILE = {
    "empty": b"",
    "nothing": b" ",
    "a list": b"[]",
    "a text": b'"x"',
    "half of it": b"{",
    "no JSON": b'{"id": NaN}',
    "Latin-1": '{"id": "\xe9"}'.encode("latin-1"),
    "deep": b'{"id": "1", "event_type": "A.B", "resource": ' + b'{"a":' * 9000,
    "deep lists": b"[" * 60000,
    "no type": {"id": "1"},
    "no id": {"event_type": CAPTURE},
    "number for an id": {**event(), "id": 7},
    "dict for an id": {**event(), "id": {"$ne": 1}},
    "long id": {**event(), "id": "x" * 300},
    "list for a type": {**event(), "event_type": [CAPTURE]},
    "line break in the type": event("A.B\nINFO forged line"),
    "NUL": event(id="a\0b"),
    "NUL in a name": event(**{"a\0": 1}),
    "lone surrogate": b'{"id": "1", "event_type": "A.B", "summary": "\\ud800"}',
    "time": {**event(), "create_time": 5},
    "summary": {**event(), "summary": {}},
    "resource": {**event(), "resource": "x"},
    "number": event(id=3),
    "dict": event(id={"a": 1}),
    "custom_id": event(custom_id=["x"]),
    "invoice_id": event(invoice_id={}),
    "data": event(supplementary_data=[]),
    "related ids": event(supplementary_data={"related_ids": "x"}),
    "order_id": event(supplementary_data={"related_ids": {"order_id": [1]}}),
    "links": event(links={}),
    "link": event(links=[3]),
    "href": event(links=[{"rel": "up", "href": 3}]),
    "many links": event(links=[{}] * 5000),
    "units": event(ORDER, purchase_units={"a": 1}),
    "unit": event(ORDER, purchase_units=["x"]),
    "unit's id": event(ORDER, purchase_units=[{"custom_id": 3}]),
    "disputed": event(DISPUTE, disputed_transactions="x"),
    "disputed one": event(DISPUTE, disputed_transactions=[None]),
    "disputed id": event(
        DISPUTE, disputed_transactions=[{"seller_transaction_id": {}}]
    ),
    "outcome": event(DISPUTE, dispute_outcome="x"),
    "money": event(DISPUTE, dispute_amount="5 USD"),
    "value": event(DISPUTE, dispute_amount={"currency_code": "USD", "value": 5}),
    "no number": event(DISPUTE, dispute_amount={"currency_code": "USD", "value": "x"}),
    "currency": event(DISPUTE, dispute_amount={"currency_code": "$", "value": "1"}),
    # what Odoo's own handler would read without looking
    "order without units": event(ORDER),
    "order of no unit": event(ORDER, purchase_units=[], payment_source={}),
    "order without a source": event(ORDER, purchase_units=[{}]),
    "source": event(ORDER, purchase_units=[{}], payment_source=["paypal"]),
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
READ = (
    "id custom_id invoice_id supplementary_data links purchase_units amount status "
    "payment_source disputed_transactions dispute_amount dispute_outcome"
).split()
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.just("WH-2"),
        "event_type": JSON | st.sampled_from((ORDER, CAPTURE, DISPUTE)),
        "create_time": JSON,
        "summary": JSON,
        "resource": JSON | st.dictionaries(st.sampled_from(READ), JSON, max_size=6),
    },
)
BODIES = (
    EVENTS.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
    | st.binary(max_size=200)
    | st.just(b"[" * 5000)
)
# as HTTP carries them: a request with others never gets to the server
HEADER = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        name: HEADER | st.sampled_from(("https://[", value, "x" * 3000))
        for name, value in SIGNED.items()
    },
)


class DoorCommon(HttpCase, CommerceCommon):
    def setUp(self):
        super().setUp()
        self.addCleanup(silence.forget_silence)

    def post(self, body, headers=None):
        if isinstance(body, dict):
            body = json.dumps(body)
        self.env.flush_all()
        headers = SIGNED if headers is None else headers
        headers = {"Content-Type": "application/json", **headers}
        answer = self.url_open(WEBHOOK, data=body, headers=headers, method="POST")
        self.env.invalidate_all()
        return answer.status_code

    def stored(self):
        return self.env["kavi.gateway.event"].sudo().search([], order="id")


@tagged("post_install", "-at_install")
class TestEventDoor(DoorCommon):
    def test_bad_input_shapes_are_refused(self):
        """400 and nothing else: the gateway is not asked, the body not worked on."""
        for name, body in HOSTILE.items():
            with self.subTest(name), patch(f"{CONTROLLER}._logger") as log:
                self.assertEqual(self.post(body), 400)
                text, *args = log.info.call_args.args
                self.assertNotIn("\n", text % tuple(args))
                self.assertNotIn("forged", text % tuple(args))
        self.assertFalse(self.stored())
        self.assertFalse(self.paypal.calls("webhooks.verify"))

    def test_bad_input_length(self):
        """At most 64 KB are read, however long it says it is."""
        whole = json.dumps({**event(), "summary": "x" * 3000})
        self.assertEqual(self.post(whole + " " * (MAX_BODY - len(whole))), 403)
        self.assertEqual(self.post(whole + " " * (MAX_BODY + 1 - len(whole))), 413)
        self.assertFalse(self.stored())

    def test_bad_input_length_is_told_before_the_body_is_read(self):
        with patch(f"{CONTROLLER}.read_event") as read:
            self.assertEqual(self.post(b"x" * 3_000_000), 413)
        read.assert_not_called()

    def test_bad_input_headers(self):
        """What cannot be a signature of PayPal's is not asked about."""
        for name, value in (
            ("PAYPAL-CERT-URL", "https://["),
            ("PAYPAL-CERT-URL", "https://paypal.com:x]/"),
            ("PAYPAL-CERT-URL", "https://evil.example/x.paypal.com"),
            ("PAYPAL-TRANSMISSION-SIG", "x" * 4000),
            ("PAYPAL-TRANSMISSION-ID", "\xe9\xff"),
        ):
            with self.subTest(name=name, value=value):
                self.assertEqual(self.post(event(), {**SIGNED, name: value}), 403)
        self.assertFalse(self.stored())
        self.assertFalse(self.paypal.calls("webhooks.verify"))

    def test_bad_input_is_not_searched_before_it_is_verified(self):
        """No pattern meets what nobody has verified."""
        with patch(
            "odoo.addons.kavi_commerce.paypal.redaction.redact_text",
            side_effect=AssertionError,
        ):
            forged = {**event(), "summary": "a" * 3000}
            self.assertEqual(self.post(forged), 403)

    def test_property_nothing_breaks_the_door(self):
        """Whatever the body and the headers: refused in a word, nothing stored."""
        examples = 2000 if os.environ.get("KAVI_LONG") else 60
        allowed = {400, 403}

        @settings(max_examples=examples, database=None)
        @given(body=BODIES, headers=HEADERS)
        def door(body, headers):
            self.assertIn(self.post(body, headers), allowed)
            self.assertFalse(self.stored())

        with (
            patch.object(PayPalClient, "_call", return_value={}),
            mute_logger(CONTROLLER),
        ):
            door()


@tagged("post_install", "-at_install")
class TestSilentGateway(DoorCommon):
    """The gateway does not say whether an event is genuine."""

    def setUp(self):
        super().setUp()
        self.bill = self.issued(100)
        self.tx = self.start(self.bill)
        self.approve(self.tx)
        (self.event,) = self.events(ORDER)

    def answer(self, status="SUCCESS"):
        """The gateway's word, from now on."""
        silence.forget_silence()
        original = PayPalClient._call

        def call(client, method, path, *args, **kwargs):
            if path.endswith("verify-webhook-signature"):
                return {"verification_status": status}
            return original(client, method, path, *args, **kwargs)

        self.startPatcher(patch.object(PayPalClient, "_call", call))

    def test_failure_07_silence_holds_nobody(self):
        """Three seconds for the first one, none for those after it; nothing of it is
        applied before the job has asked."""
        asked = []

        def say_nothing(client, *args, **kwargs):
            asked.append(client.within)
            raise Silence("PayPal did not answer in time.")

        with patch.object(PayPalClient, "_call", say_nothing):
            self.assertEqual(self.post(self.event), 200)
            self.assertEqual(len(asked), 1)
            self.assertLessEqual(asked[0], silence.PATIENCE)
            self.assertEqual(self.post({**self.event, "id": "WH-OTHER"}), 200)
        self.assertEqual(len(asked), 1)
        waiting = self.stored()
        self.assertEqual(set(waiting.mapped("state")), {"unverified"})
        self.assertFalse(any(waiting.mapped("payload")))
        self.assertEqual(self.tx.state, "draft")
        self.answer()
        waiting[0]._try_process()
        self.assertEqual(waiting[0].state, "done")
        self.assertFalse(waiting[0].raw_body or waiting[0].signature)
        self.assertBill(self.bill, "paid")

    def test_failure_07_forged_in_silence(self):
        """What was kept is dropped when the gateway says no; the genuine one of the
        same name is not kept out by it."""
        silence.note_silence()
        self.assertEqual(self.post(self.event), 200)
        forged = self.stored()
        self.answer()
        self.assertEqual(self.post(self.event), 200)
        genuine = self.stored() - forged
        self.assertEqual((forged.state, genuine.state), ("unverified", "new"))
        self.answer("FAILURE")
        forged._try_process()
        self.assertFalse(forged.exists())
        self.assertEqual(self.tx.state, "draft")
        self.assertTrue(genuine.exists())

    def test_failure_07_kept_twice_is_applied_once(self):
        silence.note_silence()
        for __ in range(2):
            self.assertEqual(self.post(self.event), 200)
        self.answer()
        for waiting in self.stored():
            waiting._try_process()
        self.assertEqual(self.stored().mapped("state"), ["done"])
        self.assertBill(self.bill, "paid")
        self.assertLedgers(self.bill)

    def test_bad_input_few_are_kept(self):
        """Of one charge, and in all; those about nothing we know, not at all."""
        silence.note_silence()
        receive = "odoo.addons.kavi_commerce.models.kavi_gateway_event.receive"
        kept = []
        for number in range(7):
            kept.append(self.post({**self.event, "id": f"WH-{number}"}))
        self.assertEqual(kept, [200] * 5 + [503] * 2)
        self.assertEqual(self.post(event(id="UNKNOWN")), 503)
        other = self.start(self.issued(50))
        about = event(ORDER, id=other.paypal_order_id)
        with patch(f"{receive}.MOST", 5):
            self.assertEqual(self.post(about), 503)
        self.assertEqual(self.post(about, {**SIGNED, "PAYPAL-AUTH-ALGO": ""}), 403)
        self.assertEqual(len(self.stored()), 5)
        self.assertEqual(self.post(about), 200)

    def test_unverified_for_ever_is_removed(self):
        """The gateway never says: the nightly report tells of what moved."""
        silence.note_silence()
        self.post(self.event)
        waiting = self.stored()
        with patch.object(type(waiting), "_verify", lambda *a, **k: (None, "silent")):
            for __ in range(7):
                self.assertEqual(waiting.state, "unverified")
                with mute_logger("odoo.addons.kavi_commerce"):
                    waiting._note_failure(ValueError("silent"))
        self.assertFalse(waiting.exists())
        self.post({**self.event, "id": "WH-OLD"})
        old = self.stored()
        self.env.cr.execute(
            "UPDATE kavi_gateway_event SET create_date = '2020-01-01' WHERE id = %s",
            [old.id],
        )
        self.env.invalidate_all()
        self.env["kavi.gateway.event"]._gc_unverified()
        self.assertFalse(old.exists())

    def test_silence_about_an_event_of_odoo(self):
        """A shop's or invoice's payment: PayPal is to send it again, and the next one
        is not asked about."""
        silence.note_silence()
        tx = self.no_bills_transaction("SHOP-2", operation="online_direct")
        unit = {"reference_id": "SHOP-2"}
        about = event(
            ORDER, id="5O1", purchase_units=[unit], payment_source={"paypal": {}}
        )
        self.assertEqual(self.post(about), 503)
        self.assertFalse(self.paypal.calls("webhooks.verify"))
        with mute_logger("odoo.addons.payment_paypal.controllers.main"):
            self.assertEqual(self.post(about, {}), 403)
        self.assertEqual(tx.state, "draft")
