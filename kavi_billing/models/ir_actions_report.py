import io
import re
from collections import OrderedDict

from reportlab.pdfgen import canvas

from odoo import api, models
from odoo.tools.pdf import PdfFileReader, PdfFileWriter

from ..tools.paper import enclosed

# From the edges of the page, in points of 1/72 inch.
EDGE, BOTTOM, SIZE = 42, 34, 8
# Millimeters that are kept free; at the sides, the page's own style does it. The paper
# formats of Odoo leave room for headers and footers, which ours don't have.
MARGINS = {
    "data-report-margin-top": 12,
    "data-report-margin-bottom": 18,
    "data-report-header-spacing": 0,
}
# A picture as the editor puts it into a text: an attachment by its id, or a field.
PICTURE = re.compile(
    r"/web/(?:image|content)/(?:(?P<id>\d+)(?:-\w+)?"
    r"|(?P<model>[a-z][a-z0-9_.]+)/\d+/\w+)(?:/\d+x\d+)?(?:/[\w.-]+)?"
)
STATIC = re.compile(r"/\w+/static/[\w./-]+")


class IrActionsReport(models.Model):
    """Documents of billing are made one by one, and get their page numbers afterwards.

    The wkhtmltopdf that Debian packages drops headers and footers, and takes one
    document at a time; so nothing of ours is in a header or footer.
    """

    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        report = self._get_report(report_ref)
        if not res_ids or not self._is_billing_document(report):
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids)
        streams = OrderedDict()
        for record in self._get_documents(report, res_ids):
            streams.update(
                super()._render_qweb_pdf_prepare_streams(report_ref, data, record.ids)
            )
            stream = streams[record.id]
            stream["stream"] = self._number_pages(stream["stream"])
        return streams

    @api.model
    def _run_wkhtmltopdf(
        self,
        bodies,
        report_ref=False,
        header=None,
        footer=None,
        *args,
        specific_paperformat_args=None,
        **kwargs,
    ):
        report = report_ref and self._get_report(report_ref)
        if report and report.report_name.startswith("kavi_"):
            base_url = self._get_report_url()
            bodies = [
                enclosed(body, base_url, self._is_known_picture) for body in bodies
            ]
            # ours have none: it was in a text that somebody wrote
            header = footer = None
        if report and self._is_billing_document(report):
            specific_paperformat_args = (specific_paperformat_args or {}) | MARGINS
        return super()._run_wkhtmltopdf(
            bodies,
            report_ref,
            header,
            footer,
            *args,
            specific_paperformat_args=specific_paperformat_args,
            **kwargs,
        )

    @api.model
    def _is_known_picture(self, path, query):
        """Whether a path of this server is a picture that is kept here.

        An attachment may also be an address: whoever fetches it is sent there.
        """
        if ".." in path or not re.fullmatch(
            r"(access_token=[\w-]*|unique=\w*)?", query
        ):
            return False
        if STATIC.fullmatch(path):
            return True
        match = PICTURE.fullmatch(path)
        if not match:
            return False
        if match["model"]:
            return match["model"] != "ir.attachment" and match["model"] in self.env
        # sudo: only whether it is a file; who may see it is asked when it is fetched
        attachments = self.env["ir.attachment"].sudo()
        found = attachments.search([("id", "=", int(match["id"][:9]))])
        return found.type == "binary" and not found.url

    @api.model
    def _is_billing_document(self, report):
        return report.report_name.startswith("kavi_billing.")

    def _get_documents(self, report, res_ids):
        """The records that are printed: of many bills, those with the document."""
        records = self.env[report.model].browse(dict.fromkeys(res_ids))
        document = getattr(self.env.get(f"report.{report.report_name}"), "_document", 0)
        return records._get_printable(document) if document else records

    def _number_pages(self, stream):
        """Write "Page 1 / 2" on each page of a PDF.

        :param io.BytesIO stream: the PDF
        :rtype: io.BytesIO
        """
        reader, writer = PdfFileReader(stream), PdfFileWriter()
        count = reader.getNumPages()
        for number in range(count):
            page = reader.getPage(number)
            text = self.env._("Page %(page)s / %(pages)s", page=number + 1, pages=count)
            plain = f"{number + 1} / {count}"
            page.mergePage(self._draw_page_number(page, text, plain))
            writer.addPage(page)
        numbered = io.BytesIO()
        writer.write(numbered)
        return numbered

    def _draw_page_number(self, page, text, plain):
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            text = plain  # the fonts that every PDF reader has know no more letters
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        layer = io.BytesIO()
        sheet = canvas.Canvas(layer, pagesize=(width, height))
        sheet.setFont("Helvetica", SIZE)
        sheet.setFillGray(0.45)
        sheet.drawRightString(width - EDGE, BOTTOM, text)
        sheet.save()
        return PdfFileReader(layer).getPage(0)
