from odoo import api, fields, models


class KaviBillReverseWizardLine(models.TransientModel):
    _name = "kavi.bill.reverse.wizard.line"
    _description = "Payment That May Be Reversed"
    _inherit = ["kavi.window.mixin"]

    wizard_id = fields.Many2one(
        "kavi.bill.reverse.wizard", required=True, ondelete="cascade"
    )
    is_chosen = fields.Boolean(string="Reverse")
    payment_id = fields.Many2one("account.payment", required=True, ondelete="cascade")
    name = fields.Char(string="Reference", compute="_compute_payment")
    date = fields.Date(compute="_compute_payment")
    memo = fields.Char(compute="_compute_payment")
    amount = fields.Monetary(compute="_compute_payment")
    currency_id = fields.Many2one("res.currency", compute="_compute_payment")
    other_bills = fields.Char(
        string="Settles As Well",
        compute="_compute_payment",
        help="Bills that are open again, too, when this payment is reversed.",
    )

    @api.depends("payment_id", "wizard_id.bill_ids")
    def _compute_payment(self):
        for line in self:
            bill = line.wizard_id.bill_id.sudo()._origin
            # nothing but this bill's payments is shown to those who see no others
            payment = line.payment_id.sudo() & line.wizard_id._get_payments()
            line.name = payment.name
            line.date = payment.date
            line.memo = payment.memo
            line.amount = payment.amount
            line.currency_id = payment.currency_id
            others = bill._get_bills_of(payment) - bill
            line.other_bills = ", ".join(others.mapped("name"))

    # === HELPER METHODS === #

    @api.model
    def _check_shown(self, name, records):
        if name == "payment_id":
            # who sees no payments sees which ones a bill has
            records = records.filtered(lambda payment: not payment._get_seen_bills())
        return super()._check_shown(name, records)
