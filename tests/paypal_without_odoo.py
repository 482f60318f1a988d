"""The PayPal client without Odoo, and what its tests ask of it.

It knows no Odoo, so it is loaded without the addon: by its folder, as a package whose
own __init__ (which imports the models) is not run.
"""

import importlib
import itertools
import runpy
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDON = ROOT / "kavi_commerce"


def load(name):
    package = "kavi_commerce_without_odoo"
    if package not in sys.modules:
        module = types.ModuleType(package)
        module.__path__ = [str(ADDON)]
        sys.modules[package] = module
    return importlib.import_module(f"{package}.{name}")


amounts = load("paypal.amounts")
bounds = load("paypal.bounds")
connection = load("paypal.connection")
event = load("paypal.event")
exceptions = load("paypal.exceptions")
paypal_client = load("paypal.client")
redaction = load("paypal.redaction")
# plain Python, too, in a package that is not
Listener = runpy.run_path(str(ROOT / "kavi_billing/tests/listener.py"))["Listener"]
numbers = itertools.count()


def order(client, value="100.00", currency="USD", intent="CAPTURE", **unit):
    amount = amounts.money(value, currency)
    payload = {"intent": intent, "purchase_units": [{"amount": amount, **unit}]}
    return client.create_order(payload, f"order-{next(numbers)}")["id"]


def approved(fake, client, **unit):
    order_id = order(client, **unit)
    fake.approve(order_id)
    return order_id


def paid(fake, client, **unit):
    answer = client.capture_order(
        approved(fake, client, **unit), f"capture-{next(numbers)}"
    )
    return answer["purchase_units"][0]["payments"]["captures"][0]["id"]
