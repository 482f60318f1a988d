from odoo import fields, models


class ResCompany(models.Model):
    """How a company gives credits (BB-14)."""

    _inherit = "res.company"

    billing_credit_product_id = fields.Many2one(
        "product.product",
        string="Credit Product",
        check_company=True,
        help="Names the account and the taxes of credits. Empty: the account of the "
        "sales journal, no taxes.",
    )
    billing_apply_credits_automatically = fields.Boolean(
        string="Apply Credits Automatically",
        help="What an account has in its favour settles its bills by itself, oldest "
        "due first.",
    )
    billing_credit_sequence_id = fields.Many2one(
        "ir.sequence", string="Credit Sequence", readonly=True, copy=False
    )

    def _prepare_billing(self):
        result = super()._prepare_billing()
        self._prepare_credit_sequences()
        return result

    def _prepare_credit_sequences(self):
        for company in self.sudo():
            if not company.billing_credit_sequence_id:
                company.billing_credit_sequence_id = company.env["ir.sequence"].create(
                    {
                        "name": self.env._("Credits of %s", company.name),
                        "code": "kavi.credit",
                        "company_id": company.id,
                        "implementation": "standard",
                        "prefix": "CR-%(year)s-",
                        "padding": 5,
                    }
                )

    def _next_credit_names(self, dates):
        """Draw numbers for credits. None is given twice; a rollback leaves a gap.

        :param list dates: the date of each credit
        :return: list of str, one for each date
        """
        self.ensure_one()
        self._prepare_credit_sequences()
        sequence = self.sudo().billing_credit_sequence_id  # the guard was asked before
        return [
            sequence.with_context(ir_sequence_date=date).next_by_id(sequence_date=date)
            for date in dates
        ]
