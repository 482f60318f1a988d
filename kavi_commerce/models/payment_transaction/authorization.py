from odoo import fields, models
from odoo.exceptions import UserError, ValidationError

from ...paypal.exceptions import NoAnswer, RequestRejected


class PaymentTransaction(models.Model):
    """Payments that are authorized first: captured or voided later, by hand.

    Each capture or void is a child of the authorized transaction, with its own share of
    the bills.
    """

    _inherit = "payment.transaction"

    authorization_act = fields.Selection(
        [("capture", "Capture"), ("void", "Void")], readonly=True, copy=False
    )

    # === ACTION METHODS === #

    def action_kavi_capture(self):
        """Capture all that is left of the authorization."""
        return self._close_authorization("_capture")

    def action_kavi_void(self):
        """Void all that is left of the authorization."""
        return self._close_authorization("_void")

    def _close_authorization(self, act):
        """Create and send the child for all that is left.

        :param str act: the method of Odoo that does so, "_capture" or "_void"
        """
        self.ensure_one()
        self._check_billing_role()
        tx = self._for_books()
        tx._kavi_lock_with_bills()
        child = getattr(tx, act)(tx._get_authorized_rest())
        if child.state == "error":
            raise UserError(child.state_message)
        action = child.with_env(self.env)._get_records_action()
        return {**action, "target": "new"}

    # === BUSINESS METHODS === #

    def _send_capture_request(self):
        """Odoo's button: capture all or a part of the authorization."""
        if not self.source_transaction_id.kavi_line_ids:
            return super()._send_capture_request()
        return self._prepare_authorization_request("capture")

    def _send_void_request(self):
        """Odoo's button: void the authorization."""
        if not self.source_transaction_id.kavi_line_ids:
            return super()._send_void_request()
        return self._prepare_authorization_request("void")

    def _prepare_authorization_request(self, act):
        """Make this child a capture or void, which is sent after the commit.

        :param str act: "capture" or "void"
        :raise ValidationError: when less than its amount is left
        """
        source = self.source_transaction_id
        self._check_billing_role()
        if problem := source._get_mode_problem():
            raise ValidationError(problem)
        if source.state != "authorized" or not source.paypal_authorization_id:
            raise ValidationError(
                self.env._("Nothing is authorized any more: look the order up.")
            )
        left = source._get_authorized_rest()  # with this one taken
        if self.amount <= 0 or self.currency_id.compare_amounts(left, 0.0) < 0:
            raise ValidationError(
                self.env._(
                    "%s is left of what was authorized.",
                    self.currency_id.format(self.currency_id.round(left + self.amount)),
                )
            )
        taken = (source.child_transaction_ids - self).filtered(
            lambda child: child.state != "error"
        )
        self.order_id = source.order_id
        self.authorization_act = act
        self.paypal_authorization_id = source.paypal_authorization_id
        self._split_over_bills(self.amount, source.kavi_line_ids, taken)
        self._set_pending(state_message=self.env._("The gateway was asked."))
        self._schedule_check()
        self._kavi_send_after_commit()

    def _paypal_send_authorization(self):
        """Send the capture or void; a repetition has the same idempotency key."""
        client, key = (
            self._get_paypal_client(),
            self._get_idempotency_key(self.authorization_act),
        )
        authorization = self.paypal_authorization_id
        try:
            if self.authorization_act == "void":
                client.void_authorization(authorization, key)
                with self._kavi_turn():
                    self._set_canceled(state_message=self.env._("Voided."))
            else:
                capture = client.capture_authorization(
                    authorization,
                    key,
                    amount=self._format_paypal_amount(self.amount),
                    invoice_id=self.reference,
                )
                with self._kavi_turn(with_bills=True):
                    self._paypal_apply_capture(capture)
        except NoAnswer:
            self._kavi_commit()
        except RequestRejected as error:
            if self.authorization_act == "void" and "PREVIOUSLY_VOIDED" in error.issues:
                self._set_canceled(state_message=self.env._("Voided."))
            elif not self._handle_auth_error(error):
                self._set_refused(self._get_rejection_text(error))
            self._kavi_commit()
        self._commit_and_post_process()

    # === HELPER METHODS === #

    def _get_authorized_rest(self):
        """What of the authorization is neither captured nor voided, nor about to be."""
        used = self.child_transaction_ids.filtered(
            lambda child: child.operation != "refund" and child.state != "error"
        )
        return self.currency_id.round(self.amount - sum(used.mapped("amount")))
