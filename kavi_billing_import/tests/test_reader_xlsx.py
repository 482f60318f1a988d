"""Workbooks from outside, whatever is in them: a table or a reason (KB-65, BB-21)."""

import io
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
from openpyxl import Workbook as OpenpyxlWorkbook

from odoo.tests import tagged

from ..reader.table import read_table
from .reader_common import ReaderCase, xlsx


@tagged("post_install", "-at_install")
class TestReaderXlsx(ReaderCase):
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
        ((__, cell),) = read_table(file.getvalue(), "x").rows
        self.assertEqual(cell.error.code, "formula")
        self.assertEqual(cell.error.params, {"cell": "B2"})
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
