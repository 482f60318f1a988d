from odoo import models


class AccountMove(models.Model):
    """The invoice of a bill is paid at the bill: its guards are there."""

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
