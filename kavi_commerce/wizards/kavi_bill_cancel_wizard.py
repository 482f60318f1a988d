from odoo import models


class KaviBillCancelWizard(models.TransientModel):
    """What goes back to the card first is shown as the gateway answers it."""

    _inherit = "kavi.bill.cancel.wizard"

    def action_cancel_bills(self):
        known = self.bill_ids.transaction_ids
        return self._open_asked_refunds(super().action_cancel_bills(), known)
