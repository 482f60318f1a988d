"""The files of an accounting export: CSV, XLSX and XML. Plain Python, no ORM.

Every writer takes ``header`` and ``documents`` and returns bytes; the same documents
give the same bytes. ``header`` is a dict: ``id``, ``company``, ``created``
(datetime, UTC), ``date_from`` and ``date_to`` (or None), ``totals`` (dicts: ``kind``,
``currency``, ``count``, ``amount``). A document is a dict:

* ``id`` (stays the same for ever), ``kind``, ``number``, ``reference`` (at most 11
  characters), ``bill_id``, ``date``, ``due_date``, ``currency``, ``decimals``,
  ``amount`` (never negative), ``side`` ("debit": the account owes more), ``memo``,
  ``purchase_order``, ``payment_method``, ``payment_number``
* ``account``: dict of ``id``, ``name``, ``email``, ``vat``, ``reference``
* ``applied``: what it was matched with by then: dicts of ``id``, ``number``, ``amount``
* ``entries``: its journal items: dicts of ``account``, ``name``, ``type``
  ("receivable", "money", "product", "tax" or "other"), ``item``, ``quantity``, ``text``
  and ``amount`` (positive is a debit); they add up to zero
"""

import csv
import io

import xlsxwriter
import xmltodict

from odoo.addons.kavi_billing.tools.text import clean, for_spreadsheet, one_line

NAMESPACE = "urn:kavi-billing:accounting-export:1"
SHORT, LONG = 200, 4000
# What Excel keeps of a cell.
CELL = 32_000

# Header, and where the value is in a document; amounts and dates are no text.
COLUMNS = (
    ("document_id", lambda doc: doc["id"]),
    ("kind", lambda doc: doc["kind"]),
    ("number", lambda doc: doc["number"]),
    ("reference", lambda doc: doc["reference"]),
    ("bill_id", lambda doc: doc["bill_id"]),
    ("date", lambda doc: doc["date"]),
    ("due_date", lambda doc: doc["due_date"]),
    ("account_id", lambda doc: doc["account"]["id"]),
    ("account", lambda doc: doc["account"]["name"]),
    ("account_reference", lambda doc: doc["account"]["reference"]),
    ("email", lambda doc: doc["account"]["email"]),
    ("vat", lambda doc: doc["account"]["vat"]),
    ("currency", lambda doc: doc["currency"]),
    ("debit", lambda doc: doc["amount"] if doc["side"] == "debit" else None),
    ("credit", lambda doc: doc["amount"] if doc["side"] == "credit" else None),
    ("payment_type", lambda doc: doc["payment_method"]),
    ("payment_number", lambda doc: doc["payment_number"]),
    ("purchase_order", lambda doc: doc["purchase_order"]),
    ("memo", lambda doc: doc["memo"]),
)
AMOUNTS = ("debit", "credit")


def money(amount, decimals):
    """An amount as all formats write it: a point, no separators, never "-0.00"."""
    return f"{amount or 0.0:.{decimals}f}"


def write_csv(header, documents):
    """One row a document; UTF-8 with the mark by which Excel knows it."""
    stream = io.StringIO()
    rows = csv.writer(stream, lineterminator="\r\n")
    rows.writerow([name for name, __ in COLUMNS])
    for doc in documents:
        rows.writerow(_csv_cell(name, get(doc), doc) for name, get in COLUMNS)
    return stream.getvalue().encode("utf-8-sig")


def _csv_cell(name, value, doc):
    if value is None or value is False:
        return ""
    if name in AMOUNTS:
        return money(value, doc["decimals"])
    return for_spreadsheet(str(value), CELL)


def write_xlsx(header, documents):
    """A sheet of documents and one of totals; every text is a text, no formula."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    book.set_properties({"created": header["created"]})
    bold = book.add_format({"bold": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    formats = {
        decimals: book.add_format({"num_format": f"0.{'0' * decimals}".rstrip(".")})
        for decimals in {row["decimals"] for row in (*documents, *header["totals"])}
    }
    sheet = book.add_worksheet("Documents")
    for column, (name, __) in enumerate(COLUMNS):
        sheet.write_string(0, column, name, bold)
    sheet.set_column(0, len(COLUMNS) - 1, 16)
    sheet.freeze_panes(1, 0)
    for row, doc in enumerate(documents, 1):
        for column, (name, get) in enumerate(COLUMNS):
            value = get(doc)
            if value is None or value is False:
                continue
            if name in AMOUNTS:
                sheet.write_number(row, column, value, formats[doc["decimals"]])
            elif name in ("date", "due_date"):
                sheet.write_datetime(row, column, value, day)
            else:
                sheet.write_string(row, column, clean(str(value), CELL))
    sheet = book.add_worksheet("Totals")
    for column, name in enumerate(("kind", "currency", "count", "amount")):
        sheet.write_string(0, column, name, bold)
    for row, total in enumerate(header["totals"], 1):
        sheet.write_string(row, 0, total["kind"])
        sheet.write_string(row, 1, total["currency"])
        sheet.write_number(row, 2, total["count"])
        sheet.write_number(row, 3, total["amount"], formats[total["decimals"]])
    book.close()
    return stream.getvalue()


def write_xml(header, documents):
    """The whole of every document, as static/xsd/kavi_export_1.xsd describes it."""
    root = {
        "@xmlns": NAMESPACE,
        "@id": header["id"],
        "@created": header["created"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        **_some({"company": one_line(header["company"], SHORT)}),
        **_some({"from": header["date_from"], "to": header["date_to"]}),
        "totals": {
            "total": [
                {
                    "@kind": total["kind"],
                    "@currency": total["currency"],
                    "@count": str(total["count"]),
                    "#text": money(total["amount"], total["decimals"]),
                }
                for total in header["totals"]
            ]
        },
        "documents": {"document": [_xml_document(doc) for doc in documents]},
    }
    return xmltodict.unparse({"export": root}, pretty=True, indent=" ").encode()


def _xml_document(doc):
    account, decimals = doc["account"], doc["decimals"]
    return {
        "@id": doc["id"],
        "@kind": doc["kind"],
        "number": one_line(doc["number"], SHORT),
        "reference": doc["reference"],
        **_some({"billId": one_line(doc["bill_id"], SHORT)}),
        "date": str(doc["date"]),
        **_some({"dueDate": doc["due_date"]}),
        "account": {
            "@id": str(account["id"]),
            "name": one_line(account["name"], SHORT),
            **_some(
                {
                    key: one_line(account[key], SHORT)
                    for key in ("email", "vat", "reference")
                }
            ),
        },
        "amount": {
            "@currency": doc["currency"],
            "@side": doc["side"],
            "#text": money(doc["amount"], decimals),
        },
        **_some(
            {
                "paymentMethod": one_line(doc["payment_method"], SHORT),
                "paymentNumber": one_line(doc["payment_number"], SHORT),
                "purchaseOrder": one_line(doc["purchase_order"], SHORT),
                "memo": clean(doc["memo"], LONG),
            }
        ),
        **_some(
            {
                "applied": [
                    {
                        "@document": match["id"],
                        "@number": one_line(match["number"], SHORT),
                        "#text": money(match["amount"], decimals),
                    }
                    for match in doc["applied"]
                ]
            }
        ),
        "entry": [
            {
                "@type": entry["type"],
                "@account": one_line(entry["account"], SHORT),
                "@name": one_line(entry["name"], SHORT),
                **_some({"@item": one_line(entry["item"], SHORT)}),
                **_some(
                    {"@quantity": entry["quantity"] and f"{entry['quantity']:.6f}"}
                ),
                "@amount": money(entry["amount"], decimals),
                "#text": clean(entry["text"], LONG),
            }
            for entry in doc["entries"]
        ],
    }


def _some(values):
    """Only what there is: an empty element says less than none.

    Lists, of elements that repeat, stay lists.
    """
    return {
        key: value if isinstance(value, list) else str(value)
        for key, value in values.items()
        if value
    }
