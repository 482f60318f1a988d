"""Tokens for the client's id and secret; they expire."""

import base64
import binascii

TOKEN_SECONDS = 32400


class Tokens:
    def __init__(self, fake):
        self.fake = fake
        self.seconds = TOKEN_SECONDS
        self._tokens = {}  # token: when it ends
        self.given = []  # every token there was
        self.issued = 0

    def token(self, fake, call):
        if call.form.get("grant_type") != "client_credentials":
            return 400, {
                "error": "unsupported_grant_type",
                "error_description": "unsupported grant_type",
            }
        if call.basic != (fake.client_id, fake.client_secret):
            return 401, {
                "error": "invalid_client",
                "error_description": "Client Authentication failed",
            }
        token = f"A21AA{fake.new_id()}{fake.new_id()}"
        self._tokens[token] = fake.clock.after(seconds=self.seconds)
        self.given.append(token)
        self.issued += 1
        return 200, {
            "scope": "https://uri.paypal.com/services/payments/payment",
            "access_token": token,
            "token_type": "Bearer",
            "app_id": "APP-80W284485P519543T",
            "expires_in": self.seconds,
            "nonce": f"{fake.clock.text()}{fake.new_id()}",
        }

    def is_good(self, authorization):
        kind, _space, token = (authorization or "").partition(" ")
        ends = self._tokens.get(token)
        return kind == "Bearer" and ends is not None and self.fake.clock.now() < ends

    def revoke(self):
        """Every token is refused from now on."""
        self._tokens.clear()


def basic(authorization):
    kind, _space, value = (authorization or "").partition(" ")
    if kind != "Basic":
        return None
    try:
        user, _colon, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password
