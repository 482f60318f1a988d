from odoo import models


class KaviBillDisputeWizard(models.TransientModel):
    _name = "kavi.bill.dispute.wizard"
    _description = "Open A Dispute"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "dispute"

    def action_dispute(self):
        with self._acting():
            self.bill_ids._dispute(self.reason)
        return {"type": "ir.actions.act_window_close"}
