from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class KaviBill(models.Model):
    """Refunds: a refund payment and a credit note each."""

    _inherit = "kavi.bill"

    amount_refundable = fields.Monetary(
        string="Can Be Refunded",
        compute="_compute_amount_refundable",
        compute_sudo=True,
        help="What is retained of the money that came into these books, less what "
        "credit memos have given back already.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "amount_retained",
        "amount_total",
        "opening_paid",
        "opening_refunded",
        "memo_ids.state",
        "memo_ids.amount_expired",
    )
    def _compute_amount_refundable(self):
        for bill in self:
            before = bill.opening_paid - bill.opening_refunded
            retained = bill.currency_id.round(bill.amount_retained - before)
            if bill.currency_id.compare_amounts(retained, 0) > 0:
                # what a memo has given back, or an accountant's note, is not owed twice
                left = bill._get_takeable_amount()
                retained = max(min(retained, left), 0.0)
            bill.amount_refundable = retained

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
            left = bill.amount_refundable
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
            self._check_moving_method(method)
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
        """The journal of a refund: of the method asked for, or as the money came."""
        self.ensure_one()
        method = method or self._get_refund_method()
        if method:
            return method.with_env(self.env)._get_journal()
        # settled by an accountant: by a payment, or from the bank statement
        lines = self._get_receivable_lines(self.invoice_id)
        items = lines.matched_credit_ids.credit_move_id.filtered(
            lambda item: not item.move_id.origin_payment_id._is_moved_automatically()
        )
        journal = items.journal_id.filtered(
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

    def _get_refund_method(self):
        """The manual method by which the money of this bill came, the last one if there
        are several; empty if there is none."""
        self.ensure_one()
        if self.payment_method_id.kind == "manual":
            return self.payment_method_id
        payments = self._get_payments().filtered(
            lambda payment: (
                payment.payment_type == "inbound"
                and payment.kavi_method_id.kind == "manual"
            )
        )
        return payments.sorted("id")[-1:].kavi_method_id

    @api.model
    def _get_manual_methods(self, company):
        """The methods by which people move money of a company."""
        return self.env["kavi.payment.method"].search(
            [("company_id", "=", company.id), ("kind", "=", "manual")]
        )

    def _get_refund_methods(self):
        """Hook: the methods by which the money of each of these bills can go back."""
        return self._get_manual_methods(self.company_id[:1])
