from odoo import models
from odoo.fields import Domain

# Whose outcome is open: what ends with the mode in which it was begun.
OPEN = ("draft", "pending", "authorized")


class PaymentTransaction(models.Model):
    """Live and test. Which of them a payment is was fixed when it was made (Odoo's
    ``is_live``) and is asked at each use of it: a test settles nothing once its company
    takes live payments, and no live order is captured by a provider in test."""

    _inherit = "payment.transaction"

    # === BUSINESS METHODS === #

    def _is_charge_live(self):
        """Whether the charge (of a refund: the one it belongs to) was made while the
        provider was live."""
        return (self.source_transaction_id or self).is_live

    def _is_outlived_test(self):
        """Whether this was a test, and its company takes live payments since."""
        self.ensure_one()
        tx = self.sudo()  # payers and officers may not see providers
        if tx._is_charge_live():
            return False
        if tx.provider_id.kavi_is_live:
            return True
        company = tx.kavi_line_ids.company_id[:1] or tx.company_id
        return tx.env["payment.provider"]._get_of_company(company).state == "enabled"

    def _get_mode_problem(self):
        """Why no money is moved by this any more; "" while it may be."""
        self.ensure_one()
        if self._is_outlived_test():
            return self.env._(
                "Nothing was charged: this was a test, and card payment is live now. "
                "Start again from the bill."
            )
        provider = self.sudo().provider_id
        if self._is_charge_live() and provider.state == "test":
            return self.env._(
                "This is a live payment, and %s is in test mode now: no live money is "
                "moved. An administrator can switch it back to live.",
                provider.name,
            )
        return ""

    def _get_switched_off_problem(self):
        """Why nothing more is charged by this; "" while card payment is on."""
        self.ensure_one()
        if self.sudo().provider_id.state != "disabled":
            return ""
        return self.env._(
            "Nothing was charged. Card payment was switched off meanwhile."
        )

    def _get_end_reason(self):
        """Why this attempt ends, whatever the gateway has of it; "" when it goes on.

        A live payment that was asked for goes on: its money may have moved.
        """
        self.ensure_one()
        if self._is_outlived_test():
            is_open = self.state in OPEN or (
                self.state == "done" and not self.is_post_processed
            )
            return self._get_mode_problem() if is_open else ""
        if self.state != "draft":
            return ""
        return self._get_mode_problem() or self._get_switched_off_problem()

    def _end_with_mode(self):
        """End attempts whose mode is over, so that their bills are open again.

        :return: those that ended
        """
        ended = self.browse()
        for tx in self:
            if reason := tx._get_end_reason():
                tx._update_state((*OPEN, "done"), "cancel", reason)
                tx.write({"payer_message": reason, "next_check_date": False})
                ended += tx
        return ended

    def _end_in_turn(self):
        """The same for one of them, in turn with all others who work on it.

        :return: whether it has ended, or is a test of before that nobody asks about
        """
        self.ensure_one()
        if self._get_end_reason():
            with self._kavi_turn():
                self._end_with_mode()
            self._commit_and_post_process()
            return True
        return self._is_outlived_test()

    def _find_of_ended_mode(self, providers):
        """Attempts that may have ended, since these providers are live, or in test.

        :rtype: payment.transaction, with superuser rights
        """
        domain = Domain("provider_id", "in", providers.ids) & Domain(
            "state", "=", "draft"
        )
        live = providers.filtered("kavi_is_live")
        domain |= (
            Domain("kavi_line_ids.company_id", "child_of", live.company_id.ids)
            & Domain("is_live", "=", False)
            & (
                Domain("state", "in", OPEN)
                | (
                    Domain("state", "=", "done")
                    & Domain("is_post_processed", "=", False)
                )
            )
        )
        return self._for_books().search(domain & Domain("kavi_line_ids", "!=", False))
