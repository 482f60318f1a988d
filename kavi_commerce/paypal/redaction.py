"""Takes out of a text or a JSON value what must never be kept: card numbers, security
codes, secrets, tokens. All that is logged or stored of a message goes through here."""

import contextlib
import json
import re

HIDDEN = "[hidden]"

# Members of an object, parts of a query and headers, whatever their spelling
# (Client-Secret, clientSecret, client_secret).
SECRET_NAMES = {
    "accesstoken",
    "apikey",
    "authassertion",
    "authorization",
    "cardnumber",
    "clientsecret",
    "cookie",
    "cryptogram",
    "csc",
    "cvc",
    "cvv",
    "cvv2",
    "idtoken",
    "nonce",
    "pan",
    "password",
    "passwd",
    "paypalauthassertion",
    "paypaltransmissionsig",
    "refreshtoken",
    "secret",
    "securitycode",
    "setcookie",
    "transmissionsig",
}
# Digits that may be grouped; whether they are a card's number, _hide_number decides.
_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
# A name begins where letters begin, and is bounded: a long word is not searched through
# from each of its letters.
_NAMED = re.compile(
    r"""(?P<start>["']?(?<![A-Za-z])(?P<name>[A-Za-z][\w-]{0,63})["']?\s*[:=]\s*)"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&}\]"']+)"""
)
_SCHEME = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE)
_DONE = ("[hidden", "[card")
_TOKEN = re.compile(r"\bA21AA[\w.-]{8,}")


def redact(value, secrets=()):
    """The value without what must not be kept, in the same shape: a dict, list, text,
    bytes (as text) or number.

    :param secrets: texts that are taken out wherever they stand (the client's secret,
        the token of this moment)
    """
    if isinstance(value, dict):
        return {
            key: HIDDEN if _is_secret(key) and item else redact(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(item, secrets) for item in value]
    if isinstance(value, bytes):
        return redact_text(value.decode(errors="replace"), secrets)
    if isinstance(value, str):
        return redact_text(value, secrets)
    if isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
        return value if redact_text(text) == text else HIDDEN
    return value


def redact_text(text, secrets=()):
    """A text without card numbers, secrets and tokens; a JSON text stays JSON."""
    # no JSON, or nested deeper than anybody's, is a text
    with contextlib.suppress(ValueError, RecursionError):
        parsed = json.loads(text)
        if isinstance(parsed, (dict, list)):
            return json.dumps(redact(parsed, secrets), ensure_ascii=False)
    for secret in secrets:
        if secret:
            text = text.replace(secret, HIDDEN)
    # first, for a name such as "pan:" would take but the first group of a number
    text = _NUMBER.sub(_hide_number, text)
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    text = _TOKEN.sub(HIDDEN, text)
    return _NAMED.sub(_hide_named, text)


def _is_secret(name):
    return re.sub(r"[^a-z0-9]", "", str(name).lower()) in SECRET_NAMES


def _hide_named(match):
    if not _is_secret(match["name"]):
        return match[0]
    value = match["value"].lower().lstrip("\"'")
    # what is done already: "pan: [card ...1111]", "Authorization: Bearer [hidden]"
    is_done = value.startswith(_DONE) or (
        value in ("bearer", "basic")
        and match.string.startswith(f" {HIDDEN}", match.end())
    )
    if is_done:
        return match[0]
    quote = match["value"][0] if match["value"][0] in "\"'" else ""
    return f"{match['start']}{quote}{HIDDEN}{quote}"


def _hide_number(match):
    digits = re.sub(r"\D", "", match[0])
    if not _passes_luhn(digits):
        return match[0]
    text, start, end = match.string, match.start(), match.end()
    touches = text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()
    # PayPal's ids are letters and long runs of digits, some of which pass by chance
    if touches and not (len(digits) in (15, 16) and digits[0] in "3456"):
        return match[0]
    return f"[card ...{digits[-4:]}]"


def _passes_luhn(digits):
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
