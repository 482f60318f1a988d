from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from ...tools.bill_rules import ISSUED, document_refusal

REPORTS = {
    "invoice": "kavi_billing.action_report_bill_invoice",
    "receipt": "kavi_billing.action_report_bill_receipt",
}


class KaviBill(models.Model):
    """Printed documents: what invoice and receipt say, and when there is one.

    Which there are is in ``bill_rules``. Amounts are those of the bill, so a document
    printed again says what is true then.
    """

    _inherit = "kavi.bill"

    # === ACTION METHODS === #

    def action_print_invoice(self):
        """The invoices of these bills, as one file."""
        return self._print("invoice")

    def action_print_receipt(self):
        """The receipts of those of these bills on which something was paid."""
        return self._print("receipt")

    def _print(self, document):
        bills = self._get_printable(document)
        # Odoo's own layout is not used: there is nothing of it to be set up first
        report = self.env.ref(REPORTS[document]).sudo()
        return report.report_action(bills, config=False)

    # === BUSINESS METHODS === #

    def _get_document_refusal(self, document):
        """Why this bill has no such document, as a sentence; "" when it has.

        :param str document: "invoice" or "receipt"
        """
        self.ensure_one()
        is_paid = not self.currency_id.is_zero(self.amount_paid)
        reason = document_refusal(document, self.state, is_paid)
        if reason == "state":
            return self.env._(
                "%s is a draft: there is no such document before it is issued.",
                self.display_name,
            )
        if reason == "unpaid":
            return self.env._(
                "Nothing was paid on bill %s yet: there is no receipt.",
                self.display_name,
            )
        return ""

    def _get_printable(self, document):
        """Those of these bills that have the document.

        :raise UserError: with the reason, when none has
        """
        refusals = {bill: bill._get_document_refusal(document) for bill in self}
        printable = self.filtered(lambda bill: not refusals[bill])
        if self and not printable:
            raise UserError(refusals[self[0]])
        return printable

    def _get_document_pdf(self, document):
        """A document of one bill, as it would be printed now.

        :param str document: "invoice" or "receipt"
        :return: (content as bytes, file name)
        :raise AccessError: when the user may not see the bill
        :raise UserError: when there is no such document
        """
        self.ensure_one()
        self.check_access("read")
        self._get_printable(document)
        # sudo: the report is configuration, and the bill may be seen
        report = self.env["ir.actions.report"].sudo()
        content, __ = report._render_qweb_pdf(REPORTS[document], self.ids)
        return content, f"{self._get_document_name(document)}.pdf"

    def _get_document_name(self, document):
        """What the document is called: its name as a file, without the ending."""
        self.ensure_one()
        name = (self.name or self.env._("Draft")).replace("/", "-")
        bill = self.with_context(lang=self._get_document_lang())
        title = {"invoice": bill.env._("Invoice"), "receipt": bill.env._("Receipt")}
        return f"{title[document]} {name}"

    def _get_document_values(self, document):
        """See ``kavi.document.mixin``.

        :param str document: "invoice" or "receipt"
        """
        self.check_access("read")
        bill = self.sudo()  # everything that belongs to a bill that may be seen
        kind = bill.kind_id
        is_receipt = document == "receipt"
        return {
            "title": self.env._("Receipt") if is_receipt else self.env._("Invoice"),
            "number": bill.name or self.env._("Draft"),
            "mark": bill._get_document_mark(document),
            "account": bill.partner_id,
            "recipient": bill.contact_id,
            "facts": bill._get_document_facts(),
            "subject": bill.title,
            "description": self._get_filled_html(bill.description),
            "lines": [] if is_receipt else bill._get_document_lines(),
            "payments": bill._get_document_payments(),
            "totals": bill._get_document_totals(document),
            "schedule": [] if is_receipt else bill._get_document_schedule(),
            "discount": "" if is_receipt else bill._get_discount_note(),
            "methods": [] if is_receipt else bill._get_document_methods(),
            "text": self._get_filled_html(
                kind.receipt_text if is_receipt else kind.invoice_text
            ),
        }

    # === HELPER METHODS === #

    def _get_document_mark(self, document):
        """The mark of state on a document; a receipt does not say "overdue".

        :return: (text, color), or None while the bill is just open
        """
        if self.state == "draft":
            return self.env._("Draft"), "gray"
        if self.state in ("paid", "refunded", "canceled"):
            color = {"paid": "green", "refunded": "blue", "canceled": "gray"}
            return self._get_state_label(), color[self.state]
        if self.is_overdue and document == "invoice":
            return self._get_flag_labels()["overdue"], "red"
        if self.is_partly_paid:
            return self._get_flag_labels()["partly_paid"], "blue"
        return None

    def _get_document_facts(self):
        """The head of a document: pairs of label and text, without the empty ones."""
        day = lambda date: date and format_date(self.env, date)  # noqa: E731
        facts = [
            (self.env._("Bill ID"), self.name),
            (self.env._("Issued"), day(self.bill_date)),
            (
                self.env._("Last part due")
                if self.has_instalments
                else self.env._("Due"),
                day(self.due_date),
            ),
            (self.env._("PO number"), self.purchase_order),
            (self.env._("Your invoice number"), self.invoice_number),
            (self.env._("Tax ID"), self.partner_id.vat),
        ]
        return [(label, text) for label, text in facts if text]

    def _get_document_lines(self):
        """The lines that are charged, surcharges that were booked among them."""
        charged = [*self.line_ids, *self._get_surcharge_moves().invoice_line_ids]
        money = self.currency_id.format
        lines = [
            {
                "name": line.name,
                "quantity": self._format_quantity(line.quantity),
                "price": money(line.price_unit),
                "taxes": ", ".join(line.tax_ids.mapped("name")),
                "amount": money(line.price_subtotal),
            }
            for line in charged
        ]
        if not self.currency_id.is_zero(self.opening_surcharge):
            amount = money(self.opening_surcharge)
            lines.append(
                {
                    "name": self.env._("Payment surcharge"),
                    "quantity": self._format_quantity(1.0),
                    "price": amount,
                    "taxes": "",
                    "amount": amount,
                }
            )
        return lines

    def _format_quantity(self, quantity):
        if float(quantity).is_integer():
            return formatLang(self.env, quantity, digits=0)
        return formatLang(self.env, quantity, dp="Product Unit")

    def _get_document_totals(self, document):
        """The rows of totals: dicts of label, amount and whether it is the main one."""
        currency = self.currency_id
        rows = []

        def add(label, amount, main=False, always=False):
            if always or not currency.is_zero(amount):
                rows.append(self._prepare_total(currency, label, amount, main))

        if document == "invoice":
            if not currency.is_zero(self.amount_tax):
                add(self.env._("Untaxed"), self.amount_untaxed, always=True)
                for name, amount in self._get_document_taxes():
                    add(name, amount)
            # not charged yet, so no line: it follows the method until then
            method = self.payment_method_id.name
            add(self.env._("Surcharge: %s", method), self.surcharge_expected)
            add(self.env._("Total"), self.amount_with_surcharge, main=True, always=True)
            add(self.env._("Credited"), -self.amount_credited)
            add(self.env._("Paid"), -self.amount_paid)
        else:
            add(self.env._("Total of the bill"), self.amount_total, always=True)
            add(self.env._("Credited"), -self.amount_credited)
            add(self.env._("Received"), self.amount_paid, main=True, always=True)
        if not currency.is_zero(self.refund_amount):
            add(self.env._("Refunded"), -self.refund_amount)
            add(self.env._("Retained"), self.amount_retained, always=True)
        if self.state != "draft":
            due = self.amount_to_pay if document == "invoice" else self.amount_due
            due = 0.0 if self.state == "canceled" else due
            add(self.env._("Due"), due, main=document == "invoice", always=True)
        return rows

    def _get_document_taxes(self):
        """The taxes of the bill by their groups: pairs of name and amount."""
        if self.state in ISSUED and self.is_posted:
            moves = self.invoice_id | self._get_surcharge_moves()
            taxes = moves.line_ids.filtered("tax_line_id").grouped("tax_group_id")
            return [
                (group.name, -sum(lines.mapped("amount_currency")))
                for group, lines in taxes.items()
            ]
        return [(self.env._("Taxes"), self.amount_tax)]

    def _get_discount_note(self):
        if not self.amount_discounted:
            return ""
        return self.env._(
            "Pay %(amount)s by %(day)s, and the bill is settled.",
            day=format_date(self.env, self.discount_date),
            amount=self.currency_id.format(self.amount_to_pay_early),
        )

    def _get_document_methods(self):
        """How to pay: the method that was chosen, or those to choose from."""
        if self.opening_state:
            return []  # nothing is owed here
        if self.state == "pending":
            methods = self.payment_method_id
        elif self.state in ("draft", "new"):
            methods = self._get_offered_methods()
        else:
            methods = self.payment_method_id.browse()
        return [
            {
                "name": method.name,
                "instructions": self._get_filled_html(method.instructions),
                "surcharge": self._get_surcharge_note(method),
            }
            for method in methods
        ]

    def _get_surcharge_note(self, method):
        """What a method adds that was not chosen yet; what was is in the totals."""
        if self.state != "new":
            return ""
        quote = self._quote_payment(method)
        if self.currency_id.is_zero(quote.surcharge["total"]):
            return ""
        return self.env._(
            "%(surcharge)s surcharge, %(total)s in all",
            surcharge=self.currency_id.format(quote.surcharge["total"]),
            total=self.currency_id.format(quote.amount_received),
        )

    def _get_document_schedule(self):
        """The instalments, when there is more than one: dicts of day, amount and what
        is open of it."""
        schedule = self._get_schedules()[self]
        money = self.currency_id.format
        return [
            {
                "day": format_date(self.env, instalment["due_date"]),
                "amount": money(instalment["amount"]),
                "due": money(instalment["amount_due"]),
                "is_deposit": instalment["is_deposit"],
                "is_settled": self.currency_id.is_zero(instalment["amount_due"]),
            }
            for instalment in schedule
            if len(schedule) > 1 and self.state != "canceled"
        ]

    def _get_document_payments(self):
        """What was received and refunded, by day: dicts of day, text, number and
        amount (what was refunded has a minus)."""
        sums = {}
        items = self._get_receivable_lines(self._get_live_documents())
        for match in items._get_live_matches():
            debit, credit = match.debit_move_id, match.credit_move_id
            # one payment may settle several instalments
            if debit in items and credit.move_id.move_type != "out_refund":
                key, amount = (credit.move_id, False), self._get_money_part(match)
            elif credit in items and debit.move_id.move_type != "out_invoice":
                key, amount = (debit.move_id, True), -match.credit_amount_currency
            else:
                continue
            sums[key] = sums.get(key, 0.0) + amount
        ordered = sorted(sums.items(), key=lambda row: (row[0][0].date, row[0][0].id))
        return self._get_opening_payments() + [
            self._prepare_document_payment(move, self.currency_id.round(amount))
            for (move, __), amount in ordered
            if not self.currency_id.is_zero(amount)
        ]

    def _get_opening_payments(self):
        """What was received and refunded before these books began."""
        before = [
            (self.opening_paid, self.opening_payment_date, self.env._("Payment")),
            (-self.opening_refunded, self.opening_refund_date, self.env._("Refund")),
        ]
        return [
            {
                "day": format_date(self.env, day) if day else "",
                "text": text,
                "number": "",
                "amount": self._prepare_total(self.currency_id, "", amount)["amount"],
            }
            for amount, day, text in before
            if not self.currency_id.is_zero(amount)
        ]

    def _prepare_document_payment(self, move, amount):
        payment = move.origin_payment_id
        method = payment.kavi_method_id.name
        if amount < 0:
            text = self.env._("Refund")
            text = f"{text}, {method}" if method else text
        else:
            text = method or self.env._("Payment")
        return {
            "day": format_date(self.env, payment.date or move.date),
            "text": text,
            "number": payment.kavi_number or "",
            "amount": self._prepare_total(self.currency_id, "", amount)["amount"],
        }
