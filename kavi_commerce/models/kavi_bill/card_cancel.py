from odoo import models

from odoo.addons.kavi_billing.tools.context import Private, private_value

from ..payment_transaction.refund_check import is_on_trial


class KaviBill(models.Model):
    """Cancellation of what was paid by card: the money first, then the bill ends.

    The gateway is asked for what came by card; the bill waits for its answer as it is.
    When all of that has gone back, the bill is canceled, and what came otherwise is
    refunded as it came. A refund that is refused leaves the bill as it was.
    """

    _inherit = "kavi.bill"

    # === ACTION METHODS === #

    def action_retry_refund(self):
        """Try refunds again that the gateway refused."""
        return self._retry_card_refunds()

    # === BUSINESS METHODS === #

    def _cancel(self, reason=None, refund_amount=None):
        by_card = self._get_card_cancels(refund_amount)
        if by_card:
            self._lock_for_act("cancel")
            for bill in by_card:
                bill._ask_to_cancel(reason, refund_amount)
        rest = self - by_card
        if not rest:
            return None
        return super(KaviBill, rest)._cancel(reason=reason, refund_amount=refund_amount)

    def _get_card_cancels(self, refund_amount):
        """Those of these bills that wait for the gateway when they are canceled.

        :param float refund_amount: as of :meth:`_cancel`
        """
        if refund_amount == 0 or private_value(self.env.context, "kavi_transaction_id"):
            return self.browse()
        if refund_amount is not None and len(self) > 1:
            return self.browse()  # refused there
        return self.filtered(lambda bill: bill._has_card_money())

    def _ask_to_cancel(self, reason, refund_amount):
        """Ask the gateway for what came by card of one bill; then it is canceled.

        :param float refund_amount: what is refunded; default all that is retained
        """
        if refund_amount is None:
            refund_amount = self.amount_returnable
        amount = self._get_refund_amounts(refund_amount)[self]
        by_card = min(amount, self._get_card_refundable())
        rest = self.currency_id.round(amount - by_card)
        self._request_card_refunds(by_card, reason, ends_bill=True, rest_amount=rest)
        self._log_act(
            "cancel",
            {
                self.id: self.env._(
                    "The gateway is asked to refund %(amount)s; the bill is canceled "
                    "when it has done so. %(reason)s",
                    amount=self.currency_id.format(by_card),
                    reason=reason or "",
                )
            },
        )

    def _cancel_after_refunds(self, refunds, last):
        """Cancel one bill whose card money has gone back.

        :param refunds: the ``payment.transaction`` by which it went
        :param last: the last one of these
        """
        ids = tuple(refunds.ids)
        bill = self.with_company(self.company_id).with_context(
            kavi_transaction_id=Private(ids), kavi_transaction_line_id=False
        )
        rest = min(last.rest_amount, bill.amount_returnable)
        bill._cancel(reason=last.return_reason or None, refund_amount=rest)
        if last.is_notified and not is_on_trial():
            lines = refunds.kavi_line_ids.filtered(lambda line: line.bill_id == self)
            amount = bill.currency_id.round(sum(lines.mapped("total")) + rest)
            bill._notify_of_card_refund("cancel", amount, last)

    def _retry_card_refunds(self):
        """Ask again for the refunds of these bills that the gateway refused.

        :return: the action that shows the new refunds
        """
        self._lock_for_act("retry_refund")
        failed = self._get_failed_returns().transaction_id
        action = failed.with_env(self.env).action_kavi_retry_refund()
        self._log_act(
            "retry_refund",
            dict.fromkeys(self.ids, self.env._("The gateway is asked once more.")),
        )
        return action

    def _run_state_hooks(self):
        if is_on_trial():
            return None  # undone at once: nobody is told
        return super()._run_state_hooks()

    # === HELPER METHODS === #

    def _get_asked_refunds(self):
        """Refunds of these bills that the gateway has not answered yet.

        :rtype: payment.transaction, with superuser rights
        """
        refunds = self.sudo().transaction_line_ids.transaction_id
        return refunds.filtered(
            lambda tx: tx.operation == "refund" and tx.state == "pending"
        )
