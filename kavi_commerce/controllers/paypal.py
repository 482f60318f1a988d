import logging
import re

from werkzeug.exceptions import abort

from odoo import http
from odoo.exceptions import UserError
from odoo.http import Response, request

from odoo.addons.payment_paypal.controllers.main import PaypalController

from ..paypal.event import MAX_BODY, check_order, one_line, read_event

_logger = logging.getLogger(__name__)

# How PayPal spells its ids, and longer than any of them.
ORDER_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
STATUS = {"stored": 200, "known": 200, "refused": 403, "unavailable": 503}


class KaviPaypalController(PaypalController):
    """Events and returns of PayPal. Only the server takes money, and only when asked
    here or by the scheduled job."""

    @http.route(max_content_length=MAX_BODY)
    def paypal_webhook(self):
        """Bills' events go to the inbox; all others stay Odoo's, checked or refused.

        Whoever may have written the body: it is read within bounds, and nothing more is
        done with it before it is verified.
        """
        raw = request.httprequest.get_data()
        Event = request.env["kavi.gateway.event"].sudo()
        try:
            event = read_event(raw)
            is_ours = Event._is_ours(event["event_type"], event["resource"])
            if not is_ours:
                check_order(event)
        except ValueError as error:
            _logger.info("An event was refused: %s", one_line(error))
            return request.make_json_response("", status=400)
        if not is_ours:
            return super().paypal_webhook()
        answer = Event._receive(raw, request.httprequest.headers)
        if answer in ("refused", "unavailable"):
            _logger.info("An event of type %s was %s", event["event_type"], answer)
        return request.make_json_response("", status=STATUS[answer])

    @http.route()
    def paypal_complete_order(self, order_id=None, reference=None):
        """The payer approved in PayPal's buttons: bills are captured by us."""
        if not isinstance(order_id, str) or not isinstance(reference, str):
            self._refuse()
        tx = (
            request.env["payment.transaction"]
            .sudo()
            .search([("reference", "=", reference), ("kavi_line_ids", "!=", False)])
        )
        if not tx:
            if not ORDER_ID.fullmatch(order_id):
                self._refuse()  # Odoo puts it into the path of its request
            return super().paypal_complete_order(order_id, reference)
        if tx.paypal_order_id == order_id:
            self._settle(tx)
            tx._kavi_note_return()
        return None

    @http.route(
        "/kavi/paypal/return",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def kavi_paypal_return(self, token=None, return_key=None, **kwargs):
        """The payer comes back from PayPal's page, having approved."""
        tx = self._find_returning(token, return_key)
        if not tx:
            return self._answer_unknown()
        self._settle(tx)
        tx._kavi_note_return()
        return request.redirect(tx._get_landing_page())

    @http.route(
        "/kavi/paypal/cancel",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def kavi_paypal_cancel(self, token=None, return_key=None, **kwargs):
        """The payer turned back at PayPal's page: nothing is charged."""
        tx = self._find_returning(token, return_key)
        if not tx:
            return self._answer_unknown()
        try:
            tx._kavi_cancel_checkout()
        except UserError as error:
            _logger.info("Turning back of %s: %s", tx.reference, error)
        return request.redirect(tx._get_landing_page())

    def _refuse(self):
        """400, for what no script of PayPal's or ours sends. As Odoo does it: its own
        answer to an error of such a route is 200, with a traceback."""
        abort(Response("Invalid order", status=400))

    def _settle(self, tx):
        try:
            tx._paypal_process_order()
        except UserError as error:
            # another request works on it: the page shows the outcome
            _logger.info("Return of %s: %s", tx.reference, error)
            tx._kavi_see_anew()
            if not tx._is_resolved():
                tx._look_soon()

    def _find_returning(self, token, key):
        """The attempt of who comes back. Its order id stands in messages, mails and
        logs, and opens nothing; the key is in the payer's browser only."""
        # sudo: nothing is shown of it, nor done, before the key fits
        txs = request.env["payment.transaction"].sudo()
        if not isinstance(token, str) or not ORDER_ID.fullmatch(token):
            return txs
        tx = txs.search(
            [("paypal_order_id", "=", token), ("kavi_line_ids", "!=", False)], limit=1
        )
        return tx if tx and tx._is_return_key(key) else txs

    def _answer_unknown(self):
        """A page that says what to do, for an address that opens nothing."""
        return request.render("kavi_commerce.portal_card_unknown")
