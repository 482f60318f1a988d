from odoo import fields, models


class KaviTransactionCompleteWizard(models.TransientModel):
    """In manual mode an administrator plays the gateway (KC-29)."""

    _name = "kavi.transaction.complete.wizard"
    _description = "Complete A Transaction"
    _inherit = ["kavi.window.mixin"]

    transaction_id = fields.Many2one("payment.transaction", required=True)
    currency_id = fields.Many2one(
        related="transaction_id.currency_id", related_sudo=False
    )
    amount = fields.Monetary(related="transaction_id.amount", related_sudo=False)
    status = fields.Selection(related="transaction_id.kavi_state", related_sudo=False)
    outcome = fields.Selection(
        [("success", "It succeeded"), ("failure", "It failed")],
        required=True,
        default="success",
    )
    message = fields.Char(help="What the gateway would say to a failure.")

    def action_complete(self):
        self.ensure_one()
        self.transaction_id._kavi_complete(self.outcome == "success", self.message)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
