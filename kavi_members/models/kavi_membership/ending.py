from odoo import models


class KaviMembership(models.Model):
    """How a membership ends before its time; it is never taken away (KM-41)."""

    _inherit = "kavi.membership"

    # === BUSINESS METHODS === #

    def _end(self, reason, note=""):
        """End memberships today.

        :param str reason: a key of ``const.END_REASONS``
        """
        self._lock_for_act("end")
        for one in self:
            one._write_facts(one._prepare_end_vals(reason))
        self._log_history("note", note)
        return self._advance()

    def _delete(self, cancel_bill=False, note=""):
        """Take memberships out of sight: canceled or archived, and hidden. The row, its
        history and its bill stay.

        :param bool cancel_bill: its open bill is canceled
        """
        self._lock_for_act("delete")
        for one in self:
            over = one.state in ("archived", "denied", "canceled")
            vals = {} if over else one._prepare_end_vals("deleted")
            one._write_facts({**vals, "active": False})
        self._log_history("note", self.env._("Deleted. %s", note or ""))
        moves = self._advance()
        self._settle_bills(cancel_bill, self.env._("The membership was deleted."))
        return moves

    def _is_refunded(self):
        """Whether nothing of what was paid for them is kept."""
        # sudo: no more than that is told
        bills = self.sudo().kavi_bill_ids
        return bool(bills) and all(
            bill.currency_id.compare_amounts(bill.amount_paid, 0.0) > 0
            and bill.currency_id.is_zero(bill.amount_retained)
            for bill in bills
        )

    # === HELPER METHODS === #

    def _prepare_end_vals(self, reason):
        """The facts of an end today. The term keeps its dates, as far as they came."""
        self.ensure_one()
        return {
            "date_ended": self.company_id._billing_today(),
            "end_reason": reason,
            "suspend_on": False,
        }
