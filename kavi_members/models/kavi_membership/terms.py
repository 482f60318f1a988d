from odoo import fields, models

from ...tools.state import DAY
from ...tools.term import Period, get_renewal_start


class KaviMembership(models.Model):
    """From which day to which: fixed when the last step is passed (KM-12, KM-45)."""

    _inherit = "kavi.membership"

    # === BUSINESS METHODS === #

    def _fix_terms(self, today):
        """Fix the terms of these memberships, which wait for nothing any more."""
        for one in self:
            period, anchor, notes = one._plan(today)
            vals = {
                "date_ready": min(today, period.start)
                if one.occasion == "upload"
                else today,
                **one._prepare_period_vals(period, anchor),
            }
            one._write_facts(vals)
            if notes:
                one._log_history("dates", " ".join(notes), day=today)

    def _plan(self, day):
        """The term of a membership whose last step is passed on a day.

        :return: (``Period``, the anchor, sentences to keep)
        """
        self.ensure_one()
        start, anchor = self._get_start(day)
        if self.date_end:  # the bill, or an officer, has said until when
            first = self.date_start or start
            begins = first if self.is_start_fixed else max(first, start)
            begins = begins if begins <= self.date_end else first
            whole = begins
            if self.type_id.term == "fixed":
                whole = self.type_id._get_period(begins).whole_start
            return Period(begins, self.date_end, whole), anchor or begins, []
        period = self.type_id._get_period(start, anchor)
        notes = []
        if period.end and period.end < day and not self.is_start_fixed:
            # never a term that is over before it begins
            notes.append(
                self.env._("A term from %s would be over: it starts today.", start)
            )
            period, anchor = self.type_id._get_period(day), None
        return period, anchor or period.start, notes

    def _get_start(self, day):
        """The first day of the term, and the day from which its series counts.

        :param datetime.date day: on which the last step is passed
        """
        self.ensure_one()
        if self.date_start and self.is_start_fixed:
            return self.date_start, None
        old = self.previous_id
        if self.occasion == "renewal" and old and old.date_end:
            applied = fields.Datetime.context_timestamp(
                self.with_context(tz=self.company_id.partner_id.tz or "UTC"),
                self.create_date,
            ).date()
            start = get_renewal_start(
                old.date_end,
                day,
                self.type_id.keep_old_end_days,
                self.type_id.late_base,
                applied,
            )
            if self.requested_start:
                start = max(start, self.requested_start)
            follows = start == old.date_end + DAY
            return start, (old.date_anchor or old.date_start) if follows else None
        if self.occasion == "replace" and old.date_activated:
            return max(self.requested_start or day, day + DAY), None
        return max(self.requested_start or day, day), None

    def _prepare_period_vals(self, period, anchor):
        self.ensure_one()
        return {
            "date_start": period.start,
            "date_end": period.end or False,
            "date_grace": self._get_grace(period.end),
            "date_anchor": anchor,
        }

    def _get_grace(self, end):
        """The last day of grace after an end; none without an end."""
        if not end:
            return False
        return fields.Date.add(end, days=self.type_id.grace_days)
