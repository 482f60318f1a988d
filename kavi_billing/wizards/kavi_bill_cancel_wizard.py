from odoo import fields, models


class KaviBillCancelWizard(models.TransientModel):
    _name = "kavi.bill.cancel.wizard"
    _description = "Cancel Bills"

    bill_ids = fields.Many2many(
        "kavi.bill",
        required=True,
        default=lambda self: self.env["kavi.bill"]._get_wizard_bills("cancel"),
    )
    reason = fields.Char(help="Kept in the bill's history.")

    def action_cancel_bills(self):
        self.ensure_one()
        self.bill_ids._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
