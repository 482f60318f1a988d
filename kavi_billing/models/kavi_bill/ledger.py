from odoo import api, fields, models

from ...tools.bill_rules import STATES

LIQUIDITY = ("asset_cash", "liability_credit_card")


class KaviBill(models.Model):
    """What a bill reads from the books: every amount, its state, its dates.

    All of it is stored, and computed from posted entries only (D-04), so
    whoever changes an entry, from wherever, the bill follows.
    """

    _inherit = "kavi.bill"

    move_ids = fields.One2many(
        "account.move",
        "kavi_bill_id",
        string="Documents",
        readonly=True,
        copy=False,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    invoice_id = fields.Many2one(
        "account.move",
        compute="_compute_accounting_amounts",
        store=True,
        groups="account.group_account_readonly,account.group_account_invoice",
        help="The invoice that stands for the bill's lines.",
    )
    state = fields.Selection(
        list(STATES.items()),
        compute="_compute_accounting_amounts",
        store=True,
        index=True,
        tracking=True,
        group_expand=True,
    )
    is_posted = fields.Boolean(
        compute="_compute_accounting_amounts",
        store=True,
        help="The invoice is posted. Otherwise nothing is owed in the books.",
    )
    is_partly_paid = fields.Boolean(
        string="Partly Paid", compute="_compute_accounting_amounts", store=True
    )
    amount_untaxed = fields.Monetary(compute="_compute_accounting_amounts", store=True)
    amount_tax = fields.Monetary(
        string="Taxes", compute="_compute_accounting_amounts", store=True
    )
    surcharge_booked = fields.Monetary(
        string="Surcharge Charged",
        compute="_compute_accounting_amounts",
        store=True,
        help="What payment methods have added, taxes included, and still stands.",
    )
    amount_total = fields.Monetary(
        string="Total", compute="_compute_accounting_amounts", store=True, tracking=True
    )
    amount_paid = fields.Monetary(
        string="Paid", compute="_compute_accounting_amounts", store=True
    )
    amount_credited = fields.Monetary(
        string="Credited",
        compute="_compute_accounting_amounts",
        store=True,
        help="Taken off the debt by credit notes, without money.",
    )
    amount_due = fields.Monetary(
        compute="_compute_accounting_amounts", store=True, tracking=True
    )
    amount_due_company = fields.Monetary(
        string="Amount Due (Company Currency)",
        compute="_compute_accounting_amounts",
        store=True,
        currency_field="company_currency_id",
        help="What the ledger holds for the bill, at the rates it was booked with.",
    )
    refund_amount = fields.Monetary(
        string="Refunded", compute="_compute_accounting_amounts", store=True
    )
    amount_retained = fields.Monetary(
        string="Retained", compute="_compute_accounting_amounts", store=True
    )
    next_due_date = fields.Date(
        compute="_compute_accounting_amounts",
        store=True,
        help="The first day on which something that is still open is due.",
    )
    payment_date = fields.Date(
        string="Date Paid", compute="_compute_accounting_amounts", store=True
    )
    refund_date = fields.Date(
        string="Date Refunded",
        compute="_compute_accounting_amounts",
        store=True,
        help="The latest refund.",
    )
    cancel_date = fields.Date(compute="_compute_accounting_amounts", store=True)

    @api.depends(
        "name",
        "is_canceled",
        "payment_method_id",
        "currency_id",
        "line_ids.price_subtotal",
        "line_ids.price_total",
        "payment_term_id",
        "move_ids.state",
        "move_ids.is_kavi_replaced",
        "move_ids.is_kavi_surcharge",
        "move_ids.reversed_entry_id",
        "move_ids.amount_total",
        "move_ids.line_ids.amount_residual",
        "move_ids.line_ids.amount_residual_currency",
        "move_ids.line_ids.date_maturity",
        "move_ids.line_ids.matched_debit_ids.debit_move_id.parent_state",
        "move_ids.line_ids.matched_credit_ids.credit_move_id.parent_state",
    )
    def _compute_accounting_amounts(self):
        for bill in self:
            bill.update(
                bill._get_draft_amounts()
                if not bill.name
                else bill._get_accounting_amounts()
            )

    def _get_draft_amounts(self):
        """A draft: nothing is in the books yet, the lines say what will be.

        :return: dict of values, for every field of ``_compute_accounting_amounts``
        """
        self.ensure_one()
        untaxed, total = self._sum_lines()
        return {
            **dict.fromkeys(
                (
                    "surcharge_booked",
                    "amount_paid",
                    "amount_credited",
                    "amount_due",
                    "amount_due_company",
                    "refund_amount",
                    "amount_retained",
                ),
                0.0,
            ),
            "state": "draft",
            "invoice_id": False,
            "is_posted": False,
            "is_partly_paid": False,
            "amount_untaxed": untaxed,
            "amount_tax": total - untaxed,
            "amount_total": total,
            "next_due_date": False,
            "payment_date": False,
            "refund_date": False,
            "cancel_date": False,
        }

    def _sum_lines(self):
        """Untaxed amount and total of the lines, rounded as the invoice will be."""
        self.ensure_one()
        AccountTax = self.env["account.tax"]
        company = self.company_id or self.env.company
        base_lines = [line._prepare_base_line() for line in self.line_ids]
        base_lines += self._prepare_discount_base_lines()
        AccountTax._add_tax_details_in_base_lines(base_lines, company)
        AccountTax._round_base_lines_tax_details(base_lines, company)
        totals = AccountTax._get_tax_totals_summary(
            base_lines=base_lines,
            currency=self.currency_id or company.currency_id,
            company=company,
        )
        return totals["base_amount_currency"], totals["total_amount_currency"]

    def _get_accounting_amounts(self):
        """An issued bill: everything from its posted documents.

        What was matched with an entry that is no longer posted does not count: Odoo
        keeps such a match, and an invoice "paid" by a payment that was reset to draft.

        :return: dict of values, for every field of ``_compute_accounting_amounts``
        """
        self.ensure_one()
        present = self.move_ids.filtered(lambda move: not move.is_kavi_replaced)
        posted = present.filtered(lambda move: move.state == "posted")
        invoices = posted.filtered(lambda move: move.move_type == "out_invoice")
        notes = posted.filtered(lambda move: move.move_type == "out_refund")
        # a credit note that was itself reversed took nothing back
        undone = invoices.filtered(lambda move: move.reversed_entry_id in notes)
        invoices -= undone
        notes -= undone.reversed_entry_id
        # what the payment method adds comes and goes with the payment
        surcharges = invoices.filtered("is_kavi_surcharge")
        charges = invoices - surcharges
        own = present.filtered(lambda move: not move.is_kavi_surcharge)
        candidates = charges or own.filtered(
            lambda move: move.move_type == "out_invoice"
        )
        invoice = candidates.sorted("id")[:1]
        surcharge = sum(surcharges.mapped("amount_total"))

        total = due_company = paid = credited = withdrawn = refunded = 0.0
        paid_on, refunded_on, open_dates = [], [], []
        for line in self._get_receivable_lines(invoices):
            total += line.amount_currency
            due_company += line.balance
            rest = line.amount_currency
            for match in line.matched_credit_ids:
                counterpart = match.credit_move_id
                if counterpart.parent_state != "posted":
                    continue
                rest -= match.debit_amount_currency
                due_company -= match.amount
                if counterpart.move_id.move_type == "out_refund":
                    credited += match.debit_amount_currency
                    if counterpart.move_id in notes and line.move_id in charges:
                        withdrawn += match.debit_amount_currency
                elif match.debit_amount_currency:
                    money = self._get_money_part(match)
                    paid += money
                    credited += match.debit_amount_currency - money
                    if money:
                        paid_on.append(counterpart.date)
            if not self.currency_id.is_zero(rest):
                open_dates.append(line.date_maturity)
        for line in self._get_receivable_lines(notes):
            for match in line.matched_debit_ids:
                counterpart = match.debit_move_id
                if (
                    counterpart.parent_state == "posted"
                    and counterpart.move_id.move_type != "out_invoice"
                    and match.credit_amount_currency
                ):
                    refunded += match.credit_amount_currency
                    refunded_on.append(counterpart.date)

        currency = self.currency_id
        due = currency.round(total - paid - credited)
        settled = bool(charges) and currency.is_zero(due)
        void = bool(own) and (
            all(move.state == "cancel" for move in own)
            or (
                settled
                and withdrawn
                and currency.compare_amounts(withdrawn, total - surcharge) == 0
            )
        )
        if self.is_canceled or void:
            state = "canceled"
        elif settled:
            state = "paid" if currency.is_zero(refunded) else "refunded"
        elif self.payment_method_id:
            state = "pending"
        else:
            state = "new"
        if charges:
            untaxed = sum(charges.mapped("amount_untaxed"))
        else:
            untaxed, total = self._sum_lines()
            total += surcharge
        return {
            "state": state,
            "invoice_id": invoice.id,
            "is_posted": bool(charges),
            "is_partly_paid": bool(charges)
            and state in ("new", "pending")
            and not currency.is_zero(paid + credited),
            "amount_untaxed": untaxed,
            "amount_tax": currency.round(total - untaxed - surcharge),
            "surcharge_booked": currency.round(surcharge),
            "amount_total": currency.round(total),
            "amount_paid": currency.round(paid),
            "amount_credited": currency.round(credited),
            "amount_due": due,
            "amount_due_company": self.company_currency_id.round(due_company),
            "refund_amount": currency.round(refunded),
            "amount_retained": currency.round(paid - refunded),
            "next_due_date": min(filter(None, open_dates), default=False),
            "payment_date": max(paid_on, default=False) if settled else False,
            "refund_date": max(refunded_on, default=False),
            "cancel_date": (
                max(notes.mapped("invoice_date"), default=None)
                or self.cancel_date
                or self.company_id._billing_today()
            )
            if state == "canceled"
            else False,
        }

    @api.model
    def _get_money_part(self, match):
        """How much of a match was money: a payment may write off or discount a rest.

        Only money can be given back, so the rest counts as credited.
        """
        line = match.credit_move_id
        payment = line.move_id.origin_payment_id
        if not payment and not line.move_id.statement_line_id:
            # an entry by hand: money only if it says so
            money = line.move_id.line_ids.account_id.filtered(
                lambda account: account.account_type in LIQUIDITY
            )
            return match.debit_amount_currency if money else 0.0
        matched, whole = match.debit_amount_currency, -line.amount_currency
        currency = line.currency_id
        if (
            not payment
            or payment.currency_id != currency
            or currency.compare_amounts(payment.amount, whole) >= 0
        ):
            return matched
        # rounded when all matches are summed, or instalments would gain a cent
        return matched * payment.amount / whole

    @api.model
    def _get_receivable_lines(self, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
