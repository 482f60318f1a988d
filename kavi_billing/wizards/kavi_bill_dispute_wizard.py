from odoo import models


class KaviBillDisputeWizard(models.TransientModel):
    _name = "kavi.bill.dispute.wizard"
    _description = "Open A Dispute"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "dispute"

    def action_dispute(self):
        return self._perform(lambda bills: bills._dispute(self.reason))
