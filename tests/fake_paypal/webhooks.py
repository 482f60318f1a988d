"""Webhooks: registration, and the events' way to the registered addresses.

Held (hold(), the default of a FakePayPal) events wait for deliver(). Released, a thread
delivers each as soon as it happens and tries again when it is not taken.
"""

import json
import queue
import random
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from . import signing
from .errors import PayPalError

EVENTS = [
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.ORDER.COMPLETED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "CUSTOMER.DISPUTE.UPDATED",
    "PAYMENT.AUTHORIZATION.CREATED",
    "PAYMENT.AUTHORIZATION.VOIDED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.REFUND.FAILED",
    "PAYMENT.REFUND.PENDING",
]
# start of an event's type, type and version of its resource; the first that fits
RESOURCES = [
    ("CHECKOUT", "checkout-order", "2.0"),
    ("CUSTOMER.DISPUTE", "dispute", "1.0"),
    ("PAYMENT.AUTHORIZATION", "authorization", "2.0"),
    ("PAYMENT.CAPTURE.REFUNDED", "refund", "2.0"),
    ("PAYMENT.CAPTURE.REVERSED", "refund", "2.0"),
    ("PAYMENT.REFUND", "refund", "2.0"),
    ("PAYMENT.CAPTURE", "capture", "2.0"),
]
TRIES = 25  # as PayPal, which spreads them over three days
MAX_WEBHOOKS = 10


@dataclass
class Delivery:
    """One event for one address, and what came of each try."""

    event_id: str
    event_type: str
    webhook_id: str
    url: str
    raw: bytes  # the body, byte for byte
    results: list = field(default_factory=list)  # statuses, or the error's text
    headers: dict = field(default_factory=dict)  # of the last try

    @property
    def is_taken(self):
        return any(isinstance(r, int) and 200 <= r < 300 for r in self.results)

    @property
    def event(self):
        return json.loads(self.raw)


class Webhooks:
    def __init__(self, fake, seed):
        self.fake = fake
        self.registered = {}
        self.events = []  # every event that happened, registered for or not
        self.deliveries = []  # all of them, in order
        self.retry_seconds = 0.5
        self.duplicate = 0.0  # chance that a released event is sent twice
        self.jitter = 0.0  # a released event leaves up to so many seconds late
        self.forge_next = 0
        self._chance = random.Random(seed)
        self._waiting = []
        self.is_held = True
        self._queue = queue.Queue()
        self._open = 0  # released, and neither taken nor given up
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._threads = []

    @property
    def cert_url(self):
        return f"{self.fake.url}/v1/notifications/certs/CERT-FAKE"

    # --- endpoints

    def create(self, fake, call):
        url, names = call.json["url"], [t["name"] for t in call.json["event_types"]]
        if fake.https_only and not url.startswith("https://"):
            raise _invalid("url", "Not a valid webhook URL")
        if any(hook["url"] == url for hook in self.registered.values()):
            raise PayPalError(
                400,
                name="WEBHOOK_URL_ALREADY_EXISTS",
                description="Webhook URL already exists",
            )
        if len(self.registered) >= MAX_WEBHOOKS:
            raise PayPalError(400, name="WEBHOOK_NUMBER_LIMIT_EXCEEDED")
        unknown = sorted(set(names) - {*EVENTS, "*"})
        if unknown:
            raise _invalid("event_types", f"Not a valid event type: {unknown[0]}")
        hook = {
            "id": fake.new_id(),
            "url": url,
            "event_types": [{"name": name} for name in names],
        }
        hook["links"] = [
            {
                "href": f"{fake.url}/v1/notifications/webhooks/{hook['id']}",
                "rel": rel,
                "method": method,
            }
            for rel, method in (("self", "GET"), ("delete", "DELETE"))
        ]
        self.registered[hook["id"]] = hook
        return 201, hook

    def list(self, fake, call):
        return 200, {"webhooks": list(self.registered.values())}

    def get(self, fake, call, id):
        return 200, self._of(id)

    def delete(self, fake, call, id):
        self._of(id)
        del self.registered[id]
        return 204, None

    def _of(self, id):
        if id not in self.registered:
            raise PayPalError(404, name="INVALID_RESOURCE_ID")
        return self.registered[id]

    # --- events

    def emit(self, event_type, resource):
        kind, version = next(
            found for start, *found in RESOURCES if event_type.startswith(start)
        )
        event_id = f"WH-{self.fake.new_id()}-{self.fake.new_id()}"
        url = f"{self.fake.url}/v1/notifications/webhooks-events/{event_id}"
        event = {
            "id": event_id,
            "event_version": "1.0",
            "create_time": self.fake.clock.text(),
            "resource_type": kind,
            "resource_version": version,
            "event_type": event_type,
            "summary": f"{event_type} · {resource.get('id') or ''}",
            "resource": resource,
            "links": [{"href": url, "rel": "self", "method": "GET"}],
        }
        # no spaces, letters as they are: not how json.dumps writes by itself
        raw = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        with self._lock:
            self.events.append(event)
            for hook in self.registered.values():
                names = {entry["name"] for entry in hook["event_types"]}
                if names & {event_type, "*"}:
                    self._enqueue(
                        Delivery(event_id, event_type, hook["id"], hook["url"], raw)
                    )

    def _enqueue(self, delivery):
        self.deliveries.append(delivery)
        if self.is_held:
            self._waiting.append(delivery)
        else:
            self._leave(delivery)

    def _leave(self, delivery):
        times = 2 if self._chance.random() < self.duplicate else 1
        for _time in range(times):
            self._open += 1
            self._later(self._chance.random() * self.jitter, delivery)

    def _later(self, seconds, delivery):
        if not seconds:
            self._queue.put(delivery)
            return
        timer = threading.Timer(seconds, self._queue.put, [delivery])
        timer.daemon = True
        timer.start()

    @property
    def waiting(self):
        with self._lock:
            return list(self._waiting)

    def hold(self):
        with self._lock:
            self.is_held = True

    def forget(self):
        """What waits never goes out."""
        with self._lock:
            self._waiting.clear()

    def release(self, workers=1, duplicate=0.0, jitter=0.0):
        """From now on events go out by themselves, those that waited first: by so many
        threads, some twice, and out of order by up to jitter seconds."""
        with self._lock:
            self.is_held = False
            self.duplicate, self.jitter = duplicate, jitter
            waiting, self._waiting = self._waiting, []
            for delivery in waiting:
                self._leave(delivery)
            while len(self._threads) < workers:
                thread = threading.Thread(target=self._work, daemon=True)
                self._threads.append(thread)
                thread.start()

    def deliver(self, shuffle=False, times=1, only=None):
        """Delivers what waits, here and now; returns the deliveries. What is not taken
        (no 2xx) waits on. only: an event type, or part of one."""
        with self._lock:
            chosen = [d for d in self._waiting if not only or only in d.event_type]
            self._waiting = [d for d in self._waiting if d not in chosen]
        round_ = chosen * times
        if shuffle:
            self._chance.shuffle(round_)
        for delivery in round_:
            self.send(delivery)
        with self._lock:
            self._waiting += [d for d in chosen if not d.is_taken]
        return chosen

    def replay(self, event_id):
        """Sends an event once more, as it was sent the last time."""
        for delivery in self.deliveries:
            if delivery.event_id == event_id:
                self.send(delivery, delivery.headers or None)
                return delivery
        raise ValueError(f"no delivery of {event_id}")

    def send(self, delivery, headers=None):
        """One try; returns the status, or the error's text."""
        if headers is None:
            headers = self.sign(delivery)
        delivery.headers = headers
        request = urllib.request.Request(
            delivery.url,
            data=delivery.raw,
            headers={"Content-Type": "application/json", **headers},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                result = answer.status
        except urllib.error.HTTPError as error:
            result = error.code
            error.close()
        except OSError as error:
            result = str(error)
        delivery.results.append(result)
        return result

    def sign(self, delivery):
        """Transmission headers for it: a forger's while forge_next is above zero."""
        signer = signing.PAYPAL
        with self._lock:
            if self.forge_next > 0:
                self.forge_next -= 1
                signer = signing.FORGER
        return signing.headers(
            delivery.raw,
            delivery.webhook_id,
            self.fake.clock.text(),
            self.cert_url,
            signer,
        )

    def drain(self, timeout=30):
        """Waits until nothing released is on its way; true if that is so."""
        for _turn in range(int(timeout / 0.02)):
            with self._lock:
                if not self._open:
                    return True
            self._stopped.wait(0.02)
        return False

    def stop(self):
        self._stopped.set()
        for _thread in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout=5)

    def _work(self):
        while (delivery := self._queue.get()) is not None:
            result = self.send(delivery)
            is_taken = isinstance(result, int) and 200 <= result < 300
            if is_taken or len(delivery.results) >= TRIES:
                with self._lock:
                    self._open -= 1
            elif not self._stopped.is_set():
                self._later(self.retry_seconds, delivery)


def _invalid(field, issue):
    return PayPalError(400, issue, field, name="VALIDATION_ERROR")
