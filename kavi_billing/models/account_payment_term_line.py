from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AccountPaymentTermLine(models.Model):
    _inherit = "account.payment.term.line"

    is_deposit = fields.Boolean(
        string="Deposit", help="Asked before anything else is done for the bill."
    )

    @api.constrains("value_amount", "nb_days", "delay_type")
    def _check_not_negative(self):
        for line in self:
            if line.value_amount < 0.0:
                raise ValidationError(
                    self.env._(
                        "%s: an instalment cannot be negative.", line.payment_id.name
                    )
                )
            if line.delay_type == "days_after" and line.nb_days < 0:
                raise ValidationError(
                    self.env._(
                        "%s: nothing is due before the bill is issued. Enter zero "
                        "days or more.",
                        line.payment_id.name,
                    )
                )
