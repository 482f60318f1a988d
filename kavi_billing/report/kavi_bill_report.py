from odoo import api, models


class KaviBillDocument(models.AbstractModel):
    """What the documents of a bill have in common: they are of bills that have one.

    The rule is asked here, so also of whoever opens the report's address.
    """

    _name = "kavi.bill.document"
    _description = "Document Of A Bill"
    _document = None

    @api.model
    def _get_report_values(self, docids, data=None):
        bills = self.env["kavi.bill"].browse(docids)
        bills.check_access("read")
        return {
            "doc_ids": docids,
            "doc_model": "kavi.bill",
            "docs": bills._get_printable(self._document),
            "document": self._document,
        }


class ReportBillInvoice(models.AbstractModel):
    _name = "report.kavi_billing.report_bill_invoice"
    _inherit = "kavi.bill.document"
    _description = "Invoice Of A Bill"
    _document = "invoice"


class ReportBillReceipt(models.AbstractModel):
    _name = "report.kavi_billing.report_bill_receipt"
    _inherit = "kavi.bill.document"
    _description = "Receipt Of A Bill"
    _document = "receipt"


class ReportBillCreditNote(models.AbstractModel):
    _name = "report.kavi_billing.report_bill_credit_note"
    _inherit = "kavi.bill.document"
    _description = "Credit Notes Of A Bill"
    _document = "credit_note"
