"""Files from outside, whatever is in them: a table or a reason (KB-65, BB-21)."""

import codecs
import csv
import io
import time
import tracemalloc
import zipfile
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook as OpenpyxlWorkbook

from odoo.tests import TransactionCase, tagged

from odoo.addons.kavi_billing.tools.text import clean, for_spreadsheet, from_spreadsheet
from odoo.addons.kavi_billing_report.tools import columns as report_columns

from ..reader.errors import ImportFileError
from ..reader.table import (
    DATE_FORMATS,
    ENCODINGS,
    MAX_CELL,
    MAX_COLUMNS,
    SEPARATORS,
    parse_amount,
    parse_date,
    read_table,
    recognize_dates,
    recognize_decimal_mark,
)

MEGABYTE = 2**20
TEXT = st.text(max_size=40)
# what begins like a formula, or like one that was made harmless
FORMULA = st.builds("{}{}".format, st.sampled_from(["=", "'=", "''-", " +", "@"]), TEXT)
DAYS = st.dates(date(1900, 3, 1), date(2199, 12, 31))
AMOUNTS = st.decimals(-(10**12), 10**12, places=2, allow_nan=False)
BILL_DATA = b'bill_id,account,total\r\nB-1,Acme,10.00\r\nB-2,"Zo\xc3\xab",1.50\r\n'


def xlsx(rows, **options):
    """A workbook with these rows, of str, numbers, dates and formulas ("=...")."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, **options})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("Bills")
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(number, column, value, day)
            elif isinstance(value, str) and not value.startswith("="):
                sheet.write_string(number, column, value)
            elif value is not None:
                sheet.write(number, column, value)
    book.add_worksheet("Empty")
    book.close()
    return file.getvalue()


def repacked(content, **parts):
    """A workbook, some of whose parts are others: ``{"sheet1": bytes}``."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            name = info.filename.rpartition("/")[2].rpartition(".")[0]
            new.writestr(info.filename, parts.get(name, old.read(info)))
    return file.getvalue()


def _no_zeros(text):
    return "\0" not in text


def sheet_xml(rows):
    return (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/'
        b'spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>' % rows
    )


class ImportFileCase(TransactionCase):
    def assertRefused(self, code, content, filename="x.csv", **options):
        with self.assertRaises(ImportFileError) as caught:
            read_table(content, filename, **options)
        self.assertEqual(caught.exception.code, code)
        return caught.exception.params


@tagged("post_install", "-at_install")
class TestImportFile(ImportFileCase):
    def test_csv(self):
        table = read_table(BILL_DATA, "bills.csv")
        self.assertEqual(table.headers, ["bill_id", "account", "total"])
        self.assertEqual(table.rows, [["B-1", "Acme", "10.00"], ["B-2", "Zoë", "1.50"]])
        self.assertEqual(table.numbers, [2, 3])
        self.assertEqual((table.encoding, table.separator), ("utf-8", ","))
        self.assertFalse(table.sheets)

    def test_csv_encodings(self):
        """What people's programs write, with and without a mark."""
        text = "account;total\nZoë Çelik;1\nÅse;2\n"
        for encoding, expected in (
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8"),
            ("utf-16", "utf-16"),
            ("utf-16-le", "utf-16-le"),
            ("utf-16-be", "utf-16-be"),
            ("utf-32", "utf-32"),
            ("cp1252", "cp1252"),
        ):
            table = read_table(text.encode(encoding), "x.csv")
            self.assertEqual(table.encoding, expected)
            self.assertEqual(table.headers, ["account", "total"], encoding)
            self.assertEqual(table.rows, [["Zoë Çelik", "1"], ["Åse", "2"]], encoding)
        russian = "имя;сумма\nСидоров Пётр;1\nКузнецова Анна;2\n" * 5
        table = read_table(russian.encode("cp1251"), "x.csv")
        self.assertEqual((table.encoding, table.headers[0]), ("cp1251", "имя"))
        # chosen, with a mark all the same
        content = codecs.BOM_UTF16_LE + text.encode("utf-16-le")
        table = read_table(content, "x.csv", encoding="utf-16-le")
        self.assertEqual(table.headers, ["account", "total"])

    def test_csv_encoding_refused(self):
        for encoding in ("utf-8", "rot13", "zlib", "no such", "utf-16"):
            content = "a,b\nZoë,\xfc".encode("cp1252")
            params = self.assertRefused("encoding", content, encoding=encoding)
            self.assertEqual(params["encoding"], encoding)
        for encoding in ENCODINGS:
            codecs.lookup(encoding)

    def test_csv_separators(self):
        for separator in SEPARATORS:
            text = separator.join(["a", "b"]) + "\n" + separator.join(["1,5", "2;3"])
            content = text.encode() if separator in "\t|" else None
            content = content or f'a{separator}b\n"1,5"{separator}"2;3"\n'.encode()
            table = read_table(content, "x.csv")
            self.assertEqual(table.separator, separator)
            self.assertEqual(table.rows, [["1,5", "2;3"]])
        table = read_table(b"sep=;\r\na;b,c\r\n1;2\r\n", "x.csv")
        self.assertEqual((table.headers, table.numbers), (["a", "b,c"], [3]))
        table = read_table(b"a^b\n1^2\n", "x.csv", separator="^")
        self.assertEqual(table.rows, [["1", "2"]])
        self.assertRefused("separator", b"a,b", separator="ab")

    def test_csv_ragged_rows(self):
        """Short rows are filled up; what is too much is there for all to see."""
        table = read_table(b"a,b,c\n1\n\n , \n1,2,3,,\n1,2,3,4\n", "x.csv")
        self.assertEqual(
            table.rows, [["1", "", ""], ["1", "2", "3"], ["1", "2", "3", "4"]]
        )
        self.assertEqual(table.numbers, [2, 5, 6])

    def test_csv_quotes(self):
        table = read_table(b'a,b\r\n"1\r\n2,""3""",x\r\n', "x.csv")
        self.assertEqual(table.rows, [['1\n2,"3"', "x"]])
        self.assertRefused("quoting", b'a,b\r\n"1,2\r\n3,4')
        self.assertEqual(self.assertRefused("quoting", b'a,b\r\n"1"2,3')["row"], 2)

    def test_headers(self):
        self.assertRefused("empty", b"")
        self.assertRefused("empty", b" \r\n\t")
        self.assertRefused("no_headers", b",,\n\n, \n")
        self.assertRefused("no_headers", xlsx([]))
        params = self.assertRefused("duplicate_headers", b"a,b, A\n1,2,3")
        self.assertEqual(params, {"headers": ["A"]})
        self.assertEqual(self.assertRefused("empty_header", b"a,,b"), {"column": "B"})
        self.assertEqual(read_table(b"a, b\n  c,,", "x").headers, ["a", "b"])
        self.assertFalse(read_table(b"a,b\n", "x").rows)

    def test_xlsx(self):
        rows = [
            ["bill_id", "date", "total", "open", "none"],
            ["B-1", date(2026, 3, 1), 10.1, True, None],
            ["_x0041_ & <b>", datetime(2026, 3, 1), 1234567, False, "x"],
        ]
        table = read_table(xlsx(rows), "x.xlsx")
        self.assertEqual(table.headers, rows[0])
        self.assertEqual(
            table.rows,
            [
                ["B-1", date(2026, 3, 1), Decimal("10.1"), True, None],
                ["_x0041_ & <b>", date(2026, 3, 1), Decimal(1234567), False, "x"],
            ],
        )
        self.assertIsInstance(table.rows[0][2], Decimal)
        self.assertEqual((table.sheet, table.sheets), ("Bills", ["Bills", "Empty"]))
        self.assertIsNone(table.encoding)
        old = xlsx(rows, date_1904=True)
        self.assertEqual(read_table(old, "x.xlsx").rows[0][1], date(2026, 3, 1))

    def test_xlsx_sheets(self):
        content = xlsx([["a"], ["1"]])
        self.assertRefused("no_headers", content, sheet="Empty")
        params = self.assertRefused("no_such_sheet", content, sheet="Bill")
        self.assertEqual(params, {"sheet": "Bill", "sheets": ["Bills", "Empty"]})

    def test_xlsx_formulas(self):
        """What they came to; never anything else."""
        file = io.BytesIO()
        book = xlsxwriter.Workbook(file)
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.write_formula(1, 0, "=1+1", value=7)
        sheet.write_formula(1, 1, '="x"', value="seven")
        sheet.write_blank(1, 2, None, book.add_format({"bold": True}))
        book.close()
        table = read_table(file.getvalue(), "x.xlsx")
        self.assertEqual(table.rows, [[Decimal(7), "seven", None]])
        # a program wrote it that never calculated
        book = OpenpyxlWorkbook()
        book.active.append(["a", "b"])
        book.active.append(["1", "=1+1"])
        file = io.BytesIO()
        book.save(file)
        self.assertEqual(self.assertRefused("formula", file.getvalue()), {"cell": "B2"})
        file = io.BytesIO()
        book = xlsxwriter.Workbook(file)
        book.add_worksheet().write_formula("C7", "=1/0", value="#DIV/0!")
        book.close()
        params = self.assertRefused("error_cell", file.getvalue())
        self.assertEqual(params, {"cell": "C7", "value": "#DIV/0!"})

    def test_openpyxl_workbook(self):
        """Another program's way of writing the same: inline texts, other formats."""
        book = OpenpyxlWorkbook(write_only=True)
        sheet = book.create_sheet("One")
        sheet.append(["a", "b", "c"])
        sheet.append([datetime(2026, 5, 6, 7, 8, 9), 0.1 + 0.2, " x "])
        file = io.BytesIO()
        book.save(file)
        (row,) = read_table(file.getvalue(), "x").rows
        self.assertEqual(row, [datetime(2026, 5, 6, 7, 8, 9), Decimal("0.3"), " x "])


@tagged("post_install", "-at_install")
class TestImportFileBadInput(ImportFileCase):
    """Broken and hostile files: bounded in time and memory."""

    def bounded(self, code, content, megabytes=60, seconds=20, **options):
        tracemalloc.start()
        try:
            started = time.monotonic()
            params = self.assertRefused(code, content, **options)
            self.assertLess(time.monotonic() - started, seconds)
            self.assertLess(tracemalloc.get_traced_memory()[1], megabytes * MEGABYTE)
        finally:
            tracemalloc.stop()
        return params

    def test_bad_input_rows(self):
        """A million rows are refused with the limit, not after having been kept."""
        content = b"a\n" + b"1\n" * 10**6
        params = self.bounded("too_many_rows", content, max_rows=10**4)
        self.assertEqual(params, {"limit": 10**4})
        table = read_table(b"a\n" + b"1\n" * 99, "x", max_rows=99)
        self.assertEqual(len(table.rows), 99)
        rows = b"<row><c><v>1</v></c></row>"
        content = repacked(xlsx([]), sheet1=sheet_xml(rows * 10**6))
        self.bounded("too_many_rows", content, max_rows=10**4)
        # a row far below is no million rows
        rows = b'<row r="1"><c><v>1</v></c></row><row r="1048576"><c r="A1048576">'
        content = repacked(xlsx([]), sheet1=sheet_xml(rows + b"<v>1</v></c></row>"))
        self.assertEqual(read_table(content, "x").numbers, [1048576])

    def test_bad_input_size(self):
        params = self.bounded("too_large", b"a" * 2000, max_bytes=1000)
        self.assertLess(params["limit"], 1)
        self.bounded("cell_too_long", b"a,b\n1," + b"x" * MEGABYTE)
        self.bounded("cell_too_long", b'a,b\n1,"' + b"x\n" * MEGABYTE + b'"')
        self.bounded("too_many_columns", b"a\n" + b"1," * (MAX_COLUMNS + 1) + b"1")
        text = b"<is><t>%s</t></is>" % (b"x" * (MAX_CELL + 1))
        rows = b'<row><c t="inlineStr">%s</c></row>' % text
        self.bounded("cell_too_long", repacked(xlsx([]), sheet1=sheet_xml(rows)))
        rows = b'<row><c r="XFD1"><v>1</v></c></row>'
        self.bounded("too_many_columns", repacked(xlsx([]), sheet1=sheet_xml(rows)))

    def test_bad_input_bombs(self):
        """Little that unpacks to much."""
        good = xlsx([["a"], ["b"]])
        sizes = {"sheet1": 301, "sharedStrings": 65, "styles": 9, "workbook": 9}
        for name, size in sizes.items():
            bomb = repacked(good, **{name: b" " * (size * MEGABYTE)})
            self.assertLess(len(bomb), MEGABYTE)
            self.bounded("too_large", bomb)
        for rows in (
            b"<x>" * 10**6,  # deep
            b"<row" + b" " * (40 * MEGABYTE),  # one tag without end
            b'<row r="9999999"/>',
            b'<row r="2"/><row r="1"/>',
            b'<row><c r="ZZZZ1"/></row>',
            b'<row><c t="s"><v>99</v></c></row>',
            b"<row><c><v>NaN</v></c></row>",
            b"<row><c><v>1e999</v></c></row>",
            b"<row><c><v>one</v></c></row>",
            b'<row><c s="x"><v>1</v></c></row>',
        ):
            self.bounded("unreadable", repacked(good, sheet1=sheet_xml(rows)))
        laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
        for name in ("sheet1", "sharedStrings", "workbook"):
            bomb = laughs + b"<worksheet>&b;</worksheet>"
            self.bounded("unreadable", repacked(good, **{name: bomb}))

    def test_bad_input_formats(self):
        self.assertRefused("unreadable", b"a,b", "x.XLSX")
        self.assertRefused("format", codecs.BOM_UTF8 + b"a,b\n1,\x002")
        self.assertRefused("format", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as other:
            other.writestr("mimetype", "application/vnd.oasis.opendocument")
        self.assertRefused("format", file.getvalue(), "x.ods")
        self.assertRefused("unreadable", b"PK\x03\x04 and no more")

    def test_bad_input_broken_off(self):
        """Every length of a file, and every byte wrong once in a while: a table or a
        reason."""
        for content in (xlsx([["a", "b"], [1, date(2026, 1, 1)]]), BILL_DATA):
            for length in range(0, len(content), max(1, len(content) // 300)):
                self.outcome(content[:length])
            for place in range(0, len(content), max(1, len(content) // 600)):
                changed = bytearray(content)
                changed[place] ^= 0xFF
                self.outcome(bytes(changed))

    def outcome(self, content, **options):
        """The table, or ``None`` when there is a reason; nothing else comes of it."""
        try:
            return read_table(content, "x", **options)
        except ImportFileError as error:
            self.assertTrue(error.code)

    @given(st.binary(max_size=300), st.sampled_from([*ENCODINGS, None]))
    @example(b"\xff\xfe\x00", None)
    @example(b"+/v8-", None)
    def test_bad_input_property(self, content, encoding):
        """Any bytes, as any text and as a part of a workbook."""
        self.outcome(content, encoding=encoding)
        self.outcome(b"PK\x03\x04" + content)
        good = xlsx([["a"]])
        self.outcome(repacked(good, sheet1=content))
        self.outcome(repacked(good, sharedStrings=content))


@tagged("post_install", "-at_install")
class TestImportFileProperty(ImportFileCase):
    """What our writers write is read as it was."""

    @given(
        st.lists(st.lists(st.one_of(TEXT, FORMULA), min_size=3, max_size=3)),
        st.sampled_from(["csv", "xlsx"]),
    )
    @example([["=1+1", "'=1", "''@x"]], "csv")
    @example([["_x0041_", "_x005F_", "\ufeff"]], "xlsx")
    def test_property_texts(self, rows, kind):
        headers = ["bill_id", "account", "memo"]
        # a row of nothing is no row
        rows = [["B-1", *row[1:]] for row in rows]
        file = io.BytesIO()
        report_columns.FILES[kind][0](file, headers, rows)
        table = read_table(file.getvalue(), f"x.{kind}")
        self.assertEqual(table.headers, headers)
        self.assertEqual(
            [[cell or "" for cell in row] for row in table.rows],
            [[clean(cell) for cell in row] for row in rows],
        )

    @given(st.lists(st.tuples(AMOUNTS, DAYS, st.datetimes(datetime(1901, 1, 1)))))
    def test_property_values(self, rows):
        """Amounts to the cent, days and times to the second."""
        rows = [
            [float(amount), day, moment.replace(microsecond=0)]
            for amount, day, moment in rows
        ]
        file = io.BytesIO()
        report_columns.write_xlsx(file, ["a", "b", "c"], rows)
        read = read_table(file.getvalue(), "x.xlsx").rows
        self.assertEqual([[float(row[0]), *row[1:]] for row in read], rows)
        file = io.BytesIO()
        report_columns.write_csv(file, ["a", "b", "c"], rows)
        read = read_table(file.getvalue(), "x.csv").rows
        self.assertEqual(
            [[float(parse_amount(row[0], ".")), str(row[1]), row[2]] for row in read],
            [[amount, str(day), str(moment)] for amount, day, moment in rows],
        )

    @given(
        st.lists(st.lists(TEXT.filter(_no_zeros), min_size=2, max_size=9), min_size=1),
        st.sampled_from(SEPARATORS),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"]),
    )
    def test_property_others_csv(self, rows, separator, encoding):
        """Any program's CSV, when it is said how it was written."""
        file = io.StringIO(newline="")
        writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL)
        width = max(map(len, rows))
        writer.writerow([f"h{column}" for column in range(width)])
        writer.writerows([["1", *row[1:]] for row in rows])
        # what the encoding has not, as that program's question mark
        content = file.getvalue().encode(encoding, "replace")
        text = io.StringIO(content.decode(encoding), newline="")
        options = {"encoding": encoding.removesuffix("-sig"), "separator": separator}
        table = read_table(content, "x.csv", **options)
        __, *expected = csv.reader(text, delimiter=separator)
        self.assertEqual(
            table.rows,
            [
                [from_spreadsheet(clean(cell)) for cell in row]
                + [""] * (width - len(row))
                for row in expected
            ],
        )

    @given(st.one_of(TEXT, FORMULA))
    def test_property_harmless(self, text):
        """What was made harmless is brought back, and only that."""
        self.assertEqual(from_spreadsheet(for_spreadsheet(text)), clean(text))
        shown = for_spreadsheet(text).lstrip(" \n")
        self.assertFalse(shown.startswith(("=", "+", "-", "@", "\t", "\r")))

    @given(st.sampled_from(sorted(DATE_FORMATS)), st.lists(DAYS, min_size=1))
    def test_property_dates(self, name, days):
        """Read back; and never recognized as what reads another day."""
        if "YYYY" not in name:  # strptime takes two figures for 1969 to 2068
            days = [day for day in days if 1969 <= day.year <= 2068]
        texts = [day.strftime(DATE_FORMATS[name]) for day in days]
        self.assertEqual([parse_date(text, name) for text in texts], days)
        found = recognize_dates(texts)
        if found:
            self.assertEqual([parse_date(text, found) for text in texts], days)

    @given(AMOUNTS, st.sampled_from(".,"), st.sampled_from(["", " ", "'", "’", "o"]))
    def test_property_amounts(self, amount, mark, group):
        group = {"o": ".,".replace(mark, "")}.get(group, group)
        text = f"{amount:,.2f}".replace(".", "M").replace(",", group).replace("M", mark)
        self.assertEqual(parse_amount(text, mark), amount)
        self.assertEqual(recognize_decimal_mark([text]), mark)
        for money in ("€ %s", "%s EUR", "CHF%s", "%s kr"):
            self.assertEqual(parse_amount(money % text, mark), amount)


@tagged("post_install", "-at_install")
class TestImportValues(TransactionCase):
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
            (["never"], None),
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
            *("", "-", ".", "abc", "1.2.3", "1,23.4", "1e5", "5%", "--1", "(1", "1)"),
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
