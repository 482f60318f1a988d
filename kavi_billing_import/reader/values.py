"""Dates and amounts from cells of files of others. Plain Python, no ORM.

Whatever can be read in two ways (a day that could be a month, a comma that could be a
point) is left to a person.
"""

import re
from datetime import date, datetime
from decimal import Decimal

DATE_FORMATS = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD-MM-YYYY": "%d-%m-%Y",
    "MM-DD-YYYY": "%m-%d-%Y",
    "YYYY/MM/DD": "%Y/%m/%d",
    "YYYY.MM.DD": "%Y.%m.%d",
    "YYYYMMDD": "%Y%m%d",
    "DD/MM/YY": "%d/%m/%y",
    "MM/DD/YY": "%m/%d/%y",
    "DD.MM.YY": "%d.%m.%y",
    "DD-MM-YY": "%d-%m-%y",
    "MM-DD-YY": "%m-%d-%y",
}
# A time of day behind the day; it is not looked at.
_TIME = re.compile(
    r"[T ]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
    r"( ?[AaPp][Mm])?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?$",
    re.ASCII,
)
# What groups thousands beside "," and ".": an apostrophe and spaces of all widths.
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | {"’": "'"})
_CURRENCY = (
    r"[A-Z]{3}|[A-Z]{0,2}[$¢£¤¥֏฿₠-⃀﷼]"
    r"|kr\.?|Kč|zł|Ft|lei|лв\.?|руб\.?|din\.?|Rs\.?|Fr\.?|R"
)
_AMOUNT = re.compile(
    rf"(?P<open>\()? ?(?P<sign>[-+−])? ?(?:{_CURRENCY})? ?(?P<inner>[-+−])? ?"
    rf"(?P<number>[0-9.,][0-9., ']*?) ?(?P<late>[-−])? ?(?:{_CURRENCY})? ?"
    rf"(?P<end>[-−])? ?(?P<close>\))?"
)
# Groups of three; or, as in India, of two before the last three.
_GROUPED = r"[0-9]{{1,3}}(?:{0}[0-9]{{3}})+|[0-9]{{1,2}}(?:{0}[0-9]{{2}})+{0}[0-9]{{3}}"
_LONGEST_AMOUNT = 60


# === DATES === #


def recognize_dates(values):
    """The format that dates are written in.

    What no format can read does not count: it is refused later, by itself.

    :param values: iterable of cells; only texts are looked at
    :return: a key of ``DATE_FORMATS``; ``None`` when there are several that read
        different days
    """
    texts = {value.strip() for value in values if isinstance(value, str)} - {""}
    return _only_way(texts, DATE_FORMATS, parse_date)


def parse_date(cell, date_format):
    """The day in a cell; a time of day behind it is not looked at.

    :param date_format: a key of ``DATE_FORMATS``
    :raise ValueError: when there is none
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if not isinstance(cell, str) or len(cell) > _LONGEST_AMOUNT:
        raise ValueError(cell)
    text = _TIME.sub("", cell.strip())
    # nothing that any format reads; strptime takes its time to say so
    if not 6 <= len(text) <= 10:
        raise ValueError(cell)
    # strptime also takes a single figure, and then guesses where the next begins
    if date_format == "YYYYMMDD" and len(text) != 8:
        raise ValueError(cell)
    return datetime.strptime(text, DATE_FORMATS[date_format]).date()


def _only_way(texts, ways, parse):
    """The one way to read texts: that reads all that any way can read; of several that
    read the same, the first.

    :param parse: function of a text and a way; raises ValueError
    :return: one of the ways, or ``None``
    """
    readings = {}
    for way in ways:
        found = readings[way] = {}
        for text in texts:
            try:
                found[text] = parse(text, way)
            except ValueError:
                continue
    readable = set().union(*readings.values())
    if texts and not readable:
        return None
    full = [way for way, found in readings.items() if len(found) == len(readable)]
    if full and all(readings[way] == readings[full[0]] for way in full):
        return full[0]
    return None


# === AMOUNTS === #


def recognize_decimal_mark(values):
    """What stands before the decimals of amounts.

    :param values: iterable of cells; only texts are looked at
    :return: "." or ","; ``None`` when it could be either
    """
    texts = {value.strip() for value in values if isinstance(value, str)} - {""}
    return _only_way(texts, (".", ","), parse_amount)


def parse_amount(cell, decimal_mark):
    """The amount in a cell, exactly.

    :param decimal_mark: "." or ","; the other one, spaces and apostrophes may group
        thousands
    :rtype: decimal.Decimal
    :raise ValueError: when there is none, or the groups are no thousands
    """
    if isinstance(cell, Decimal):
        return cell
    if not isinstance(cell, str) or len(cell) > _LONGEST_AMOUNT:
        raise ValueError(cell)
    text = cell.strip().translate(_SPACES)
    match = _AMOUNT.fullmatch(text)
    if not match or bool(match["open"]) != bool(match["close"]):
        raise ValueError(cell)
    signs = [match[name] for name in ("sign", "inner", "late", "end") if match[name]]
    if len(signs) + bool(match["open"]) > 1:
        raise ValueError(cell)
    whole, __, decimals = match["number"].partition(decimal_mark)
    for mark in (",", ".", " ", "'"):
        if mark != decimal_mark and re.fullmatch(
            _GROUPED.format(re.escape(mark)), whole
        ):
            whole = whole.replace(mark, "")
            break
    if not re.fullmatch(r"[0-9]*/[0-9]*", f"{whole}/{decimals}"):
        raise ValueError(cell)
    if not whole and not decimals:
        raise ValueError(cell)
    number = Decimal(f"{whole or 0}.{decimals}") if decimals else Decimal(whole)
    negative = match["open"] or (signs and signs[0] != "+")
    return -number if negative else number
