"""bad_input: broken and hostile files, bounded in time and memory (BB-21)."""

import codecs
import io
import time
import tracemalloc
import zipfile
from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from odoo.tests import tagged

from ..reader.errors import ImportFileError
from ..reader.table import ENCODINGS, MAX_CELL, MAX_COLUMNS, read_table
from .reader_common import (
    BILL_DATA,
    MEGABYTE,
    ReaderCase,
    repacked,
    sheet_xml,
    xlsx,
)


@tagged("post_install", "-at_install")
class TestReaderBadInput(ReaderCase):
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
        # a row of many lines; and so long that it is not put together
        lines = b"x\n" * (MEGABYTE // 2)
        self.bounded("cell_too_long", b'a,b\n1,"' + lines + b'"')
        self.bounded("row_too_long", b'a,b\n1,"' + lines * 2 + b'"')
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
        self.assertRefused(
            "disguised", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
        )
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as other:
            other.writestr("mimetype", "application/vnd.oasis.opendocument")
        params = self.assertRefused("disguised", file.getvalue(), "x.ods")
        self.assertEqual(params, {"kind": "OpenDocument"})
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
