import hmac
import logging
from urllib.parse import urlencode

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import hmac as odoo_hmac

from odoo.addons.payment import utils as payment_utils

from ...paypal.exceptions import NoAnswer, RequestRejected
from ...paypal.redaction import HIDDEN

_logger = logging.getLogger(__name__)


# The pages of those who work here.
OFFICE = "/odoo"


class PaymentTransaction(models.Model):
    """The order that the payer approves at the gateway; ``capture`` takes its money."""

    _inherit = "payment.transaction"

    # === BUSINESS METHODS === #

    def _kavi_open_checkout(self):
        """Create the order at the gateway, once.

        The attempt is committed before. After no answer, a second call sends the same
        idempotency key, and gets the same order.

        :return: URL of the page on which the payer approves it; "" where there is
            nothing to approve: in manual mode, and where the payer has approved already
        :raise UserError: when the gateway refuses, or gives no answer
        """
        self.ensure_one()
        if self.state == "draft" and self._end_with_mode():
            raise UserError(self.payer_message)
        if self.state != "draft":
            raise UserError(self._get_unpayable_reason())
        if self.provider_code == "kavi_manual":
            self._set_pending(
                state_message=self.env._("Waits for an administrator: manual mode.")
            )
            self._record_gateway_message(
                "sent", self.env._("Charge asked for, in manual mode.")
            )
            return ""
        if self.approve_url:
            # the payer may have approved it and come back some other way: then it is
            # captured, for the page cannot be used again
            self._paypal_process_order()
            if self.state == "cancel":
                raise UserError(self._get_unpayable_reason())
            return self.approve_url if self.state == "draft" else ""
        self._schedule_check()
        self._kavi_commit()
        try:
            order = self._get_paypal_client().create_order(
                self._prepare_order(), self._get_idempotency_key("order")
            )
        except RequestRejected as error:
            self._set_error(self._get_rejection_text(error))
            self._kavi_commit()
            raise UserError(self.state_message) from error
        except NoAnswer as error:
            self._kavi_commit()
            raise UserError(
                self.env._(
                    "The payment service gives no answer at the moment. Nothing was "
                    "charged: please try again in a few minutes."
                )
            ) from error
        with self._kavi_turn():
            if self.paypal_order_id != order["id"]:  # a double click's is the same
                self.write(
                    {
                        "paypal_order_id": order["id"],
                        "provider_reference": order["id"],
                        "approve_url": self._find_approve_url(order),
                    }
                )
            self._kavi_commit()
        return self.approve_url

    def _get_unpayable_reason(self):
        """Why this attempt does not go on, for the payer."""
        if self.state in ("pending", "authorized"):
            return self.env._(
                "This payment is in progress. You will see the result here; please do "
                "not pay again."
            )
        if self.state == "done":
            return self.env._("This payment is made. Thank you.")
        return self.env._(
            "This attempt has ended and nothing was charged. Please start again from "
            "the bill."
        )

    def _find_approve_url(self, order):
        return next(
            (
                link["href"]
                for link in order.get("links", ())
                if link.get("rel") in ("payer-action", "approve")
            ),
            "",
        )

    def _prepare_order(self):
        """Values of the order for PayPal's Orders v2.

        :rtype: dict
        """
        self.ensure_one()
        back = f"{self.provider_id.get_base_url()}/kavi/paypal"
        key = urlencode({"return_key": self._get_return_key()})
        reference = self.reference
        company = self.company_id
        return {
            "intent": self.provider_id.kavi_intent,
            "purchase_units": [
                {
                    "reference_id": reference,
                    "custom_id": reference,
                    "invoice_id": reference,
                    "description": self._get_order_description(),
                    "amount": self._format_paypal_amount(self.amount),
                }
            ],
            "payment_source": {
                "paypal": {
                    "experience_context": {
                        "brand_name": company.name[:127],
                        "shipping_preference": "NO_SHIPPING",
                        "landing_page": "GUEST_CHECKOUT",
                        "user_action": "PAY_NOW",
                        "return_url": f"{back}/return?{key}",
                        "cancel_url": f"{back}/cancel?{key}",
                    }
                }
            },
        }

    def _get_return_key(self):
        """What the way back from the gateway holds: only the payer's browser has it. It
        is not stored, so that nobody reads it; a repetition sends the same."""
        self.ensure_one()
        return odoo_hmac(
            self.env(su=True), "kavi_commerce.return", (self.id, self.reference)
        )

    def _is_return_key(self, key):
        """Whether this is the key of the way back; in constant time."""
        self.ensure_one()
        if not isinstance(key, str):
            return False
        known = self._get_return_key().encode()
        return hmac.compare_digest(known, key.encode(errors="replace"))

    def _hide_return_key(self, text):
        """A message to or from the gateway without the key: people read messages."""
        return text.replace(self._get_return_key(), HIDDEN)

    def _get_landing_page(self):
        """Where whoever comes back from the gateway is led: who works here to where
        they began, and all others to the payer's page, which opens for them."""
        self.ensure_one()
        bills, user = self.bill_ids, self.env.user
        own = bills._get_landing_route()
        route = self.landing_route or own
        if route.startswith(OFFICE):
            if user._is_internal() and bills.sudo(False).has_access("read"):
                return route
            route = own
        if route == own and (len(bills) == 1 or user._is_public()):
            return bills[:1].get_portal_url()  # of one bill it takes no log-in
        return route

    def _get_order_description(self):
        """What the payer reads at the gateway: company and bills."""
        names = ", ".join(self.bill_ids.mapped("name"))
        return f"{self.company_id.name}: {names}"[:127]

    def _format_paypal_amount(self, amount):
        """An amount in PayPal's shape, without its sign."""
        return self.provider_id._format_paypal_amount(abs(amount), self.currency_id)

    def _get_idempotency_key(self, scope):
        """The idempotency key of a request: the same for each repetition."""
        return payment_utils.generate_idempotency_key(self, scope=scope)

    def _get_paypal_client(self):
        """The client for PayPal that records its messages with this transaction."""
        return self.provider_id._get_paypal_client(self)

    def _handle_auth_error(self, error):
        """Handle rejected credentials: alert the administrators; the request's outcome
        stays unknown.

        :param error: the ``RequestRejected``
        :return: whether the credentials were rejected
        """
        if error.status not in (401, 403):
            return False
        text = self.env._("The gateway does not accept our credentials")
        self._kavi_alert_once(text, text, f"{text}: {error.message}")
        self._kavi_commit()
        return True

    def _get_rejection_text(self, error):
        """What the gateway's refusal means, for people.

        :param error: the ``RequestRejected``
        """
        known = self._get_issue_texts()
        for issue in error.issues or [error.name]:
            if issue in known:
                return known[issue]
        return self.env._(
            "The payment service refused: %(message)s (%(name)s)",
            message=error.message or self.env._("no reason given"),
            name=", ".join(error.issues or [error.name or "?"]),
        )

    def _get_issue_texts(self):
        """PayPal's issue codes that people meet, each with what to do."""
        return {
            "INSTRUMENT_DECLINED": self.env._(
                "The card was declined. Please try another card, or another way to pay."
            ),
            "PAYER_CANNOT_PAY": self.env._(
                "The payment service did not accept this card. Please try another one."
            ),
            "TRANSACTION_REFUSED": self.env._(
                "The payment service refused this payment. Please try another card."
            ),
            "ORDER_NOT_APPROVED": self.env._(
                "The payment was not approved by the payer."
            ),
            "DUPLICATE_INVOICE_ID": self.env._(
                "The gateway has a payment with this reference already. Ask an "
                "administrator to look it up."
            ),
            "REFUND_AMOUNT_EXCEEDED": self.env._(
                "The gateway says that less than this is left to refund."
            ),
            "CAPTURE_FULLY_REFUNDED": self.env._("All of it was refunded before."),
            "REFUND_TIME_LIMIT_EXCEEDED": self.env._(
                "The gateway refunds for a limited time after the payment, "
                "and that is over. Refund by another method."
            ),
            "MAX_NUMBER_OF_REFUNDS_EXCEEDED": self.env._(
                "The gateway allows no further refund of this payment. Give the money "
                "back by another method."
            ),
            "TRANSACTION_DISPUTED": self.env._(
                "The payer has opened a dispute at the gateway: resolve it there."
            ),
            "REFUND_FAILED_INSUFFICIENT_FUNDS": self.env._(
                "The balance at the gateway is too low for this refund. Add funds "
                "there and try again."
            ),
            "AUTHORIZATION_VOIDED": self.env._("The authorization was voided before."),
            "AUTHORIZATION_EXPIRED": self.env._("The authorization has expired."),
        }

    def _get_specific_processing_values(self, processing_values):
        """Odoo's payment form gets its order here."""
        if not self.kavi_line_ids:
            return super()._get_specific_processing_values(processing_values)
        try:
            self._kavi_open_checkout()
        except UserError as error:
            if self.state == "draft":
                raise
            _logger.info("Order of %s refused: %s", self.reference, error)
            return {}
        return {"order_id": self.paypal_order_id}

    def _kavi_cancel_checkout(self):
        """Cancel attempts that the payer has left: nothing is charged."""
        for tx in self:
            with tx._kavi_turn():
                tx._kavi_turn_back()

    def _kavi_turn_back(self):
        if self.state != "draft":
            return
        self._record_gateway_message("received", self.env._("The payer turned back."))
        self._set_canceled(
            state_message=self.env._("The payer left the payment page."),
        )
        self.payer_message = self.env._(
            "You have left the payment page, and nothing was charged. You can pay "
            "whenever you like."
        )

    def _schedule_check(self):
        """Have the gateway asked again what became of these, first in five minutes."""
        self.write(
            {
                "check_step": 0,
                "next_check_date": fields.Datetime.add(
                    fields.Datetime.now(), minutes=5
                ),
            }
        )
