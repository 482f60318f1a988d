from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL


class AccountPayment(models.Model):
    """Payments that a gateway has made: they stand as long as its money does."""

    _name = "account.payment"
    _inherit = ["account.payment", "kavi.ledger.check.mixin"]

    # a copy is another payment: the gateway has not made it
    payment_transaction_id = fields.Many2one(copy=False)

    # === COMPUTE METHODS === #

    def _compute_amount_available_for_refund(self):
        result = super()._compute_amount_available_for_refund()
        # the bill and its transaction know more: what is under way, other bills
        for payment in self:
            if payment.sudo().payment_transaction_id.kavi_line_ids:
                payment.amount_available_for_refund = 0.0
        return result

    # === CONSTRAINT METHODS === #

    @api.constrains("kavi_method_id", "payment_transaction_id")
    def _check_moved_by_gateway(self):
        """No payment says of card money what no transaction has moved."""
        for payment in self.sudo():
            by_card = payment.payment_transaction_id.kavi_line_ids
            if not by_card and payment.kavi_method_id.kind == "card":
                raise ValidationError(
                    self.env._(
                        "%s moves money by itself: no payment by it is entered by "
                        "hand. Pay or refund the bill by card, or choose another "
                        "method.",
                        payment.kavi_method_id.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        payments = super().create(vals_list)
        payments._check_not_linked_by_hand()
        return payments

    def write(self, vals):
        if "payment_transaction_id" in vals:
            self._check_not_linked_by_hand()
        if vals.get("state") in ("draft", "canceled", "rejected"):
            self._check_not_at_gateway()
        result = super().write(vals)
        if "payment_transaction_id" in vals:
            self._check_not_linked_by_hand()
        return result

    def _check_not_linked_by_hand(self):
        """Nobody but the gateway's own acts says which payment a transaction of bills
        has made."""
        if not self.env.su and self.sudo().payment_transaction_id.kavi_line_ids:
            raise UserError(
                self.env._(
                    "Payments of card transactions are made when the gateway has moved "
                    "the money, not by hand."
                )
            )

    # === ACTION METHODS === #

    def action_refund_wizard(self):
        if self.sudo().payment_transaction_id.kavi_line_ids:
            raise UserError(
                self.env._("This is the payment of a bill: refund the bill instead.")
            )
        return super().action_refund_wizard()

    # === BUSINESS METHODS === #

    def _is_moved_automatically(self):
        transactions = self.sudo().payment_transaction_id
        return super()._is_moved_automatically() or any(
            tx._is_moved_by_gateway() for tx in transactions
        )

    def _check_not_at_gateway(self):
        """Refuse to take back in the books what stands at the gateway: the payer would
        owe again what was charged, or have twice what went back.

        :raise UserError: with what to do instead
        """
        for payment in self.sudo():
            tx = payment.payment_transaction_id
            if tx._is_moved_by_gateway():
                raise UserError(
                    self.env._(
                        "%(payment)s stands at the gateway (%(id)s): taken back in the "
                        "books only, the payer would be charged once more, or refunded "
                        "twice. Refund the bill to the card instead. A payment that "
                        "the payer's bank takes back is reversed by itself.",
                        payment=payment.name,
                        id=tx.provider_reference or tx.reference,
                    )
                )

    # === HELPER METHODS === #

    def _get_external_number(self):
        """Of a payment or refund by card: the order, as in our reports; then what the
        gateway's statement has (BB-16)."""
        transaction = self.payment_transaction_id
        if transaction.order_id:
            numbers = (transaction.order_id, transaction.provider_reference)
            return " ".join(filter(None, numbers))
        return super()._get_external_number()

    @api.model
    def _get_book_checks(self):
        return [*super()._get_book_checks(), self._find_without_transaction]

    @api.model
    def _find_without_transaction(self):
        """Payments and refunds by the card method that no gateway has made: that is the
        method by which nothing is paid by hand.

        :return: ``{payment: sentence}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT payment.id
                  FROM account_payment payment
                  JOIN account_move move ON move.id = payment.move_id
                  JOIN kavi_payment_method method ON method.id = payment.kavi_method_id
                 WHERE method.kind = 'card' AND move.state = 'posted'
                   AND payment.state NOT IN ('draft', 'canceled', 'rejected')
                   AND payment.payment_transaction_id IS NULL
              ORDER BY payment.id
                """
            )
        )
        text = self.env._(
            "It says that it was made by card, and no transaction of a gateway has "
            "moved the money."
        )
        return {self.browse(id_): text for (id_,) in rows}

    def _get_difference_summary(self):
        return self.env._("Gateway and books differ")
