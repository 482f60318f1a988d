from odoo import api, models

from ...tools.const import LIQUIDITY


class KaviBill(models.Model):
    """What of a settlement was money: only that can be refunded (KB-34)."""

    _inherit = "kavi.bill"

    # === HELPER METHODS === #

    def _sum_refunds(self, notes):
        """What was refunded against credit notes, not rounded, and when last.

        :return: amount in the bill's currency, and day or False
        """
        refunded, days = 0.0, []
        lines = self._get_receivable_lines(notes)
        for match in lines._get_live_matches() & lines.matched_debit_ids:
            counterpart = match.debit_move_id
            if (
                counterpart.move_id.move_type != "out_invoice"
                and match.credit_amount_currency
            ):
                refunded += match.credit_amount_currency
                days.append(self._get_money_day(counterpart))
        return refunded, max(days, default=False)

    @api.model
    def _get_money_part(self, match):
        """How much of a match was money: what was written off or discounted with it
        counts as credited.

        What the bank kept of it is no matter of the payer's: it was paid.

        :return: amount in the bill's currency, not rounded: what is matched with
            several instalments would gain a cent
        """
        line = match.credit_move_id
        move, payment = line.move_id, line.move_id.origin_payment_id
        matched = match.debit_amount_currency
        if any(move.line_ids.mapped("is_kavi_without_money")):
            return 0.0 if line.is_kavi_without_money else matched
        fees = move.line_ids.filtered(
            lambda item: item.account_id in move.company_id.billing_fee_account_ids
        )
        if payment:
            whole, currency = -line.amount_currency, line.currency_id
            if payment.currency_id != currency:
                return matched
            money = payment.amount + sum(fees.mapped("amount_currency"))
        else:
            # from the bank statement, or by hand: money only if it says so
            currency = move.company_currency_id
            liquid = move.line_ids.filtered(
                lambda item: item.account_id.account_type in LIQUIDITY
            )
            owed = self._get_receivable_lines(move).filtered(
                lambda item: item.balance < 0
            )
            whole = -sum(owed.mapped("balance"))
            money = sum((liquid | fees).mapped("balance")) if liquid else 0.0
        if currency.compare_amounts(money, whole) >= 0:
            return matched
        return matched * max(money, 0.0) / whole
