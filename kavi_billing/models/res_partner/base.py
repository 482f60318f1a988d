from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ...tools.const import ACCOUNT_TYPES, OFFICER, USER
from ...tools.context import private_value

# What makes a contact an account; the rest of an account is the contact's own (KB-05).
ACCOUNT_FIELDS = {
    "is_billing_account",
    "is_billing_pending",
    "is_billing_approved",
    "is_billing_holder",
    "billing_contact_id",
    "primary_contact_id",
    "billing_admin_ids",
}
# Who may speak for a company: its own people, and whoever stands for themselves.
CONTACT_DOMAIN = (
    "[('is_company', '=', False), ('id', '!=', id), '|', ('parent_id', '=', id),"
    " '|', ('parent_id', '=', False), ('parent_id.is_billing_holder', '=', True)]"
)


class ResPartner(models.Model):
    """An account: who is billed. A person or a company, never an employee's card.

    It is always the commercial partner, for that is where the receivable is booked; so
    a person or company has one account at most (KB-01).
    """

    _name = "res.partner"
    _inherit = ["res.partner", "kavi.protected.mixin"]

    is_billing_account = fields.Boolean(
        string="Billing Account", copy=False, index=True, groups=USER
    )
    billing_account_type = fields.Selection(
        ACCOUNT_TYPES,
        string="Account Type",
        compute="_compute_billing_account_type",
        store=True,
        groups=USER,
    )
    is_billing_pending = fields.Boolean(
        string="Pending Account",
        copy=False,
        groups=USER,
        help="An applicant's account: it becomes a regular one once it is approved and "
        "its bills are settled.",
    )
    is_billing_approved = fields.Boolean(string="Approved", copy=False, groups=USER)
    is_billing_holder = fields.Boolean(
        string="Company For Individuals",
        copy=False,
        groups=USER,
        help="A technical holder: it is never billed, its people are, each by "
        "themselves.",
    )
    billing_contact_id = fields.Many2one(
        "res.partner",
        copy=False,
        groups=USER,
        domain=CONTACT_DOMAIN,
    )
    primary_contact_id = fields.Many2one(
        "res.partner",
        copy=False,
        groups=USER,
        domain=CONTACT_DOMAIN,
    )
    billing_admin_ids = fields.Many2many(
        "res.partner",
        "res_partner_billing_admin_rel",
        "account_id",
        "admin_id",
        string="Company Administrators",
        copy=False,
        groups=USER,
        domain=CONTACT_DOMAIN,
        help="They see and pay the company's bills in the portal.",
    )
    billing_recipient_id = fields.Many2one(
        "res.partner",
        compute="_compute_billing_recipient_id",
        string="Bills Go To",
        groups=USER,
        help="The billing contact, else the primary contact, else nobody. A person "
        "gets their own bills.",
    )
    bill_ids = fields.One2many("kavi.bill", "partner_id", string="Bills", groups=USER)
    billing_credit_ids = fields.One2many(
        "kavi.credit", "partner_id", string="Credits", groups=USER
    )

    # === COMPUTE METHODS === #

    @api.depends("is_billing_account", "is_billing_pending", "is_company")
    def _compute_billing_account_type(self):
        for partner in self:
            if not partner.is_billing_account:
                partner.billing_account_type = False
                continue
            kind = "company" if partner.is_company else "user"
            pending = "pending_" if partner.is_billing_pending else ""
            partner.billing_account_type = pending + kind

    @api.depends("is_company", "billing_contact_id", "primary_contact_id")
    def _compute_billing_recipient_id(self):
        """Billing contact → primary contact → none (KB-06)."""
        for partner in self:
            if not partner.is_company:
                partner.billing_recipient_id = partner
                continue
            partner.billing_recipient_id = partner.billing_contact_id.filtered(
                "active"
            ) or partner.primary_contact_id.filtered("active")

    @api.depends("parent_id.is_billing_holder")
    def _compute_commercial_partner(self):
        """People of a company for individuals stand for themselves (KB-04)."""
        result = super()._compute_commercial_partner()
        for partner in self:
            if partner.parent_id.sudo().is_billing_holder:
                partner.commercial_partner_id = partner
        return result

    # === CONSTRAINT METHODS === #

    @api.constrains(
        "is_billing_account", "is_billing_holder", "parent_id", "is_company"
    )
    def _check_billing_account(self):
        for partner in self.sudo():
            if not partner.is_billing_account:
                continue
            if partner.is_billing_holder:
                raise ValidationError(partner._get_holder_problem())
            if partner.commercial_partner_id != partner:
                raise ValidationError(
                    self.env._(
                        "%(contact)s belongs to %(company)s, which is billed as a "
                        "whole and has one account at most. Use the account of "
                        "%(company)s.",
                        contact=partner.name,
                        company=partner.commercial_partner_id.name,
                    )
                )

    @api.constrains("is_billing_holder")
    def _check_billing_holder(self):
        holders = self.sudo().filtered("is_billing_holder")
        for partner in holders.filtered(lambda partner: not partner.is_company):
            raise ValidationError(
                self.env._("%s is a person: only a company holds people.", partner.name)
            )

    @api.constrains("billing_contact_id", "primary_contact_id", "billing_admin_ids")
    def _check_billing_contacts(self):
        for partner in self.sudo():
            contacts = (
                partner.billing_contact_id
                | partner.primary_contact_id
                | partner.billing_admin_ids
            )
            strangers = contacts.filtered(
                lambda contact, partner=partner: (
                    contact.parent_id != partner and not contact._is_independent()
                )
            )
            if strangers:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is not a contact of %(company)s, but belongs to "
                        "somebody else.",
                        contact=strangers[0].name,
                        company=partner.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_account_rights(vals_list)
        partners = super().create(vals_list)
        partners._open_billing_account_by_setting()
        return partners

    def write(self, vals):
        if ACCOUNT_FIELDS & set(vals):
            self._check_account_rights(
                [dict.fromkeys(ACCOUNT_FIELDS & set(vals), True)]
            )
        if "is_billing_holder" in vals:
            self._check_holder_change(vals["is_billing_holder"])
        if not vals.get("is_billing_account", True):
            self._check_account_removal()
            self._delete_drafts()
        former = self._get_link_holders(vals)
        result = super().write(vals)
        if "parent_id" in vals:
            self._leave_billing_roles()
        self._end_links_of_former(former)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        self._check_account_removal()
        self._delete_drafts()

    # === ACTION METHODS === #

    def action_open_billing_account(self):
        """Button of the list of those without an account."""
        self._check_account_rights([{"is_billing_account": True}])
        accounts = self._open_billing_account()
        return accounts._get_billing_accounts_action()

    def action_manage_billing_account(self):
        """The page *Manage an account* (KB-09)."""
        self.ensure_one()
        self.check_access("read")
        return self._get_billing_accounts_action()

    def action_open_contact(self):
        """The contact itself: where name, address and e-mail are edited (KB-05)."""
        self.ensure_one()
        self.check_access("read")
        return self._get_records_action()

    def action_delete_billing_account(self):
        """Remove accounts that were never billed; the contacts stay."""
        self._check_account_rights([{"is_billing_account": True}])
        # sudo: the rights were checked; a contact may be read-only for the officer
        self.sudo()._set_billing_account(
            {"is_billing_account": False}, self.env._("Billing account deleted.")
        )
        return self._get_billing_accounts_action(empty=True)

    def action_approve_billing_account(self):
        """Approve applicants: regular as soon as their bills are settled (KB-07)."""
        self._check_account_rights([{"is_billing_account": True}])
        # sudo: as above
        self.sudo()._set_billing_account(
            {"is_billing_approved": True}, self.env._("Billing account approved.")
        )
        self._settle_pending_accounts()

    def _get_billing_accounts_action(self, empty=False):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_billing_account"
        )
        if len(self) == 1 and not empty:
            form = self.env.ref("kavi_billing.view_billing_account_form")
            action.update(res_id=self.id, views=[(form.id, "form")])
        return action

    # === BUSINESS METHODS === #

    def _get_billing_account(self):
        """The partners that are billed for these contacts.

        :raise UserError: for a company for individuals
        """
        accounts = self.commercial_partner_id
        for account in accounts.sudo():
            if account.is_billing_holder:
                raise UserError(account._get_holder_problem())
        return accounts

    def _get_mailed_contact(self):
        """Who gets an account's mail: the first of billing contact, primary contact and
        the account itself that has an address (KB-06); nobody if none has."""
        self.ensure_one()
        if not self.is_company:
            return self.filtered("email")
        people = (self.billing_contact_id, self.primary_contact_id)
        for contact in (*(person.filtered("active") for person in people), self):
            if contact.email:
                return contact
        return self.browse()

    @api.model
    def _replace_by_accounts(self, vals_list):
        """Put the account that is billed into values of bills or credits (KB-01).

        :param list vals_list: dicts with any contact as ``partner_id``; changed
        :return: the accounts
        :raise UserError: for a company for individuals
        """
        contacts = self.browse({vals["partner_id"] for vals in vals_list})
        accounts = contacts._get_billing_account()
        for vals in vals_list:
            vals["partner_id"] = self.browse(
                vals["partner_id"]
            ).commercial_partner_id.id
        return accounts

    def _open_billing_account(self, pending=False):
        """Open accounts for those of these contacts that have none (KB-03).

        For other applications, and when a bill is raised.

        :param bool pending: for applicants (KB-07)
        :return: the accounts, old and new
        """
        accounts = self._get_billing_account()
        # sudo: contacts may be read-only for whoever raises a bill; bills have guards
        new = accounts.sudo().filtered(lambda partner: not partner.is_billing_account)
        new._set_billing_account(
            {"is_billing_account": True, "is_billing_pending": pending},
            self.env._("Billing account opened."),
        )
        return accounts

    def _set_billing_account(self, vals, history):
        """Write what makes accounts, with one line in the history of each."""
        if self:
            self.with_context(tracking_disable=True).write(vals)
            self._message_log_batch(dict.fromkeys(self.ids, history))
            self.env["kavi.activity"]._record(
                "account", dict.fromkeys(self, history), "partner_id"
            )

    def _open_billing_account_by_setting(self):
        """Open accounts for new contacts, if the company's setting says so."""
        if private_value(self.env.context, "kavi_no_billing_account"):
            return
        for partner in self.sudo():
            company = partner.company_id or self.env.company
            setting = company.billing_account_creation
            wanted = ("both", "company" if partner.is_company else "person")
            if (
                setting in wanted
                and partner.commercial_partner_id == partner
                and not partner.is_billing_account
                and not partner.is_billing_holder
                and not partner.ref_company_ids
                and (partner.is_company or partner.type == "contact")
            ):
                partner._open_billing_account()

    @api.model
    def _get_protected_fields(self):
        # who may open accounts may have them opened by default
        protected = super()._get_protected_fields()
        if self.env.user.has_group(OFFICER):
            return protected
        return protected | ACCOUNT_FIELDS

    # === HELPER METHODS === #

    def _check_account_rights(self, vals_list):
        """Contacts are many people's; what makes them accounts is billing's."""
        if self.env.su or self.env.user.has_group(OFFICER):
            return
        if any(vals.get(name) for vals in vals_list for name in ACCOUNT_FIELDS):
            raise AccessError(
                self.env._(
                    "Opening and changing billing accounts takes the Billing Officer "
                    "role."
                )
            )

    def _check_holder_change(self, is_holder):
        """Whoever has entries keeps them: a change would move their receivable."""
        changed = self.sudo().filtered(lambda p: p.is_billing_holder != is_holder)
        family = self.sudo().search([("id", "child_of", changed.ids)])
        billed = family.filtered("is_billing_account") | family.filtered("bill_ids")
        if billed:
            raise UserError(
                self.env._(
                    "%s has a billing account: whether it is a company for individuals "
                    "can no longer be changed.",
                    billed[0].name,
                )
            )
        entry = (
            self.env["account.move.line"]
            .sudo()
            .search([("partner_id", "in", family.ids)], limit=1)
        )
        if entry:
            raise UserError(
                self.env._(
                    "%s has journal entries: whether it is a company for individuals "
                    "can no longer be changed.",
                    entry.partner_id.name,
                )
            )

    def _check_account_removal(self):
        """An account that was ever billed or credited is archived, not removed (D-12).

        :raise UserError: naming those that were
        """
        billed = self._get_accounts_with_issued("kavi.bill")
        if billed:
            raise UserError(
                self.env._(
                    "%s has issued bills: the account cannot be deleted. Archive the "
                    "contact instead; the bills stay.",
                    ", ".join(billed.mapped("name")),
                )
            )
        credited = self._get_accounts_with_issued("kavi.credit")
        if credited:
            raise UserError(
                self.env._(
                    "%s was given credits: the account cannot be deleted. Archive the "
                    "contact instead; the credits stay.",
                    ", ".join(credited.mapped("name")),
                )
            )

    def _get_accounts_with_issued(self, model):
        """Those of these accounts that have a bill or credit that is no draft."""
        # sudo: those of companies that the user does not see count, too
        groups = (
            self.env[model]
            .sudo()
            ._read_group(
                [("partner_id", "in", self.ids), ("name", "!=", False)], ["partner_id"]
            )
        )
        return self.sudo().browse(partner.id for (partner,) in groups)

    def _delete_drafts(self):
        """Drafts go with their account (KB-10); nothing of them is in the books."""
        for model in ("kavi.credit", "kavi.bill"):
            # sudo: whether one was ever issued was checked, in all companies
            drafts = self.env[model].sudo().search([("partner_id", "in", self.ids)])
            drafts.unlink()

    def _leave_billing_roles(self):
        """Who left a company no longer speaks for it."""
        # sudo: whoever may move a contact need not see who bills whom
        contacts = self.sudo()
        for account in contacts.search(
            [
                "|",
                "|",
                ("billing_contact_id", "in", self.ids),
                ("primary_contact_id", "in", self.ids),
                ("billing_admin_ids", "in", self.ids),
            ]
        ):
            left = contacts.filtered(lambda c, a=account: c.parent_id != a)
            account.write(
                {
                    "billing_contact_id": (account.billing_contact_id - left).id,
                    "primary_contact_id": (account.primary_contact_id - left).id,
                    "billing_admin_ids": [
                        fields.Command.unlink(contact.id) for contact in left
                    ],
                }
            )

    def _is_independent(self):
        """A person of no company, who may have an account of their own (KB-43)."""
        self.ensure_one()
        return not self.is_company and self.commercial_partner_id == self

    def _get_holder_problem(self):
        self.ensure_one()
        return self.env._(
            "%s is a company for individuals: it is not billed itself. Bill the person "
            "it stands for.",
            self.name,
        )
