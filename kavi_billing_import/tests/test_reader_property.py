"""Whatever is written is read as it was."""

import csv
import io
from datetime import datetime

from hypothesis import example, given
from hypothesis import strategies as st

from odoo.tests import tagged

from odoo.addons.kavi_billing.tools.text import clean, for_spreadsheet, from_spreadsheet
from odoo.addons.kavi_billing_report.tools import columns as report_columns

from ..reader.table import SEPARATORS, read_table
from ..reader.values import (
    DATE_FORMATS,
    parse_amount,
    parse_date,
    recognize_dates,
    recognize_decimal_mark,
)
from .reader_common import AMOUNTS, DAYS, FORMULA, TEXT, ReaderCase, no_zeros


@tagged("post_install", "-at_install")
class TestReaderProperty(ReaderCase):
    """What our writers write is read as it was."""

    @given(
        st.lists(st.lists(st.one_of(TEXT, FORMULA), min_size=3, max_size=3)),
        st.sampled_from(["csv", "xlsx"]),
    )
    @example([["=1+1", "'=1", "''@x"]], "csv")
    @example([["", "x;=1+1", "x\n'=1;'-2"]], "csv")
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
        st.lists(st.lists(TEXT.filter(no_zeros), min_size=2, max_size=9), min_size=1),
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
