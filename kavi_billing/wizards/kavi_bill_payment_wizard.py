from odoo import api, fields, models
from odoo.exceptions import UserError


class KaviBillPaymentWizard(models.TransientModel):
    _name = "kavi.bill.payment.wizard"
    _description = "Complete A Payment"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "complete_payment"

    method_id = fields.Many2one(
        "kavi.payment.method",
        required=True,
        compute="_compute_method_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id)]",
    )
    collect_payment_number = fields.Boolean(related="method_id.collect_payment_number")
    payment_number = fields.Char(help="The number on the check or the like.")
    date = fields.Date(
        string="Date Paid",
        required=True,
        default=lambda self: self._get_today(),
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="What came in. Less leaves the bill partly paid, what is more becomes a "
        "credit of the account.",
    )
    amount_due = fields.Monetary(related="bill_id.amount_due")
    summary = fields.Char(compute="_compute_summary", string="Total")
    may_write_off = fields.Boolean(compute="_compute_rest")
    write_off = fields.Boolean(
        string="Write Off the Rest",
        compute="_compute_write_off",
        store=True,
        readonly=False,
        precompute=True,
        help="Book the small rest to the company's write-off account.",
    )
    hint = fields.Char(compute="_compute_rest")

    @api.depends("bill_ids")
    def _compute_method_id(self):
        for wizard in self:
            promised = wizard.bill_ids.payment_method_id
            if not promised:
                promised = promised.search([("company_id", "=", wizard.company_id.id)])
            wizard.method_id = promised if len(promised) == 1 else wizard.method_id

    @api.depends("bill_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.bill_id.amount_due

    @api.depends("bill_ids")
    def _compute_summary(self):
        for wizard in self:
            wizard.summary = wizard._format_sum("amount_due")

    @api.depends("bill_id", "amount", "write_off")
    def _compute_rest(self):
        for wizard in self:
            bill = wizard.bill_id
            rest = (
                bill.currency_id.round(bill.amount_due - wizard.amount) if bill else 0
            )
            wizard.may_write_off = rest > 0 and wizard._may_write_off(rest)
            wizard.hint = wizard._get_hint(rest) if rest else False

    def _may_write_off(self, rest):
        try:
            self.bill_id._check_write_off(rest)
        except UserError:
            return False
        return True

    def _get_hint(self, rest):
        """What becomes of the difference between what is due and what came in."""
        money = self.currency_id.format(abs(rest))
        if rest < 0:
            return self.env._(
                "%s is more than what is due: it becomes a credit of the account.",
                money,
            )
        if self.write_off:
            return self.env._("%s is written off, and the bill is paid.", money)
        if self.bill_id._may_be_paid_in_parts():
            return self.env._("%s stays due: the bill is partly paid.", money)
        return self.env._(
            "%s would stay due, but part payments are not allowed.", money
        )

    @api.depends("may_write_off")
    def _compute_write_off(self):
        for wizard in self:
            wizard.write_off = wizard.write_off and wizard.may_write_off

    def action_complete_payment(self):
        with self._acting():
            self.bill_ids._complete_payment(
                self.method_id,
                date=self.date,
                number=self.payment_number if self.collect_payment_number else None,
                amount=self.amount if self.bill_id else None,
                write_off=self.write_off,
            )
        return {"type": "ir.actions.act_window_close"}

    def _get_notice(self, bill):
        amount = self.amount if self.bill_id else bill.amount_due
        return [
            self.env._(
                "We have received %(amount)s for your bill %(bill)s. Thank you.",
                amount=bill.currency_id.format(amount),
                bill=bill.display_name,
            ),
            self.reason,
        ]
