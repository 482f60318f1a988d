from odoo import fields, models
from odoo.fields import Command

# Of a payment that was charged back: it was booked with what it was for, now it is the
# debt alone that is paid.
NO_SURCHARGE = {"price": 0.0, "untaxed": 0.0, "tax": 0.0, "total": 0.0, "taxes": []}


class PaymentTransaction(models.Model):
    """Money that was charged back and has come in again, since the seller has won; and
    what the gateway has charged for the dispute.

    The money is a charge of its own, for the books show each movement: the payment, its
    reversal, and the payment of what was owed again.
    """

    _inherit = "payment.transaction"

    restored_from_id = fields.Many2one(
        "payment.transaction",
        string="Won Back Of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The charge that was charged back, whose money has come in again.",
    )
    restoration_ids = fields.One2many(
        "payment.transaction", "restored_from_id", string="Won Back", readonly=True
    )
    dispute_fee = fields.Monetary(
        readonly=True,
        copy=False,
        help="What the gateway has charged for disputes of this payment.",
    )
    dispute_fee_move_ids = fields.Many2many(
        "account.move",
        "kavi_transaction_dispute_fee_rel",
        string="Dispute Fee Entries",
        readonly=True,
        copy=False,
    )

    # === BUSINESS METHODS === #

    def _process_restored(self, id_, amount, reason):
        """Book money that was charged back and is there again, once, whoever tells.

        :param str id_: by which the gateway knows the movement, or the dispute
        :param float amount: what has come; at most what was taken back is booked
        :param str reason: for people
        :return: the new charge; empty when all that was taken back is there already
        """
        self.ensure_one()
        nothing = self.browse()
        if id_ in self.restoration_ids.mapped("provider_reference"):
            return nothing
        self._kavi_lock_with_bills()
        currency = self.currency_id
        amount = currency.round(min(amount, self._get_charged_back()))
        if currency.compare_amounts(amount, 0.0) <= 0:
            return nothing
        won = self._for_books().create(self._prepare_restored_vals(id_, amount))
        won.is_live = self.is_live
        won._set_done(state_message=reason)
        self._kavi_alert(
            self.env._("A payment that was charged back has come in again"),
            self.env._(
                "%(amount)s by %(id)s. %(reason)s It is booked, and pays what was owed "
                "again.",
                amount=currency.format(amount),
                id=id_,
                reason=reason,
            ),
        )
        won._commit_and_post_process()
        return won

    def _get_charged_back(self, bill=None):
        """What was charged back of this charge and has not come in again.

        :param bill: of one bill; default of all
        """
        taken = (
            self.kavi_line_ids if self.reversal_date else self.kavi_line_ids.browse()
        )
        taken += (
            self._get_returns()
            .filtered(lambda child: child.is_chargeback and child.state == "done")
            .kavi_line_ids
        )
        back = self.restoration_ids.filtered(
            lambda won: won.state not in ("error", "cancel")
        ).kavi_line_ids
        if bill:
            taken = taken.filtered(lambda line: line.bill_id == bill)
            back = back.filtered(lambda line: line.bill_id == bill)
        return self.currency_id.round(
            sum(taken.mapped("total")) - sum(back.mapped("total"))
        )

    def _prepare_restored_vals(self, id_, amount):
        """Values of the charge by which the money has come again."""
        Transaction = self.env["payment.transaction"]
        code = self.provider_code
        return {
            "provider_id": self.provider_id.id,
            "payment_method_id": self.payment_method_id.id,
            "reference": Transaction._compute_reference(code, f"{self.reference}-W"),
            "provider_reference": id_,
            "amount": amount,
            "currency_id": self.currency_id.id,
            "partner_id": self.partner_id.id,
            "operation": self.operation,
            "order_id": self.order_id,
            "restored_from_id": self.id,
            "kavi_line_ids": [
                Command.create(vals) for vals in self._prepare_restored_lines(amount)
            ],
        }

    def _prepare_restored_lines(self, amount):
        """What has come in again of each bill: all as it was charged, or else a part of
        the debt, the first bill's first."""
        lines = self.kavi_line_ids
        if not self.restoration_ids and not self.currency_id.compare_amounts(
            amount, sum(lines.mapped("total"))
        ):
            names = ("amount", "surcharge", "surcharge_data")
            return [
                {"bill_id": line.bill_id.id, **{name: line[name] for name in names}}
                for line in lines
            ]
        found, left = [], amount
        for line in lines:
            part = self.currency_id.round(
                min(left, self._get_charged_back(line.bill_id))
            )
            if self.currency_id.compare_amounts(part, 0.0) > 0:
                found.append(
                    {
                        "bill_id": line.bill_id.id,
                        "amount": part,
                        "surcharge": 0.0,
                        "surcharge_data": NO_SURCHARGE,
                    }
                )
                left = self.currency_id.round(left - part)
        return found

    def _process_dispute_fee(self, id_, fee):
        """Book what the gateway has charged for a dispute, once; what it gave back of
        that has the other sign. Without an account for fees it is shown only.

        :param str id_: by which the gateway knows the movement
        """
        self.ensure_one()
        told = self.gateway_message_ids.filtered(
            lambda message: id_ in (message.text or "")
        )
        if told:
            return
        text = self.env._(
            "The gateway has charged %(fee)s for a dispute (%(id)s).",
            fee=self.currency_id.format(fee),
            id=id_,
        )
        self._record_gateway_message("received", text)
        self.dispute_fee += fee
        account = self.company_id.billing_gateway_fee_account_id
        payment = self.kavi_line_ids.payment_id[:1]
        if not account or not payment:
            return
        move = (
            self._for_books()
            .env["account.move"]
            .create(
                self._prepare_fee_vals(
                    account,
                    payment,
                    fee=fee,
                    date=self.company_id._billing_today(),
                    name=self.env._(
                        "Dispute fee of %(reference)s (%(id)s)",
                        reference=self.reference,
                        id=id_,
                    ),
                )
            )
        )
        move._post(soft=False)
        self.dispute_fee_move_ids += move
