from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.bill_rules import OPEN


class KaviBill(models.Model):
    """Cancellation, and disputes."""

    _inherit = "kavi.bill"

    amount_returnable = fields.Monetary(
        string="Goes Back When Canceled",
        compute="_compute_amount_returnable",
        compute_sudo=True,
        help="What can be refunded, less what credits have settled: these are open "
        "credits again.",
    )

    # === COMPUTE METHODS === #

    @api.depends("amount_refundable")
    def _compute_amount_returnable(self):
        for bill in self:
            released = sum(
                bill._get_money_part(match)
                for _credit, matches in bill._get_released_credits()
                for match in matches
                if match.credit_move_id.move_id.move_type != "out_refund"
            )
            left = bill.currency_id.round(bill.amount_refundable - released)
            bill.amount_returnable = max(left, 0.0)

    # === ACTION METHODS === #

    def action_cancel(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_cancel_wizard")

    def action_dispute(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_dispute_wizard")

    def action_resolve_dispute(self):
        return self._open_wizard("kavi_billing.action_kavi_bill_resolve_wizard")

    # === BUSINESS METHODS === #

    def _cancel(self, reason=None, refund_amount=None):
        """Cancel bills: what is open is credited, what was paid is refunded (KB-37).

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
        self._for_books()._release_credits()
        self._apply_own_credit_memos()
        bills = self._for_books()
        for company in bills.company_id:
            batch = bills.filtered(lambda bill, c=company: bill.company_id == c)
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
        bills._check_notes_used()
        self._write_facts({"is_canceled": True, "cancel_reason": reason or False})
        bills.env.flush_all()
        self._log_act(
            "cancel",
            {
                bill.id: self.env._(
                    "Canceled; %(returned)s refunded. %(reason)s",
                    returned=bill.currency_id.format(bill.refund_amount),
                    reason=reason or "",
                )
                if bill in returning
                else self.env._("Canceled. %s", reason or "")
                for bill in self
            },
        )
        self._run_state_hooks()

    def _dispute(self, reason=None):
        """Mark unpaid bills as contested: no overdue notices (KB-23).

        :param str reason: kept in the history
        """
        self._lock_for_act("dispute")
        self._write_facts({"is_disputed": True})
        self._log_act("dispute", dict.fromkeys(self.ids, reason or ""))
        self._for_books()._tell_origins("disputed")

    def _resolve_dispute(self, reason=None):
        """End the dispute.

        :param str reason: kept in the history
        """
        self._lock_for_act("resolve_dispute")
        self._write_facts({"is_disputed": False})
        self._log_act("resolve_dispute", dict.fromkeys(self.ids, reason or ""))
        self._for_books()._tell_origins("disputed")

    def _end_disputes(self):
        """What was paid, refunded or canceled is no longer contested (KB-23), whoever
        ended it and on whatever path."""
        ended = self.filtered(
            lambda bill: bill.is_disputed and bill.state not in (*OPEN, "draft")
        )
        if not ended:
            return
        ended._write_facts({"is_disputed": False})
        ended._log_act(
            "resolve_dispute",
            {
                bill.id: self.env._(
                    "It ended with the bill, which is %s.", bill._get_state_label()
                )
                for bill in ended
            },
        )
        ended._for_books()._tell_origins("disputed")

    # === HELPER METHODS === #

    def _credit_open(self, date):
        """Credit what is still open on one company's bills, each in the receivable
        accounts and at the rates that it is booked with.

        :raise UserError: when something of it stays open; then nothing is credited
        """
        owing = self.filtered(
            lambda bill: not bill.currency_id.is_zero(bill.amount_due)
        )
        for bill in owing:
            bill._check_memos_unused(bill.amount_due)
        whole = owing.filtered(
            lambda bill: not bill.is_partly_paid and not bill._get_own_notes()
        )
        with owing._defer_accounting_recompute():
            whole._credit_invoices(date)
            (owing - whole)._credit_rests(date)
        drafts = self.move_ids.filtered(lambda move: move.state == "draft")
        drafts.button_cancel()
        for bill in owing:
            if not bill.currency_id.is_zero(bill.amount_due):
                raise UserError(
                    self.env._(
                        "Bill %(bill)s cannot be canceled: %(due)s of it would stay "
                        "due in the books. Ask the accountant what was booked on its "
                        "invoice.",
                        bill=bill.name,
                        due=bill.currency_id.format(bill.amount_due),
                    )
                )

    def _check_notes_used(self):
        """Refuse to end a bill with something open on a credit note that an accountant
        made: it would be in the account's favour, and no officer sees it."""
        for item in self._get_receivable_lines(self._get_live_documents("out_refund")):
            if not item.reconciled:
                bill = item.move_id.kavi_bill_id
                raise UserError(
                    self.env._(
                        "%(open)s of credit note %(note)s, which was made in Invoicing "
                        "for bill %(bill)s, was neither paid out nor used. Ask the "
                        "accountant to do so; then the bill can be canceled.",
                        open=bill.currency_id.format(-item.amount_residual_currency),
                        note=item.move_id.name,
                        bill=bill.name,
                    )
                )

    def _credit_invoices(self, date):
        """Credit the posted invoices of one company's bills in full.

        :return: the credit notes
        """
        return self._mirror_invoices(
            self._get_live_documents("out_invoice"),
            date,
            lambda bill: self.env._("Cancellation of bill %s", bill.name),
        )

    def _credit_rests(self, date):
        """Credit what is open of bills that were paid or credited in part."""
        # first, for it drops matches with entries that are no longer posted
        lines = {bill: bill._get_open_lines() for bill in self}
        targets = {bill: bill._get_open_targets(lines[bill]) for bill in self}
        amounts = {
            bill: sum(amount for amount, _balance in targets[bill].values())
            for bill in self
        }
        notes = self._post_credit_notes(amounts, date, None, targets)
        self._match_notes(notes, [lines[bill].move_id for bill in self])

    def _check_memos_unused(self, amount):
        """Refuse to credit what the bill's own credit memos have given elsewhere."""
        self.ensure_one()
        left = self._get_takeable_amount()
        used = self.memo_ids.filtered(
            lambda memo: memo.state in ("used", "refunded") or memo.amount_applied
        )
        if used and self.currency_id.compare_amounts(amount, left) > 0:
            raise UserError(
                self.env._(
                    "Credit memo %(memo)s of bill %(bill)s was used for another bill "
                    "or paid out. Take it off there first; then the bill can be "
                    "canceled.",
                    memo=used[0].name,
                    bill=self.name,
                )
            )

    def _release_credits(self):
        """Take the accounts' credits off these bills: they are open again (BB-14).

        A bill's own credit memos stay: what they took off is not owed.
        """
        for credit, matches in self._get_released_credits():
            credit._take_off(matches.debit_move_id.move_id.kavi_bill_id & self)

    def _get_released_credits(self):
        """The credits that are open again when these bills are canceled.

        :return: list of (``kavi.credit``, its matches with these bills)
        """
        items = self._get_receivable_lines(self._get_live_documents("out_invoice"))
        matches = items._get_live_matches() & items.matched_credit_ids
        moves = matches.credit_move_id.move_id
        found = []
        for credit in self.env["kavi.credit"].search([("move_id", "in", moves.ids)]):
            # what a payment was made for it has paid; only its rest became the credit
            made_for = credit.move_id.origin_payment_id.invoice_ids
            is_own = credit.kind in ("memo", "overpayment")
            own = credit.bill_id if is_own else self.browse()
            taken = matches.filtered(
                lambda match, move=credit.move_id, made_for=made_for, own=own: (
                    match.credit_move_id.move_id == move
                    and match.debit_move_id.move_id not in made_for
                    and match.debit_move_id.move_id.kavi_bill_id not in own
                )
            )
            if taken:
                found.append((credit, taken))
        return found
