"""Numbers as they come by RPC: as text, as NaN, or larger than an amount can be."""

import math
import re

# beyond this, a float loses cents
MAX_NUMBER = 1e12
# beyond this, no amount is typed
_LONGEST = 60
# with a currency's sign before or after
_AMOUNT = re.compile(r"(?:[^\w\s.,'-]\s*)?(-?\d[\d.,'\s]{0,60})(?:[^\w\s.,'-]\s*)?")


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


def read_amounts(text, decimal_point=".", thousands_sep=","):
    """The amounts that somebody may mean who types ``text`` into a search box.

    As the language writes them, and as a program does: 1.234,50 and 1234.50; a currency
    sign before or after is passed over.

    :rtype: set of float; empty for what is no amount
    """
    found = set()
    text = str(text).strip()
    match = len(text) <= _LONGEST and _AMOUNT.fullmatch(text)
    if match:
        plain = match[1].replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
        local = plain.replace(thousands_sep or ",", "").replace(decimal_point, ".")
        for spelled in (local, plain):
            number = to_number(spelled)
            if number is not None:
                found.add(number)
    return found


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
