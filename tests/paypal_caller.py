"""Calls the fake PayPal, without any of the suite's own code."""

import json

import requests


class Caller:
    """Calls the fake as a client would, without any of the suite's own code."""

    def __init__(self, fake):
        self.fake = fake
        self.headers = {"Prefer": "return=representation"}
        self.number = 0
        self.sign_in()

    def sign_in(self):
        answer = requests.post(
            f"{self.fake.url}/v1/oauth2/token",
            auth=(self.fake.client_id, self.fake.client_secret),
            data={"grant_type": "client_credentials"},
            timeout=10,
        )
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path, **query):
        return requests.get(
            f"{self.fake.url}{path}", params=query, headers=self.headers, timeout=10
        )

    def post(self, path, body=None, request_id=None, **headers):
        self.number += 1
        headers = {
            **self.headers,
            "Content-Type": "application/json",
            "PayPal-Request-Id": request_id or f"request-{self.number}",
            **headers,
        }
        raw = None if body is None else json.dumps(body)
        return requests.post(
            f"{self.fake.url}{path}", data=raw, headers=headers, timeout=10
        )

    def order(self, value="100.00", currency="USD", intent="CAPTURE", **unit):
        body = {
            "intent": intent,
            "purchase_units": [
                {"amount": {"currency_code": currency, "value": value}, **unit}
            ],
            "payment_source": {
                "paypal": {
                    "experience_context": {
                        "return_url": "http://localhost/back?bill=1",
                        "cancel_url": "http://localhost/cancelled",
                        "user_action": "PAY_NOW",
                        "landing_page": "GUEST_CHECKOUT",
                    }
                }
            },
        }
        return self.post("/v2/checkout/orders", body)

    def paid(self, value="100.00", currency="USD", **unit):
        """The capture of an order that was approved."""
        order_id = self.order(value, currency, **unit).json()["id"]
        self.fake.approve(order_id)
        answer = self.capture(order_id).json()
        return answer["purchase_units"][0]["payments"]["captures"][0]

    def capture(self, order_id, **more):
        return self.post(f"/v2/checkout/orders/{order_id}/capture", {}, **more)

    def authorized(self, value="100.00", currency="USD", **unit):
        order_id = self.order(value, currency, "AUTHORIZE", **unit).json()["id"]
        self.fake.approve(order_id)
        answer = self.post(f"/v2/checkout/orders/{order_id}/authorize", {}).json()
        return answer["purchase_units"][0]["payments"]["authorizations"][0]["id"]

    def refund(self, capture_id, value=None, currency="USD", **more):
        body = {"amount": {"currency_code": currency, "value": value}} if value else {}
        return self.post(f"/v2/payments/captures/{capture_id}/refund", body, **more)


def issue(answer):
    return answer.status_code, answer.json()["details"][0]["issue"]


def register(caller, url, *events):
    events = [{"name": name} for name in events or ["*"]]
    body = {"url": url, "event_types": events}
    return caller.post("/v1/notifications/webhooks", body)
