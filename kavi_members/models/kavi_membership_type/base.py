from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import is_html_empty

from ...tools.const import AUDIENCES


class KaviMembershipType(models.Model):
    """A kind of membership: for whom, how long, for how much, and what it gives."""

    _name = "kavi.membership.type"
    _description = "Membership Type"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    audience = fields.Selection(
        AUDIENCES,
        string="For",
        required=True,
        default="individual",
        help="Companies or individuals, never both; it stays once the type is used.",
    )
    group_id = fields.Many2one(
        "kavi.membership.group",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    requires_type_ids = fields.Many2many(
        "kavi.membership.type",
        "kavi_membership_type_requires_rel",
        "type_id",
        "required_id",
        string="Only With",
        check_company=True,
        help="Offered to who has a current membership of one of these types.",
    )
    date_available_from = fields.Date(string="Offered From")
    date_available_to = fields.Date(
        string="Offered Until", help="The way to retire a type that is used."
    )

    # -- what applicants read
    description = fields.Html(translate=True)
    eligibility = fields.Html(translate=True)
    benefits = fields.Html(translate=True)
    terms_html = fields.Html(
        string="Terms and Conditions",
        translate=True,
        help="Empty: applicants are not asked to agree to any.",
    )

    # -- steps (KM-16)
    moderate_new = fields.Boolean(default=True)
    moderate_renewal = fields.Boolean(string="Moderate Renewals")

    # -- what it gives while it is current (KM-17)
    grant_group_ids = fields.Many2many(
        "res.groups",
        "kavi_membership_type_res_groups_rel",
        string="Access",
        groups="base.group_system",
        help="Groups of portal users that members have while they are members.",
    )
    grant_category_ids = fields.Many2many(
        "res.partner.category",
        "kavi_membership_type_res_partner_category_rel",
        string="Tags",
    )

    # -- how it ends (KM-18)
    grace_days = fields.Integer()
    welcome = fields.Boolean(
        string="Welcome with a Log-In",
        default=True,
        help="Who becomes a member gets a mail with a link that logs in once.",
    )
    grace_access = fields.Boolean(string="Access in Grace")
    on_end = fields.Selection(
        [
            ("keep", "Stay active"),
            ("deactivate_at_expiry", "Deactivated at the end"),
            ("deactivate_after_grace", "Deactivated after the grace"),
        ],
        string="Members Who Do Not Renew",
        required=True,
        default="keep",
    )
    on_refund = fields.Selection(
        [
            ("ask", "Ask an officer"),
            ("end", "The membership ends"),
            ("keep", "The membership goes on"),
        ],
        string="When Refunded",
        required=True,
        default="ask",
    )
    on_reopen = fields.Selection(
        [("suspend", "Suspend the membership"), ("keep", "The membership goes on")],
        string="When a Payment Bounces",
        required=True,
        default="suspend",
    )
    suspend_after_days = fields.Integer(help="0: at once.")

    # -- renewal
    renew_from_days = fields.Integer(
        string="Renewable Before", default=90, help="So many days before the end."
    )
    renew_until_days = fields.Integer(
        string="Renewable After",
        default=365,
        help="So many days after the end it still is a renewal.",
    )
    late_base = fields.Selection(
        [
            ("old_end", "The day after the old end"),
            ("settled", "The day on which it is settled"),
            ("applied", "The day on which it was asked for"),
        ],
        string="Late Renewals Start",
        required=True,
        default="old_end",
    )
    keep_old_end_days = fields.Integer(
        help="Who is late by so many days at most starts after the old end, too."
    )
    auto_renew = fields.Boolean(string="Renew By Itself")
    auto_renew_days = fields.Integer(string="Days Before the End", default=30)
    auto_renew_type_id = fields.Many2one(
        "kavi.membership.type", string="Renews Into", check_company=True
    )
    auto_renew_opt_out = fields.Boolean(string="Members May Opt Out", default=True)
    unpaid_renewal_days = fields.Integer(
        help="A renewal that is not paid so many days after its bill is due is "
        "canceled with its bill. 0: by hand."
    )

    # -- people of a company
    seat_limit = fields.Integer(help="0: none. -1: as many as they like.")
    seat_above = fields.Selection(
        [("forbid", "Not possible"), ("charge", "Charged")],
        string="Seats Above the Limit",
        required=True,
        default="forbid",
    )

    number_sequence_id = fields.Many2one(
        "ir.sequence",
        string="Member Numbers",
        check_company=True,
        default=lambda self: self._get_default_sequence(),
        help="A member gets a number when they become one, and keeps it.",
    )
    card_report_id = fields.Many2one(
        "ir.actions.report", domain=[("model", "=", "kavi.membership")]
    )
    certificate_report_id = fields.Many2one(
        "ir.actions.report", domain=[("model", "=", "kavi.membership")]
    )
    membership_ids = fields.One2many("kavi.membership", "type_id")
    membership_count = fields.Integer(compute="_compute_membership_count")
    is_available = fields.Boolean(
        string="Offered Now",
        compute="_compute_is_available",
        search="_search_is_available",
    )

    _days_fit = models.Constraint(
        "CHECK(grace_days >= 0 AND suspend_after_days >= 0 AND renew_from_days >= 0"
        " AND renew_until_days >= 0 AND keep_old_end_days >= 0"
        " AND auto_renew_days >= 0 AND unpaid_renewal_days >= 0 AND seat_limit >= -1)",
        "Days are counted from 0.",
    )
    _availability_fits = models.Constraint(
        "CHECK(date_available_from IS NULL OR date_available_to IS NULL"
        " OR date_available_from <= date_available_to)",
        "A type is offered until the day from which it is offered, or later.",
    )

    # === COMPUTE METHODS === #

    @api.model
    def _get_default_sequence(self):
        return self.env.ref("kavi_members.sequence_member_number", False)

    def _compute_membership_count(self):
        counts = dict(
            self.env["kavi.membership"]._read_group(
                [("type_id", "in", self.ids)], ["type_id"], ["__count"]
            )
        )
        for one in self:
            one.membership_count = counts.get(one._origin, 0)

    @api.depends("active", "date_available_from", "date_available_to", "company_id")
    def _compute_is_available(self):
        for one in self:
            today = (one.company_id or self.env.company)._billing_today()
            one.is_available = (
                one.active
                and (not one.date_available_from or one.date_available_from <= today)
                and (not one.date_available_to or one.date_available_to >= today)
            )

    def _search_is_available(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._billing_today()
        domain = fields.Domain(
            [
                ("active", "=", True),
                "|",
                ("date_available_from", "=", False),
                ("date_available_from", "<=", today),
                "|",
                ("date_available_to", "=", False),
                ("date_available_to", ">=", today),
            ]
        )
        if set(value) == {True}:
            return domain
        return ~domain if set(value) == {False} else fields.Domain.TRUE

    # === CONSTRAINT METHODS === #

    @api.constrains("auto_renew_type_id", "audience")
    def _check_auto_renew_type(self):
        for one in self:
            if one.auto_renew_type_id.audience not in (False, one.audience):
                raise ValidationError(
                    self.env._(
                        "%(one)s renews into a type for the same: companies or "
                        "individuals.",
                        one=one.name,
                    )
                )

    @api.constrains("grant_group_ids")
    def _check_granted_groups(self):
        staff = self.env.ref("base.group_user") | self.env.ref("base.group_system")
        staff |= self.env.ref("base.group_public")  # and nobody a visitor
        for one in self.sudo():
            for group in one.grant_group_ids:
                if (group | group.all_implied_ids) & staff:
                    raise ValidationError(
                        self.env._(
                            "%s makes a user one of your staff: members get groups of "
                            "portal users only.",
                            group.display_name,
                        )
                    )

    # === CRUD METHODS === #

    def write(self, vals):
        causes = {"grant_group_ids", "grant_category_ids", "grace_access", "seat_limit"}
        if "audience" in vals or "company_id" in vals:
            # sudo: memberships that the user does not see use it, too
            for one in self.sudo().filtered("membership_ids"):
                if (vals.get("audience", one.audience) != one.audience) or (
                    vals.get("company_id", one.company_id.id) != one.company_id.id
                ):
                    raise UserError(
                        self.env._(
                            "%s is used: for whom it is, and its company, stay as they "
                            "are. Add another type instead.",
                            one.name,
                        )
                    )
        result = super().write(vals)
        if causes.intersection(vals):
            # sudo: whoever has such a membership, seen or not
            members = self.sudo().membership_ids
            members._get_people()._update_member_access()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: memberships that the user does not see use it, too
        for one in self.sudo().filtered("membership_ids"):
            raise UserError(
                self.env._(
                    "There are memberships of the type %s: set the day until which it "
                    "is offered, or archive it, instead of deleting it.",
                    one.name,
                )
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for one, vals in zip(self, vals_list, strict=True):
            if "name" not in (default or {}):
                vals["name"] = self.env._("%s (copy)", one.name)
        return vals_list

    # === BUSINESS METHODS === #

    def _has_terms(self):
        """Whether applicants are asked to agree to something (KM-22)."""
        self.ensure_one()
        return not is_html_empty(self.terms_html)

    # === ACTION METHODS === #

    def action_open_memberships(self):
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_members.action_kavi_membership"
        )
        action.update(domain=[("type_id", "=", self.id)], context={})
        return action
