"""Files that were made to cost much: little that unpacks to much, rows and cells that
no program writes. Each with the codes it may be refused with; "" when it may be read.
"""

import io
import zipfile

from .reader_common import MEGABYTE, repacked, sheet_xml, xlsx

MAIN = b' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RUN = b"<r><t>ab</t></r>"
INLINE = b'<c t="inlineStr"><is><t>%s</t></is></c>'


def _book(rows=b"", **parts):
    return repacked(xlsx([["a"]]), sheet1=sheet_xml(rows), **parts)


def _styles(content):
    return b"<styleSheet%s>%s</styleSheet>" % (MAIN, content)


def _texts(content):
    return b"<sst%s>%s</sst>" % (MAIN, content)


def _many_parts():
    file = io.BytesIO(xlsx([["a"]]))
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(40_000):
            archive.writestr(f"{number}", b"")
    return file.getvalue()


def _nested():
    """A workbook in a workbook in a workbook, each much of the same."""
    content = b"0" * 2 * MEGABYTE
    for __ in range(5):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{number}.xlsx", content)
        content = file.getvalue()
    return repacked(xlsx([["a"]]), sharedStrings=content, app=content)


def _overlapping():
    """Many entries that are all the same bytes of the file."""
    content = _book(b"<row><c><v>1</v></c></row>" * 10_000)
    head, entry = content.find(b"PK\x01\x02"), content.find(b"PK\x01\x02") + 4
    end = content.find(b"PK\x01\x02", entry)
    directory = content[head:end] * 2000
    tail = bytearray(content[content.rfind(b"PK\x05\x06") :])
    tail[8:12] = (2000).to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    return content[:head] + directory + bytes(tail)


def _laughs():
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    return laughs + b"<worksheet>&b;</worksheet>"


PACKED = ("too_packed", "too_many_cells", "too_large")
WIDE = b"".join(b"<c><v>%d</v></c>" % number for number in range(100, 300))
FAR = b'<row><c r="RH%d"><v>1</v></c></row>'
WORKBOOKS = {
    # a million numbers are few bytes when they are all the same
    "cells alike": (lambda: _book((b"<row>%s</row>" % (WIDE[:1700])) * 6_000), PACKED),
    "cells of 200 columns": (lambda: _book((b"<row>%s</row>" % WIDE) * 3_000), PACKED),
    "texts in cells": (
        lambda: _book(
            b"<row><c><v>1</v></c></row>"
            + (b"<row>%s</row>" % (INLINE % (b"x" * 90) * 20)) * 4_000
        ),
        PACKED,
    ),
    "long texts in cells": (
        lambda: _book((b"<row>%s</row>" % (INLINE % (b"x" * 32_000))) * 1500),
        PACKED,
    ),
    "letters of four bytes": (
        lambda: _book(
            (b"<row>%s</row>" % (INLINE % (b"x" * 32_000 + "\U0001f600".encode())))
            * 1500
        ),
        PACKED,
    ),
    "empty cells": (
        lambda: _book(b"<row>%s</row>" % (b"<c/>" * 10**6)),
        ("unreadable",),
    ),
    "empty rows": (lambda: _book(b"<row/>" * 300_000), (*PACKED, "no_headers")),
    "unknown elements": (lambda: _book(b"<row><c><x/></c></row>" * 300_000), PACKED),
    "one long text, shown often": (
        lambda: _book(
            b'<row><c t="s"><v>0</v></c></row>' * 90_000,
            sharedStrings=_texts(b"<si><t>%s</t></si>" % (b"y" * 99_000)),
        ),
        PACKED,
    ),
    "many short texts": (
        lambda: _book(sharedStrings=_texts(b"<si><t>ab</t></si>" * 500_000)),
        PACKED,
    ),
    "a text of many pieces": (
        lambda: _book(
            sharedStrings=_texts(b"<si>%s</si>" % (b"<r><t>ab</t></r>" * 10**6))
        ),
        (*PACKED, "cell_too_long"),
    ),
    "cells far out": (
        lambda: _book(
            b"<row>%s</row>" % b"".join(b"<c><v>%d</v></c>" % n for n in range(500))
            + b"".join(FAR % row for row in range(2, 40_000))
        ),
        PACKED,
    ),
    "the last cell": (
        lambda: _book(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        ("too_many_columns",),
    ),
    "rows far down": (
        lambda: _book(
            b"".join(
                b'<row r="%d"><c><v>1</v></c></row>' % row
                for row in range(1, 10**6, 500)
            )
        ),
        ("",),
    ),
    "many styles": (
        lambda: _book(styles=_styles(b"<cellXfs>%s</cellXfs>" % (b"<xf/>" * 200_000))),
        ("unreadable", *PACKED),
    ),
    "many elements in styles": (
        lambda: _book(styles=_styles(b"<font/>" * 300_000)),
        PACKED,
    ),
    "many sheets": (
        lambda: _book(
            workbook=b"<workbook%s>%s</workbook>"
            % (MAIN, b'<sheet name="a" id="1"/>' * 300_000)
        ),
        ("unreadable", *PACKED),
    ),
    "long attributes": (
        lambda: _book((b'<row x="%s"/>' % (b"y" * 900_000)) * 40),
        (*PACKED, "no_headers"),
    ),
    "many attributes": (
        lambda: _book(
            b"<row %s/>" % b" ".join(b'a%d="1"' % number for number in range(50_000))
        ),
        ("unreadable", "no_headers"),
    ),
    "figures without end": (
        lambda: _book(b"<row><c><v>%s</v></c></row>" % (b"9" * 90_000) * 20),
        ("unreadable",),
    ),
    "index without end": (
        lambda: _book(b'<row><c t="s"><v>%s</v></c></row>' % (b"9" * 90_000)),
        ("unreadable",),
    ),
    "many parts": (_many_parts, ("unreadable",)),
    "nested": (_nested, ("unreadable", "", *PACKED)),
    "overlapping": (_overlapping, ("unreadable", "format", "", *PACKED)),
    "laughs in a sheet": (
        lambda: repacked(xlsx([["a"]]), sheet1=_laughs()),
        ("unreadable",),
    ),
    "laughs in texts": (
        lambda: repacked(xlsx([["a"]]), sharedStrings=_laughs()),
        ("unreadable",),
    ),
}
ROWS = ("row_too_long", "cell_too_long", "quoting", "too_many_columns")
LETTER = "é".encode("cp1252")
TEXTS = {
    # where it is guessed how a file is written, each byte takes its time
    "long lines of unknown letters": (
        lambda: b"a,b\n" + (LETTER + b"x" * 64_000 + b",1\n") * 150,
        ("",),
    ),
    "short lines of unknown letters": (
        lambda: b"a,b\n" + (LETTER + b"x,1\n") * 90_000,
        ("",),
    ),
    "letters late in long lines": (
        lambda: b"a,b\n" + (b"x" * 64_000 + LETTER + b",1\n") * 150,
        ("",),
    ),
    "one line": (lambda: b"x" * 10 * MEGABYTE, ROWS),
    "one line of cells": (lambda: b"ab," * (10 * MEGABYTE // 3), ROWS),
    "one line of empty cells": (lambda: b"," * 10 * MEGABYTE, (*ROWS, "no_headers")),
    "one line of quotes": (lambda: b'"' * (10 * MEGABYTE + 1), ROWS),
    "one line of quoted quotes": (lambda: b'"""",' * 2 * MEGABYTE, ROWS),
    "one quote at the start": (lambda: b'a,b\n"' + b"1,2\n" * MEGABYTE, ROWS),
    "a quote in each row": (lambda: b"a,b\n" + b'1,"2\n' * 90_000, (*ROWS, "")),
    "one row of quoted lines": (lambda: b'"a\n",' * 2 * MEGABYTE, ROWS),
    "apostrophes": (lambda: b"a,b\n" + (b"1," + b"';" * 40_000 + b"\n") * 100, ("",)),
    "blanks": (lambda: b"a,b\n" + (b"1,x" + b" " * 90_000 + b"x\n") * 100, ("",)),
    "control characters": (
        lambda: b"a,b\n" + (b"1," + b"\x01" * 90_000 + b"\n") * 100,
        ("",),
    ),
    "NULs": (lambda: b"a,b\n" + b"\0" * 10 * MEGABYTE, ("format",)),
    "NULs of UTF-16": (
        lambda: "a,b\n".encode("utf-16") + b"\0" * 10 * MEGABYTE,
        (*ROWS, ""),
    ),
    "line breaks": (lambda: b"a,b\n" + b"\n" * 10 * MEGABYTE, ("too_many_rows",)),
    "carriage returns": (
        lambda: b"a,b\r" + b"\r" * 10 * MEGABYTE,
        ("too_many_rows",),
    ),
    "many headers, short rows": (
        lambda: b",".join(b"h%d" % n for n in range(500)) + b"\n" + b"1\n" * 99_000,
        ("too_many_cells",),
    ),
    "many cells": (
        lambda: (
            b",".join(b"h%d" % n for n in range(200))
            + b"\n"
            + (b"12," * 199 + b"1\n") * 40_000
        ),
        ("too_many_cells",),
    ),
}


def plain_csv(size):
    """An ordinary file of about this size."""
    row = b"B-%06d,Member %d,2026-01-31,%d.50,Paid\n"
    rows = (row % (n, n % 700, n % 900) for n in range(max(1, size // 38)))
    return b"bill_id,account,bill_date,total,bill_state\n" + b"".join(rows)


def plain_xlsx(size):
    rows = [
        [f"B-{n:06}", f"Member {n % 700}", n % 900 + 0.5, "Paid"]
        for n in range(max(1, size // 24))
    ]
    return xlsx([["bill_id", "account", "total", "bill_state"], *rows])
