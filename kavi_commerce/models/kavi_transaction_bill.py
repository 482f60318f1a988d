from contextlib import contextmanager

from odoo import api, fields, models

from odoo.addons.kavi_billing.tools.context import Private


class KaviTransactionBill(models.Model):
    """What one transaction moves of one bill: fixed when it is asked for."""

    _name = "kavi.transaction.bill"
    _inherit = ["kavi.protected.mixin"]
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
    agreed_date = fields.Date(
        readonly=True, help="The day of the terms that the payer agreed to."
    )
    total = fields.Monetary(compute="_compute_total")
    payment_id = fields.Many2one(
        "account.payment",
        readonly=True,
        index="btree_not_null",
        help="The entry that it became.",
    )
    state = fields.Selection(related="transaction_id.kavi_state", string="Status")
    is_superseded = fields.Boolean(
        string="Settled Otherwise",
        readonly=True,
        help="Of a refund that has failed: it was tried again, the money went back in "
        "another way, or it stays.",
    )

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

    # === BUSINESS METHODS === #

    def _notify_part_paid(self):
        """Mail the receipt of a part: that of a bill that is paid comes by itself."""
        self.ensure_one()
        bill = self.bill_id
        if bill.state != "paid" and bill._is_notice_enabled("receipt"):
            bill._notify("receipt", {bill.id: {"amount": self._format(self.total)}})

    @contextmanager
    def _notify_charged_back(self, reason):
        """Mail the account that its debt is open again, if it is after this: one mail
        of one charge, which lists the bills.

        :param str reason: for people
        """
        dues = {line: line.bill_id.amount_due for line in self}
        yield
        opened = self.filtered(
            lambda line: (
                line.currency_id.compare_amounts(line.bill_id.amount_due, dues[line])
                > 0
                and line.bill_id._is_notice_enabled("reversal")
            )
        )
        for lines in opened.grouped(lambda line: line.bill_id.partner_id).values():
            first, total = lines[0], sum(lines.mapped("total"))
            values = {"returned": first._format(total), "reason": reason or False}
            amounts = {line.bill_id.id: line.total for line in lines}
            lines.bill_id._notify_of_reversal(values, amounts)

    # === HELPER METHODS === #

    def _is_failed_return(self):
        """Whether this is a refund that the gateway refused, and nothing has made up
        for it yet."""
        self.ensure_one()
        tx = self.transaction_id
        return (
            tx.operation == "refund"
            and tx.kavi_state == "failed_return"
            and not tx.is_chargeback
            and not self.is_superseded
        )

    def _get_held_amount(self):
        """What the books still have of the money of this line of a charge, less what is
        on its way back: what the bill retains, and what is left over as a credit.

        Money that pays another bill, or that went back in another way, is neither.
        """
        self.ensure_one()
        if not self.payment_id:
            return self.total  # not booked yet
        bill = self.bill_id
        held = self._get_credit_left()
        if self.payment_id in bill._get_payments():
            held += max(bill.amount_refundable, 0.0)
        under_way = bill.transaction_line_ids.filtered(
            lambda line: line._is_return_under_way()
        )
        return self.currency_id.round(held - sum(under_way.mapped("total")))

    def _is_return_under_way(self):
        """Whether this is a refund that may still be made, and is not booked yet."""
        self.ensure_one()
        tx = self.transaction_id
        return (
            tx.operation == "refund"
            and tx.state not in ("error", "cancel")
            and not tx.reversal_date  # made, and failed after all
            and not self.payment_id
        )

    def _get_credit_left(self):
        """What the line's payment has left over: it is open on the account."""
        self.ensure_one()
        items = self.env["kavi.credit"]._get_credit_items(self.payment_id.move_id)
        if self.payment_id.move_id.state != "posted":
            return 0.0
        left = -sum(items.mapped("amount_residual_currency"))
        return self.currency_id.round(max(left, 0.0))

    def _format(self, amount):
        """An amount in the language of the account."""
        lang = self.bill_id._get_notice_lang()
        return self.currency_id.with_context(lang=lang).format(amount)

    def _get_agreed_date(self, date):
        """The day whose terms hold for money that moved on ``date``: the day of the
        checkout, also for parts of what was authorized then.

        :rtype: datetime.date
        """
        self.ensure_one()
        tx = self.transaction_id
        charged = (tx.source_transaction_id or tx).kavi_line_ids.filtered(
            lambda line: line.bill_id == self.bill_id
        )
        return min(filter(None, (date, charged[:1].agreed_date)))

    def _get_bill_to_book(self):
        """The bill, for making the entries of this line: its guards know that the money
        has moved.

        :rtype: kavi.bill
        """
        self.ensure_one()
        return self.bill_id.with_company(self.company_id).with_context(
            kavi_transaction_line_id=Private(self.id)
        )
