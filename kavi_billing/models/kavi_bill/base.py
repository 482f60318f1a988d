from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import format_date

from ...tools.bill_rules import OPEN
from ...tools.const import STAFF
from ...tools.context import Private

# More than anybody reads; keeps a pasted picture out of every list and mail.
MAX_DESCRIPTION = 64_000


class KaviBill(models.Model):
    """The document: what is asked of an account, from issue to payment and beyond.

    Its rules are in ``bill_rules``, its guards in ``kavi_bill_guard``, what it does in
    the books in ``kavi_bill_accounting``, what it reads from them in
    ``kavi_bill_books``.
    """

    _name = "kavi.bill"
    _description = "Bill"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "kavi.guard.mixin",
        "kavi.ledger.check.mixin",
    ]
    _order = "bill_date desc, id desc"
    _check_company_auto = True
    # besides the account, see _search_display_name
    _rec_names_search = ["name", "title", "purchase_order", "invoice_number"]
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
        string="Raised By",
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
    due_date = fields.Date(
        compute="_compute_due_date",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
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
    payment_number = fields.Char(readonly=True, copy=False, tracking=True)

    # -- flags that somebody sets, and the end
    is_disputed = fields.Boolean(string="In Dispute", readonly=True, copy=False)
    is_frozen = fields.Boolean(string="Frozen", readonly=True, copy=False)
    is_canceled = fields.Boolean(readonly=True, copy=False)
    cancel_reason = fields.Char(readonly=True, copy=False, groups=STAFF)
    is_overdue = fields.Boolean(
        string="Overdue", compute="_compute_is_overdue", search="_search_is_overdue"
    )

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
    _order_idx = models.Index("(bill_date DESC, id DESC)")

    # === COMPUTES === #

    @api.depends("name", "title")
    def _compute_display_name(self):
        for bill in self:
            name = bill.name or self.env._("Draft")
            bill.display_name = f"{name}: {bill.title}" if bill.title else name

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

    @api.depends("partner_id", "company_id")
    def _compute_payment_term_id(self):
        for bill in self:
            if bill.name:
                bill.payment_term_id = bill.payment_term_id
                continue
            partner = bill.partner_id.with_company(bill.company_id)
            bill.payment_term_id = (
                partner.property_payment_term_id
                or bill.company_id.billing_payment_term_id
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

    @api.depends("payment_term_id", "bill_date", "invoice_id.line_ids.date_maturity")
    def _compute_due_date(self):
        for bill in self:
            if bill.invoice_id.state == "posted":
                # not invoice_date_due: Odoo computes that anew from the term whenever
                # something is matched, and a postponed date would be forgotten
                items = self._get_receivable_lines(bill.invoice_id)
                days = [day for day in items.mapped("date_maturity") if day]
                bill.due_date = max(days, default=bill.invoice_id.invoice_date_due)
            elif bill.name:
                bill.due_date = bill.due_date
            else:
                bill.due_date = bill._get_term_due_date(bill._get_draft_date())

    def _get_draft_date(self):
        """The day from which a draft's terms are counted until it is issued."""
        self.ensure_one()
        if self.bill_date:
            return self.bill_date
        company = self.company_id or self.env.company
        return company._billing_today(self.create_date or None)

    def _get_term_due_date(self, date):
        """The last day that the bill's terms allow when they start on ``date``."""
        self.ensure_one()
        return max(
            (line._get_due_date(date) for line in self.payment_term_id.line_ids),
            default=date,
        )

    @api.depends("line_ids.quantity", "line_ids.price_unit")
    def _compute_amount(self):
        for bill in self:
            bill.amount = sum(line.quantity * line.price_unit for line in bill.line_ids)
            bill.has_many_lines = len(bill.line_ids) > 1

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
        """A kind chosen late still says what the one line charges for."""
        line = self.line_ids
        if len(line) == 1 and not line.product_id and self.kind_id.product_id:
            name, price = line.name, line.price_unit
            line.product_id = self.kind_id.product_id
            line.name, line.price_unit = name, price

    @api.model
    def _prepare_amount_line_vals(self, amount, title, kind):
        """The one line of a bill that has just a title and an amount."""
        vals = {"quantity": 1.0, "price_unit": amount, "name": title or ""}
        if kind.product_id:
            vals["product_id"] = kind.product_id.id
        return vals

    # === OVERDUE: depends on today, so it is never stored (KB-22) === #

    @api.depends("state", "next_due_date", "amount_due", "company_id")
    def _compute_is_overdue(self):
        today = {company: company._billing_today() for company in self.company_id}
        for bill in self:
            bill.is_overdue = bool(
                bill.state in OPEN
                and bill.next_due_date
                and bill.next_due_date < today[bill.company_id]
            )

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        if set(value) != {True}:
            return Domain.TRUE if set(value) == {True, False} else NotImplemented
        by_day = self.env["res.company"]._get_billing_days()
        return Domain("state", "in", OPEN) & Domain.OR(
            Domain("company_id", "in", ids) & Domain("next_due_date", "<", day)
            for day, ids in by_day.items()
        )

    def _get_flags(self):
        """The flags of one bill.

        :return: set of keys of ``bill_rules.FLAGS``
        """
        self.ensure_one()
        fact = {
            "overdue": self.is_overdue,
            "partly_paid": self.is_partly_paid,
            "disputed": self.is_disputed,
            "frozen": self.is_frozen,
            "opening_balance": self.opening_date,
            "historical": self.opening_state,
        }
        return {flag for flag, is_on in fact.items() if is_on}

    # === CONSTRAINTS === #

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

    @api.constrains("due_date", "bill_date")
    def _check_due_date(self):
        for bill in self:
            if bill.bill_date and bill.due_date and bill.due_date < bill.bill_date:
                raise ValidationError(
                    self.env._(
                        "%(bill)s is due on %(due)s, before it is issued on "
                        "%(issued)s: choose a later due date.",
                        bill=bill.display_name,
                        due=format_date(self.env, bill.due_date),
                        issued=format_date(self.env, bill.bill_date),
                    )
                )

    # === RAISING BILLS === #

    @api.model
    def _raise_bills(self, vals_list, application=None, issue=True, notify=None):
        """Raise bills from another application: the one way in for other addons.

        :param list vals_list: a dict a bill. ``partner_id`` (any contact: its account
            is found or opened), ``title``, and either ``amount`` or ``line_ids``;
            optional: ``company_id``, ``currency_id``, ``kind_id``, ``description``,
            ``payment_term_id``, ``due_date``, ``bill_date``, ``item_key``,
            ``origin_model`` and ``origin_id`` (see ``kavi.billable.mixin``)
        :param str application: shown as *Raised By*
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
        bills = self.with_context(
            mail_create_nolog=issue, mail_create_nosubscribe=True
        ).create(vals_list)
        bills = bills.with_env(self.env)
        if issue:
            # for the history: another application did it
            bills.with_context(kavi_application=Private(application))._issue(
                notify=not application if notify is None else notify
            )
        return bills

    @api.model
    def _prepare_amount_lines(self, amount, vals):
        if "kind_id" in vals:
            kind = self.env["kavi.bill.kind"].browse(vals["kind_id"] or ())
        else:
            company = self.env["res.company"].browse(vals.get("company_id") or ())
            kind = (company or self.env.company)._get_default_kind()
        line = self._prepare_amount_line_vals(amount, vals.get("title"), kind)
        return [Command.create(line)]

    @api.model_create_multi
    def create(self, vals_list):
        self._check_created_vals(vals_list)
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            vals.setdefault("partner_id", self.env.context.get("default_partner_id"))
            if not vals["partner_id"]:
                raise UserError(
                    self.env._("Choose the account that is billed: a bill needs one.")
                )
        partners = self.env["res.partner"].browse(
            {vals["partner_id"] for vals in vals_list}
        )
        accounts = partners._get_billing_account()
        for vals in vals_list:
            partner = self.env["res.partner"].browse(vals["partner_id"])
            vals["partner_id"] = partner.commercial_partner_id.id
            # "Just a title and an amount" becomes its line at once, not by a second
            # write for each record. A form that was left empty sends zero.
            amount = vals.pop("amount", None)
            if amount and not vals.get("line_ids"):
                vals["line_ids"] = self._prepare_amount_lines(amount, vals)
        bills = super().create(vals_list)
        accounts._open_billing_account()
        return bills
