from odoo import models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    """Manual processing mode, for tests: no gateway, an administrator plays it."""

    _inherit = "payment.transaction"

    def _kavi_complete(self, success, message=None):
        """Say what became of a pending transaction in manual mode."""
        self.ensure_one()
        self._check_billing_role("administrator")
        tx = self.sudo()
        if tx.provider_code != "kavi_manual" or tx.provider_id.state == "enabled":
            raise UserError(
                self.env._("Only the gateway says what becomes of this transaction.")
            )
        tx._kavi_lock_with_bills()
        if tx.state != "pending" or not tx.kavi_line_ids:
            raise UserError(
                self.env._("Only a pending transaction of a bill is completed.")
            )
        if success:
            tx._set_done()
        else:
            tx._set_error(message or self.env._("Failed, by an administrator."))
        tx._kavi_finish()

    def action_kavi_complete(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_commerce.action_kavi_transaction_complete_wizard"
        )
        action["context"] = {"default_transaction_id": self.id}
        return action

    def action_kavi_note(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Note"),
            "res_model": "kavi.transaction.note.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_transaction_id": self.id},
        }
