"""The connection to PayPal: requests, access tokens, recorded messages.

Of paypalrestsdk 1.13 it uses the Api class: its address, credentials and headers, and
its way of telling an answer's status. What that class can't do is overridden here (it
has no time-out, reads answers of any size, asks for ever when a token is refused,
follows redirects, returns a 400 as if it were a success). Its v1 resource classes and
its check of webhooks are not used: the former are switched off at PayPal, the latter
refuses valid signatures. When the package goes, this file is the one to replace.
"""

import base64
import json
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import urlsplit

import paypalrestsdk
import requests
from paypalrestsdk import exceptions as sdk

from .bounds import DEADLINE, TooLong, ask
from .exceptions import NoAnswer, RequestRejected, Silence
from .redaction import redact, redact_text

_logger = logging.getLogger(__name__)

# Seconds, for connecting and for each wait for bytes; for all of a request, see
# bounds.DEADLINE. One number: Odoo's tests, which look at every request, can't read a
# pair.
TIMEOUT = 20
# A token is not used in its last minutes: it might end on the way.
TOKEN_MARGIN = 300
# Issues that are no answer to this request: an earlier one is still being processed.
IN_PROGRESS = {"PREVIOUS_REQUEST_IN_PROGRESS", "ORDER_COMPLETION_IN_PROGRESS"}
# Statuses 4xx that say "not now" rather than "no"
NOT_NOW = {408, 425, 429}


@dataclass(frozen=True)
class Message:
    """One message to or from PayPal, redacted, as the recorder gets it."""

    time: datetime  # UTC, without a zone, to the second: as Odoo stores it
    direction: str  # "sent" or "received"
    method: str
    path: str
    status: int | None  # None for what was sent, and where no answer came
    debug_id: str | None
    request_id: str | None
    text: str


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

    def http_call(self, url, method, seconds=DEADLINE, **kwargs):
        """:return: response, its text, and that as a dict"""
        response, content = ask(
            method,
            url,
            seconds=seconds,
            timeout=self.timeout,
            proxies=self.proxies,
            **kwargs,
        )
        text = content.decode("utf-8", errors="replace")
        try:
            answer = self.handle_response(response, text)
        except (ValueError, RecursionError):
            answer = None
        # a success that can't be read, or says nothing where it should
        if not isinstance(answer, dict) or (not answer and response.status_code != 204):
            raise sdk.ServerError(response, text)
        return response, text, answer


@dataclass
class Connection:
    """A connection for one merchant. Makes no request until asked.

    :param base_url: LIVE, SANDBOX or, on this machine only, a test server
    :param get_token: callback without arguments, returns a usable token or None
    :param set_token: callback (token, seconds it may be used), (None, 0) to forget it
    :param within: seconds for all that is asked from now on together, where somebody
        waits who is not to wait long
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
    within: float | None = None

    def __post_init__(self):
        self._ends = None if self.within is None else time.monotonic() + self.within
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
        except RequestRejected as refused:
            if refused.status != 401 or is_fresh:
                raise
        self.set_token(None, 0)
        token = self._fetch_token()["access_token"]
        return self._send(method, path, f"Bearer {token}", **request)

    def _fetch_token(self):
        key = f"{self.client_id}:{self.client_secret}".encode()
        answer = self._send(
            "POST",
            "/v1/oauth2/token",
            f"Basic {base64.b64encode(key).decode()}",
            raw="grant_type=client_credentials",
            content_type="application/x-www-form-urlencoded",
            is_secret=True,
        )
        try:
            token, seconds = answer["access_token"], int(answer["expires_in"])
        except (KeyError, TypeError, ValueError) as error:
            raise NoAnswer("PayPal's token can't be read.") from error
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
        seconds = DEADLINE
        if self._ends is not None:
            seconds = min(seconds, self._ends - time.monotonic())
            if seconds <= 0:
                raise Silence("PayPal did not answer in time.")
        self._record("sent", secrets, text="" if is_secret else raw or "", **told)
        try:
            response, text, answer = self._api.http_call(
                f"{self.base_url}{path}",
                method,
                seconds=seconds,
                params=query,
                data=None if raw is None else raw.encode(),
                headers=headers,
            )
        except requests.RequestException as error:
            self._record("received", secrets, text=type(error).__name__, **told)
            if isinstance(error, requests.Timeout):
                raise Silence("PayPal did not answer in time.") from error
            if isinstance(error, TooLong):
                raise NoAnswer("PayPal's answer is too long to be read.") from error
            raise NoAnswer("The connection to PayPal failed.") from error
        except sdk.ConnectionError as error:
            response, failure = error.response, _get_failure(error)
            text = error.content or ""
        else:
            failure = None
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
                    text=redact_text(text, (self.client_secret, *secrets)),
                    **told,
                )
            )
        except Exception:
            _logger.exception("a message to or from PayPal was not recorded")


def _get_failure(error):
    """What an exception of the package's means.

    :return: a ``RequestRejected`` or ``NoAnswer``
    """
    response = error.response
    status = response.status_code
    try:
        body = json.loads(error.content)
    except (TypeError, ValueError, RecursionError):
        body = None
    is_read = isinstance(body, dict)
    body = body if is_read else {}
    debug_id = _text(body, "debug_id") or response.headers.get("PayPal-Debug-Id")
    told = {"status": status, "debug_id": debug_id}
    details = body.get("details")
    details = details if isinstance(details, list) else []
    details = [item for item in details if isinstance(item, dict)]
    issues = [issue for item in details if (issue := _text(item, "issue"))]
    is_no = isinstance(error, sdk.ClientError) and status not in NOT_NOW
    # a proxy's or firewall's page is no word of PayPal's
    if not is_no or not is_read or IN_PROGRESS.intersection(issues):
        return NoAnswer(f"PayPal gave no clear answer (status {status}).", **told)
    texts = [_text(item, "description", "issue") for item in details]
    texts.append(_text(body, "message", "error_description"))
    return RequestRejected(
        redact(next(filter(None, texts), f"PayPal refused (status {status}).")),
        name=_text(body, "name", "error"),
        issues=issues,
        **told,
    )


def _text(found, *names):
    """The first of these members that is a text with something in it; else ""."""
    texts = (found.get(name) for name in names)
    return next((text for text in texts if text and isinstance(text, str)), "")


def _now():
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
