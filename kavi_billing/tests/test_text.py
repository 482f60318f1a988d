"""Text for files that others open: no formula in it, and nothing of it lost."""

import csv
import io
import re
import time

from hypothesis import example, given
from hypothesis import strategies as st

from odoo.tests import TransactionCase, tagged

from ..tools.text import clean, for_spreadsheet, from_spreadsheet

# What a spreadsheet takes for a formula, blanks before it left out.
BEGINS = re.compile("[\\s\u200b\ufeff]*[=+\\-@＝＋－＠]")
HOSTILE = (
    *("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "\ufeff=1"),
    *("x;=1+1", "x,=1+1", "x\t=1+1", "x|=1+1", "x\n=1+1", "x\r\n=1+1", 'x"=1+1'),
    *("x; =1+1", 'x;"=1+1', 'x";=1+1', ";;=1", "x;'=1;=1", "x;-1;+1;@x"),
    *("x;\u00a0=1", "x;\u200b=1", '=HYPERLINK("http://x";"y")'),
)
# What looks as if it had been made harmless before.
MARKED = ("'=1", "''=1", "x;'=1", "x;''=1", "x\n'-1")
HARMLESS = ("", "x", "a-b", "it's", "5 = 5", "x; y", "'x", "O'Neill; 'quoted'", "a\nb")
TEXT = st.text(st.sampled_from("'\"=+-@;,|\t\n\r x1\u00a0＝\u200b"), max_size=12)


def cells(text):
    """What may stand in a cell, whatever is taken for the separator."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["1", text, "z"], [text]])
    found = []
    for separator in ",;\t|":
        rows = csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=separator)
        found += [cell for row in rows for cell in row]
    # and as one that takes no notice of quotation marks
    return found + re.split('[,;\t|\r\n"]', file.getvalue())


@tagged("post_install", "-at_install")
class TestText(TransactionCase):
    def check(self, text):
        safe = for_spreadsheet(text)
        self.assertFalse([cell for cell in cells(safe) if BEGINS.match(cell)], safe)
        self.assertEqual(from_spreadsheet(safe), clean(text))

    def test_bad_input_formulas(self):
        """A formula is none in a file of commas, nor in a country of semicolons."""
        for text in HOSTILE:
            with self.subTest(text=text):
                self.assertTrue(any(map(BEGINS.match, cells(text))), "it is hostile")
                self.check(text)

    def test_marked_text(self):
        for text in MARKED:
            self.check(text)

    def test_harmless_text_stays(self):
        for text in HARMLESS:
            self.assertEqual(for_spreadsheet(text), text)

    @given(TEXT)
    @example("';'=")
    @example("\t'\t=")
    def test_property_formulas(self, text):
        self.check(text)
        self.assertEqual(from_spreadsheet(clean(text)).count("="), text.count("="))

    @given(TEXT, st.integers(1, 30))
    @example(";=" * 20, 9)
    def test_property_limit(self, text, limit):
        """The limit and the guard hold, however many apostrophes are added."""
        safe = for_spreadsheet(text * 3, limit)
        self.assertLessEqual(len(safe), limit)
        self.assertFalse([cell for cell in cells(safe) if BEGINS.match(cell)], safe)

    def test_bad_input_linear(self):
        """Twice the text takes about twice the time, whatever stands in it."""
        for piece in (";", "'", " ", "\t", '"', ";'", "; ", "='", "\n "):
            seconds = []
            for size in (50_000, 200_000):
                text = piece * size
                started = time.process_time()
                from_spreadsheet(for_spreadsheet(text + "x"))
                from_spreadsheet(text + "'x")
                seconds.append(time.process_time() - started)
            self.assertLess(seconds[1], 10 * seconds[0] + 0.2, piece)
