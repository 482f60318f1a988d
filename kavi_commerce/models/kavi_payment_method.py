from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError


class KaviPaymentMethod(models.Model):
    """Card payment: the one automatic method of a company (KB-50)."""

    _inherit = "kavi.payment.method"

    kind = fields.Selection(
        selection_add=[("card", "Card (Automatic)")],
        ondelete={"card": lambda methods: methods._archive_as_manual()},
    )

    # === BUSINESS METHODS === #

    @api.model
    def _get_card_method(self, company, required=False):
        """The company's card method.

        :param bool required: also when it is archived: money has come by it
        :rtype: kavi.payment.method
        """
        methods = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [("company_id", "=", company.id), ("kind", "=", "card")],
                order="active desc, id",
            )
        )
        if not required:
            methods = methods.filtered("active")
        if required and not methods:
            raise UserError(
                self.env._(
                    "%s has no card payment method to book card payments by. Add one "
                    "under Billing → Configuration → Payment Methods.",
                    company.name,
                )
            )
        return methods[:1].with_env(self.env)

    @api.model
    def _create_card_methods(self, companies):
        """Give each company its card method, once."""
        served = (
            self.with_context(active_test=False)
            .search([("company_id", "in", companies.ids), ("kind", "!=", "manual")])
            .company_id
        )
        self._as_act()._load_records(
            [
                {
                    "xml_id": f"kavi_commerce.{company.id}_payment_method_card",
                    "noupdate": True,
                    "values": {
                        "name": self.env._("Credit Card"),
                        "kind": "card",
                        "company_id": company.id,
                        "sequence": 40,
                        "instructions": Markup("<p>%s</p>")
                        % self.env._(
                            "Pay online, on the page of the bill: the link is in our "
                            "mail."
                        ),
                    },
                }
                for company in companies - served
            ]
        )

    @api.model
    def _remove_card_methods(self):
        """Delete all card methods; those that bills or payments name are archived.

        They are manual ones from now on: nothing is paid by them automatically.
        """
        methods = self.sudo().with_context(active_test=False)
        methods = methods.search([("kind", "=", "card")])
        payments = self.env["account.payment"].sudo()
        payments = payments.search([("kavi_method_id", "in", methods.ids)])
        used = methods._get_used() | payments.kavi_method_id
        used._archive_as_manual()
        (methods - used).unlink()

    def _archive_as_manual(self):
        self.write({"kind": "manual", "active": False})

    def _get_journal(self):
        # where the provider's money is booked, unless the method says otherwise
        if self.kind == "card" and not self.sudo().journal_id:
            provider = self.env["payment.provider"].sudo()
            provider = provider._get_of_company(self.company_id)
            if provider.journal_id:
                return provider.journal_id
        return super()._get_journal()
