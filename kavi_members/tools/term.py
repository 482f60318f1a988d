"""When a term of membership ends, and what a part of it costs.

Plain Python, no ORM. Days are ``datetime.date``; the last day of a term is a day of
membership. Ends are counted once, from a start, and never added to (KM-12, KM-15).
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

DAY = timedelta(days=1)
MODES = ("rolling", "fixed", "lifetime")
UNITS = ("days", "weeks", "months", "years")


@dataclass(frozen=True)
class Term:
    """How long a membership of a type is.

    :ivar mode: "rolling": so long from its start; "fixed": to the common end;
        "lifetime": without an end
    :ivar number: of units, of a rolling term
    :ivar round_to: "none"; "end": a rolling term runs on to the end of a month;
        "start": it is counted from the first day of the month in which it starts
    :ivar day: with ``month``, the day on which the common year starts
    :ivar years: how many common years a fixed term has
    :ivar rows: ``(first day, last day)`` of common terms that are no years; they win
    :ivar rollover: who starts within so many days before the common end has the next
        term, too
    """

    mode: str = "rolling"
    number: int = 1
    unit: str = "years"
    round_to: str = "none"
    day: int = 1
    month: int = 1
    years: int = 1
    rows: tuple = ()
    rollover: int = 0


@dataclass(frozen=True)
class Period:
    """A term in days.

    :ivar start: its first day
    :ivar end: its last day; ``None``: it has none
    :ivar whole_start: first day of the whole term of which it is a part
    """

    start: date
    end: date | None
    whole_start: date


class NoTerm(ValueError):
    """No common term is set for a day, nor for one after it."""


# --- days


def on_day(year, month, day):
    """A day of a month, or the last one that the month has."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def add_months(day, months, anchor=None):
    """The day so many months later, as near to the anchor's as the month allows.

    :param int anchor: day of the month; default that of ``day``
    """
    years, month = divmod(day.month - 1 + months, 12)
    return on_day(day.year + years, month + 1, anchor or day.day)


def month_end(day):
    return on_day(day.year, day.month, 31)


def anchor_of(start, anchor):
    """The day of the month that a series keeps: 31 January, 28 February, 31 March.

    :param datetime.date anchor: the first day of the series, if there is one
    :return: its day, where ``start`` follows from it; else that of ``start``
    """
    if anchor and on_day(start.year, start.month, anchor.day) == start:
        return anchor.day
    return start.day


# --- terms


def get_period(term, start, anchor=None):
    """The term of who starts on a day.

    :param Term term: how long it is
    :param datetime.date start: the first day of membership
    :param datetime.date anchor: the first day of the series, for a rolling term
    :rtype: Period
    :raise NoTerm: where the rows of a fixed term hold no such day
    """
    if term.mode == "lifetime":
        return Period(start, None, start)
    if term.mode == "rolling":
        return Period(start, _rolling_end(term, start, anchor), start)
    return _fixed_period(term, start)


def _rolling_end(term, start, anchor):
    if term.unit in ("days", "weeks"):
        days = term.number * (7 if term.unit == "weeks" else 1)
        return start + timedelta(days=days) - DAY
    first, day = start, anchor_of(start, anchor)
    if term.round_to == "start":
        first, day = start.replace(day=1), 1
    months = term.number * (12 if term.unit == "years" else 1)
    end = add_months(first, months, day) - DAY
    return month_end(end) if term.round_to == "end" else end


def _fixed_period(term, start):
    if term.rows:
        return _row_period(term, start)
    first = on_day(start.year, term.month, term.day)
    if first > start:
        first = on_day(start.year - 1, term.month, term.day)

    def end_after(years):
        return on_day(first.year + years, term.month, term.day) - DAY

    end = end_after(term.years)
    if _is_rollover(term, start, end):
        end = end_after(2 * term.years)
    return Period(start, end, first)


def _row_period(term, start):
    rows = sorted(row for row in term.rows if row[1] >= start)
    if not rows:
        raise NoTerm
    first, end = rows[0]
    start = max(start, first)
    if len(rows) > 1 and _is_rollover(term, start, end):
        end = rows[1][1]
    return Period(start, end, first)


def _is_rollover(term, start, end):
    return (end - start).days + 1 <= term.rollover


# --- renewals


def get_renewal_start(old_end, day, keep_days=0, late_base="settled", applied=None):
    """The first day of a renewal: never before the old term is over (KM-45).

    :param datetime.date old_end: the last day of the old term
    :param datetime.date day: on which the renewal is settled
    :param int keep_days: who settles so many days after the old end at most keeps it
    :param str late_base: of who is later: "old_end", "settled" or "applied"
    :param datetime.date applied: the day on which the renewal was asked for
    """
    follows = old_end + DAY
    if day <= old_end + timedelta(days=keep_days) or late_base == "old_end":
        return follows
    base = applied or day if late_base == "applied" else day
    return max(base, follows)


# --- money


@dataclass(frozen=True)
class Proration:
    """How the fee of a part of a fixed term is counted.

    :ivar method: "none", "month", "quarter" or "day"
    :ivar cutoff: who starts after this day of a month or quarter does not pay for it;
        0: whoever starts in it does
    """

    method: str = "none"
    cutoff: int = 0


def get_share(proration, period):
    """The part of the fee that a period costs.

    :rtype: fractions.Fraction
    """
    if proration.method == "none" or not period.end:
        return Fraction(1)
    if proration.method == "day":
        left = (period.end - period.start).days + 1
        whole = (period.end - period.whole_start).days + 1
    else:
        left, whole = _count_parts(proration, period)
    return min(Fraction(left, whole), Fraction(1))


def _count_parts(proration, period):
    """Months or quarters of a term: those left on its first day, and all."""
    months = 3 if proration.method == "quarter" else 1
    begins = []
    while True:
        begin = add_months(period.whole_start, months * len(begins))
        if begin > period.end:
            break
        begins.append(begin)
    passed = sum(begin <= period.start for begin in begins)  # the present one is begun
    left = len(begins) - passed + 1
    day = (period.start - begins[passed - 1]).days + 1
    if proration.cutoff and day > proration.cutoff:
        left -= 1
    return left, len(begins)


def get_elapsed(period, day):
    """The part of a term that is over before a day, by days (KM-40).

    :rtype: fractions.Fraction
    """
    if not period.end:
        return Fraction(0)
    days = (period.end - period.start).days + 1
    return Fraction(min(max((day - period.start).days, 0), days), days)


def prorate(fee, share, places=2, rounding=None, minimum=0):
    """The fee for a share: rounded, at least the minimum, never above the fee.

    :param fee: of the whole term, as a ``Decimal`` or its text
    :param fractions.Fraction share: of the term
    :param int places: decimals of the currency
    :param rounding: the amount is a multiple of this; default the currency's cent
    :param minimum: the least that is asked
    :rtype: decimal.Decimal
    """
    fee, minimum = Decimal(fee), Decimal(minimum)
    cent = Decimal(1).scaleb(-places)
    exact = fee * share.numerator / share.denominator
    if rounding and Decimal(rounding) > 0:
        step = Decimal(rounding)
        exact = (exact / step).quantize(Decimal(1), ROUND_HALF_UP) * step
    return min(max(exact.quantize(cent, ROUND_HALF_UP), minimum), fee)
