from odoo import fields, models


class KaviBillMethodWizard(models.TransientModel):
    _name = "kavi.bill.method.wizard"
    _description = "Choose A Payment Method"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "choose_method"

    method_id = fields.Many2one(
        "kavi.payment.method",
        required=True,
        domain="[('company_id', '=', company_id)]",
    )
    instructions = fields.Html(related="method_id.instructions")

    def action_choose_method(self):
        with self._acting():
            self.bill_ids._choose_method(self.method_id)
        return {"type": "ir.actions.act_window_close"}
