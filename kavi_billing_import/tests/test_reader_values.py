"""Dates and amounts as people write them: what they mean, or that it is not clear."""

from datetime import date, datetime
from decimal import Decimal

from odoo.tests import TransactionCase, tagged

from ..reader.values import (
    parse_amount,
    parse_date,
    recognize_dates,
    recognize_decimal_mark,
)


@tagged("post_install", "-at_install")
class TestReaderValues(TransactionCase):
    def test_dates(self):
        day = date(2026, 2, 1)
        for text, name in (
            ("2026-02-01", "YYYY-MM-DD"),
            ("2026-02-01 23:59:59", "YYYY-MM-DD"),
            ("2026-02-01T23:59:59.123Z", "YYYY-MM-DD"),
            (" 1/2/2026 3:04 PM", "DD/MM/YYYY"),
            ("2/1/26", "MM/DD/YY"),
            ("01.02.2026", "DD.MM.YYYY"),
            ("20260201", "YYYYMMDD"),
        ):
            self.assertEqual(parse_date(text, name), day, text)
        self.assertEqual(parse_date(datetime(2026, 2, 1, 12), "DD.MM.YYYY"), day)
        self.assertEqual(parse_date(day, None), day)
        for cell in ("2026-02-30", "", None, True, Decimal(45000), "x", "1" * 99):
            with self.assertRaises(ValueError):
                parse_date(cell, "YYYY-MM-DD")

    def test_dates_recognized(self):
        for values, name in (
            (["2026-02-01", "", None], "YYYY-MM-DD"),
            (["01/02/2026", "13/02/2026"], "DD/MM/YYYY"),
            (["01/02/2026", "02/13/2026"], "MM/DD/YYYY"),
            (["01/02/2026"], None),  # a person knows
            (["03/03/2026"], "DD/MM/YYYY"),  # whichever: the same day
            (["13/02/2026", "02/13/2026"], None),
            (["13/02/2026", "never"], "DD/MM/YYYY"),
            (["never"], "YYYY-MM-DD"),  # nothing to choose
            (["13.2.26"], "DD.MM.YY"),
            ([date(2026, 2, 1), None], "YYYY-MM-DD"),  # nothing to recognize
        ):
            self.assertEqual(recognize_dates(values), name, values)

    def test_amounts(self):
        for text, mark, amount in (
            ("1234.5", ".", "1234.5"),
            ("1,234,567.89", ".", "1234567.89"),
            ("1.234.567,89", ",", "1234567.89"),
            ("12,34,567.89", ".", "1234567.89"),
            ("1 234,00 €", ",", "1234"),
            ("1\u202f234,00\u00a0€", ",", "1234"),
            ("1'234.50", ".", "1234.5"),
            ("$1,234", ".", "1234"),
            ("US$ 5", ".", "5"),
            ("(1.00)", ".", "-1"),
            ("($1.00)", ".", "-1"),
            ("-$1.00", ".", "-1"),
            ("$-1.00", ".", "-1"),
            ("1.00-", ".", "-1"),
            ("1,00- EUR", ",", "-1"),
            ("−3", ".", "-3"),
            ("+3", ".", "3"),
            (".5", ".", "0.5"),
            ("0.1", ".", "0.1"),
        ):
            self.assertEqual(parse_amount(text, mark), Decimal(amount), text)
        self.assertEqual(parse_amount(Decimal("1.10"), ","), Decimal("1.10"))
        for cell in (
            *("", ".", "abc", "1.2.3", "1,23.4", "1e5", "5%", "--1", "(1", "1)"),
            *("(-1)", "-1-", "12 May", "NaN", "Infinity", "1_000", "٣", "5²", "1" * 99),
            *(None, True, date(2026, 1, 1), "1,2", "PO12"),
        ):
            with self.assertRaises(ValueError, msg=cell):
                parse_amount(cell, ".")
        with self.assertRaises(ValueError):
            parse_amount("1.50", ",")

    def test_decimal_mark(self):
        for values, mark in (
            (["1.50", "2"], "."),
            (["1,50", "2"], ","),
            (["1,234.50", "1,234"], "."),
            (["1.234", "1.234,5"], ","),
            (["1,234"], None),  # a person knows
            (["1", "2", Decimal("1.5"), ""], "."),  # whichever: the same amounts
            (["1.50", "1,50"], None),
            (["1.50", "n/a"], "."),
            ([], "."),
        ):
            self.assertEqual(recognize_decimal_mark(values), mark, values)
