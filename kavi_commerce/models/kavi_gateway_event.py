import json
import logging

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import mute_logger

from odoo.addons.payment_paypal.const import HANDLED_WEBHOOK_EVENTS
from odoo.addons.payment_paypal.controllers.main import PaypalController

from ..paypal.amounts import parse_amount
from ..paypal.exceptions import NoAnswer, RequestRejected
from ..paypal.redaction import redact_text

_logger = logging.getLogger(__name__)

# PayPal's outcome of a dispute that the seller has won.
WON = "RESOLVED_SELLER_FAVOUR"


class KaviGatewayEvent(models.Model):
    """An event of the gateway: verified, stored once, acknowledged, then processed.

    It is a hint only: what it is about is fetched from the gateway, so the order in
    which events come, and how often, makes no difference.
    """

    _name = "kavi.gateway.event"
    _description = "Gateway Event"
    _inherit = ["kavi.retry.mixin"]
    _order = "id desc"
    _rec_name = "event_type"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="provider_id.company_id", store=True, index=True
    )
    event_id = fields.Char(string="Event ID", required=True, readonly=True)
    event_type = fields.Char(string="Type", required=True, readonly=True, index=True)
    event_date = fields.Datetime(
        string="Happened", readonly=True, help="When the gateway made it."
    )
    create_date = fields.Datetime(string="Received")
    summary = fields.Char(readonly=True)
    payload = fields.Text(readonly=True, groups="base.group_system")
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, index="btree_not_null"
    )
    state = fields.Selection(
        [
            ("new", "To Do"),
            ("done", "Done"),
            ("ignored", "Not Ours"),
            ("failed", "Failed"),
        ],
        default="new",
        required=True,
        readonly=True,
        index=True,
    )
    next_try = fields.Datetime(index="btree_not_null")

    _event_uniq = models.UniqueIndex(
        "(provider_id, event_id)", "This event was received before."
    )

    # === ACTION METHODS === #

    def action_retry(self):
        """Process failed events again, now."""
        self.env["kavi.bill"]._check_role("administrator")
        self.check_access("read")
        again = self.sudo().filtered(
            lambda event: event.state in ("new", "failed") and event.payload
        )
        again.write({"state": "new", "tries": 0, "next_try": fields.Datetime.now()})
        self.env.ref("kavi_commerce.cron_events").sudo()._trigger()

    # === CRON METHODS === #

    @api.model
    def _cron_process(self):
        """Process stored events, oldest first; one that fails is tried again later."""
        due = self.sudo().search(
            Domain("state", "=", "new")
            & Domain("next_try", "<=", fields.Datetime.now()),
            order="id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for event in due:
            event._try_process()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    # === BUSINESS METHODS - RECEIVING === #

    @api.model
    def _receive(self, raw_body, headers):
        """Verify an event, and store it once.

        :param bytes raw_body: as it came, not parsed and written anew
        :param headers: the request's
        :return: "stored", "known" (received before), "refused" (not PayPal's) or
            "unavailable" (PayPal cannot be asked); nothing is changed by the last two
        """
        try:
            event = json.loads(raw_body)
            event_id, event_type = str(event["id"]), str(event["event_type"])
            resource = event.get("resource") or {}
        except (ValueError, TypeError, KeyError, AttributeError):
            return "refused"
        if not isinstance(resource, dict):
            return "refused"
        tx = self._find_transaction(event_type, resource)
        provider, answer = self._verify(raw_body, headers, tx)
        if not provider:
            return answer
        # delivered once for each webhook of the account, it is one event
        known = Domain("provider_id", "in", provider._get_paypal_siblings().ids)
        known &= Domain("event_id", "=", event_id)
        if self.sudo().search_count(known, limit=1):
            return "known"
        vals = {
            "provider_id": provider.id,
            "event_id": event_id,
            "event_type": event_type,
            "event_date": self._parse_date(event.get("create_time")),
            "summary": redact_text(str(event.get("summary") or ""))[:250],
            "payload": redact_text(raw_body.decode()),
            "transaction_id": tx.id,
            "next_try": fields.Datetime.now(),
        }
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                self.sudo().create(vals)
        except IntegrityError:
            return "known"  # the same one at the same moment
        self.env.ref("kavi_commerce.cron_events").sudo()._trigger()
        return "stored"

    @api.model
    def _verify(self, raw_body, headers, transaction):
        """Which provider an event was signed for.

        :param transaction: what it is about; none: any provider's event
        :return: (provider, "") or (nothing, "refused" or "unavailable")
        """
        candidates = transaction.provider_id or self.env[
            "payment.provider"
        ].sudo().search([("code", "=", "paypal"), ("paypal_webhook_id", "!=", False)])
        answer = "refused"
        # companies that share an account share its webhook
        webhooks = {}
        for candidate in candidates.sudo():
            for id_ in candidate._get_paypal_webhook_ids():
                webhooks.setdefault(id_, candidate)
        for id_, candidate in webhooks.items():
            try:
                # nothing of it is kept: it is not known yet whose it is
                client = candidate._get_paypal_client(transaction, is_kept=False)
                if client.verify_webhook(raw_body, headers, id_):
                    return candidate, ""
            except (NoAnswer, UserError):
                answer = "unavailable"
        return self.env["payment.provider"], answer

    @api.model
    def _parse_date(self, text):
        try:
            return fields.Datetime.to_datetime(str(text)[:19].replace("T", " "))
        except ValueError:
            return False

    @api.model
    def _is_ours(self, event_type, resource):
        """Whether an event goes into the inbox; the others are Odoo's own."""
        if event_type not in HANDLED_WEBHOOK_EVENTS:
            return True
        return bool(self._find_transaction(event_type, resource).kavi_line_ids)

    @api.model
    def _find_transaction(self, event_type, resource):
        """The transaction that an event is about: the charge, for a refund."""
        Transaction = self.env["payment.transaction"].sudo()
        ids = self._get_ids(event_type, resource)
        domains = [
            Domain(name, "in", ids[name])
            for name in ("paypal_capture_id", "paypal_authorization_id")
            if ids[name]
        ]
        for domain in domains:
            found = Transaction.search(
                domain & Domain("operation", "!=", "refund"), order="id", limit=1
            )
            if found:
                return found
        domain = Domain("paypal_order_id", "in", ids["paypal_order_id"])
        if ids["reference"]:
            domain |= Domain("reference", "in", ids["reference"])
        found = Transaction.search(
            domain & Domain("provider_code", "=", "paypal"), order="id", limit=1
        )
        if found.operation == "refund":
            return found.source_transaction_id
        return found

    @api.model
    def _get_ids(self, event_type, resource):
        """The ids in an event's resource, by the field that holds them."""
        found = {
            "paypal_order_id": [],
            "paypal_capture_id": [],
            "paypal_authorization_id": [],
            "reference": [],
        }
        related = (resource.get("supplementary_data") or {}).get("related_ids") or {}
        found["paypal_order_id"].append(related.get("order_id"))
        found["paypal_capture_id"].append(related.get("capture_id"))
        found["paypal_authorization_id"].append(related.get("authorization_id"))
        found["reference"] += [resource.get("custom_id"), resource.get("invoice_id")]
        for unit in resource.get("purchase_units") or ():
            found["reference"] += [unit.get("custom_id"), unit.get("reference_id")]
        for disputed in resource.get("disputed_transactions") or ():
            found["paypal_capture_id"].append(disputed.get("seller_transaction_id"))
            found["reference"].append(disputed.get("custom"))
        for link in resource.get("links") or ():
            if link.get("rel") == "up" and "/captures/" in link.get("href", ""):
                found["paypal_capture_id"].append(link["href"].rsplit("/", 1)[-1])
        if event_type.startswith("CHECKOUT."):
            found["paypal_order_id"].append(resource.get("id"))
        elif resource.get("id") and ".CAPTURE." in event_type:
            found["paypal_capture_id"].append(resource["id"])
        elif event_type.startswith("PAYMENT.AUTHORIZATION."):
            found["paypal_authorization_id"].append(resource.get("id"))
        return {name: [str(id_) for id_ in ids if id_] for name, ids in found.items()}

    # === BUSINESS METHODS - PROCESSING === #

    def _try_process(self):
        """Process one event; a failure is noted, and undoes what was not committed."""
        self.ensure_one()
        event = self.try_lock_for_update()
        if not event or event.state != "new":
            return  # another job processes it
        try:
            event._process()
        except Exception as error:
            self.env.cr.rollback()
            self.env.invalidate_all()
            if not isinstance(
                error, IntegrityError | OperationalError | UserError | NoAnswer
            ):
                _logger.exception("Event %s: not done", event.event_id)
            event._note_failure(error)

    def _note_failure(self, error):
        """Try again later; after the last time the administrators are told.

        :param Exception error: why it failed
        """
        text = redact_text(str(error))
        if isinstance(error, IntegrityError | OperationalError):
            text = self.env._("Somebody else was working on the same at that moment.")
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

    @api.model
    def _purge(self, company, before):
        """Remove what old events of a company say of payers."""
        self.sudo().search(
            Domain("company_id", "=", company.id)
            & Domain("create_date", "<", before)
            & Domain("state", "!=", "new")
            & Domain("payload", "!=", False)
        ).write({"payload": False, "summary": False})
