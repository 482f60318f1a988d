from odoo import models
from odoo.tools import format_date


class KaviBillResolveWizard(models.TransientModel):
    _name = "kavi.bill.resolve.wizard"
    _description = "Resolve A Dispute"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "resolve_dispute"

    def action_resolve_dispute(self):
        with self._acting():
            self.bill_ids._resolve_dispute(self.reason)
        return {"type": "ir.actions.act_window_close"}

    def _get_notice(self, bill):
        return [
            self.env._(
                "Your bill %(bill)s is no longer in dispute. %(amount)s is due on "
                "%(date)s.",
                bill=bill.display_name,
                amount=bill.currency_id.format(bill.amount_due),
                date=format_date(self.env, bill.next_due_date or bill.due_date),
            ),
            self.reason,
        ]
