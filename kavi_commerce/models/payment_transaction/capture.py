from odoo import models
from odoo.exceptions import LockError, UserError

from odoo.addons.kavi_billing.tools.context import Private

from ...paypal.amounts import parse_amount
from ...paypal.exceptions import NoAnswer, RequestRejected

# PayPal's issues where another request has captured the order a moment before.
ALREADY_DONE = {"ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_AUTHORIZED"}
APPROVED = "APPROVED"


class PaymentTransaction(models.Model):
    """Taking the money of an approved order: only we capture, under the bills' lock,
    and only what is still owed."""

    _inherit = "payment.transaction"

    # === BUSINESS METHODS === #

    def _paypal_process_order(self, again=False):
        """Fetch the order from PayPal, and capture it when the payer has approved it.

        The payer who returns, an event and the scheduled job all come here: the first
        one captures, the others see the outcome.

        :param bool again: repeat a capture that was sent a moment ago
        :return: the order's status at PayPal; None when it is not known, or was not
            asked for
        """
        self.ensure_one()
        if self.state == "done" and not self.is_post_processed:
            self._commit_and_post_process()  # whoever asked for it is interrupted
        if not self.paypal_order_id or self.state not in ("draft", "pending"):
            return None
        if self._end_in_turn():
            return None
        try:
            order = self._get_paypal_client().get_order(self.paypal_order_id)
        except NoAnswer:
            self._kavi_commit()
            return None
        except RequestRejected as error:
            # gone: never approved, or the approval has expired; this says nothing of an
            # order whose capture was sent
            if error.status == 404:
                with self._kavi_turn():
                    self._set_expired()
            self._kavi_commit()
            return None
        status = order.get("status")
        if status == APPROVED:
            self._paypal_capture_order(order, again)
        else:
            with self._kavi_turn(with_bills=True):
                self._paypal_apply_order(order)
                self._commit_and_post_process()
        return status

    def _set_expired(self):
        if self.state == "draft":
            self._set_canceled(
                state_message=self.env._("The order has expired at the gateway."),
            )

    def _paypal_capture_order(self, order, again=False):
        """Capture an approved order, if its bills still owe its amount.

        The bills are locked and read again, and the intent is committed before the
        request. Without an answer the transaction stays pending, and the scheduled job
        repeats the request with the same key.

        :param dict order: as PayPal's Orders v2 answers it
        :param bool again: repeat a capture that was sent a moment ago
        """
        with self._kavi_turn(with_bills=True):
            was_draft = self.state == "draft"
            if not self._prepare_capture(order, again):
                self._commit_and_post_process()
                return
            self._kavi_commit()
        # the payer waits on the page for the first answer
        tx = self.with_context(kavi_payer_waits=Private()) if was_draft else self
        is_authorize = order.get("intent") == "AUTHORIZE"
        client = self._get_paypal_client()
        try:
            if is_authorize:
                answer = client.authorize_order(
                    self.paypal_order_id, self._get_idempotency_key("authorize")
                )
            else:
                answer = client.capture_order(
                    self.paypal_order_id, self._get_idempotency_key("capture")
                )
        except NoAnswer:
            self._kavi_commit()
            return
        except RequestRejected as error:
            if ALREADY_DONE & set(error.issues or [error.name]):
                self._paypal_refetch_order()
            elif not self._handle_auth_error(error):
                with self._kavi_turn(with_bills=True):
                    if self.state in ("draft", "pending"):
                        tx._set_refused(self._get_rejection_text(error))
                    self._commit_and_post_process()
            return
        with self._kavi_turn(with_bills=True):
            tx._paypal_apply_order(answer)
            self._commit_and_post_process()

    def _prepare_capture(self, order, again):
        """Note that an approved order is about to be captured, under the bills' lock.

        :return: whether it is to be captured, and by whoever asks
        """
        if self.state not in ("draft", "pending"):
            return False  # somebody else was first
        if self.state == "pending" and not again:
            return False  # another request is being answered
        problem = self._get_order_problem(order)
        if problem:
            self._set_error(problem)
            self._kavi_alert(self.env._("A card payment was not taken"), problem)
            return False
        self._paypal_store_payer(order)
        problem = self._get_owed_problem()
        if problem:
            self._set_canceled(state_message=problem)
            self.payer_message = problem
            self._record_gateway_message("note", problem)
            return False
        if self.state == "draft":
            self._set_pending(
                state_message=self.env._("The gateway was asked for the money.")
            )
        elif not self.next_check_date:
            # a person asks, after the last check; a check that is scheduled goes on
            # with the ladder instead of beginning it anew
            self._schedule_check()
        return True

    def _paypal_refetch_order(self):
        """Apply the order as another request has left it."""
        try:
            order = self._get_paypal_client().get_order(self.paypal_order_id)
        except (RequestRejected, NoAnswer):
            self._kavi_commit()  # stays pending, and is checked later
        else:
            with self._kavi_turn(with_bills=True):
                self._paypal_apply_order(order)
                self._commit_and_post_process()

    def _get_order_problem(self, order):
        """Why an order is not what was asked for; "" when it is (F-11)."""
        unit = (order.get("purchase_units") or [{}])[0]
        if unit.get("custom_id", self.reference) != self.reference:
            return self.env._("The order at the gateway belongs to another payment.")
        return self._get_money_problem(unit.get("amount"), self.amount)

    def _get_money_problem(self, money, amount):
        """Why an amount of the gateway's is not ``amount``; "" when it is.

        :param dict money: in PayPal's shape
        """
        if not money:
            return ""
        wanted = self._format_paypal_amount(amount)
        value, code = parse_amount(money)
        if code != wanted["currency_code"] or self.currency_id.compare_amounts(
            float(value), float(wanted["value"])
        ):
            return self.env._(
                "The gateway has %(value)s %(currency)s where %(wanted)s was asked.",
                value=money["value"],
                currency=code,
                wanted=self.currency_id.format(abs(amount)),
            )
        return ""

    def _get_owed_problem(self):
        """Why this order is not captured any more; "" when it is."""
        if problem := self._get_switched_off_problem() or self._get_mode_problem():
            return problem
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

        :raise UserError: when another request holds them
        """
        bills = self.bill_ids
        try:
            bills.lock_for_update(allow_referencing=True)
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(self._get_busy_text()) from error
        bills.invalidate_recordset()
        self.invalidate_recordset()
