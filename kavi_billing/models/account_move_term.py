from odoo import api, fields, models
from odoo.tools import frozendict

from ..tools.instalments import share


class AccountMove(models.Model):
    """The instalments of a bill's invoice."""

    _inherit = "account.move"

    @api.depends("invoice_line_ids.kavi_charge_kind")
    def _compute_needed_terms(self):
        result = super()._compute_needed_terms()
        # sudo: who works on an invoice need not see the bill
        for invoice in self.filtered(lambda move: move.sudo().kavi_bill_id):
            term = invoice.invoice_payment_term_id
            if len(term.line_ids) > 1 and not invoice.invoice_cash_rounding_id:
                invoice.needed_terms = invoice._get_needed_instalments()
        return result

    def _get_needed_instalments(self):
        """What Odoo needs as receivable items, spread as the bill's terms say.

        Odoo knows the days already, one item each; it would spread all charges alike.
        """
        self.ensure_one()
        needed = self.needed_terms
        currency, company_currency = self.currency_id, self.company_currency_id
        total = sum(values["amount_currency"] for values in needed.values())
        balance = sum(values["balance"] for values in needed.values())
        instalments = self.invoice_payment_term_id._get_instalments(
            self.invoice_date or self.date or fields.Date.context_today(self),
            total,
            self._get_charges(),
            currency,
        )
        balances = share(
            company_currency.round(balance),
            [instalment["amount"] for instalment in instalments],
            company_currency.rounding,
        )
        by_day = {key["date_maturity"]: (key, needed[key]) for key in needed}
        result = {}
        for instalment, part in zip(instalments, balances, strict=True):
            key, values = by_day[instalment["due_date"]]
            result[frozendict(key)] = {
                **values,
                "amount_currency": instalment["amount"],
                "balance": float(part),
                "is_kavi_deposit": instalment["is_deposit"],
            }
        return result

    def _get_charges(self):
        """How much of an invoice each kind of charge asks, taxes included.

        :return: dict of ``instalments.CHARGES`` to float, as on the bill
        """
        self.ensure_one()
        charges = {}
        for line in self.invoice_line_ids:
            kind = line.kavi_charge_kind or "goods"
            charges[kind] = charges.get(kind, 0.0) + line.price_total
        return charges

    def _compute_invoice_date_due(self):
        """A posted bill is due when its items are: some may have been postponed.

        Odoo would take the days of the terms again whenever something is matched.
        """
        result = super()._compute_invoice_date_due()
        for invoice in self:
            if invoice.state == "posted" and invoice.sudo().kavi_bill_id:
                items = invoice.line_ids.filtered("date_maturity")
                invoice.invoice_date_due = max(
                    items.mapped("date_maturity"), default=invoice.invoice_date_due
                )
        return result
