from contextlib import contextmanager

from odoo import api, fields, models

from ...tools.bill_rules import OPEN, OPENING, STATES
from ...tools.const import ACCOUNTING_GROUPS, STAFF


class KaviBill(models.Model):
    """What a bill reads from the general ledger: every amount, its state, its dates.

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
        groups=ACCOUNTING_GROUPS,
    )
    invoice_id = fields.Many2one(
        "account.move",
        compute="_compute_accounting_amounts",
        store=True,
        groups=ACCOUNTING_GROUPS,
        help="The invoice that stands for the bill's lines.",
    )
    document_ids = fields.Many2many(
        "kavi.account.ledger",
        string="In The Books",
        compute="_compute_document_ids",
        groups=STAFF,
        help="What the bill has caused in the account's ledger, in the order of dates.",
    )
    document_numbers = fields.Char(
        compute="_compute_accounting_amounts",
        store=True,
        index="trigram",
        help="The numbers of the bill's invoices and credit notes in the ledger.",
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

    # === COMPUTE METHODS === #

    @api.depends(
        *OPENING,
        "name",
        "is_canceled",
        "payment_method_id",
        "currency_id",
        "line_ids.price_subtotal",
        "line_ids.price_total",
        "payment_term_id",
        "move_ids.name",
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

    def _compute_document_ids(self):
        for bill in self:
            # sudo: who sees the bill sees what became of it
            lines = bill.sudo()._get_receivable_lines(bill.sudo()._get_all_moves())
            posted = lines.filtered(lambda line: line.parent_state == "posted")
            posted = posted.sorted(lambda line: (line.date, line.id))
            # the ledger's rows have the ids of the journal items
            bill.document_ids = self.env["kavi.account.ledger"].browse(posted.ids)

    # === ACTION METHODS === #

    def action_open_moves(self):
        """The bill's invoice and credit notes."""
        return self.move_ids._get_records_action(name=self.env._("Documents"))

    def action_open_payments(self):
        """The bill's payments and refunds, and those that were taken back."""
        payments = self._get_payments() | self.move_ids.matched_payment_ids
        return payments._get_records_action(name=self.env._("Payments"))

    def action_open_entries(self):
        """Every journal item that the bill has caused."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_account_moves_all"
        )
        action.update(
            name=self.env._("Journal Items"),
            domain=[("move_id", "in", self._get_all_moves().ids)],
            context={"search_default_group_by_move": 1, "expand": True},
        )
        return action

    # === BUSINESS METHODS === #

    def _get_live_documents(self, move_type=None):
        """The bills' posted documents, without those that a change replaced.

        :param str move_type: "out_invoice" or "out_refund"; default both
        :rtype: account.move
        """
        return self.move_ids.filtered(
            lambda move: (
                move.state == "posted"
                and not move.is_kavi_replaced
                and (not move_type or move.move_type == move_type)
            )
        )

    def _get_payments(self):
        """Posted payments and refunds that are matched with the bill's documents."""
        lines = self._get_receivable_lines(self.move_ids)
        matched = (
            lines.matched_debit_ids.debit_move_id
            | lines.matched_credit_ids.credit_move_id
        )
        return matched.move_id.origin_payment_id

    def _get_bills_of(self, payments):
        """The bills that ``payments`` are matched with."""
        lines = self._get_receivable_lines(payments.move_id)
        matched = (
            lines.matched_debit_ids.debit_move_id
            | lines.matched_credit_ids.credit_move_id
        )
        return matched.move_id.kavi_bill_id

    def _get_all_moves(self):
        """Every entry that the bill has caused, payments taken back included.

        Also what settled it without a payment of Odoo's (a bank statement, an entry by
        hand), exchange differences, and taxes that are due when money comes.
        """
        paid = self._get_payments() | self.move_ids.matched_payment_ids
        lines = self._get_receivable_lines(self.move_ids)
        matches = lines.matched_debit_ids | lines.matched_credit_ids
        settling = matches.debit_move_id.move_id | matches.credit_move_id.move_id
        # a credit may have settled other bills, too: its taxes for these are theirs
        taxes = self.move_ids.tax_cash_basis_created_move_ids
        taxes |= (settling - self.move_ids).tax_cash_basis_created_move_ids.filtered(
            lambda move: move.tax_cash_basis_rec_id in matches
        )
        waited = taxes.line_ids.matched_debit_ids | taxes.line_ids.matched_credit_ids
        moves = (
            self.move_ids
            | paid.move_id
            | settling
            | taxes
            | (matches | waited).exchange_move_id
        )
        return moves | moves.reversal_move_ids

    @contextmanager
    def _defer_accounting_recompute(self):
        """Let the bills read the books when all entries are made, not after each."""
        fields_ = self.pool.field_computed[self._fields["state"]]
        with self.env.protecting(fields_, self):
            yield
        for field in fields_:
            self.env.add_to_compute(field, self)

    # === HELPER METHODS === #

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
            "document_numbers": False,
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

        :return: dict of values, for every field of ``_compute_accounting_amounts``
        """
        self.ensure_one()
        if self.opening_state:
            return self._get_historical_amounts()
        currency = self.currency_id
        invoices, notes = self._get_standing_documents()
        # what the payment method adds comes and goes with the payment
        surcharges = invoices.filtered("is_kavi_surcharge")
        charges = invoices - surcharges
        surcharge = sum(surcharges.mapped("amount_total"))
        sums = self._sum_settlements(invoices, notes)
        paid, credited = sums["paid"], sums["credited"]
        refunded, refund_date = self._sum_refunds(notes)
        due = currency.round(sums["charged"] - paid - credited)
        is_settled = bool(charges) and currency.is_zero(due)
        state = self._get_accounting_state(is_settled, sums, surcharge, refunded)
        untaxed, total = sum(charges.mapped("amount_untaxed")), sums["charged"]
        if not charges:
            untaxed, total = self._sum_lines()
            total += surcharge
        vals = {
            "state": state,
            "document_numbers": self._get_document_numbers(),
            "invoice_id": self._get_standing_invoice(charges).id,
            "is_posted": bool(charges),
            "is_partly_paid": bool(charges)
            and state in OPEN
            and not currency.is_zero(paid + credited),
            "amount_untaxed": untaxed,
            "amount_tax": currency.round(total - untaxed - surcharge),
            "surcharge_booked": currency.round(surcharge),
            "amount_total": currency.round(total),
            "amount_paid": currency.round(paid),
            "amount_credited": currency.round(credited),
            "amount_due": due,
            "amount_due_company": self.company_currency_id.round(sums["due_company"]),
            "refund_amount": currency.round(refunded),
            "amount_retained": currency.round(paid - refunded),
            "next_due_date": sums["next_due_date"],
            "payment_date": sums["payment_date"] if is_settled else False,
            "refund_date": refund_date,
            "cancel_date": state == "canceled" and self._get_cancel_date(notes),
        }
        return self._add_opening_amounts(vals) if self.opening_date else vals

    def _get_own_documents(self):
        """The bill's documents in any state, without surcharges and what was replaced.

        :rtype: account.move
        """
        return self.move_ids.filtered(
            lambda move: not move.is_kavi_replaced and not move.is_kavi_surcharge
        )

    def _get_document_numbers(self):
        """The numbers of all posted documents, those that were replaced among them."""
        posted = self.move_ids.filtered(lambda move: move.state == "posted")
        return ", ".join(filter(None, posted.sorted("id").mapped("name"))) or False

    def _get_standing_documents(self):
        """The live documents that were not taken back themselves.

        :return: invoices and credit notes, surcharges among the invoices
        """
        invoices = self._get_live_documents("out_invoice")
        notes = self._get_live_documents("out_refund")
        # a credit note that was itself reversed took nothing back
        undone = invoices.filtered(lambda move: move.reversed_entry_id in notes)
        return invoices - undone, notes - undone.reversed_entry_id

    def _sum_settlements(self, invoices, notes):
        """What invoices have charged, and what has settled it so far.

        What was matched with an entry that is no longer posted does not count: Odoo
        keeps such a match, and an invoice "paid" by a payment that was reset to draft.

        :return: dict: ``charged``, ``paid`` (by money), ``credited`` (without) and
            ``withdrawn`` (of these, by ``notes`` off what is no surcharge), in the
            bill's currency and not rounded; ``due_company``; ``payment_date`` of the
            last money and ``next_due_date`` of what is open, or False
        """
        sums = dict.fromkeys(
            ("charged", "due_company", "paid", "credited", "withdrawn"), 0.0
        )
        paid_on, open_dates = [], []
        for line in self._get_receivable_lines(invoices):
            sums["charged"] += line.amount_currency
            sums["due_company"] += line.balance
            open_amount = line.amount_currency
            for match in line._get_live_matches() & line.matched_credit_ids:
                matched = match.debit_amount_currency
                counterpart = match.credit_move_id
                open_amount -= matched
                sums["due_company"] -= match.amount
                if counterpart.move_id.move_type == "out_refund":
                    sums["credited"] += matched
                    if (
                        counterpart.move_id in notes
                        and not line.move_id.is_kavi_surcharge
                    ):
                        sums["withdrawn"] += matched
                elif matched:
                    money = self._get_money_part(match)
                    sums["paid"] += money
                    sums["credited"] += matched - money
                    if money:
                        paid_on.append(self._get_money_day(counterpart))
            if not self.currency_id.is_zero(open_amount):
                open_dates.append(line.date_maturity)
        return {
            **sums,
            "payment_date": max(paid_on, default=False),
            "next_due_date": min(filter(None, open_dates), default=False),
        }

    def _get_accounting_state(self, is_settled, sums, surcharge, refunded):
        """The state of an issued bill.

        :param bool is_settled: something was charged, and nothing of it is due
        :param dict sums: of :meth:`_sum_settlements`
        :param float surcharge: what of it payment methods have charged
        :param float refunded: what was refunded
        """
        own = self._get_own_documents()
        is_withdrawn = (
            is_settled
            and sums["withdrawn"]
            and self.currency_id.compare_amounts(
                sums["withdrawn"], sums["charged"] - surcharge
            )
            == 0
        )
        is_void = own and all(move.state == "cancel" for move in own)
        if self.is_canceled or is_withdrawn or is_void:
            return "canceled"
        if is_settled:
            return "paid" if self.currency_id.is_zero(refunded) else "refunded"
        return "pending" if self.payment_method_id else "new"

    def _get_standing_invoice(self, charges):
        """The invoice that stands for the bill's lines, posted or not.

        :param charges: the posted invoices that charge what is no surcharge
        """
        candidates = charges or self._get_own_documents().filtered(
            lambda move: move.move_type == "out_invoice"
        )
        return candidates.sorted("id")[:1]

    def _get_cancel_date(self, notes):
        """When a canceled bill was canceled: the day of its last credit note."""
        day = max(notes.mapped("invoice_date"), default=None)
        return day or self.cancel_date or self.company_id._billing_today()

    @api.model
    def _get_receivable_lines(self, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
