from odoo import models


class KaviBillRefundWizard(models.TransientModel):
    """A refund to the card is shown as the gateway answers it (KC-28)."""

    _inherit = "kavi.bill.refund.wizard"

    def action_refund(self):
        bills = self.bill_ids
        amount = self.amount if self.bill_id else None
        is_notified = self.notify
        known = bills.transaction_ids
        if bills._get_card_refunds(amount, self.method_id) == bills:
            # the notice goes out when the gateway has refunded, not when it is asked to
            self.notify = False
        result = super().action_refund()
        bills.invalidate_recordset(["transaction_ids"])
        refunds = bills.transaction_ids - known
        if not refunds:
            return result
        # sudo: the refund was just made by this officer's act
        refunds.sudo().is_notified = is_notified
        if result.get("res_model"):
            return result  # which bills were not refunded, and why
        action = refunds._get_records_action(name=self.env._("Refund"))
        return {**action, "target": "new" if len(refunds) == 1 else "current"}
