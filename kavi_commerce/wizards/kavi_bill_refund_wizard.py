from odoo import models


class KaviBillRefundWizard(models.TransientModel):
    """A refund to the card is shown as the gateway answers it (KC-28)."""

    _inherit = "kavi.bill.refund.wizard"

    def _compute_method_id(self):
        result = super()._compute_method_id()
        for wizard in self:
            bill = wizard.bill_id._origin
            if bill and bill._has_card_money():
                # as it was paid; in two ways, each part has to be said
                left = bill._get_card_refundable()
                is_all = (
                    bill.currency_id.compare_amounts(left, bill.amount_refundable) == 0
                )
                ways = wizard.method_ids._origin
                card = ways.filtered(lambda method: method.kind == "card")
                wizard.method_id = card[:1] if is_all else False
        return result

    def action_refund(self):
        known = self.bill_ids.transaction_ids
        return self._open_asked_refunds(super().action_refund(), known)
