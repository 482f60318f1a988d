from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.const import FEE_OCCASIONS


class KaviMembershipFee(models.Model):
    """What a type costs on an occasion, from a day on (KM-14)."""

    _name = "kavi.membership.fee"
    _inherit = ["kavi.protected.mixin"]
    _description = "Membership Fee"
    _order = "type_id, occasion, date_from desc nulls last, id desc"
    _rec_name = "occasion"
    _check_company_auto = True

    type_id = fields.Many2one(
        "kavi.membership.type", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="type_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    occasion = fields.Selection(FEE_OCCASIONS, required=True, default="new")
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until")
    amount = fields.Monetary(required=True)
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        help="Its income account and taxes apply. Empty: as the bill kind says.",
    )

    _amount_fits = models.Constraint("CHECK(amount >= 0)", "A fee is zero or more.")
    _dates_fit = models.Constraint(
        "CHECK(date_from IS NULL OR date_to IS NULL OR date_from <= date_to)",
        "A fee ends on the day on which it starts, or later.",
    )

    @api.constrains("amount")
    def _check_amount(self):
        for fee in self:
            if fee.amount != fee.amount or abs(fee.amount) > 1e12:
                raise ValidationError(self.env._("Enter an amount of money."))
