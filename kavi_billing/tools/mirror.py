"""What a credit note takes back of posted journal items, to the cent.

Plain Python. Nothing is computed anew: no tax, rate or rounding rule of today is asked.
A note carries a part of what is *left* of each item after the notes before it, so the
last one carries all that is left, whatever the others were and whoever made them.

Amounts are Decimals in the account's disfavour: what an invoice charges is positive,
what took a part of it back is negative.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

from .proportion import round_to, spread

BASE = "base"


@dataclass(frozen=True)
class Item:
    """One posted journal item.

    :ivar key: what tells which items take each other back (account, taxes ...)
    :ivar kind: BASE, or what is rounded as a whole: a tax, or lines that sum to nothing
    :ivar amount: in the document's currency
    :ivar balance: in company currency
    """

    key: object
    kind: object
    amount: Decimal
    balance: Decimal


def left_of(items, taken):
    """What is left of posted items.

    :param list items: of :class:`Item`
    :param dict taken: ``{key: (amount, balance)}`` that notes have taken back. What no
        item has the key of is taken from all that is charged, in proportion
    :return: list of :class:`Item`, in the order of ``items``
    """
    places = defaultdict(list)
    for place, item in enumerate(items):
        places[item.key].append(place)
    charged = [place for place, item in enumerate(items) if item.kind == BASE]
    lost = defaultdict(lambda: (Decimal(), Decimal()))
    for key, pair in taken.items():
        where = tuple(places.get(key) or charged or range(len(items)))
        lost[where] = tuple(map(sum, zip(lost[where], pair, strict=True)))
    left = list(items)
    for where, pair in lost.items():
        if not where:
            continue
        for name, whole in zip(("amount", "balance"), pair, strict=True):
            weights = [getattr(left[place], name) for place in where]
            for place, part in zip(where, _in_proportion(whole, weights), strict=True):
                rest = getattr(left[place], name) - part
                left[place] = replace(left[place], **{name: rest})
    return left


def part_of(items, amount, digits, company_digits, balance=None):
    """The part of ``items`` that a note over ``amount`` carries.

    :param list items: of :class:`Item`, as they are left
    :param Decimal amount: of the note, at most what is left
    :param int digits: decimals of the document's currency
    :param int company_digits: those of the company's
    :param Decimal balance: the note in company currency; default: in proportion
    :return: list of (amount, balance), one for each item; they sum to ``amount`` and
        ``balance``
    """
    whole = sum((item.amount for item in items), Decimal())
    whole_balance = sum((item.balance for item in items), Decimal())
    fraction = amount / whole if whole else Decimal()
    if balance is None:
        balance = round_to(whole_balance * fraction, company_digits)
    amounts = _share(items, "amount", amount, fraction, digits)
    balances = _share(items, "balance", balance, fraction, company_digits)
    return list(zip(amounts, balances, strict=True))


def _share(items, name, target, fraction, digits):
    shares = [Decimal()] * len(items)
    kinds = defaultdict(list)
    for place, item in enumerate(items):
        kinds[item.kind].append(place)
    for places in kinds.values():
        running = given = Decimal()
        for place in places:
            running += getattr(items[place], name)
            reached = running if fraction == 1 else round_to(running * fraction, digits)
            shares[place] = reached - given
            given = reached
    # taxes are declared as they are: what rounding leaves goes to the biggest charge
    rest = target - sum(shares, Decimal())
    if rest:
        charged = kinds.get(BASE) or range(len(items))
        biggest = max(charged, key=lambda place: abs(getattr(items[place], name)))
        shares[biggest] += rest
    return shares


def _in_proportion(whole, weights):
    """Parts of ``whole`` in proportion, with as many decimals as these have; equal ones
    where the weights sum to nothing."""
    digits = max(-number.as_tuple().exponent for number in [whole, *weights])
    if not sum(weights, Decimal()):
        weights = [Decimal(1)] * len(weights)
    return spread(whole, weights, digits)
