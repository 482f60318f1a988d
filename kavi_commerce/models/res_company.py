from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import plaintext2html

from odoo.addons.kavi_billing.tools.context import Private, private_value


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

    # === CRUD METHODS === #

    def write(self, vals):
        if "billing_gateway_purge_months" not in vals:
            return super().write(vals)
        months = int(vals["billing_gateway_purge_months"] or 0)
        changed = self.filtered(
            lambda company: company.billing_gateway_purge_months != months
        )
        agreed = private_value(self.env.context, "kavi_freeze_agreed", False)
        if not agreed:
            changed._check_purge_months(months)
        result = super().write(vals)
        changed._restart_purge(agreed)
        return result

    # === BUSINESS METHODS === #

    def _set_purge_months(self, months, agreed=False):
        """Set after how many months transactions are purged.

        :param bool agreed: somebody has read how many bills freeze at once
        :raise UserError: with their number, when nobody has
        """
        company = self.with_context(kavi_freeze_agreed=Private(agreed))
        company.billing_gateway_purge_months = months

    def _count_freezing(self, months):
        """How many bills of this company would freeze at once with so many months.

        None unless that is sooner than now.
        """
        self.ensure_one()
        now = self.billing_gateway_purge_months
        if months <= 0 or (now and months >= now):
            return 0
        Transaction = self.env["payment.transaction"].sudo()
        old = Transaction._find_purgeable(self, Transaction._get_purge_limit(months))
        return len(old._get_freezing_bills())

    def _check_purge_months(self, months):
        """Refuse to freeze bills at once unless somebody agrees: it cannot be undone.

        :raise UserError: with the number of bills
        """
        for company in self:
            count = company._count_freezing(months)
            if count:
                raise UserError(
                    self.env._(
                        "After %(months)s months, %(count)s bills of %(company)s would "
                        "freeze at once, for good. Agree to that under Billing → "
                        "Configuration → Settings, or enter more months.",
                        months=months,
                        count=count,
                        company=company.name,
                    )
                )

    def _restart_purge(self, agreed):
        """Whoever was told of a purge was told with other months: that counts no more.

        :param bool agreed: what is old enough now goes with the next run
        """
        Transaction = self.env["payment.transaction"].sudo()
        for company in self:
            Transaction._get_announced(company).purge_date = False
            months = company.billing_gateway_purge_months
            if agreed and months:
                limit = Transaction._get_purge_limit(months)
                old = Transaction._find_purgeable(company, limit)
                old.purge_date = company._billing_today()

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
