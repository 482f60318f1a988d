import logging

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.modules.registry import Registry

from ...paypal.amounts import parse_amount
from ...paypal.exceptions import NoAnswer, RequestRejected

_logger = logging.getLogger(__name__)

# PayPal keeps the key of a refund for 45 days.
KEY_DAYS = 40


class PaymentTransaction(models.Model):
    """Money that goes back: refunds, and what the payer's bank or PayPal takes back.

    A charge-back of all of a charge reverses its payments. One of a part, or of what a
    refund has left, is a return of its own, by which that part of the debt is open
    again.
    """

    _inherit = "payment.transaction"

    is_chargeback = fields.Boolean(
        string="Charge-back",
        readonly=True,
        copy=False,
        help="By the payer's bank or the gateway: a part of the debt is open again.",
    )

    ends_bill = fields.Boolean(
        string="Cancels the Bill",
        readonly=True,
        copy=False,
        help="The bill is canceled when this money has gone back.",
    )
    rest_amount = fields.Monetary(
        string="Then Refunded Otherwise",
        readonly=True,
        copy=False,
        help="What is given back by other methods when the bill is canceled.",
    )
    is_of_bill = fields.Boolean(
        readonly=True,
        copy=False,
        help="Asked for from the bill: what the bill has retained goes back, before "
        "what the same payment has left over as a credit.",
    )
    notice_text = fields.Json(
        readonly=True,
        copy=False,
        help="Subject and text of the notice to the account, where they were changed.",
    )
    is_failed_return = fields.Boolean(
        compute="_compute_is_failed_return",
        help="A refund that the gateway refused: to be tried again, or made otherwise.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kavi_state", "is_chargeback", "kavi_line_ids.is_superseded")
    def _compute_is_failed_return(self):
        for tx in self:
            tx.is_failed_return = any(
                line._is_failed_return() for line in tx.kavi_line_ids
            )

    # === ACTION METHODS === #

    def action_kavi_retry_refund(self):
        """Try failed refunds again, as new ones (KC-24); each of them once."""
        self._check_billing_role()
        refunds = self.browse()
        for tx in self._for_books():
            refunds += tx._retry_refund()
        return refunds.with_env(self.env)._get_records_action(name=self.env._("Refund"))

    def action_kavi_drop_return(self):
        """Let failed refunds be: this money stays, or went back in some other way."""
        self._check_billing_role()
        for tx in self._for_books():
            tx._lock_failed_return().is_superseded = True
            tx._record_gateway_message(
                "note", self.env._("Not needed any more: %s.", self.env.user.name)
            )

    def action_kavi_refund(self):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_commerce.action_kavi_transaction_refund_wizard"
        )
        action["context"] = {"default_transaction_id": self.id}
        return action

    # === BUSINESS METHODS === #

    def _refund(self, amount_to_refund=None):
        """Refund a part, or all that is left, of a charge of bills."""
        if not self.kavi_line_ids:
            return super()._refund(amount_to_refund=amount_to_refund)
        return self._kavi_refund(amount_to_refund)

    def _kavi_refund(self, amount=None, bill=None, reason=None):
        """Create a refund, which is sent to the gateway after the commit.

        :param float amount: default all that is left of the charge (of the bill)
        :param bill: default all bills of the charge, the first one first
        :param str reason: kept with it, and on the credit note
        :return: the refund, a ``payment.transaction`` in Pending Return
        :raise UserError: with the reason; then nothing is created
        """
        refund = self._create_refund(amount, bill, reason)
        refund._ask_for_refund()
        return refund

    def _create_refund(self, amount=None, bill=None, reason=None, **vals):
        """Create a refund as :meth:`_kavi_refund`; nothing is asked of the gateway yet.

        :param vals: of the refund
        """
        self.ensure_one()
        tx = self._for_books()
        self._check_billing_role()
        tx._kavi_lock_with_bills()
        tx._check_refundable()
        tx._lock_credits()
        left = tx._get_refundable_of(bill) if bill else tx.amount_refundable
        currency = tx.currency_id
        amount = left if amount is None else tx.bill_ids[:1]._check_amount(amount)
        if currency.is_zero(left) or currency.compare_amounts(amount, left) > 0:
            raise UserError(tx._get_excess_text(amount, left))
        lines = tx.kavi_line_ids
        if bill:
            lines = lines.filtered(lambda line: line.bill_id.id == bill.id)
        parts = tx._share_refund(amount, lines)
        refund = tx._create_child_transaction(
            amount,
            is_refund=True,
            order_id=tx.order_id,
            return_reason=reason,
            kavi_line_ids=[
                Command.create({"bill_id": each.id, "amount": part})
                for each, part in parts.items()
            ],
            **vals,
        )
        refund._set_pending(state_message=self.env._("The gateway is asked."))
        return refund

    def _share_refund(self, amount, lines):
        """Assign an amount to the bills of a charge: what can go back of the first one
        first.

        :param lines: the ``kavi.transaction.bill`` of the charge, in that order
        :return: ``{bill: amount}``
        """
        parts, left = {}, amount
        for line in lines:
            part = min(left, self._get_refundable_of(line.bill_id))
            if self.currency_id.compare_amounts(part, 0.0) > 0:
                parts[line.bill_id] = part
                left = self.currency_id.round(left - part)
        return parts

    def _get_excess_text(self, amount, left):
        """Why so much of this charge is not refunded, and what to do."""
        text = self.env._(
            "Of this charge %(left)s can be refunded, not %(amount)s.",
            left=self.currency_id.format(left),
            amount=self.currency_id.format(amount),
        )
        charged = self.currency_id.round(self.amount - self.amount_returned)
        if self.currency_id.compare_amounts(charged, left) > 0:
            text += " " + self.env._(
                "The rest pays other bills, or went back in another way: take it off "
                "those bills first."
            )
        return text

    def _ask_for_refund(self):
        """Have these refunds sent to the gateway after the commit.

        :raise UserError: when the books would refuse them; then nothing is asked
        """
        if not self:
            return
        self._check_bookable()
        self._schedule_check()
        self._kavi_send_after_commit()

    def _check_refundable(self):
        """Refuse to refund what is no charge at a gateway, or went back already.

        :raise UserError: with the reason
        """
        if self.state != "done" or self.operation == "refund":
            raise UserError(self.env._("Only what was charged can be refunded."))
        if self._is_outlived_test():
            raise UserError(
                self.env._(
                    "This was charged in test mode, and card payment is live now: the "
                    "gateway gives nothing back. Refund the bill by another method."
                )
            )
        if problem := self._get_mode_problem():
            raise UserError(problem)
        if self.provider_code == "kavi_manual":
            raise UserError(
                self.env._(
                    "Nothing was moved in manual mode, so the gateway gives nothing "
                    "back. Refund the bill instead."
                )
            )
        if self.reversal_date:
            raise UserError(
                self.env._("The payer's bank has taken this money back already.")
            )
        if not self.paypal_capture_id:
            if self._is_only_authorized_in_parts():
                raise UserError(
                    self.env._(
                        "This was only authorized: its money is in the captures. "
                        "Refund one of these."
                    )
                )
            raise UserError(
                self.env._("This charge has no capture at the gateway. Look it up.")
            )
        if self.is_purged or any(self.bill_ids.mapped("is_frozen")):
            raise UserError(
                self.env._(
                    "This transaction was purged, and its bill is frozen: it is kept "
                    "as history only."
                )
            )
        self._ensure_provider_is_not_disabled()

    def _get_live_returns(self):
        """Refunds that were made or may still be."""
        return self._get_returns().filtered(
            lambda child: (
                child.state not in ("error", "cancel") and not child.reversal_date
            )
        )

    def _holds_money(self):
        """Whether this is a charge whose money the gateway has: not an authorization,
        whose captures have it, nor what was only tried in manual mode."""
        return bool(
            self.state == "done"
            and self.operation != "refund"
            and self.paypal_capture_id
            and not self.reversal_date
            # won back: the gateway has no capture of its own for it
            and not self.restored_from_id
        )

    def _is_moved_by_gateway(self):
        """Whether a gateway has moved this money for a bill, to us or back, and it
        stayed where it went."""
        return bool(
            self.kavi_line_ids
            and self.state == "done"
            and not self.reversal_date
            and (self.paypal_capture_id or self.paypal_refund_id)
        )

    def _get_refundable_of(self, bill):
        """What of the charge of one bill can go back: no more than is left of it at the
        gateway, and no more than the books still have of it."""
        if not self._holds_money():
            return 0.0
        charged = self.kavi_line_ids.filtered(lambda line: line.bill_id.id == bill.id)
        returned = self._get_live_returns().kavi_line_ids.filtered(
            lambda line: line.bill_id.id == bill.id
        )
        left = sum(charged.mapped("total")) - sum(returned.mapped("total"))
        if charged:
            left = min(left, charged._get_held_amount())
        return self.currency_id.round(max(left, 0.0))

    def _split_over_bills(self, amount, lines, before):
        """Assign an amount to bills: what is left of the first one's line first.

        :param float amount: of this transaction
        :param lines: the ``kavi.transaction.bill`` of the charge, in that order
        :param before: transactions that have used parts of these lines already
        """
        left, commands = amount, []
        for line in lines:
            taken = before.kavi_line_ids.filtered(
                lambda known, line=line: known.bill_id == line.bill_id
            )
            rest = line.currency_id.round(line.total - sum(taken.mapped("total")))
            part = min(left, max(rest, 0.0))
            if self.currency_id.compare_amounts(part, 0.0) > 0:
                commands.append(
                    Command.create({"bill_id": line.bill_id.id, "amount": part})
                )
                left = self.currency_id.round(left - part)
        if self.currency_id.compare_amounts(left, 0.0) > 0 and commands:
            # more than was charged: what the gateway did is recorded whole
            commands[-1][2]["amount"] += left
        elif not commands:
            commands = [
                Command.create({"bill_id": lines[-1].bill_id.id, "amount": amount})
            ]
        self.write({"kavi_line_ids": commands})

    def _kavi_send_after_commit(self):
        """Send these to the gateway after the commit, in a transaction of their own.

        If the process ends before, the job that checks unknown outcomes sends them.
        """
        ids, dbname = self.ids, self.env.cr.dbname

        @self.env.cr.postcommit.add
        def send():
            try:
                with Registry(dbname).cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    env["payment.transaction"].browse(ids)._kavi_send()
            except Exception:
                _logger.exception("Transactions %s: to be sent by the job", ids)

    def _kavi_send(self):
        """Send refunds, captures and voids that the gateway has not answered yet."""
        for tx in self.exists().filtered(lambda tx: tx.state == "pending"):
            if tx.operation == "refund" and not tx.paypal_refund_id:
                tx._paypal_send_refund()
            elif tx.authorization_act and not tx.paypal_capture_id:
                tx._paypal_send_authorization()

    def _paypal_send_refund(self):
        """Send the refund.

        A repetition with the same key gives the same refund, as long as PayPal keeps
        the key: afterwards nothing is sent, for it would be another refund.
        """
        source = self.source_transaction_id
        if self.create_date < fields.Datetime.subtract(
            fields.Datetime.now(), days=KEY_DAYS
        ):
            self._record_gateway_message(
                "note",
                self.env._("Too old to be asked for again: it might be doubled."),
            )
            self._kavi_commit()
            return
        try:
            refund = self._get_paypal_client().refund_capture(
                source.paypal_capture_id,
                self._get_idempotency_key("refund"),
                amount=self._format_paypal_amount(self.amount),
                custom_id=self.reference,
                invoice_id=self.reference,
                note=self.return_reason or None,
            )
        except NoAnswer:
            self._kavi_commit()
            return
        except RequestRejected as error:
            if not self._handle_auth_error(error):
                self._set_error(self._get_rejection_text(error))
                self._alert_failed_return()
                self._kavi_commit()
            return
        with self._kavi_turn(with_bills=True):
            self._paypal_apply_refund(refund)
            self._commit_and_post_process()

    def _process_gateway_refund(self, refund):
        """Apply a refund that the gateway tells of: ours, or one made on its own site.

        :param dict refund: as PayPal's Payments v2 answers it
        :return: the refund's transaction
        """
        self.ensure_one()
        returns = self._get_returns()
        known = returns.filtered(lambda tx: tx.paypal_refund_id == refund["id"])
        if not known:
            # ours, whose answer was lost
            known = returns.filtered(
                lambda tx: (
                    not tx.paypal_refund_id and refund.get("custom_id") == tx.reference
                )
            )[:1]
        if not known:
            amount = float(parse_amount(refund["amount"])[0])
            known = self._create_child_transaction(
                amount,
                is_refund=True,
                order_id=self.order_id,
                return_reason=self.env._("Refunded at the gateway"),
            )
            known._split_over_bills(
                amount, self.kavi_line_ids, self._get_live_returns() - known
            )
            known._record_gateway_message(
                "received", self.env._("A refund that was made at the gateway.")
            )
        known._paypal_apply_refund(refund)
        known._commit_and_post_process()
        return known

    def _process_chargeback(self, reversal, reason):
        """Apply money that the payer's bank or PayPal took back: it is owed again.

        :param dict reversal: by which it was done, as PayPal answers refunds
        :param str reason: for people
        :raise UserError: when the charge itself is not known yet
        """
        self.ensure_one()
        if self.reversal_date or reversal["id"] in self._get_returns().mapped(
            "paypal_refund_id"
        ):
            return
        if self.state != "done":
            raise UserError(
                self.env._("The charge that this takes back is not known yet.")
            )
        money = reversal.get("amount") or self._format_paypal_amount(self.amount)
        value, code = parse_amount(money)
        amount = float(value)
        if code != self.currency_id.name:
            self._kavi_alert_once(
                reversal["id"],
                self.env._("A payment was charged back in another currency"),
                self.env._(
                    "%(value)s %(currency)s by %(id)s. %(reason)s Enter it in the "
                    "books.",
                    value=money["value"],
                    currency=code,
                    id=reversal["id"],
                    reason=reason,
                ),
            )
        elif self._is_full_chargeback(amount):
            self.write(
                {
                    "reversal_date": fields.Date.context_today(self),
                    "state_message": reason,
                    "is_post_processed": False,
                }
            )
            self._record_gateway_message("received", f"{reason} ({reversal['id']})")
            self._commit_and_post_process()
        else:
            self._process_partial_chargeback(reversal, amount, reason)

    def _is_full_chargeback(self, amount):
        """Whether the payments are simply reversed: the whole amount was taken back,
        and each payment still settles its bill."""
        if self.currency_id.compare_amounts(amount, self.amount) < 0:
            return False
        return not self.is_post_processed or all(
            line.bill_id._is_reversible(line.payment_id) for line in self.kavi_line_ids
        )

    def _process_partial_chargeback(self, reversal, amount, reason):
        """Create a return for what was taken back, which gets entries of its own."""
        part = self._create_child_transaction(
            amount,
            is_refund=True,
            order_id=self.order_id,
            return_reason=reason,
            is_chargeback=True,
        )
        part._split_over_bills(
            amount, self.kavi_line_ids, self._get_live_returns() - part
        )
        part._record_gateway_message("received", reason)
        part._paypal_apply_refund({"status": "COMPLETED", **reversal})
        part._commit_and_post_process()
