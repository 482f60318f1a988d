from odoo import api, models


class KaviBill(models.Model):
    """Acts on many bills: those that the table of acts refuses are left out first."""

    _inherit = "kavi.bill"

    # === BUSINESS METHODS === #

    def _sort_out(self, act, one_company=False):
        """Which of these bills an act is allowed on, and why not on the others.

        :param str act: a key of :meth:`_get_acts`
        :param bool one_company: the act is by what each company has of its own
        :return: the bills, and ``{bill: sentence}`` of those that are left out
        :raise AccessError: when the user's role may not do it
        :raise UserError: with the reasons, when none is left
        """
        self._check_role(self._get_acts()[act].role)
        refused = {}
        company = self.company_id & self.env.company or self.company_id[:1]
        for bill in self:
            reason = bill._get_refusal(act)
            if not reason and one_company and bill.company_id != company:
                reason = self.env._(
                    "Bill %(bill)s is one of %(other)s, and has methods of its own: "
                    "choose bills of one company.",
                    bill=bill.display_name,
                    other=bill.company_id.name,
                )
            if reason:
                refused[bill] = reason
        allowed = self.filtered(lambda bill: bill not in refused)
        if refused and not allowed:
            self._raise_refused(refused)
        return allowed, refused

    @api.model
    def _get_wizard_bills(self, act):
        """The selected bills on which a wizard for ``act`` opens."""
        return self._get_selected_bills()._sort_out(act, one_company=True)[0]

    @api.model
    def _get_wizard_refused(self, act):
        """Why the other selected bills are left out: ``{bill: sentence}``."""
        return self._get_selected_bills()._sort_out(act, one_company=True)[1]

    # === HELPER METHODS === #

    @api.model
    def _get_selected_bills(self):
        if self.env.context.get("active_model") != self._name:
            return self.browse()
        return self.browse(self.env.context.get("active_ids") or ())
