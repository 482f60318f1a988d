from odoo import models


class KaviBillRefundWizard(models.TransientModel):
    """A refund to the card is shown as the gateway answers it (KC-28)."""

    _inherit = "kavi.bill.refund.wizard"

    def action_refund(self):
        known = self.bill_ids.transaction_ids
        result = super().action_refund()
        self.bill_ids.invalidate_recordset(["transaction_ids"])
        refunds = self.bill_ids.transaction_ids - known
        if not refunds:
            return result
        action = refunds._get_records_action(name=self.env._("Refund"))
        return {**action, "target": "new" if len(refunds) == 1 else "current"}

    def _get_notice(self, bill):
        if not bill._get_card_refunds(None, self.method_id):
            return super()._get_notice(bill)
        amount = self.amount if self.bill_id else bill.amount_retained
        return [
            self.env._(
                "%(amount)s of your bill %(bill)s goes back to your card. It takes a "
                "few days to arrive.",
                amount=bill.currency_id.format(amount),
                bill=bill.display_name,
            ),
            self.reason,
        ]
