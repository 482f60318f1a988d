import logging

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.modules.registry import Registry

from ...paypal.exceptions import Refused, Unknown

_logger = logging.getLogger(__name__)

# PayPal keeps the key of a refund for 45 days.
KEY_DAYS = 40


class PaymentTransaction(models.Model):
    """Giving money back through the gateway."""

    _inherit = "payment.transaction"

    def _refund(self, amount_to_refund=None):
        """Give back a part, or all that is left, of a charge of bills."""
        if not self.kavi_line_ids:
            return super()._refund(amount_to_refund=amount_to_refund)
        return self._kavi_refund(amount_to_refund)

    def _kavi_refund(self, amount=None, bill=None, reason=None):
        """Intend a refund; it is asked for as soon as the intent is committed.

        :param float amount: default all that is left of the charge (of the bill)
        :param bill: default all bills of the charge, the first one first
        :param str reason: kept with it, and on the credit note
        :return: the refund, a ``payment.transaction`` in Pending Return
        :raise UserError: with the reason; then nothing is asked
        """
        self.ensure_one()
        tx = self.sudo()
        self._check_billing_role()
        tx._kavi_lock_with_bills()
        tx._check_refundable()
        left = tx._get_refundable_of(bill) if bill else tx.amount_refundable
        currency = tx.currency_id
        amount = left if amount is None else tx.bill_ids[:1]._check_amount(amount)
        if currency.is_zero(left) or currency.compare_amounts(amount, left) > 0:
            raise UserError(
                self.env._(
                    "Of this charge %(left)s can be given back, not %(amount)s.",
                    left=currency.format(left),
                    amount=currency.format(amount),
                )
            )
        refund = tx._create_child_transaction(
            amount, is_refund=True, order_id=tx.order_id, return_reason=reason
        )
        lines = tx.kavi_line_ids
        if bill:
            lines = lines.filtered(lambda line: line.bill_id.id == bill.id)
        refund._split_over_bills(amount, lines, tx._get_live_returns())
        refund._set_pending(state_message=self.env._("The gateway is asked."))
        refund._kavi_wait()
        refund._kavi_send_after_commit()
        return refund

    def _check_refundable(self):
        if self.state != "done" or self.operation == "refund":
            raise UserError(self.env._("Only what was charged can be given back."))
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
            lambda child: child.state not in ("error", "cancel")
        )

    def _get_refundable_of(self, bill):
        """What is left of the charge of one bill."""
        charged = self.kavi_line_ids.filtered(lambda line: line.bill_id.id == bill.id)
        returned = self._get_live_returns().kavi_line_ids.filtered(
            lambda line: line.bill_id.id == bill.id
        )
        if self.state != "done" or self.reversal_date:
            return 0.0
        return self.currency_id.round(
            sum(charged.mapped("total")) - sum(returned.mapped("total"))
        )

    def _split_over_bills(self, amount, lines, before):
        """Say which bills an amount belongs to: the first one's rest first.

        :param lines: of the charge, in the order in which they are served
        :param before: transactions that have taken their parts of these already
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
            # more than we know of: what the gateway did is kept whole
            commands[-1][2]["amount"] += left
        elif not commands:
            commands = [
                Command.create({"bill_id": lines[-1].bill_id.id, "amount": amount})
            ]
        self.write({"kavi_line_ids": commands})

    # === ASKING === #

    def _kavi_send_after_commit(self):
        """Ask the gateway as soon as what is intended is committed.

        If this process ends before, the resolver asks.
        """
        ids, dbname = self.ids, self.env.cr.dbname

        @self.env.cr.postcommit.add
        def send():
            try:
                with Registry(dbname).cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    env["payment.transaction"].browse(ids)._kavi_send()
            except Exception:
                _logger.exception("Transactions %s: to be sent by the resolver", ids)

    def _kavi_send(self):
        """Ask for what was intended and is not answered yet."""
        for tx in self.exists().filtered(lambda tx: tx.state == "pending"):
            if tx.operation == "refund" and not tx.paypal_refund_id:
                tx._kavi_send_refund()
            elif tx.authorization_act and not tx.paypal_capture_id:
                tx._kavi_send_authorization()

    def _kavi_send_refund(self):
        """Ask for the refund; asked again, the same key gives the same refund.

        As long as PayPal knows the key: later, it would be another refund.
        """
        source = self.source_transaction_id
        if self.create_date < fields.Datetime.subtract(
            fields.Datetime.now(), days=KEY_DAYS
        ):
            self._kavi_record(
                "note",
                self.env._("Too old to be asked for again: it might be doubled."),
            )
            self._kavi_commit()
            return
        try:
            refund = self._kavi_client().refund_capture(
                source.paypal_capture_id,
                self._kavi_key("refund"),
                amount=self._kavi_money(self.amount),
                custom_id=self.reference,
                invoice_id=self.reference,
                note=self.return_reason or None,
            )
        except Unknown:
            self._kavi_commit()
            return
        except Refused as error:
            if not self._kavi_is_locked_out(error):
                self._set_error(self._kavi_explain(error))
                self._kavi_commit()
            return
        self._kavi_apply_refund(refund)
        self._kavi_finish()

    def action_kavi_retry_refund(self):
        """A return that failed is tried again, as a new one (KC-24)."""
        self.ensure_one()
        if self.kavi_state != "failed_return":
            raise UserError(self.env._("Only a failed return is tried again."))
        refund = self.source_transaction_id._kavi_refund(
            -self.amount,
            bill=self.bill_ids if len(self.bill_ids) == 1 else None,
            reason=self.return_reason,
        )
        return refund._get_records_action(name=self.env._("Refund"))

    def action_kavi_refund(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_commerce.action_kavi_transaction_refund_wizard"
        )
        action["context"] = {"default_transaction_id": self.id}
        return action

    # === MADE AT THE GATEWAY === #

    def _kavi_take_in_refund(self, refund):
        """A refund that the gateway tells of: ours, or made on its own site.

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
            amount = float(refund["amount"]["value"])
            known = self._create_child_transaction(
                amount,
                is_refund=True,
                order_id=self.order_id,
                return_reason=self.env._("Given back at the gateway"),
            )
            known._split_over_bills(
                amount, self.kavi_line_ids, self._get_live_returns() - known
            )
            known._kavi_record(
                "received", self.env._("A refund that was made at the gateway.")
            )
        known._kavi_apply_refund(refund)
        known._kavi_finish()
        return known
