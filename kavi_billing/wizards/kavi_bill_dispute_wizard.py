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

    def _get_notice(self, bill):
        return [
            self.env._(
                "Your bill %s is in dispute. Until that is settled, you get no "
                "reminders of it.",
                bill.display_name,
            ),
            self.reason,
        ]
