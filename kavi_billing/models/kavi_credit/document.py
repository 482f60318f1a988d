from odoo import models
from odoo.tools import format_date


class KaviCredit(models.Model):
    """The credit on paper: the credit memo (BB-14)."""

    _name = "kavi.credit"
    _inherit = ["kavi.credit", "kavi.document.mixin"]

    def _get_document_name(self):
        """What the document is called: its name as a file, without the ending."""
        self.ensure_one()
        credit = self.with_context(lang=self._get_document_lang())
        name = (self.name or credit.env._("Draft")).replace("/", "-")
        return f"{credit.env._('Credit Memo')} {name}"

    def action_print(self):
        """The credit memos of these credits, as one file."""
        self.check_access("read")
        report = self.env.ref("kavi_billing.action_report_credit")
        return report.sudo().report_action(self, config=False)

    def _get_document_values(self, document):
        self.check_access("read")
        credit = self.sudo()  # everything that belongs to a credit that may be seen
        return {
            "title": self.env._("Credit Memo"),
            "number": credit.name or self.env._("Draft"),
            "mark": credit._get_document_mark(),
            "account": credit.partner_id,
            "recipient": credit.partner_id.billing_recipient_id,
            "facts": credit._get_document_facts(),
            "subject": credit.reason,
            "lines": credit._get_document_lines(),
            "uses": [
                {
                    "day": format_date(self.env, use.date),
                    "text": use.bill_id.display_name or use.debit_reference,
                    "amount": use.credit_currency_id.format(use.amount_used),
                }
                for use in credit._get_document_uses()
            ],
            "totals": credit._get_document_totals(),
        }

    def _get_document_uses(self):
        """What it was used for; of a payment that was too much, not what it was for."""
        uses = self.allocation_ids
        if self.kind == "overpayment":
            paid = self._get_paid_bills()
            uses = uses.filtered(lambda use: use.bill_id not in paid)
        return uses.sorted(lambda use: (use.date, use.id))

    def _get_document_mark(self):
        if self.state == "open":
            return None
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels[self.state], "green" if self.state == "used" else "gray"

    def _get_document_facts(self):
        day = lambda date: date and format_date(self.env, date)  # noqa: E731
        facts = [
            (self.env._("Number"), self.name),
            # of the entry; of what a payment left over, that is no note
            (
                self.env._("Credit note"),
                self.move_id.move_type == "out_refund" and self.move_id.name,
            ),
            (self.env._("Date"), day(self.date)),
            (self.env._("Use it by"), day(self.expiry_date)),
            (self.env._("For bill"), self.bill_id.name),
            (self.env._("Tax ID"), self.partner_id.vat),
        ]
        return [(label, text) for label, text in facts if text]

    def _get_document_lines(self):
        """What is credited: the lines of the credit note, or just the amount."""
        note = self.move_id.filtered(lambda move: move.move_type == "out_refund")
        money = self.currency_id.format
        return [
            {
                "name": line.name or self.reason,
                "taxes": ", ".join(line.tax_ids.mapped("name")),
                "amount": money(line.price_subtotal),
            }
            for line in note.invoice_line_ids
        ] or [{"name": self.reason, "taxes": "", "amount": money(self.amount)}]

    def _get_document_totals(self):
        currency, rows = self.currency_id, []
        taxes = self.move_id.amount_tax
        if not currency.is_zero(taxes):
            rows = [
                (self.env._("Untaxed"), self.amount - taxes, False),
                (self.env._("Taxes"), taxes, False),
            ]
        rows.append((self.env._("Credited"), self.amount, True))
        parts = [
            (self.env._("Used"), -self.amount_applied),
            (self.env._("Refunded"), -self.amount_refunded),
            (self.env._("Expired"), -self.amount_expired),
        ]
        rows += [(*part, False) for part in parts if not currency.is_zero(part[1])]
        if self.state != "draft":
            rows.append((self.env._("In your favor"), self.amount_open, True))
        return [
            self._prepare_total(currency, label, amount, main)
            for label, amount, main in rows
        ]
