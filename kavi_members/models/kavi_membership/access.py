from odoo import models
from odoo.tools import split_every

BATCH = 200


class KaviMembership(models.Model):
    """Access while current: whoever a change of these memberships concerns (KM-17)."""

    _inherit = "kavi.membership"

    # === BUSINESS METHODS === #

    def _update_access(self):
        self._get_people()._update_member_access()

    def _get_people(self):
        """The people who have something of these memberships: holders, the people of
        companies, and those with a seat."""
        # sudo: seats and contacts are not for whoever moves a membership to see
        members = self.sudo()
        seats = members.series_id.seat_ids
        return members.partner_id._get_member_people() | seats.partner_id

    def _repair_access(self):
        """By night: whoever has something from us, or is to have it, anew."""
        # sudo: a job
        users = self.env["res.users"].sudo().with_context(active_test=False)
        had = users.search([("kavi_granted_group_ids", "!=", False)]).partner_id
        tagged = had.search([("kavi_granted_category_ids", "!=", False)])
        running = self.sudo().search([("state", "in", ("current", "expired"))])
        people = had | tagged | running._get_people()
        for batch in split_every(BATCH, people.ids):
            people.browse(batch)._update_member_access()
