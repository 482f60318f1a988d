from odoo import fields, models


class KaviBillPaymentWizardLine(models.TransientModel):
    _name = "kavi.bill.payment.wizard.line"
    _description = "What A Payment Pays Of A Bill"
    _inherit = ["kavi.window.mixin"]

    wizard_id = fields.Many2one(
        "kavi.bill.payment.wizard", required=True, ondelete="cascade"
    )
    bill_id = fields.Many2one("kavi.bill", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="bill_id.currency_id")
    next_due_date = fields.Date(related="bill_id.next_due_date", string="Due")
    amount_due = fields.Monetary(related="bill_id.amount_due", string="Open")
    amount = fields.Monetary(
        string="Paid", help="What is paid of this bill, without the surcharge."
    )
