"""The control API over HTTP: the acts of FakePayPal for another process or a person.

POST /_control/ACT with a JSON object of the act's arguments; GET /_control/state,
/_control/ledger, /_control/calls, /_control/violations, /_control/deliveries.
"""

from .errors import PayPalError
from .exchange import Answer

ACTS = (
    "approve",
    "expire",
    "settle",
    "settle_refund",
    "reverse",
    "open_dispute",
    "resolve_dispute",
    "refund_on_site",
    "heal",
    "reset",
)


def answer(fake, call):
    # a page of another site, open in a tester's browser, has no business here
    if call.headers.get("Origin"):
        return Answer(403, {"error": "not from a page of another site"})
    name = call.path.removeprefix("/_control").strip("/")
    try:
        if call.method == "GET":
            return Answer(200, READS[name](fake))
        arguments = call.json or {}
        if name in ACTS:
            return Answer(200, {"result": getattr(fake, name)(**arguments)})
        return Answer(200, {"result": MORE[name](fake, **arguments)})
    except PayPalError as error:
        return Answer(error.status, error.body("control"))
    except KeyError as error:
        return Answer(404, {"error": f"there is no {error.args[0]}"})
    except (TypeError, ValueError) as error:
        return Answer(400, {"error": str(error)})


def _deliveries(fake, deliveries=None):
    return [
        {
            "event_id": delivery.event_id,
            "event_type": delivery.event_type,
            "url": delivery.url,
            "results": delivery.results,
        }
        for delivery in (fake.webhooks.deliveries if deliveries is None else deliveries)
    ]


def _orders(fake):
    return {
        order.id: {
            "status": order.status,
            "intent": order.intent,
            "total": str(order.total),
            "currency": order.currency,
            "source": order.source,
            "approval_url": fake.approval_url(order.id),
        }
        for order in fake.orders.values()
    }


def _ledger(fake):
    entries = fake.ledger.entries()
    return {
        "entries": [entry.as_json() for entry in entries],
        "net": {
            currency: str(fake.ledger.net(currency))
            for currency in sorted({entry.currency for entry in entries})
        },
    }


def _state(fake):
    return {
        "seed": fake.seed,
        "orders": _orders(fake),
        "captures": {c.id: c.status for c in fake.payments.captures.values()},
        "refunds": {r.id: r.status for r in fake.payments.refunds.values()},
        "disputes": {d.id: d.status for d in fake.disputes.found.values()},
        "webhooks": list(fake.webhooks.registered.values()),
        "faults": [
            f"{fault.endpoint} {fault.kind}, so far {fault.hits} times"
            for fault in fake.faults.pending()
        ],
        "specs": fake.specs.note or "checked against PayPal's OpenAPI files",
        **_ledger(fake),
    }


def _fail(fake, endpoint, kind, **details):
    return fake.fail(endpoint, kind, **details).kind


READS = {
    "": _state,
    "state": _state,
    "ledger": _ledger,
    "calls": lambda fake: [exchange.as_json() for exchange in fake.calls()],
    "violations": lambda fake: list(fake.violations),
    "deliveries": _deliveries,
}
MORE = {
    "fail": _fail,
    "hold": lambda fake: fake.webhooks.hold(),
    "release": lambda fake, **how: fake.webhooks.release(**how),
    "deliver": lambda fake, **how: _deliveries(fake, fake.webhooks.deliver(**how)),
    "replay": lambda fake, event_id: fake.webhooks.replay(event_id).results,
    "forge": lambda fake, count=1: setattr(fake.webhooks, "forge_next", count),
    "revoke_tokens": lambda fake: fake.tokens.revoke(),
    "advance": lambda fake, seconds: fake.clock.advance(seconds),
}
