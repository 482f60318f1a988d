from odoo import models

from ..tools.context import Private

# One value: one environment serves all items.
_WHOLE = Private()


class AccountPaymentRegister(models.TransientModel):
    """An accountant who registers the payment of a whole bill is offered what an early
    payer saves, with instalments too (BB-04 with BB-01)."""

    _inherit = "account.payment.register"

    # === HELPER METHODS === #

    def _get_total_amounts_to_pay(self, batch_results):
        wizard = self
        if all(self._pays_whole_invoices(batch["lines"]) for batch in batch_results):
            wizard = self.with_context(kavi_whole_discount=_WHOLE)
        return super(AccountPaymentRegister, wizard)._get_total_amounts_to_pay(
            batch_results
        )

    def _create_payment_vals_from_wizard(self, batch_result):
        batch_result = self._offer_whole_discount(batch_result)
        return super()._create_payment_vals_from_wizard(batch_result)

    def _create_payment_vals_from_batch(self, batch_result):
        batch_result = self._offer_whole_discount(batch_result)
        return super()._create_payment_vals_from_batch(batch_result)

    def _pays_whole_invoices(self, lines):
        """Whether all instalments of each invoice are paid: one by itself gets no
        discount."""
        return all(move._get_instalment_items() <= lines for move in lines.move_id)

    def _offer_whole_discount(self, batch_result):
        lines = batch_result["lines"]
        if self._pays_whole_invoices(lines):
            lines = lines.with_context(kavi_whole_discount=_WHOLE)
        return {**batch_result, "lines": lines}
