from odoo import models
from odoo.exceptions import UserError


class KaviCredit(models.Model):
    """What a card payment has left over can go back to the card."""

    _inherit = "kavi.credit"

    # === BUSINESS METHODS === #

    def _refund_in_money(self, method, date=None):
        """Refund to the card what came by card: the gateway is asked, and the credits
        are used up when it has done so."""
        if method.kind != "card":
            return super()._refund_in_money(method, date)
        self._lock_in_state("open")
        self._check_method(method)
        refunds = self.env["payment.transaction"].sudo()
        for credit in self:
            charged = credit._get_charged_line()
            charge, left = charged.transaction_id, credit._get_card_left()
            if not credit._is_of_card():
                raise UserError(
                    self.env._(
                        "Of credit %(credit)s, %(left)s can go back to the card. Give "
                        "it back by another method.",
                        credit=credit.display_name,
                        left=credit.currency_id.format(left),
                    )
                )
            refunds += charge._create_refund(
                credit.amount_open, bill=charged.bill_id, reason=credit.reason
            )
        for refund in refunds:
            refund._ask_for_refund()
        self._log(
            {
                credit: self.env._(
                    "The gateway is asked to refund %s to the card.",
                    credit.currency_id.format(credit.amount_open),
                )
                for credit in self
            }
        )
        return self.env["account.payment"]

    def _get_refund_methods(self):
        methods = super()._get_refund_methods()
        if self and all(credit._is_of_card() for credit in self):
            methods |= methods._get_card_method(self.company_id[:1])
        return methods

    def _get_held_credits(self):
        """Credits of card payments, while the gateway is asked to give them back."""
        held = super()._get_held_credits()
        # sudo: no more is told than that
        moves = self.sudo().move_id
        charged = self.env["kavi.transaction.bill"].sudo()
        charged = charged.search([("payment_id.move_id", "in", moves.ids)])
        under_way = charged.filtered(
            lambda line: any(
                back._is_return_under_way() and back.bill_id == line.bill_id
                for back in line.transaction_id._get_returns().kavi_line_ids
            )
        )
        return held | self.filtered(
            lambda credit: credit.sudo().move_id in under_way.payment_id.move_id
        )

    # === HELPER METHODS === #

    def _get_charged_line(self):
        """The line of the charge that this credit was left over of; empty: none.

        :rtype: kavi.transaction.bill, with superuser rights
        """
        self.ensure_one()
        # sudo: who pays out credits need not see payments
        move = self.sudo().move_id
        Line = self.env["kavi.transaction.bill"].sudo()
        if not move.origin_payment_id:
            return Line
        return Line.search(
            [
                ("payment_id", "=", move.origin_payment_id.id),
                ("transaction_id.operation", "!=", "refund"),
            ],
            limit=1,
        )

    def _is_of_card(self):
        """Whether all that is left of this credit can go back to the card."""
        left = self._get_card_left()
        return self.currency_id.compare_amounts(left, self.amount_open) >= 0

    def _get_card_left(self):
        """How much of this credit can go back to the card."""
        charged = self._get_charged_line()
        if not charged:
            return 0.0
        left = charged.transaction_id._get_refundable_of(charged.bill_id)
        return min(left, charged._get_credit_left())
