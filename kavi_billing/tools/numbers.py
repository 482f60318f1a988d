"""Numbers as they come by RPC: as text, as NaN, or larger than an amount can be."""

import math

# beyond this, a float loses cents
MAX_NUMBER = 1e12


def to_number(value):
    """The float that was sent, also as text; nothing sent is 0.0.

    :return: ``None`` if it is no number that an account can hold: JSON knows NaN,
        Infinity and 1e300, no currency does
    """
    try:
        number = float(value or 0.0)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and abs(number) <= MAX_NUMBER else None


def find_bad_number(vals_list, names):
    """The first value that is no number, before Odoo rounds it or fails on it.

    :param vals_list: list of values for ``create()`` or ``write()``
    :param names: the fields that hold numbers; others are not looked at
    :return: ``(field name, value)``, or ``None`` if all are numbers
    """
    for vals in vals_list:
        for name in names:
            if to_number(vals.get(name)) is None:
                return name, vals[name]
    return None
