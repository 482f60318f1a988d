from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.const import BILLINGS, END_REASONS, MODERATIONS, OCCASIONS, ORDERS
from ...tools.state import STATES


class KaviMembership(models.Model):
    """One term of a membership. A renewal is a record of its own that follows it.

    What its state follows from is written by acts only; the state itself by the walk.
    """

    _name = "kavi.membership"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "kavi.member.guard.mixin",
        "kavi.bulk.mixin",
        "kavi.billable.mixin",
    ]
    _description = "Membership"
    _order = "date_start desc nulls first, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    active = fields.Boolean(
        default=True, readonly=True, copy=False, help="Off: an officer deleted it."
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Member",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    type_id = fields.Many2one(
        "kavi.membership.type",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    audience = fields.Selection(related="type_id.audience", store=True)
    group_id = fields.Many2one(
        related="type_id.group_id", store=True, index="btree_not_null"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    application_id = fields.Many2one(
        "kavi.membership.application",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    payer_id = fields.Many2one(
        "res.partner",
        string="Billed To",
        ondelete="restrict",
        index="btree_not_null",
        check_company=True,
        help="Empty: the member's own account.",
    )
    series_id = fields.Many2one(
        "kavi.membership",
        string="First Term",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
    )
    previous_id = fields.Many2one(
        "kavi.membership",
        string="Follows",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    next_ids = fields.One2many("kavi.membership", "previous_id", string="Followed By")
    occasion = fields.Selection(
        OCCASIONS, required=True, readonly=True, default="new", tracking=True
    )
    order = fields.Selection(ORDERS, required=True, readonly=True, copy=False)

    # -- the steps
    moderation = fields.Selection(
        MODERATIONS, required=True, readonly=True, copy=False, default="none"
    )
    moderated_by = fields.Many2one("res.users", readonly=True, copy=False)
    moderated_at = fields.Datetime(readonly=True, copy=False)
    denial_reason = fields.Text(readonly=True, copy=False, help="For the staff.")
    denial_text = fields.Text(readonly=True, copy=False, help="For the applicant.")
    billing = fields.Selection(
        BILLINGS, required=True, readonly=True, copy=False, default="none"
    )
    expedited_by = fields.Many2one("res.users", readonly=True, copy=False)
    expedited_at = fields.Datetime(readonly=True, copy=False)

    # -- the term
    requested_start = fields.Date(readonly=True, copy=False)
    date_ready = fields.Date(
        string="Steps Passed",
        readonly=True,
        copy=False,
        help="The day on which the last step was passed.",
    )
    is_start_fixed = fields.Boolean(
        readonly=True, copy=False, help="The start was set by an officer: it stays."
    )
    date_anchor = fields.Date(
        readonly=True,
        copy=False,
        help="The first day of the terms that follow each other without a gap: their "
        "ends are counted from it.",
    )
    date_start = fields.Date(
        string="Start", readonly=True, copy=False, index=True, tracking=True
    )
    date_end = fields.Date(
        string="End",
        readonly=True,
        copy=False,
        index="btree_not_null",
        tracking=True,
        help="The last day of membership. Empty: it has no end.",
    )
    date_grace = fields.Date(
        string="Grace Until", readonly=True, copy=False, index="btree_not_null"
    )
    date_activated = fields.Date(string="Activated", readonly=True, copy=False)
    date_ended = fields.Date(
        string="Ended", readonly=True, copy=False, help="When it really ended."
    )
    end_reason = fields.Selection(END_REASONS, readonly=True, copy=False)
    state = fields.Selection(
        list(STATES.items()), readonly=True, copy=False, index=True, tracking=True
    )
    state_date = fields.Date(
        string="Since", readonly=True, copy=False, help="The day of the last change."
    )
    is_missed = fields.Boolean(
        string="Term Missed",
        readonly=True,
        copy=False,
        help="The term was over before the last step was passed: an officer decides.",
    )
    suspended = fields.Boolean(readonly=True, copy=False, tracking=True)
    suspended_reason = fields.Selection(
        [("bill", "The bill is open again"), ("hold", "On hold")],
        readonly=True,
        copy=False,
    )
    suspend_on = fields.Date(
        readonly=True, copy=False, help="The day on which it is suspended, unless paid."
    )

    # -- what the member says
    intention = fields.Selection(
        [
            ("unknown", "Unknown"),
            ("renew", "Will renew"),
            ("leave", "Will not renew"),
        ],
        required=True,
        default="unknown",
        copy=False,
        tracking=True,
    )
    auto_renew_off = fields.Boolean(
        string="Not Renewed By Itself", copy=False, tracking=True
    )

    # -- frozen when the bill is raised
    fee_amount = fields.Monetary(readonly=True, copy=False)
    fee_text = fields.Text(readonly=True, copy=False)
    heard = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="Bill and state that were worked on last: the nightly comparison finds "
        "what was not.",
    )
    fee_by_hand = fields.Boolean(
        readonly=True, copy=False, help="The fee was typed by an officer."
    )

    member_number = fields.Char(readonly=True, copy=False, index="btree_not_null")
    history_ids = fields.One2many("kavi.membership.history", "membership_id")
    seat_ids = fields.One2many("kavi.membership.seat", "series_id", string="Seats")

    _next_uniq = models.UniqueIndex(
        "(previous_id) WHERE previous_id IS NOT NULL"
        " AND state NOT IN ('denied', 'canceled')",
        "This membership has been renewed or replaced already.",
    )
    _start_uniq = models.UniqueIndex(
        "(series_id, date_start) WHERE date_start IS NOT NULL"
        " AND state NOT IN ('denied', 'canceled')",
        "Another term of the series starts on this day.",
    )
    _dates_fit = models.Constraint(
        "CHECK(date_start IS NULL OR date_end IS NULL OR date_start <= date_end)",
        "A term ends on the day on which it starts, or later.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id.name", "type_id.name")
    def _compute_name(self):
        for one in self:
            one.name = f"{one.partner_id.sudo().name or ''}: {one.type_id.sudo().name}"

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "type_id")
    def _check_holder(self):
        """Companies have memberships of companies, people those of individuals; who
        belongs to a company that is billed as a whole has none (KM-01, KM-08)."""
        for one in self:
            partner = one.partner_id.sudo()
            if partner.is_company != (one.type_id.audience == "company"):
                raise ValidationError(
                    self.env._(
                        "%(type)s is not for %(member)s: a membership is for companies "
                        "or for individuals.",
                        type=one.type_id.name,
                        member=partner.name,
                    )
                )
            if partner.is_billing_holder:
                raise ValidationError(
                    self.env._(
                        "%s is a company for individuals: its people are members, it "
                        "is not.",
                        partner.name,
                    )
                )
