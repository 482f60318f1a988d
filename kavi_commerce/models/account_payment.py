from odoo import models
from odoo.exceptions import UserError


class AccountPayment(models.Model):
    _inherit = "account.payment"

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
