from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import frozendict

from ...tools.const import ACCOUNTING_GROUPS, STAFF
from ...tools.context import private_value
from ...tools.instalments import share

# What an accountant may still change on a posted entry: not on one of a frozen bill.
FROZEN_FIELDS = frozenset(
    "name ref date journal_id partner_id partner_bank_id payment_reference narration "
    "invoice_date invoice_date_due invoice_payment_term_id fiscal_position_id "
    "invoice_line_ids line_ids reversed_entry_id".split()
)

# What ties an entry to a bill: only the bill's own acts write it.
BILL_LINK = ("kavi_bill_id", "is_kavi_replaced", "is_kavi_surcharge", "is_kavi_fee")


class AccountMove(models.Model):
    """Which bill or credit an entry belongs to, and what follows for the entry."""

    _name = "account.move"
    _inherit = ["account.move", "kavi.protected.mixin"]

    kavi_bill_id = fields.Many2one(
        "kavi.bill",
        string="Bill",
        copy=False,
        readonly=True,
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        groups=STAFF,
    )

    is_kavi_replaced = fields.Boolean(
        copy=False,
        readonly=True,
        help="An invoice that the bill no longer stands for, or the credit note that "
        "took it back, since the bill's amount was changed.",
    )

    is_kavi_surcharge = fields.Boolean(
        copy=False,
        readonly=True,
        help="A debit invoice over what the payment method adds to the bill.",
    )

    is_kavi_fee = fields.Boolean(
        copy=False,
        readonly=True,
        help="What a service by which accounts pay has kept of their money: no account "
        "owes it.",
    )

    kavi_credit_ids = fields.One2many(
        "kavi.credit",
        "move_id",
        string="Credit",
        readonly=True,
        copy=False,
        groups=ACCOUNTING_GROUPS,
    )

    # === COMPUTE METHODS === #

    @api.depends("invoice_line_ids.kavi_charge_kind")
    def _compute_needed_terms(self):
        result = super()._compute_needed_terms()
        # sudo: who works on an invoice need not see the bill
        for invoice in self.filtered(lambda move: move.sudo().kavi_bill_id):
            term = invoice.invoice_payment_term_id
            is_rounded = invoice.invoice_cash_rounding_id
            # without lines, as while a draft is deleted, nothing is needed
            if invoice.needed_terms and len(term.line_ids) > 1 and not is_rounded:
                invoice.needed_terms = invoice._get_needed_instalments()
        for invoice in self.filtered("invoice_payment_term_id.shares_discount"):
            invoice.needed_terms = invoice._share_discount(invoice.needed_terms)
        return result

    def _compute_invoice_date_due(self):
        """A posted bill is due when its items are: some may have been postponed.

        Odoo would take the days of the terms again whenever something is matched.
        """
        result = super()._compute_invoice_date_due()
        for invoice in self:
            if invoice.state == "posted" and invoice.sudo().kavi_bill_id:
                items = invoice.line_ids.filtered("date_maturity")
                invoice.invoice_date_due = max(
                    items.mapped("date_maturity"), default=invoice.invoice_date_due
                )
        return result

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get(name) for vals in vals_list for name in BILL_LINK):
            self._check_bill_link()
        return super().create(vals_list)

    def write(self, vals):
        if set(BILL_LINK) & set(vals):
            self._check_bill_link()
        if "partner_id" in vals or "currency_id" in vals:
            self._check_bill_agrees(vals)
            self._check_credit_agrees(vals)
        if "state" in vals:
            self._check_state_change(vals["state"])
        if FROZEN_FIELDS & set(vals):
            posted = self.filtered(lambda move: move.state == "posted")
            posted._check_frozen_bill(settling=True)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        # a draft that was never posted is nobody's record
        for bill in self.sudo().filtered("posted_before").kavi_bill_id:
            raise UserError(
                self.env._(
                    "This entry belongs to bill %s. Cancel the bill instead: nothing "
                    "that was posted is deleted.",
                    bill.name,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_credited(self):
        for credit in self.sudo().kavi_credit_ids:
            raise UserError(
                self.env._(
                    "This entry belongs to credit %s. Take the credit back instead: "
                    "nothing that was posted is deleted.",
                    credit.name,
                )
            )

    # === ACTION METHODS === #

    def button_draft(self):
        self._check_canceled_bill()
        self._check_frozen_bill(settling=True)
        return super().button_draft()

    def button_cancel(self):
        self._check_canceled_bill()
        self._check_frozen_bill(settling=True)
        # sudo: what had paid an invoice of a bill is the account's credit from now on
        invoices = self.sudo().filtered(
            lambda move: move.kavi_bill_id and move.move_type == "out_invoice"
        )
        items = invoices.line_ids.matched_credit_ids.credit_move_id
        money = items.move_id.filtered(
            lambda move: (
                move.state == "posted"
                and (move.origin_payment_id or move.statement_line_id)
            )
        )
        result = super().button_cancel()
        if money:
            self.env["kavi.credit"]._for_books()._record_rests(money)
        return result

    def action_open_kavi_bill(self):
        self.ensure_one()
        return self.kavi_bill_id._get_records_action()

    def action_open_kavi_credit(self):
        self.ensure_one()
        return self.kavi_credit_ids._get_records_action()

    # === BUSINESS METHODS === #

    def _reverse_moves(self, default_values_list=None, cancel=False):
        # A credit note made in Invoicing belongs to the same bill: otherwise the bill
        # could not see that its debt is gone.
        self._check_frozen_bill()
        reverse_moves = super()._reverse_moves(default_values_list, cancel=cancel)
        for move, reverse_move in zip(self.sudo(), reverse_moves.sudo(), strict=True):
            if move.kavi_bill_id:
                reverse_move.kavi_bill_id = move.kavi_bill_id
            if move.is_kavi_fee:
                reverse_move.is_kavi_fee = True
        return reverse_moves

    def _reconcile_reversed_moves(self, reverse_moves, move_reverse_cancel):
        # Odoo matches a credit note with whatever is open of its invoice. What a note
        # of a bill settles, the act says that makes it.
        if private_value(self.env.context, "kavi_credit_note"):
            return reverse_moves
        return super()._reconcile_reversed_moves(reverse_moves, move_reverse_cancel)

    # === HELPER METHODS === #

    def _is_eligible_for_early_payment_discount(self, currency, reference_date):
        """With instalments, only where all of them are paid at once: elsewhere Odoo
        would grant it on each instalment by itself."""
        if self._get_instalment_items() and not private_value(
            self.env.context, "kavi_whole_discount"
        ):
            return False
        return super()._is_eligible_for_early_payment_discount(currency, reference_date)

    def _get_invoice_counterpart_amls_for_early_payment_discount_per_payment_term_line(
        self,
    ):
        # Odoo knows invoices of one item: it is shown all instalments as one, and what
        # it answers is the first one's.
        items = self._get_instalment_items()
        if not items:
            return super()._get_invoice_counterpart_amls_for_early_payment_discount_per_payment_term_line()  # noqa: E501
        invoice, whole = self._get_whole_item(items)
        result = super(
            AccountMove, invoice
        )._get_invoice_counterpart_amls_for_early_payment_discount_per_payment_term_line()
        return {
            name: defaultdict(dict, {items[0]: groups[whole]})
            for name, groups in result.items()
        }

    def _get_instalment_items(self):
        """The items of an invoice with an early-payment discount over several of them;
        empty for any other."""
        items = self.line_ids.filtered(lambda line: line.display_type == "payment_term")
        is_shared = self.invoice_payment_term_id.early_discount and len(items) > 1
        return items if is_shared else items.browse()

    def _is_discount_granted(self):
        """Whether an early-payment discount on instalments is ever granted on this
        invoice, or was on the one that it takes back: on bills only."""
        entry = self.sudo()
        return bool(entry.kavi_bill_id or entry.reversed_entry_id.kavi_bill_id)

    def _get_whole_item(self, items):
        """All instalments as one item, of an invoice in memory.

        :return: the invoice and its one item: new records that are never saved
        """
        invoice = self.new(origin=self)
        whole = invoice.line_ids.filtered(lambda line: line._origin == items[0])
        rest = items - items[0]
        # in the cache only: nothing is to be computed anew, or saved
        for name in (
            "amount_currency",
            "balance",
            "amount_residual_currency",
            "discount_amount_currency",
            "discount_balance",
        ):
            whole._fields[name]._update_cache(whole, sum(items.mapped(name)))
        lines = invoice.line_ids.filtered(lambda line: line._origin not in rest)
        invoice._fields["line_ids"]._update_cache(invoice, lines._ids)
        return invoice, whole

    def _share_discount(self, needed):
        """What Odoo needs as receivable items, with an early-payment discount that is
        shared by them; without one on what is no bill.

        :param dict needed: as in ``needed_terms``, each item with the whole discount
        """
        self.ensure_one()
        if not self._is_discount_granted() or self.move_type != "out_invoice":
            none = {"discount_amount_currency": 0.0, "discount_balance": 0.0}
            return {
                frozendict({**key, "discount_date": False}): {
                    **values,
                    **none,
                    "discount_date": False,
                }
                for key, values in needed.items()
            }
        shared = {key: dict(values) for key, values in needed.items()}
        for name, amounts, currency in (
            ("discount_amount_currency", "amount_currency", self.currency_id),
            ("discount_balance", "balance", self.company_currency_id),
        ):
            whole = next((values[name] for values in needed.values()), 0.0)
            parts = share(
                currency.round(whole),
                [values[amounts] for values in needed.values()],
                currency.rounding,
            )
            for values, part in zip(shared.values(), parts, strict=True):
                values[name] = float(part)
        return shared

    def _check_bill_link(self):
        """Only the bill itself says which entries are its own."""
        if not self.env.su:
            raise UserError(
                self.env._("An entry is not tied to a bill by hand. Issue the bill.")
            )

    def _check_bill_agrees(self, vals):
        """Whom the entry charges and in what currency, the bill has fixed."""
        account = self.env["res.partner"].browse(vals.get("partner_id") or ())
        for bill in self.sudo().kavi_bill_id:
            other_account = (
                "partner_id" in vals
                and account.sudo().commercial_partner_id != bill.partner_id
            )
            other_currency = vals.get("currency_id", bill.currency_id.id)
            if other_account or other_currency != bill.currency_id.id:
                raise UserError(
                    self.env._(
                        "This entry belongs to bill %(bill)s, which asks %(account)s "
                        "for %(currency)s. Cancel the bill and raise a new one to "
                        "change that.",
                        bill=bill.name,
                        account=bill.partner_id.name,
                        currency=bill.currency_id.name,
                    )
                )

    def _check_credit_agrees(self, vals):
        """Whose the entry is and in what currency, the credit has fixed."""
        account = self.env["res.partner"].sudo().browse(vals.get("partner_id") or ())
        for credit in self.sudo().kavi_credit_ids:
            if (
                "partner_id" in vals
                and account.commercial_partner_id != credit.partner_id
            ) or vals.get(
                "currency_id", credit.currency_id.id
            ) != credit.currency_id.id:
                raise UserError(
                    self.env._(
                        "This entry belongs to credit %(credit)s of %(account)s, in "
                        "%(currency)s. Take the credit back and give another one to "
                        "change that.",
                        credit=credit.name,
                        account=credit.partner_id.name,
                        currency=credit.currency_id.name,
                    )
                )

    def _check_canceled_bill(self):
        """Canceled is final (KB-27): its entries stay as they are, and so does what it
        was settled with."""
        matches = self.sudo().line_ids._get_live_matches()
        settled = matches.debit_move_id.move_id
        for bill in self.sudo().kavi_bill_id | settled.kavi_bill_id:
            if bill.is_canceled:
                raise UserError(
                    self.env._(
                        "Bill %s is canceled, and that is final: its invoice and "
                        "what settled it stay posted. Raise a new bill instead.",
                        bill.name,
                    )
                )

    def _check_frozen_bill(self, settling=False):
        """Nothing of a frozen bill is changed (KB-26), by whoever keeps the books.

        :param bool settling: what is matched with its documents counts, too: payments,
            refunds, credits, lines of bank statements
        """
        moves = self.sudo()
        if settling:
            matches = moves.line_ids._get_live_matches()
            moves |= matches.debit_move_id.move_id | matches.credit_move_id.move_id
        moves.kavi_bill_id._check_not_frozen()

    def _check_state_change(self, state):
        """Entries of bills that are closed for good are neither taken back nor added
        to, whatever asks for it: a button, a client, an import."""
        changed = self.filtered(lambda move: move.state != state)
        leaving = changed.filtered(lambda move: move.state == "posted")
        leaving._check_canceled_bill()
        leaving._check_frozen_bill(settling=True)
        (changed - leaving)._check_frozen_bill()

    def _get_needed_instalments(self):
        """What Odoo needs as receivable items, spread as the bill's terms say.

        Odoo knows the days already, one item each; it would spread all charges alike.
        """
        self.ensure_one()
        return self._spread_terms(
            self.needed_terms,
            self.invoice_payment_term_id,
            self.invoice_date or self.date or fields.Date.context_today(self),
            self._get_charges(),
            self.currency_id,
            self.company_currency_id,
        )

    @api.model
    def _spread_terms(self, needed, term, date, charges, currency, company_currency):
        """Spread what is needed over the instalments of terms."""
        total = sum(values["amount_currency"] for values in needed.values())
        balance = sum(values["balance"] for values in needed.values())
        instalments = term._get_instalments(date, total, charges, currency)
        balances = share(
            company_currency.round(balance),
            [instalment["amount"] for instalment in instalments],
            company_currency.rounding,
        )
        by_day = {key["date_maturity"]: (key, needed[key]) for key in needed}
        result = {}
        for instalment, part in zip(instalments, balances, strict=True):
            key, values = by_day[instalment["due_date"]]
            result[frozendict(key)] = {
                **values,
                "amount_currency": instalment["amount"],
                "balance": float(part),
                "is_kavi_deposit": instalment["is_deposit"],
            }
        return result

    def _get_charges(self):
        """How much of an invoice each kind of charge asks, taxes included.

        :return: dict of ``instalments.CHARGES`` to float, as on the bill
        """
        self.ensure_one()
        charges = {}
        for line in self.invoice_line_ids:
            kind = line.kavi_charge_kind or "goods"
            charges[kind] = charges.get(kind, 0.0) + line.price_total
        return charges
