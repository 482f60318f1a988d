"""Parts of an amount, to the cent, over any series of parts.

Plain Python. A bill that is refunded in parts gets a credit note a part, and each must
carry its share of every line and tax; when all is refunded the shares must add up to
the invoice exactly. So shares are taken from running totals: what a line has coming
after a refund, less what it had before, each rounded once.
"""

from decimal import ROUND_HALF_UP, Decimal


def spread(total, weights, digits):
    """Spread ``total`` over ``weights`` in proportion; the shares sum to it exactly.

    :param Decimal total: the amount to spread
    :param list weights: Decimals of any sign; their sum is what ``total`` is part of
    :param int digits: decimals of the currency
    :return: list of Decimals, one for each weight
    """
    unit = Decimal(1).scaleb(-digits)
    whole = sum(weights, Decimal())
    if not whole:
        return [Decimal() for _weight in weights]
    shares, running, given = [], Decimal(), Decimal()
    for weight in weights:
        running += weight
        reached = (total * running / whole).quantize(unit, ROUND_HALF_UP)
        shares.append(reached - given)
        given = reached
    return shares


def share_of_lines(lines, before, after, digits):
    """What a credit note over ``after - before`` carries of each line of an invoice.

    :param list lines: ``(base, {tax key: tax amount})`` of each invoice line
    :param before: credited until now, taxes included
    :param after: credited with this credit note; at most the invoice's total
    :param int digits: decimals of the currency
    :return: list like ``lines`` whose bases and taxes sum to ``after - before``
    """
    first, second = (_reached(lines, amount, digits) for amount in (before, after))
    return [
        (
            base_after - base_before,
            {key: tax - taxes_before[key] for key, tax in taxes_after.items()},
        )
        for (base_before, taxes_before), (base_after, taxes_after) in zip(
            first, second, strict=True
        )
    ]


def _reached(lines, amount, digits):
    """Each line's base and taxes when ``amount`` of the whole is credited."""
    amount = Decimal(str(amount))
    lines = [
        (Decimal(str(base)), {key: Decimal(str(tax)) for key, tax in taxes.items()})
        for base, taxes in lines
    ]
    keys = sorted({key for _base, taxes in lines for key in taxes})
    totals = {
        key: sum((taxes.get(key, Decimal()) for _base, taxes in lines), Decimal())
        for key in keys
    }
    untaxed = sum((base for base, _taxes in lines), Decimal())
    # the taxes first, each as a whole, for that is what is declared; then the bases
    parts = dict(
        zip(
            (*keys, None),
            spread(amount, [*totals.values(), untaxed], digits),
            strict=True,
        )
    )
    bases = spread(parts[None], [base for base, _taxes in lines], digits)
    shares = [(base, {}) for base in bases]
    for key in keys:
        weights = [taxes.get(key, Decimal()) for _base, taxes in lines]
        for (_base, taxes), (_b, own), share in zip(
            shares, lines, spread(parts[key], weights, digits), strict=True
        ):
            if key in own:
                taxes[key] = share
    return shares
