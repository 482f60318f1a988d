from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_canceled_bill(self):
        """What canceled a bill stays matched: canceled is final (KB-27)."""
        for match in self.sudo():
            invoice = match.debit_move_id.move_id
            if invoice.kavi_bill_id == match.credit_move_id.move_id.kavi_bill_id:
                invoice._check_canceled_bill()
