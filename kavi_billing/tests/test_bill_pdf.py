"""Documents on paper: printed one by one, with page numbers (KB-69)."""

import io

from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools.pdf import PdfFileReader, PdfFileWriter

from .test_bill_documents import DocumentCommon


@tagged("post_install", "-at_install")
class TestPdf(DocumentCommon, HttpCase):
    """Printed with their styles, which wkhtmltopdf gets from the server."""

    def pdf(self, report, records):
        report = f"kavi_billing.action_report_{report}"
        content, kind = (
            records.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf(report, records.ids)
        )
        self.assertEqual(kind, "pdf")
        return PdfFileReader(io.BytesIO(content))

    def _blank(self, pages):
        writer, stream = PdfFileWriter(), io.BytesIO()
        for __ in range(pages):
            writer.addBlankPage(width=595, height=842)
        writer.write(stream)
        return stream

    def test_page_numbers(self):
        """On each page of each document, counted anew; what has letters that the
        standard fonts lack, in figures."""
        Report = self.env["ir.actions.report"]
        reader = PdfFileReader(Report._number_pages(self._blank(3)))
        texts = [reader.getPage(number).extract_text() for number in range(3)]
        self.assertEqual(
            [text.strip() for text in texts],
            [
                "Page 1 / 3",
                "Page 2 / 3",
                "Page 3 / 3",
            ],
        )
        page = reader.getPage(0)
        layer = Report._draw_page_number(page, "\u7b2c 1 \u9875", "1 / 3")
        self.assertEqual(layer.extract_text().strip(), "1 / 3")

    def test_ordinary_invoice_is_one_page(self):
        """Four instalments, a payment and three methods with instructions."""
        quarter = {"value": "percent", "value_amount": 25}
        term = self.env["account.payment.term"].create(
            {
                "name": "Four parts",
                "line_ids": [
                    Command.create({**quarter, "nb_days": days})
                    for days in (0, 30, 60, 90)
                ],
            }
        )
        (self.check | self.wire).instructions = "Please name the Bill ID. " * 5
        self.check.copy({"name": "Postal Order"})
        bill = self.issued(1200, payment_term_id=term.id)
        self.pay(bill, amount=450)
        self.assertGreaterEqual(len(bill._get_document_methods()), 3)
        self.assertEqual(self.pdf("bill_invoice", bill).getNumPages(), 1)

    def test_one_by_one(self):
        """The packaged wkhtmltopdf takes one document at a time: so do we, in the order
        asked for, each numbered by itself, and merged."""
        calls = []

        def run(report, bodies, **options):
            calls.append(len(bodies))
            return self._blank(len(calls)).getvalue()

        bills = self.issued() | self.issued() | self.issued()
        self.patch(type(self.env["ir.actions.report"]), "_run_wkhtmltopdf", run)
        reader = self.pdf("bill_invoice", bills)
        self.assertEqual(calls, [1, 1, 1])
        texts = [page.extract_text().strip() for page in reader.pages]
        self.assertEqual(
            texts,
            [
                "Page 1 / 1",
                "Page 1 / 2",
                "Page 2 / 2",
                "Page 1 / 3",
                "Page 2 / 3",
                "Page 3 / 3",
            ],
        )

    def test_no_header_and_footer(self):
        """All of it is in the body, or that wkhtmltopdf would drop it."""
        html = self.html("bill_invoice", self.issued())
        self.assertSilent(html, 'class="header', 'class="footer')
        self.assertSays(html, 'class="article kb"')

    def test_margins(self):
        """No room for headers and footers, whatever the company's paper; the pages of
        other reports are left alone."""
        formats = []

        def build(report, paper, landscape, specific_paperformat_args=None, **kwargs):
            formats.append(specific_paperformat_args or {})
            raise StopIteration

        report = self.env["ir.actions.report"]
        self.patch(type(report), "_build_wkhtmltopdf_args", build)
        invoice = "kavi_billing.action_report_bill_invoice"
        for ref in (invoice, "base.report_ir_model_overview"):
            with self.assertRaises(StopIteration):
                report._run_wkhtmltopdf(["<p/>"], ref)
        ours, others = formats
        self.assertEqual(ours["data-report-margin-bottom"], 18)
        self.assertFalse(others)
