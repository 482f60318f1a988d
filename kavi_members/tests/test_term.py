"""The calculator of terms and fees: a table of cases, and what holds for all of them
(KM-12, KM-15)."""

from datetime import date, timedelta
from fractions import Fraction

from odoo.tests import BaseCase, tagged

from ..tools.term import (
    NoTerm,
    Period,
    Proration,
    Term,
    get_elapsed,
    get_period,
    get_renewal_start,
    get_share,
    prorate,
)


def day(text):
    return date.fromisoformat(text) if text else None


MONTH = Term(unit="months")
QUARTER = Term(number=3, unit="months")
YEAR = Term()
CALENDAR = Term("fixed")
JULY = Term("fixed", month=7)
END_OF_FEBRUARY = Term("fixed", day=29, month=2)
ROLLOVER = Term("fixed", rollover=30)
ROWS = Term(
    "fixed",
    rows=(
        (date(2027, 1, 1), date(2027, 8, 31)),
        (date(2027, 9, 1), date(2028, 12, 31)),
        (date(2029, 2, 1), date(2029, 12, 31)),
    ),
)

# name: (term, start, anchor, first day, last day)
TERMS = {
    "a year": (YEAR, "2027-03-10", None, "2027-03-10", "2028-03-09"),
    "a year from the first": (YEAR, "2027-01-01", None, "2027-01-01", "2027-12-31"),
    "a year into a leap year": (YEAR, "2027-03-01", None, "2027-03-01", "2028-02-29"),
    "a year from a leap day": (YEAR, "2028-02-29", None, "2028-02-29", "2029-02-27"),
    "its second year": (YEAR, "2029-02-28", "2028-02-29", "2029-02-28", "2030-02-27"),
    "its fourth year": (YEAR, "2031-02-28", "2028-02-29", "2031-02-28", "2032-02-28"),
    "a month": (MONTH, "2027-04-10", None, "2027-04-10", "2027-05-09"),
    "a month from the 31st": (MONTH, "2027-01-31", None, "2027-01-31", "2027-02-27"),
    "the second, from 28": (
        MONTH,
        "2027-02-28",
        "2027-01-31",
        "2027-02-28",
        "2027-03-30",
    ),
    "the third, on 31": (MONTH, "2027-03-31", "2027-01-31", "2027-03-31", "2027-04-29"),
    "in a leap year": (MONTH, "2028-01-31", None, "2028-01-31", "2028-02-28"),
    "from 29 of a leap year": (
        MONTH,
        "2028-02-29",
        "2028-01-31",
        "2028-02-29",
        "2028-03-30",
    ),
    "28 without an anchor": (MONTH, "2027-02-28", None, "2027-02-28", "2027-03-27"),
    "an anchor that it left": (
        MONTH,
        "2027-04-10",
        "2027-01-31",
        "2027-04-10",
        "2027-05-09",
    ),
    "a quarter from 30": (QUARTER, "2027-11-30", None, "2027-11-30", "2028-02-28"),
    "a day": (Term(unit="days"), "2027-03-10", None, "2027-03-10", "2027-03-10"),
    "90 days": (
        Term(number=90, unit="days"),
        "2027-01-01",
        None,
        "2027-01-01",
        "2027-03-31",
    ),
    "a week": (Term(unit="weeks"), "2027-12-28", None, "2027-12-28", "2028-01-03"),
    "to the month's end": (
        Term(round_to="end"),
        "2027-03-10",
        None,
        "2027-03-10",
        "2028-03-31",
    ),
    "that ends with one anyhow": (
        Term(round_to="end"),
        "2027-04-01",
        None,
        "2027-04-01",
        "2028-03-31",
    ),
    "from the month's first": (
        Term(round_to="start"),
        "2027-03-10",
        None,
        "2027-03-10",
        "2028-02-29",
    ),
    "a month from its first": (
        Term(unit="months", round_to="start"),
        "2027-03-31",
        None,
        "2027-03-31",
        "2027-03-31",
    ),
    "for life": (Term("lifetime"), "2027-03-10", None, "2027-03-10", None),
    "a calendar year": (CALENDAR, "2027-01-01", None, "2027-01-01", "2027-12-31"),
    "who joins late": (CALENDAR, "2027-12-31", None, "2027-12-31", "2027-12-31"),
    "from July, before": (JULY, "2027-06-30", None, "2027-06-30", "2027-06-30"),
    "from July, on the day": (JULY, "2027-07-01", None, "2027-07-01", "2028-06-30"),
    "from July, after": (JULY, "2028-01-01", None, "2028-01-01", "2028-06-30"),
    "from 29 February": (
        END_OF_FEBRUARY,
        "2027-02-28",
        None,
        "2027-02-28",
        "2028-02-28",
    ),
    "from 29 February, leap": (
        END_OF_FEBRUARY,
        "2028-02-29",
        None,
        "2028-02-29",
        "2029-02-27",
    ),
    "two common years": (
        Term("fixed", years=2),
        "2027-05-01",
        None,
        "2027-05-01",
        "2028-12-31",
    ),
    "rollover, not yet": (ROLLOVER, "2027-12-01", None, "2027-12-01", "2027-12-31"),
    "rollover, the first day": (
        ROLLOVER,
        "2027-12-02",
        None,
        "2027-12-02",
        "2028-12-31",
    ),
    "rollover, the last day": (
        ROLLOVER,
        "2027-12-31",
        None,
        "2027-12-31",
        "2028-12-31",
    ),
    "a row": (ROWS, "2027-05-01", None, "2027-05-01", "2027-08-31"),
    "its last day": (ROWS, "2027-08-31", None, "2027-08-31", "2027-08-31"),
    "the next row": (ROWS, "2027-09-01", None, "2027-09-01", "2028-12-31"),
    "a gap: the next one ahead": (ROWS, "2029-01-10", None, "2029-02-01", "2029-12-31"),
    "before all of them": (ROWS, "2026-01-10", None, "2027-01-01", "2027-08-31"),
    "a fixed term has no anchor": (
        CALENDAR,
        "2027-05-05",
        "2026-01-31",
        "2027-05-05",
        "2027-12-31",
    ),
}

# name: (method, cut-off, start, end, whole start, share)
SHARES = {
    "whole": ("none", 0, "2027-12-31", "2027-12-31", "2027-01-01", Fraction(1)),
    "all months": ("month", 0, "2027-01-31", "2027-12-31", "2027-01-01", Fraction(1)),
    "eleven": ("month", 0, "2027-02-01", "2027-12-31", "2027-01-01", Fraction(11, 12)),
    "one": ("month", 0, "2027-12-31", "2027-12-31", "2027-01-01", Fraction(1, 12)),
    "on the cut-off": (
        "month",
        15,
        "2027-03-15",
        "2027-12-31",
        "2027-01-01",
        Fraction(10, 12),
    ),
    "after it": (
        "month",
        15,
        "2027-03-16",
        "2027-12-31",
        "2027-01-01",
        Fraction(9, 12),
    ),
    "none left": ("month", 15, "2027-12-16", "2027-12-31", "2027-01-01", Fraction(0)),
    "a quarter": (
        "quarter",
        0,
        "2027-04-01",
        "2027-12-31",
        "2027-01-01",
        Fraction(3, 4),
    ),
    "its last day": (
        "quarter",
        0,
        "2027-06-30",
        "2027-12-31",
        "2027-01-01",
        Fraction(3, 4),
    ),
    "quarter, cut off": (
        "quarter",
        45,
        "2027-05-16",
        "2027-12-31",
        "2027-01-01",
        Fraction(2, 4),
    ),
    "days": ("day", 0, "2027-12-31", "2027-12-31", "2027-01-01", Fraction(1, 365)),
    "days of a leap year": (
        "day",
        0,
        "2028-07-02",
        "2028-12-31",
        "2028-01-01",
        Fraction(183, 366),
    ),
    "rollover is no more than all": (
        "month",
        0,
        "2027-12-15",
        "2028-12-31",
        "2027-01-01",
        Fraction(13, 24),
    ),
    "for life": ("month", 0, "2027-12-15", None, "2027-12-15", Fraction(1)),
}


@tagged("post_install", "-at_install")
class TestTerm(BaseCase):
    def test_table_of_terms(self):
        self.assertGreaterEqual(len(TERMS), 40)
        for name, (term, start, anchor, first, last) in TERMS.items():
            with self.subTest(name):
                period = get_period(term, day(start), day(anchor))
                self.assertEqual((period.start, period.end), (day(first), day(last)))

    def test_no_row_is_left(self):
        with self.assertRaises(NoTerm):
            get_period(ROWS, date(2030, 1, 1))

    def test_table_of_shares(self):
        for name, (method, cutoff, start, end, whole, share) in SHARES.items():
            with self.subTest(name):
                period = Period(day(start), day(end), day(whole))
                self.assertEqual(get_share(Proration(method, cutoff), period), share)

    def test_renewal_starts(self):
        """Complaints of other systems' users: days lost, and terms in the past."""
        end = date(2027, 12, 31)
        for settled, keep, base, applied, start in (
            ("2027-11-01", 0, "settled", None, "2028-01-01"),  # early: no day is lost
            ("2027-12-31", 0, "settled", None, "2028-01-01"),
            ("2028-01-10", 0, "settled", None, "2028-01-10"),
            ("2028-01-10", 10, "settled", None, "2028-01-01"),
            ("2028-01-11", 10, "settled", None, "2028-01-11"),
            ("2028-03-01", 0, "old_end", None, "2028-01-01"),
            ("2028-03-01", 0, "applied", "2028-02-01", "2028-02-01"),
            ("2028-03-01", 0, "applied", "2027-12-01", "2028-01-01"),
            ("2028-03-01", 0, "applied", None, "2028-03-01"),
        ):
            with self.subTest(settled=settled, base=base):
                found = get_renewal_start(end, day(settled), keep, base, day(applied))
                self.assertEqual(found, day(start))

    def test_property_series_of_months(self):
        """For every first day of a leap year: the terms follow each other without a
        gap, and none drifts from the day of the first one."""
        for offset in range(366):
            anchor = start = date(2028, 1, 1) + timedelta(days=offset)
            for __ in range(30):
                end = get_period(MONTH, start, anchor).end
                self.assertGreaterEqual(end, start)
                start = end + timedelta(days=1)
                last = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
                last = (last - timedelta(days=1)).day
                self.assertEqual(start.day, min(anchor.day, last))

    def test_property_proration(self):
        """For every day of a leap year: never more than the day before, never above
        the fee, never below the minimum."""
        for method, cutoff in (
            ("month", 0),
            ("month", 15),
            ("quarter", 0),
            ("quarter", 45),
            ("day", 0),
        ):
            for fee, rounding, minimum in (
                ("120", None, 0),
                ("99.99", None, 0),
                ("99", 5, 10),
                ("7", 1, 0),
            ):
                before = None
                for offset in range(366):
                    period = get_period(CALENDAR, date(2028, 1, 1) + timedelta(offset))
                    share = get_share(Proration(method, cutoff), period)
                    amount = prorate(fee, share, rounding=rounding, minimum=minimum)
                    self.assertLessEqual(amount, prorate(fee, Fraction(1)))
                    self.assertGreaterEqual(amount, min(minimum, amount))
                    self.assertGreaterEqual(amount, minimum)
                    if before is not None:
                        self.assertLessEqual(amount, before)
                    before = amount

    def test_property_any_start(self):
        """Whatever the term, it holds its first day, and no later start ends sooner."""
        terms = (
            YEAR,
            MONTH,
            QUARTER,
            CALENDAR,
            JULY,
            ROLLOVER,
            END_OF_FEBRUARY,
            Term(round_to="end"),
            Term(unit="months", round_to="start"),
        )
        for term in terms:
            before = None
            for offset in range(1500):
                start = date(2027, 1, 1) + timedelta(days=offset)
                period = get_period(term, start)
                self.assertLessEqual(period.start, period.end)
                self.assertLessEqual(period.whole_start, period.start)
                if before:
                    self.assertGreaterEqual(period.end, before)
                before = period.end

    def test_elapsed(self):
        period = Period(date(2027, 1, 1), date(2027, 12, 31), date(2027, 1, 1))
        for text, share in (
            ("2026-06-01", 0),
            ("2027-01-01", 0),
            ("2027-07-02", Fraction(182, 365)),
            ("2028-01-01", 1),
            ("2029-01-01", 1),
        ):
            self.assertEqual(get_elapsed(period, day(text)), share)
