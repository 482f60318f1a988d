"""What the tests of the reader have in common."""

import io
import zipfile
from datetime import date

import xlsxwriter
from hypothesis import strategies as st

from odoo.tests import TransactionCase

from ..reader.errors import ImportFileError
from ..reader.table import read_table

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


def no_zeros(text):
    return "\0" not in text


def sheet_xml(rows):
    return (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/'
        b'spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>' % rows
    )


class ReaderCase(TransactionCase):
    def assertRefused(self, code, content, filename="x.csv", **options):
        with self.assertRaises(ImportFileError) as caught:
            read_table(content, filename, **options)
        self.assertEqual(caught.exception.code, code)
        return caught.exception.params
