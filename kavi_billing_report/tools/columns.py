"""The columns of a downloaded report, and the two kinds of file they go to.

Plain Python, no ORM. Rows come one by one and go to disk, so a file of any length takes
the same memory.
"""

import codecs
import csv
import io
import itertools
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter

from odoo.addons.kavi_billing.tools.text import clean, for_spreadsheet

# What a worksheet can hold.
XLSX_ROWS = 1_048_576 - 1
XLSX_TEXT = 32_767
XLSX_FORMATS = {
    "amount": {"num_format": "#,##0.00"},
    "date": {"num_format": "yyyy-mm-dd"},
    "datetime": {"num_format": "yyyy-mm-dd hh:mm:ss"},
}


@dataclass(frozen=True)
class Column:
    """One column of a report.

    :ivar header: its name; the original's database name where the file is to be read by
        programs that know that
    :ivar path: the field, or fields with dots between: ``partner_id.name``
    :ivar printed: also on paper, where there is less room
    """

    header: str
    path: str
    printed: bool = True


def write_csv(file, headers, rows):
    """Write rows as CSV: UTF-8 with its mark, for spreadsheets guess otherwise.

    :param file: a binary file
    :param headers: list of str
    :param rows: iterable of lists of str, int, float, date, datetime or ``None``
    """
    file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=False)
    writer = csv.writer(text)
    writer.writerows(
        [for_spreadsheet(value) if isinstance(value, str) else value for value in row]
        for row in itertools.chain([headers], rows)
    )
    text.flush()
    text.detach()  # or it would close the file with itself


def write_xlsx(file, headers, rows):
    """Write rows as a workbook; parameters as :func:`write_csv`.

    Text is written as text, so that nothing in it is ever a formula or a link.

    :raise OverflowError: when there are more rows than a worksheet holds
    """
    book = xlsxwriter.Workbook(
        file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
    )
    formats = {kind: book.add_format(vals) for kind, vals in XLSX_FORMATS.items()}
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(headers) - 1, 16)
    bold = book.add_format({"bold": True})
    for column, header in enumerate(headers):
        sheet.write_string(0, column, header, bold)
    for number, row in enumerate(rows, 1):
        if number > XLSX_ROWS:
            raise OverflowError(number)
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                sheet.write_string(number, column, clean(value, XLSX_TEXT))
            elif isinstance(value, datetime):
                sheet.write_datetime(number, column, value, formats["datetime"])
            elif isinstance(value, date):
                sheet.write_datetime(number, column, value, formats["date"])
            elif isinstance(value, float):
                sheet.write_number(number, column, value, formats["amount"])
            else:
                sheet.write_number(number, column, value)
    book.close()


FILES = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "xlsx": (
        write_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}
