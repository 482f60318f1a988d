from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain

from ...tools.const import STAFF
from ...tools.context import Private, bookkeeping_context

# More than anybody reads; keeps a pasted picture out of every list and mail.
MAX_DESCRIPTION = 64_000
# What the guard of a new bill looks at, also where it comes by default.
_CHECKED = ("partner_id", "bill_date", "due_date")


class KaviBill(models.Model):
    """The document: what is asked of an account, from issue to payment and beyond.

    What may be done with it is in ``tools/bill_rules``, its guards in ``workflow``,
    what it reads from the entries in ``ledger``.
    """

    _name = "kavi.bill"
    _description = "Bill"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "kavi.guard.mixin",
        "kavi.bulk.mixin",
        "kavi.ledger.check.mixin",
        "kavi.document.mixin",
        "portal.mixin",
    ]
    _order = "bill_date desc, id desc"
    _check_company_auto = True
    # besides the account, see _search_display_name
    _rec_names_search = [
        "name",
        "title",
        "purchase_order",
        "invoice_number",
        "payment_number",
        "document_numbers",
    ]
    _mail_post_access = "read"

    # -- who and what
    name = fields.Char(
        string="Bill ID", readonly=True, copy=False, tracking=True, index="trigram"
    )
    title = fields.Char(required=True, tracking=True, index="trigram")
    partner_id = fields.Many2one(
        "res.partner",
        string="Account",
        required=True,
        tracking=True,
        ondelete="restrict",
        check_company=True,
        domain="[('is_billing_holder', '=', False), '|', ('is_company', '=', True),"
        " '|', ('parent_id', '=', False),"
        " ('parent_id.is_billing_holder', '=', True)]",
    )
    contact_id = fields.Many2one(
        related="partner_id.billing_recipient_id", string="Billing Contact"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    kind_id = fields.Many2one(
        "kavi.bill.kind",
        compute="_compute_kind_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        tracking=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    description = fields.Html(
        sanitize_attributes=True, sanitize_form=True, sanitize_style=True
    )
    created_by = fields.Char(
        string="Source",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env._("Kavi Billing"),
        help="The application that raised the bill.",
    )
    origin_model = fields.Char(readonly=True, copy=False, groups=STAFF)
    origin_id = fields.Many2oneReference(
        model_field="origin_model",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=STAFF,
    )
    item_key = fields.Char(
        copy=False,
        groups=STAFF,
        index="btree_not_null",
        help="The raising application's own key for what is billed.",
    )
    purchase_order = fields.Char(
        string="PO Number", tracking=True, copy=False, index="trigram"
    )
    invoice_number = fields.Char(
        tracking=True,
        copy=False,
        index="trigram",
        help="The number of an outside invoice, if the payer names one.",
    )

    collect_purchase_order = fields.Boolean(
        related="company_id.billing_collect_purchase_order"
    )
    collect_invoice_number = fields.Boolean(
        related="company_id.billing_collect_invoice_number"
    )

    # -- when
    bill_date = fields.Date(
        string="Issued",
        copy=False,
        tracking=True,
        help="Empty on a draft: the day on which it is issued. Never changes after.",
    )
    payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Terms",
        compute="_compute_payment_term_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
    )

    # -- how much
    line_ids = fields.One2many("kavi.bill.line", "bill_id", string="Lines", copy=True)
    fiscal_position_id = fields.Many2one(
        "account.fiscal.position",
        compute="_compute_fiscal_position_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        inverse="_inverse_amount",
        help="What the lines ask before taxes that come on top. On a bill without "
        "lines or with one line it can be typed here.",
    )

    has_many_lines = fields.Boolean(compute="_compute_amount")

    # -- how it is paid
    payment_method_id = fields.Many2one(
        "kavi.payment.method",
        readonly=True,
        copy=False,
        check_company=True,
        tracking=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    payment_number = fields.Char(
        readonly=True,
        copy=False,
        tracking=True,
        index="trigram",
        help="The numbers of all checks and the like that were paid with, also of "
        "those that bounced.",
    )

    # -- flags that somebody sets, and the end
    is_disputed = fields.Boolean(string="In Dispute", readonly=True, copy=False)
    is_frozen = fields.Boolean(string="Frozen", readonly=True, copy=False)
    is_canceled = fields.Boolean(readonly=True, copy=False)
    cancel_reason = fields.Char(readonly=True, copy=False, groups=STAFF)

    _name_company_uniq = models.UniqueIndex(
        "(company_id, name) WHERE name IS NOT NULL", "This Bill ID was given before."
    )
    _issued_has_date = models.Constraint(
        "CHECK(name IS NULL OR bill_date IS NOT NULL)", "An issued bill has a date."
    )
    _partner_state_idx = models.Index("(partner_id, state)")
    _due_idx = models.Index(
        "(company_id, next_due_date) WHERE state IN ('new', 'pending')"
    )
    _balance_idx = models.Index(
        "(partner_id, company_id, currency_id) "
        "INCLUDE (amount_due, amount_due_company) WHERE amount_due <> 0"
    )
    # what the search box finds by an amount
    _total_idx = models.Index("(amount_total)")
    _paid_idx = models.Index("(amount_paid) WHERE amount_paid <> 0")
    _due_amount_idx = models.Index("(amount_due) WHERE amount_due <> 0")
    _order_idx = models.Index("(bill_date DESC, id DESC)")

    # === COMPUTE METHODS === #

    @api.depends("name", "title")
    def _compute_display_name(self):
        for bill in self:
            name = bill.name or self.env._("Draft")
            bill.display_name = f"{name}: {bill.title}" if bill.title else name

    @api.model
    def _search_display_name(self, operator, value):
        """Besides what the bill says, its account's name, e-mail and numbers (KB-28),
        and its amounts.

        The accounts are looked up first: beside a subquery PostgreSQL would read all
        bills, whereas each part of this domain has an index.
        """
        domain = super()._search_display_name(operator, value)
        if not operator.endswith("like") or not value:
            return domain
        negative = operator in Domain.NEGATIVE_OPERATORS
        groups = self.env["res.partner"]._read_group(
            Domain("display_name", operator.removeprefix("not "), value),
            ["commercial_partner_id"],
        )
        found = Domain("partner_id", "in", [account.id for (account,) in groups])
        found |= self._get_amount_domain(value)
        return domain & ~found if negative else domain | found

    @api.depends("company_id")
    def _compute_currency_id(self):
        for bill in self:
            company = bill.company_id or self.env.company
            former = bill._origin.company_id or self.env.company
            # nobody has chosen one, unless it is another than the company's own
            if not bill.currency_id or (
                not bill.name and bill.currency_id == former.currency_id
            ):
                bill.currency_id = company.currency_id

    @api.depends("company_id")
    def _compute_kind_id(self):
        for bill in self:
            kind = bill.kind_id
            if kind and kind.company_id in (bill.company_id, kind.company_id.browse()):
                continue
            bill.kind_id = bill.company_id._get_default_kind()

    @api.depends("partner_id", "company_id")
    def _compute_payment_term_id(self):
        for bill in self:
            if bill.name:
                bill.payment_term_id = bill.payment_term_id
            else:
                bill.payment_term_id = (
                    bill.kind_id.payment_term_id or bill._get_account_term()
                )

    @api.depends("partner_id", "company_id")
    def _compute_fiscal_position_id(self):
        positions = {}
        for bill in self:
            if bill.name:
                bill.fiscal_position_id = bill.fiscal_position_id
                continue
            key = (bill.partner_id.id, bill.company_id.id)
            if key not in positions:
                positions[key] = (
                    self.env["account.fiscal.position"]
                    .with_company(bill.company_id)
                    ._get_fiscal_position(bill.partner_id)
                )
            bill.fiscal_position_id = positions[key]

    @api.depends("line_ids.quantity", "line_ids.price_unit")
    def _compute_amount(self):
        for bill in self:
            bill.amount = sum(line.quantity * line.price_unit for line in bill.line_ids)
            bill.has_many_lines = len(bill.line_ids) > 1

    # === CONSTRAINT METHODS === #

    @api.constrains("description")
    def _check_description(self):
        for bill in self:
            if len(bill.description or "") > MAX_DESCRIPTION:
                raise ValidationError(
                    self.env._(
                        "The description is longer than %s characters. Attach a file "
                        "to the bill instead.",
                        MAX_DESCRIPTION,
                    )
                )

    @api.constrains("partner_id")
    def _check_partner_id(self):
        for bill in self:
            if bill.partner_id._get_billing_account() != bill.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is billed through %(account)s: choose that "
                        "account.",
                        contact=bill.partner_id.name,
                        account=bill.partner_id.commercial_partner_id.name,
                    )
                )

    # === ONCHANGE METHODS === #

    @api.onchange("amount")
    def _inverse_amount(self):
        for bill in self:
            lines = bill.line_ids
            if (
                bill.currency_id.compare_amounts(
                    bill.amount, sum(line.quantity * line.price_unit for line in lines)
                )
                == 0
            ):
                continue
            if len(lines) > 1:
                raise UserError(
                    self.env._("This bill has several lines: change their prices.")
                )
            if lines:
                lines.write({"quantity": 1.0, "price_unit": bill.amount})
            else:
                vals = self._prepare_amount_line_vals(
                    bill.amount, bill.title, bill.kind_id
                )
                bill.line_ids = [Command.create(vals)]

    @api.onchange("kind_id")
    def _onchange_kind_id(self):
        """A kind chosen late says what the one line charges for, and when it is due."""
        line = self.line_ids
        if len(line) == 1 and not line.product_id and self.kind_id.product_id:
            name, price = line.name, line.price_unit
            line.product_id = self.kind_id.product_id
            line.name, line.price_unit = name, price
        self._sync_kind_term()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._add_defaults(vals, _CHECKED)
        self._check_created_vals(vals_list)
        for vals in vals_list:
            if not vals.get("partner_id"):
                raise UserError(
                    self.env._("Choose the account that is billed: a bill needs one.")
                )
        accounts = self.env["res.partner"]._replace_by_accounts(vals_list)
        for vals in vals_list:
            # "Just a title and an amount" becomes its line at once, not by a second
            # write for each record. A form that was left empty sends zero.
            amount = vals.pop("amount", None)
            if amount and not vals.get("line_ids"):
                vals["line_ids"] = self._prepare_amount_lines(amount, vals)
        bills = super().create(vals_list)
        accounts._open_billing_account()
        return bills

    # === ACTION METHODS === #

    def action_open_account(self):
        """The page of the account that is billed."""
        self.ensure_one()
        return self.partner_id._get_billing_accounts_action()

    def _open_wizard(self, xml_id):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["context"] = {"active_model": self._name, "active_ids": self.ids}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _raise_bills(self, vals_list, application=None, issue=True, notify=None):
        """Raise bills from another application: the one way in for other addons.

        :param list vals_list: a dict a bill. ``partner_id`` (any contact: its account
            is found or opened), ``title``, and either ``amount`` or ``line_ids``;
            optional: ``company_id``, ``currency_id``, ``kind_id``, ``description``,
            ``payment_term_id``, ``due_date``, ``bill_date``, ``item_key``,
            ``origin_model`` and ``origin_id`` (see ``kavi.billable.mixin``)
        :param str application: shown as *Source*
        :param bool issue: issue them at once
        :param bool notify: mail each new bill; default not for an application, whose
            form shows the bill (KB-55)
        :return: the bills, in the order of ``vals_list``
        :raise UserError: with the reason; then none of them was raised
        """
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            if application:
                vals["created_by"] = application
            if "amount" in vals:
                if vals.get("line_ids"):
                    raise UserError(
                        self.env._("A bill is raised with an amount or with lines.")
                    )
                # an application that says zero means zero
                vals["line_ids"] = self._prepare_amount_lines(vals.pop("amount"), vals)
        context = bookkeeping_context(self.env.context)
        bills = self.with_env(self.env(context=context)).with_context(
            mail_create_nolog=issue,
            mail_create_nosubscribe=True,
            kavi_origin=Private(),
        )
        bills = bills.create(vals_list)
        bills = bills.with_env(self.env)
        if issue:
            # for the history: another application did it
            bills.with_context(kavi_application=Private(application))._issue(
                notify=not application if notify is None else notify
            )
        return bills

    # === HELPER METHODS === #

    def _get_account_term(self):
        """The terms of the bill's account, or else those of its company."""
        self.ensure_one()
        partner = self.partner_id.with_company(self.company_id)
        return (
            partner.property_payment_term_id
            or self.company_id.sudo().billing_payment_term_id  # read for its terms only
        )

    def _sync_kind_term(self):
        """Give drafts the term of their kind, unless somebody chose another one: one
        that no kind, account or company would have set."""
        # sudo: only terms are compared
        kinds = self.env["kavi.bill.kind"].sudo().with_context(active_test=False)
        usual = kinds.search([("payment_term_id", "!=", False)]).payment_term_id
        for bill in self.filtered(lambda bill: not bill.name):
            term = bill._get_account_term()
            if bill.payment_term_id <= usual | term:
                bill.payment_term_id = bill.kind_id.payment_term_id or term

    @api.model
    def _prepare_amount_lines(self, amount, vals):
        if "kind_id" in vals:
            kind = self.env["kavi.bill.kind"].browse(vals["kind_id"] or ())
        else:
            company = self.env["res.company"].browse(vals.get("company_id") or ())
            kind = (company or self.env.company)._get_default_kind()
        line = self._prepare_amount_line_vals(amount, vals.get("title"), kind)
        return [Command.create(line)]

    @api.model
    def _prepare_amount_line_vals(self, amount, title, kind):
        """The one line of a bill that has just a title and an amount."""
        vals = {"quantity": 1.0, "price_unit": amount, "name": title or ""}
        if kind.product_id:
            vals["product_id"] = kind.product_id.id
        return vals
