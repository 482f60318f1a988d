from odoo import fields, models


class KaviBillKind(models.Model):
    _name = "kavi.bill.kind"
    _description = "Bill Kind"
    _order = "sequence, name"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: offered in every company."
    )
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        help="What a bill of this kind charges for when it is raised with just an "
        "amount; its income account and taxes apply.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _name_company_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), (name->>'en_US'))",
        "A bill kind of this name is there already.",
    )
