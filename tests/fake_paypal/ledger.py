"""All money that moved, in order: what a test compares the books with."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Entry:
    """Gross is what the payer paid (+) or got back (-); net, what that did to the
    seller's balance: gross - fee."""

    time: datetime
    kind: str  # capture, refund, reversal, chargeback
    id: str  # of the capture or refund
    capture_id: str
    order_id: str
    currency: str
    gross: Decimal
    fee: Decimal
    net: Decimal
    custom_id: str | None
    invoice_id: str | None

    def as_json(self):
        return {
            key: value.isoformat()
            if isinstance(value, datetime)
            else str(value)
            if isinstance(value, Decimal)
            else value
            for key, value in asdict(self).items()
        }


class Ledger:
    """Read it with entries(kind="refund", custom_id="..."), gross("USD"), net("USD"):
    the filters are equality on an entry's fields."""

    def __init__(self, lock):
        self._entries = []
        self._lock = lock

    def add(self, **values):
        with self._lock:
            self._entries.append(
                Entry(net=values["gross"] - values["fee"], **values),
            )

    def entries(self, **filters):
        with self._lock:
            return [
                entry
                for entry in self._entries
                if all(getattr(entry, key) == value for key, value in filters.items())
            ]

    def gross(self, currency, **filters):
        return self._sum("gross", currency, filters)

    def fees(self, currency, **filters):
        return self._sum("fee", currency, filters)

    def net(self, currency, **filters):
        return self._sum("net", currency, filters)

    def _sum(self, field, currency, filters):
        found = self.entries(currency=currency, **filters)
        return sum((getattr(entry, field) for entry in found), Decimal(0))
