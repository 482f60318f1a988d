"""Documents of a bill: which there are, what they say, who may print them (KB-69)."""

from itertools import product

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import html2plaintext

from ..tools.bill_rules import DOCUMENTS, STATES, document_refusal
from .common import BillingCommon

EVIL = "<script>steal()</script><b onclick=x()>bold</b>"


class DocumentCommon(BillingCommon):
    def html(self, report, records):
        """What is printed, as HTML: tests run without a server for wkhtmltopdf."""
        report = f"kavi_billing.action_report_{report}"
        content, __ = records.env["ir.actions.report"]._render_qweb_html(
            report, records.ids
        )
        return content.decode()

    def text(self, report, records):
        """The words on the paper, one space between them."""
        text = html2plaintext(self.html(report, records))
        return " ".join(text.replace("\xa0", " ").replace("*", "").split())

    def assertSays(self, text, *words):
        for word in words:
            self.assertIn(word, text)

    def assertSilent(self, text, *words):
        for word in words:
            self.assertNotIn(word, text)


@tagged("post_install", "-at_install")
class TestBillDocuments(DocumentCommon):
    def test_table_of_documents(self):
        """Every document in every state, paid or not, credited or not: one table."""
        for document, state, is_paid, has_note in product(
            DOCUMENTS, STATES, (False, True), (False, True)
        ):
            needs = {"invoice": True, "receipt": is_paid, "credit_note": has_note}
            exists = document == "invoice" or (state != "draft" and needs[document])
            reason = document_refusal(document, state, is_paid, has_note)
            self.assertEqual(not reason, exists, (document, state, is_paid, has_note))

    def test_invoice_of_a_new_bill(self):
        """All that the payer needs is on it."""
        kind = self.env["kavi.bill.kind"].create(
            {"name": "Fees", "invoice_text": "<p>Ask the treasurer.</p>"}
        )
        self.wire.instructions = "<p>To the Demo Bank.</p>"
        bill = self.issued(
            120,
            title="Membership 2026",
            description="<p>The whole year.</p>",
            purchase_order="PO-77",
            kind_id=kind.id,
            bill_date="2026-03-01",
        )
        with self.at("2026-03-02 12:00"):
            text = self.text("bill_invoice", bill)
        self.assertSays(
            text,
            f"Invoice {bill.sudo().invoice_id.name}",
            f"Bill ID {bill.name}",
            "Kavi Tests Ltd",
            "Acme Ltd",
            "Membership 2026",
            "The whole year.",
            "03/01/2026",
            "03/31/2026",
            "PO-77",
            "Total $ 120.00",
            "Due $ 120.00",
            "Ask the treasurer.",
            "Check",
            "To the Demo Bank.",
        )
        self.assertSilent(text, "Paid", "Overdue", "Quantity", "Taxes", "schedule")

    def test_lines_and_taxes(self):
        tax = self.env["account.tax"].create(
            {
                "name": "VAT 20",
                "amount": 20,
                "type_tax_use": "sale",
                "company_id": self.company.id,
            }
        )
        lines = [
            {"name": "Seat", "quantity": 3, "price_unit": 50},
            {"name": "Lunch", "quantity": 1.5, "price_unit": 10},
        ]
        bill = self.draft(
            line_ids=[
                Command.create({**line, "tax_ids": [Command.set(tax.ids)]})
                for line in lines
            ]
        )
        says = (
            "Seat 3 $ 50.00 VAT 20 $ 150.00",
            "Lunch 1.50 $ 10.00 VAT 20 $ 15.00",
            "Untaxed $ 165.00",
            "$ 33.00",
            "Total $ 198.00",
        )
        text = self.text("bill_invoice", bill)
        self.assertSays(text, "Invoice Draft", *says)
        self.assertSilent(text, "Due $")
        bill.action_issue()
        text = self.text("bill_invoice", bill)
        self.assertSays(text, *says, "Due $ 198.00")

    def test_receipt_of_parts(self):
        """Date, method, number and amount of each payment; what is still due."""
        bill = self.issued(100, bill_date="2026-03-01")
        with self.refused("no receipt"):
            bill.action_print_receipt()
        with self.at("2026-03-10 12:00"):
            self.pay(bill, amount=40, payment_number="1093")
        with self.at("2026-03-12 12:00"):
            self.pay(bill, self.wire, amount=25)
            text = self.text("bill_receipt", bill)
        self.assertSays(
            text,
            f"Receipt {bill.name}",
            "03/10/2026 Check 1093 $ 40.00",
            "03/12/2026 Wire Transfer $ 25.00",
            "Total of the bill $ 100.00",
            "Received $ 65.00",
            "Due $ 35.00",
            "Partly Paid",
        )

    def test_refunded(self):
        kind = self.env["kavi.bill.kind"].create(
            {"name": "Fees", "receipt_text": "<p>Thank you.</p>"}
        )
        bill = self.issued(100, kind_id=kind.id)
        self.pay(bill)
        self.give_back(bill, 30)
        text = self.text("bill_receipt", bill)
        self.assertSays(
            text,
            "Refunded",
            "Refund",
            "\N{MINUS SIGN}$ 30.00",
            "Retained $ 70.00",
            "Due $ 0.00",
            "Thank you.",
        )

    def test_payment_that_bounced_is_not_on_it(self):
        bill = self.issued(100)
        self.pay(bill)
        self.bounce(bill)
        with self.refused("no receipt"):
            bill.action_print_receipt()
        self.assertSilent(self.text("bill_invoice", bill), "Payments", "Paid")

    def test_one_payment_of_two_instalments(self):
        """Is one row of the receipt, and fills the schedule from its start."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": 30}
                    ),
                ],
            }
        )
        bill = self.issued(100, payment_term_id=term.id, bill_date="2026-03-01")
        self.assertSays(
            self.text("bill_invoice", bill),
            "Payment schedule",
            "03/01/2026 $ 50.00 $ 50.00",
            "03/31/2026 $ 50.00 $ 50.00",
        )
        self.pay(bill, amount=70)
        self.assertSays(
            self.text("bill_invoice", bill),
            "03/01/2026 $ 50.00 Paid",
            "03/31/2026 $ 50.00 $ 30.00",
        )
        self.assertSays(self.text("bill_receipt", bill), "Check $ 70.00")

    def test_surcharge(self):
        """Its own line: expected once the method is chosen, then as it was booked."""
        self.check.surcharge_fixed = 5
        bill = self.issued(100)
        self.choose(bill)
        text = self.text("bill_invoice", bill)
        self.assertSays(text, "Surcharge", "$ 5.00", "Total $ 105.00", "Due $ 105.00")
        self.pay(bill)
        text = self.text("bill_invoice", bill)
        self.assertSays(text, "$ 5.00", "Total $ 105.00", "Due $ 0.00")
        self.assertSays(self.text("bill_receipt", bill), "Received $ 105.00")

    def test_surcharge_of_the_methods_offered(self):
        """Who pays from the paper has to know what each method costs."""
        self.wire.surcharge_percent = 2
        bill = self.issued(100)
        text = self.text("bill_invoice", bill)
        self.assertSays(text, "$ 2.00 surcharge, $ 102.00 in all")
        self.choose(bill, self.wire)
        text = self.text("bill_invoice", bill)
        self.assertSays(text, "Surcharge: Wire Transfer $ 2.00", "Due $ 102.00")
        self.assertSilent(text, "in all")

    def test_marks(self):
        """One word says what became of it."""
        bill = self.issued(bill_date="2026-03-01")
        with self.at("2026-05-01 12:00"):
            bill.invalidate_recordset(["is_overdue"])
            self.assertSays(self.text("bill_invoice", bill), "Overdue")
        self.cancel(bill)
        text = self.text("bill_invoice", bill)
        self.assertSays(text, "Canceled", "Due $ 0.00")
        self.assertSilent(text, "Overdue", "How to pay")
        with self.refused("no receipt"):
            bill.action_print_receipt()

    def test_many_at_once(self):
        """Of many bills, those that have a receipt; an error only if none has."""
        paid, unpaid = self.issued(), self.issued()
        self.pay(paid)
        action = (paid | unpaid).action_print_receipt()
        self.assertEqual(action["context"]["active_ids"], paid.ids)
        action = (paid | unpaid).action_print_invoice()
        self.assertEqual(action["context"]["active_ids"], (paid | unpaid).ids)
        text = self.text("bill_receipt", paid | unpaid)
        self.assertSays(text, paid.name)
        self.assertSilent(text, unpaid.name)

    def test_language_of_the_account(self):
        """Dates and amounts as its reader writes them, whoever prints it."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.account.lang = "fr_FR"
        bill = self.issued(1234.5, bill_date="2026-03-21")
        html = self.html("bill_invoice", bill)
        self.assertSays(html, 'data-oe-lang="fr_FR"')
        self.assertSays(self.text("bill_invoice", bill), "21/03/2026", "234,50")
        self.account.lang = "en_US"
        self.assertSays(self.text("bill_invoice", bill), "03/21/2026", "1,234.50")

    def test_text_that_would_be_code(self):
        """KB-42: what an officer or payer types is text on paper, not code."""
        kind = self.env["kavi.bill.kind"].create(
            {"name": EVIL, "invoice_text": EVIL, "receipt_text": EVIL}
        )
        self.check.instructions = EVIL
        self.account.name = f"Acme {EVIL}"
        self.account.street = EVIL
        bill = self.issued(
            title=EVIL,
            description=EVIL,
            purchase_order=EVIL,
            invoice_number=EVIL,
            kind_id=kind.id,
        )
        self.pay(bill, payment_number=EVIL, amount=5)
        for report in ("bill_invoice", "bill_receipt"):
            html = self.html(report, bill)
            self.assertSilent(html, "<script>steal", "onclick=x()>", 'onclick="x()"')
            self.assertSays(html, "&lt;script&gt;steal")

    def test_access(self):
        """Who may not see a bill may not print it."""
        bill = self.issued()
        self.pay(bill)
        for role in ("user", "officer", "administrator", "accountant"):
            here = bill.with_user(self.users[role])
            self.assertSays(self.text("bill_receipt", here), "Received $ 100.00")
        stranger = self._new_user("stranger", "base.group_user")
        for report in ("bill_invoice", "bill_receipt"):
            with self.assertRaises(AccessError):
                self.html(report, bill.with_user(stranger))
        with self.assertRaises(AccessError):
            bill.with_user(stranger)._get_document_pdf("invoice")
        there = self._new_company("Kavi Abroad")
        elsewhere = bill.with_user(self.officer).with_context(
            allowed_company_ids=there.ids
        )
        with self.assertRaises(AccessError):
            self.html("bill_invoice", elsewhere)

    def test_name_of_the_file(self):
        self.company.billing_id_template = "B/$counter"
        bill = self.issued()
        self.pay(bill)
        content, name = bill._get_document_pdf("receipt")
        self.assertEqual(name, f"Receipt {bill.name.replace('/', '-')}.pdf")
        self.assertIn(bill.name.encode(), content)
        self.assertEqual(self.draft()._get_document_name("invoice"), "Invoice Draft")
        with self.refused("no receipt"):
            self.issued()._get_document_pdf("receipt")
        with self.refused("before it is issued"):
            self.draft()._get_document_pdf("receipt")
