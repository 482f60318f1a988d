from odoo import models

from ...tools.const import PURPOSE_PAIRS
from ...tools.state import PENDING, RUNNING


class KaviMembership(models.Model):
    """From applicant to member: contact, account and membership in one transaction
    (KM-28)."""

    _inherit = "kavi.membership"

    # === BUSINESS METHODS === #

    def _accept(self):
        """All steps are passed: member and account are regular ones from now on."""
        for one in self:
            people = one.partner_id | one.application_id.contact_ids.partner_id
            pending = (people | one.payer_id).filtered("kavi_is_pending_member")
            pending.write({"kavi_is_pending_member": False})
            one._set_purpose()
        accounts = (self.partner_id | self.payer_id).commercial_partner_id
        accounts._accept_billing_account()

    def _set_purpose(self):
        """Who is accepted is a member, as far as its company allows that (KM-01)."""
        self.ensure_one()
        partner = self.partner_id
        if partner.is_company:
            if partner.kavi_purpose in (False, "nonmember_company"):
                partner.kavi_purpose = "member_company"
        elif partner.kavi_purpose in (False, "individual_nonmember"):
            allowed = PURPOSE_PAIRS.get(partner.parent_id.kavi_purpose)
            if allowed is None or "individual_member" in allowed:
                partner.kavi_purpose = "individual_member"

    def _update_members(self):
        """Hook: what members are and have, anew from all of their terms."""
        self.partner_id._update_member_status()
        self._update_access()

    def _close_applications(self):
        """An application is done when nothing of it is waited for any more."""
        for application in self.application_id.filtered(
            lambda application: application.state in ("open", "done")
        ):
            members = application.with_context(active_test=False).membership_ids
            waits = any(state in PENDING for state in members.mapped("state"))
            gone = set(members.mapped("state")) <= {"canceled"}
            reasons = set(members.mapped("end_reason"))
            state = "open" if waits else "done"
            if gone and reasons == {"withdrawn"}:
                state = "withdrawn"
            if application.state != state:
                application._write_facts({"state": state})

    def _is_member(self):
        """Whether it makes somebody a member, today."""
        self.ensure_one()
        return self.state in RUNNING
