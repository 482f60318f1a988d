from odoo import fields, models
from odoo.exceptions import UserError

from ..paypal.redaction import redact_text


class KaviTransactionNoteWizard(models.TransientModel):
    """A note of an administrator among the gateway's messages (KC-09)."""

    _name = "kavi.transaction.note.wizard"
    _description = "Note On A Transaction"
    _inherit = ["kavi.window.mixin"]

    transaction_id = fields.Many2one("payment.transaction", required=True)
    note = fields.Text(required=True)

    def action_note(self):
        self.ensure_one()
        self.transaction_id._check_billing_role()
        note = redact_text(self.note).strip()
        if not note:
            raise UserError(self.env._("Write what the others should know."))
        self.transaction_id._record_gateway_message("note", note)
        return {"type": "ir.actions.act_window_close"}
