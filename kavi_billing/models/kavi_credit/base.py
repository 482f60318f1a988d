from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.const import ACCOUNTING_GROUPS

STATES = [
    ("draft", "Draft"),
    ("open", "Open"),
    ("used", "Used"),
    ("refunded", "Refunded"),
    ("expired", "Expired"),
    ("canceled", "Canceled"),
]
KINDS = [
    ("goodwill", "Goodwill"),
    ("memo", "Credit Memo"),
    ("first_payment", "First Payment"),
    ("last_payment", "Last Payment"),
    ("overpayment", "Overpayment"),
]

# Fields that follow from the entries, fields that only an act writes, and fields that
# may still be edited once the credit is in the books.
DERIVED = frozenset(
    "state amount_open amount_open_company amount_applied amount_refunded "
    "amount_expired".split()
)
FACTS = frozenset(("name", "move_id"))
EDITABLE = frozenset(("reason", "expiry_date"))
# What the guard of a new one looks at.
_CHECKED = (
    *("kind", "partner_id", "company_id", "currency_id", "bill_id"),
    *("amount", "date", "expiry_date"),
)


class KaviCredit(models.Model):
    """What an account has in its favour, and what became of it (BB-14).

    Behind each credit is one posted entry: a customer credit note of its own, or, when
    an account paid too much, the payment. What is open is read from that entry, so it
    holds whoever matches it, from wherever.
    """

    _name = "kavi.credit"
    _description = "Credit"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "kavi.guard.mixin",
        "kavi.bulk.mixin",
        "kavi.ledger.check.mixin",
    ]
    _order = "date desc, id desc"
    _check_company_auto = True
    _rec_names_search = ["name", "reason", "partner_id"]
    _mail_post_access = "read"
    _billing_sender_role = "officer"

    name = fields.Char(
        string="Number", readonly=True, copy=False, tracking=True, index="trigram"
    )
    kind = fields.Selection(KINDS, required=True, default="goodwill", tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Account",
        required=True,
        tracking=True,
        ondelete="restrict",
        check_company=True,
        domain="[('is_billing_account', '=', True)]",
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
    reason = fields.Char(
        required=True,
        tracking=True,
        help="Why it is given: printed on the credit note.",
    )
    amount = fields.Monetary(
        required=True,
        tracking=True,
        help="What the account is credited, taxes included.",
    )
    date = fields.Date(
        required=True,
        copy=False,
        tracking=True,
        default=lambda self: self.env.company._billing_today(),
    )
    expiry_date = fields.Date(
        string="Expires",
        copy=False,
        tracking=True,
        help="The last day on which it can be used. What is left then expires.",
    )
    bill_id = fields.Many2one(
        "kavi.bill",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('partner_id', '=', partner_id), ('company_id', '=', company_id),"
        " ('currency_id', '=', currency_id), ('state', '!=', 'draft')]",
        help="Credit memo: the bill it corrects. First and last payment: the bill it "
        "is meant for.",
    )
    item_key = fields.Char(
        string="Series",
        help="The item key of the bills of a series: a first-payment credit goes to "
        "the first of them.",
    )

    # -- what the books say
    move_id = fields.Many2one(
        "account.move",
        string="Entry",
        readonly=True,
        copy=False,
        check_company=True,
        ondelete="restrict",
        groups=ACCOUNTING_GROUPS,
    )
    state = fields.Selection(
        STATES,
        compute="_compute_accounting_amounts",
        store=True,
        index=True,
        tracking=True,
    )
    amount_open = fields.Monetary(
        string="Open", compute="_compute_accounting_amounts", store=True, tracking=True
    )
    amount_open_company = fields.Monetary(
        string="Open (Company Currency)",
        compute="_compute_accounting_amounts",
        store=True,
        currency_field="company_currency_id",
        help="What the ledger holds for it, at the rates it was booked with.",
    )
    amount_applied = fields.Monetary(
        string="Applied", compute="_compute_accounting_amounts", store=True
    )
    amount_refunded = fields.Monetary(
        string="Refunded", compute="_compute_accounting_amounts", store=True
    )
    amount_expired = fields.Monetary(
        string="Expired", compute="_compute_accounting_amounts", store=True
    )
    allocation_ids = fields.One2many(
        "kavi.account.allocation",
        "credit_id",
        string="Allocations",
        readonly=True,
        help="What it was matched with, how much and when.",
    )

    _name_company_uniq = models.UniqueIndex(
        "(company_id, name) WHERE name IS NOT NULL", "This number was given before."
    )
    _move_uniq = models.UniqueIndex(
        "(move_id) WHERE move_id IS NOT NULL", "This entry is a credit already."
    )
    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "The amount of a credit is more than nothing."
    )
    _open_idx = models.Index(
        "(partner_id, company_id, currency_id) "
        "INCLUDE (amount_open, amount_open_company) WHERE amount_open <> 0"
    )
    _partner_idx = models.Index("(partner_id, date)")

    # === COMPUTE METHODS === #

    @api.depends("name", "reason")
    def _compute_display_name(self):
        for credit in self:
            name = credit.name or self.env._("Draft credit")
            credit.display_name = f"{name}: {credit.reason}" if credit.reason else name

    @api.depends("company_id", "bill_id")
    def _compute_currency_id(self):
        for credit in self:
            credit.currency_id = (
                credit.bill_id.currency_id
                or credit.currency_id
                or credit.company_id.currency_id
                or self.env.company.currency_id
            )

    @api.depends(
        "name",
        "kind",
        "amount",
        "move_id.state",
        "move_id.line_ids.amount_residual",
        "move_id.line_ids.amount_residual_currency",
        "move_id.line_ids.matched_debit_ids.debit_move_id.parent_state",
    )
    def _compute_accounting_amounts(self):
        for credit in self:
            credit.update(credit._get_accounting_amounts())

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id")
    def _check_partner_id(self):
        for credit in self:
            if credit.partner_id._get_billing_account() != credit.partner_id:
                raise ValidationError(
                    self.env._(
                        "%(contact)s is billed through %(account)s: choose that "
                        "account.",
                        contact=credit.partner_id.name,
                        account=credit.partner_id.commercial_partner_id.name,
                    )
                )

    @api.constrains("date", "expiry_date")
    def _check_expiry_date(self):
        for credit in self:
            if credit.expiry_date and credit.expiry_date < credit.date:
                raise ValidationError(
                    self.env._(
                        "%(credit)s would expire on %(expiry)s, before it is given on "
                        "%(given)s: choose a later day.",
                        credit=credit.display_name,
                        expiry=fields.Date.to_string(credit.expiry_date),
                        given=fields.Date.to_string(credit.date),
                    )
                )
            if credit.expiry_date and credit.kind == "overpayment":
                raise ValidationError(
                    self.env._(
                        "%s is money that the account has paid: it does not expire. "
                        "Apply it to a bill or refund it.",
                        credit.display_name,
                    )
                )

    @api.constrains("kind", "bill_id", "partner_id", "company_id", "currency_id")
    def _check_bill_id(self):
        for credit in self:
            bill = credit.bill_id
            if credit.kind == "memo" and not bill:
                raise ValidationError(
                    self.env._("Choose the bill that the credit memo corrects.")
                )
            if not bill:
                continue
            problem = credit._get_incompatibility_reason(bill)
            if problem:
                raise ValidationError(problem)
            if bill.state == "draft":
                raise ValidationError(
                    self.env._(
                        "%s is a draft: change what it asks instead of crediting it.",
                        bill.display_name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        is_act = self._is_act()
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._add_defaults(vals, _CHECKED)
            self._check_years(vals, ("date", "expiry_date"))
            if not vals.get("partner_id"):
                raise UserError(
                    self.env._("Choose the account that is credited: a credit has one.")
                )
            if not is_act:
                self._check_created_vals(vals)
        accounts = self.env["res.partner"]._replace_by_accounts(vals_list)
        credits = super().create(vals_list)
        accounts._open_billing_account()
        return credits

    def write(self, vals):
        if self._is_act():
            return super().write(vals)
        self._refuse_fields(set(vals) & (DERIVED | FACTS))
        self._check_years(vals, ("date", "expiry_date"))
        names = self._get_written_fields(vals)
        fixed = names - EDITABLE
        issued = self.filtered("name")
        if issued and fixed:
            raise UserError(
                self.env._(
                    "Credit %(credit)s is in the books: %(fields)s can no longer be "
                    "changed. Take it back and give another one instead.",
                    credit=issued[0].name,
                    fields=self._get_field_labels(fixed),
                )
            )
        if names:
            self._check_written_amounts(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        self._check_role("officer")
        for credit in self:
            if credit.name:
                raise UserError(
                    self.env._(
                        "Credit %s is in the books, and what is booked is not deleted. "
                        "Take it back instead: its history stays.",
                        credit.name,
                    )
                )

    # === BUSINESS METHODS === #

    def _get_accounting_amounts(self):
        """Everything from the posted entry and from what it is matched with.

        :return: dict of values, for every field of ``_compute_accounting_amounts``
        """
        self.ensure_one()
        move = self.move_id
        total = open_company = taken = refunded = reversed_ = 0.0
        lines = self._get_credit_lines() if move.state == "posted" else ()
        for line in lines:
            total -= line.amount_currency
            open_company -= line.balance
            for match in line._get_live_matches():
                amount = match.credit_amount_currency
                taken += amount
                open_company -= match.amount
                other = match.debit_move_id.move_id
                if other.reversed_entry_id == move:
                    reversed_ += amount
                elif other.origin_payment_id or other.statement_line_id:
                    refunded += amount
        currency = self.currency_id
        rest = currency.round(total - taken)
        # of a payment, only what its bills did not need became the credit
        is_note = self.kind != "overpayment"
        before = 0.0 if is_note or not lines else total - self.amount
        applied = currency.round(taken - refunded - reversed_ - before)
        if not self.name:
            state = "draft"
        elif not lines:
            state = "canceled"
        elif not currency.is_zero(rest):
            state = "open"
        elif not currency.is_zero(refunded):
            state = "refunded"
        elif not currency.is_zero(reversed_) and is_note:
            state = "expired"
        elif not currency.is_zero(reversed_) and applied <= 0:
            state = "canceled"
        else:
            state = "used"
        return {
            "state": state,
            "amount_open": rest,
            "amount_open_company": self.company_currency_id.round(open_company),
            "amount_applied": max(applied, 0.0),
            "amount_refunded": currency.round(refunded),
            "amount_expired": currency.round(reversed_) if is_note else 0.0,
        }

    def _get_credit_lines(self):
        """The receivable items of the entries that stand in the account's favour."""
        return self._get_credit_items(self.move_id)

    @api.model
    def _get_credit_items(self, moves):
        return moves.line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and (line.balance < 0 or line.amount_currency < 0)
            )
        )

    def _get_paid_bills(self):
        """Of an overpayment: the bills that the payment was recorded for. It is their
        payment, not a credit that was applied to them."""
        self.ensure_one()
        if self.kind != "overpayment":
            return self.bill_id.browse()
        payment = self.sudo().move_id.origin_payment_id
        return self.bill_id | payment.invoice_ids.kavi_bill_id.with_env(self.env)

    def _lock_in_state(self, *states):
        """Lock the credits' rows and refuse those that are in no state of ``states``.

        :raise AccessError: without the officer's role
        :raise UserError: with the reason
        """
        self._check_role("officer")
        self.check_access("write")
        self._lock_rows()
        labels = dict(self._fields["state"]._description_selection(self.env))
        for credit in self:
            if credit.state not in states:
                raise UserError(
                    self.env._(
                        "Credit %(credit)s is %(state)s: this cannot be done with it.",
                        credit=credit.display_name,
                        state=labels[credit.state],
                    )
                )
        for credit in self._get_held_credits() if "open" in states else ():
            raise UserError(
                self.env._(
                    "Money of credit %s is on its way back to the account. Wait until "
                    "it has arrived, then look at the credit again.",
                    credit.display_name,
                )
            )

    def _get_held_credits(self):
        """Hook: those of these credits whose money is on its way back, and is used for
        nothing else meanwhile."""
        return self.browse()

    def _log(self, bodies, on_account=False):
        """Write who did what, when, in the history: one line a credit."""
        self.sudo()._message_log_batch(
            {credit.id: body.strip() for credit, body in bodies.items()}
        )
        self.env["kavi.activity"]._record("credit", bodies, "credit_id")
        if on_account and bodies:
            by_account = defaultdict(list)
            for credit, body in bodies.items():
                by_account[credit.partner_id.id].append(
                    self.env._(
                        "Credit %(credit)s: %(what)s",
                        credit=credit.name,
                        what=body.strip(),
                    )
                )
            # sudo: contacts may be read-only for whoever may give credits
            self.env["res.partner"].sudo().browse(by_account)._message_log_batch(
                {id_: "\n".join(lines) for id_, lines in by_account.items()}
            )

    # === HELPER METHODS === #

    def _is_billing_thread(self):
        return True

    @api.model
    def _check_created_vals(self, vals):
        self._refuse_created_fields([vals], DERIVED | FACTS)
        if vals.get("kind") == "overpayment":
            raise UserError(
                self.env._(
                    "An overpayment is not entered by hand: it is what a payment left "
                    "over."
                )
            )
        currency_id = (
            vals.get("currency_id")
            or self.env["kavi.bill"].browse(vals.get("bill_id")).currency_id.id
        )
        company = self.env["res.company"].browse(
            vals.get("company_id") or self.env.company.id
        )
        currency = (
            self.env["res.currency"].browse(currency_id) or company.sudo().currency_id
        )
        self._check_money(vals.get("amount"), currency)

    def _check_written_amounts(self, vals):
        """Drafts: the amount that they will have must be one of their currency."""
        self._check_role("officer")
        if vals.get("kind") == "overpayment":
            self._check_created_vals({"kind": "overpayment"})
        if "amount" in vals or "currency_id" in vals:
            for credit in self:
                currency = (
                    self.env["res.currency"].browse(vals.get("currency_id"))
                    or credit.currency_id
                )
                self._check_money(vals.get("amount", credit.amount), currency)
