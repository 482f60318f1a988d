from odoo import api, models

from odoo.addons.kavi_billing.tools.bill_rules import STATES

from ..tools.columns import Column


class KaviBill(models.Model):
    """Bill Data: each field of a bill under its name in Kavi Billing (KB-66).

    Each row adds up: the total, less paid, credited and not owed, is due; paid, less
    refunded, is retained.
    """

    _name = "kavi.bill"
    _inherit = ["kavi.bill", "kavi.report.mixin"]

    @api.model
    def _get_report_label(self, column):
        return self._get_field_label(column)

    @api.model
    def _get_report_columns(self):
        return [
            Column("bill_id", "name"),
            Column("account", "partner_id.name"),
            Column("bill", "title"),
            Column("bill_state", "state"),
            Column("bill_date", "bill_date"),
            Column("due_date", "due_date"),
            Column("description", "description", False),
            Column("currency", "currency_id.name"),
            Column("total", "amount_total"),
            Column("payment_surcharge", "payment_surcharge", False),
            Column("amount_paid", "amount_paid"),
            Column("amount_credited", "amount_credited"),
            Column("amount_not_owed", "amount_idle"),
            Column("amount_due", "amount_due"),
            Column("refund_amount", "refund_amount"),
            Column("amount_retained", "amount_retained"),
            Column("payment_type", "payment_method_id.name", False),
            Column("payment_number", "payment_number", False),
            Column("payment_date", "payment_date", False),
            Column("refund_date", "refund_date", False),
            Column("cancel_date", "cancel_date", False),
            Column("invoice_number", "invoice_number", False),
            Column("purchase_order", "purchase_order", False),
            Column("kind", "kind_id.name", False),
            Column("created_by", "created_by", False),
            Column("item_key", "item_key", False),
            Column("company", "company_id.name", False),
        ]

    @api.model
    def _get_report_totals(self, domain, columns):
        totals = super()._get_report_totals(domain, columns)
        for currency, sums in totals.items():
            # not stored, but it is what is left of the others
            sums["amount_idle"] = currency.round(
                sums["amount_total"]
                - sums["amount_paid"]
                - sums["amount_credited"]
                - sums["amount_due"]
            )
        return totals

    @api.model
    def _get_report_converter(self, model, field):
        if field.name == "state" and model._name == self._name:
            # as the original writes it, for the programs that read the file
            return lambda _record, value: STATES[value]
        return super()._get_report_converter(model, field)
