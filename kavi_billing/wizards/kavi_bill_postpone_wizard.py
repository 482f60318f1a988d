from odoo import api, fields, models
from odoo.tools import format_date


class KaviBillPostponeWizard(models.TransientModel):
    _name = "kavi.bill.postpone.wizard"
    _description = "Postpone Bills"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "postpone"

    due_now = fields.Char(compute="_compute_due_now")
    date = fields.Date(string="New Due Date", required=True)

    @api.depends("bill_ids")
    def _compute_due_now(self):
        for wizard in self:
            dates = wizard.bill_ids.filtered("due_date").mapped("due_date")
            ends = sorted({min(dates), max(dates)}) if dates else ()
            wizard.due_now = " – ".join(format_date(self.env, day) for day in ends)

    def action_postpone(self):
        with self._acting():
            self.bill_ids._postpone(self.date, self.reason)
        return {"type": "ir.actions.act_window_close"}

    def _get_notice(self, bill):
        return [
            self.env._(
                "Your bill %(bill)s is now due on %(date)s.",
                bill=bill.display_name,
                date=format_date(self.env, self.date),
            ),
            self.reason,
        ]
