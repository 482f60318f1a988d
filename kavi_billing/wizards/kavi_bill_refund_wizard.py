from odoo import api, fields, models
from odoo.exceptions import UserError


class KaviBillRefundWizard(models.TransientModel):
    _name = "kavi.bill.refund.wizard"
    _description = "Refund Bills"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "refund"

    amount_paid = fields.Monetary(related="bill_id.amount_paid")
    refund_amount = fields.Monetary(
        related="bill_id.refund_amount", string="Refunded Before"
    )
    amount_retained = fields.Monetary(related="bill_id.amount_retained")
    amount = fields.Monetary(
        string="Refund",
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="What is refunded: all that is retained, or a part of it.",
    )
    amount_left = fields.Monetary(
        string="Then Retained", compute="_compute_amount_left"
    )
    summary = fields.Char(compute="_compute_summary", string="Total")
    method_id = fields.Many2one(
        "kavi.payment.method",
        string="Refund By",
        compute="_compute_method_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'in', method_ids)]",
        help="Empty: as the bill was paid.",
    )
    method_ids = fields.Many2many(
        "kavi.payment.method", string="Ways Back", compute="_compute_method_ids"
    )
    date = fields.Date(
        required=True,
        default=lambda self: self._get_today(),
        help="The day on which the money left.",
    )
    hint = fields.Char(compute="_compute_hint")

    # === COMPUTE METHODS === #

    @api.depends("bill_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.bill_id.amount_refundable

    @api.depends("amount", "amount_retained")
    def _compute_amount_left(self):
        for wizard in self:
            wizard.amount_left = wizard.amount_retained - wizard.amount

    @api.depends("bill_ids")
    def _compute_summary(self):
        for wizard in self:
            wizard.summary = wizard._format_sum("amount_refundable")

    @api.depends("bill_ids")
    def _compute_method_ids(self):
        for wizard in self:
            wizard.method_ids = wizard.bill_ids._origin._get_refund_methods()

    @api.depends("bill_ids")
    def _compute_method_id(self):
        for wizard in self:
            # one way for all only where all came that way: otherwise each goes back as
            # it came
            methods = {bill.payment_method_id for bill in wizard.bill_ids}
            method = methods.pop() if len(methods) == 1 else False
            is_way = method and method in wizard.method_ids._origin
            wizard.method_id = method if is_way else False

    @api.depends("bill_ids", "method_id", "date")
    def _compute_hint(self):
        for wizard in self:
            journals = self.env["account.journal"].sudo()
            for bill in wizard.bill_ids:
                try:
                    # sudo: the journal in which the refund would be booked
                    journals |= bill.sudo()._get_refund_journal(wizard.method_id)
                except UserError:
                    continue  # said when it is refunded
            hints = {wizard._get_booking_hint(each, wizard.date) for each in journals}
            wizard.hint = " ".join(sorted(filter(None, hints)))

    # === ACTION METHODS === #

    def action_refund(self):
        return self._perform(
            lambda bills: bills._refund(
                amount=self.amount if self.bill_id else None,
                method=self.method_id,
                date=self.date,
                reason=self.reason,
            )
        )

    # === HELPER METHODS === #

    def _get_notice(self, bill):
        amount = self.amount if self.bill_id else bill.amount_refundable
        return {"refund": bill.currency_id.format(amount)}
