from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_export_format = fields.Selection(
        related="company_id.billing_export_format", readonly=False
    )
