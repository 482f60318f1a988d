"""One request, as the endpoints read it."""

import json
from urllib.parse import parse_qsl, urlsplit

from . import oauth


class Call:
    def __init__(self, method, target, headers, raw):
        self.method = method
        self.target = target
        self.headers = headers
        self.raw = raw
        split = urlsplit(target)
        self.path = split.path
        self.query = dict(parse_qsl(split.query, keep_blank_values=True))
        self.path_values = {}
        self.outcome = None  # a fault that the endpoint itself carries out
        self.json = None
        self.is_malformed = False
        # the token's form is taken by whatever name: Odoo calls it JSON
        is_token = self.path == "/v1/oauth2/token"
        if raw and not is_token and "json" in (headers.get("Content-Type") or ""):
            try:
                self.json = json.loads(raw)
            except ValueError:
                self.is_malformed = True

    @property
    def request_id(self):
        return self.headers.get("PayPal-Request-Id")

    @property
    def wants_representation(self):
        return self.headers.get("Prefer") == "return=representation"

    @property
    def form(self):
        return dict(parse_qsl(self.raw.decode(errors="replace")))

    @property
    def basic(self):
        return oauth.basic(self.headers.get("Authorization"))

    def parameter(self, where, name):
        if where == "header":
            return self.headers.get(name)
        return (self.query if where == "query" else self.path_values).get(name)
