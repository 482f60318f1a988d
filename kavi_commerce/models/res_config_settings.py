from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    billing_gateway_fee_account_id = fields.Many2one(
        related="company_id.billing_gateway_fee_account_id", readonly=False
    )
    billing_gateway_alert_email = fields.Char(
        related="company_id.billing_gateway_alert_email", readonly=False
    )
    billing_gateway_collect_email = fields.Boolean(
        related="company_id.billing_gateway_collect_email", readonly=False
    )
    billing_gateway_purge_months = fields.Integer(
        related="company_id.billing_gateway_purge_months", readonly=False
    )
    billing_provider_id = fields.Many2one(
        "payment.provider", compute="_compute_billing_provider_id"
    )
    billing_provider_problem = fields.Char(compute="_compute_billing_provider_id")
    billing_provider_state = fields.Selection(related="billing_provider_id.state")
    billing_checkout_flow = fields.Selection(
        related="billing_provider_id.kavi_checkout_flow", readonly=False
    )

    def _compute_billing_provider_id(self):
        for settings in self:
            settings.billing_provider_id = self.env["payment.provider"]._get_of_company(
                settings.company_id, any_state=True
            )
            provider = settings.billing_provider_id
            settings.billing_provider_problem = (
                provider._get_safety_problem() if provider else ""
            )

    def action_open_billing_provider(self):
        return self.billing_provider_id._get_records_action(
            name=self.env._("Payment Provider")
        )

    def action_test_billing_provider(self):
        return self.billing_provider_id.action_test_paypal()

    def action_register_billing_webhook(self):
        return self.billing_provider_id.action_paypal_create_webhook()
