from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_payment_term_id = fields.Many2one(
        related="company_id.billing_payment_term_id", readonly=False
    )
    billing_kind_id = fields.Many2one(
        related="company_id.billing_kind_id", readonly=False
    )
    billing_email_from = fields.Char(
        related="company_id.billing_email_from", readonly=False
    )
    billing_email_copy = fields.Char(
        related="company_id.billing_email_copy", readonly=False
    )
    billing_id_template = fields.Char(
        related="company_id.billing_id_template", readonly=False
    )
    billing_account_creation = fields.Selection(
        related="company_id.billing_account_creation", readonly=False
    )
    billing_collect_invoice_number = fields.Boolean(
        related="company_id.billing_collect_invoice_number", readonly=False
    )
    billing_collect_purchase_order = fields.Boolean(
        related="company_id.billing_collect_purchase_order", readonly=False
    )
    billing_notify_new_bill = fields.Boolean(
        related="company_id.billing_notify_new_bill", readonly=False
    )
    billing_link_days = fields.Integer(
        related="company_id.billing_link_days", readonly=False
    )
    billing_attach_documents = fields.Boolean(
        related="company_id.billing_attach_documents", readonly=False
    )
    billing_allow_part_payment = fields.Boolean(
        related="company_id.billing_allow_part_payment", readonly=False
    )
    billing_write_off_account_id = fields.Many2one(
        related="company_id.billing_write_off_account_id", readonly=False
    )
    billing_write_off_limit = fields.Monetary(
        related="company_id.billing_write_off_limit", readonly=False
    )
    billing_fee_account_ids = fields.Many2many(
        related="company_id.billing_fee_account_ids", readonly=False
    )
    billing_credit_product_id = fields.Many2one(
        related="company_id.billing_credit_product_id", readonly=False
    )
    billing_apply_credits_automatically = fields.Boolean(
        related="company_id.billing_apply_credits_automatically", readonly=False
    )
