from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.context import Private


class KaviBill(models.Model):
    """Credit notes of bills, made from the posted items that they take back.

    Taxes, accounts, rates and rounding rules may have changed since the invoice was
    posted. So a note is never computed anew: it mirrors what was booked, in the
    invoice's own receivable account and at its rate.
    """

    _inherit = "kavi.bill"

    # === BUSINESS METHODS === #

    @api.model
    def _mirror_invoices(self, invoices, date, describe):
        """Credit invoices in full, each by a note of its own; not before they were
        issued.

        :param invoices: posted invoices of bills of one company
        :param describe: says of a bill what its credit note is for
        :return: the posted credit notes, matched with the invoices
        """
        items = self._get_receivable_lines(invoices)
        items.remove_move_reconcile()
        vals_list = []
        for invoice in invoices:
            vals = self._prepare_note_vals(
                invoice, date, describe(invoice.kavi_bill_id)
            )
            closed = self._get_closed_until(
                invoice.company_id, invoice.journal_id, vals["date"]
            )
            if closed:  # no money moves: it waits for the first day that is open
                vals["date"] = fields.Date.add(closed, days=1)
            vals_list.append(
                {
                    **vals,
                    "kavi_bill_id": invoice.kavi_bill_id.id,
                    "line_ids": self._prepare_note_lines(
                        invoice,
                        [(line, 1.0) for line in self._get_charging_lines(invoice)],
                        targets=self._get_open_targets(
                            self._get_receivable_lines(invoice)
                        ),
                        is_whole=True,
                    ),
                }
            )
        notes = self._post_note_vals(vals_list)
        self._match_whole(invoices, notes)
        return notes

    def _post_credit_notes(self, amounts, date, reason, targets=None):
        """Post one credit note a bill over a part of what it has charged.

        Each takes its share of every item that earlier notes have left. Nothing is
        matched here.

        :param dict amounts: ``{bill: amount}``
        :param dict targets: ``{bill: {account: (amount, balance)}}``: what the notes
            settle; by default all in the invoice's receivable account
        :return: the posted notes, in the order of the bills
        """
        vals_list = []
        for bill in self:
            ref = reason or self.env._("Credit note for bill %s", bill.name)
            vals_list.append(
                {
                    **self._prepare_note_vals(bill.invoice_id, date, ref),
                    "kavi_bill_id": bill.id,
                    "line_ids": bill._prepare_part_lines(
                        amounts[bill], targets=targets and targets[bill]
                    ),
                }
            )
        return self._post_note_vals(vals_list)

    # === HELPER METHODS === #

    def _get_open_targets(self, items):
        """What is open on receivable items, by account.

        :return: ``{account: (amount, balance)}``
        """
        targets = defaultdict(lambda: (0.0, 0.0))
        for item in items:
            amount, balance = targets[item.account_id]
            targets[item.account_id] = (
                amount + item.amount_residual_currency,
                balance + item.amount_residual,
            )
        return dict(targets)

    @api.model
    def _prepare_note_vals(self, invoice, date, ref):
        """The head of a credit note: whatever Odoo and the country's rules copy of the
        invoice, its rate, and our texts."""
        day = max(date, invoice.invoice_date)
        bill = invoice.kavi_bill_id
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .new(
                {
                    "move_ids": [Command.set(invoice.ids)],
                    "company_id": invoice.company_id.id,
                    "journal_id": invoice.journal_id.id,
                    "date": day,
                }
            )
        )
        hooked = wizard._prepare_default_reversal(invoice)
        (copied,) = invoice.with_context(include_business_fields=True).copy_data(
            {**hooked, "line_ids": [], "invoice_line_ids": []}
        )
        copied.pop("invoice_line_ids", None)
        return {
            **copied,
            "move_type": "out_refund",
            "reversed_entry_id": invoice.id,
            "company_id": invoice.company_id.id,
            "journal_id": invoice.journal_id.id,
            "partner_id": invoice.partner_id.id,
            "currency_id": invoice.currency_id.id,
            "invoice_currency_rate": invoice.invoice_currency_rate,
            "invoice_date": day,
            "date": max(date, invoice.date),
            "invoice_date_due": day,
            "auto_post": "no",
            "invoice_origin": bill.name,
            "payment_reference": bill.name,
            "ref": ref,
        }

    @api.model
    def _post_note_vals(self, vals_list):
        """Create and post credit notes as they are given, matched with nothing."""
        notes = (
            self.env["account.move"]
            .with_context(
                skip_invoice_sync=True,
                tracking_disable=True,
                move_reverse_cancel=True,
                kavi_credit_note=Private(),
            )
            .create(vals_list)
        )
        notes._post(soft=False)
        return notes.with_env(self.env)

    def _match_whole(self, invoices, notes):
        """Match invoices with the notes that take them back as they are, taxes that
        wait for the money included.

        :raise UserError: when something of them stays open
        """
        plan = []
        for invoice, note in zip(invoices, notes, strict=True):
            items = (invoice + note).line_ids.filtered(
                lambda line: line.account_id.reconcile and not line.reconciled
            )
            plan += [
                group
                for group in items.grouped("account_id").values()
                if len(group.move_id) == 2
            ]
        self.env["account.move.line"].with_context(
            tracking_disable=True, move_reverse_cancel=True
        )._reconcile_plan(plan)
        self._check_settled(notes)

    def _match_notes(self, notes, moves):
        """Match each credit note with the receivable items of its counterparts.

        :param list moves: ``account.move`` records, for each of the notes
        :raise UserError: when something of a note stays open
        """
        plan = []
        for note, move in zip(notes, moves, strict=True):
            for account, items in (
                self._get_receivable_lines(note).grouped("account_id").items()
            ):
                plan.append(
                    items
                    + move.line_ids.filtered(
                        lambda item, account=account: (
                            item.account_id == account and not item.reconciled
                        )
                    )
                )
        self.env["account.move.line"].with_context(
            tracking_disable=True
        )._reconcile_plan(plan)
        self._check_settled(notes)

    def _check_settled(self, notes):
        """Refuse the act as a whole when a note settles nothing, or not all."""
        for item in self._get_receivable_lines(notes):
            if not item.reconciled:
                raise UserError(
                    self.env._(
                        "The credit note of bill %(bill)s cannot be matched in "
                        "account %(account)s, so nothing is done. Ask the accountant "
                        "what else was booked there.",
                        bill=item.move_id.kavi_bill_id.name,
                        account=item.account_id.display_name,
                    )
                )
