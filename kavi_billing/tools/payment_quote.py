"""What a payment comes to: plain Python, with the currency that is passed in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PaymentQuote:
    """What one payment does to one bill.

    :ivar amount: money for the bill's debt, in the bill's currency
    :ivar base: what the surcharge is counted on; zero without one
    :ivar surcharge: of ``kavi.payment.method._get_surcharge``
    :ivar discount: granted for paying early
    :ivar residual: what stays due; below zero, what was paid too much
    """

    amount: float
    base: float
    surcharge: dict
    discount: float
    residual: float

    @property
    def amount_received(self):
        """All the money, the surcharge included."""
        return self.amount + self.surcharge["total"]


def solve_surcharge_base(received, payable, charge, currency):
    """The part of a debt whose payment, with its surcharge, ``received`` covers.

    Searched in units of the currency, for no formula inverts what is rounded. Some
    sums no part comes to: then it is the most that is covered, and the unit that is
    left over goes to the debt, too.

    :param float payable: the debt; all of it when that is covered
    :param charge: gives the surcharge (``_get_surcharge``) of a part of the debt; never
        less for more
    :rtype: float
    """
    unit = currency.rounding

    def covers(base):
        total = currency.round(base + charge(base)["total"])
        return currency.compare_amounts(total, received) <= 0

    if covers(payable):
        return payable
    low, high = 0, round(payable / unit)
    while high - low > 1:
        middle = (low + high) // 2
        if covers(currency.round(middle * unit)):
            low = middle
        else:
            high = middle
    return currency.round(low * unit)
