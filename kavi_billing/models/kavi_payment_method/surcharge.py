from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tools import float_round

from ...tools.numbers import find_bad_number

# The amounts among a surcharge's settings, in company currency.
SURCHARGE_AMOUNTS = ("surcharge_fixed", "surcharge_min", "surcharge_max")


class KaviPaymentMethod(models.Model):
    """What a payment method costs the payer.

    A surcharge is fixed, percent, or both, of what is being paid; at least and at most
    so much. What it comes to is in :meth:`_get_surcharge` alone; bills, wizards and
    other addons ask there.
    """

    _inherit = "kavi.payment.method"

    # -- what paying this way costs the payer (KB-53)
    currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    surcharge_fixed = fields.Monetary(
        string="Fixed Surcharge",
        help="Charged with each payment. In company currency: converted at the rate of "
        "the payment's day for bills in another one.",
    )
    surcharge_percent = fields.Float(
        string="Surcharge In Percent",
        digits=(16, 4),
        help="Of what is being paid, before the surcharge itself.",
    )
    surcharge_min = fields.Monetary(
        string="Minimum Surcharge", help="Before its own taxes. Empty: none."
    )
    surcharge_max = fields.Monetary(
        string="Maximum Surcharge", help="Before its own taxes. Empty: none."
    )
    surcharge_product_id = fields.Many2one(
        "product.product",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        help="Names the surcharge on the invoice and brings its account and taxes.",
    )
    surcharge_account_id = fields.Many2one(
        "account.account",
        check_company=True,
        domain="[('account_type', 'in', ('income', 'income_other'))]",
        help="Empty: the product's income account, or the sales journal's.",
    )
    surcharge_tax_ids = fields.Many2many(
        "account.tax",
        string="Surcharge Taxes",
        compute="_compute_surcharge_tax_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
        help="Mapped by the bill's fiscal position.",
    )

    # === COMPUTE METHODS === #

    @api.depends("surcharge_product_id", "company_id")
    def _compute_surcharge_tax_ids(self):
        for method in self:
            taxes = method.surcharge_tax_ids  # chosen by hand
            if method.surcharge_product_id:
                taxes = method.surcharge_product_id.sudo().taxes_id
            method.surcharge_tax_ids = taxes._filter_taxes_by_company(method.company_id)

    # === CONSTRAINT METHODS === #

    @api.constrains("surcharge_percent", *SURCHARGE_AMOUNTS)
    def _check_surcharge(self):
        for method in self:
            if min(method[name] for name in SURCHARGE_AMOUNTS) < 0:
                raise ValidationError(
                    self.env._(
                        "The surcharge of %s is an amount of money, or none.",
                        method.name,
                    )
                )
            if not 0 <= method.surcharge_percent <= 100:
                raise ValidationError(
                    self.env._(
                        "The surcharge of %s is between 0 and 100 percent.", method.name
                    )
                )
            if method.surcharge_max and method.surcharge_min > method.surcharge_max:
                raise ValidationError(
                    self.env._(
                        "The minimum surcharge of %s is above its maximum: lower it, "
                        "or leave the maximum empty.",
                        method.name,
                    )
                )

    @api.constrains("surcharge_tax_ids", "surcharge_account_id")
    def _check_surcharge_booking(self):
        for method in self.sudo():
            for tax in method.surcharge_tax_ids:
                if tax.type_tax_use != "sale":
                    raise ValidationError(
                        self.env._("%s is not a tax on sales.", tax.display_name)
                    )
            if method.surcharge_account_id.account_type in (
                "asset_receivable",
                "liability_payable",
                "off_balance",
            ):
                raise ValidationError(
                    self.env._(
                        "%s cannot hold what is earned: choose an income account for "
                        "the surcharge.",
                        method.surcharge_account_id.display_name,
                    )
                )

    # === BUSINESS METHODS === #

    def _get_surcharge(self, amount, currency, date, position=None, rates=None):
        """What this method charges for a payment of ``amount``.

        Never less for more: it grows with the amount.

        :param float amount: what is paid of the debt, in ``currency``; nothing is
            charged on zero or less
        :param datetime.date date: of the payment: the day's rate converts the amounts
            that are set in company currency
        :param position: the ``account.fiscal.position`` that maps the taxes
        :param dict rates: keeps rates from call to call, so that a batch asks once
        :return: dict with ``price`` (of the invoice line), ``taxes`` (mapped
            ``account.tax``), and ``untaxed``, ``tax``, ``total``, rounded as the
            currency rounds; all zero without a method
        """
        method = self.sudo()  # the payer may know what it costs, not the settings
        price, taxes = 0.0, self.env["account.tax"]
        if method and currency.compare_amounts(amount, 0.0) > 0:
            price = method._get_surcharge_price(amount, currency, date, rates)
        if price:
            taxes = method.surcharge_tax_ids
            if position:
                taxes = position.sudo().map_tax(taxes)
        untaxed = total = price
        if taxes:
            AccountTax = method.env["account.tax"]
            line = AccountTax._prepare_base_line_for_taxes_computation(
                {},
                tax_ids=taxes,
                product_id=method.surcharge_product_id,
                price_unit=price,
                quantity=1.0,
                currency_id=currency,
            )
            AccountTax._add_tax_details_in_base_line(line, method.company_id)
            AccountTax._round_base_lines_tax_details([line], method.company_id)
            totals = AccountTax._get_tax_totals_summary(
                base_lines=[line], currency=currency, company=method.company_id
            )
            untaxed = currency.round(totals["base_amount_currency"])
            total = currency.round(totals["total_amount_currency"])
        return {
            "price": price,
            "taxes": taxes,
            "untaxed": untaxed,
            "tax": currency.round(total - untaxed),
            "total": total,
        }

    def _prepare_surcharge_line_vals(self, surcharge, position):
        """Values of the invoice line of a surcharge.

        :param dict surcharge: of :meth:`_get_surcharge`
        """
        self.ensure_one()
        vals = {
            "name": self.env._("Payment surcharge: %s", self.name),
            "product_id": self.surcharge_product_id.id,
            "quantity": 1.0,
            "price_unit": surcharge["price"],
            "tax_ids": [Command.set(surcharge["taxes"].ids)],
        }
        account = position.map_account(self.surcharge_account_id)
        if account:
            vals["account_id"] = account.id
        return vals

    # === HELPER METHODS === #

    @api.model
    def _check_numbers(self, vals_list):
        """Before Odoo rounds what is no number."""
        found = find_bad_number(vals_list, ("surcharge_percent", *SURCHARGE_AMOUNTS))
        if found:
            raise ValidationError(
                self.env._("%s is no number that a surcharge can have.", found[1])
            )

    def _get_surcharge_price(self, amount, currency, date, rates=None):
        """The price of the surcharge, as its line on the invoice has it."""
        self.ensure_one()
        if not self.surcharge_percent and not any(
            self[name] for name in SURCHARGE_AMOUNTS[:2]
        ):
            return 0.0
        rates = {} if rates is None else rates
        company = self.company_id
        key = (company.id, currency.id, date)
        if key not in rates:
            rates[key] = self.env["res.currency"]._get_conversion_rate(
                company.currency_id, currency, company, date
            )
        fixed, lowest, highest = (self[name] * rates[key] for name in SURCHARGE_AMOUNTS)
        price = max(fixed + amount * self.surcharge_percent / 100, lowest)
        if highest:
            price = min(price, highest)
        # no finer than a price of Odoo's can be
        digits = self.env["decimal.precision"].precision_get("Product Price")
        if currency.decimal_places > digits:
            return float_round(price, precision_digits=digits)
        return currency.round(price)
