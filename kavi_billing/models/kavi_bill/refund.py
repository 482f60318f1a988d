from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...tools.proportion import share_of_lines


class KaviBill(models.Model):
    """Refunds: a refund payment and a credit note each."""

    _inherit = "kavi.bill"

    amount_refundable = fields.Monetary(
        string="Can Be Refunded",
        compute="_compute_amount_refundable",
        help="What is retained of the money that came into these books.",
    )

    # === COMPUTE METHODS === #

    @api.depends("amount_retained", "opening_paid", "opening_refunded")
    def _compute_amount_refundable(self):
        for bill in self:
            before = bill.opening_paid - bill.opening_refunded
            bill.amount_refundable = bill.currency_id.round(
                bill.amount_retained - before
            )

    # === ACTION METHODS === #

    def action_refund(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_refund_wizard")

    # === BUSINESS METHODS === #

    def _refund(self, amount=None, method=None, date=None, reason=None):
        """Refund bills (KB-34, KB-36): a refund payment and a credit note each.

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
        self._for_books().env.flush_all()
        self._log_act(
            "refund",
            {
                bill.id: self.env._(
                    "%(amount)s refunded on %(day)s. %(booked)s %(reason)s",
                    amount=bill.currency_id.format(amounts[bill]),
                    day=format_date(self.env, payment.date),
                    booked=bill._get_booking_note(payment.move_id, payment.date),
                    reason=reason or "",
                )
                for bill, payment in zip(self, payments.sudo(), strict=True)
            },
        )
        self._run_state_hooks()
        return payments

    # === HELPER METHODS === #

    def _get_refund_amounts(self, amount):
        """How much is refunded of each bill; never more than is retained.

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
            # a credit note that an accountant used elsewhere has refunded its part
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
        bills = self._for_books()
        payments = {}
        for company in bills.company_id:
            batch = bills.filtered(lambda bill, c=company: bill.company_id == c)
            batch = batch.with_company(company)
            day = self._check_payment_date(date, company)
            wanted = {bill: amounts[bill] for bill in batch}
            if date:
                batch._check_refund_day(wanted, day)
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
        return self._get_live_documents("out_refund")

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
            "date": date,
            "memo": self.env._("Refund of bill %s", self.name),
            "kavi_method_id": method.id if method else False,
            "destination_account_id": self._get_receivable_lines(note)
            .account_id[:1]
            .id,
        }

    def _get_refund_journal(self, method):
        """The journal of a refund: of the method asked for, or of the payment."""
        self.ensure_one()
        method = method or self.payment_method_id
        if method:
            return method.with_env(self.env)._get_journal()
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
