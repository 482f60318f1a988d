from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.context import Private

# One value: one environment serves all bills.
_WHOLE = Private()


class KaviBill(models.Model):
    """The early-payment discount of the bill's terms (BB-04), booked as Odoo does it.

    Who pays within the days may pay less, and the bill is settled; the discount counts
    as credited, not as paid. With instalments, it is for who pays all of them at once.
    """

    _inherit = "kavi.bill"

    amount_discounted = fields.Monetary(
        string="Due If Paid Early",
        compute="_compute_discount",
        compute_sudo=True,
        help="What settles the bill within the days of its early-payment discount. "
        "Zero when there is none, or no longer.",
    )
    discount_date = fields.Date(
        string="Pay Early By",
        compute="_compute_discount",
        compute_sudo=True,
        help="The last day on which the lower amount settles the bill.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "amount_due", "is_partly_paid", "invoice_id", "company_id")
    def _compute_discount(self):
        today = {company: company._billing_today() for company in self.company_id}
        for bill in self:
            items = bill._get_discount_items(today.get(bill.company_id))
            early = sum(items.mapped("discount_amount_currency"))
            bill.amount_discounted = bill.currency_id.round(early) if items else 0.0
            bill.discount_date = items[:1].discount_date

    # === HELPER METHODS === #

    def _get_discount_items(self, date):
        """The journal items that may be settled with less on ``date``: all of the
        bill's, for the discount is on the whole of it.

        Where Odoo would not grant it, we do not: not once something was paid, credited
        or refunded, nor in another currency.

        :param datetime.date date: of the payment
        :return: ``account.move.line`` records, none when there is no discount
        """
        self.ensure_one()
        bill = self.sudo()
        nothing = self.env["account.move.line"].sudo()
        invoice = bill.invoice_id
        if (
            not bill.is_posted
            or not bill.payment_term_id.early_discount
            or bill.currency_id.is_zero(bill.amount_due)
        ):
            return nothing
        items = self._get_receivable_lines(invoice)
        currency = bill.currency_id
        early = sum(items.mapped("discount_amount_currency"))
        whole = invoice.with_context(kavi_whole_discount=_WHOLE)
        if (
            not items
            or items.filtered(lambda item: item.display_type != "payment_term")
            or not whole._is_eligible_for_early_payment_discount(currency, date)
            or currency.compare_amounts(early, 0.0) <= 0
            or currency.compare_amounts(
                early, sum(items.mapped("amount_residual_currency"))
            )
            >= 0
        ):
            return nothing
        return items

    def _prepare_discount_base_lines(self):
        """What the terms take from the taxes on issue already, as the invoice will.

        Some countries tax only what is due when all pay early ("mixed").

        :return: list of base lines of Odoo's tax computation; they add nothing but tax
        """
        self.ensure_one()
        term = self.payment_term_id
        if not term.early_discount or term.early_pay_discount_computation != "mixed":
            return []
        if self.due_date and self.due_date != self._get_term_due_date(
            self._get_draft_date()
        ):
            return []  # a due date that somebody chose stands without the term
        prepare = self.env["account.tax"]._prepare_base_line_for_taxes_computation
        lines = []
        for line in self.line_ids.filtered("tax_ids"):
            taxes = line.tax_ids.flatten_taxes_hierarchy().filtered(
                lambda tax: tax.amount_type != "fixed"
            )
            discount = line.price_subtotal * term.discount_percentage / 100
            for amount, taxes_of in ((-discount, taxes), (discount, taxes.browse())):
                lines.append(
                    prepare(
                        {},
                        price_unit=amount,
                        quantity=1.0,
                        currency_id=self.currency_id or self.env.company.currency_id,
                        special_type="early_payment",
                        tax_ids=taxes_of,
                    )
                )
        return lines

    def _prepare_discount_vals(self, discount, date):
        """The lines of a payment that book an early-payment discount.

        As Odoo's own wizard makes them: base and taxes by the term's computation,
        exchange difference apart. Of a payment above the discounted amount, only what
        is missing is discounted.

        :param float discount: at most what the term offers
        :return: list of values of journal items, in all ``discount``
        """
        self.ensure_one()
        company, currency = self.company_id, self.currency_id
        if not company.account_journal_early_pay_discount_loss_account_id:
            raise UserError(
                self.env._(
                    "%s has no account for early-payment discounts. An accountant can "
                    "set it under Invoicing → Configuration → Settings (Default "
                    "Accounts).",
                    company.name,
                )
            )
        items = self._get_discount_items(date)
        due = sum(items.mapped("amount_residual_currency"))
        early = sum(items.mapped("discount_amount_currency"))
        offered = currency.round(due - early)

        def convert(amount):
            return currency._convert(amount, company.currency_id, company, date)

        Move = self.env["account.move"]
        values = Move._get_invoice_counterpart_amls_for_early_payment_discount(
            [
                {
                    "aml": item,
                    "amount_currency": -item.amount_residual_currency,
                    "balance": convert(-item.amount_residual_currency),
                }
                for item in items
            ],
            convert(offered),
        )
        lines = [
            {**vals, "kavi_settled_bill_id": self.id}
            for group in values.values()
            for vals in group
        ]
        if currency.compare_amounts(discount, offered) < 0:
            self._scale_discount(lines, discount, offered)
        return lines

    def _scale_discount(self, lines, discount, offered):
        """Shrink the lines of a discount to a part of it, to the cent."""
        currency, company_currency = self.currency_id, self.company_id.currency_id
        for name, money, whole in (
            ("balance", company_currency, None),
            ("amount_currency", currency, discount),
        ):
            if whole is None:
                total = sum(vals[name] for vals in lines)
                whole = money.round(total * discount / offered)
            for vals in lines:
                vals[name] = money.round(vals[name] * discount / offered)
            biggest = max(lines, key=lambda vals, name=name: abs(vals[name]))
            biggest[name] += whole - sum(vals[name] for vals in lines)
            biggest[name] = money.round(biggest[name])
