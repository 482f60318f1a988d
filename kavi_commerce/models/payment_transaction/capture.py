from odoo import models
from odoo.exceptions import LockError, UserError, ValidationError

from odoo.addons.kavi_billing.tools.context import Private

from ...paypal.exceptions import Refused, Unknown

# What PayPal says of an order that somebody else has captured a moment before.
DONE_BEFORE = {"ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_AUTHORIZED"}
APPROVED = "APPROVED"
UNAPPROVED = ("CREATED", "SAVED", "PAYER_ACTION_REQUIRED")


class PaymentTransaction(models.Model):
    """Taking the money: only here, and only while the bills still owe it."""

    _inherit = "payment.transaction"

    def _kavi_settle(self, again=False):
        """Look the order up at the gateway, and capture it when it is approved.

        Whoever comes first does it: the payer who returns, an event, the resolver. The
        others see what the first one has made of it.

        :param bool again: ask again for what was asked a moment ago
        :return: the order's status as it was at the gateway; None when that is not
            known, or was not asked for
        """
        self.ensure_one()
        if not self.paypal_order_id or self.state not in ("draft", "pending"):
            return None
        try:
            order = self._kavi_client().get_order(self.paypal_order_id)
        except Unknown:
            self._kavi_commit()
            return None
        except Refused as error:
            # gone: never approved, or the approval has run out; that says nothing of
            # one that was asked for already
            if error.status == 404 and self.state == "draft":
                self._set_canceled(
                    state_message=self.env._("The order has expired at the gateway."),
                )
            self._kavi_commit()
            return None
        status = order.get("status")
        if status == APPROVED:
            self._kavi_capture(order, again)
        else:
            self._kavi_apply_order(order)
        self._kavi_finish()
        return status

    def _kavi_capture(self, order, again=False):
        """Capture an approved order, if its bills still owe what it asks.

        The bills are locked and read again; what is about to be asked is committed
        before the call. No answer leaves the transaction pending, and the resolver
        asks again with the same key.
        """
        problem = self._get_order_problem(order)
        if problem:
            self._set_error(problem)
            self._kavi_alert(self.env._("A card payment was not taken"), problem)
            return
        self._kavi_keep_payer(order)
        self._kavi_lock_with_bills()
        if self.state not in ("draft", "pending"):
            return  # somebody else was first
        if self.state == "pending" and not again:
            return  # somebody else is at it
        problem = self._get_owed_problem()
        if problem:
            self._set_canceled(state_message=problem)
            self._kavi_record("note", problem)
            return
        if self.state == "draft":
            self._set_pending(
                state_message=self.env._("The gateway was asked for the money.")
            )
        self._kavi_wait()
        self._kavi_commit()
        is_authorize = order.get("intent") == "AUTHORIZE"
        client = self._kavi_client()
        try:
            if is_authorize:
                answer = client.authorize_order(
                    self.paypal_order_id, self._kavi_key("authorize")
                )
            else:
                answer = client.capture_order(
                    self.paypal_order_id, self._kavi_key("capture")
                )
        except Unknown:
            self._kavi_commit()
            return
        except Refused as error:
            if DONE_BEFORE & set(error.issues or [error.name]):
                self._kavi_reread_order()
            elif not self._kavi_is_locked_out(error):
                self._set_error(self._kavi_explain(error))
                self._kavi_commit()
            return
        self._kavi_apply_order(answer)

    def _kavi_reread_order(self):
        try:
            order = self._kavi_client().get_order(self.paypal_order_id)
        except (Refused, Unknown):
            self._kavi_commit()  # pending, and looked up again later
        else:
            self._kavi_apply_order(order)

    def _get_order_problem(self, order):
        """Why an order is not what was asked for; "" when it is (F-11)."""
        unit = (order.get("purchase_units") or [{}])[0]
        if unit.get("custom_id", self.reference) != self.reference:
            return self.env._("The order at the gateway belongs to another payment.")
        return self._get_money_problem(unit.get("amount"), self.amount)

    def _get_money_problem(self, money, amount):
        """Why an amount that the gateway names is not ``amount``; "" when it is."""
        wanted = self._kavi_money(amount)
        if money and (
            money["currency_code"] != wanted["currency_code"]
            or self.currency_id.compare_amounts(
                float(money["value"]), float(wanted["value"])
            )
        ):
            return self.env._(
                "The gateway has %(value)s %(currency)s where %(wanted)s was asked.",
                value=money["value"],
                currency=money["currency_code"],
                wanted=self.currency_id.format(abs(amount)),
            )
        return ""

    def _get_owed_problem(self):
        """Why the money of this attempt is not taken any more; "" when it is."""
        if self.provider_id.state == "disabled":
            return self.env._(
                "Nothing was charged. Card payment was switched off meanwhile."
            )
        for line in self.kavi_line_ids:
            bill = line.bill_id.with_context(kavi_transaction_id=Private(self.id))
            reason = bill._get_refusal("complete_payment")
            if not reason and (
                bill.currency_id.compare_amounts(line.amount, bill.amount_due) > 0
            ):
                reason = self.env._(
                    "%(due)s is due of bill %(bill)s now, less than the payer agreed "
                    "to.",
                    due=bill.currency_id.format(bill.amount_due),
                    bill=bill.name,
                )
            if reason:
                return self.env._("Nothing was charged. %s", reason)
        return ""

    def _kavi_lock_with_bills(self):
        """Lock the bills, then the transaction, and read them anew.

        :raise UserError: when somebody else is at it
        """
        bills = self.bill_ids
        try:
            bills.lock_for_update(allow_referencing=True)
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._(
                    "This payment is in progress: somebody else is working on it right "
                    "now. Wait a moment and reload the page."
                )
            ) from error
        bills.invalidate_recordset()
        self.invalidate_recordset()

    # === AUTHORIZED FIRST, CAPTURED LATER === #

    def action_kavi_capture(self):
        """Take all that is left of what was authorized."""
        return self._kavi_end_authorization("_capture")

    def action_kavi_void(self):
        """Give up all that is left of what was authorized."""
        return self._kavi_end_authorization("_void")

    def _kavi_end_authorization(self, act):
        self.ensure_one()
        self._check_billing_role()
        tx = self.sudo()
        tx._kavi_lock_with_bills()
        child = getattr(tx, act)(tx._get_authorized_rest())
        if child.state == "error":
            raise UserError(child.state_message)
        action = child.with_env(self.env)._get_records_action()
        return {**action, "target": "new"}

    def _get_authorized_rest(self):
        """What was authorized and is neither taken nor given up, nor about to be."""
        used = self.child_transaction_ids.filtered(
            lambda child: child.operation != "refund" and child.state != "error"
        )
        return self.currency_id.round(self.amount - sum(used.mapped("amount")))

    def _send_capture_request(self):
        """Odoo's button: take all or a part of what was authorized."""
        if not self.source_transaction_id.kavi_line_ids:
            return super()._send_capture_request()
        return self._kavi_ask_authorization("capture")

    def _send_void_request(self):
        """Odoo's button: give up what was authorized."""
        if not self.source_transaction_id.kavi_line_ids:
            return super()._send_void_request()
        return self._kavi_ask_authorization("void")

    def _kavi_ask_authorization(self, act):
        """Capture or void (``act``) by a child of what was authorized."""
        source = self.source_transaction_id
        self._check_billing_role()
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
        self._kavi_wait()
        self._kavi_send_after_commit()

    def _kavi_send_authorization(self):
        """Ask for the capture or void that was intended; again with the same key."""
        client, key = self._kavi_client(), self._kavi_key(self.authorization_act)
        authorization = self.paypal_authorization_id
        try:
            if self.authorization_act == "void":
                client.void_authorization(authorization, key)
                self._set_canceled(state_message=self.env._("Given up."))
            else:
                capture = client.capture_authorization(
                    authorization,
                    key,
                    amount=self._kavi_money(self.amount),
                    invoice_id=self.reference,
                )
                self._kavi_apply_capture(capture)
        except Unknown:
            self._kavi_commit()
        except Refused as error:
            if self.authorization_act == "void" and "PREVIOUSLY_VOIDED" in error.issues:
                self._set_canceled(state_message=self.env._("Given up."))
            elif not self._kavi_is_locked_out(error):
                self._set_error(self._kavi_explain(error))
            self._kavi_commit()
        self._kavi_finish()
