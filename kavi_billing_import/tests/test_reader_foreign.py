"""table_walk: cells as other programs, countries and databases write them."""

import io
from datetime import date
from decimal import Decimal

import xlsxwriter

from odoo.tests import BaseCase, tagged

from odoo.addons.kavi_billing.tools.text import fold

from ..importer.currencies import sign_fits
from ..importer.rules import is_header
from ..importer.totals import read_totals_word
from ..reader.errors import ImportFileError
from ..reader.table import read_table
from ..reader.values import (
    find_mixed_dates,
    get_signs,
    is_empty,
    parse_amount,
    parse_date,
    recognize_dates,
    recognize_decimal_mark,
)


@tagged("post_install", "-at_install")
class TestReaderForeign(BaseCase):
    def test_no_cents(self):
        """Twelve, as price lists in Europe write it; never less than nothing."""
        for text, mark, amount in (
            ("12,-", ",", "12"),
            ("12,–", ",", "12"),
            ("12,--", ",", "12"),
            ("1.234,-", ",", "1234"),
            ("12,- €", ",", "12"),
            ("€ 12,-", ",", "12"),
            ("-12,-", ",", "-12"),
            ("12.-", ".", "12"),
            ("CHF 1'200.--", ".", "1200"),
            ("12 -", ".", "-12"),
            ("12-", ".", "-12"),
            ("–12", ".", "-12"),
            ("１２，５０", ",", "12.5"),
            ("\u200e-12.50\u200e", ".", "-12.5"),
        ):
            self.assertEqual(parse_amount(text, mark), Decimal(amount), text)
        # and it says which mark it is
        self.assertEqual(recognize_decimal_mark(["1.234,-"]), ",")
        for text in ("12.-", "5²", "½", "50%"):
            with self.assertRaises(ValueError, msg=text):
                parse_amount(text, ",")

    def test_nothing(self):
        """Excel's accounting zero is 0; what a database writes for nothing is empty."""
        for text in ("-", " -   ", "$ -", " $-   ", "- €", "–", "€ —"):
            self.assertEqual(parse_amount(text, "."), 0, text)
            self.assertFalse(is_empty(text, "amount"), text)
        for text in ("NULL", "null", "\\N", "n/a", "None", "nan", "(null)", "", " "):
            self.assertTrue(is_empty(text, "amount"), text)
            self.assertTrue(is_empty(text, "date"), text)
        for text in (
            *("0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.00", "-"),
            *("1/0/1900", "00.01.1900", "1900-01-00", Decimal(0), date(1899, 12, 30)),
        ):
            self.assertTrue(is_empty(text, "date"), text)
        for text in ("2000-01-01", "10/10/2000", "01/01/1900", "never", "00/01/2024"):
            self.assertFalse(is_empty(text, "date"), text)
        # a person or company may be called so
        for text, empty in (("NULL", True), ("\\N", True), ("Null", False)):
            self.assertEqual(is_empty(text, "text"), empty, text)
        for text in ("None", "N/A", "-", "0"):
            self.assertFalse(is_empty(text, "text"), text)

    def test_signs(self):
        """What stands beside an amount is found, and fits one currency or none."""
        for text, sign in (
            ("€ 1.234,50", "€"),
            ("1.234,50 EUR", "EUR"),
            ("US$ 5", "US$"),
            ("($ 5)", "$"),
            ("£ -", "£"),
            ("12,- kr", "kr"),
            ("5", None),
        ):
            self.assertEqual(get_signs(text), {sign} - {None}, text)
        for sign, code, fits in (
            *(("$", "USD", True), ("$", "CAD", True), ("$", "EUR", False)),
            *(("€", "USD", False), ("€", "EUR", True), ("EUR", "USD", False)),
            *(("US$", "CAD", False), ("A$", "AUD", True), ("R$", "BRL", True)),
            *(("kr", "SEK", True), ("kr.", "DKK", True), ("kr", "USD", False)),
            *(("¥", "CNY", True), ("£", "EGP", True), ("£", "USD", False)),
            *(("¤", "USD", True), ("¢", "USD", False), ("%", "USD", False)),
            *(("Fr.", "CHF", True), ("R", "ZAR", True), ("zł", "USD", False)),
        ):
            self.assertEqual(sign_fits(sign, code, "?"), fits, (sign, code))

    def test_month_names(self):
        """A day with the name of its month can be read in one way only."""
        day = date(2024, 7, 15)
        for text in (
            *("15 Jul 2024", "Jul 15, 2024", "July 15th, 2024", "15-Jul-24"),
            *("15-JUL-2024", "15/Jul/2024", "2024-Jul-15", "Monday, July 15, 2024"),
            *("15. Juli 2024", "15 juillet 2024", "15 de julio de 2024", "15 lug 2024"),
            *(
                "15 juli 2024",
                "15 de jul. de 2024",
                "15 lipca 2024",
                "15 července 2024",
            ),
            *(
                "15 июля 2024",
                "15 Temmuz 2024",
                "2024年7月15日",
                "Jul 15, 2024 10:15 AM",
            ),
        ):
            for name in ("DD/MM/YYYY", "MM/DD/YYYY"):
                self.assertEqual(parse_date(text, name), day, text)
        for text, month in (
            *(("1 März 2024", 3), ("1 aout 2024", 8), ("1 août 2024", 8)),
            *(("1 déc. 2024", 12), ("1 Okt 2024", 10), ("1 gen 2024", 1)),
            *(("1 ene 2024", 1), ("1 mei 2024", 5), ("1er mars 2024", 3)),
            *(("Sept 1 2024", 9), ("1 mai 2024", 5), ("1 Dez 2024", 12)),
        ):
            self.assertEqual(parse_date(text, "DD/MM/YYYY").month, month, text)
        for text in (
            *("Jul 2024", "15 Jul", "15 Foo 2024", "31 Jun 2024", "1 Jul 2024 Aug"),
            *("Mai 15 2024 16", "15 listopad 2024"),  # November, or October
        ):
            with self.assertRaises(ValueError, msg=text):
                parse_date(text, "DD/MM/YYYY")
        # no reason to ask
        self.assertTrue(recognize_dates(["15 Jul 2024", "1 Aug 2024"]))
        self.assertEqual(recognize_dates(["15 Jul 2024", "13/02/2024"]), "DD/MM/YYYY")

    def test_dates_with_spaces(self):
        for text, name in (
            *(("15. 7. 2024", "DD.MM.YYYY"), ("2024. 07. 15.", "DD/MM/YYYY")),
            *(("2024/7/15", "MM/DD/YYYY"), ("15.07.2024", "DD.MM.YYYY")),
        ):
            self.assertEqual(parse_date(text, name), date(2024, 7, 15), text)

    def test_no_choice_helps(self):
        """Who cannot help by a choice is not asked for one."""
        self.assertTrue(recognize_dates(["soon", "later"]))
        self.assertTrue(recognize_decimal_mark(["a lot"]))
        mixed = ["13/02/2026", "02/13/2026"]
        self.assertIsNone(recognize_dates(mixed))
        self.assertEqual(set(find_mixed_dates(mixed)), set(mixed))
        self.assertIsNone(find_mixed_dates(["01/02/2026"]))

    def test_same_names(self):
        for one, other in (
            ("ΣΥΛΛΟΓΟΣ", "σύλλογος".replace("ύ", "υ")),
            ("Acme\u00a0Ltd", "ACME  ltd"),
            ("Zoe\u0308", "ZOË"),
            ("STRASSE", "Straße"),
            ("Ａｃｍｅ", "Acme"),
            ("İstanbul", "istanbul"),
            ("O’Neill", "O'Neill"),
            ("Smith–Jones", "smith-jones"),
            ("Ac\u00adme\u200b", "Acme"),
            ("oﬃce", "Office"),
        ):
            self.assertEqual(fold(one), fold(other))
        for one, other in (("Acme", "Acmé"), ("A-B", "A B"), ("Ltd.", "Ltd")):
            self.assertNotEqual(fold(one), fold(other))

    def test_totals_words(self):
        for text in (
            *("Total", "TOTAL:", "Grand Total", "Sub-total", "Summe", "Gesamtsumme"),
            *("Sous-total", "Totale", "Totaal", "Suma", "Razem", "Итого", "合計"),
        ):
            self.assertEqual(read_totals_word(text), "", text)
        self.assertEqual(read_totals_word("Total for Acme"), "acme")
        self.assertEqual(read_totals_word("Acme total"), "acme")
        for text in ("Totally Ltd", "TotalEnergies", "Summer Camp", "Acme"):
            self.assertIsNone(read_totals_word(text), text)

    def test_disguises(self):
        """What a file is under another name, so that somebody can do something."""
        for content, kind in (
            (b"%PDF-1.7\n%x", "PDF"),
            (b"\xef\xbb\xbf  <!DOCTYPE html><html><table>", "HTML"),
            (b"<table><tr><td>1</td></tr></table>", "HTML"),
            ("\ufeff<html>".encode("utf-16-le"), "HTML"),
            (b'<?xml version="1.0"?><Workbook xmlns="urn:x"/>', "XML"),
            (b'<?xml version="1.0"?>\n<html xmlns="x">', "HTML"),
            (b'{"bills": []}', "JSON"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "XLS"),
            (b"\x89PNG\r\n\x1a\n\0\0", "PNG"),
            (b"{\\rtf1 x}", "RTF"),
        ):
            for name in ("x.csv", "x.xlsx", "x"):
                with self.assertRaises(ImportFileError) as caught:
                    read_table(content, name)
                self.assertEqual(caught.exception.params, {"kind": kind}, content)

    def workbook(self, *cells):
        file = io.BytesIO()
        book = xlsxwriter.Workbook(file)
        sheet = book.add_worksheet()
        for column, (value, code) in enumerate(cells):
            sheet.write(0, column, f"column {column}")
            sheet.write(1, column, value, book.add_format({"num_format": code}))
        book.close()
        (row,) = read_table(file.getvalue(), "x.xlsx").rows
        return row

    def test_shown_numbers(self):
        """What a cell shows is what a person has seen; an amount stays its value."""
        cells = (
            (12, "00000", "00012"),
            (12, '"INV-"0000', "INV-0012"),
            (123456789, "000\\-00\\-0000", "123-45-6789"),
            (1234567, "0000", "1234567"),
            (12, "0", ""),
            (12, "#,##0.00", ""),
            (1.5, "00000", ""),
            (12, '0000" "', "0012"),
        )
        row = self.workbook(*(cell[:2] for cell in cells))
        for (value, code, shown), cell in zip(cells, row, strict=True):
            self.assertEqual(getattr(cell, "shown", ""), shown, code)
            self.assertEqual(parse_amount(cell, "."), Decimal(str(value)), code)

    def test_shown_currencies(self):
        cells = (
            ('#,##0.00 "€"', {"€"}),
            ("[$€-407] #,##0.00", {"€"}),
            ("#,##0.00 [$CHF]", {"CHF"}),
            ('_-[$£-809]* #,##0.00_-;-[$£-809]* "-"', {"£"}),
            ("$#,##0.00", {"$"}),
            ("#,##0.00\\ \\€", {"€"}),
            ("0.00%", {"%"}),
            ("#,##0.00", set()),
            ("[$-409]#,##0", set()),
            ("[Red]#,##0", set()),
        )
        row = self.workbook(*((5, code) for code, __ in cells))
        for (code, signs), cell in zip(cells, row, strict=True):
            self.assertEqual(get_signs(cell), signs, code)

    def test_bad_cells(self):
        """An error, or a formula without a result, is a cell's, not the file's."""
        file = io.BytesIO()
        book = xlsxwriter.Workbook(file)
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula(1, 0, "=NA()", value="#N/A")
        sheet.write(1, 1, 5)
        book.close()
        ((bad, good),) = read_table(file.getvalue(), "x.xlsx").rows
        self.assertEqual((bad, good), ("#N/A", 5))
        self.assertEqual(bad.error.params, {"cell": "A2", "value": "#N/A"})

    def test_titles(self):
        """Titles above the table, whatever separates its cells."""
        for separator in (",", ";", "\t"):
            rows = [
                ["Example Association"],
                ["A/R Aging Detail"],
                [],
                ["", "Date", "Num", "Customer", "Open Balance"],
                ["", "2024-06-15", "1001", "Acme", "12"],
            ]
            content = "\n".join(map(separator.join, rows)).encode()
            table = read_table(content, "x.csv", is_header=is_header)
            self.assertEqual(table.headers[:3], ["(A)", "Date", "Num"])
            self.assertEqual(table.titles, ["Example Association", "A/R Aging Detail"])
            self.assertEqual(table.numbers, [5])
        # headers that nobody knows, under a title
        table = read_table(b"Liste\n\nNr,Wer\n7,Acme\n", "x", is_header=is_header)
        self.assertEqual((table.headers, table.rows), (["Nr", "Wer"], [["7", "Acme"]]))
        # without a title, the first row it is
        for content in (b"Nr,Wer\n7,Acme\n", b"Nr,x,Open\n1,Name,Paid\n", b"a\nb\n"):
            table = read_table(content, "x", is_header=is_header)
            self.assertFalse(table.titles)
