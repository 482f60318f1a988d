from odoo import fields, models


class KaviBillMethodWizard(models.TransientModel):
    _name = "kavi.bill.method.wizard"
    _description = "Choose A Payment Method"

    bill_ids = fields.Many2many(
        "kavi.bill",
        required=True,
        default=lambda self: self.env["kavi.bill"]._get_wizard_bills("choose_method"),
    )
    company_id = fields.Many2one(related="bill_ids.company_id")
    method_id = fields.Many2one(
        "kavi.payment.method",
        required=True,
        domain="[('company_id', '=', company_id)]",
    )
    instructions = fields.Html(related="method_id.instructions")

    def action_choose_method(self):
        self.ensure_one()
        self.bill_ids._choose_method(self.method_id)
        return {"type": "ir.actions.act_window_close"}
