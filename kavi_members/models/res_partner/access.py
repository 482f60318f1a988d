from odoo import fields, models
from odoo.fields import Command, Domain

# What changes whose access: who one is, and for whom one speaks.
CAUSES = {"active", "parent_id", "primary_contact_id", "billing_admin_ids"}


class ResPartner(models.Model):
    """What people have because of memberships: their own, their company's, and those in
    which they have a seat (KM-17). What an administrator gave by hand stays."""

    _inherit = "res.partner"

    kavi_granted_category_ids = fields.Many2many(
        "res.partner.category",
        "res_partner_kavi_granted_rel",
        "partner_id",
        "category_id",
        string="Tags Given as a Member",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        causes = CAUSES.intersection(vals)
        before = self._get_member_people() if causes else self.browse()
        result = super().write(vals)
        if causes:
            (before | self._get_member_people())._update_member_access()
        return result

    # === BUSINESS METHODS === #

    def _get_member_people(self):
        """The people whose access hangs on these contacts: they themselves, and the
        people of companies, archived ones, too."""
        # sudo: who they are is for this rule only
        partners = self.sudo().with_context(active_test=False)
        companies = partners.filtered("is_company")
        people = (partners - companies) | companies.child_ids
        return people.filtered(lambda one: not one.is_company)

    def _update_member_access(self):
        """Give these people the groups and tags of their memberships, and take back
        what they have from memberships that are over."""
        if not self:
            return
        # sudo: whoever moves a membership has no right on users
        people = self.sudo().with_context(active_test=False)
        grants = people._get_member_grants()
        for person in people:
            groups, tags = grants[person]
            for user in person.user_ids:
                user._set_member_groups(groups)
            person._set_member_tags(tags)

    def _get_member_grants(self):
        """What these people are to have.

        :return: ``{person: (groups, tags)}``
        """
        terms = self._get_granting_terms()
        nothing = self.env["kavi.membership.type"].sudo()  # read for what it grants
        grants = {}
        for person in self:
            kinds = nothing | (terms[person].type_id if person.active else nothing)
            grants[person] = (kinds.grant_group_ids, kinds.grant_category_ids)
        return grants

    def _get_granting_terms(self):
        """The memberships that give each of these people something: those that are
        current, or in a grace with access, and not suspended.

        :return: ``{person: memberships}``
        """
        members = self.env["kavi.membership"].sudo()
        running = (
            Domain("suspended", "=", False)
            & Domain("partner_id.active", "=", True)
            & (
                Domain("state", "=", "current")
                | Domain("state", "=", "expired")
                & Domain("type_id.grace_access", "=", True)
            )
        )
        companies = self.parent_id
        held = members.search(
            running & Domain("partner_id", "in", (self | companies).ids)
        ).grouped("partner_id")
        seats = (
            self.env["kavi.membership.seat"]
            .sudo()
            .search([("partner_id", "in", self.ids), ("state", "=", "active")])
        )
        by_series = members.search(
            running & Domain("series_id", "in", seats.series_id.ids)
        ).grouped("series_id")
        by_person = seats.grouped("partner_id")
        found = {}
        for person in self:
            terms = held.get(person, members)
            company = person.parent_id
            speaks = person in (company.primary_contact_id | company.billing_admin_ids)
            terms |= held.get(company, members).filtered(
                # where there are no seats, all people of the company are meant
                lambda one, speaks=speaks: speaks or not one.type_id.seat_limit
            )
            for seat in by_person.get(person, ()):
                terms |= by_series.get(seat.series_id, members)
            found[person] = terms
        return found

    # === HELPER METHODS === #

    def _set_member_tags(self, tags):
        self.ensure_one()
        given = self.kavi_granted_category_ids
        add, remove = tags - self.category_id, given - tags
        vals = {}
        if add or remove:
            vals["category_id"] = [
                *(Command.link(tag.id) for tag in add),
                *(Command.unlink(tag.id) for tag in remove),
            ]
        kept = (given & tags) | add
        if kept != given:
            vals["kavi_granted_category_ids"] = [Command.set(kept.ids)]
        if vals:
            self.write(vals)
