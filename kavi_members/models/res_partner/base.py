from collections import defaultdict

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from ...tools.const import (
    COMPANY_PURPOSES,
    MEMBER_STATUSES,
    PERSON_PURPOSES,
    PURPOSE_PAIRS,
    USER,
)
from ...tools.state import PENDING

# What a state makes of its holder; the first of these that they have counts.
STATUSES = ("current", "grace", "pending", "former")
STATUS_OF = {
    "current": "current",
    "expired": "grace",
    "archived": "former",
    **dict.fromkeys(PENDING, "pending"),
}


class ResPartner(models.Model):
    _inherit = "res.partner"

    kavi_purpose = fields.Selection(
        [*COMPANY_PURPOSES, *PERSON_PURPOSES],
        string="Purpose",
        copy=False,
        index="btree_not_null",
        groups=USER,
    )
    kavi_contact_type_id = fields.Many2one(
        "kavi.contact.type",
        string="Contact Type",
        copy=False,
        ondelete="restrict",
        groups=USER,
    )
    kavi_membership_ids = fields.One2many(
        "kavi.membership", "partner_id", string="Memberships", groups=USER
    )
    kavi_membership_count = fields.Integer(
        compute="_compute_kavi_membership_count", groups=USER
    )
    kavi_member_status = fields.Selection(
        MEMBER_STATUSES,
        string="Membership",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=USER,
        help="The best of their terms, as the nightly walk left it.",
    )
    kavi_member_since = fields.Date(
        string="Member Since", readonly=True, copy=False, groups=USER
    )
    kavi_is_pending_member = fields.Boolean(
        string="Applicant",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="base.group_user",
        help="Has applied, and was never accepted yet.",
    )

    # === COMPUTE METHODS === #

    def _compute_kavi_membership_count(self):
        counts = dict(
            self.env["kavi.membership"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.kavi_membership_count = counts.get(partner._origin, 0)

    # === ACTION METHODS === #

    def action_open_memberships(self):
        # whoever reads contacts does not see who is a member
        self.env["kavi.membership"].check_access("read")
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_members.action_kavi_membership"
        )
        action.update(domain=[("partner_id", "=", self.id)], context={})
        return action

    # === BUSINESS METHODS === #

    def _update_member_status(self):
        """What these contacts are by all of their terms: the best of them."""
        if not self:
            return
        # sudo: contacts may be read-only for whoever moves a membership
        partners = self.sudo()
        rows = (
            self.env["kavi.membership"]
            .sudo()
            ._read_group(
                [("partner_id", "in", self.ids)],
                ["partner_id", "state"],
                ["date_activated:min", "date_activated:count"],
            )
        )
        found, since = defaultdict(set), {}
        for partner, state, first, activated in rows:
            status = STATUS_OF.get(state)
            if status == "former" and not activated:
                status = None  # who was never a member is no former one
            found[partner] |= {status} - {None}
            if first:
                since[partner] = min(first, since.get(partner, first))
        for partner in partners:
            ranked = [one for one in STATUSES if one in found[partner]]
            vals = {
                "kavi_member_status": ranked[0] if ranked else False,
                "kavi_member_since": since.get(partner, False),
            }
            if any(partner[name] != value for name, value in vals.items()):
                partner.write(vals)

    def _blank_applicants(self):
        """Take away what applicants typed who were never accepted; the name stays on
        the documents. Whoever somebody else uses stays as they are."""
        # sudo: the caller was checked
        for partner in self.sudo().filtered("kavi_is_pending_member"):
            partner.write(
                {
                    **dict.fromkeys(
                        (
                            *("email", "phone", "street", "street2", "city", "zip"),
                            *("vat", "website", "function", "comment"),
                        ),
                        False,
                    ),
                    "state_id": False,
                    "active": False,
                }
            )

    def _forget_applicants(self):
        """Delete applicants who were never accepted and whom nothing else uses; what is
        used stays, blank and archived. People go before their companies."""
        # sudo: the caller was checked
        for partner in self.sudo().sorted("is_company"):
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    partner.unlink()
                    self.env.flush_all()
            except (IntegrityError, UserError):
                partner._blank_applicants()

    @api.model
    def _repair_pending_members(self):
        """Whoever has an accepted membership is no applicant: by night, for what a
        change in the middle has left."""
        # sudo: a job
        accepted = (
            self.env["kavi.membership"]
            .sudo()
            .search(
                [
                    ("partner_id.kavi_is_pending_member", "=", True),
                    ("date_ready", "!=", False),
                ]
            )
        )
        accepted._accept()

    # === CONSTRAINT METHODS === #

    @api.constrains("kavi_purpose", "parent_id", "is_company")
    def _check_kavi_purpose(self):
        """Who may be what, and in which company (KM-01)."""
        companies = dict(COMPANY_PURPOSES)
        for partner in self.sudo().filtered("kavi_purpose"):
            if partner.is_company != (partner.kavi_purpose in companies):
                raise ValidationError(
                    self.env._(
                        "%s is no such contact: companies and people have purposes of "
                        "their own.",
                        partner.name,
                    )
                )
        people = self.sudo() | self.sudo().child_ids
        for person in people.filtered("kavi_purpose"):
            purpose = person.parent_id.kavi_purpose
            if purpose and not person.is_company:
                if person.kavi_purpose not in PURPOSE_PAIRS[purpose]:
                    raise ValidationError(
                        self.env._(
                            "%(person)s cannot be that in %(company)s: its purpose "
                            "does not fit.",
                            person=person.name,
                            company=person.parent_id.name,
                        )
                    )
