from odoo import api, fields, models
from odoo.tools import format_date


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
        compute="_compute_billing_gateway_purge_months",
        inverse="_inverse_billing_gateway_purge_months",
        readonly=False,
    )
    purge_announcement = fields.Char(compute="_compute_purge_announcement")
    freeze_count = fields.Integer(
        compute="_compute_freeze_count",
        help="Bills that would freeze at once with these months.",
    )
    is_freeze_agreed = fields.Boolean(string="Freeze them")
    billing_provider_id = fields.Many2one(
        "payment.provider", compute="_compute_billing_provider_id"
    )
    billing_provider_problem = fields.Char(compute="_compute_billing_provider_id")
    billing_provider_state = fields.Selection(related="billing_provider_id.state")
    billing_checkout_flow = fields.Selection(
        related="billing_provider_id.kavi_checkout_flow", readonly=False
    )

    @api.depends("company_id")
    def _compute_billing_gateway_purge_months(self):
        for settings in self:
            months = settings.company_id.billing_gateway_purge_months
            settings.billing_gateway_purge_months = months

    def _inverse_billing_gateway_purge_months(self):
        for settings in self:
            settings.company_id._set_purge_months(
                settings.billing_gateway_purge_months, settings.is_freeze_agreed
            )

    @api.depends("company_id")
    def _compute_purge_announcement(self):
        """How many bills are about to freeze, and when."""
        Transaction = self.env["payment.transaction"]
        for settings in self:
            txs = Transaction._get_announced(settings.company_id)
            bills = txs._get_freezing_bills()
            settings.purge_announcement = (
                self.env._(
                    "%(count)s bills will freeze on %(day)s.",
                    count=len(bills),
                    day=format_date(self.env, max(txs.mapped("purge_date"))),
                )
                if bills
                else self.env._("No bill is about to freeze.")
            )

    @api.depends("company_id", "billing_gateway_purge_months")
    def _compute_freeze_count(self):
        for settings in self:
            settings.freeze_count = settings.company_id._count_freezing(
                settings.billing_gateway_purge_months
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
