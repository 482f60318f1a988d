from odoo import api, fields, models


class KaviBill(models.Model):
    """How much of a bill is overdue, and how much is asked for today."""

    _inherit = "kavi.bill"

    amount_overdue = fields.Monetary(
        string="Overdue Amount",
        compute="_compute_amount_overdue",
        help="What is open of the bill whose day has passed.",
    )

    # === COMPUTE METHODS === #

    @api.depends("is_overdue", "instalment_ids")
    def _compute_amount_overdue(self):
        for bill in self:
            parts = bill.instalment_ids if bill.is_overdue else ()
            overdue = [part.amount_due for part in parts if part.state == "overdue"]
            if parts and bill.surcharge_booked:
                overdue.append(bill._get_overdue_surcharges())
            bill.amount_overdue = sum(overdue)

    # === BUSINESS METHODS === #

    def _get_next_payment(self):
        """What the payer is asked for today: of a bill in instalments, what is due of
        them, or else the next one; of any other, what settles it.

        :rtype: float
        """
        self.ensure_one()
        today = self.company_id._billing_today()
        settling = self._get_settling_amount(today)
        parts = self._get_open_instalments()
        if len(parts) < 2:
            return settling
        due = parts.filtered(lambda part: part.due_date <= today) or parts[:1]
        return min(self.currency_id.round(sum(due.mapped("amount_due"))), settling)

    # === HELPER METHODS === #

    def _get_overdue_surcharges(self):
        """What is open on surcharges whose payment did not hold: they were due with
        it."""
        today = self.company_id._billing_today()
        items = self._get_receivable_lines(self._get_surcharge_moves())
        return self.currency_id.round(
            sum(
                item.amount_currency
                - sum(
                    (item._get_live_matches() & item.matched_credit_ids).mapped(
                        "debit_amount_currency"
                    )
                )
                for item in items
                if item.date_maturity and item.date_maturity < today
            )
        )
