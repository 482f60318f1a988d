from odoo import api, models

from odoo.addons.kavi_billing_report.tools.columns import Column


class PaymentTransaction(models.Model):
    """The list of transactions as a report: downloaded and printed like the others."""

    _name = "payment.transaction"
    _inherit = ["payment.transaction", "kavi.report.mixin"]

    @api.model
    def _get_report_columns(self):
        return [
            Column(self.env._("Created"), "create_date"),
            Column(self.env._("Order ID"), "order_id"),
            Column(self.env._("Reference"), "reference"),
            Column(self.env._("Return Of"), "source_transaction_id.reference", False),
            Column(self.env._("Account"), "partner_id.name"),
            Column(self.env._("Gateway"), "provider_code", False),
            Column(self.env._("Gateway ID"), "provider_reference", False),
            Column(self.env._("Card Holder"), "payer_name", False),
            Column(self.env._("Last Digits"), "card_last_digits", False),
            Column(self.env._("Currency"), "currency_id.name"),
            Column(self.env._("Amount"), "amount"),
            Column(self.env._("Gateway Fee"), "gateway_fee", False),
            Column(self.env._("Gateway Status"), "kavi_state"),
            Column(self.env._("Company"), "company_id.name", False),
        ]
