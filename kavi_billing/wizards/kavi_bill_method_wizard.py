from functools import reduce
from operator import and_

from odoo import api, fields, models


class KaviBillMethodWizard(models.TransientModel):
    _name = "kavi.bill.method.wizard"
    _description = "Choose A Payment Method"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "choose_method"

    method_id = fields.Many2one(
        "kavi.payment.method",
        required=True,
        domain="[('id', 'in', offered_ids)]",
    )
    offered_ids = fields.Many2many(
        "kavi.payment.method", string="Offered Methods", compute="_compute_offered_ids"
    )
    instructions = fields.Html(related="method_id.instructions")
    surcharge_summary = fields.Char(
        string="Surcharge",
        compute="_compute_summary",
        help="What the method adds when all that is due is paid.",
    )
    summary = fields.Char(string="To Pay", compute="_compute_summary")

    # === COMPUTE METHODS === #

    @api.depends("bill_ids")
    def _compute_offered_ids(self):
        for wizard in self:
            alike = wizard.bill_ids.grouped(lambda bill: bill._get_offer_key())
            offered = [bills[:1]._get_offered_methods() for bills in alike.values()]
            wizard.offered_ids = reduce(and_, offered) if offered else False

    @api.depends("bill_ids", "method_id")
    def _compute_summary(self):
        for wizard in self:
            rates, portions = {}, {}
            if wizard.method_id:
                portions = {
                    bill: bill._quote_payment(wizard.method_id, rates=rates)
                    for bill in wizard.bill_ids
                }
            wizard.update(wizard._format_portions(portions))

    # === ACTION METHODS === #

    def action_choose_method(self):
        return self._perform(lambda bills: bills._choose_method(self.method_id))
