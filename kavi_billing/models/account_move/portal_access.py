from odoo import api, models


class AccountMove(models.Model):
    """Who opens an entry of billing in the portal, and what payers write on it.

    The link of a bill opens the bill's entries, too, as long as it opens the bill. A
    token of their own would outlive it, so what Odoo keeps for them opens nothing; and
    whoever may read entries comes by no link to pay with.
    """

    _inherit = "account.move"

    # === BUSINESS METHODS === #

    @api.model
    def _get_thread_with_access(
        self, thread_id, *, hash=None, pid=None, token=None, **kwargs
    ):
        # sudo: whose entry it is, and whether the link holds
        move = self.sudo().browse(thread_id).exists()
        if move._is_billing_thread():
            if not self._are_link_params(hash=hash, pid=pid, token=token):
                return self.browse()
            bill = move.kavi_bill_id
            if not (bill and bill._is_link_alive()):
                hash = pid = token = None
            elif token and bill._is_link_token(token):
                return move
            token = None
        return super()._get_thread_with_access(
            thread_id, hash=hash, pid=pid, token=token, **kwargs
        )

    # === HELPER METHODS === #

    def _is_billing_thread(self):
        moves = self.sudo()  # no more than whether they are
        return bool(moves.kavi_bill_id or moves.kavi_credit_ids)

    def _get_responsible_users(self):
        self.ensure_one()
        move = self.sudo()  # payers need not know who works here
        if move.kavi_bill_id:
            return move.kavi_bill_id._get_responsible_users()
        return move.kavi_credit_ids._get_administrators()

    def _is_link_token(self, token):
        """Whether a link of the portal with this token opens the entry of a bill."""
        self.ensure_one()
        bill = self.sudo().kavi_bill_id
        return bool(bill) and bill._is_link_token(token)

    def _portal_ensure_token(self):
        if not self._is_billing_thread():
            return super()._portal_ensure_token()
        if not self.sudo().access_token:
            super(AccountMove, self.sudo())._portal_ensure_token()  # opens nothing
        bill = self.sudo().kavi_bill_id.sudo(self.env.su)
        return bill._portal_ensure_token() if bill and bill._is_link_shown() else ""

    def _sign_token(self, pid):
        bill = self.sudo().kavi_bill_id
        return bill._sign_token(pid) if bill else super()._sign_token(pid)

    def _get_share_url(self, *args, share_token=True, **kwargs):
        share_token = share_token and not self._is_billing_thread()
        return super()._get_share_url(*args, share_token=share_token, **kwargs)
