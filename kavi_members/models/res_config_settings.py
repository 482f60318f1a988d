from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    members_order_company = fields.Selection(
        related="company_id.members_order_company", readonly=False
    )
    members_order_individual = fields.Selection(
        related="company_id.members_order_individual", readonly=False
    )
    members_order_company_renewal = fields.Selection(
        related="company_id.members_order_company_renewal", readonly=False
    )
    members_order_individual_renewal = fields.Selection(
        related="company_id.members_order_individual_renewal", readonly=False
    )
    members_draft_days = fields.Integer(
        related="company_id.members_draft_days", readonly=False
    )
    members_denied_months = fields.Integer(
        related="company_id.members_denied_months", readonly=False
    )
