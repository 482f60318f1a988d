"""Every call to PayPal goes through this file. It knows no Odoo.

Of paypalrestsdk 1.13 it uses the Api class: its address, credentials and headers, and
its way of telling an answer's status. What that class can't do is overridden here (it
has no time-out, asks for ever when a token is refused, follows redirects, returns a 400
as if it were a success). Its v1 resource classes and its check of webhooks are not
used: the former are switched off at PayPal, the latter refuses valid signatures. When
the package goes, this file is the one to replace.

What a call comes to is told in paypal_outcomes.
"""

import base64
import json
import logging
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, quote, urlsplit

import paypalrestsdk
import requests
from paypalrestsdk import exceptions as sdk
from urllib3.exceptions import NewConnectionError

from .exceptions import Message, Refused, Unknown
from .redaction import scrub, scrub_text

_logger = logging.getLogger(__name__)

LIVE = "https://api-m.paypal.com"
SANDBOX = "https://api-m.sandbox.paypal.com"
# Seconds, for connecting and for each wait for bytes. One number: Odoo's tests, which
# look at every request, can't read a pair.
TIMEOUT = 20
# A token is not used in its last minutes: it might end on the way.
TOKEN_MARGIN = 300
# PayPal's limits
MAX_REQUEST_ID = 108
REPORT_DAYS = 31
REPORT_PAGE = 500
DISPUTE_PAGE = 50
MAX_PAGES = 1000
# No answer to this call, but news of an earlier one that is still at work
IN_PROGRESS = {"PREVIOUS_REQUEST_IN_PROGRESS", "ORDER_COMPLETION_IN_PROGRESS"}
# 4xx that say "not now" rather than "no"
NOT_NOW = {408, 425, 429}
TRANSMISSION_HEADERS = {
    "auth_algo": "PAYPAL-AUTH-ALGO",
    "cert_url": "PAYPAL-CERT-URL",
    "transmission_id": "PAYPAL-TRANSMISSION-ID",
    "transmission_sig": "PAYPAL-TRANSMISSION-SIG",
    "transmission_time": "PAYPAL-TRANSMISSION-TIME",
}


@dataclass
class _TokenCache:
    """Where the caller keeps no token: in memory."""

    token: str | None = None
    ends: float = 0.0

    def get(self):
        return self.token if time.time() < self.ends else None

    def set(self, token, seconds):
        self.token, self.ends = token, time.time() + seconds


class _Api(paypalrestsdk.Api):
    """One HTTP request by the package: answers become dicts or its exceptions."""

    def __init__(self, base_url, client_id, client_secret, timeout):
        # mode "live": in the other the package logs headers and bodies
        super().__init__(
            mode="live",
            endpoint=base_url,
            client_id=client_id,
            client_secret=client_secret,
        )
        self.timeout = timeout

    def http_call(self, url, method, **kwargs):
        response = requests.request(
            method,
            url,
            timeout=self.timeout,
            allow_redirects=False,
            proxies=self.proxies,
            **kwargs,
        )
        content = response.content.decode("utf-8", errors="replace")
        try:
            answer = self.handle_response(response, content)
        except ValueError:
            answer = None
        # a success that can't be read, or says nothing where it should
        if not isinstance(answer, dict) or (not answer and response.status_code != 204):
            raise sdk.ServerError(response, content)
        return response, answer


@dataclass
class PayPalClient:
    """A client for one merchant. Makes no call until asked.

    :param base_url: LIVE, SANDBOX or, on this machine only, a test server
    :param get_token: callback without arguments, returns a usable token or None
    :param set_token: callback (token, seconds it may be used), (None, 0) to forget it
    :param recorder: callback with each Message; what it raises is logged and dropped,
        since money may have moved by then
    """

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    get_token: object = None
    set_token: object = None
    recorder: object = None
    timeout: float = TIMEOUT

    def __post_init__(self):
        self.base_url = self.base_url.rstrip("/")
        split = urlsplit(self.base_url)
        if split.scheme != "https" and split.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("PayPal is only spoken to over https.")
        if not self.get_token or not self.set_token:
            cache = _TokenCache()
            self.get_token, self.set_token = cache.get, cache.set
        self._api = _Api(
            self.base_url, self.client_id, self.client_secret, self.timeout
        )

    # --- orders

    def create_order(self, payload, request_id):
        """:param dict payload: PayPal's order_request; amounts by currencies.money()"""
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

    # --- payments

    def get_capture(self, capture_id):
        return self._get(f"/v2/payments/captures/{_id(capture_id)}")

    def get_authorization(self, authorization_id):
        return self._get(f"/v2/payments/authorizations/{_id(authorization_id)}")

    def get_refund(self, refund_id):
        return self._get(f"/v2/payments/refunds/{_id(refund_id)}")

    def capture_authorization(
        self, authorization_id, request_id, amount=None, final=False, invoice_id=None
    ):
        """:param dict amount: by currencies.money(); None for all that is left
        :param final: what is left after this is given up
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
        """:param dict amount: by currencies.money(); None for all that is left
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

    # --- webhooks

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
        :raise Unknown: if PayPal can't be asked; the event is neither good nor bad then
        """
        signature = {
            key: (headers.get(name) or "").strip()
            for key, name in TRANSMISSION_HEADERS.items()
        }
        if not all(signature.values()) or not self._is_paypal(signature["cert_url"]):
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
        except Refused as refused:
            if refused.status in (400, 422):
                return False
            # our credentials, our webhook id: nothing is said about the event
            raise Unknown(
                refused.message, status=refused.status, debug_id=refused.debug_id
            ) from refused
        return answer.get("verification_status") == "SUCCESS"

    def _is_paypal(self, cert_url):
        url, base = urlsplit(cert_url), urlsplit(self.base_url)
        if (url.scheme, url.netloc) == (base.scheme, base.netloc):
            return True
        host = url.hostname or ""
        return url.scheme == "https" and f".{host}".endswith(".paypal.com")

    # --- disputes and reports

    def get_dispute(self, dispute_id):
        return self._get(f"/v1/customer/disputes/{_id(dispute_id)}")

    def list_disputes(self, updated_after=None, transaction_id=None):
        """Yields the disputes' summaries, page by page.

        :param datetime updated_after: in UTC
        :param transaction_id: a capture's id
        """
        query = {"page_size": DISPUTE_PAGE}
        if updated_after:
            query["update_time_after"] = _moment(updated_after)
        if transaction_id:
            query["disputed_transaction_id"] = _id(transaction_id)
        for _page in range(MAX_PAGES):
            answer = self._get("/v1/customer/disputes", query)
            yield from answer.get("items", [])
            token = _next_token(answer)
            if not token:
                return
            query["next_page_token"] = token

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

    # --- a call

    def _get(self, path, query=None):
        return self._call("GET", path, query=query)

    def _post(self, path, payload, request_id):
        headers = _request_id(request_id) | {"Prefer": "return=representation"}
        return self._call("POST", path, payload, headers)

    def _call(self, method, path, payload=None, headers=None, query=None, raw=None):
        """One call, with a second try with a new token where the first was refused for
        its token: such a call did nothing."""
        token = self.get_token()
        is_fresh = not token
        if is_fresh:
            token = self._fetch_token()["access_token"]
        if raw is None and payload is not None:
            raw = json.dumps(payload)
        request = {"headers": headers or {}, "query": query, "raw": raw}
        try:
            return self._send(method, path, f"Bearer {token}", **request)
        except Refused as refused:
            if refused.status != 401 or is_fresh:
                raise
        self.set_token(None, 0)
        token = self._fetch_token()["access_token"]
        return self._send(method, path, f"Bearer {token}", **request)

    def _fetch_token(self):
        key = f"{self.client_id}:{self.client_secret}".encode()
        try:
            answer = self._send(
                "POST",
                "/v1/oauth2/token",
                f"Basic {base64.b64encode(key).decode()}",
                raw="grant_type=client_credentials",
                content_type="application/x-www-form-urlencoded",
                is_secret=True,
            )
            token, seconds = answer["access_token"], int(answer["expires_in"])
        except Unknown as unknown:
            unknown.sent = False  # what the token was for
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise Unknown("PayPal's token can't be read.", sent=False) from error
        self.set_token(token, max(seconds - TOKEN_MARGIN, seconds // 2))
        return answer

    def _send(
        self,
        method,
        path,
        authorization,
        headers=None,
        query=None,
        raw=None,
        content_type="application/json",
        is_secret=False,
    ):
        """One HTTP request; its two messages are recorded."""
        headers = {
            **(headers or {}),
            "Authorization": authorization,
            "Accept": "application/json",
            "Content-Type": content_type,
            "User-Agent": self._api.user_agent,
        }
        told = {
            "method": method,
            "path": path,
            "request_id": headers.get("PayPal-Request-Id"),
        }
        secrets = () if is_secret else (authorization.partition(" ")[2],)
        self._record("sent", secrets, text="" if is_secret else raw or "", **told)
        try:
            response, answer = self._api.http_call(
                f"{self.base_url}{path}",
                method,
                params=query,
                data=None if raw is None else raw.encode(),
                headers=headers,
            )
        except requests.RequestException as error:
            self._record("received", secrets, text=type(error).__name__, **told)
            raise _silence(error) from error
        except sdk.ConnectionError as error:
            response, failure = error.response, _failure(error)
            text = error.content or ""
        else:
            failure, text = None, response.text
        self._record(
            "received",
            secrets,
            status=response.status_code,
            debug_id=response.headers.get("PayPal-Debug-Id"),
            text="" if is_secret and not failure else text,
            **told,
        )
        if failure:
            raise failure
        return answer

    def _record(self, direction, secrets, text, status=None, debug_id=None, **told):
        if not self.recorder:
            return
        try:
            self.recorder(
                Message(
                    time=_now(),
                    direction=direction,
                    status=status,
                    debug_id=debug_id,
                    text=scrub_text(text, (self.client_secret, *secrets)),
                    **told,
                )
            )
        except Exception:
            _logger.exception("a message to or from PayPal was not recorded")


# --- what an answer means


def _silence(error):
    reason = getattr(error.args[0], "reason", None) if error.args else None
    sent = not isinstance(error, requests.ConnectTimeout)
    if isinstance(reason, NewConnectionError):
        sent = False
    if isinstance(error, requests.Timeout):
        return Unknown("PayPal did not answer in time.", sent=sent)
    return Unknown("The connection to PayPal failed.", sent=sent)


def _failure(error):
    """Refused or Unknown, from an exception of the package's."""
    response = error.response
    status = response.status_code
    try:
        body = json.loads(error.content)
    except (TypeError, ValueError):
        body = None
    is_read = isinstance(body, dict)
    body = body if is_read else {}
    debug_id = body.get("debug_id") or response.headers.get("PayPal-Debug-Id")
    told = {"status": status, "debug_id": debug_id}
    details = [item for item in body.get("details") or [] if isinstance(item, dict)]
    issues = [item["issue"] for item in details if item.get("issue")]
    is_no = isinstance(error, sdk.ClientError) and status not in NOT_NOW
    # a proxy's or firewall's page is no word of PayPal's
    if not is_no or not is_read or IN_PROGRESS.intersection(issues):
        return Unknown(
            f"PayPal gave no clear answer (status {status}).",
            retry_after=_seconds(response.headers.get("Retry-After")),
            **told,
        )
    texts = [item.get("description") or item.get("issue") for item in details]
    texts.append(body.get("message") or body.get("error_description") or "")
    return Refused(
        scrub(next(filter(None, texts), f"PayPal refused (status {status}).")),
        name=body.get("name") or body.get("error") or "",
        issues=issues,
        links={
            link["rel"]: link["href"]
            for link in body.get("links") or []
            if isinstance(link, dict) and "rel" in link and "href" in link
        },
        **told,
    )


def _seconds(text):
    return int(text) if text and text.strip().isdigit() else None


# --- what goes into a request


def _id(value):
    """An id of PayPal's, fit for a path."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9-]{1,255}", value):
        raise ValueError("This is no id of PayPal's.")
    return quote(value)


def _request_id(value):
    if not value or len(value) > MAX_REQUEST_ID:
        raise ValueError("A call that moves money needs a request id of 1 to 108.")
    return {"PayPal-Request-Id": value}


def _moment(value):
    if value.tzinfo:
        value = value.astimezone(timezone.utc)
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _now():
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)


def _next_token(answer):
    """The token of the next page. Only that is taken from PayPal's link, never its
    address."""
    for link in answer.get("links", []):
        if link.get("rel") == "next":
            found = parse_qs(urlsplit(link.get("href", "")).query)
            return found.get("next_page_token", [None])[0]
    return None
