"""Parts of an amount, in proportion and to the cent.

Plain Python.
"""

from decimal import ROUND_HALF_UP, Decimal


def spread(total, weights, digits, fraction=Decimal()):
    """Spread ``total`` over ``weights`` in proportion; the shares sum to it exactly.

    :param Decimal total: the amount to spread
    :param list weights: Decimals of any sign
    :param int digits: decimals of the currency
    :param Decimal fraction: what each weight gets of itself where all of them sum to
        nothing, so that no proportion can be told
    :return: list of Decimals, one for each weight
    """
    whole = sum(weights, Decimal())
    shares, running, given = [], Decimal(), Decimal()
    for weight in weights:
        running += weight
        part = total * running / whole if whole else running * fraction
        reached = round_to(part, digits)
        shares.append(reached - given)
        given = reached
    return shares


def round_to(number, digits):
    """A Decimal with that many decimals, halves away from zero."""
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
