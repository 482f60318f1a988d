"""Text that no file format can stumble over. Plain Python, no ORM.

What people type ends in files that other programs read: XML knows no control
characters, a spreadsheet takes some texts for formulas, QuickBooks counts characters.
"""

import re
import unicodedata

# All that is no character of XML 1.0: most control characters, halves of surrogate
# pairs, and two that stand for nothing.
_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Where a spreadsheet may begin a cell: at the beginning, and behind what separates
# cells in a country or other, or ends a quoted one, or a row. A file with commas is one
# of semicolons to whoever opens it elsewhere, and then no quotation mark holds.
_BEGIN = '(?:^|(?<=[,;|\t\n"]))'
# What it takes for the beginning of a formula there, also in full width.
_FORMULA = (
    "[ \xa0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]*"
    "[=+\\-@\t\r＝＋－＠]"
)
_DANGEROUS = re.compile(f"{_BEGIN}(?='*{_FORMULA})")
_DEFUSED = re.compile(f"{_BEGIN}'(?='*{_FORMULA})")
# What nobody sees, and what is typed for the same: marks of writing, hyphens, quotes.
_SAME = str.maketrans(
    dict.fromkeys("\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", "")
    | dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def clean(text, limit=None):
    """Text as XML can hold it.

    :param text: a string, or None or False for nothing
    :param int limit: how many characters are kept; the last one is "…" then
    """
    text = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    text = _NO_XML.sub("", text)
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return text


def one_line(text, limit=None):
    """Text without breaks and repeated spaces."""
    return clean(" ".join(clean(text).split()), limit)


def fold(text):
    """A name as it is compared: whoever reads two such names takes them for one.

    No case, no forms of the same letters or spaces (NFKC, casefold), nothing that
    cannot be seen.
    """
    # before it is compatible with a space and an accent
    text = (text or "").translate(_SAME)
    text = unicodedata.normalize("NFKC", text).casefold()
    # a capital I with a point is one letter and a point, when it is small
    text = unicodedata.normalize("NFKC", text).replace("i\u0307", "i")
    return " ".join(text.translate(_SAME).split())


def for_spreadsheet(text, limit=None):
    """Text that no spreadsheet takes for a formula when it opens a CSV file, whatever
    it takes for the separator.

    An apostrophe before it is what spreadsheets themselves use to say "text". What
    looks as if it had one already gets another, so that :func:`from_spreadsheet` knows.
    """
    text = clean(text, limit)
    safe = _DANGEROUS.sub("'", text)
    if limit and len(safe) > limit:
        # one apostrophe for each character at most
        added = min(len(safe) - len(text), (limit + 1) // 2)
        safe = _DANGEROUS.sub("'", clean(text, limit - added))
    return safe


def from_spreadsheet(text):
    """The text that :func:`for_spreadsheet` was given, but for the limit."""
    return _DEFUSED.sub("", text) if "'" in text else text


def base36(number):
    """A positive number in as few characters as digits and capitals allow."""
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = DIGITS[rest] + text
    return text or "0"
