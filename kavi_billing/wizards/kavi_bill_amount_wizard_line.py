from odoo import api, fields, models
from odoo.fields import Command

from ..tools.instalments import CHARGES


class KaviBillAmountWizardLine(models.TransientModel):
    _name = "kavi.bill.amount.wizard.line"
    _description = "Line Of A Bill Whose Amount Is Changed"
    _inherit = ["kavi.window.mixin", "analytic.mixin"]
    _order = "sequence, id"
    # companies are checked on the bill's lines, which are made of these

    wizard_id = fields.Many2one(
        "kavi.bill.amount.wizard", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="wizard_id.company_id")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product", check_company=True, domain="[('sale_ok', '=', True)]"
    )
    name = fields.Text(string="Description", required=True)
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    price_unit = fields.Float(
        string="Price", required=True, min_display_digits="Product Price"
    )
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        check_company=True,
        domain="[('type_tax_use', '=', 'sale')]",
    )
    charge_kind = fields.Selection(
        list(CHARGES.items()), string="Kind of Charge", default="goods", required=True
    )
    price_subtotal = fields.Monetary(
        string="Untaxed", compute="_compute_price_subtotal"
    )

    @api.depends("quantity", "price_unit", "tax_ids")
    def _compute_price_subtotal(self):
        for line in self:
            draft = line.wizard_id._get_draft([line._copy_vals(line)])
            line.price_subtotal = draft.line_ids.price_subtotal

    @api.onchange("product_id")
    def _onchange_product_id(self):
        """A product brings its text, price and taxes, as on a new bill."""
        if self.product_id:
            draft = self.wizard_id._get_draft([{"product_id": self.product_id.id}])
            self.name = draft.line_ids.name
            self.price_unit = draft.line_ids.price_unit
            self.tax_ids = draft.line_ids.tax_ids
            self.charge_kind = draft.line_ids.charge_kind

    @api.model
    def _copy_vals(self, line):
        """Values of a line like this one: of a bill or of the wizard, for the other."""
        return {
            "sequence": line.sequence,
            "product_id": line.product_id.id,
            "name": line.name or "",
            "quantity": line.quantity,
            "price_unit": line.price_unit,
            "tax_ids": [Command.set(line.tax_ids.ids)],
            "charge_kind": line.charge_kind,
            "analytic_distribution": line.analytic_distribution,
        }
