from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.term import Period


class KaviMembership(models.Model):
    """What an officer changes of a term: dates, hold, the next term (KM-37)."""

    _inherit = "kavi.membership"

    # === BUSINESS METHODS === #

    def _edit_dates(self, start, end, note):
        """Set other dates; the state follows from them.

        :param datetime.date end: ``False``: it has no end
        """
        if not (note or "").strip():
            raise UserError(self.env._("Say in a note why the dates are changed."))
        self._lock_for_act("edit_dates")
        start, end = fields.Date.to_date(start), fields.Date.to_date(end or None)
        self._check_years({"start": start, "end": end}, ("start", "end"))
        if not start or (end and end < start):
            raise UserError(
                self.env._("A term has a first day, and ends on it or later.")
            )
        for one in self:
            one._log_history(
                "dates",
                self.env._(
                    "%(old_start)s - %(old_end)s is now %(start)s - %(end)s. %(note)s",
                    old_start=one.date_start,
                    old_end=one.date_end or "…",
                    start=start,
                    end=end or "…",
                    note=note,
                ),
            )
            vals = {
                "date_start": start,
                "date_end": end or False,
                "date_grace": one._get_grace(end),
                "date_anchor": start,
                "is_start_fixed": True,
            }
            if one.date_ended and one.end_reason != "replaced":
                vals.update(date_ended=False, end_reason=False)
            one._write_facts(vals)
        return self._advance()

    def _suspend(self, note):
        """Put on hold: no access, and still a member."""
        self._lock_for_act("suspend")
        self._write_facts({"suspended": True, "suspended_reason": "hold"})
        self._log_history("suspended", note)
        self._update_members()

    def _resume(self, note=""):
        self._lock_for_act("resume")
        self._write_facts(
            {"suspended": False, "suspended_reason": False, "suspend_on": False}
        )
        self._log_history("resumed", note)
        self._update_members()

    def _move_to_next_term(self, note=""):
        """Give who missed the term for which they have paid the next one."""
        self._lock_for_act("next_term")
        for one in self:
            today = one.company_id._billing_today()
            period = one.sudo().type_id._get_period(today)
            one._write_facts(
                {"date_ready": today, **one._prepare_period_vals(period, period.start)}
            )
            one._log_history(
                "dates",
                self.env._(
                    "Moved to %(start)s - %(end)s. %(note)s",
                    start=period.start,
                    end=period.end,
                    note=note,
                ),
            )
        return self._advance()

    # === HELPER METHODS === #

    def _get_own_period(self):
        """The term as it is stored."""
        self.ensure_one()
        return Period(self.date_start, self.date_end or None, self.date_start)

    @api.model
    def _add_days(self, day, days):
        return fields.Date.add(day, days=days)
