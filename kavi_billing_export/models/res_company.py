from odoo import fields, models

from ..formats import FORMATS


class ResCompany(models.Model):
    """Whether the books go to another accounting program every night (BB-16)."""

    _inherit = "res.company"

    billing_export_format = fields.Selection(
        FORMATS,
        string="Nightly Export",
        help="Every night the documents that are new are exported in this format, "
        "under Billing → Reporting → Accounting Exports. Empty: only by hand.",
    )
