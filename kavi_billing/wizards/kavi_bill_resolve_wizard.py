from odoo import models


class KaviBillResolveWizard(models.TransientModel):
    _name = "kavi.bill.resolve.wizard"
    _description = "Resolve A Dispute"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "resolve_dispute"

    def action_resolve_dispute(self):
        with self._acting():
            self.bill_ids._resolve_dispute(self.reason)
        return {"type": "ir.actions.act_window_close"}
