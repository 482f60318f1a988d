from odoo import models

from ...tools.state import RUNNING

ACCEPTED = ("pending_start", *RUNNING)


class KaviMembership(models.Model):
    """What becomes of a membership when something becomes of its bill: one bill
    touches one term, and nothing but these events does (KM-27, KM-55)."""

    _inherit = "kavi.membership"

    # === WHAT BILLING CALLS === #

    def _kavi_bills_paid(self, bills):
        """Paid in full: the step is passed; whoever was suspended for it is not any
        more."""
        self._wait_for_rows()
        waiting = self.filtered(lambda one: one.billing in ("owed", "lost"))
        waiting._write_facts({"billing": "settled"})
        self.filtered("suspend_on")._write_facts({"suspend_on": False})
        back = self.filtered(
            lambda one: one.suspended and one.suspended_reason == "bill"
        )
        back._write_facts({"suspended": False, "suspended_reason": False})
        back._log_history("resumed", self.env._("Its bill is paid."))
        over = waiting.filtered(
            lambda one: one.state in ("archived", "denied", "canceled")
        )
        over._alert_officers(
            self.env._("Paid, but over"),
            self.env._(
                "The bill of this membership was paid, and it is over. Look whether "
                "the money is to be given back."
            ),
        )
        self._hear(bills)
        self._advance()
        back._update_members()

    def _kavi_bills_refunded(self, bills):
        """Refunded: a part changes nothing; all of it is a matter of the type."""
        self._wait_for_rows()
        for one in self:
            own = one._get_told_bill(bills)
            amount = own.currency_id.format(own.refund_amount)
            if own.currency_id.compare_amounts(own.amount_retained, 0.0) > 0:
                text = self.env._(
                    "%(amount)s of bill %(bill)s was refunded; the rest is kept.",
                    amount=amount,
                    bill=own.name,
                )
                one._log_history("bill", text)
                if one.state in ACCEPTED:
                    one._alert_officers(self.env._("Refunded in part"), text)
            else:
                one._lose_money(
                    "refunded", self.env._("Bill %s was refunded.", own.name)
                )
        self._hear(bills)
        self._advance()

    def _kavi_bills_canceled(self, bills):
        """Canceled: never paid, or refunded with it."""
        self._wait_for_rows()
        for one in self:
            own = one._get_told_bill(bills)
            one._lose_money(
                "bill_canceled", self.env._("Bill %s was canceled.", own.name)
            )
        self._hear(bills)
        self._advance()

    def _kavi_bills_reopened(self, bills):
        """Bounced, charged back, undone: whoever waits, waits again; whoever is a
        member is suspended, and nothing of the term changes."""
        self._wait_for_rows()
        for one in self:
            text = self.env._("Bill %s is open again.", one._get_told_bill(bills).name)
            one._log_history("bill", text)
            if one.state in ACCEPTED:
                one._suspend_for_bill()
            elif not one.date_ready and not one.date_ended:
                if one.billing == "settled" and not one.expedited_at:
                    one._write_facts({"billing": "owed"})
            one._alert_officers(self.env._("A payment was taken back"), text)
        self._hear(bills)
        self._advance()

    def _kavi_bills_disputed(self, bills):
        for one in self:
            bill = one._get_told_bill(bills)
            one._log_history(
                "bill",
                self.env._("Bill %s is in dispute.", bill.name)
                if bill.is_disputed
                else self.env._("The dispute of bill %s is over.", bill.name),
            )

    def _kavi_bills_deleted(self, bills):
        """A draft was deleted: the step has no bill, and an officer raises one."""
        self._wait_for_rows()
        for one in self:
            if one.billing == "owed" and not one.date_ready:
                one._write_facts({"billing": "lost"})
                one._tell_unbilled()

    # === BUSINESS METHODS === #

    def _lose_money(self, reason, text):
        """The money of the term was given back, or will never come."""
        self.ensure_one()
        self._log_history("bill", text)
        if self.date_ended or self.moderation == "denied":
            return  # our own act, or over
        if not self.date_ready:
            lives = self.bill_id.state in ("draft", "new", "pending", "paid")
            if self.billing in ("owed", "settled") and not lives:
                self._write_facts({"billing": "lost"})
                self._tell_unbilled()
            return
        if self.state not in ACCEPTED or self.expedited_at and reason != "refunded":
            return
        policy = self.type_id.on_refund
        if policy == "end":
            self._end(reason, text)
        elif policy == "ask":
            self._alert_officers(
                self.env._("End or keep the membership?"),
                self.env._(
                    "%s “End Now” ends the membership; mark this as done to keep it.",
                    text,
                ),
            )

    def _suspend_for_bill(self):
        self.ensure_one()
        if self.type_id.on_reopen == "keep" or self.suspended:
            return
        today = self.company_id._billing_today()
        days = self.type_id.suspend_after_days
        self._write_facts({"suspend_on": self._add_days(today, days)})
        self._suspend_due(today)

    def _tell_unbilled(self):
        self._alert_officers(
            self.env._("No bill"),
            self.env._(
                "The bill of this step is gone. Raise a new one, pass the step, or "
                "delete the membership."
            ),
        )

    # === HELPER METHODS === #

    def _get_told_bill(self, bills):
        """The newest of ``bills`` that is this membership's."""
        self.ensure_one()
        return bills.filtered(lambda bill: bill.origin_id == self.id).sorted("id")[-1:]

    def _get_heard(self, bill):
        """What of a bill has been worked on: its state, and what was given back."""
        refunded = bill.currency_id.round(bill.refund_amount)
        return f"{bill.id}:{bill.state}:{refunded:.6f}"

    def _hear(self, bills):
        """Keep what has been worked on: the comparison at night finds the rest."""
        for one in self:
            bill = one._get_told_bill(bills)
            if bill and bill == one.kavi_bill_ids.sorted("id")[-1:]:
                one._write_facts({"heard": one._get_heard(bill)})
