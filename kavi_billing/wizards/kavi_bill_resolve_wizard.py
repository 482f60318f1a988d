from odoo import models


class KaviBillResolveWizard(models.TransientModel):
    _name = "kavi.bill.resolve.wizard"
    _description = "Resolve A Dispute"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "resolve_dispute"

    def action_resolve_dispute(self):
        return self._perform(lambda bills: bills._resolve_dispute(self.reason))
