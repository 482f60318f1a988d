from odoo import api, fields, models


class KaviTransactionRefundWizard(models.TransientModel):
    """Refund a charge from the transaction: for what the bill's refund cannot do."""

    _name = "kavi.transaction.refund.wizard"
    _description = "Refund A Transaction"

    transaction_id = fields.Many2one("payment.transaction", required=True)
    currency_id = fields.Many2one(
        related="transaction_id.currency_id", related_sudo=False
    )
    amount_charged = fields.Monetary(
        related="transaction_id.amount", string="Charged", related_sudo=False
    )
    amount_refundable = fields.Monetary(
        related="transaction_id.amount_refundable", string="Left", related_sudo=False
    )
    amount = fields.Monetary(
        string="Refund",
        compute="_compute_amount",
        compute_sudo=False,  # what the user may not read is not shown
        store=True,
        readonly=False,
        precompute=True,
    )
    reason = fields.Char(help="Kept with the transaction and sent to the payer.")

    @api.depends("transaction_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.transaction_id.amount_refundable

    def action_refund(self):
        self.ensure_one()
        refund = self.transaction_id._kavi_refund(self.amount, reason=self.reason)
        action = refund.with_env(self.env)._get_records_action(
            name=self.env._("Refund")
        )
        return {**action, "target": "new"}
