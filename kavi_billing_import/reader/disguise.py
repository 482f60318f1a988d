"""Files under a wrong name: what they are, by their first bytes. Plain Python."""

_MARKS = (
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf\x27\x1c", "7Z"),
    (b"Rar!", "RAR"),
    (b"SQLite format 3\0", "SQLite"),
    (b"From: ", "e-mail"),
    (b"MIME-Version:", "e-mail"),
)
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta", b"<div")
# What else is packed like a workbook, by a name or text in its first part.
_PACKED = (
    (b"opendocument.spreadsheet", "ODS"),
    (b"opendocument", "OpenDocument"),
    (b"word/", "DOCX"),
    (b"ppt/", "PPTX"),
    (b"Index/Document.iwa", "Numbers"),
    (b"xl/workbook.bin", "XLSB"),
)


def recognize_disguise(content):
    """What a file is that is neither CSV nor XLSX, whatever its name says.

    :param bytes content: the file
    :return: str, as people call it; ``None`` when it may be CSV or XLSX
    """
    for mark, kind in _MARKS:
        if content.startswith(mark):
            return kind
    start = content[:4096]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start[2:].replace(b"\0", b"")
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<!--"):
        start = start.partition(b"-->")[2].lstrip()
    if start.startswith(_HTML):
        return "HTML"
    if start.startswith((b"<?xml", b"<!doctype")):
        return "HTML" if b"<html" in start else "XML"
    if start.startswith(b"<") and b">" in start.partition(b"\n")[0] + b"\n":
        if b",<" not in start and b";<" not in start and b"xmlns" in start:
            return "XML"
    if start.startswith((b'{"', b"[{", b"{\n", b"{\r\n", b"[\n")):
        return "JSON"
    return None


def recognize_packed(names, first):
    """What a packed file is that is no workbook of ours.

    :param names: of the files in it
    :param bytes first: the beginning of the packed file
    :return: str, or ``None``
    """
    listed = "\n".join(names).encode() + first
    for mark, kind in _PACKED:
        if mark in listed:
            return kind
    return None
