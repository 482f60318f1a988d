from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from ...tools.bill_rules import document_refusal

REPORTS = {
    "invoice": "kavi_billing.action_report_bill_invoice",
    "receipt": "kavi_billing.action_report_bill_receipt",
    "credit_note": "kavi_billing.action_report_bill_credit_note",
}


class KaviBill(models.Model):
    """Printed documents: what invoice and receipt say, and when there is one.

    Which there are is in ``bill_rules``. Amounts are those of the bill, so a document
    printed again says what is true then. Each sum can be followed: it is that of the
    rows above it (see ``settlement``).
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

        :param str document: a key of ``REPORTS``
        """
        self.ensure_one()
        is_paid = not self.currency_id.is_zero(self.amount_paid)
        has_note = document == "credit_note" and bool(self._get_credit_notes())
        reason = document_refusal(document, self.state, is_paid, has_note)
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
        if reason == "no_note":
            return self.env._(
                "Nothing was credited on bill %s: there is no credit note.",
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

        :param str document: a key of ``REPORTS``
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
        return f"{bill._get_document_titles()[document]} {name}"

    @api.model
    def _get_document_titles(self):
        """What the documents are called: ``{key of REPORTS: text}``."""
        return {
            "invoice": self.env._("Invoice"),
            "receipt": self.env._("Receipt"),
            "credit_note": self.env._("Credit Note"),
        }

    def _get_document_values(self, document):
        """See ``kavi.document.mixin``; of credit notes see :meth:`_get_note_values`.

        :param str document: "invoice" or "receipt"
        """
        self.check_access("read")
        bill = self.sudo()  # everything that belongs to a bill that may be seen
        kind = bill.kind_id
        is_receipt = document == "receipt"
        number = bill.name if is_receipt else bill._get_booked_number() or bill.name
        settlements = bill._get_settlements()
        return {
            "title": self._get_document_titles()[document],
            "number": number or self.env._("Draft"),
            "mark": bill._get_document_mark(document),
            "account": bill.partner_id,
            "recipient": bill.contact_id,
            "facts": bill._get_document_facts(document),
            "subject": bill.title,
            "description": self._get_filled_html(bill.description),
            "lines": [] if is_receipt else bill._get_document_lines(),
            "payments": bill._prepare_document_rows(
                [row for row in settlements if row["kind"] != "credit"]
            ),
            "credits": bill._prepare_document_rows(
                [row for row in settlements if row["kind"] == "credit"]
            ),
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
            return self._get_outcome_label(), color[self.state]
        if self.is_overdue and document == "invoice":
            return self._get_flag_labels()["overdue"], "red"
        if self.is_partly_paid:
            return self._get_flag_labels()["partly_paid"], "blue"
        return None

    def _get_outcome_label(self):
        """The state in words; a bill of which a part was given back says so."""
        self.ensure_one()
        if self.state == "refunded" and not self.currency_id.is_zero(
            self.amount_retained
        ):
            return self.env._("Partly Refunded")
        return self._get_state_label()

    def _get_booked_number(self):
        """The number under which the books have the bill's invoice; "" without one.

        An opening balance is the open part of an invoice that other books have.
        """
        self.ensure_one()
        invoice = self.sudo().invoice_id
        if not self.is_posted or self.opening_date:
            return ""
        return invoice.name or ""

    def _get_document_facts(self, document):
        """The head of a document: pairs of label and text, without the empty ones."""
        day = lambda date: date and format_date(self.env, date)  # noqa: E731
        surcharges = self._get_surcharge_moves()
        facts = [
            (self.env._("Bill ID"), self.name),
            (
                self.env._("Invoice"),
                document == "receipt" and self._get_booked_number(),
            ),
            (self.env._("Surcharge invoice"), ", ".join(surcharges.mapped("name"))),
            (
                self.env._("Opening entry"),
                self.opening_date and self.is_posted and self.invoice_id.name,
            ),
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
        lines = [
            self._prepare_document_line(line) for line in self._get_charged_lines()
        ]
        for line in self._get_surcharge_lines():
            vals = self._prepare_document_line(line)
            # an invoice of its own: the ledger has it under that number
            lines.append({**vals, "name": f"{vals['name']} ({line.move_id.name})"})
        if not self.currency_id.is_zero(self.opening_surcharge):
            amount = self.currency_id.format(self.opening_surcharge)
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

    def _get_charged_lines(self):
        """The lines of the posted invoice, or what the bill asks without one."""
        if not self.is_posted or self.opening_date:
            return self.line_ids
        return self._get_product_lines(self.invoice_id)

    def _get_surcharge_lines(self):
        return self._get_product_lines(self._get_surcharge_moves())

    @api.model
    def _get_product_lines(self, moves):
        lines = moves.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        return lines.sorted(lambda line: (line.move_id.id, line.sequence, line.id))

    def _prepare_document_line(self, line):
        """A line of a bill, an invoice or a credit note, in texts."""
        currency, price = self.currency_id, line.price_unit
        if line.quantity and currency.compare_amounts(
            price * line.quantity, line.price_subtotal
        ):
            # taxes are in the price, and have a row of their own
            price = line.price_subtotal / line.quantity
        return {
            "name": line.name,
            "quantity": self._format_quantity(line.quantity),
            "price": currency.format(price),
            "taxes": ", ".join(line.tax_ids.mapped("name")),
            "amount": currency.format(line.price_subtotal),
        }

    def _format_quantity(self, quantity):
        if float(quantity).is_integer():
            return formatLang(self.env, quantity, digits=0)
        return formatLang(self.env, quantity, dp="Product Unit")

    def _get_document_totals(self, document):
        """The rows of totals: dicts of label, amount and whether it is the main one.

        From the lines to the total, and from there to what is due: with their signs,
        the rows add up. A receipt begins with what came in, and what is left of it.
        """
        currency = self.currency_id
        if document == "invoice":
            rows = [*self._get_untaxed_totals(), *self._get_surcharge_totals()]
            rows = [self._prepare_total(currency, *row) for row in rows]
            return rows + self._get_due_totals()
        paid, refunded = self.amount_paid, self.refund_amount
        rows = [(self.env._("Received"), paid, True)]
        if not currency.is_zero(refunded):
            rows += [
                (self.env._("Refunded"), -refunded),
                (self.env._("Retained"), paid - refunded),
            ]
        rows = [self._prepare_total(currency, *row) for row in rows]
        return rows + self._get_due_totals(with_surcharge=False, is_receipt=True)

    def _get_notice_totals(self):
        """The rows of totals of a mail, which has no lines above them: what the method
        adds comes last, as what is asked for."""
        *rows, due = self._get_due_totals(with_surcharge=False)
        for label, amount in self._get_surcharge_totals():
            rows.append(self._prepare_total(self.currency_id, label, amount))
        if self._is_payable():
            label, amount = self.env._("To Pay"), self.amount_to_pay
            due = self._prepare_total(self.currency_id, label, amount, True)
        return [*rows, due]

    def _get_surcharge_totals(self):
        """What the chosen method adds: no line, for it goes with the method."""
        if self.currency_id.is_zero(self.surcharge_expected):
            return []
        method = self.payment_method_id.sudo().name  # the payer sees what it costs
        return [(self.env._("Surcharge: %s", method), self.surcharge_expected)]

    def _get_due_totals(self, with_surcharge=True, is_receipt=False):
        """The rows from what is charged to what is due."""
        currency = self.currency_id
        sums = self._get_settlement_sums(with_surcharge)
        paid, refunded = sums["paid"], sums["refunded"]
        total = self.env._("Total of the bill") if is_receipt else self.env._("Total")
        rows = [(total, sums["charged"], not is_receipt)]
        if self.state != "draft":
            parts = [(self.env._("Credited"), -sums["credited"])]
            if is_receipt and not currency.is_zero(refunded):
                # both are above already
                parts.append((self.env._("Retained"), refunded - paid))
            else:
                parts.append((self.env._("Paid"), -paid))
                parts.append((self.env._("Refunded"), refunded))
            parts.append((self._get_idle_label(), -sums["idle"]))
            rows += [part for part in parts if not currency.is_zero(part[1])]
            rows.append((self.env._("Due"), sums["due"], not is_receipt))
        return [self._prepare_total(currency, *row) for row in rows]

    def _get_idle_label(self):
        """Why nobody owes here what the bill asks."""
        if self.state == "canceled":
            return self.env._("Canceled")
        if self.opening_state:
            return self.env._("Not owed here")
        return self.env._("Not charged")

    def _get_untaxed_totals(self):
        """The rows between the lines and the total: pairs of label and amount. None
        where the lines are all that is charged."""
        currency = self.currency_id
        taxes = self._get_document_taxes()
        untaxed = self.amount_total - sum(amount for _name, amount in taxes)
        lines = [*self._get_charged_lines(), *self._get_surcharge_lines()]
        listed = sum(line.price_subtotal for line in lines) + self.opening_surcharge
        rounding = currency.round(untaxed - listed)
        rows = []
        if not currency.is_zero(rounding):
            rows += [
                (self.env._("Lines"), listed),
                (self.env._("Rounding"), rounding),
            ]
        if taxes:
            rows += [(self.env._("Untaxed"), untaxed), *taxes]
        return rows

    def _get_document_taxes(self):
        """The taxes of the bill by their groups: pairs of name and amount."""
        currency, taxes = self.currency_id, []
        if self.is_posted:
            moves = self.invoice_id | self._get_surcharge_moves()
            taxes = self._sum_taxes(moves, -1)
            charged = sum(moves.mapped("amount_tax"))
        else:
            charged = self.amount_tax
        rest = currency.round(charged - sum(amount for _name, amount in taxes))
        if not currency.is_zero(rest):
            taxes.append((self.env._("Taxes"), rest))
        return taxes

    def _sum_taxes(self, moves, sign):
        """The taxes of entries by their groups: pairs of name and amount, no zeros."""
        taxes = moves.line_ids.filtered("tax_line_id").grouped("tax_group_id")
        sums = [
            (
                group.name or self.env._("Taxes"),
                self.currency_id.round(sign * sum(lines.mapped("amount_currency"))),
            )
            for group, lines in taxes.items()
        ]
        return [row for row in sums if not self.currency_id.is_zero(row[1])]

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

    def _prepare_document_rows(self, settlements):
        """What settled the bill, by day: dicts of day, text, number and amount."""
        return [
            {
                "day": format_date(self.env, row["date"]) if row["date"] else "",
                "text": row["text"],
                "number": row["number"],
                "amount": self._prepare_total(self.currency_id, "", row["amount"])[
                    "amount"
                ],
            }
            for row in settlements
        ]
