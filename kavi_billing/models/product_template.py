from odoo import fields, models

from ..tools.instalments import CHARGES


class ProductTemplate(models.Model):
    _inherit = "product.template"

    charge_kind = fields.Selection(
        list(CHARGES.items()),
        string="Kind of Charge",
        default="goods",
        required=True,
        help="Payment terms may collect shipping and fees with the first or the last "
        "instalment of a bill.",
    )
