from odoo import api, fields, models
from odoo.exceptions import UserError


class KaviMembershipApplication(models.Model):
    """Contacts that look like the applicant, and *Use This One* (KM-32)."""

    _inherit = "kavi.membership.application"

    look_alike_ids = fields.Many2many(
        "res.partner",
        string="Look-Alikes",
        compute="_compute_look_alike_ids",
        groups="kavi_members.group_members_officer",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "state")
    def _compute_look_alike_ids(self):
        waiting = self.filtered(
            lambda one: (
                one.state == "open" and one.partner_id.sudo().kavi_is_pending_member
            )
        )
        found = waiting.partner_id._find_look_alikes()
        for one in self:
            alike = found.get(one.partner_id, self.env["res.partner"])
            one.look_alike_ids = alike._filtered_access("read")

    # === BUSINESS METHODS === #

    def _use_contact(self, chosen):
        """The applicant is a contact that is there already: memberships and their open
        bills become its, and what was made of the form is removed.

        :raise UserError: when the bill was paid, or the group is full
        """
        self.ensure_one()
        self._check_role("officer")
        self.check_access("write")
        one = self._for_books()
        one._wait_for_rows()
        old = one.partner_id
        if chosen not in self.look_alike_ids:
            raise UserError(self.env._("Choose one of the contacts that look alike."))
        members = one.membership_ids.filtered(
            lambda member: member.state not in ("denied", "canceled")
        )
        members._wait_for_rows()
        if any(member.date_ready for member in members):
            raise UserError(
                self.env._("%s is accepted: merge the contacts instead.", old.name)
            )
        paid = members._cancel_bills(self.env._("Raised for another contact."))
        if paid or any(member.bill_id for member in members):
            raise UserError(
                self.env._(
                    "The bill of %s was paid, or is about to be: approve the "
                    "application, and merge the contacts then.",
                    old.name,
                )
            )
        chosen = chosen.with_env(one.env)
        one._move_people(old, chosen)
        # the callback of the canceled bill may have said that there is none
        lost = members.filtered(lambda member: member.billing == "lost")
        lost._write_facts({"billing": "owed"})
        lost._take_back_alert(self.env._("No bill"))
        members._write_facts({"partner_id": chosen.id})
        members._check_maximum()
        one._write_facts({"partner_id": chosen.id})
        one.message_post(
            body=self.env._("%(old)s is %(new)s.", old=old.name, new=chosen.name)
        )
        members._advance()
        members._update_members()
        old._forget_applicants()

    # === HELPER METHODS === #

    def _move_people(self, old, chosen):
        """The people of a company go with it; who is there is not made twice."""
        if not old.is_company:
            self.contact_ids.filtered(lambda row: row.partner_id == old).write(
                {"partner_id": chosen.id}
            )
            return
        old.write(
            {
                "primary_contact_id": False,
                "billing_contact_id": False,
                "billing_admin_ids": [(5,)],
            }
        )
        there = {
            person.email_normalized: person
            for person in chosen.child_ids
            if person.email_normalized and not person.is_company
        }
        double = self.env["res.partner"]
        for person in old.child_ids:
            known = there.get(person.email_normalized)
            if known:
                rows = self.contact_ids.filtered(
                    lambda row, person=person: row.partner_id == person
                )
                rows.write({"partner_id": known.id})
                double |= person
            else:
                person.parent_id = chosen
        double._forget_applicants()
        if not chosen.primary_contact_id:
            chosen.write(self._prepare_company_roles())
