from odoo import models

from ...paypal.amounts import parse_amount


class PaymentTransaction(models.Model):
    """What the register of payments has of transactions that left no entry (BB-15)."""

    _inherit = "payment.transaction"

    # === BUSINESS METHODS === #

    def _record_failures(self, label):
        """Charges that failed, and returns that did."""
        returns = self.filtered(lambda tx: tx.operation == "refund")
        returns._record_money_event("failed_return", label)
        (self - returns)._record_money_event("failed_charge", label)

    def _record_money_event(self, kind, label=None):
        """Record an event of each bill of these transactions."""
        for line in self.kavi_line_ids:
            self.env["kavi.money.event"]._record(
                kind,
                line.bill_id,
                line.total,
                reference=line.transaction_id.order_id,
                label=label or line.transaction_id.state_message,
            )

    def _record_money_event_of(self, kind, money, label):
        """Record an event over an amount of the gateway's, with the first bill.

        :param dict money: in PayPal's shape
        """
        amount, currency = 0.0, self.currency_id
        if money:
            value, code = parse_amount(money)
            found = self.env["res.currency"].with_context(active_test=False)
            found = found.search([("name", "=", code)], limit=1)
            amount, currency = float(value), found or currency
        self.env["kavi.money.event"]._record(
            kind,
            self.bill_ids[:1],
            amount,
            reference=self.order_id,
            label=label,
            currency=currency,
        )

    def _alert_of_unasked_charge(self, capture, summary, note):
        """Tell the administrators, once, of a capture that nobody has asked for."""
        if self._kavi_alert_once(capture["id"], summary, note):
            self._record_money_event_of("unasked_charge", capture.get("amount"), note)

    # === HELPER METHODS === #

    def _is_void(self):
        """Whether canceling this gives up money that was authorized, or asked for."""
        if self.authorization_act == "void":
            return True
        return self.state in ("pending", "authorized") and self._is_awaited()
