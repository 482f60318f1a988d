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


@dataclass(frozen=True)
class SharedQuote:
    """What one payment does to several bills of an account.

    The surcharge is charged once, on the sum; it is in the quote of the oldest bill
    that is paid, which carries it.

    :ivar portions: bill id -> :class:`PaymentQuote`, of the bills that get something,
        in the order in which they are paid
    :ivar received: all the money, the surcharge included
    :ivar rest: of this, what the bills do not need
    """

    portions: dict
    received: float
    rest: float

    @property
    def surcharge(self):
        return sum(quote.surcharge["total"] for quote in self.portions.values())


@dataclass(frozen=True)
class Debt:
    """What may be paid of one bill.

    :ivar payable: all that is due
    :ivar settling: what settles it on that day: less, with an early discount
    :ivar in_parts: whether less may be paid, too
    """

    payable: float
    settling: float
    in_parts: bool = True


def distribute(money, debts, currency):
    """Share what was received among debts, the first of them first.

    None gets more than is due. Who pays less in all than is asked takes every early
    discount first; only what is left after that goes to what was discounted. What is
    paid in full or not at all is passed over when the rest does not settle it.

    :param list debts: :class:`Debt`
    :return: the amounts, in the debts' order; what is missing of ``money`` is left over
    """
    amounts, compare = [], currency.compare_amounts
    for debt in debts:
        part = currency.round(min(money, debt.settling))
        if compare(part, debt.settling) < 0 and not debt.in_parts:
            part = 0.0
        amounts.append(part)
        money = currency.round(money - part)
    for index, debt in enumerate(debts):
        if compare(amounts[index], debt.settling) == 0:
            part = currency.round(min(money, debt.payable - debt.settling))
            amounts[index] = currency.round(amounts[index] + part)
            money = currency.round(money - part)
    return amounts


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
