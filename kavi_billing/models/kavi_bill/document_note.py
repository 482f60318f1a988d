from odoo import models
from odoo.tools import format_date


class KaviBill(models.Model):
    """The bill's credit notes on paper: each under its own number, saying what it is.

    What an entry calls itself was written when it was made; what has become of it, the
    books know better. So a note is named after what it did.
    """

    _inherit = "kavi.bill"

    # === BUSINESS METHODS === #

    def _get_credit_notes(self):
        """The posted credit notes of the bill, oldest first; also those of what was
        replaced since.

        :rtype: account.move, with superuser rights
        """
        self.ensure_one()
        bill = self.sudo()  # who sees the bill sees what was credited of it
        notes = bill.move_ids.filtered(
            lambda move: move.move_type == "out_refund" and move.state == "posted"
        )
        return notes.sorted(lambda note: (note.invoice_date or note.date, note.id))

    def _get_note_title(self, note):
        """What a credit note of this bill is for.

        :param note: posted ``account.move``, with superuser rights
        """
        invoice = note.reversed_entry_id
        if note.is_kavi_replaced:
            if invoice.is_kavi_surcharge:
                return self.env._("Payment surcharge taken back")
            return self.env._("The amount of the bill was changed")
        money = self._get_receivable_lines(note)._get_live_matches().debit_move_id
        if money.move_id.filtered(lambda move: move.move_type != "out_invoice"):
            return self.env._("Refund")
        if self.state == "canceled":
            return self.env._("Cancellation of the bill")
        return self.env._("Taken off the bill")

    def _get_note_values(self, note):
        """What the document of one credit note says, see ``kavi.document.mixin``.

        :param note: one of :meth:`_get_credit_notes`
        """
        self.check_access("read")
        bill = self.sudo()  # everything that belongs to a bill that may be seen
        day = lambda date: date and format_date(self.env, date)  # noqa: E731
        # what an entry says of itself by itself, its title says better
        says_itself = note.is_kavi_replaced or (note.ref or "").endswith(bill.name)
        reason = not says_itself and note.ref
        facts = [
            (self.env._("Bill ID"), bill.name),
            (self.env._("Date"), day(note.invoice_date or note.date)),
            (self.env._("For invoice"), note.reversed_entry_id.name),
            (self.env._("Reason"), reason),
            (self.env._("PO number"), bill.purchase_order),
            (self.env._("Your invoice number"), bill.invoice_number),
            (self.env._("Tax ID"), bill.partner_id.vat),
        ]
        return {
            "title": self._get_document_titles()["credit_note"],
            "number": note.name,
            "mark": None,
            "account": bill.partner_id,
            "recipient": bill.contact_id,
            "facts": [(label, text) for label, text in facts if text],
            "subject": bill._get_note_title(note),
            "description": bill.title,
            "lines": [
                bill._prepare_document_line(line)
                for line in bill._get_product_lines(note)
            ],
            "totals": bill._get_note_totals(note),
            "uses": bill._get_note_uses(note),
        }

    # === HELPER METHODS === #

    def _get_note_totals(self, note):
        """The sums of a credit note: from its lines to its total."""
        currency, rows = self.currency_id, []
        taxes = self._sum_taxes(note, 1)
        listed = sum(self._get_product_lines(note).mapped("price_subtotal"))
        rest = currency.round(
            note.amount_total - listed - sum(amount for _name, amount in taxes)
        )
        if taxes or not currency.is_zero(rest):
            rows = [(self.env._("Untaxed"), listed), *taxes]
        if not currency.is_zero(rest):
            rows.append((self.env._("Rounding"), rest))
        return [
            self._prepare_total(currency, label, amount) for label, amount in rows
        ] + [
            self._prepare_total(
                currency, self.env._("Credited"), note.amount_total, True
            )
        ]

    def _get_note_uses(self, note):
        """What has become of a credit note: dicts of day, text and amount."""
        lines = self._get_receivable_lines(note)
        used = {}
        for match in lines._get_live_matches() & lines.matched_debit_ids:
            other = match.debit_move_id.move_id
            day, amount = used.get(other, (match.max_date, 0.0))
            used[other] = day, amount + match.credit_amount_currency
        return [
            {
                "day": format_date(self.env, day),
                "text": self.env._("Taken off invoice %s", move.name)
                if move.move_type == "out_invoice"
                else self.env._("Paid back: %s", move.name),
                "amount": self.currency_id.format(self.currency_id.round(amount)),
            }
            for move, (day, amount) in used.items()
            if not self.currency_id.is_zero(amount)
        ]
