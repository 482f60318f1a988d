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
# of both of these undone, since the seller has won,
RESTORED = ("T1202", "T1205")
# of what PayPal charges for a charge-back or dispute, and of fees that it gave back.
FEES = ("T0106", "T0114")
FEES_BACK = ("T1108", "T1109")


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
                self._get_reported_domain(provider),
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
                self._find_unreported(last, rows, start, end)
        self._refresh_authorized()

    # === BUSINESS METHODS === #

    @api.model
    def _get_reported_domain(self, provider):
        """The transactions that a provider's report tells of: none of its tests, once
        it is live."""
        domain = Domain("provider_id", "=", provider.id)
        if provider.kavi_is_live:
            domain &= Domain("is_live", "=", True)
        return domain & Domain("kavi_line_ids", "!=", False)

    @api.model
    def _find_unreported(self, last, rows, start, end):
        """Tell of money that moved by our books, and not by the gateway's report, or by
        another amount.

        :param last: a transaction of the provider, in the mode that was asked about
        :param list rows: PayPal's ``transaction_info``, between ``start`` and ``end``
        """
        amounts = {row["transaction_id"]: row.get("transaction_amount") for row in rows}
        ours = self.search(
            Domain("provider_id", "=", last.provider_id.id)
            & Domain("kavi_line_ids", "!=", False)
            & Domain("state", "=", "done")
            & Domain("create_date", ">=", start)
            # the report may be some hours late
            & Domain("last_state_change", "<=", fields.Datetime.subtract(end, days=1))
        )
        for tx in ours:
            id_ = tx.paypal_refund_id or (
                tx.operation != "refund" and tx.paypal_capture_id
            )
            if not id_ or tx._is_charge_live() != last._is_charge_live():
                continue
            if id_ not in amounts:
                problem = self.env._(
                    "The books have it, and the gateway's report has no %s.", id_
                )
            elif money := amounts[id_]:
                money = {**money, "value": money["value"].lstrip("-")}
                problem = tx._get_money_problem(money, tx.amount)
            else:
                continue
            if problem:
                tx._kavi_alert_once(problem, tx._get_difference_summary(), problem)
        self._kavi_commit()

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
        ours = self._get_reported_domain(provider)
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
        is_final = row.get("transaction_status", "S") == "S"
        currency = row["transaction_amount"]["currency_code"]
        if is_final and currency == self.currency_id.name:
            if amount > 0 and code in RESTORED:
                self._process_restored(
                    row["transaction_id"],
                    amount,
                    self.env._("The gateway has decided in our favour."),
                )
            elif code in FEES + FEES_BACK and self.state == "done":
                self._process_dispute_fee(row["transaction_id"], -amount)
                return
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
