from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.proportion import share_of_lines


class KaviBill(models.Model):
    """Money that goes back, and debts that are taken back."""

    _inherit = "kavi.bill"

    # === REFUND === #

    def _refund(self, amount=None, method=None, date=None, reason=None):
        """Give money back (KB-34, KB-36): a refund payment and a credit note each.

        :param float amount: for one bill; default all that is retained
        :param method: the ``kavi.payment.method`` it goes back by; default the one
            the bill was paid by
        :param datetime.date date: default today
        :param str reason: kept in the history and on the credit note
        :return: the posted refund payments, in the order of the bills
        :raise UserError: with the reason; then nothing is booked
        """
        self._lock_for_act("refund")
        amounts = self._get_refund_amounts(amount)
        payments = self._post_refunds(amounts, method, date, reason)
        self.env.flush_all()
        self._log_act(
            "refund",
            {
                bill.id: self.env._(
                    "%(amount)s given back. %(reason)s",
                    amount=bill.currency_id.format(amounts[bill]),
                    reason=reason or "",
                )
                for bill in self
            },
        )
        self._run_state_hooks()
        return payments

    def _get_refund_amounts(self, amount):
        """What is given back on each bill; never more than is retained.

        :return: ``{bill: amount}``
        """
        if amount is not None and len(self) > 1:
            raise UserError(
                self.env._(
                    "An amount is entered for one bill; several are refunded whole."
                )
            )
        amounts = {}
        for bill in self:
            currency = bill.currency_id
            if currency.is_zero(bill.amount_refundable):
                raise UserError(
                    self.env._("Nothing is left to refund on bill %s.", bill.name)
                )
            # a credit note that an accountant used elsewhere has given its part back
            notes = sum(bill.sudo()._get_own_notes().mapped("amount_total"))
            total = bill._get_booked_total()
            left = currency.round(min(bill.amount_refundable, total - notes))
            wanted = left if amount is None else amount
            wanted = bill._check_amount(wanted)
            if currency.compare_amounts(wanted, left) > 0:
                raise UserError(
                    self.env._(
                        "Of bill %(bill)s, %(left)s can be refunded, not %(wanted)s.",
                        bill=bill.name,
                        left=currency.format(left),
                        wanted=currency.format(wanted),
                    )
                )
            amounts[bill] = wanted
        return amounts

    def _post_refunds(self, amounts, method, date, reason):
        """Credit notes and refund payments of these amounts, matched; in one batch."""
        if method:
            self._check_method(method)
        bills = self.sudo()
        payments = {}
        for company in bills.company_id:
            batch = bills.filtered(lambda bill, c=company: bill.company_id == c)
            batch = batch.with_company(company)
            day = self._check_payment_date(date, company)
            wanted = {bill: amounts[bill.with_env(self.env)] for bill in batch}
            with batch._defer_accounting_recompute():
                notes = batch._post_credit_notes(wanted, day, reason)
                paid_out = batch._post_refund_payments(notes, wanted, method, day)
                batch._match_notes(notes, list(paid_out.move_id))
            batch._log_documents(paid_out)
            payments.update(zip(batch.ids, paid_out, strict=True))
        return self.env["account.payment"].concat(*(payments[bill.id] for bill in self))

    def _post_credit_notes(self, amounts, date, reason):
        """Post one credit note a bill, each with its share of every line and tax.

        Without ``reversed_entry_id``: with it, posting would match the note with
        whatever is still open on the invoice.
        """
        notes = (
            self.env["account.move"]
            .with_context(tracking_disable=True)
            .create(
                [
                    bill._prepare_credit_note_vals(amounts[bill], date, reason)
                    for bill in self
                ]
            )
        )
        notes._post(soft=False)
        return notes.with_env(self.env)

    def _prepare_credit_note_vals(self, amount, date, reason):
        """Values of a credit note over ``amount``, taxes included."""
        self.ensure_one()
        invoice = self.invoice_id
        return {
            "move_type": "out_refund",
            "kavi_bill_id": self.id,
            "company_id": self.company_id.id,
            "journal_id": invoice.journal_id.id,
            "partner_id": invoice.partner_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": invoice.fiscal_position_id.id,
            "invoice_date": max(date, invoice.invoice_date),
            "invoice_payment_term_id": False,
            "invoice_origin": self.name,
            "payment_reference": self.name,
            "ref": reason or self.env._("Credit note for bill %s", self.name),
            "invoice_line_ids": [
                Command.create(vals) for vals in self._prepare_credit_lines(amount)
            ],
        }

    def _prepare_credit_lines(self, amount, before=None):
        """The credit note's lines: the share of each line that was invoiced, surcharges
        included, to the cent.

        :param float before: credited until now; default by all notes and memos
        """
        self.ensure_one()
        currency = self.currency_id
        base_lines = [
            line
            for invoice in self.invoice_id | self._get_surcharge_moves()
            for line in invoice._get_rounded_base_and_tax_lines()[0]
        ]
        parts = [
            (
                currency.round(self._get_base(line)),
                {
                    # a tax on a tax has a base of its own
                    str(data["tax"].id): (
                        currency.round(data["tax_amount_currency"]),
                        currency.round(data["base_amount_currency"]),
                    )
                    for data in line["tax_details"]["taxes_data"]
                },
            )
            for line in base_lines
        ]
        # money goes back whatever was credited besides: then the parts overlap
        most = currency.round(self._get_booked_total() - amount)
        before = min(self._get_credited() if before is None else before, most)
        after = currency.round(before + amount)
        digits = currency.decimal_places
        shares = share_of_lines(
            parts, f"{before:.{digits}f}", f"{after:.{digits}f}", digits
        )
        return [
            self._prepare_credit_line(line, float(base), taxes)
            for line, (base, taxes) in zip(base_lines, shares, strict=True)
            if base or any(amount for amount, _tax_base in taxes.values())
        ]

    def _get_base(self, line):
        details = line["tax_details"]
        return (
            details["total_excluded_currency"]
            + details["delta_total_excluded_currency"]
        )

    def _prepare_credit_line(self, line, base, taxes):
        """One line, its amounts fixed so that no rounding moves a cent."""
        record = line["record"]
        included = sum(
            float(taxes[str(data["tax"].id)][0])
            for data in line["tax_details"]["taxes_data"]
            if data["tax"].price_include
        )
        price = self.currency_id.round(base + included)
        return {
            "name": record.name,
            "product_id": record.product_id.id,
            "account_id": record.account_id.id,
            "quantity": 1.0,
            "price_unit": price,
            "tax_ids": [Command.set(record.tax_ids.ids)],
            "analytic_distribution": record.analytic_distribution,
            "extra_tax_data": {
                "currency_id": self.currency_id.id,
                "price_unit": price,
                "discount": 0.0,
                "quantity": 1.0,
                "manual_total_excluded_currency": base,
                "manual_tax_amounts": {
                    key: {
                        "tax_amount_currency": float(amount),
                        "base_amount_currency": float(tax_base),
                    }
                    for key, (amount, tax_base) in taxes.items()
                },
            },
        }

    def _get_own_notes(self):
        """The bill's posted credit notes against its present invoice."""
        self.ensure_one()
        return self.move_ids.filtered(
            lambda move: (
                move.move_type == "out_refund"
                and move.state == "posted"
                and not move.is_kavi_replaced
            )
        )

    def _post_refund_payments(self, notes, amounts, method, date):
        """Outbound payments of ``amounts``, one a bill."""
        payments = self._get_payment_model().create(
            [
                bill._prepare_refund_payment_vals(note, amounts[bill], method, date)
                for bill, note in zip(self, notes, strict=True)
            ]
        )
        self._post_entries(payments)
        return payments.with_env(self.env)

    def _prepare_refund_payment_vals(self, note, amount, method, date):
        self.ensure_one()
        return {
            "payment_type": "outbound",
            "partner_type": "customer",
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "journal_id": self._get_refund_journal(method).id,
            "currency_id": self.currency_id.id,
            "amount": amount,
            "date": max(date, note.invoice_date),
            "memo": self.env._("Refund of bill %s", self.name),
            "kavi_method_id": method.id if method else False,
            "destination_account_id": self._get_receivable_lines(note)
            .account_id[:1]
            .id,
        }

    def _get_refund_journal(self, method):
        """Where money goes back from: by the method asked for, or as it came."""
        self.ensure_one()
        method = method or self.payment_method_id
        if method:
            return method.sudo()._get_journal()
        # settled by an accountant: by a payment, or from the bank statement
        lines = self._get_receivable_lines(self.invoice_id)
        journal = lines.matched_credit_ids.credit_move_id.journal_id.filtered(
            lambda journal: journal.type in ("bank", "cash", "credit")
        )[:1]
        if not journal:
            raise UserError(
                self.env._(
                    "Say by which payment method the refund of bill %s goes back.",
                    self.name,
                )
            )
        return journal

    def _match_notes(self, notes, moves):
        """Match each credit note with the receivable lines of its counterparts.

        :param list moves: ``account.move`` records, for each of the notes
        """
        plan = []
        for note, move in zip(notes, moves, strict=True):
            line = self._get_receivable_lines(note)
            other = move.line_ids.filtered(
                lambda item, account=line.account_id: (
                    item.account_id in account and not item.reconciled
                )
            )
            plan.append(line + other)
        self.env["account.move.line"].with_context(
            tracking_disable=True
        )._reconcile_plan(plan)
        for bill, note in zip(self, notes, strict=True):
            # only now, see _post_credit_notes
            note.reversed_entry_id = bill.invoice_id

    # === CANCEL === #

    def _cancel(self, reason=None, refund_amount=None):
        """Cancel bills: what is open is credited, what was paid is given back (KB-37).

        Nothing is deleted. What is kept of a paid bill stays income.

        :param str reason: kept on the bill
        :param float refund_amount: for one bill; default all that is retained; 0 keeps
            everything
        :raise UserError: with the reason; then none of them is canceled
        """
        self._lock_for_act("cancel")
        if refund_amount is not None and len(self) > 1:
            raise UserError(
                self.env._(
                    "An amount is entered for one bill; several are refunded whole."
                )
            )
        self._apply_own_credit_memos()
        for company in self.sudo().company_id:
            batch = self.sudo().filtered(lambda bill, c=company: bill.company_id == c)
            batch.with_company(company)._credit_open(company._billing_today())
        # a payment that bounced after a part refund leaves less than nothing
        returning = self.filtered(
            lambda bill: bill.currency_id.compare_amounts(bill.amount_refundable, 0) > 0
        )
        if returning and refund_amount != 0:
            amounts = returning._get_refund_amounts(refund_amount)
            returning._post_refunds(amounts, None, None, reason)
        elif refund_amount:
            self._get_refund_amounts(refund_amount)  # says that nothing was paid
        self._write_facts({"is_canceled": True, "cancel_reason": reason or False})
        self.env.flush_all()
        self._log_act(
            "cancel",
            {
                bill.id: self.env._(
                    "Canceled; %(returned)s given back. %(reason)s",
                    returned=bill.currency_id.format(bill.refund_amount),
                    reason=reason or "",
                )
                if bill in returning
                else self.env._("Canceled. %s", reason or "")
                for bill in self
            },
        )
        self._run_state_hooks()

    def _credit_open(self, date):
        """Credit what is still open on one company's bills."""
        owing = self.filtered(
            lambda bill: not bill.currency_id.is_zero(bill.amount_due)
        )
        whole = owing.filtered(
            lambda bill: not bill.is_partly_paid and not bill._get_own_notes()
        )
        whole._credit_invoices(date)
        parts = owing - whole
        if parts:
            # first, for it drops matches with entries that are no longer posted
            lines = {bill: bill._get_open_lines() for bill in parts}
            with parts._defer_accounting_recompute():
                notes = parts._post_credit_notes(
                    {bill: bill.amount_due for bill in parts}, date, None
                )
                parts._match_notes(notes, [lines[bill].move_id for bill in parts])
        drafts = self.move_ids.filtered(lambda move: move.state == "draft")
        drafts.button_cancel()

    def _credit_invoices(self, date):
        """Credit the posted invoices of one company's bills in full.

        :return: the credit notes
        """
        invoices = self.move_ids.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and not move.is_kavi_replaced
            )
        )
        return self._reverse_invoices(
            invoices,
            date,
            lambda bill: self.env._("Cancellation of bill %s", bill.name),
        )

    @api.model
    def _get_taxing_term(self, invoice):
        """The term of an invoice if its taxes follow from it, as Odoo's wizard does."""
        term = invoice.invoice_payment_term_id
        return term.filtered(
            lambda term: (
                term.early_discount and term.early_pay_discount_computation == "mixed"
            )
        )

    @api.model
    def _reverse_invoices(self, invoices, date, describe):
        """Credit invoices in full; not before they were issued.

        :param describe: says of a bill what its credit note is for
        :return: the posted credit notes, matched with the invoices
        """
        defaults = [
            {
                "invoice_date": max(date, invoice.invoice_date),
                "date": max(date, invoice.date),
                "invoice_date_due": max(date, invoice.invoice_date),
                "invoice_payment_term_id": self._get_taxing_term(invoice).id,
                "ref": describe(invoice.kavi_bill_id),
                "invoice_origin": invoice.kavi_bill_id.name,
            }
            for invoice in invoices
        ]
        return invoices._reverse_moves(defaults, cancel=True)

    # === CHANGE THE AMOUNT === #

    def _change_lines(self, commands, reason=None):
        """Change what an unpaid bill asks (KB-31): credit note and new invoice.

        Bill ID and issue date stay; the history shows both totals.

        :param list commands: commands on ``line_ids``
        :param str reason: kept in the history
        :raise UserError: with the reason; then nothing is changed
        """
        self.ensure_one()
        self._lock_for_act("change_amount")
        self._check_posted()
        self._check_open_today()
        self._check_line_commands(commands)
        old = self.amount_total
        bill = self.sudo().with_company(self.company_id)
        today = self.company_id._billing_today()
        due = bill.due_date
        with bill._defer_accounting_recompute():
            notes = bill._credit_invoices(today)
            (notes.reversed_entry_id + notes).is_kavi_replaced = True
            bill._write_facts({"line_ids": commands, "due_date": due})
            untaxed, total = bill._sum_lines()
            if bill.currency_id.compare_amounts(total, 0.0) < 0:
                raise UserError(self.env._("A bill cannot ask a negative amount."))
            # terms count from the issue as before; the books get it today
            vals = bill._prepare_invoice_vals(bill.company_id._get_billing_journal())
            vals["date"] = max(today, bill.bill_date)
            invoice = (
                self.env["account.move"]
                .sudo()
                .with_company(bill.company_id)
                .create(vals)
            )
            invoice._post(soft=False)
        self.env.flush_all()
        self._log_act(
            "change_amount",
            {
                self.id: self.env._(
                    "From %(old)s to %(new)s. %(reason)s",
                    old=self.currency_id.format(old),
                    new=self.currency_id.format(self.amount_total),
                    reason=reason or "",
                )
            },
        )
        self._run_state_hooks()

    def _check_line_commands(self, commands):
        """Only this bill's own lines, for the commands are run with all rights."""
        for command in commands:
            code, line_id = command[0], command[1] if len(command) > 1 else 0
            own = code in (Command.CREATE, Command.CLEAR) or (
                code in (Command.UPDATE, Command.DELETE)
                and line_id in self.line_ids.ids
            )
            if not own:
                raise UserError(
                    self.env._("Only the lines of bill %s can be changed.", self.name)
                )

    # === DISPUTE === #

    def _dispute(self, reason=None):
        """The account contests these unpaid bills: no overdue notices (KB-23)."""
        self._lock_for_act("dispute")
        self._write_facts({"is_disputed": True})
        self._log_act("dispute", dict.fromkeys(self.ids, reason or ""))

    def _resolve_dispute(self, reason=None):
        """The dispute is settled."""
        self._lock_for_act("resolve_dispute")
        self._write_facts({"is_disputed": False})
        self._log_act("resolve_dispute", dict.fromkeys(self.ids, reason or ""))
