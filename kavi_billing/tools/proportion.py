"""Parts of an amount, to the cent, over any series of parts.

Plain Python. A bill that is refunded in parts gets a credit note a part, and each must
carry its share of every line and tax; when all is refunded the shares must add up to
the invoice exactly. So shares are taken from running totals: what a line has coming
after a refund, less what it had before, each rounded once.
"""

from decimal import ROUND_HALF_UP, Decimal


def share_of_lines(lines, before, after, digits):
    """What a credit note over ``after - before`` carries of each line of an invoice.

    :param list lines: ``(base, {tax key: (tax amount, tax base)})`` of each line of
        the invoice
    :param before: credited until now, taxes included
    :param after: credited with this credit note; at most the invoice's total
    :param int digits: decimals of the currency
    :return: list like ``lines``; its bases and tax amounts sum to ``after - before``
    """
    first, second = (_reached(lines, amount, digits) for amount in (before, after))
    return [
        (
            base_after - base_before,
            {
                key: (tax - taxes_before[key][0], tax_base - taxes_before[key][1])
                for key, (tax, tax_base) in taxes_after.items()
            },
        )
        for (base_before, taxes_before), (base_after, taxes_after) in zip(
            first, second, strict=True
        )
    ]


def _reached(lines, amount, digits):
    """Each line's base and taxes when ``amount`` of the whole is credited."""
    bases = [_decimal(base) for base, _taxes in lines]
    keys = sorted({key for _base, taxes in lines for key in taxes})
    taxes_of, bases_of = (
        {
            key: [
                _decimal(taxes[key][part]) if key in taxes else Decimal()
                for _b, taxes in lines
            ]
            for key in keys
        }
        for part in (0, 1)
    )
    amount = _decimal(amount)
    totals = [sum(taxes_of[key], Decimal()) for key in keys] + [sum(bases, Decimal())]
    whole = sum(totals, Decimal())
    fraction = amount / whole if whole else Decimal()
    # the taxes first, each as a whole, for that is what is declared; then the bases
    *tax_parts, base_part = spread(amount, totals, digits, fraction)
    base_shares = spread(base_part, bases, digits, fraction)
    reached = [(base, {}) for base in base_shares]
    for key, part in zip(keys, tax_parts, strict=True):
        tax_shares = spread(part, taxes_of[key], digits, fraction)
        whole_base = sum(bases_of[key], Decimal())
        part_base = _round(whole_base * fraction, digits)
        tax_bases = spread(part_base, bases_of[key], digits, fraction)
        for (_base, taxes), (_b, own), *share in zip(
            reached, lines, tax_shares, tax_bases, strict=True
        ):
            if key in own:
                taxes[key] = tuple(share)
    return reached


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
        reached = _round(part, digits)
        shares.append(reached - given)
        given = reached
    return shares


def _decimal(number):
    return Decimal(str(number))


def _round(number, digits):
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
