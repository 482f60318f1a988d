from odoo import api, models
from odoo.exceptions import UserError

from ...tools.bill_rules import OPEN


class KaviBill(models.Model):
    """Cancellation, and disputes."""

    _inherit = "kavi.bill"

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

    def _resolve_dispute(self, reason=None):
        """End the dispute.

        :param str reason: kept in the history
        """
        self._lock_for_act("resolve_dispute")
        self._write_facts({"is_disputed": False})
        self._log_act("resolve_dispute", dict.fromkeys(self.ids, reason or ""))

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

    # === HELPER METHODS === #

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
        return self._reverse_invoices(
            self._get_live_documents("out_invoice"),
            date,
            lambda bill: self.env._("Cancellation of bill %s", bill.name),
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

    @api.model
    def _get_taxing_term(self, invoice):
        """The term of an invoice if its taxes follow from it, as Odoo's wizard does."""
        term = invoice.invoice_payment_term_id
        return term.filtered(
            lambda term: (
                term.early_discount and term.early_pay_discount_computation == "mixed"
            )
        )
