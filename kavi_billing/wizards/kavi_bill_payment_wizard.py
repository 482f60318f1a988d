from odoo import api, fields, models


class KaviBillPaymentWizard(models.TransientModel):
    _name = "kavi.bill.payment.wizard"
    _description = "Complete A Payment"

    bill_ids = fields.Many2many(
        "kavi.bill",
        required=True,
        default=lambda self: self.env["kavi.bill"]._get_wizard_bills(
            "complete_payment"
        ),
    )
    company_id = fields.Many2one(related="bill_ids.company_id")
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
        default=lambda self: self.env.company._billing_today(),
    )
    summary = fields.Char(compute="_compute_summary", string="Amount")

    @api.depends("bill_ids")
    def _compute_method_id(self):
        for wizard in self:
            promised = wizard.bill_ids.payment_method_id
            if not promised:
                promised = promised.search([("company_id", "=", wizard.company_id.id)])
            wizard.method_id = promised if len(promised) == 1 else wizard.method_id

    @api.depends("bill_ids")
    def _compute_summary(self):
        for wizard in self:
            sums = {}
            for bill in wizard.bill_ids:
                sums.setdefault(bill.currency_id, []).append(bill.amount_due)
            wizard.summary = " + ".join(
                currency.format(sum(amounts)) for currency, amounts in sums.items()
            )

    def action_complete_payment(self):
        self.ensure_one()
        self.bill_ids._complete_payment(
            self.method_id,
            date=self.date,
            number=self.payment_number if self.collect_payment_number else None,
        )
        return {"type": "ir.actions.act_window_close"}
