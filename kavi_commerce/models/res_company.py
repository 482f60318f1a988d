from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import plaintext2html


class ResCompany(models.Model):
    _inherit = "res.company"

    billing_gateway_fee_account_id = fields.Many2one(
        "account.account",
        string="Gateway Fee Account",
        check_company=True,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost'))]",
        help="What the gateway keeps of each payment is booked here, so that what it "
        "pays out matches the bank. Empty: the fee is only shown.",
    )
    billing_gateway_alert_email = fields.Char(
        string="Gateway Alert Email",
        help="Told of card payments that need a person. Empty: the administrative "
        "address of billing.",
    )
    billing_gateway_collect_email = fields.Boolean(
        string="Collect Email Address",
        help="The payer's e-mail address is asked for before card payment.",
    )
    billing_gateway_purge_months = fields.Integer(
        string="Purge Transactions After",
        default=18,
        help="Months without any change after which a transaction loses what "
        "identifies payer and card, and its bill is frozen. 0: never.",
    )

    @api.constrains("billing_gateway_purge_months")
    def _check_billing_gateway_purge_months(self):
        for company in self:
            if company.billing_gateway_purge_months < 0:
                raise ValidationError(
                    self.env._("Transactions are purged after so many months, or 0.")
                )

    def _prepare_billing(self):
        result = super()._prepare_billing()
        self._prepare_commerce()
        return result

    def _prepare_commerce(self):
        """Give companies what card payment needs: its method."""
        self.env["kavi.payment.method"].sudo()._create_card_methods(self)

    def _mail_gateway_alert(self, subject, body):
        """Mail what a person should look at to whom it is meant for (KC-32)."""
        self.ensure_one()
        company = self.sudo()
        address = company.billing_gateway_alert_email or company.billing_email_from
        if not address:
            return
        self.env["mail.mail"].sudo().create(
            {
                "subject": subject,
                "body_html": plaintext2html(body),
                "email_to": address,
                "email_from": company.billing_email_from or company.email_formatted,
                "auto_delete": True,
            }
        )
