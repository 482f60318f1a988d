from odoo import fields, models
from odoo.exceptions import UserError


class KaviMembership(models.Model):
    """Approving, denying, passing a step, withdrawing (KM-32, KM-35, KM-38)."""

    _inherit = "kavi.membership"

    # === ACTION METHODS === #

    def action_approve(self):
        self._approve()
        return True

    def action_next_term(self):
        self._move_to_next_term()
        return True

    def action_resume(self):
        self._resume()
        return True

    def action_end(self):
        """End before its time, by an officer; its bill stays as it is."""
        self._end("refunded" if self._is_refunded() else "deleted")
        return True

    # === BUSINESS METHODS === #

    def _approve(self, note=""):
        """Approve: the bill comes next, or the term begins.

        :raise UserError: when one of them was decided on already; it says by whom
        """
        self._lock_for_act("approve")
        self._write_facts(self._prepare_decision_vals("approved"))
        self._log_history("moderation", note or self.env._("Approved."))
        return self._advance()

    def _deny(self, reason="", text="", cancel_bill=True):
        """Deny: the record stays, and says so.

        :param str reason: for the staff
        :param str text: for the applicant
        :param bool cancel_bill: an open bill is canceled; a paid one is never refunded
            by itself (KM-35)
        """
        self._lock_for_act("deny")
        self._write_facts(
            {
                **self._prepare_decision_vals("denied"),
                "denial_reason": reason or False,
                "denial_text": text or False,
                "end_reason": "denied",
            }
        )
        self._log_history("moderation", self.env._("Denied. %s", reason or ""))
        moves = self._advance()
        self._settle_bills(cancel_bill, self.env._("The application was denied."))
        return moves

    def _expedite(self, note):
        """Pass the step that is waited for, with a note that says why (KM-38).

        An open bill stays: it is owed all the same.
        """
        if not (note or "").strip():
            raise UserError(self.env._("Say in a note why the step is passed."))
        self._lock_for_act("expedite")
        now = fields.Datetime.now()
        for one in self:
            vals = {"expedited_by": self.env.uid, "expedited_at": now}
            if one.state == "pending_moderation":
                vals.update(self._prepare_decision_vals("approved"))
            else:
                vals["billing"] = "settled" if one.sudo().bill_id else "none"
            one._write_facts(vals)
        self._log_history("moderation", self.env._("Step passed. %s", note))
        return self._advance()

    def _withdraw(self, note=""):
        """The applicant takes it back; while nothing is paid."""
        self._lock_for_act("withdraw")
        for one in self:
            one._write_facts(one._prepare_end_vals("withdrawn"))
        self._log_history("note", self.env._("Withdrawn. %s", note or ""))
        moves = self._advance()
        self._settle_bills(True, self.env._("The application was withdrawn."))
        return moves

    # === HELPER METHODS === #

    def _prepare_decision_vals(self, moderation):
        return {
            "moderation": moderation,
            "moderated_by": self.env.uid,
            "moderated_at": fields.Datetime.now(),
        }

    def _settle_bills(self, cancel, reason):
        """After the end of a membership: cancel its open bill if that was said; what
        was paid is a person's to decide."""
        paid = self.filtered(
            lambda one: (
                one.sudo().bill_id
                and not one.currency_id.is_zero(one.sudo().bill_id.amount_retained)
            )
        )
        if cancel:
            (self - paid)._cancel_bills(reason)
        paid._alert_officers(
            self.env._("Refund the bill?"),
            self.env._(
                "%s Its bill was paid: give the money back, or keep it.", reason
            ),
        )
