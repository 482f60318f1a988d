import time

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import mute_logger

from odoo.addons.payment_paypal.const import HANDLED_WEBHOOK_EVENTS

from ...paypal.client import TRANSMISSION_HEADERS as HEADERS
from ...paypal.event import read_event
from ...paypal.exceptions import NoAnswer, Silence
from ...paypal.redaction import redact_text
from ...paypal.silence import PATIENCE, is_silent, note_silence

# Events that wait to be verified: those of one charge, and all. Anybody may have sent
# them; beyond this the gateway is asked to send them again.
MOST_OF_CHARGE = 5
MOST = 200


class KaviGatewayEvent(models.Model):
    """Events are verified as they come, and stored once."""

    _inherit = "kavi.gateway.event"

    # === BUSINESS METHODS === #

    @api.model
    def _receive(self, raw_body, headers):
        """Verify an event, and store it once.

        :param bytes raw_body: as it came, not parsed and written anew
        :param headers: the request's
        :return: "stored", "known" (received before), "refused" (not PayPal's) or
            "unavailable" (PayPal cannot be asked); nothing is changed by the last two
        """
        try:
            event = read_event(raw_body)
        except ValueError:
            return "refused"
        tx = self._find_transaction(event["event_type"], event["resource"])
        provider, answer = self._verify(raw_body, headers, tx)
        if answer == "silent":
            return self._set_aside(event, raw_body, headers, tx)
        if not provider:
            return answer
        if self._is_known(provider, event["id"]):
            return "known"
        vals = {
            **self._prepare_vals(provider, event, tx),
            **self._prepare_verified_vals(event, raw_body.decode()),
        }
        if not self._store(vals):
            return "known"  # the same one at the same moment
        return "stored"

    @api.model
    def _set_aside(self, event, raw_body, headers, transaction):
        """Keep an event that may be genuine until the gateway can be asked.

        Only one about a charge of bills, signed as the gateway signs, and few of them:
        anybody may have sent it.

        :param dict event: of :func:`read_event`
        :return: as :meth:`_receive`
        """
        provider = transaction.provider_id
        if not transaction.kavi_line_ids:
            return "unavailable"
        client = provider._get_paypal_client(transaction, is_kept=False)
        signature = client.get_signature(headers)
        if not signature:
            return "refused"
        if self._is_known(provider, event["id"]):
            return "known"
        waiting = Domain("state", "=", "unverified")
        of_charge = waiting & Domain("transaction_id", "=", transaction.id)
        Event = self.sudo()
        if (
            Event.search_count(of_charge, limit=MOST_OF_CHARGE) >= MOST_OF_CHARGE
            or Event.search_count(waiting, limit=MOST) >= MOST
        ):
            return "unavailable"
        vals = {
            **self._prepare_vals(provider, event, transaction),
            "state": "unverified",
            "raw_body": raw_body.decode(),
            "signature": signature,
        }
        self._store(vals)
        return "stored"

    @api.model
    def _verify(self, raw_body, headers, transaction, within=PATIENCE):
        """Which provider an event was signed for.

        :param transaction: what it is about; none: any provider's event
        :param within: seconds that this may take; ``None``: as long as PayPal may take
        :return: (provider, "") or (nothing, "refused", "unavailable" or "silent")
        """
        if within is not None and is_silent():
            return self.env["payment.provider"], "silent"
        candidates = transaction.provider_id or self.env[
            "payment.provider"
        ].sudo().search([("code", "=", "paypal"), ("paypal_webhook_id", "!=", False)])
        answer = "refused"
        # companies that share an account share its webhook
        webhooks = {}
        for candidate in candidates.sudo():
            for id_ in candidate._get_paypal_webhook_ids():
                webhooks.setdefault(id_, candidate)
        ends = within and time.monotonic() + within
        for id_, candidate in webhooks.items():
            left = ends and max(0.0, ends - time.monotonic())
            try:
                # nothing of it is kept: it is not known yet whose it is
                client = candidate._get_paypal_client(
                    transaction, is_kept=False, within=left
                )
                if client.verify_webhook(raw_body, headers, id_):
                    return candidate, ""
            except Silence:
                note_silence()
                answer = "silent"
                break
            except (NoAnswer, UserError):
                answer = "unavailable"
        return self.env["payment.provider"], answer

    def _verify_again(self):
        """Ask the gateway whether an event that was set aside is genuine, and go on
        with it if so; if not, it was nobody's.

        :return: the event, if it is to be processed
        :raise NoAnswer: while the gateway cannot be asked
        """
        self.ensure_one()
        raw_body, tx = self.raw_body.encode(), self.transaction_id
        names = {name: self.signature.get(key) for key, name in HEADERS.items()}
        provider, answer = self._verify(raw_body, names, tx, within=None)
        if answer in ("silent", "unavailable"):
            raise NoAnswer("PayPal did not say whether this event is genuine.")
        if not provider or self._is_known(provider, self.event_id):
            self.unlink()
            return self.browse()
        event = read_event(raw_body)
        self.write(
            {
                "state": "new",
                "provider_id": provider.id,
                "raw_body": False,
                "signature": False,
                **self._prepare_verified_vals(event, raw_body.decode()),
            }
        )
        return self

    # === HELPER METHODS === #

    @api.model
    def _is_known(self, provider, event_id):
        """Whether an event was received, and verified, before."""
        # delivered once for each webhook of the account, it is one event
        known = Domain("provider_id", "in", provider._get_paypal_siblings().ids)
        known &= Domain("event_id", "=", event_id)
        known &= Domain("state", "!=", "unverified")
        return bool(self.sudo().search_count(known, limit=1))

    @api.model
    def _store(self, vals):
        """:return: whether it was stored: it is not, where it is known already"""
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                self.sudo().create(vals)
        except IntegrityError:
            return False
        self.env.ref("kavi_commerce.cron_events").sudo()._trigger()
        return True

    @api.model
    def _prepare_vals(self, provider, event, transaction):
        return {
            "provider_id": provider.id,
            "event_id": event["id"],
            "event_type": event["event_type"],
            "event_date": self._parse_date(event.get("create_time")),
            "transaction_id": transaction.id,
            "next_try": fields.Datetime.now(),
        }

    @api.model
    def _prepare_verified_vals(self, event, text):
        """What is kept of an event that is the gateway's, without what must not be."""
        return {
            "summary": redact_text(event.get("summary") or "")[:250],
            "payload": redact_text(text),
        }

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
            href = link.get("href") or ""
            if link.get("rel") == "up" and "/captures/" in href:
                found["paypal_capture_id"].append(href.rsplit("/", 1)[-1])
        if event_type.startswith("CHECKOUT."):
            found["paypal_order_id"].append(resource.get("id"))
        elif resource.get("id") and ".CAPTURE." in event_type:
            found["paypal_capture_id"].append(resource["id"])
        elif event_type.startswith("PAYMENT.AUTHORIZATION."):
            found["paypal_authorization_id"].append(resource.get("id"))
        return {name: [str(id_) for id_ in ids if id_] for name, ids in found.items()}
