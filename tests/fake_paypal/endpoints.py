"""Every call that the fake answers: its name, method, path, and who answers."""

import re
from collections import namedtuple

from . import orders, payments, reporting, signing

Endpoint = namedtuple("Endpoint", "name method template pattern handler minimal")


def table(fake):
    """minimal cuts an answer down to what PayPal gives where the request does not ask
    for the representation."""
    paid, hooks, disputes = fake.payments, fake.webhooks, fake.disputes
    authorization = "/v2/payments/authorizations/{authorization_id}"
    capture = "/v2/payments/captures/{capture_id}"
    order = "/v2/checkout/orders"
    hook = "/v1/notifications/webhooks"
    dispute = "/v1/customer/disputes"
    post, get = "POST", "GET"
    small = payments.minimal
    rows = [
        ("oauth.token", post, "/v1/oauth2/token", fake.tokens.token, None),
        ("orders.create", post, order, orders.create, orders.minimal),
        ("orders.get", get, f"{order}/{{id}}", orders.get, None),
        (
            "orders.capture",
            post,
            f"{order}/{{id}}/capture",
            orders.capture,
            orders.minimal,
        ),
        (
            "orders.authorize",
            post,
            f"{order}/{{id}}/authorize",
            orders.authorize,
            orders.minimal,
        ),
        ("authorizations.get", get, authorization, paid.get_authorization, None),
        (
            "authorizations.capture",
            post,
            f"{authorization}/capture",
            paid.capture_authorization,
            small,
        ),
        (
            "authorizations.void",
            post,
            f"{authorization}/void",
            paid.void_authorization,
            None,
        ),
        ("captures.get", get, capture, paid.get_capture, None),
        ("captures.refund", post, f"{capture}/refund", paid.refund_capture, small),
        ("refunds.get", get, "/v2/payments/refunds/{refund_id}", paid.get_refund, None),
        ("webhooks.create", post, hook, hooks.create, None),
        ("webhooks.list", get, hook, hooks.list, None),
        ("webhooks.get", get, f"{hook}/{{webhook_id}}", hooks.get, None),
        ("webhooks.delete", "DELETE", f"{hook}/{{webhook_id}}", hooks.delete, None),
        (
            "webhooks.verify",
            post,
            "/v1/notifications/verify-webhook-signature",
            signing.verify,
            None,
        ),
        ("disputes.list", get, dispute, disputes.list, None),
        ("disputes.get", get, f"{dispute}/{{id}}", disputes.get, None),
        (
            "disputes.accept",
            post,
            f"{dispute}/{{id}}/accept-claim",
            disputes.accept,
            None,
        ),
        (
            "transactions.list",
            get,
            "/v1/reporting/transactions",
            reporting.transactions,
            None,
        ),
    ]
    return [
        Endpoint(
            name,
            method,
            template,
            re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)),
            handler,
            minimal,
        )
        for name, method, template, handler, minimal in rows
    ]
