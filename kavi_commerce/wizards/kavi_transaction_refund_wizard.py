from odoo import api, fields, models


class KaviTransactionRefundWizard(models.TransientModel):
    """Refund a charge from the transaction: for what the bill's refund cannot do."""

    _name = "kavi.transaction.refund.wizard"
    _description = "Refund A Transaction"
    _inherit = ["kavi.window.mixin"]

    transaction_id = fields.Many2one("payment.transaction", required=True)
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_charged", compute_sudo=False
    )
    amount_charged = fields.Monetary(
        string="Charged", compute="_compute_charged", compute_sudo=False
    )
    amount_refundable = fields.Monetary(
        string="Left", compute="_compute_charged", compute_sudo=False
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
    def _compute_charged(self):
        """What the user may not read is not shown: asked here, for a window that is
        only opened finds values that others have read."""
        self.transaction_id._origin.check_access("read")
        for wizard in self:
            tx = wizard.transaction_id
            wizard.currency_id = tx.currency_id
            wizard.amount_charged = tx.amount
            wizard.amount_refundable = tx.amount_refundable

    @api.depends("transaction_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.amount_refundable

    def action_refund(self):
        self.ensure_one()
        refund = self.transaction_id._kavi_refund(self.amount, reason=self.reason)
        action = refund.with_env(self.env)._get_records_action(
            name=self.env._("Refund")
        )
        return {**action, "target": "new"}
