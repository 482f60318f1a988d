"""The cells of a workbook, one row after the other. Plain Python, no ORM.

Not with openpyxl, which keeps what it does not know and takes a formula that was never
calculated for an empty cell: a file from outside is read here in memory that its
contents cannot drive up, and nothing in it is left out in silence. What openpyxl knows
of number formats is used.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections import deque
from datetime import date, datetime, time
from decimal import Decimal
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_datetime
from openpyxl.utils.datetime import (
    MAC_EPOCH,
    WINDOWS_EPOCH,
    from_excel,
    from_ISO8601,
)

from odoo.addons.kavi_billing.tools.text import clean

from .cells import BadCell, ShownNumber, as_shown
from .disguise import recognize_packed
from .errors import ImportFileError
from .limits import MAX_PARTS, MEGABYTE

# What a worksheet can hold.
SHEET_ROWS, SHEET_COLUMNS = 1_048_576, 16_384
# Megabytes, unpacked: of a worksheet, of the list of texts, of any other part.
SHEET_SIZE, TEXTS_SIZE, PART_SIZE = 300, 64, 8
# Of one kind in a small part: sheets, or cell styles, of which Excel knows 65,490.
MAX_SMALL = 70_000
# What cells repeat is kept once; of so many, for what comes again comes soon.
MAX_KNOWN = 4096
MAX_DEPTH = 64
# Characters of a number format that are looked at; Excel takes 255.
MAX_CODE = 255
CHUNK = 64 * 1024
# How Excel writes a character that XML cannot hold.
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
# The lists of styles; those of cells are in the first.
_STYLES = ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs")
# Days in the formats that Excel keeps for East Asia, beside those openpyxl knows.
_EAST_ASIAN_DAYS = (*range(27, 32), 36, *range(50, 55), 57, 58)


class Workbook:
    """A workbook of any origin.

    :ivar list sheets: names of its worksheets
    :raise ImportFileError: ``format``, ``unreadable`` or ``too_large``
    """

    def __init__(self, content, max_cell, limits):
        """
        :param bytes content: the file
        :param int max_cell: characters that a cell may hold
        :param Limits limits: what it may cost
        """
        self._max_cell = max_cell
        self._limits = limits
        # the table of contents is read as a whole
        if content.count(b"PK\x01\x02") > MAX_PARTS:
            raise ImportFileError("unreadable")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise ImportFileError("unreadable") from error
        self._sizes = {info.filename: info for info in self._zip.infolist()}
        main = self._relations("").get("officeDocument")
        if not main or main[0] not in self._sizes:
            raise self._get_foreign(content)
        if not main[0].startswith("xl/") and recognize_packed(main[:1], b""):
            raise self._get_foreign(content)
        self._epoch = WINDOWS_EPOCH
        sheets = []
        for name, attrs in self._elements(main[0], "sheet", "workbookPr"):
            if name == "sheet":
                sheets.append((attrs.get("name", ""), _relation_id(attrs)))
            elif name == "workbookPr" and attrs.get("date1904") in ("1", "true"):
                self._epoch = MAC_EPOCH
        relations = self._relations(main[0])
        worksheets = relations.get("worksheet", {})
        self._parts = {
            clean(name): worksheets[key] for name, key in sheets if key in worksheets
        }
        self._related = relations
        self.sheets = list(self._parts)
        if not self.sheets:
            raise ImportFileError("format")

    def _get_foreign(self, content):
        """What is wrong with a packed file that is no workbook."""
        kind = recognize_packed(list(self._sizes)[:MAX_KNOWN], content[:200])
        if kind:
            return ImportFileError("disguised", kind=kind)
        return ImportFileError("format")

    def rows(self, sheet):
        """The rows of a worksheet that are in the file.

        :param str sheet: one of ``sheets``
        :return: generator of ``(number of the row, {number of the column: cell})``,
            both from 1, the cells as in :class:`~.table.Table`, no empty ones
        """
        formats, codes = self._formats()
        reader = _SheetReader(
            self._texts(), formats, codes, self._epoch, self._max_cell
        )
        for __ in self._parse(self._parts[sheet], reader, SHEET_SIZE):
            while reader.rows:
                yield reader.rows.popleft()

    # === PARTS === #

    def _relations(self, part):
        """What a part refers to: ``{kind: {id: part}}``; the kinds "officeDocument",
        "sharedStrings" and "styles" have one each: ``[part]``."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        found = {}
        if path not in self._sizes:
            return found
        for __, attrs in self._elements(path, "Relationship"):
            if attrs.get("TargetMode") == "External":
                continue
            kind = attrs.get("Type", "").rpartition("/")[2]
            target = posixpath.join("/", folder, attrs.get("Target", ""))
            target = posixpath.normpath(target).lstrip("/")
            if kind == "worksheet":
                found.setdefault(kind, {})[attrs.get("Id")] = target
            else:
                found.setdefault(kind, []).append(target)
        return found

    def _elements(self, part, *names):
        """The elements with these names of a small part: ``(name, attributes)``."""
        found = []

        def start(name, attrs):
            if name in names:
                found.append((name, attrs))
                if len(found) > MAX_SMALL:
                    raise ImportFileError("unreadable")

        reader = _Reader()
        reader.start = start
        deque(self._parse(part, reader, PART_SIZE), maxlen=0)
        return found

    def _texts(self):
        """The texts that cells refer to by number."""
        texts = []
        for part in self._related.get("sharedStrings", [])[:1]:
            reader = _TextsReader(self._max_cell)
            deque(self._parse(part, reader, TEXTS_SIZE), maxlen=0)
            texts = reader.texts
        return texts

    def _formats(self):
        """What each cell style shows: "date", "datetime", "time" or ``None``; and the
        number format of each that the file itself has, or ``None``. What a currency of
        Excel's own formats is depends on the country of whoever looks at it."""
        custom, codes, styles, inside = {}, {}, [], False
        for part in self._related.get("styles", [])[:1]:
            for name, attrs in self._elements(part, "numFmt", "xf", *_STYLES):
                if name == "numFmt":
                    code = attrs.get("formatCode", "")
                    codes[attrs.get("numFmtId")] = code[:MAX_CODE]
                    custom[attrs.get("numFmtId")] = code.lower()
                elif name in _STYLES:
                    inside = name == "cellXfs"
                elif name == "xf" and inside:
                    styles.append(attrs.get("numFmtId", "0"))
        known = dict.fromkeys(_EAST_ASIAN_DAYS, "yyyy-mm-dd") | BUILTIN_FORMATS
        for number, code in known.items():
            custom.setdefault(str(number), code.lower())
        shown = [is_datetime(custom.get(number, "general")) for number in styles]
        codes.update({"9": "0%", "10": "0.00%"})
        return shown, [codes.get(number) for number in styles]

    def _parse(self, part, reader, size):
        """Have a part read; stop now and then, for what was read to be taken.

        :param int size: megabytes that it may have, unpacked
        :raise ImportFileError: ``unreadable`` or ``too_large``
        """
        info = self._sizes.get(part)
        if info is None:
            raise ImportFileError("unreadable")
        if info.file_size > size * MEGABYTE:
            raise ImportFileError("too_large", limit=size)
        parser = reader.parser(self._limits)
        done = 0
        try:
            # no more is unpacked than the size that was looked at
            with self._zip.open(info) as file:
                while chunk := file.read(CHUNK):
                    parser.Parse(chunk, False)
                    done += len(chunk)
                    self._limits.check_unpacked(done)
                    # a tag without end is read again with every chunk
                    if done - parser.CurrentByteIndex > 16 * CHUNK:
                        raise ImportFileError("unreadable")
                    yield
                parser.Parse(b"", True)
                yield
        except ImportFileError:
            raise
        except (
            expat.ExpatError,
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,  # a compression that Python does not know
            RuntimeError,  # a password
            LookupError,  # an encoding that nobody knows, a text that is not there
            ValueError,  # no number where one must be
            ArithmeticError,
        ) as error:
            raise ImportFileError("unreadable") from error


class _Reader:
    """Takes the elements of a part as they come; names without their namespace."""

    def parser(self, limits):
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self._on_doctype
        self._depth = self._count = 0
        self._limits, self._most = limits, limits.elements
        return parser

    def _on_doctype(self, *args):
        # entities of entities: no workbook has any
        raise ImportFileError("unreadable")

    def _on_start(self, name, attrs):
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise ImportFileError("unreadable")
        if self._count > self._most:
            self._limits.check_elements(self._count)
        self.start(name.rpartition(" ")[2], attrs)

    def _on_end(self, name):
        self._depth -= 1
        self.end(name.rpartition(" ")[2])

    def start(self, name, attrs):
        pass

    def end(self, name):
        pass

    def text(self, data):
        pass


class _CellTextReader(_Reader):
    """Knows the texts that are a cell's, and how long one may be."""

    def __init__(self, max_cell):
        self._max_cell = max_cell
        self._row = 0
        self._take, self._spoken = False, 0
        self._known = {}
        self._clear()

    def _clear(self):
        self._pieces, self._length = [], 0

    def _once(self, value):
        """The value, or the same one of before: a million ones are one."""
        # True is equal to the number 1, and so is what is shown as 001
        if isinstance(value, bool | ShownNumber | BadCell):
            return value
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        return self._known.setdefault(value, value)

    def _on_text_start(self, name):
        if name == "rPh":  # how it is spoken, not what is written
            self._spoken += 1
        elif name in ("t", "v"):
            self._take = not self._spoken

    def _on_text_end(self, name):
        if name == "rPh":
            self._spoken -= 1
        elif name in ("t", "v"):
            self._take = False

    def text(self, data):
        if not self._take:
            return
        self._pieces.append(data)
        self._length += len(data)
        if self._length > self._max_cell:
            raise ImportFileError(
                "cell_too_long", limit=self._max_cell, row=self._row or 1
            )


class _TextsReader(_CellTextReader):
    def __init__(self, max_cell):
        super().__init__(max_cell)
        self.texts = []

    def start(self, name, attrs):
        self._on_text_start(name)
        if name == "si":
            self._clear()

    def end(self, name):
        self._on_text_end(name)
        if name == "si":
            self.texts.append(self._once(_text("".join(self._pieces))))


class _SheetReader(_CellTextReader):
    """
    :ivar deque rows: those that are complete and were not taken yet
    """

    def __init__(self, texts, formats, codes, epoch, max_cell):
        super().__init__(max_cell)
        self.rows = deque()
        self._texts, self._formats, self._epoch = texts, formats, epoch
        self._codes = codes
        self._row = self._column = 0
        self._cells = {}
        self._attrs = {}

    def start(self, name, attrs):
        self._on_text_start(name)
        if name == "c":
            self._start_cell(attrs)
        elif name == "f":
            self._formula = True
        elif name == "row":
            # they come in order; one without number is the next
            number = int(attrs.get("r") or self._row + 1)
            if not self._row < number <= SHEET_ROWS:
                raise ImportFileError("unreadable")
            self._row, self._column, self._cells = number, 0, {}

    def _start_cell(self, attrs):
        self._clear()
        self._attrs, self._formula = attrs, False
        self._column += 1
        if reference := attrs.get("r"):
            match = _REFERENCE.fullmatch(reference)
            self._column = 0
            for letter in match[1] if match else "":
                self._column = self._column * 26 + ord(letter) - 64
        if not 0 < self._column <= SHEET_COLUMNS:
            raise ImportFileError("unreadable")

    def end(self, name):
        self._on_text_end(name)
        if name == "c":
            value = self._get_value("".join(self._pieces))
            if value is not None and value != "":
                self._cells[self._column] = self._once(value)
        elif name == "row":
            self.rows.append((self._row, self._cells))

    def _get_value(self, raw):
        """The cell: str, date, datetime, Decimal, bool, BadCell or ``None``."""
        kind = self._attrs.get("t", "n")
        if kind in ("inlineStr", "str"):
            return _text(raw)
        raw = raw.strip()
        if not raw:
            if self._formula:
                return self._get_bad("=", "formula")
            return None
        if kind == "s":
            return self._texts[int(raw)]
        if kind == "b":
            return raw in ("1", "true")
        if kind == "e":
            return self._get_bad(raw, "error_cell", value=raw)
        style = int(self._attrs.get("s") or 0)
        shown = self._formats[style] if style < len(self._formats) else None
        if kind == "d":
            return _moment(from_ISO8601(raw), shown) or raw
        code = self._codes[style] if style < len(self._codes) else None
        return self._get_number(raw, shown, code)

    def _get_bad(self, text, error, **params):
        cell = BadCell(text)
        cell.error = ImportFileError(error, cell=self._get_name(), **params)
        return cell

    def _get_number(self, raw, shown, code):
        number = Decimal(raw)
        if not number.is_finite() or abs(number.adjusted()) > 308:
            raise ImportFileError("unreadable")
        if shown:
            try:
                moment = from_excel(float(number), self._epoch)
            except OverflowError:
                moment = None  # no day of the calendar; shown as "###"
            if moment := _moment(moment, shown):
                return moment
        # the digits that a spreadsheet has of a number, and shows
        number = Decimal(f"{number:.15g}")
        whole = number == number.to_integral_value()
        number = Decimal(int(number)) if whole else number
        return as_shown(number, code) if code else number

    def _get_name(self):
        return f"{column_letters(self._column)}{self._row}"


def _moment(moment, shown):
    """What a cell shows of a point in time; ``None`` when it is none."""
    if isinstance(moment, datetime):
        return moment.date() if shown == "date" else moment
    if isinstance(moment, time):
        return moment.isoformat() if shown == "time" else None
    return moment if isinstance(moment, date) else None


def _relation_id(attrs):
    """The ``r:id`` of an element, whichever of the two namespaces it is in."""
    for name, value in attrs.items():
        if name.endswith("/relationships id"):
            return value
    return None


def _text(raw):
    """Text as it was typed, without what cannot be stored."""
    if "_x" in raw:
        raw = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), raw)
    return clean(raw)


def column_letters(column):
    """The letters of a column as spreadsheets show them: 1 is "A", 27 "AA"."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
