from odoo import api, fields, models


class KaviBillCancelWizard(models.TransientModel):
    _name = "kavi.bill.cancel.wizard"
    _description = "Cancel Bills"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "cancel"

    amount_retained = fields.Monetary(related="bill_id.amount_returnable")
    refund_amount = fields.Monetary(
        string="Refund",
        compute="_compute_refund_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="What is refunded. What is kept of the payment stays income, e.g. a fee "
        "for handling the bill.",
    )
    amount_kept = fields.Monetary(string="Kept", compute="_compute_amount_kept")
    summary = fields.Char(
        compute="_compute_summary",
        string="Refunded",
        help="All that was paid of these bills.",
    )

    # === COMPUTE METHODS === #

    @api.depends("bill_id")
    def _compute_refund_amount(self):
        for wizard in self:
            wizard.refund_amount = wizard.bill_id.amount_returnable

    @api.depends("refund_amount", "amount_retained")
    def _compute_amount_kept(self):
        for wizard in self:
            wizard.amount_kept = wizard.amount_retained - wizard.refund_amount

    @api.depends("bill_ids")
    def _compute_summary(self):
        for wizard in self:
            wizard.summary = wizard._format_sum("amount_returnable")

    # === ACTION METHODS === #

    def action_cancel_bills(self):
        amount = self.refund_amount if self.bill_id else None
        return self._perform(lambda bills: bills._cancel(self.reason, amount))

    # === HELPER METHODS === #

    def _get_notice(self, bill):
        refund = self.refund_amount if self.bill_id else bill.amount_returnable
        is_nothing = bill.currency_id.is_zero(refund)
        return {"refund": not is_nothing and bill.currency_id.format(refund)}
