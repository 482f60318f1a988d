"""How the total of a bill is spread over the instalments of its terms.

Plain Python. As in Odoo, each instalment is rounded by itself and one takes the
balance; unlike there, the running total never falls and never passes the total, so that
no instalment asks for less than nothing, however small the total or odd the terms.
"""

from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from .proportion import spread

# What a line of a bill charges for ...
CHARGES = {
    "goods": "Goods or Service",
    "shipping": "Shipping",
    "fee": "Fee",
}
# ... and with which instalments it is collected (BB-03).
COLLECTIONS = {
    "first": "With the First Instalment",
    "spread": "Spread Over All",
    "last": "With the Last Instalment",
}
# Where an instalment stands.
INSTALMENT_STATES = {
    "paid": "Paid",
    "due": "Due",
    "overdue": "Overdue",
    "to_come": "To Come",
    "canceled": "Canceled",
}


def split(total, charges, lines, unit):
    """Spread ``total`` over the lines of terms.

    :param total: what is asked, taxes included
    :param dict charges: how much of it is collected "first", "spread" and "last";
        what of the total they leave out is spread
    :param list lines: ``(kind, value)`` of each instalment, in the order of their days:
        ("percent", of what is spread), ("fixed", amount), and one ("balance", None)
    :param unit: the smallest amount of the currency
    :return: list of Decimals, one a line, that sum to ``total``; none has another sign
    """
    total, unit = _decimal(total), _decimal(unit)
    if total < 0:
        charges = {name: -_decimal(amount) for name, amount in charges.items()}
        return [-amount for amount in split(-total, charges, lines, unit)]
    first, last = (_round(charges.get(name, 0), unit) for name in ("first", "last"))
    rest = total - first - last
    wanted = [_round(_wanted(kind, value, rest), unit) for kind, value in lines]
    balance = [kind for kind, _value in lines].index("balance")
    wanted[balance] = rest - sum(wanted, Decimal())
    # a fixed amount or a discount may be more than there is: take what there is
    ceiling = max(total - max(last, Decimal()), Decimal())
    running, reached = first, [Decimal()]
    for amount in wanted[:-1]:
        running += amount
        reached.append(min(max(running, reached[-1], first), ceiling))
    reached.append(total)
    return [after - before for before, after in pairwise(reached)]


def share(total, weights, unit):
    """Spread ``total`` in proportion to ``weights``, in whole units.

    :return: list of Decimals that sum to ``total``, unless all weights are zero
    """
    units = _round(total, unit) / _decimal(unit)
    shares = spread(units, [_decimal(weight) for weight in weights], 0)
    return [amount * _decimal(unit) for amount in shares]


def _wanted(kind, value, rest):
    if kind == "percent":
        return rest * _decimal(value) / 100
    return _decimal(value) if kind == "fixed" else Decimal()


def _decimal(number):
    return number if isinstance(number, Decimal) else Decimal(str(number))


def _round(number, unit):
    unit = _decimal(unit)
    return (_decimal(number) / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
