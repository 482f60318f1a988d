"""What a cell of a workbook shows beside its value. Plain Python, no ORM."""

import re
from decimal import Decimal
from functools import cache

from .values import is_sign

# A text, a character, room of its width, a filling, a condition or currency, the rest.
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|_(.)|\*(.)|\[([^\[\]]*)\]|(.)', re.DOTALL)


class ShownNumber(Decimal):
    """A number in a cell that shows more of it: "00012", "INV-0012", "12 €".

    :ivar str shown: the text in the cell; "" where it is the number
    :ivar str sign: of a currency, or "%"
    """

    shown = ""
    sign = ""


class BadCell(str):
    """A cell without a value: an error, or a formula that was never calculated. Only
    whoever needs the value asks for it.

    :ivar ImportFileError error: what is wrong with it
    """

    error = None


@cache
def read_format(code):
    """What a number format adds to a number.

    :param str code: "0000", '#,##0.00 "€"', "[$€-407]"
    :return: ``(pattern, sign)``: the pattern is a list of figures ("0", "#") and
        texts, or ``None`` where the number is shown like any other
    """
    pattern, sign, plain, texts = [], "", True, []
    for quoted, escaped, __, __, bracket, char in _TOKEN.findall(code):
        text = quoted or escaped
        if bracket.startswith("$"):
            text = bracket[1:].partition("-")[0]
        if char in ("$", "€", "£", "¥", "-", "/", " ", "(", ")", ":"):
            text = char
        if text:
            texts.append(text)
            pattern.append((text,))
        elif char == ";":
            break
        elif char and char in "0#?":
            pattern.append("0" if char == "0" else "#")
        elif char == "%":
            sign, plain = "%", False
        elif char:
            plain = False
    if not sign:
        joined = "".join(texts).strip()
        sign = next((text.strip() for text in texts if is_sign(text.strip())), "")
        sign = sign or (joined if is_sign(joined) else "")
    telling = [part for part in pattern if isinstance(part, tuple) and part[0].strip()]
    if not plain or sign or not (telling or pattern.count("0") > 1):
        pattern = None
    return pattern, sign


def as_shown(number, code):
    """A number with what its cell shows of it.

    :param Decimal number: the value
    :param str code: the number format
    :rtype: Decimal
    """
    pattern, sign = read_format(code)
    shown = _fill(number, pattern) if pattern else ""
    if not sign and not shown:
        return number
    number = ShownNumber(number)
    number.shown, number.sign = shown, sign
    return number


def _fill(number, pattern):
    if number < 0 or number != number.to_integral_value() or number.adjusted() > 30:
        return ""
    figures = list(str(int(number)))
    shown, places = [], sum(part in ("0", "#") for part in pattern)
    if not places:
        return ""
    for part in reversed(pattern):
        if isinstance(part, tuple):
            shown.append(part[0])
            continue
        places -= 1
        if figures and not places:
            shown.extend(reversed(figures))
        elif figures:
            shown.append(figures.pop())
        elif part == "0":
            shown.append("0")
    # texts have more than one character each
    return "".join(reversed(shown)).strip()
