import json
import logging
import time

from werkzeug.exceptions import ServiceUnavailable

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.http import request

from ...paypal.client import TRANSMISSION_HEADERS
from ...paypal.event import one_line
from ...paypal.redaction import redact_text
from ...paypal.silence import PATIENCE, is_silent, note_silence

_logger = logging.getLogger(__name__)


class PaymentProvider(models.Model):
    """The webhook of an account, and the events of Odoo's own transactions."""

    _inherit = "payment.provider"

    # === BUSINESS METHODS === #

    def _get_paypal_siblings(self):
        """The providers, of whatever company, that share this one's PayPal account, and
        so its webhook; this one first.

        One that is disabled has been live or in test: it counts with both.

        :rtype: payment.provider, with superuser rights
        """
        self.ensure_one()
        provider = self.sudo()
        if not provider.paypal_client_id:
            return provider
        other = {"enabled": "test", "test": "enabled"}.get(provider.state)
        return provider | provider.with_context(active_test=False).search(
            [
                ("code", "=", "paypal"),
                ("paypal_client_id", "=", provider.paypal_client_id),
                ("state", "!=", other),
            ],
            order="id",
        )

    def _get_paypal_webhook_ids(self):
        """The ids that an event for this provider may be signed for, its own first.

        :rtype: list
        """
        ids = self._get_paypal_siblings().mapped("paypal_webhook_id")
        return list(dict.fromkeys(id_ for id_ in ids if id_))

    # === BUSINESS METHODS - EVENTS OF ODOO'S OWN TRANSACTIONS === #

    def _send_api_request(self, method, endpoint, *args, **kwargs):
        """Answer 503 when an event cannot be verified, so that PayPal sends it again:
        Odoo would go on without the check."""
        if self.code != "paypal" or not endpoint.endswith("verify-webhook-signature"):
            return super()._send_api_request(method, endpoint, *args, **kwargs)
        asked, started = kwargs.get("json") or {}, time.monotonic()
        if not all(asked.get(key) for key in TRANSMISSION_HEADERS):
            return {}  # not signed: PayPal need not be asked
        if is_silent():
            raise ServiceUnavailable()
        ids = self._get_paypal_webhook_ids() or [asked.get("webhook_id")]
        try:
            for id_ in ids:
                kwargs["json"] = {**asked, "webhook_id": id_}
                answer = super()._send_api_request(
                    method, endpoint, *args, **self._splice_raw_event(kwargs)
                )
                if answer.get("verification_status") == "SUCCESS":
                    break
        except ValidationError as error:
            if time.monotonic() - started > PATIENCE:
                note_silence()
            text = one_line(redact_text(str(error)))
            _logger.info("An event could not be verified: %s", text)
            raise ServiceUnavailable() from error
        return answer

    @api.model
    def _splice_raw_event(self, kwargs):
        """Put the event's bytes into the request as they came: PayPal's signature
        covers them, and JSON that is parsed and written anew may differ."""
        asked = kwargs.get("json")
        raw = request.httprequest.get_data(as_text=True) if request else ""
        try:
            is_event = bool(raw) and json.loads(raw) == asked["webhook_event"]
        except (ValueError, TypeError, KeyError):
            is_event = False
        if not is_event:
            return kwargs
        head = {key: value for key, value in asked.items() if key != "webhook_event"}
        body = f'{json.dumps(head)[:-1]}, "webhook_event": {raw}}}'
        return {**kwargs, "json": None, "data": body.encode()}
