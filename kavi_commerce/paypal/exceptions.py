"""What a call to PayPal comes to.

- it returns: PayPal did it; the answer as a dict ({} for a 204);
- it raises Refused: PayPal said no, and did nothing;
- it raises Unknown: nobody knows (no answer, a broken one, PayPal's own failure, or an
  earlier call of ours still at work). Ask again with the same request id, or look up.
"""

from dataclasses import dataclass
from datetime import datetime


class PayPalError(Exception):
    """A call that did not succeed."""

    def __init__(self, message, status=None, debug_id=None):
        super().__init__(message)
        self.message = message
        self.status = status  # of HTTP; None without an answer
        self.debug_id = debug_id  # what PayPal's support asks for


class Refused(PayPalError):
    """PayPal answered with a definite no: this call did nothing. An earlier one may
    have (ORDER_ALREADY_CAPTURED: look the order up).

    name is PayPal's name for the error (UNPROCESSABLE_ENTITY), issues the codes of its
    details (["INSTRUMENT_DECLINED"]), links what it offers instead, by rel.
    """

    def __init__(self, message, name="", issues=(), links=None, **answer):
        super().__init__(message, **answer)
        self.name = name
        self.issues = list(issues)
        self.links = links or {}

    def has(self, *issues):
        """Whether one of these issue codes is among the reasons."""
        return any(issue in self.issues for issue in issues)


class Unknown(PayPalError):
    """Nothing is known about the outcome.

    sent is False when the request certainly never left (no connection, no token):
    then this call did nothing. An earlier one with the same request id may have.
    retry_after: the seconds that PayPal asks to wait, or None.
    """

    def __init__(self, message, retry_after=None, sent=True, **answer):
        super().__init__(message, **answer)
        self.retry_after = retry_after
        self.sent = sent


@dataclass(frozen=True)
class Message:
    """One message to or from PayPal, scrubbed, as the recorder gets it."""

    time: datetime  # UTC, without a zone, to the second: as Odoo stores it
    direction: str  # "sent" or "received"
    method: str
    path: str
    status: int | None  # None for what was sent, and where no answer came
    debug_id: str | None
    request_id: str | None
    text: str
