"""The files of an export, whatever is in them: no ORM is needed (BB-16, BB-21)."""

import csv
import io
from datetime import date, datetime

import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from openpyxl import load_workbook

from odoo.tests import TransactionCase, tagged
from odoo.tools import file_open

from odoo.addons.kavi_billing.tools.text import base36, clean

from ..formats.qbxml import write_qbxml
from ..formats.tables import COLUMNS, NAMESPACE, write_csv, write_xlsx, write_xml

UUID = "6f1c2a5e-0d0b-5c57-9d6a-0242ac11000%s"
KINDS = ("invoice", "credit_note", "payment", "refund", "reversal")
# what has broken files of others, or been run by a spreadsheet
NASTY = [
    '=HYPERLINK("http://evil.example";"x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n =1",
    "＝1",
    "]]></memo><memo>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;",
    "&lt;b&gt; & <b>",
    "\x00\x01\x08\x0b\x1f\x7f\x85\ufffe\uffff",
    "\ud800 half of a pair",
    "x" * 200_000,
    'a;b,c"d\n"e"\r\nf',
    "\u202eright to left \U0001f4b6",
    "?xml",
    "1 no name",
    "xmlns:x",
    "",
    " ",
    "\u2028",
]
TEXT = st.one_of(st.text(), st.sampled_from(NASTY))


def document(text="x", kind="invoice", number=1):
    """A document, all of whose texts are ``text``."""
    sign = 1 if kind in ("invoice", "refund", "reversal") else -1
    sale = kind in ("invoice", "credit_note")
    return {
        "id": UUID % number,
        "kind": kind,
        "number": text,
        "reference": f"~{number}",
        "bill_id": text,
        "date": date(2026, 1, 2),
        "due_date": date(2026, 2, 1) if kind == "invoice" else None,
        "currency": "USD",
        "decimals": 2,
        "amount": 100.1,
        "side": "debit" if sign > 0 else "credit",
        "memo": text,
        "purchase_order": text,
        "payment_method": text,
        "payment_number": text,
        "account": {
            "id": 7,
            "name": text,
            "email": text,
            "vat": text,
            "reference": text,
        },
        "applied": [{"id": UUID % 9, "number": text, "amount": 5}],
        "entries": [
            {
                "type": "receivable",
                "account": text,
                "name": text,
                "item": "",
                "quantity": None,
                "text": text,
                "amount": sign * 100.1,
            },
            {
                "type": "product" if sale else "money",
                "account": text,
                "name": text,
                "item": text,
                "quantity": 0.0000001,
                "text": text,
                "amount": sign * -100.1,
            },
        ],
    }


def header(documents, company="Kavi"):
    return {
        "id": 1,
        "company": company,
        "created": datetime(2026, 1, 2, 3, 4, 5),
        "date_from": None,
        "date_to": date(2026, 1, 2),
        "totals": [
            {
                "kind": "invoice",
                "currency": "USD",
                "decimals": 2,
                "count": len(documents) or 1,
                "amount": 100.1 * len(documents),
            }
        ],
    }


def load_schema():
    with file_open("kavi_billing_export/static/xsd/kavi_export_1.xsd", "rb") as file:
        return etree.XMLSchema(etree.parse(file))


@tagged("post_install", "-at_install")
class TestExportFormats(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema = load_schema()

    def files(self, text):
        documents = [document(text, kind, n) for n, kind in enumerate(KINDS, 1)]
        head = header(documents, company=text)
        return documents, head

    def check_xml(self, text):
        documents, head = self.files(text)
        data = write_xml(head, documents)
        tree = etree.fromstring(data)
        self.schema.assertValid(tree)
        found = tree.findall(f".//{{{NAMESPACE}}}document")
        self.assertEqual([doc.get("id") for doc in found], [d["id"] for d in documents])
        for doc in found:
            memo = doc.findtext(f"{{{NAMESPACE}}}memo")
            if len(clean(text)) <= 4000:
                self.assertEqual(memo or "", clean(text))
        self.assertEqual(data, write_xml(head, documents))

    def check_qbxml(self, text):
        documents, head = self.files(text)
        body = xmltodict.parse(write_qbxml(head, documents))["QBXML"]["QBXMLMsgsRq"]
        self.assertEqual(
            list(body),
            [
                "@onError",
                "InvoiceAddRq",
                "CreditMemoAddRq",
                "ReceivePaymentAddRq",
                "JournalEntryAddRq",
            ],
        )
        invoice = body["InvoiceAddRq"]["InvoiceAdd"]
        self.assertLessEqual(len(invoice["RefNumber"]), 11)
        self.assertTrue(invoice["CustomerRef"]["FullName"])
        for name in (
            invoice["CustomerRef"]["FullName"],
            invoice["InvoiceLineAdd"]["ItemRef"]["FullName"],
        ):
            self.assertLessEqual(len(name), 41)
            self.assertNotIn(":", name)

    def check_csv(self, text):
        documents, head = self.files(text)
        data = write_csv(head, documents).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(data, newline="")))
        self.assertEqual(len(rows), len(documents) + 1)
        for row in rows:
            self.assertEqual(len(row), len(COLUMNS))
        for row in rows[1:]:
            for cell in row:
                # a spreadsheet passes over blanks when it looks for a formula
                self.assertFalse(
                    cell.lstrip(" \n\t\r").startswith(("=", "+", "-", "@", "＝"))
                )

    def check_xlsx(self, text):
        documents, head = self.files(text)
        data = write_xlsx(head, documents)
        book = load_workbook(io.BytesIO(data))
        sheet = book["Documents"]
        self.assertEqual(sheet.max_row, len(documents) + 1)
        for row in sheet.iter_rows():
            for cell in row:
                self.assertNotEqual(cell.data_type, "f", cell.value)
        self.assertEqual(sheet.cell(2, 14).value, 100.1)
        self.assertEqual(data, write_xlsx(head, documents))

    def test_bad_input(self):
        """Control characters, entities, formulas and very long texts break no file."""
        for text in NASTY:
            with self.subTest(text=text[:40]):
                self.check_xml(text)
                self.check_qbxml(text)
                self.check_csv(text)
                self.check_xlsx(text)

    @given(TEXT)
    def test_property_any_text(self, text):
        self.check_xml(text)
        self.check_qbxml(text)
        self.check_csv(text)

    def test_bad_input_other_separator(self):
        """A file of commas, opened where semicolons separate: no formula there."""
        documents, head = self.files("x;=1+1")
        data = write_csv(head, documents).decode("utf-8-sig")
        for row in csv.reader(io.StringIO(data, newline=""), delimiter=";"):
            self.assertFalse([cell for cell in row if cell.startswith("=")])
        self.assertIn("x;'=1+1", data)

    @given(st.integers(min_value=1, max_value=2**31 - 1))
    def test_property_code(self, number):
        """A code for each entry there can be, short enough for QuickBooks."""
        self.assertEqual(int(base36(number), 36), number)
        self.assertLessEqual(len(base36(number)), 10)

    def test_empty(self):
        """Nothing exported is a file all the same."""
        head = header([])
        self.schema.assertValid(etree.fromstring(write_xml(head, [])))
        self.assertEqual(write_csv(head, []).count(b"\r\n"), 1)

    def test_journal_entry(self):
        """A payment that wrote off a rest says so; the receivable is one, and first."""
        doc = document("Acme", "payment")
        whole, bank = doc["entries"]
        doc["entries"] = [
            {**bank, "amount": 98.0, "name": "Bank"},
            {**bank, "type": "other", "amount": 2.1, "name": "Rests"},
            {**whole, "amount": -60.1, "name": "Debtors"},
            {**whole, "amount": -40.0, "name": "Debtors"},
        ]
        body = xmltodict.parse(write_qbxml(header([doc]), [doc]))["QBXML"]
        entry = body["QBXMLMsgsRq"]["JournalEntryAddRq"]["JournalEntryAdd"]
        self.assertEqual(
            list(entry)[-2:], ["JournalCreditLine", "JournalDebitLine"], "the order"
        )
        credit, debits = entry["JournalCreditLine"], entry["JournalDebitLine"]
        self.assertEqual(credit["Amount"], "100.10")
        self.assertEqual(credit["EntityRef"]["FullName"], "Acme")
        self.assertEqual([line["Amount"] for line in debits], ["98.00", "2.10"])
