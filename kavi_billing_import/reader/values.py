"""Dates and amounts from cells of files of others. Plain Python, no ORM.

Whatever can be read in two ways (a day that could be a month, a comma that could be a
point) is left to a person.
"""

import re
from datetime import date, datetime
from decimal import Decimal

from .months import parse_month_name

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
# The same character in other forms, and those that nobody sees. Not all that Unicode
# calls compatible: a small "2" above the line is no figure of the amount.
_FORMS = str.maketrans(
    dict.fromkeys(
        "\u00a0\u2007\u2009\u202f\u2002\u2003\u2004\u2005\u2006\u200a\u3000", " "
    )
    | dict.fromkeys("\u2019\u02bc\uff07", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-")
    | dict.fromkeys("\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", "")
    | dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "")
    | {chr(0xFF10 + figure): str(figure) for figure in range(10)}
    | dict(zip("\uff0c\uff0e\uff08\uff09\uff0b", ",.()+", strict=True))
    | dict(zip("\uff04\uffe1\uffe5\ufe69", "$\u00a3\u00a5$", strict=True))
)
_CURRENCY = (
    r"[A-Z]{3}|[A-Z]{0,2}[$¢£¤¥֏฿₠-⃀﷼]"
    r"|kr\.?|Kč|zł|Ft|lei|лв\.?|руб\.?|din\.?|Rs\.?|Fr\.?|R"
)
_SIGN = re.compile(_CURRENCY)
_AMOUNT = re.compile(
    rf"(?P<open>\()? ?(?P<sign>[-+])? ?(?P<before>{_CURRENCY})? ?(?P<inner>[-+])? ?"
    rf"(?P<number>[0-9.,][0-9., ']*?) ?(?P<late>-)? ?(?P<after>{_CURRENCY})? ?"
    rf"(?P<end>-)? ?(?P<close>\))?"
)
# "12,-": no cents, and not less than nothing.
_NO_CENTS = re.compile(r"(?<=[0-9])([.,]) ?[-=]{1,2}(?=[^0-9]*$)")
# What a spreadsheet shows of nothing in its format for accountants: "$ -".
_NOTHING = re.compile(rf"(?P<before>{_CURRENCY})? *- *(?P<after>{_CURRENCY})?")
# How programs write that there is nothing; in a name only what is no name.
_EMPTY_NAMES = {"NULL", "(NULL)", "<NULL>", "(null)", "<null>", "\\N"}
_EMPTY = {"null", "(null)", "<null>", "\\n", "n/a", "na", "none", "nil", "nan", "nat"}
_EMPTY_DATES = {"-", "--", "---"}
# No day: of databases, and the day 0 of spreadsheets.
_NO_DAY = re.compile(
    r"0{4}([-/.])0{1,2}\1?0{1,2}|0{1,2}([-/.])0{1,2}\2(0{2}|0{4})|0{8}"
    r"|1900-0?1-0?0|0?1/0?0/(19)?00|0?0[./-]0?1[./-](19)?00",
    re.ASCII,
)
_ERRORS = {
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
}
# Long numbers that a spreadsheet has cut short: "1.23457E+11".
_CUT_SHORT = re.compile(r"[0-9][.,][0-9]+[eE]\+[0-9]{2,3}")
# Groups of three; or, as in India, of two before the last three.
_GROUPED = r"[0-9]{{1,3}}(?:{0}[0-9]{{3}})+|[0-9]{{1,2}}(?:{0}[0-9]{{2}})+{0}[0-9]{{3}}"
_LONGEST_AMOUNT = 60
_JOINTS = re.compile(r" *([-/.]) +|(?<=\d) +(?=[-/.])")
_YEAR_FIRST = re.compile(r"[0-9]{4}([-/.])[0-9]{1,2}\1[0-9]{1,2}")


# === EMPTY === #


def is_empty(cell, kind):
    """Whether a cell says that there is nothing in it.

    :param str kind: "date", "amount", or anything else for a text
    """
    if cell is None:
        return True
    if kind == "date":
        # the day before the first one that a spreadsheet knows
        if isinstance(cell, date):
            return cell.year < 1900
        if isinstance(cell, Decimal):
            return not cell
    if not isinstance(cell, str):
        return False
    if len(cell) > _LONGEST_AMOUNT:
        return not cell.strip()
    text = cell.translate(_FORMS).strip()
    if kind == "date":
        text = _TIME.sub("", text)
        if text in _EMPTY_DATES or _NO_DAY.fullmatch(text):
            return True
    if kind in ("date", "amount"):
        return not text or text.lower() in _EMPTY
    return not text or text in _EMPTY_NAMES


def is_error(cell):
    """Whether a cell shows that its value could not be calculated."""
    return isinstance(cell, str) and cell.strip().upper() in _ERRORS


def is_cut_short(cell):
    """Whether a cell shows a number without its last figures."""
    if not isinstance(cell, str) or len(cell) > _LONGEST_AMOUNT:
        return False
    return bool(_CUT_SHORT.fullmatch(cell.strip()))


# === DATES === #


def _as_texts(values):
    texts = {value.strip() for value in values if isinstance(value, str)}
    return texts - {""}


def recognize_dates(values):
    """The format that dates are written in.

    What no format can read does not count: it is refused later, by itself.

    :param values: iterable of cells; only texts are looked at
    :return: a key of ``DATE_FORMATS``; ``None`` when there are several that read
        different days
    """
    return _only_way(_as_texts(values), DATE_FORMATS, parse_date)


def reads_dates(values, date_format):
    """Whether a format reads all dates that any format can read."""
    return _reads_all(_as_texts(values), DATE_FORMATS, parse_date, date_format)


def find_mixed_dates(values):
    """Two dates that no one format can read.

    :return: ``(text, text)``; ``None`` where some format reads all
    """
    return _find_mixed(_as_texts(values), DATE_FORMATS, parse_date)


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
    text = _TIME.sub("", cell.translate(_FORMS).strip())
    if (day := parse_month_name(text)) is not None:
        return day
    text = _JOINTS.sub(r"\1", text).rstrip(".")
    if _YEAR_FIRST.fullmatch(text):
        # no other way to read it, whatever the other days are written like
        year, month, number = re.split("[-/.]", text)
        return date(int(year), int(month), int(number))
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
    :return: one of the ways, or ``None``; the first where no way reads anything: then
        there is nothing to choose
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
    full = [way for way, found in readings.items() if len(found) == len(readable)]
    if full and all(readings[way] == readings[full[0]] for way in full):
        return full[0]
    return None


def _can_read(text, way, parse):
    try:
        parse(text, way)
    except ValueError:
        return False
    return True


def _reads_all(texts, ways, parse, chosen):
    return all(
        _can_read(text, chosen, parse)
        or not any(_can_read(text, way, parse) for way in ways)
        for text in texts
    )


def _find_mixed(texts, ways, parse):
    found = {}
    for text in sorted(texts):
        found[text] = {way for way in ways if _can_read(text, way, parse)}
    found = {text: can for text, can in found.items() if can}
    if not found or set.intersection(*found.values()):
        return None
    # the one that the fewest ways can read, and one that none of these can
    first = min(found, key=lambda text: len(found[text]))
    for text, can in found.items():
        if not can & found[first]:
            return first, text
    return first, next(text for text in found if found[text] != found[first])


# === AMOUNTS === #


def recognize_decimal_mark(values):
    """What stands before the decimals of amounts.

    :param values: iterable of cells; only texts are looked at
    :return: "." or ","; ``None`` when it could be either
    """
    return _only_way(_as_texts(values), (".", ","), parse_amount)


def reads_amounts(values, decimal_mark):
    """Whether all amounts that can be read are read with this decimal mark."""
    return _reads_all(_as_texts(values), (".", ","), parse_amount, decimal_mark)


def find_mixed_amounts(values):
    """Two amounts that are written in two ways; see :func:`find_mixed_dates`."""
    return _find_mixed(_as_texts(values), (".", ","), parse_amount)


def is_sign(text):
    """Whether a text is how a currency is written: "€", "US$", "EUR"."""
    return bool(_SIGN.fullmatch(text))


def get_signs(cell):
    """The currencies that a cell names beside its amount.

    :return: set of str, mostly empty: "€", "US$", "EUR"
    """
    if isinstance(cell, Decimal):
        return {cell.sign} - {""} if hasattr(cell, "sign") else set()
    if not isinstance(cell, str) or len(cell) > _LONGEST_AMOUNT:
        return set()
    text = _as_amount_text(cell)
    match = _AMOUNT.fullmatch(text) or _NOTHING.fullmatch(text)
    return {match["before"], match["after"]} - {None} if match else set()


def _as_amount_text(cell):
    return _NO_CENTS.sub(r"\g<1>00", cell.translate(_FORMS).strip())


def parse_amount(cell, decimal_mark):
    """The amount in a cell, exactly.

    :param decimal_mark: "." or ","; the other one, spaces and apostrophes may group
        thousands
    :rtype: decimal.Decimal
    :raise ValueError: when there is none, or the groups are no thousands
    """
    if isinstance(cell, Decimal):
        return Decimal(cell)
    if not isinstance(cell, str) or len(cell) > _LONGEST_AMOUNT:
        raise ValueError(cell)
    text = _as_amount_text(cell)
    if _NOTHING.fullmatch(text):
        return Decimal(0)
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
