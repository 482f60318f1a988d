"""PayPal's way of signing a webhook: RSA over transmission id, time, webhook id and the
CRC32 of the body's bytes. A body written anew has another CRC32 and is refused."""

import base64
import functools
import json
import re
import uuid
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .errors import PayPalError

ALGORITHM = "SHA256withRSA"
PAYPAL, FORGER = "paypal", "forger"


@functools.cache
def key(name):
    """A signer's key, for the process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def headers(raw, webhook_id, moment, cert_url, signer=PAYPAL):
    """The transmission headers of one delivery."""
    signature = ""
    # the schema of the verification call wants a letter or digit first
    while not re.match(r"(?!\d+$)\w", signature):
        transmission_id = str(uuid.uuid4())
        message = _message(transmission_id, moment, webhook_id, raw)
        signed = key(signer).sign(message, padding.PKCS1v15(), hashes.SHA256())
        signature = base64.b64encode(signed).decode()
    return {
        "Paypal-Transmission-Id": transmission_id,
        "Paypal-Transmission-Time": moment,
        "Paypal-Transmission-Sig": signature,
        "Paypal-Cert-Url": cert_url,
        "Paypal-Auth-Algo": ALGORITHM,
    }


def verify(fake, call):
    """POST /v1/notifications/verify-webhook-signature."""
    asked = call.json
    raw = raw_member(call.raw.decode(), "webhook_event").encode()
    good = (
        asked["auth_algo"] == ALGORITHM
        and asked["cert_url"] == fake.webhooks.cert_url
        and asked["webhook_id"] in fake.webhooks.registered
        and _is_signed(asked, raw)
    )
    return 200, {"verification_status": "SUCCESS" if good else "FAILURE"}


def raw_member(text, name):
    """The text of one member of a JSON object, as it was written."""
    decoder, space = json.JSONDecoder(), " \t\r\n"
    at = _skip(text, 0, space) + 1
    while at < len(text):
        at = _skip(text, at, space + ",")
        if text[at] == "}":
            break
        key_name, at = decoder.raw_decode(text, at)
        at = _skip(text, at, space + ":")
        _value, end = decoder.raw_decode(text, at)
        if key_name == name:
            return text[at:end]
        at = end
    raise PayPalError(400, "MISSING_REQUIRED_PARAMETER", f"/{name}")


def _skip(text, at, characters):
    while at < len(text) and text[at] in characters:
        at += 1
    return at


def _message(transmission_id, moment, webhook_id, raw):
    return f"{transmission_id}|{moment}|{webhook_id}|{zlib.crc32(raw)}".encode()


def _is_signed(asked, raw):
    message = _message(
        asked["transmission_id"], asked["transmission_time"], asked["webhook_id"], raw
    )
    try:
        signature = base64.b64decode(asked["transmission_sig"], validate=True)
        key(PAYPAL).public_key().verify(
            signature, message, padding.PKCS1v15(), hashes.SHA256()
        )
    except (ValueError, InvalidSignature):
        return False
    return True
