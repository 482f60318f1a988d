"""A request's way through the fake: fault, token, schema, idempotency, work, schema."""

import hashlib
import json
from dataclasses import dataclass, field

from .errors import PayPalError


@dataclass
class Answer:
    status: int
    body: object = None  # a dict; bytes where the answer is no JSON
    headers: dict = field(default_factory=dict)
    drop: bool = False  # close the connection instead
    delay: float = 0.0

    @property
    def raw(self):
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()


@dataclass(frozen=True)
class Exchange:
    """What was asked and answered, for tests to look at."""

    endpoint: str
    method: str
    target: str
    request_id: str | None
    request: object
    status: int | None  # None: the connection was closed
    answer: object
    fault: str | None
    debug_id: str

    def as_json(self):
        return self.__dict__


class Exchanges:
    def __init__(self, fake):
        self.fake = fake
        self.log = []
        self._stored = {}  # (endpoint, path, request id): (digest, status, body)

    def answer(self, call):
        """The answer to a call of PayPal's API."""
        debug_id = self.fake.new_id().lower()[:13]
        endpoint = self._endpoint(call)
        if endpoint is None:
            answer = self._error(PayPalError(404), debug_id, None)
            return self._finish(call, None, None, answer, debug_id)
        fault = self.fake.faults.pick(endpoint.name)
        if fault and fault.kind in ("pending", "declined"):
            call.outcome = fault
        answer = self._before(fault, endpoint, debug_id)
        if answer is None:
            answer = self._work(call, endpoint, debug_id)
            self._note_answer(endpoint, answer)
            answer = self._after(fault, endpoint, answer, debug_id)
        return self._finish(call, endpoint, fault, answer, debug_id)

    # --- steps

    def _endpoint(self, call):
        for endpoint in self.fake.endpoints:
            found = endpoint.pattern.fullmatch(call.path)
            if found and endpoint.method == call.method:
                call.path_values = found.groupdict()
                return endpoint
        return None

    def _before(self, fault, endpoint, debug_id):
        """What a fault answers in place of the work."""
        if fault is None or fault.after:
            return None
        if fault.kind == "drop_before":
            return Answer(0, drop=True)
        if fault.kind == "status":
            return self._told(fault, endpoint, debug_id)
        if fault.kind == "hook":
            fault.call()
        return None

    def _after(self, fault, endpoint, answer, debug_id):
        """What a fault makes of the answer when the work is done."""
        if fault is None:
            return answer
        if fault.kind == "drop_after":
            return Answer(0, drop=True)
        if fault.kind == "malformed":
            return Answer(answer.status, answer.raw[: len(answer.raw) // 2] + b"<")
        if fault.kind == "late":
            answer.delay = fault.delay
        if fault.kind == "hook" and fault.after:
            fault.call()
        if fault.kind == "status":
            return self._told(fault, endpoint, debug_id)
        return answer

    def _told(self, fault, endpoint, debug_id):
        headers = dict(fault.headers)
        if fault.retry_after is not None:
            headers["Retry-After"] = str(fault.retry_after)
        error = PayPalError(fault.status, fault.issue, headers=headers)
        answer = self._error(error, debug_id, endpoint)
        self._note_answer(endpoint, answer, foreseen_only=True)
        return answer

    def _work(self, call, endpoint, debug_id):
        fake = self.fake
        try:
            if endpoint.name != "oauth.token" and not fake.tokens.is_good(
                call.headers.get("Authorization")
            ):
                raise PayPalError(401)
            self._check_request(call, endpoint)
            with fake.lock:
                status, body = self._once(call, endpoint)
        except PayPalError as error:
            return self._error(error, debug_id, endpoint)
        except (KeyError, TypeError, ArithmeticError):
            if not fake.specs.note:
                raise
            # no specifications here that would have found what is missing
            error = PayPalError(400, "MISSING_REQUIRED_PARAMETER")
            return self._error(error, debug_id, endpoint)
        if endpoint.minimal and not call.wants_representation:
            body = endpoint.minimal(body)
        return Answer(status, body)

    def _check_request(self, call, endpoint):
        # a form, whatever it is called: PayPal takes Odoo's, which calls it JSON
        if call.is_malformed and endpoint.name != "oauth.token":
            raise PayPalError(400, "MALFORMED_REQUEST_JSON")
        errors = self.fake.specs.request_errors(
            endpoint.method, endpoint.template, call
        )
        for where, text in errors:
            self.fake.violations.append(f"{endpoint.name} request: {where}: {text}")
        if errors:
            where = errors[0][0].removeprefix("body")
            raise PayPalError(400, "INVALID_PARAMETER_SYNTAX", where)

    def _once(self, call, endpoint):
        """The work, or what the same request was answered before: the same id with
        another body is refused. Only successes are kept: a refusal did nothing."""
        handler, fake = endpoint.handler, self.fake
        if call.method != "POST" or not call.request_id:
            return handler(fake, call, *call.path_values.values())
        key = (endpoint.name, call.path, call.request_id)
        digest = hashlib.sha256(call.raw).hexdigest()
        if key in self._stored:
            first, status, body = self._stored[key]
            if first != digest:
                raise PayPalError(422, "DUPLICATE_REQUEST_ID")
            # where an operation has a 200, that is the answer to a repeated request
            can_say = endpoint.name.startswith("orders.") and status == 201
            return (200 if can_say else status), json.loads(body)
        status, body = handler(fake, call, *call.path_values.values())
        self._stored[key] = digest, status, json.dumps(body)
        return status, body

    def _error(self, error, debug_id, endpoint):
        text = None
        if endpoint and error.issue:
            text = self.fake.specs.describe(
                endpoint.method, endpoint.template, error.issue
            )
        return Answer(error.status, error.body(debug_id, text), error.headers)

    def _note_answer(self, endpoint, answer, foreseen_only=False):
        errors = self.fake.specs.answer_errors(
            endpoint.method,
            endpoint.template,
            answer.status,
            answer.body,
            foreseen_only,
        )
        for where, text in errors:
            self.fake.violations.append(
                f"{endpoint.name} answer {answer.status}: {where}: {text}"
            )

    def _finish(self, call, endpoint, fault, answer, debug_id):
        answer.headers["Paypal-Debug-Id"] = debug_id
        name = endpoint.name if endpoint else "unknown"
        is_secret = name == "oauth.token"
        exchange = Exchange(
            endpoint=name,
            method=call.method,
            target=call.target,
            request_id=call.request_id,
            request=None if is_secret else call.json,
            status=None if answer.drop else answer.status,
            answer=None if is_secret or isinstance(answer.body, bytes) else answer.body,
            fault=fault.kind if fault else None,
            debug_id=debug_id,
        )
        with self.fake.lock:
            self.log.append(exchange)
        return answer
