"""bad_input: what a file costs grows with its size, and not with what is in it."""

import gc
import itertools
import os
import time
import tracemalloc

from odoo.tests import tagged

from ..importer.messages import FILE_ERRORS
from ..reader.errors import ImportFileError
from ..reader.table import MAX_CELL, read_table
from ..reader.values import (
    DATE_FORMATS,
    parse_amount,
    recognize_dates,
    recognize_decimal_mark,
)
from .hostile_files import TEXTS, WORKBOOKS, plain_csv, plain_xlsx
from .reader_common import MEGABYTE, ReaderCase, xlsx

# How much longer than an ordinary file of its size a hostile one may take; seconds that
# are no matter, on a machine that does much else.
TIMES, SECONDS = 12, 2.5
# Memory of a small file; and for each byte of one: 50 of a cell with two letters.
FLOOR, PER_BYTE = 48 * MEGABYTE, 25


@tagged("post_install", "-at_install")
class TestReaderLimits(ReaderCase):
    def read_file(self, content):
        """:return: the code of the refusal, "" for a table"""
        try:
            read_table(content, "x.xlsx" if content.startswith(b"PK") else "x.csv")
        except ImportFileError as error:
            return error.code
        return ""

    def seconds(self, content):
        started = time.process_time()
        code = self.read_file(content)
        return time.process_time() - started, code

    def check(self, files, plain):
        plain, ordinary = plain(MEGABYTE // 2), 0
        for __ in range(2):
            ordinary = max(ordinary, self.seconds(plain)[0] / len(plain))
        # each takes seconds: all of them in the long profile, else one of nine
        step = 1 if os.environ.get("KAVI_LONG") else 9
        for name, (make, codes) in itertools.islice(files.items(), 0, None, step):
            with self.subTest(file=name):
                content = make()
                seconds, code = self.seconds(content)
                self.assertIn(code, codes)
                self.assertTrue(not code or code in FILE_ERRORS, "it has its sentence")
                self.assertLess(seconds, ordinary * len(content) * TIMES + SECONDS)
                gc.collect()
                tracemalloc.start()
                try:
                    self.read_file(content)
                    peak = tracemalloc.get_traced_memory()[1]
                finally:
                    tracemalloc.stop()
                self.assertLess(peak, FLOOR + PER_BYTE * len(content))

    def test_bad_input_workbooks(self):
        self.check(WORKBOOKS, plain_xlsx)

    def test_bad_input_texts(self):
        self.check(TEXTS, plain_csv)

    def test_ordinary_files(self):
        """What people have is read, also where all of it is the same."""
        for rows in (
            [[0] * 20] * 4000,
            [["Membership fee for the year, " * 5] * 10] * 4000,
            [[f"B-{n}", n, n / 4, "Paid", None] for n in range(9000)],
            [[None] * 39 + [n] for n in range(4000)],
        ):
            headers = [f"h{column}" for column in range(len(rows[0]))]
            for options in ({}, {"constant_memory": True}):
                table = read_table(xlsx([headers, *rows], **options), "x.xlsx")
                self.assertEqual(len(table.rows), len(rows))
        self.assertEqual(len(read_table(plain_csv(MEGABYTE), "x").headers), 5)
        long = b"a,b\n" + b"1," + b"x" * MAX_CELL + b"\n"
        self.assertEqual(len(read_table(long, "x").rows[0][1]), MAX_CELL)

    def test_same_values_stay_what_they_are(self):
        """A value that is kept once is not mistaken for another that is equal to it."""
        content = xlsx([["a", "b"], [1, True], [True, 1], [1.5, "1.5"], [0, False]])
        self.assertEqual(
            [[repr(cell) for cell in row] for row in read_table(content, "x").rows],
            [
                ["Decimal('1')", "True"],
                ["True", "Decimal('1')"],
                ["Decimal('1.5')", "'1.5'"],
                ["Decimal('0')", "False"],
            ],
        )

    def test_bad_input_values(self):
        """Twice as many odd dates and amounts take about twice the time."""
        pieces = ("1" * 60, "1/" * 30, " " * 59 + "x", "1" + " " * 58 + "x", "T1:" * 20)
        pieces += ("1,234" * 12, "(" * 60, "-" * 60, "A" * 60, "1 2 " * 15, "$" * 60)
        for piece in pieces:
            texts = [f"{number}{piece}"[:60] for number in range(400)]
            started = time.process_time()
            recognize_dates(texts)
            recognize_decimal_mark(texts)
            self.assertLess(time.process_time() - started, 1.5, piece)
            for mark in ".,":
                with self.assertRaises(ValueError):
                    parse_amount(piece * 100, mark)
        self.assertEqual(len(DATE_FORMATS), 14)
