from odoo import models
from odoo.exceptions import UserError

from odoo.addons.kavi_billing.tools.context import Private

from ...tools.state import RUNNING


class KaviMembershipApplication(models.Model):
    """From what was typed to pending contacts and memberships, and back (KM-28,
    KM-29)."""

    _inherit = "kavi.membership.application"

    # === BUSINESS METHODS === #

    def _submit(self):
        """Make pending contacts of what was typed, and the memberships that were asked
        for; they go on by themselves from here.

        Call it once the form, and its token, were checked; again it does nothing.
        ``typed`` holds "company" and "people" (dicts of contacts' fields; of people
        also "role" and "contact_type_id"), "types" (ids), "requested_start" and
        "partner_id" (a contact that is known, by log-in).

        :return: the memberships
        """
        # sudo: an applicant has no rights here; what they may set is in the list above
        memberships = self.env["kavi.membership"].sudo()
        for one in self._for_books():
            one._wait_for_rows()
            if one.state not in ("draft", "unconfirmed"):
                continue
            typed = one.typed or {}
            one._make_contacts(typed)
            one._write_facts(
                {
                    "state": "open",
                    "submitted_at": self.env.cr.now(),
                    "type_ids": [(6, 0, one._get_asked_types(typed).ids)],
                    "purge_after": False,
                    "typed": False,
                }
            )
            one._make_answers(typed)
            if one.kind == "representative":
                one._seat_representative(typed)
                continue
            # the form goes on to its bill, if that is next (KM-53)
            shown = memberships.with_context(kavi_bill_is_shown=Private())
            memberships |= shown._add(
                [
                    {
                        "partner_id": one.partner_id.id,
                        "type_id": kind.id,
                        "company_id": one.company_id.id,
                        "application_id": one.id,
                        "requested_start": typed.get("requested_start") or False,
                    }
                    for kind in one.type_ids
                ]
            )
        return memberships

    def _get_asked_types(self, typed):
        """The types that were chosen, as far as they are offered."""
        self.ensure_one()
        kinds = self.env["kavi.membership.type"].browse(typed.get("types") or ())
        audience = "company" if self.kind == "company" else "individual"
        offered = kinds.exists().filtered(
            lambda kind: (
                kind.company_id == self.company_id
                and kind.audience == audience
                and kind.is_available
            )
        )
        if self.form_id and self.kind != "representative":
            offered &= self.form_id._get_offered_types()
        if offered != kinds or (not kinds and self.kind != "representative"):
            raise UserError(
                self.env._("Choose a membership that is offered: the list has changed.")
            )
        self._check_prerequisites(offered, typed)
        return offered

    def _check_prerequisites(self, kinds, typed):
        """Some types are for who has another one: whoever that is logs in first."""
        known = self.env["res.partner"].browse(typed.get("partner_id") or ())
        running = self.env["kavi.membership"].search(
            [("partner_id", "in", known.ids), ("state", "in", RUNNING)]
        )
        for kind in kinds.filtered("requires_type_ids"):
            if not kind.requires_type_ids & running.type_id:
                raise UserError(
                    self.env._(
                        "%(type)s is for members who are %(others)s: log in first, "
                        "then apply.",
                        type=kind.name,
                        others=", ".join(kind.requires_type_ids.mapped("name")),
                    )
                )

    def _discard(self, cancel_bill=True):
        """Delete applications of those who were never accepted, with what was made of
        them; where there is a bill, blank what they typed (KM-29)."""
        self._check_role("officer")
        # sudo: the role was checked; contacts may be read-only for an officer
        for one in self._for_books():
            one._wait_for_rows()
            members = one.with_context(active_test=False).membership_ids
            if any(member.date_ready for member in members):
                raise UserError(
                    self.env._(
                        "%s has led to a membership: end or delete that instead.",
                        one.display_name,
                    )
                )
            members.filtered(
                lambda member: member.state not in ("denied", "canceled")
            )._delete(cancel_bill, self.env._("Application deleted."))
            contacts = (one.partner_id | one.contact_ids.partner_id).filtered(
                "kavi_is_pending_member"
            )
            if members.kavi_bill_ids:
                one._blank(contacts)
            else:
                one._write_facts({"partner_id": False})
                members.unlink()
                one.unlink()
                contacts._forget_applicants()

    def _blank(self, contacts):
        """Blank what an applicant typed; the name stays on the documents."""
        self.answer_ids.attachment_ids.unlink()
        self.answer_ids.unlink()
        contacts._blank_applicants()
        self._write_facts({"state": "withdrawn", "typed": False})
