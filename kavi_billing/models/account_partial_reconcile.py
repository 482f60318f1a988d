from odoo import api, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        matches = super().create(vals_list)
        matches._check_frozen_bill()
        return matches

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

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen_bill(self):
        self._check_frozen_bill()

    # === HELPER METHODS === #

    def _check_frozen_bill(self):
        """What settles a frozen bill stays matched, and nothing else is matched with
        it (KB-26). A match with an entry that is no longer posted settles nothing."""
        live = self.sudo().filtered(
            lambda match: (
                match.debit_move_id.parent_state == "posted"
                and match.credit_move_id.parent_state == "posted"
            )
        )
        moves = live.debit_move_id.move_id | live.credit_move_id.move_id
        moves._check_frozen_bill()
