from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.const import STAFF
from ..tools.instalments import CHARGES
from ..tools.numbers import find_bad_number


class KaviBillLine(models.Model):
    _name = "kavi.bill.line"
    _description = "Bill Line"
    _inherit = ["analytic.mixin", "kavi.guard.mixin"]
    _order = "bill_id, sequence, id"
    _check_company_auto = True

    bill_id = fields.Many2one(
        "kavi.bill", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="bill_id.company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="bill_id.currency_id")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        domain="[('sale_ok', '=', True)]",
    )
    name = fields.Text(
        string="Description",
        compute="_compute_name",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    price_unit = fields.Float(
        string="Price",
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        min_display_digits="Product Price",
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        compute="_compute_tax_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
    )
    charge_kind = fields.Selection(
        list(CHARGES.items()),
        string="Kind of Charge",
        compute="_compute_charge_kind",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="The terms say with which instalments it is collected.",
    )
    price_subtotal = fields.Monetary(
        string="Untaxed", compute="_compute_amounts", store=True
    )
    price_total = fields.Monetary(
        string="Total", compute="_compute_amounts", store=True
    )

    # where it goes in the books is no payer's business
    analytic_distribution = fields.Json(groups=STAFF)
    distribution_analytic_account_ids = fields.Many2many(groups=STAFF)
    analytic_precision = fields.Integer(groups=STAFF)

    # === COMPUTE METHODS === #

    @api.depends("product_id", "bill_id.title")
    def _compute_name(self):
        for line in self:
            if line.product_id:
                product = line.product_id.with_context(
                    lang=line.bill_id.partner_id.lang
                )
                line.name = product.get_product_multiline_description_sale()
            elif not line.name:
                line.name = line.bill_id.title or ""

    @api.depends("product_id")
    def _compute_price_unit(self):
        for line in self:
            bill = line.bill_id
            if not line.product_id:
                line.price_unit = line.price_unit or 0.0
                continue
            line.price_unit = line.product_id._get_tax_included_unit_price(
                bill.company_id or self.env.company,
                bill.currency_id,
                bill.bill_date or fields.Date.context_today(bill),
                "sale",
                fiscal_position=bill.fiscal_position_id,
            )

    @api.depends("product_id", "bill_id.fiscal_position_id", "company_id")
    def _compute_tax_ids(self):
        for line in self:
            if not line.product_id:
                # Just a title and an amount: the amount is what is asked.
                line.tax_ids = line.tax_ids
                continue
            taxes = line.product_id.sudo().taxes_id._filter_taxes_by_company(
                line.bill_id.company_id or self.env.company
            )
            line.tax_ids = line.bill_id.fiscal_position_id.map_tax(taxes)

    @api.depends("product_id")
    def _compute_charge_kind(self):
        for line in self:
            known = line.product_id.charge_kind or line.charge_kind
            line.charge_kind = known or "goods"

    @api.depends("quantity", "price_unit", "tax_ids", "bill_id.currency_id")
    def _compute_amounts(self):
        AccountTax = self.env["account.tax"]
        for line in self:
            company = line.bill_id.company_id or self.env.company
            base_line = line._prepare_base_line()
            AccountTax._add_tax_details_in_base_line(base_line, company)
            AccountTax._round_base_lines_tax_details([base_line], company)
            details = base_line["tax_details"]
            line.price_subtotal = details["total_excluded_currency"]
            line.price_total = details["total_included_currency"]

    # === CONSTRAINT METHODS === #

    @api.constrains("tax_ids")
    def _check_tax_ids(self):
        for tax in self.tax_ids:
            if tax.type_tax_use != "sale":
                raise ValidationError(
                    self.env._("%s is not a tax on sales.", tax.display_name)
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_numbers(vals_list)
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        self._check_draft()
        self._check_numbers([vals])
        result = super().write(vals)
        if "bill_id" in vals:
            self._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        self._check_draft()

    # === BUSINESS METHODS === #

    def _prepare_base_line(self):
        """The line in the form that Odoo's tax computation takes."""
        self.ensure_one()
        return self.env["account.tax"]._prepare_base_line_for_taxes_computation(
            self,
            tax_ids=self.tax_ids,
            quantity=self.quantity,
            partner_id=self.bill_id.partner_id,
            currency_id=self.bill_id.currency_id or self.env.company.currency_id,
            name=self.name,
        )

    def _prepare_invoice_line_vals(self):
        """Values of the invoice line that this line becomes."""
        self.ensure_one()
        return {
            "sequence": self.sequence,
            "product_id": self.product_id.id,
            "name": self.name,
            "quantity": self.quantity,
            "price_unit": self.price_unit,
            "tax_ids": [fields.Command.set(self.tax_ids.ids)],
            **self._prepare_account_vals(),
            "kavi_charge_kind": self.charge_kind,
            # nothing said: the company's own distribution models apply
            **(
                {"analytic_distribution": self.analytic_distribution}
                if self.analytic_distribution
                else {}
            ),
        }

    # === HELPER METHODS === #

    def _prepare_account_vals(self):
        """The kind's account, where no product names one."""
        account = self.bill_id.kind_id.account_id
        return {"account_id": account.id} if account and not self.product_id else {}

    @api.model
    def _check_numbers(self, vals_list):
        """Before Odoo rounds what is no number."""
        found = find_bad_number(vals_list, ("price_unit", "quantity"))
        if found:
            raise UserError(
                self.env._(
                    "%(number)s is not an amount that can be billed.", number=found[1]
                )
            )

    def _check_draft(self):
        if self._is_act():
            return  # the act was allowed, and makes a new invoice
        issued = self.bill_id.filtered("name")
        if issued:
            raise UserError(
                self.env._(
                    "Bill %s is issued: what it charges for is fixed, for its invoice "
                    "is in the books. Cancel it and raise a new one instead.",
                    issued[0].name,
                )
            )
