import logging

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...paypal.amounts import parse_amount
from ...paypal.exceptions import NoAnswer, RequestRejected

_logger = logging.getLogger(__name__)

# PayPal's event codes of refunds by the seller,
REFUNDS = ("T1107",)
# of reversals by PayPal and charge-backs by the payer's bank,
REVERSALS = ("T1106", "T1201")
# and of both of these undone, since the seller has won.
RESTORED = ("T1202", "T1205")


class PaymentTransaction(models.Model):
    """Finds in PayPal's own report of movements what no event has told."""

    _inherit = "payment.transaction"

    # === CRON METHODS === #

    @api.model
    def _cron_compare_report(self, days=3):
        """Compare PayPal's report of the last days with the transactions.

        Each day is read several times, for the report may be some hours late. Of our
        payments, whatever it has and we don't is fetched.

        :param int days: how far to go back behind the last report that was read
        """
        providers = self.env["payment.provider"].sudo()
        end = fields.Datetime.now()
        # also one that is disabled: what it has charged may be charged back
        for provider in providers.search([("code", "=", "paypal")]):
            last = self.search(
                Domain("provider_id", "=", provider.id)
                & Domain("kavi_line_ids", "!=", False),
                order="id desc",
                limit=1,
            )
            if not last:
                continue
            # from where it was read last, if PayPal had none for a while
            start = fields.Datetime.subtract(
                min(provider.kavi_report_date or end, end), days=days
            )
            try:
                client = provider._get_paypal_client(last, is_kept=False)
                rows = list(client.list_transactions(start, end))
            except (RequestRejected, NoAnswer, UserError) as error:
                _logger.info("No report from %s: %s", provider.name, error)
                continue
            if all([self._process_report_row(provider, row) for row in rows]):
                provider.kavi_report_date = end
                self._kavi_commit()
        self._refresh_authorized()

    # === BUSINESS METHODS === #

    @api.model
    def _refresh_authorized(self):
        """Refresh what waits to be captured by hand: it may have expired."""
        waiting = self.search(
            Domain("state", "=", "authorized") & Domain("kavi_line_ids", "!=", False)
        )
        for tx in waiting:
            tx._try_refresh_from_gateway()

    @api.model
    def _process_report_row(self, provider, row):
        """Apply one row of the report, if it is of our payments and not known yet.

        :param dict row: PayPal's ``transaction_info``
        :return: whether that is done; if not, it has to be read again
        """
        try:
            tx = self._find_reported_charge(provider, row)
            if tx:
                tx._process_reported_movement(row)
            self._kavi_commit()
        except (IntegrityError, OperationalError):
            # somebody else works on the same; read again tomorrow
            self._rollback_to_known_state()
            return False
        except Exception:
            self._rollback_to_known_state()
            _logger.exception("A line of the report: %s", row.get("transaction_id"))
            return False
        return True

    @api.model
    def _find_reported_charge(self, provider, row):
        """The charge that a row of the report belongs to; empty when it is known."""
        id_ = row.get("transaction_id")
        ours = Domain("provider_id", "=", provider.id) & Domain(
            "kavi_line_ids", "!=", False
        )
        known = self.search(
            ours
            & (
                Domain("paypal_capture_id", "=", id_)
                | Domain("paypal_refund_id", "=", id_)
            ),
            limit=1,
        )
        if known:
            # canceled or refused, and yet in the report: the money has moved
            is_known = known._is_resolved() and known.state == "done"
            return self.browse() if is_known else known
        up = row.get("paypal_reference_id")
        names = [
            name for name in (row.get("custom_field"), row.get("invoice_id")) if name
        ]
        return self.search(
            ours
            & Domain("operation", "!=", "refund")
            & (
                (
                    Domain("paypal_capture_id", "=", up)
                    & Domain("paypal_capture_id", "!=", False)
                )
                | (
                    Domain("paypal_order_id", "=", up)
                    & Domain("paypal_order_id", "!=", False)
                )
                | Domain("reference", "in", names)
            ),
            limit=1,
        )

    def _process_reported_movement(self, row):
        """Apply a charge, refund or reversal that only the report has told."""
        self.ensure_one()
        code = row.get("transaction_event_code") or ""
        amount = float(parse_amount(row["transaction_amount"])[0])
        if amount > 0 or self.state != "done":
            self._refresh_from_gateway(again=True)
        if amount > 0 and code in RESTORED:
            self._kavi_alert_once(
                row["transaction_id"],
                self.env._("A payment that was charged back has come in again"),
                self.env._(
                    "%(amount)s by %(id)s. Complete the payment of the bill by hand.",
                    amount=self.currency_id.format(amount),
                    id=row["transaction_id"],
                ),
            )
        if (
            amount >= 0
            or self.state != "done"
            or row.get("transaction_status", "S") != "S"
            or self.paypal_refund_id == row["transaction_id"]
        ):
            return
        try:
            refund = self._get_paypal_client().get_refund(row["transaction_id"])
        except NoAnswer:
            return  # read again tomorrow
        except RequestRejected:
            if code not in REVERSALS + REFUNDS:
                return  # a fee, or held while a dispute is looked at
            # PayPal has no refund of a charge-back: what the report says counts
            refund = self._get_reported_refund(row)
        reason = self.env._("Charged back by the payer's bank or the gateway.")
        with self._kavi_turn():
            if code in REVERSALS:
                self._process_chargeback(refund, reason)
            else:
                self._process_gateway_refund(refund)

    def _get_reported_refund(self, row):
        """A row of the report in the shape of PayPal's refunds."""
        money = row["transaction_amount"]
        return {
            "id": row["transaction_id"],
            "status": "COMPLETED",
            "custom_id": row.get("custom_field"),
            "amount": {**money, "value": money["value"].lstrip("-")},
        }
