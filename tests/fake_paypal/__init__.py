"""A PayPal of our own on loopback, for tests and for trying: see README.md.

with FakePayPal() as paypal:
    order = ...            # the code under test calls paypal.url
    paypal.approve(order)  # the payer says yes
    paypal.fail("orders.capture", "drop_after")
    ...
    assert not paypal.violations
    assert paypal.ledger.net("USD") == Decimal("96.80")
"""

from .fake import FakePayPal
from .ledger import Ledger

__all__ = ["FakePayPal", "Ledger"]
