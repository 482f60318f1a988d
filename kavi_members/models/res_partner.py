from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.const import (
    COMPANY_PURPOSES,
    MEMBER_STATUSES,
    PERSON_PURPOSES,
    PURPOSE_PAIRS,
    USER,
)


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
