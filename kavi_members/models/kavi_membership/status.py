from odoo import models
from odoo.tools import format_date


class KaviMembership(models.Model):
    """What its applicant is told of a membership, in plain words (KM-24)."""

    _inherit = "kavi.membership"

    # === BUSINESS METHODS === #

    def _get_applicant_status(self):
        self.ensure_one()
        bill = self.bill_id
        owes = bool(bill) and bill.state in ("new", "pending") and bool(bill.amount_due)
        over = self.state in ("denied", "canceled", "archived")
        return {
            "type": self.type_id.name,
            "state": self._get_applicant_label(),
            "kind": "late" if over else "paid" if self.date_ready else "pending",
            "text": self._get_applicant_text(bill, owes),
            "bill": bill.name if owes else "",
            "amount": bill.amount_to_pay if owes else 0.0,
            "currency": bill.currency_id,
            # a path: the page may be open under another name of the site
            "pay_url": bill._get_pay_url().removeprefix(bill.get_base_url())
            if owes and not over
            else "",
            "can_withdraw": "withdraw" in (self.allowed_acts or []),
            "number": self.member_number if self.date_activated else "",
        }

    # === HELPER METHODS === #

    def _get_applicant_label(self):
        return {
            "pending_moderation": self.env._("We are looking at it"),
            "pending_bill": self.env._("Waiting for the payment"),
            "pending_start": self.env._("Accepted"),
            "current": self.env._("You are a member"),
            "expired": self.env._("Expired"),
            "archived": self.env._("Over"),
            "denied": self.env._("Not accepted"),
            "canceled": self.env._("Withdrawn")
            if self.end_reason == "withdrawn"
            else self.env._("Canceled"),
        }.get(self.state, "")

    def _get_applicant_text(self, bill, owes):
        """What comes next, and who has to do it."""
        start = format_date(self.env, self.date_start)
        end = format_date(self.env, self.date_end)
        if self.state == "pending_bill":
            if owes and bill.state == "pending":
                return self.env._(
                    "Your payment is on its way. Nothing else is to be done; the page "
                    "changes when it has arrived."
                )
            if owes:
                return self.env._("Pay the bill, and the application goes on.")
            return self.env._("We prepare your bill, and write to you.")
        if self.state == "pending_moderation":
            return self.env._("We decide on your application, and write to you.")
        if self.state == "pending_start":
            if self.is_missed or not self.date_start:
                return self.env._("We look for your first day, and write to you.")
            return self.env._("Your membership begins on %s.", start)
        if self.state == "current":
            if not self.date_end:
                return self.env._("Since %s, for life.", start)
            return self.env._("From %(start)s to %(end)s.", start=start, end=end)
        if self.state == "denied":
            return self.denial_text or self.env._(
                "We are sorry. Write to us below if you have questions."
            )
        if self.state in ("expired", "archived") and self.date_end:
            return self.env._("It ended on %s.", end)
        return ""
