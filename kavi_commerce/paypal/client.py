"""The calls of PayPal's REST interface that card payment needs. It knows no Odoo.

What a call comes to: see ``exceptions``. How it is made: see ``connection``.
"""

import json
import re
from datetime import timedelta, timezone
from urllib.parse import quote, urlsplit

from .connection import Connection
from .event import MAX_HEADER
from .exceptions import NoAnswer, RequestRejected

LIVE = "https://api-m.paypal.com"
SANDBOX = "https://api-m.sandbox.paypal.com"
# PayPal's limits
MAX_REQUEST_ID = 108
REPORT_DAYS = 31
REPORT_PAGE = 500
MAX_PAGES = 1000
# Headers of an event that hold its signature
TRANSMISSION_HEADERS = {
    "auth_algo": "PAYPAL-AUTH-ALGO",
    "cert_url": "PAYPAL-CERT-URL",
    "transmission_id": "PAYPAL-TRANSMISSION-ID",
    "transmission_sig": "PAYPAL-TRANSMISSION-SIG",
    "transmission_time": "PAYPAL-TRANSMISSION-TIME",
}


class PayPalClient(Connection):
    """A client for one merchant."""

    # === ORDERS === #

    def create_order(self, payload, request_id):
        """:param dict payload: PayPal's order_request; amounts by amounts.money()"""
        return self._post("/v2/checkout/orders", payload, request_id)

    def get_order(self, order_id):
        return self._get(f"/v2/checkout/orders/{_id(order_id)}")

    def capture_order(self, order_id, request_id):
        return self._post(
            f"/v2/checkout/orders/{_id(order_id)}/capture", {}, request_id
        )

    def authorize_order(self, order_id, request_id):
        return self._post(
            f"/v2/checkout/orders/{_id(order_id)}/authorize", {}, request_id
        )

    # === PAYMENTS === #

    def get_capture(self, capture_id):
        return self._get(f"/v2/payments/captures/{_id(capture_id)}")

    def get_authorization(self, authorization_id):
        return self._get(f"/v2/payments/authorizations/{_id(authorization_id)}")

    def get_refund(self, refund_id):
        return self._get(f"/v2/payments/refunds/{_id(refund_id)}")

    def capture_authorization(
        self, authorization_id, request_id, amount=None, final=False, invoice_id=None
    ):
        """:param dict amount: by amounts.money(); None for all that is left
        :param final: what is left after this is voided
        """
        payload = {"amount": amount, "invoice_id": invoice_id}
        payload = {key: value for key, value in payload.items() if value}
        return self._post(
            f"/v2/payments/authorizations/{_id(authorization_id)}/capture",
            payload | {"final_capture": bool(final)},
            request_id,
        )

    def void_authorization(self, authorization_id, request_id):
        """Returns {}: PayPal has nothing to say to it."""
        return self._call(
            "POST",
            f"/v2/payments/authorizations/{_id(authorization_id)}/void",
            headers=_request_id(request_id),
        )

    def refund_capture(
        self,
        capture_id,
        request_id,
        amount=None,
        custom_id=None,
        invoice_id=None,
        note=None,
    ):
        """:param dict amount: by amounts.money(); None for all that is left
        :param note: for the payer, cut at PayPal's 255 letters
        """
        payload = {
            "amount": amount,
            "custom_id": custom_id,
            "invoice_id": invoice_id,
            "note_to_payer": note and note[:255],
        }
        payload = {key: value for key, value in payload.items() if value}
        return self._post(
            f"/v2/payments/captures/{_id(capture_id)}/refund", payload, request_id
        )

    # === WEBHOOKS === #

    def create_webhook(self, url, event_types, request_id=None):
        """Registers an address for events; the answer's "id" is the webhook id.

        :param event_types: names, or ["*"] for all
        """
        payload = {"url": url, "event_types": [{"name": name} for name in event_types]}
        headers = _request_id(request_id) if request_id else {}
        return self._call("POST", "/v1/notifications/webhooks", payload, headers)

    def list_webhooks(self):
        """The registered webhooks, as a list."""
        return self._get("/v1/notifications/webhooks").get("webhooks", [])

    def delete_webhook(self, webhook_id, request_id=None):
        headers = _request_id(request_id) if request_id else {}
        path = f"/v1/notifications/webhooks/{_id(webhook_id)}"
        return self._call("DELETE", path, headers=headers)

    def verify_webhook(self, raw_body, headers, webhook_id):
        """Whether PayPal signed these bytes for this webhook.

        :param bytes raw_body: the body exactly as it was received: PayPal's signature
            covers its bytes, not its meaning
        :param headers: the request's, read with get(NAME)
        :raise NoAnswer: if PayPal can't be asked: the event is neither good nor bad
        """
        signature = self.get_signature(headers)
        if not signature:
            return False
        try:
            event = raw_body.decode("utf-8")
            if not isinstance(json.loads(event), dict):
                return False
        except (ValueError, RecursionError):
            return False
        asked = json.dumps(signature | {"webhook_id": webhook_id})
        try:
            answer = self._call(
                "POST",
                "/v1/notifications/verify-webhook-signature",
                # put in as it is: parsed and written anew, it would be another body
                raw=f'{asked[:-1]}, "webhook_event": {event}}}',
            )
        except RequestRejected as refused:
            if refused.status in (400, 422):
                return False
            # our credentials, our webhook id: nothing is said about the event
            raise NoAnswer(
                refused.message, status=refused.status, debug_id=refused.debug_id
            ) from refused
        return answer.get("verification_status") == "SUCCESS"

    def get_signature(self, headers):
        """What PayPal signs an event with, if these headers may be PayPal's.

        :param headers: the request's, read with get(NAME)
        :return: dict of text by the keys of TRANSMISSION_HEADERS; empty if they are not
        """
        signature = {
            key: (headers.get(name) or "").strip()
            for key, name in TRANSMISSION_HEADERS.items()
        }
        if not all(_is_header(text) for text in signature.values()):
            return {}
        return signature if self._is_paypal(signature["cert_url"]) else {}

    def _is_paypal(self, cert_url):
        try:
            url, base = urlsplit(cert_url), urlsplit(self.base_url)
        except ValueError:
            return False  # https://[
        if (url.scheme, url.netloc) == (base.scheme, base.netloc):
            return True
        host = url.hostname or ""
        return url.scheme == "https" and f".{host}".endswith(".paypal.com")

    # === REPORTS === #

    def list_transactions(self, start, end):
        """Yields what moved on PayPal's balance between two moments: PayPal's
        transaction_info of each, amounts signed from the seller's side. A report may be
        three hours behind.

        :param datetime start, end: in UTC; asked for in spans that PayPal allows
        """
        while start <= end:
            until = min(end, start + timedelta(days=REPORT_DAYS))
            yield from self._report(start, until)
            start = until + timedelta(seconds=1)

    def _report(self, start, end):
        query = {
            "start_date": _moment(start),
            "end_date": _moment(end),
            "fields": "transaction_info",
            "page_size": REPORT_PAGE,
        }
        for page in range(1, MAX_PAGES):
            answer = self._get("/v1/reporting/transactions", query | {"page": page})
            for row in answer.get("transaction_details", []):
                yield row["transaction_info"]
            if page >= answer.get("total_pages", 0):
                return

    def test_connection(self):
        """Asks for a new token: whether PayPal is there and knows the credentials.

        :return: {"app_id": ..., "scope": ...}
        """
        self.set_token(None, 0)
        answer = self._fetch_token()
        return {key: answer.get(key) for key in ("app_id", "scope")}

    # === HELPER METHODS === #

    def _get(self, path, query=None):
        return self._call("GET", path, query=query)

    def _post(self, path, payload, request_id):
        headers = _request_id(request_id) | {"Prefer": "return=representation"}
        return self._call("POST", path, payload, headers)


def _id(value):
    """An id of PayPal's, fit for a path."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9-]{1,255}", value):
        raise ValueError("This is no id of PayPal's.")
    return quote(value)


def _is_header(text):
    return 0 < len(text) <= MAX_HEADER and text.isascii() and text.isprintable()


def _request_id(value):
    if not value or len(value) > MAX_REQUEST_ID:
        raise ValueError("A call that moves money needs a request id of 1 to 108.")
    return {"PayPal-Request-Id": value}


def _moment(value):
    if value.tzinfo:
        value = value.astimezone(timezone.utc)
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")
