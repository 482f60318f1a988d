from odoo import models

from odoo.addons.kavi_billing.tools.context import private_value


class PaymentTransaction(models.Model):
    """Money that does not come: who was told that it is on its way is told of it."""

    _inherit = "payment.transaction"

    # === BUSINESS METHODS === #

    def _set_refused(self, message, state="error"):
        """Set a charge to failed, or to canceled. Whoever was told that the money is on
        its way is told of that, too: the payer has gone since.

        :param str message: why
        :param str state: "error" or "cancel"
        """
        self.ensure_one()
        was_awaited = self._is_awaited()
        is_officers = self.state == "authorized" or bool(self.authorization_act)
        if state == "error":
            self._set_error(message)
        else:
            self._set_canceled(state_message=message)
        if was_awaited:
            self._tell_of_late_failure(message, is_officers)

    def _is_awaited(self):
        """Whether the money is expected, and nobody waits for this answer: the gateway
        holds it, its answer did not come at once, or it waits to be captured."""
        if self.state == "authorized":
            voids = self.child_transaction_ids.filtered(
                lambda child: child.authorization_act == "void"
            )
            return all(child.state == "error" for child in voids)
        return self.state == "pending" and not private_value(
            self.env.context, "kavi_payer_waits"
        )

    def _tell_of_late_failure(self, message, is_officers):
        """Tell the administrators, and the payer, of a payment that was awaited and has
        failed: its bills are open again.

        :param bool is_officers: the payer had done their part, and an officer was to
            take the money: no mail goes to the payer by itself
        """
        self._kavi_alert(
            self.env._("A card payment that was awaited has failed"),
            self.env._(
                "%(amount)s for bill %(bills)s did not come, and is owed as before. "
                "%(reason)s",
                amount=self.currency_id.format(self.amount),
                bills=", ".join(self.bill_ids.mapped("name")),
                reason=message,
            ),
        )
        if is_officers:
            return
        self.env.flush_all()
        template = self.env.ref("kavi_commerce.mail_template_bill_card_failed", False)
        for line in self.kavi_line_ids:
            line.bill_id.filtered(lambda bill: bill._is_payable())._notify_by(
                template,
                "card_failed",
                {line.bill_id.id: {"returned": line.currency_id.format(line.total)}},
            )
