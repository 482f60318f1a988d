from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.kavi_billing_report.tools.columns import Column


class KaviPaymentReport(models.Model):
    """What was paid or refunded by card has the order that it belongs to."""

    _inherit = "kavi.payment.report"

    # not in the view: that would go with this addon's columns when it is uninstalled
    order_id = fields.Char(
        string="Order ID", compute="_compute_order_id", search="_search_order_id"
    )

    def _compute_order_id(self):
        events = self.filtered(lambda row: row.id < 0)
        for row in events:
            row.order_id = row.reference
        # sudo: whoever sees the report need not see journal items or transactions
        booked = self - events
        items = self.env["account.move.line"].sudo().browse(booked.ids)
        for row, item in zip(booked, items, strict=True):
            transaction = item.move_id.origin_payment_id.payment_transaction_id
            row.order_id = transaction.order_id

    def _search_order_id(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        path = "move_id.origin_payment_id.payment_transaction_id.order_id"
        # sudo: as above
        items = self.env["account.move.line"].sudo()
        return Domain("id", "in", items._search(Domain(path, operator, value))) | (
            Domain("id", "<", 0) & Domain("reference", operator, value)
        )

    @api.model
    def _get_report_columns(self):
        columns = super()._get_report_columns()
        return [*columns, Column(self.env._("Order ID"), "order_id", False)]
