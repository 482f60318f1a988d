import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...paypal.amounts import parse_amount
from ...paypal.event import one_address, one_line
from ...paypal.exceptions import NoAnswer, RequestRejected

_logger = logging.getLogger(__name__)

# Minutes from each check of an unknown outcome to the next one (D-14).
RETRY_DELAYS = (5, 60, *[24 * 60] * 5)
# An approval expires after some hours: an order that nobody has approved by the third
# check is closed.
UNAPPROVED_STEPS = 2
# PayPal's statuses of an order that the payer has not approved,
UNAPPROVED = ("CREATED", "SAVED", "PAYER_ACTION_REQUIRED")
# of a capture whose money came, even where it has gone back since,
CAPTURE_COMPLETED = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")
# and of one that moved nothing.
CAPTURE_FAILED = ("DECLINED", "DENIED", "FAILED")


class PaymentTransaction(models.Model):
    """Turns what PayPal answers into a state, and asks again while that is unknown.

    Answers may come in any order and any number of times. A completed capture always
    sets the transaction to done, whatever its state: money is never forgotten.
    """

    _inherit = "payment.transaction"

    check_step = fields.Integer(readonly=True, copy=False)
    next_check_date = fields.Datetime(
        string="Next Check",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="When the gateway is asked again what became of it.",
    )
    may_be_given_up = fields.Boolean(
        compute="_compute_may_be_given_up",
        help="After the last check, when the gateway has told nothing.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "next_check_date", "check_step", "provider_code")
    def _compute_may_be_given_up(self):
        for tx in self:
            tx.may_be_given_up = bool(
                tx.provider_code == "paypal"
                and tx.kavi_line_ids
                and tx.state == "pending"
                and not tx.next_check_date
                and tx.check_step >= len(RETRY_DELAYS)
            )

    # === ACTION METHODS === #

    def action_kavi_ask_gateway(self):
        """Ask the gateway now (the button)."""
        self._check_billing_role()
        self._for_books()._refresh_from_gateway(again=True)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_kavi_give_up(self):
        """Set a transaction without outcome to failed or canceled: an administrator has
        seen on the gateway's site that nothing was moved. Should the money turn up
        after all, it is booked."""
        self.ensure_one()
        self._check_billing_role("administrator")
        tx = self._for_books()
        tx._kavi_lock_with_bills()
        if not tx.may_be_given_up:
            raise UserError(
                self.env._(
                    "The gateway is still asked, or has answered: wait for what it "
                    "says."
                )
            )
        message = self.env._("Given up by %s: nothing was moved.", self.env.user.name)
        tx._record_gateway_message("note", message)
        if tx.operation == "refund":
            tx._set_error(message)  # and may be tried again
        else:
            tx._set_canceled(state_message=message)
        tx._commit_and_post_process()

    # === CRON METHODS === #

    @api.model
    def _get_due_domain(self):
        """Transactions of bills whose next check is due."""
        return Domain("next_check_date", "<=", fields.Datetime.now()) & Domain(
            "kavi_line_ids", "!=", False
        )

    @api.model
    def _cron_resolve(self):
        """Check again what is not known, and make the entries that are missing."""
        due = self.search(self._get_due_domain(), order="next_check_date, id")
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for tx in due:
            tx._try_refresh_from_gateway()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _try_refresh_from_gateway(self):
        """Refresh one transaction. Whatever fails is logged, and checked again later,
        so that the others are served."""
        self.ensure_one()
        try:
            self._refresh_from_gateway(again=True)
            self._schedule_next_check()
            self._kavi_commit()
        except Exception as error:
            self._rollback_to_known_state()
            if self._is_conflict(error):
                self._trigger_next_check()  # somebody else works on it; still due
                return
            if not isinstance(error, UserError):
                _logger.exception("Transaction %s: not resolved", self.id)
            try:
                self._schedule_next_check()
                self._kavi_commit()
            except Exception:
                self._rollback_to_known_state()
                _logger.exception("Transaction %s: could not be set aside", self.id)

    def _trigger_next_check(self):
        """Have the job look in a minute, where somebody else was in its way."""
        date = fields.Datetime.add(fields.Datetime.now(), minutes=1)
        self.env.ref("kavi_commerce.cron_resolve").sudo()._trigger(date)
        self._kavi_commit()
        return date

    def _rollback_to_known_state(self):
        """Undo all that was not committed."""
        self.env.cr.rollback()
        self.env.invalidate_all()

    def _schedule_next_check(self):
        """Stop checking transactions whose outcome is final; schedule the next check of
        the others. After the last one the administrators are told."""
        for tx in self:
            if tx._is_resolved():
                tx.write({"next_check_date": False, "check_step": 0})
                continue
            if tx._is_to_be_booked() and not tx.post_process_error:
                # the gateway has answered: only somebody else was in the way
                tx.next_check_date = tx._trigger_next_check()
                continue
            if tx.state == "done":  # the gateway has answered: it is not booked yet
                tx._schedule_booking()
                continue
            step = tx._climb()
            if step < len(RETRY_DELAYS):
                continue
            tx.next_check_date = False
            tx._kavi_alert(
                self.env._("The gateway gives no answer"),
                self.env._(
                    "What became of this transaction is not known after %s checks. "
                    "Look at the gateway's site, then ask again from the transaction.",
                    step,
                ),
            )

    def _climb(self):
        """Go one step up the ladder of checks; at its end they come daily.

        :return: the step that was reached
        """
        self.ensure_one()
        step = self.check_step + 1
        minutes = RETRY_DELAYS[min(step, len(RETRY_DELAYS) - 1)]
        date = fields.Datetime.add(fields.Datetime.now(), minutes=minutes)
        self.write({"check_step": step, "next_check_date": date})
        return step

    # === BUSINESS METHODS - CHECKS === #

    def _refresh_from_gateway(self, again=False):
        """Ask the gateway what became of each of these, and apply its answer.

        :param bool again: repeat the requests that were sent a moment ago
        """
        for tx in self._for_books().filtered("kavi_line_ids"):
            if tx.provider_code == "paypal":
                tx._refresh_from_paypal(again)
            tx._commit_and_post_process()

    def _refresh_from_paypal(self, again=False):
        self.ensure_one()
        if self._end_in_turn():
            return
        if self.operation == "refund":
            if self.paypal_refund_id:
                self._paypal_fetch_and_apply("get_refund", self.paypal_refund_id)
            elif self.state in ("draft", "pending"):
                self._paypal_send_refund()
        elif self.authorization_act:
            if self.paypal_capture_id:
                self._paypal_fetch_and_apply("get_capture", self.paypal_capture_id)
            elif self.state == "pending":
                self._paypal_send_authorization()
        elif self.paypal_capture_id and self.state in ("pending", "cancel", "error"):
            self._paypal_fetch_and_apply("get_capture", self.paypal_capture_id)
        elif self.state == "authorized":
            self._paypal_fetch_and_apply(
                "get_authorization", self.paypal_authorization_id
            )
        elif self.paypal_order_id and self.state in ("draft", "pending"):
            # only if PayPal says so: no answer says nothing of the payer
            if self._paypal_process_order(again) in UNAPPROVED:
                with self._kavi_turn():
                    self._cancel_unapproved()
        elif self.state == "draft":
            # the order was never made, or its answer never came: no payer has it
            with self._kavi_turn():
                self._cancel_unapproved()

    def _cancel_unapproved(self):
        if self.state == "draft" and self.check_step >= UNAPPROVED_STEPS:
            self._set_canceled(
                state_message=self.env._("The payer did not approve it in time.")
            )

    def _paypal_fetch_and_apply(self, call, id_):
        """Fetch one object by its id, and apply it.

        :param str call: the method of the client that fetches it
        """
        apply = {
            "get_refund": self._paypal_apply_refund,
            "get_capture": self._paypal_apply_capture,
            "get_authorization": self._paypal_apply_authorization,
        }[call]
        try:
            answer = getattr(self._get_paypal_client(), call)(id_)
        except (RequestRejected, NoAnswer):
            self._kavi_commit()  # keep the messages; it is asked again
        else:
            with self._kavi_turn(with_bills=True):
                apply(answer)

    def _is_resolved(self):
        """Whether its outcome is final and booked, so that nothing is to be asked."""
        self.ensure_one()
        if self.provider_code == "kavi_manual" and self.state == "pending":
            return True  # an administrator says what becomes of it
        if self.state in ("draft", "pending"):
            return False
        return self.is_post_processed or self.state in (
            "error",
            "cancel",
            "authorized",
        )

    def _update_state(self, allowed_states, target_state, state_message):
        voided = self.browse()
        if target_state == "cancel":
            voided = self.filtered(lambda tx: tx._is_void())
        txs = super()._update_state(allowed_states, target_state, state_message)
        ours = txs.filtered("kavi_line_ids")
        charges = ours.filtered(lambda tx: tx.operation != "refund")
        if target_state != "cancel":
            charges.bill_ids._drop_promise()
        if target_state == "error":
            ours._record_failures(state_message)
        elif voided:
            (ours & voided)._record_money_event("void", state_message)
        if target_state in ("done", "pending"):
            ours._schedule_check()  # until its entries are made
        labels = dict(self._fields["kavi_state"]._description_selection(self.env))
        for tx in ours:
            tx._record_gateway_message(
                "received", str(state_message or labels[tx.kavi_state])
            )
        return txs

    # === BUSINESS METHODS - ANSWERS === #

    def _paypal_apply_order(self, order):
        """Apply an order.

        :param dict order: as PayPal's Orders v2 answers it
        """
        self.ensure_one()
        self._paypal_store_payer(order)
        payments = {}
        for unit in order.get("purchase_units") or ():
            for kind, found in (unit.get("payments") or {}).items():
                payments.setdefault(kind, []).extend(found)
        for authorization in payments.get("authorizations", ()):
            self._paypal_apply_authorization(authorization)
        for capture in payments.get("captures", ()):
            self._find_transaction_of_capture(capture)._paypal_apply_capture(capture)
        if order.get("status") == "VOIDED" and self.state in ("draft", "pending"):
            self._set_refused(
                self.env._("The order was voided at the gateway."), "cancel"
            )

    def _find_transaction_of_capture(self, capture):
        """The transaction of a capture: a part of an authorization has its own."""
        family = self | self.child_transaction_ids
        known = family.filtered(lambda tx: tx.paypal_capture_id == capture["id"])
        if known or not self.paypal_authorization_id:
            return known[:1] or self
        return (
            family.filtered(
                lambda tx: (
                    tx.authorization_act == "capture"
                    and not tx.paypal_capture_id
                    and tx.reference == capture.get("invoice_id")
                )
            )[:1]
            or self
        )

    def _paypal_apply_authorization(self, authorization):
        """Apply an authorization.

        :param dict authorization: as PayPal's Payments v2 answers it
        """
        self.paypal_authorization_id = authorization["id"]
        status = authorization.get("status")
        if status == "CREATED" and self.state in ("draft", "pending"):
            self.provider_reference = authorization["id"]
            self._set_authorized()
        elif status == "VOIDED" and self.state in ("draft", "pending", "authorized"):
            self._set_refused(self.env._("The authorization was voided."), "cancel")
        elif status == "DENIED" and self.state in ("draft", "pending"):
            self._set_refused(self.env._("The card was declined."))

    def _paypal_apply_capture(self, capture):
        """Apply a capture.

        :param dict capture: as PayPal's Payments v2 answers it
        """
        self.ensure_one()
        status = capture.get("status")
        if status in CAPTURE_COMPLETED:
            self._paypal_apply_completed_capture(capture)
        elif status in CAPTURE_FAILED:
            if self.state in ("draft", "pending", "authorized"):
                self._set_refused(
                    self.env._(
                        "The payment was declined. Please try another card, or another "
                        "way to pay."
                    )
                )
                self.paypal_capture_id = capture["id"]
        elif status == "PENDING" and self.state != "done":
            self.paypal_capture_id = capture["id"]
            reason = (capture.get("status_details") or {}).get("reason")
            message = self.env._("The gateway holds it: %s", reason or "?")
            if self.state in ("draft", "cancel"):
                # also after it was canceled: the money is on its way
                self._set_pending(
                    state_message=message, extra_allowed_states=("cancel",)
                )
            elif self.state == "pending":
                self.state_message = message

    def _paypal_apply_completed_capture(self, capture):
        """Set the transaction to done, unless the capture is another one than was asked
        for: the administrators are told of that."""
        known = self.paypal_capture_id
        if known and known != capture["id"] and self.state == "done":
            self._alert_of_unasked_charge(
                capture,
                self.env._("A second charge"),
                self.env._("The gateway has captured %s, too.", capture["id"]),
            )
            return
        problem = self._get_money_problem(capture.get("amount"), self.amount)
        vals = {"paypal_capture_id": capture["id"], "provider_reference": capture["id"]}
        if self.provider_reference == capture["id"]:
            vals = {"paypal_capture_id": capture["id"]}
        vals["gateway_fee"] = self._read_fee(capture, "seller_receivable_breakdown")
        self.write(vals)
        if problem:
            if self.state in ("draft", "pending", "authorized"):
                self._set_error(problem)
            self._alert_of_unasked_charge(
                capture,
                self.env._("A card payment that was not asked for"),
                f"{problem} ({capture['id']})",
            )
            return
        if self.state != "done":
            # also after it was canceled or had failed: the money is there
            self._set_done(extra_allowed_states=("cancel",))

    def _read_fee(self, answer, breakdown):
        """What the gateway kept, where it says so in the payment's currency.

        :param str breakdown: the part of the answer that has it
        """
        money = (answer.get(breakdown) or {}).get("paypal_fee")
        if not money:
            return 0.0
        fee, code = parse_amount(money)
        return float(fee) if code == self.currency_id.name else 0.0

    def _paypal_store_payer(self, order):
        """Keep the payer's name and address, and brand, last digits and expiry of the
        card: nothing else of it."""
        source = order.get("payment_source") or {}
        card = source.get("card") or {}
        paypal = source.get("paypal") or {}
        payer = order.get("payer") or {}
        name = payer.get("name") or paypal.get("name") or {}
        names = filter(None, (name.get("given_name"), name.get("surname")))
        vals = {
            "card_brand": card.get("brand") or ("PayPal" if paypal else ""),
            "card_last_digits": (card.get("last_digits") or "")[-4:],
            "card_expiry": (card.get("expiry") or "")[:7],
            "payer_name": card.get("name") or " ".join(names),
        }
        vals = {name: one_line(value) for name, value in vals.items() if value}
        email = payer.get("email_address") or paypal.get("email_address")
        if one_address(email):
            vals["payer_email"] = email
        if vals and not self.is_purged:
            self.write(vals)

    def _paypal_apply_refund(self, refund):
        """Apply a refund.

        :param dict refund: as PayPal's Payments v2 answers it
        """
        self.ensure_one()
        vals = {"paypal_refund_id": refund["id"], "provider_reference": refund["id"]}
        fee = self._read_fee(refund, "seller_payable_breakdown")
        if fee:
            vals["gateway_fee"] = -fee
        if self.paypal_refund_id != refund["id"]:
            self.write(vals)
        status = refund.get("status")
        problem = self._get_money_problem(refund.get("amount"), self.amount)
        if problem and self.state in ("draft", "pending"):
            self._set_error(problem)
            self._kavi_alert(self.env._("A refund of another amount"), problem)
        elif status == "COMPLETED" and self.state != "done":
            self._set_done(extra_allowed_states=("cancel",))
        elif status in ("FAILED", "CANCELLED") and self.state in ("draft", "pending"):
            self._set_error(
                self.env._("The gateway could not refund the money (%s).", status)
            )
            self._alert_failed_return()
        elif status in ("FAILED", "CANCELLED") and self.state == "done":
            if not self.reversal_date:
                self.reversal_date = fields.Date.context_today(self)
            self._kavi_alert_once(
                f"{refund['id']} {status}",
                self.env._("A refund that was made has failed after all"),
                self.env._(
                    "The money has come back to the gateway (%s). Reverse its entries, "
                    "and pay it otherwise.",
                    f"{refund['id']} {status}",
                ),
            )
        elif status == "PENDING" and self.state in ("draft", "pending"):
            message = self.env._("The gateway has not sent the money yet.")
            if self.state == "draft":
                self._set_pending(state_message=message)
            else:
                self.state_message = message
