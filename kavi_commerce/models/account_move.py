from odoo import models


class AccountMove(models.Model):
    """The invoice of a bill is paid at the bill: its guards are there. What a gateway
    has moved stands in the books."""

    _inherit = "account.move"

    def _has_to_be_paid(self):
        # sudo: the payer of an invoice may not see what it belongs to
        return not self.sudo().kavi_bill_id and super()._has_to_be_paid()

    def _get_online_payment_error(self):
        bill = self.sudo().kavi_bill_id
        if bill:
            return self.env._(
                "This is the invoice of bill %s: pay the bill.", bill.name
            )
        return super()._get_online_payment_error()

    def button_draft(self):
        self.origin_payment_id._check_not_at_gateway()
        return super().button_draft()

    def button_cancel(self):
        self.origin_payment_id._check_not_at_gateway()
        return super().button_cancel()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        self.origin_payment_id._check_not_at_gateway()
        return super()._reverse_moves(default_values_list, cancel=cancel)
