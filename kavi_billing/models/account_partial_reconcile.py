from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_canceled_bill(self):
        """What settles a canceled bill stays matched: canceled is final (KB-27), and
        its debt would be open again."""
        for match in self.sudo():
            invoice, credit = match.debit_move_id.move_id, match.credit_move_id.move_id
            if invoice.kavi_bill_id == credit.kavi_bill_id or (
                invoice.state == credit.state == "posted"
            ):
                invoice._check_canceled_bill()
