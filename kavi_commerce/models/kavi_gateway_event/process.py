import json
import logging

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.payment_paypal.const import HANDLED_WEBHOOK_EVENTS
from odoo.addons.payment_paypal.controllers.main import PaypalController

from ...paypal.amounts import parse_amount
from ...paypal.event import one_line
from ...paypal.exceptions import NoAnswer, RequestRejected
from ...paypal.redaction import redact_text

_logger = logging.getLogger(__name__)

# PayPal's outcome of a dispute that the seller has won.
WON = "RESOLVED_SELLER_FAVOUR"


class KaviGatewayEvent(models.Model):
    """What an event tells is fetched from the gateway, and applied."""

    _inherit = "kavi.gateway.event"

    # === CRON METHODS === #

    @api.model
    def _cron_process(self):
        """Process stored events, oldest first; one that fails is tried again later."""
        due = self.sudo().search(
            Domain("state", "in", ("new", "unverified"))
            & Domain("next_try", "<=", fields.Datetime.now()),
            order="id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for event in due:
            event._try_process()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    # === BUSINESS METHODS === #

    def _try_process(self):
        """Process one event; a failure is noted, and undoes what was not committed."""
        self.ensure_one()
        event = self.try_lock_for_update()
        if not event or event.state not in ("new", "unverified"):
            return  # another job processes it
        try:
            if event.state == "unverified":
                event = event._verify_again()
            if event:
                event._process()
        except Exception as error:
            self.env.cr.rollback()
            self.env.invalidate_all()
            if not isinstance(
                error, IntegrityError | OperationalError | UserError | NoAnswer
            ):
                _logger.exception("Event %s: not done", one_line(event.event_id))
            self._note_failure(error)

    def _note_failure(self, error):
        """Try again later; after the last time the administrators are told.

        :param Exception error: why it failed
        """
        text = redact_text(str(error))
        if isinstance(error, IntegrityError | OperationalError):
            text = self.env._("Somebody else was working on the same at that moment.")
        if self.state == "unverified" and self._is_last_try():
            self.unlink()  # nobody knows whose it was; the report tells the rest
            return
        next_try = self._put_off(text)
        if next_try:
            self.env.ref("kavi_commerce.cron_events").sudo()._trigger(next_try)
        elif self.transaction_id:
            self.transaction_id._kavi_alert(
                self.env._("An event of the gateway could not be worked on"),
                f"{self.event_type}: {text}",
            )

    def _process(self):
        """Apply the event to its transaction; what that leads to is committed."""
        self.ensure_one()
        event = json.loads(self.payload or "{}")
        resource = event.get("resource") or {}
        tx = self.transaction_id or self._find_transaction(self.event_type, resource)
        if tx.kavi_line_ids and tx._is_outlived_test():
            state = "ignored"  # tests are over: what they did moves nothing
        elif tx.kavi_line_ids:
            tx._record_gateway_message(
                "received", self.env._("Event %s", self.event_type)
            )
            self._process_charge_event(tx, resource)
            state = "done"
        elif tx and self.event_type in HANDLED_WEBHOOK_EVENTS:
            data = PaypalController()._normalize_paypal_data(
                resource, from_webhook=True
            )
            tx._process("paypal", data)
            state = "done"
        else:
            state = "ignored"
        self.write(
            {
                "state": state,
                "transaction_id": tx.id,
                # the company's whose payment it is about, of those with that account
                "provider_id": (tx.provider_id or self.provider_id).id,
                "next_try": False,
                "error": False,
            }
        )

    def _process_charge_event(self, tx, resource):
        """Apply an event about a charge of bills."""
        kind = self.event_type
        if kind in ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED") or (
            kind.startswith("PAYMENT.REFUND.")
        ):
            self._process_refund_event(tx, resource)
        elif kind.startswith("CUSTOMER.DISPUTE."):
            self._process_dispute_event(tx, resource)
        elif kind.startswith("PAYMENT.CAPTURE."):
            capture = self._fetch_resource(tx, "get_capture", resource)
            with tx._kavi_turn(with_bills=True):
                tx._find_transaction_of_capture(capture)._paypal_apply_capture(capture)
                tx._commit_and_post_process()
        else:
            tx._refresh_from_gateway()

    def _fetch_resource(self, tx, call, resource):
        """What the event is about, as it is at the gateway now; as the event has it
        where the gateway refuses to show it.

        :param str call: the method of the client that fetches it
        """
        try:
            return getattr(tx._get_paypal_client(), call)(resource["id"])
        except RequestRejected:
            return resource

    def _process_refund_event(self, tx, resource):
        """Apply an event about money that went back.

        :raise UserError: while the charge is not known: it is tried again
        """
        if tx.state != "done":
            # the charge before its refund, in whatever order the events came
            tx._refresh_from_gateway(again=True)
            if tx.state != "done":
                raise UserError(
                    self.env._("The charge that this refunds is not known yet.")
                )
        refund = self._fetch_resource(tx, "get_refund", resource)
        reason = self.env._("Charged back by the payer's bank or the gateway.")
        with tx._kavi_turn(with_bills=True):
            if self.event_type == "PAYMENT.CAPTURE.REVERSED":
                tx._process_chargeback(refund, reason)
            else:
                tx._process_gateway_refund(refund)

    def _process_dispute_event(self, tx, resource):
        """Tell the administrators of a dispute, once for each of its states."""
        outcome = (resource.get("dispute_outcome") or {}).get("outcome_code")
        status = outcome or resource.get("status") or ""
        if tx.dispute_state == status:
            return
        with tx._kavi_turn():
            tx.dispute_state = status
        money = resource.get("dispute_amount") or {}
        label = f"{resource.get('dispute_id') or ''}: {status}"
        tx._record_money_event_of("dispute", money, label)
        tx._kavi_alert(
            self.env._("Dispute at the gateway"),
            self.env._(
                "%(id)s over %(value)s %(currency)s: %(reason)s, %(status)s. Answer it "
                "on the gateway's site.",
                id=resource.get("dispute_id") or "",
                value=money.get("value") or "?",
                currency=money.get("currency_code") or "",
                reason=resource.get("reason") or "",
                status=status,
            ),
        )
        is_ours = money.get("currency_code") == tx.currency_id.name
        if outcome == WON and is_ours and tx.state == "done":
            # what was charged back, if anything was, is there again
            tx._process_restored(
                resource.get("dispute_id") or self.event_id,
                float(parse_amount(money)[0]),
                self.env._("The dispute was decided in our favour."),
            )
