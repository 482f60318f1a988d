from odoo import models


class KaviBillActWizard(models.AbstractModel):
    """Acts that wait for the gateway: the account is told when it has answered."""

    _inherit = "kavi.bill.act.wizard"

    def _get_told_bills(self, bills):
        bills = super()._get_told_bills(bills)
        if self._act not in ("refund", "cancel"):
            return bills
        # what was just asked: no bill waits before the act
        refunds = self.bill_ids._get_asked_refunds()
        refunds.write({"is_notified": True, "notice_text": self._get_notice_text()})
        return bills - refunds.bill_ids

    def _open_asked_refunds(self, result, known):
        """The action that shows what was asked of the gateway.

        :param result: what to do where nothing was asked
        :param known: the bills' transactions before
        """
        self.bill_ids.invalidate_recordset(["transaction_ids"])
        refunds = self.bill_ids.transaction_ids - known
        if not refunds or result.get("res_model"):
            return result  # which bills were not refunded, and why
        action = refunds._get_records_action(name=self.env._("Refund"))
        return {**action, "target": "new" if len(refunds) == 1 else "current"}
