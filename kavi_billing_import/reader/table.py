"""Tables from files of others: CSV and XLSX. Plain Python, no ORM.

Nobody knows what is in a file from outside. So each ends in a :class:`Table` or in an
:class:`ImportFileError`, in bounded time and memory; formulas are never calculated; and
whatever is doubtful (a day that could be a month, a comma that could be a point) is
left to a person.
"""

import codecs
import csv
import io
import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice

from chardet.universaldetector import UniversalDetector

from odoo.addons.kavi_billing.tools.text import clean, from_spreadsheet, one_line

from .cells import BadCell
from .disguise import recognize_disguise
from .errors import ImportFileError
from .limits import MAX_ROW, MEGABYTE, Limits
from .xlsx import SHEET_ROWS, Workbook, column_letters

MAX_BYTES = 50 * MEGABYTE
MAX_ROWS = 100_000
MAX_COLUMNS = 500
# Characters; a spreadsheet cell holds 32,767.
MAX_CELL = 100_000
SEPARATORS = (",", ";", "\t", "|")
# Bytes that one line, and all lines together say of the encoding.
MAX_TELLING, MOST_TELLING = 4096, 24 * 1024
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
# The encodings a person can choose, under Python's names.
ENCODINGS = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"),
    *("cp1252", "iso8859-15", "cp850", "cp437", "mac-roman"),  # western
    *("cp1250", "iso8859-2"),  # central European
    *("cp1251", "koi8-r", "mac-cyrillic", "iso8859-5"),
    *("cp1253", "iso8859-7", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: it begins with that one's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How these are read when the mark is there: it is no part of the first header then.
_MARKED = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
# Of those recognized, the ones that are part of one that can be chosen.
_WIDER = {"shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gb18030"}
# What is looked at to recognize a file: bytes, rows, characters of them.
SAMPLE = 64 * 1024
SAMPLE_ROWS = 30
SAMPLE_TEXT = 256 * 1024


@dataclass
class Table:
    """What is in a file.

    A row has a cell for every header, and more where the file has more: its cells stand
    in the wrong columns then, as after a comma that should have been quoted. Empty rows
    are left out.

    :ivar list headers: str, no two the same; of a column without a name, its letters in
        brackets: "(B)"
    :ivar list rows: lists of str, date, datetime, Decimal, bool or ``None``; of a CSV
        file, str
    :ivar list numbers: of each row its number in the file, from 1, as a spreadsheet
        counts them
    :ivar encoding: one of ``ENCODINGS``; ``None`` of a workbook
    :ivar separator: one of ``SEPARATORS``; ``None`` of a workbook
    :ivar sheet: the worksheet that was read; ``None`` of a CSV file
    :ivar list sheets: names of all worksheets
    :ivar list titles: what stands above the headers: a text a row
    """

    headers: list
    rows: list
    numbers: list
    encoding: str = None
    separator: str = None
    sheet: str = None
    sheets: list = field(default_factory=list)
    titles: list = field(default_factory=list)


def read_table(
    content,
    filename,
    *,
    encoding=None,
    separator=None,
    sheet=None,
    max_rows=MAX_ROWS,
    max_bytes=MAX_BYTES,
    is_header=None,
):
    """The table in a file.

    :param bytes content: the file
    :param str filename: asked only whether it promises a workbook: what a file is, its
        bytes say
    :param encoding: one of ``ENCODINGS``; recognized without it
    :param separator: one character; recognized without it
    :param sheet: a worksheet; the first one without it
    :param int max_rows: rows without the headers
    :param is_header: function of a text, whether it is the header of a column; with it,
        titles above the table are passed over
    :rtype: Table
    :raise ImportFileError: when there is no table that can be read
    """
    if len(content) > max_bytes:
        raise ImportFileError("too_large", limit=max_bytes / MEGABYTE)
    if not content.strip(b"\0\t\n\r "):
        raise ImportFileError("empty")
    if disguise := recognize_disguise(content):
        raise ImportFileError("disguised", kind=disguise)
    limits = Limits(len(content))
    if content.startswith(b"PK"):
        book = Workbook(content, MAX_CELL, limits)
        sheet = sheet or book.sheets[0]
        if sheet not in book.sheets:
            raise ImportFileError("no_such_sheet", sheet=sheet, sheets=book.sheets)
        rows = (
            (number, [cells.get(column) for column in range(1, max(cells) + 1)])
            for number, cells in book.rows(sheet)
            if _fits(cells)
        )
        return _make_table(
            rows, max_rows, limits, is_header, sheet=sheet, sheets=book.sheets
        )
    if filename.lower().endswith((".xlsx", ".xlsm")):
        raise ImportFileError("unreadable")
    encoding = _get_encoding(content, encoding)
    separator = separator or _recognize_separator(content, encoding)
    if len(separator) != 1 or separator in '"\r\n':
        raise ImportFileError("separator", separator=separator)
    rows = _read_csv(content, encoding, separator)
    return _make_table(
        rows, max_rows, limits, is_header, encoding=encoding, separator=separator
    )


def _fits(cells):
    """Whether a worksheet's row has cells, none too far out."""
    if cells and max(cells) > MAX_COLUMNS:
        raise ImportFileError("too_many_columns", limit=MAX_COLUMNS)
    return bool(cells)


def _make_table(rows, max_rows, limits, is_header, **how):
    """The table of ``(number, cells)``; the first row with something in it has the
    headers, but for titles above them."""
    found = ((number, cells) for number, cells in rows if _get_width(cells))
    above = []
    if is_header:
        first = list(islice(found, SAMPLE_ROWS))
        start = _find_headers([cells for __, cells in first], is_header)
        above, found = first[:start], chain(first[start:], found)
    __, headers = next(found, (0, None))
    if not headers:
        raise ImportFileError("no_headers")
    headers = [_as_header(cell) for cell in headers[: _get_width(headers)]]
    headers = [
        header or f"({column_letters(column)})"
        for column, header in enumerate(headers, 1)
    ]
    seen, twice = set(), []
    for header in headers:
        key = header.casefold()
        if key in seen and header not in twice:
            twice.append(header)
        seen.add(key)
    if twice:
        raise ImportFileError("duplicate_headers", headers=twice)
    blank = "" if how.get("separator") else None
    titles = [
        one_line(" ".join(str(cell) for cell in cells if _get_width([cell])))
        for __, cells in above
    ]
    table = Table(headers, [], [], titles=titles, **how)
    for number, cells in found:
        if len(table.rows) == max_rows:
            raise ImportFileError("too_many_rows", limit=max_rows)
        width = max(len(headers), _get_width(cells))
        limits.keep(width, sum(len(cell) for cell in cells if isinstance(cell, str)))
        cells.extend([blank] * (len(headers) - len(cells)))
        table.rows.append(cells[:width])
        table.numbers.append(number)
    return table


def _find_headers(rows, is_header):
    """Which of the first rows has the headers: the first one, but for titles above it.

    :param list rows: lists of cells
    :param is_header: see :func:`read_table`
    :return: its place
    """
    texts = [
        [one_line(str(cell)) for cell in cells if _get_width([cell])] for cells in rows
    ]
    known = [sum(map(is_header, row)) for row in texts]
    for place, row in enumerate(texts):
        # a state or a name can be a word that is a header, too: one is no proof
        if len(row) > 1 and known[place] >= min(3, len(row)):
            return place
    # a title stands alone in its row; headers have no figures only
    if texts and len(texts[0]) == 1:
        most = max(map(len, texts))
        for place, row in enumerate(texts):
            if len(row) > 1 and 2 * len(row) >= most and not any(map(_is_figure, row)):
                return place
    return 0


def _is_figure(text):
    return not any(char.isalpha() for char in text)


def _get_width(cells):
    """How many cells there are up to the last one with something in it."""
    for width in range(len(cells), 0, -1):
        cell = cells[width - 1]
        if cell is not None and (not isinstance(cell, str) or cell.strip()):
            return width
    return 0


def _as_header(cell):
    if isinstance(cell, BadCell):
        raise cell.error
    return "" if cell is None else one_line(str(cell))


# === CSV === #


def _read_csv(content, encoding, separator):
    """The rows of a CSV file: generator of ``(number, cells)``."""
    number = 0
    try:
        for number, row in enumerate(_csv_rows(content, encoding, separator), 1):
            if number == 1 and "".join(row).lower().startswith("sep="):
                continue  # said for Excel, in a row of its own
            if number > SHEET_ROWS:
                raise ImportFileError("too_many_rows", limit=SHEET_ROWS)
            if not row:
                continue
            if len(row) > MAX_COLUMNS and _get_width(row) > MAX_COLUMNS:
                raise ImportFileError("too_many_columns", limit=MAX_COLUMNS)
            if any(len(cell) > MAX_CELL for cell in row):
                raise ImportFileError("cell_too_long", limit=MAX_CELL, row=number)
            yield number, [_as_text(cell) for cell in row]
    except csv.Error as error:
        if "field limit" in str(error):
            raise ImportFileError(
                "cell_too_long", limit=MAX_CELL, row=number + 1
            ) from error
        raise ImportFileError("quoting", row=number + 1) from error
    except _RowTooLongError as error:
        raise ImportFileError("row_too_long", limit=MAX_ROW, row=number + 1) from error
    except UnicodeError as error:
        raise ImportFileError("encoding", encoding=encoding) from error


class _Lines:
    """The lines of a text, for a CSV reader that makes rows of them.

    A reader has no bounds of its own for a row: one line without end, or a quoted text
    of which no end comes.

    :ivar int row_size: characters that were taken since it was set to 0
    """

    def __init__(self, content, encoding, most=None):
        """
        :param int most: characters after which the text ends here
        """
        self._text = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
        self._left = most
        self.row_size = 0
        self.is_cut = False

    def __iter__(self):
        return self

    def __next__(self):
        if self._left is not None and self._left <= 0:
            self.is_cut = True
            raise StopIteration
        line = self._text.readline(MAX_ROW + 1)
        if not line:
            raise StopIteration
        self.row_size += len(line)
        if self._left is not None:
            self._left -= len(line)
        elif self.row_size > MAX_ROW:
            raise _RowTooLongError
        return line


class _RowTooLongError(Exception):
    pass


def _csv_rows(content, encoding, separator):
    lines = _Lines(content, _get_codec(content, encoding))
    for row in csv.reader(lines, delimiter=separator, strict=True):
        lines.row_size = 0
        yield row


def _sample_rows(content, encoding, separator):
    """The first rows, read as far as they can be with this separator."""
    lines = _Lines(content, _get_codec(content, encoding), SAMPLE_TEXT)
    rows = []
    # what makes no sense with this separator does not count
    with suppress(csv.Error):
        for row in islice(csv.reader(lines, delimiter=separator), SAMPLE_ROWS):
            rows.append(row)
    if lines.is_cut and len(rows) > 1:
        rows.pop()  # it may not be all of it
    return rows


def _get_codec(content, encoding):
    if any(content.startswith(mark) for mark, __ in _MARKS):
        return _MARKED.get(encoding, encoding)
    return encoding


def _as_text(cell):
    """A cell without what cannot be stored, and as it was before our own writer."""
    return from_spreadsheet(cell if cell.isprintable() else clean(cell))


def _get_encoding(content, encoding):
    """The encoding of a text: as chosen, as its first bytes say, or as it looks.

    :return: one of ``ENCODINGS``
    """
    if encoding and encoding not in ENCODINGS:
        raise ImportFileError("encoding", encoding=encoding)
    for mark, marked in _MARKS:
        if content.startswith(mark) and not encoding:
            encoding = marked
            break
    encoding = encoding or _recognize_encoding(content)
    # letters have no zeros in them, but in the encodings that are made of such pairs
    if not encoding.startswith("utf-") or encoding == "utf-8":
        if b"\0" in content:
            raise ImportFileError("format")
    return encoding


def _recognize_encoding(content):
    """How a text without a mark is encoded: UTF-8 when it can be; else, what it looks
    like most, for a person to look at."""
    sample = content[:SAMPLE]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        others = len(sample) // 2 - zeros.count(0)
        if zeros.count(0) > others and sample.count(0) == zeros.count(0):
            return encoding
    if _is_utf8(content):
        return "utf-8"
    detector = UniversalDetector()
    left = MOST_TELLING  # it takes its time for each byte
    telling = (line for line in io.BytesIO(content) if not line.isascii())
    for line in islice(telling, 500):
        piece = _around_letters(line, min(left, MAX_TELLING))
        detector.feed(piece)
        left -= len(piece)
        if detector.done or left <= 0:
            break
    try:
        found = codecs.lookup(detector.close()["encoding"] or "cp1252").name
    except LookupError:  # one that Python does not know
        return "cp1252"
    found = _WIDER.get(found, found)
    return found if found in ENCODINGS else "cp1252"


def _around_letters(line, most):
    """A piece of a line from shortly before its first letter that is not ASCII."""
    if len(line) <= most:
        return line
    first = _NOT_ASCII.search(line).start()
    start = max(0, first - most // 4)
    return line[start : start + most]


def _is_utf8(content):
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), SAMPLE):
            decoder.decode(content[start : start + SAMPLE])
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _recognize_separator(content, encoding):
    """The separator with which the first rows have the same number of cells."""
    best = (0, 0)
    found = SEPARATORS[0]
    for separator in SEPARATORS:
        widths = []
        try:
            for row in _sample_rows(content, encoding, separator):
                if not widths and [cell.lower() for cell in row] == ["sep=", ""]:
                    return separator
                if any(row):
                    widths.append(len(row))
        except UnicodeError as error:
            raise ImportFileError("encoding", encoding=encoding) from error
        wide = [width for width in widths if width > 1]
        if not wide:
            continue
        # below a title, the table is as wide as most of its rows
        width = widths[0] if widths[0] > 1 else max(set(wide), key=wide.count)
        alike = widths.count(width) / len(widths)
        if (alike, width) > best:
            best, found = (alike, width), separator
    return found
