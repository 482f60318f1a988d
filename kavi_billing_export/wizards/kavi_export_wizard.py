from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..formats import FORMATS


class KaviExportWizard(models.TransientModel):
    """Export to accounting now: what no export has held yet."""

    _name = "kavi.export.wizard"
    _description = "Export to Accounting"
    _inherit = ["kavi.window.mixin"]

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    format = fields.Selection(
        FORMATS,
        required=True,
        default=lambda self: self.env.company.billing_export_format or "csv",
    )
    date_from = fields.Date(
        string="From", help="Empty: since the last export. Older documents stay out."
    )
    date_to = fields.Date(string="To", help="Empty: up to now.")
    document_count = fields.Integer(
        string="Documents", compute="_compute_document_count"
    )

    @api.depends("company_id", "date_from", "date_to")
    def _compute_document_count(self):
        for wizard in self:
            wizard.document_count = (
                len(
                    self.env["kavi.export"]._find_new(
                        wizard.company_id, wizard.date_from, wizard.date_to
                    )
                )
                if wizard.company_id in self.env.companies
                else 0
            )

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for wizard in self:
            start, end = wizard.date_from, wizard.date_to
            if start and end and end < start:
                raise ValidationError(
                    self.env._("The period ends before it begins: change its dates.")
                )

    def action_export(self):
        """Make the export, and show it."""
        self.ensure_one()
        export = self.env["kavi.export"]._export(
            self.company_id, self.format, self.date_from, self.date_to
        )
        if not export:
            raise UserError(
                self.env._(
                    "Nothing is new since the last export. To get the same documents "
                    "once more, open their export and choose Export Again."
                )
            )
        return export._get_records_action()
