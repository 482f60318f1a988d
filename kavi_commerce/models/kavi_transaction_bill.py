from odoo import api, fields, models

from odoo.addons.kavi_billing.tools.context import Private


class KaviTransactionBill(models.Model):
    """What one transaction moves of one bill: fixed when it is asked for."""

    _name = "kavi.transaction.bill"
    _description = "Bill In A Transaction"
    _order = "transaction_id, id"
    _rec_name = "bill_id"

    transaction_id = fields.Many2one(
        "payment.transaction", required=True, index=True, ondelete="restrict"
    )
    bill_id = fields.Many2one(
        "kavi.bill", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="bill_id.company_id")
    currency_id = fields.Many2one(related="transaction_id.currency_id")
    amount = fields.Monetary(
        required=True, help="Of what the bill asks, without the surcharge."
    )
    surcharge = fields.Monetary(help="What the payment method adds, taxes included.")
    surcharge_data = fields.Json(
        readonly=True, help="Price and taxes of the surcharge, as they were agreed."
    )
    total = fields.Monetary(compute="_compute_total")
    payment_id = fields.Many2one(
        "account.payment",
        readonly=True,
        index="btree_not_null",
        help="The entry that it became.",
    )
    state = fields.Selection(related="transaction_id.kavi_state", string="Status")

    _transaction_bill_uniq = models.Constraint(
        "unique(transaction_id, bill_id)", "A bill is in a transaction once."
    )
    _amount_positive = models.Constraint(
        "CHECK(amount >= 0 AND surcharge >= 0)", "Amounts are not negative."
    )

    # === COMPUTE METHODS === #

    @api.depends("amount", "surcharge")
    def _compute_total(self):
        for line in self:
            line.total = line.currency_id.round(line.amount + line.surcharge)

    # === HELPER METHODS === #

    def _get_bill_to_book(self):
        """The bill, for making the entries of this line: its guards know that the money
        has moved.

        :rtype: kavi.bill
        """
        self.ensure_one()
        return self.bill_id.with_company(self.company_id).with_context(
            kavi_transaction_line_id=Private(self.id)
        )
