from odoo import fields, models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    """Money that the payer's bank, or PayPal, took back: reversals and charge-backs.

    All of a charge: its payments are reversed. A part of it, or what a refund has left:
    a return of its own, by which that part of the debt is open again.
    """

    _inherit = "payment.transaction"

    is_taken_back = fields.Boolean(
        string="Taken Back",
        readonly=True,
        copy=False,
        help="By the payer's bank or the gateway: a part of the debt is open again.",
    )

    def _kavi_take_in_reversal(self, reversal, reason):
        """The payer's bank or PayPal took money back: that much is owed again.

        :param dict reversal: a refund as PayPal answers it, by which it was done
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
        money = reversal.get("amount") or self._kavi_money(self.amount)
        amount = float(money["value"])
        if money["currency_code"] != self.currency_id.name:
            self._kavi_alert_once(
                reversal["id"],
                self.env._("A payment was taken back in another currency"),
                self.env._(
                    "%(value)s %(currency)s by %(id)s. %(reason)s Enter it in the "
                    "books.",
                    value=money["value"],
                    currency=money["currency_code"],
                    id=reversal["id"],
                    reason=reason,
                ),
            )
        elif self._is_reversed_whole(amount):
            self.write(
                {
                    "reversal_date": fields.Date.context_today(self),
                    "state_message": reason,
                    "is_post_processed": False,
                }
            )
            self._kavi_record("received", f"{reason} ({reversal['id']})")
            self._kavi_finish()
        else:
            self._kavi_take_back_part(reversal, amount, reason)

    def _is_reversed_whole(self, amount):
        """Whether the payments are simply undone: all of them, and each of them settles
        its bill."""
        if self.currency_id.compare_amounts(amount, self.amount) < 0:
            return False
        return not self.is_post_processed or all(
            line.bill_id._is_reversible(line.payment_id) for line in self.kavi_line_ids
        )

    def _kavi_take_back_part(self, reversal, amount, reason):
        """What was taken back as a return of its own, with its own entries."""
        part = self._create_child_transaction(
            amount,
            is_refund=True,
            order_id=self.order_id,
            return_reason=reason,
            is_taken_back=True,
        )
        part._split_over_bills(
            amount, self.kavi_line_ids, self._get_live_returns() - part
        )
        part._kavi_record("received", reason)
        part._kavi_apply_refund({"status": "COMPLETED", **reversal})
        part._kavi_finish()

    def _kavi_book_reversal(self):
        """The debt is open again; the books show both movements."""
        for line in self.kavi_line_ids:
            payment, bill = line.payment_id, line.bill_id
            if not payment or payment.state in ("rejected", "canceled"):
                continue
            if not bill._is_reversible(payment):
                self._kavi_alert(
                    self.env._("A payment that was used was taken back"),
                    self.env._(
                        "%(payment)s does not settle bill %(bill)s any more: reverse "
                        "it in Invoicing.",
                        payment=payment.name,
                        bill=bill.name,
                    ),
                )
                continue
            bill._reverse_payment(payment, reason=self.state_message)
            bill._alert_administrators(
                self.env._("A card payment was taken back"),
                self.state_message or self.env._("By the payer's bank."),
            )
