from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import float_round

from ..tools.numbers import find_bad_number

# What every company starts with (KB-49): name, collects a payment number.
DEFAULT_METHODS = {"check": ("Check", True), "wire": ("Wire Transfer", False)}
# The amounts among a surcharge's settings, in company currency.
SURCHARGE_AMOUNTS = ("surcharge_fixed", "surcharge_min", "surcharge_max")


class KaviPaymentMethod(models.Model):
    """How a bill may be paid, and what that costs the payer.

    A surcharge is fixed, percent, or both, of what is being paid; at least and at most
    so much. What it comes to is in :meth:`_get_surcharge` alone; bills, wizards and
    other addons ask there.
    """

    _name = "kavi.payment.method"
    _inherit = ["kavi.guard.mixin"]
    _description = "Bill Payment Method"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    # Another addon may add a kind (KB-50). Each but this one pays by itself.
    kind = fields.Selection([("manual", "Manual")], default="manual", required=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', 'in', ('bank', 'cash', 'credit'))]",
        help="Where the money is booked. Empty: the company's first bank journal.",
    )
    collect_payment_number = fields.Boolean(
        help="Offer a field for the check number or the like when a payment is "
        "completed."
    )
    instructions = fields.Html(
        translate=True,
        sanitize_attributes=True,
        sanitize_form=True,
        sanitize_style=True,
        strip_style=True,
        strip_classes=True,
        help="How to pay this way: shown to the payer once the method is chosen.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

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

    _company_idx = models.Index("(company_id, sequence)")
    _automatic_uniq = models.UniqueIndex(
        "(company_id) WHERE kind != 'manual' AND active",
        "The company has an automatic payment method already: archive it before "
        "another one is offered.",
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

    @api.constrains("journal_id", "company_id", "active")
    def _check_journal(self):
        """Money that comes needs a place in the books: say so before it comes."""
        if self._is_act():
            return  # of a company that may get its chart of accounts later
        for method in self.filtered("active"):
            try:
                method._get_journal()
            except UserError as error:
                raise ValidationError(str(error)) from error

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

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_numbers(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_numbers([vals])
        if "company_id" in vals:
            moved = self.filtered(lambda m: m.company_id.id != vals["company_id"])
            for method in moved._get_used():
                raise UserError(
                    self.env._(
                        "Bills were paid by %s: it stays with its company.", method.name
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self._get_used()
        if used:
            raise UserError(
                self.env._(
                    "Bills were paid by %s: archive the method instead of deleting "
                    "it, and it is no longer offered.",
                    ", ".join(used.mapped("name")),
                )
            )

    # === BUSINESS METHODS === #

    @api.model
    def _create_default_methods(self, companies):
        """Create Check and Wire Transfer for companies that have no method yet."""
        served = self.with_context(active_test=False).search(
            [("company_id", "in", companies.ids)]
        )
        missing = companies - served.company_id
        self.env["kavi.payment.method"]._as_act()._load_records(
            [
                {
                    "xml_id": f"kavi_billing.{company.id}_payment_method_{key}",
                    "noupdate": True,
                    "values": {
                        "name": name,
                        "collect_payment_number": collects,
                        "company_id": company.id,
                        "sequence": (index + 1) * 10,
                    },
                }
                for company in missing
                for index, (key, (name, collects)) in enumerate(DEFAULT_METHODS.items())
            ]
        )

    def _get_journal(self):
        """The journal that a payment by this method is booked in.

        :rtype: account.journal
        :raise UserError: when there is none, saying where to set it
        """
        self.ensure_one()
        Journal = self.env["account.journal"].sudo()  # no more than its id is used
        journal = self.sudo().journal_id or Journal.search(
            [
                *Journal._check_company_domain(self.company_id),
                ("type", "=", "bank"),
            ],
            limit=1,
        )
        if not journal:
            raise UserError(
                self.env._(
                    "%(company)s has no bank journal to book payments by %(method)s "
                    "in. Set one on the method (Billing → Configuration → Payment "
                    "Methods) or add a bank journal in Invoicing.",
                    company=self.company_id.name,
                    method=self.name,
                )
            )
        if not journal.active:
            raise UserError(
                self.env._(
                    "The journal %(journal)s of the method %(method)s is archived: "
                    "choose another one on the method.",
                    journal=journal.name,
                    method=self.name,
                )
            )
        return journal

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

    def _get_used(self):
        """Those of these methods that a bill names."""
        # sudo: bills of companies that the user does not see count, too
        Bill = self.env["kavi.bill"].sudo()
        groups = Bill._read_group(
            [("payment_method_id", "in", self.ids)], ["payment_method_id"]
        )
        return self.browse(method.id for (method,) in groups)

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
