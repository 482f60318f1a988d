from odoo import api, models


class AccountPartialReconcile(models.Model):
    """What a gateway has charged for a bill, or given back of it, stays matched."""

    _inherit = "account.partial.reconcile"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_at_gateway(self):
        """By hand: the bill would ask for the money again that the gateway holds. Acts
        on the bill have their own guards, and superuser rights."""
        if not self.env.su:
            self._check_not_at_gateway()

    # === HELPER METHODS === #

    def _check_not_at_gateway(self):
        """Refuse to undo what settles a bill, as long as the money stands at the
        gateway. What a payment left over is a credit as any other.

        :raise UserError: with what to do instead
        """
        for match in self.sudo():
            moves = match.debit_move_id.move_id, match.credit_move_id.move_id
            for money, document in (moves, moves[::-1]):
                payment = money.origin_payment_id
                bills = payment.payment_transaction_id.kavi_line_ids.bill_id
                if (
                    document.kavi_bill_id in bills
                    and money.state == document.state == "posted"
                ):
                    payment._check_not_at_gateway()
