"""What a call to PayPal comes to.

- it returns: PayPal did it; the answer as a dict ({} for a 204);
- it raises RequestRejected: PayPal said no, and did nothing;
- it raises NoAnswer: the outcome is unknown (no answer, a broken one, PayPal's own
  failure, or an earlier request of ours still being processed). Repeat it with the same
  request id, or fetch the object.
"""


class PayPalError(Exception):
    """A call that did not succeed."""

    def __init__(self, message, status=None, debug_id=None):
        super().__init__(message)
        self.message = message
        self.status = status  # of HTTP; None without an answer
        self.debug_id = debug_id  # what PayPal's support asks for


class RequestRejected(PayPalError):
    """PayPal answered with a definite no: this call did nothing. An earlier one may
    have (ORDER_ALREADY_CAPTURED: fetch the order).

    name is PayPal's name for the error (UNPROCESSABLE_ENTITY), issues the codes of its
    details (["INSTRUMENT_DECLINED"]).
    """

    def __init__(self, message, name="", issues=(), **answer):
        super().__init__(message, **answer)
        self.name = name
        self.issues = list(issues)


class NoAnswer(PayPalError):
    """The outcome is unknown. PayPal may have done what was asked, or not."""


class Silence(NoAnswer):
    """No answer came in the time there was."""
