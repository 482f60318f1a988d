import hmac
import secrets

from odoo import api, fields, models
from odoo.tools import hmac as keyed_hash

STATES = [
    ("draft", "Draft"),
    ("unconfirmed", "Not Confirmed"),
    ("open", "Open"),
    ("done", "Done"),
    ("withdrawn", "Withdrawn"),
]


class KaviMembershipApplication(models.Model):
    """An application: who, for what, and what was agreed to (KM-20, KM-28).

    Until it is submitted there is no contact: what was typed is in ``typed``.
    """

    _name = "kavi.membership.application"
    _inherit = ["mail.thread", "mail.activity.mixin", "kavi.member.guard.mixin"]
    _description = "Membership Application"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(string="Number", readonly=True, copy=False)
    kind = fields.Selection(
        [
            ("company", "Company"),
            ("individual", "Individual"),
            ("representative", "Company Representative"),
        ],
        required=True,
        readonly=True,
        default="individual",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    state = fields.Selection(
        STATES, required=True, readonly=True, default="draft", index=True
    )
    form_id = fields.Many2one(
        "kavi.membership.form",
        readonly=True,
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    origin = fields.Selection(
        [
            ("public", "Public Form"),
            ("portal", "Portal"),
            ("admin", "Officer"),
            ("upload", "Upload"),
            ("auto", "By Itself"),
        ],
        required=True,
        readonly=True,
        default="admin",
    )
    # what was typed, until contacts are made of it: {"company": {}, "people": [{}],
    # "types": [id], "requested_start": "", "answers": {}}
    typed = fields.Json(readonly=True, copy=False, groups="base.group_system")
    access_nonce = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_system",
        default=lambda self: secrets.token_urlsafe(24),
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Applicant",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    type_ids = fields.Many2many(
        "kavi.membership.type", string="Types", readonly=True, check_company=True
    )
    contact_ids = fields.One2many(
        "kavi.membership.contact", "application_id", string="Contacts"
    )
    answer_ids = fields.One2many(
        "kavi.membership.answer", "application_id", string="Answers"
    )
    membership_ids = fields.One2many(
        "kavi.membership", "application_id", string="Memberships"
    )
    consent_version = fields.Char(readonly=True)
    consent_at = fields.Datetime(readonly=True)
    consent_address = fields.Char(
        readonly=True, help="From where it was agreed to, without its last part."
    )
    submitted_at = fields.Datetime(readonly=True)
    email_confirmed_at = fields.Datetime(readonly=True)
    purge_after = fields.Date(readonly=True, index="btree_not_null")

    # === COMPUTE METHODS === #

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for one in self:
            parts = (one.name, one.partner_id.sudo().name)
            one.display_name = " ".join(filter(None, parts)) or self.env._("Draft")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("name"):
                company = vals.get("company_id") or self.env.company.id
                # sudo: whoever applies draws a number
                vals["name"] = (
                    self.env["ir.sequence"]
                    .sudo()
                    .with_company(company)
                    .next_by_code("kavi.membership.application")
                )
        # sudo: whoever may create one gets a number, which nobody sets by hand
        return super(KaviMembershipApplication, self._as_act()).create(vals_list)

    # === BUSINESS METHODS === #

    def _get_access_token(self):
        """The token of the application's pages: permanent, until the nonce changes. It
        is stored nowhere, and mails can be written again (KM-24)."""
        self.ensure_one()
        # sudo: the nonce is nobody's to read
        nonce = self.sudo().access_nonce
        return keyed_hash(
            self.env(su=True), "kavi_members-application", f"{self.id}-{nonce}"
        )

    def _check_access_token(self, token):
        """Whether a token opens the application's pages."""
        self.ensure_one()
        return bool(token) and hmac.compare_digest(
            self._get_access_token().encode(), str(token).encode()
        )

    def _renew_access_token(self):
        """End the links that were sent."""
        for one in self.sudo():  # the caller was checked
            one.access_nonce = secrets.token_urlsafe(24)
