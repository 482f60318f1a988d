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

    def _reverse_moves(self, default_values_list=None, cancel=False):
        self.origin_payment_id._check_not_at_gateway()
        return super()._reverse_moves(default_values_list, cancel=cancel)

    def _check_state_change(self, state):
        # by a button, a client or an import; the payer of the bill has paid
        result = super()._check_state_change(state)
        leaving = self.filtered(lambda move: move.state == "posted" != state)
        leaving.origin_payment_id._check_not_at_gateway()
        leaving.line_ids._get_live_matches()._check_not_at_gateway()
        return result
