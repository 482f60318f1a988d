from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "kavi.ledger.check.mixin"]

    def _compute_amount_available_for_refund(self):
        result = super()._compute_amount_available_for_refund()
        # the bill and its transaction know more: what is under way, other bills
        for payment in self:
            if payment.sudo().payment_transaction_id.kavi_line_ids:
                payment.amount_available_for_refund = 0.0
        return result

    def action_refund_wizard(self):
        if self.sudo().payment_transaction_id.kavi_line_ids:
            raise UserError(
                self.env._("This is the payment of a bill: refund the bill instead.")
            )
        return super().action_refund_wizard()

    def _get_external_number(self):
        """Of a payment or refund by card: the order, as in our reports; then what the
        gateway's statement has (BB-16)."""
        transaction = self.payment_transaction_id
        if transaction.order_id:
            numbers = (transaction.order_id, transaction.provider_reference)
            return " ".join(filter(None, numbers))
        return super()._get_external_number()

    @api.model
    def _get_book_checks(self):
        return [*super()._get_book_checks(), self._find_without_transaction]

    @api.model
    def _find_without_transaction(self):
        """Payments and refunds by the card method that no gateway has made: that is the
        method by which nothing is paid by hand.

        :return: ``{payment: sentence}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payment.id
                  FROM account_payment payment
                  JOIN account_move move ON move.id = payment.move_id
                  JOIN kavi_payment_method method ON method.id = payment.kavi_method_id
                 WHERE method.kind = 'card' AND move.state = 'posted'
                   AND payment.state NOT IN ('draft', 'canceled', 'rejected')
                   AND payment.payment_transaction_id IS NULL
              ORDER BY payment.id
                """
            )
        )
        text = self.env._(
            "It says that it was made by card, and no transaction of a gateway has "
            "moved the money."
        )
        return {self.browse(id_): text for (id_,) in rows}

    def _get_difference_summary(self):
        return self.env._("Gateway and books differ")
