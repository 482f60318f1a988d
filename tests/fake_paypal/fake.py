"""The fake itself: its parts, and what tests and people do with it."""

import random
import threading
from decimal import Decimal

from . import endpoints, money, orders, pages, server, specs
from .clock import Clock
from .disputes import Disputes
from .exchange import Exchanges
from .faults import Faults
from .ledger import Ledger
from .oauth import Tokens
from .payments import Payments
from .webhooks import Webhooks

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class FakePayPal:
    """A server on 127.0.0.1 from start() to stop(); a context manager.

    seed: of the ids' and the faults' randomness; port 0: any free one.
    Amounts are Decimal or text in the major unit ("12.50").
    """

    def __init__(
        self,
        port=0,
        seed=None,
        client_id="fake-client",
        client_secret="fake-secret",
        fee_percent="2.9",
        fee_fixed="0.30",
        specs_folder=None,
    ):
        self.seed = random.randrange(10**6) if seed is None else seed
        self.client_id, self.client_secret = client_id, client_secret
        self.fee_percent, self.fee_fixed = Decimal(fee_percent), Decimal(fee_fixed)
        self.merchant_id = "7MERCHANT2222"
        self.payee_name = "Kavi Demo Organization"
        self.payee_email = "billing@example.com"
        self.log = None  # called with a line for each request
        self.https_only = False  # PayPal registers no plain http address
        self.lock = threading.RLock()
        self.clock = Clock()
        self.specs = specs.load(specs_folder)
        self._random = random.Random(self.seed)
        self._number = 0
        self.reset()
        self._server = server.Server(self, port)
        self.url = self._server.url

    def reset(self):
        """Forgets everything: orders, money, tokens, webhooks, faults, violations."""
        with self.lock:
            was_released = False
            if hasattr(self, "webhooks"):
                was_released = not self.webhooks.is_held
                self.webhooks.stop()
            self.orders, self.gone = {}, set()
            self.violations = []  # what did not fit PayPal's specifications
            self.ledger = Ledger(self.lock)
            self.faults = Faults(self.seed)
            self.tokens = Tokens(self)
            self.payments = Payments(self)
            self.disputes = Disputes(self)
            self.webhooks = Webhooks(self, self.seed)
            self.exchanges = Exchanges(self)
            self.endpoints = endpoints.table(self)
            if was_released:
                self.webhooks.release()

    # --- life

    def start(self):
        self._server.start()
        return self

    def stop(self):
        self.webhooks.stop()
        self._server.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.stop()

    # --- the payer

    def approve(self, order_id, source="visa"):
        """The payer agrees on PayPal's page; source "declined" is refused later, when
        it is charged. See orders.SOURCES."""
        with self.lock:
            orders.approve(self, order_id, source)

    def expire(self, order_id):
        """The approval (or the wait for it) runs out; the order is gone."""
        with self.lock:
            orders.expire(self, order_id)

    def approval_url(self, order_id):
        return f"{self.url}/checkoutnow?token={order_id}"

    # --- PayPal and the banks

    def settle(self, capture_id, status="COMPLETED"):
        """A pending capture ends: COMPLETED or DENIED."""
        with self.lock:
            self.payments.settle_capture(capture_id, status)

    def settle_refund(self, refund_id, status="COMPLETED"):
        """A pending refund ends: COMPLETED, FAILED or CANCELLED."""
        with self.lock:
            self.payments.settle_refund(refund_id, status)

    def reverse(self, capture_id, amount=None):
        """A bank takes the money back without a dispute; returns the refund's id."""
        with self.lock:
            return self.payments.reverse(capture_id, _decimal(amount)).id

    def open_dispute(self, capture_id, amount=None, reason="UNAUTHORISED", **more):
        """The payer disputes a capture; returns the dispute's id."""
        with self.lock:
            opened = self.disputes.open(capture_id, _decimal(amount), reason, **more)
            return opened.id

    def resolve_dispute(self, dispute_id, outcome="RESOLVED_BUYER_FAVOUR"):
        """Or RESOLVED_SELLER_FAVOUR; the buyer's is a charge-back."""
        with self.lock:
            self.disputes.resolve(dispute_id, outcome)

    # --- the seller, on PayPal's site

    def refund_on_site(self, capture_id, amount=None):
        """A refund that the code under test did not ask for; returns its id."""
        with self.lock:
            capture = self.payments.captures[capture_id]
            if amount is not None:
                amount = money.money(_decimal(amount), capture.currency)
            return self.payments.make_refund(capture_id, amount).id

    # --- what goes wrong

    def fail(self, endpoint, kind, **details):
        """Tells a fault: fail("orders.capture", "drop_after"), fail("*", 503, count=3),
        fail("captures.refund", 422, issue="REFUND_TIME_LIMIT_EXCEEDED"). Without a
        count it happens once, with a probability always. See faults.KINDS."""
        return self.faults.add(endpoint, kind, **details)

    def heal(self):
        """No faults any more."""
        self.faults.clear()
        self.webhooks.forge_next = 0
        self.webhooks.duplicate = 0.0

    # --- what was asked

    def calls(self, endpoint=None):
        """The exchanges so far, in order; of one endpoint."""
        with self.lock:
            return [
                exchange
                for exchange in self.exchanges.log
                if endpoint in (None, exchange.endpoint)
            ]

    def sdk_js(self):
        """The stand-in for https://www.paypal.com/sdk/js."""
        return pages.sdk(self)

    # --- for the parts

    def emit(self, event_type, resource):
        self.webhooks.emit(event_type, resource)

    def fee(self, gross, currency):
        return money.fee(gross, currency, self.fee_percent, self.fee_fixed)

    def new_id(self):
        with self.lock:
            return "".join(self._random.choices(ALPHABET, k=17))

    def number(self):
        with self.lock:
            self._number += 1
            return self._number


def _decimal(amount):
    return None if amount is None else Decimal(str(amount))
