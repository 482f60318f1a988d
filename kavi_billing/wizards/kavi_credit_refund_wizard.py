from odoo import api, fields, models


class KaviCreditRefundWizard(models.TransientModel):
    _name = "kavi.credit.refund.wizard"
    _description = "Refund Credits"
    _inherit = ["kavi.window.mixin"]

    credit_ids = fields.Many2many(
        "kavi.credit",
        required=True,
        default=lambda self: self._default_credits(),
    )
    company_id = fields.Many2one(related="credit_ids.company_id")
    method_id = fields.Many2one(
        "kavi.payment.method",
        required=True,
        domain="[('id', 'in', method_ids)]",
    )
    method_ids = fields.Many2many(
        "kavi.payment.method", string="Ways Back", compute="_compute_method_ids"
    )
    date = fields.Date(
        string="Date Refunded",
        required=True,
        default=lambda self: self.env.company._billing_today(),
    )
    summary = fields.Char(compute="_compute_summary", string="Amount")

    @api.model
    def _default_credits(self):
        if self.env.context.get("active_model") != "kavi.credit":
            return self.env["kavi.credit"]
        return self.env["kavi.credit"].browse(self.env.context.get("active_ids") or ())

    @api.depends("credit_ids")
    def _compute_method_ids(self):
        for wizard in self:
            wizard.method_ids = wizard.credit_ids._origin._get_refund_methods()

    @api.depends("credit_ids")
    def _compute_summary(self):
        for wizard in self:
            sums = {}
            for credit in wizard.credit_ids:
                sums.setdefault(credit.currency_id, []).append(credit.amount_open)
            wizard.summary = " + ".join(
                currency.format(sum(amounts)) for currency, amounts in sums.items()
            )

    def action_refund_credits(self):
        self.ensure_one()
        done, refused = self.credit_ids._act_in_bulk(
            lambda credits: credits._refund_in_money(self.method_id, self.date)
        )
        report = done._get_report_action(refused)
        return report or {"type": "ir.actions.act_window_close"}
