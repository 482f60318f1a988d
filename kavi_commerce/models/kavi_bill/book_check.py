from odoo import api, models
from odoo.tools import SQL


class KaviBill(models.Model):
    """The nightly check, where card money is concerned: see ``payment.transaction``."""

    _inherit = "kavi.bill"

    # === HELPER METHODS === #

    @api.model
    def _get_checked_models(self):
        return [
            *super()._get_checked_models(),
            "payment.transaction",
            "account.payment",
        ]

    @api.model
    def _get_book_checks(self):
        return [*super()._get_book_checks(), self._find_card_money_kept]

    @api.model
    def _find_card_money_kept(self):
        """Bills of which more was refunded in the books than went back: the gateway
        still holds it.

        Refunds that no transaction has made, and for which nobody has chosen a method,
        are at most what came in otherwise.

        :return: ``{bill: sentence}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH card AS (
                    SELECT move.kavi_bill_id AS bill_id,
                           SUM(match.debit_amount_currency) AS amount
                      FROM payment_transaction tx
                      JOIN payment_provider provider ON provider.id = tx.provider_id
                      JOIN kavi_transaction_bill line ON line.transaction_id = tx.id
                      JOIN account_payment payment ON payment.id = line.payment_id
                      JOIN account_move_line item ON item.move_id = payment.move_id
                      JOIN account_partial_reconcile match
                        ON match.credit_move_id = item.id
                      JOIN account_move_line debt ON debt.id = match.debit_move_id
                      JOIN account_move move ON move.id = debt.move_id
                     WHERE tx.state = 'done' AND tx.operation <> 'refund'
                       AND provider.code <> 'kavi_manual'
                       AND move.move_type = 'out_invoice'
                       AND move.kavi_bill_id = line.bill_id
                       AND item.parent_state = 'posted' AND move.state = 'posted'
                  GROUP BY move.kavi_bill_id
                ), otherwise AS (
                    SELECT note.kavi_bill_id AS bill_id,
                           SUM(match.credit_amount_currency) AS amount
                      FROM account_move note
                      JOIN account_move_line item ON item.move_id = note.id
                      JOIN account_partial_reconcile match
                        ON match.credit_move_id = item.id
                      JOIN account_move_line out ON out.id = match.debit_move_id
                      JOIN account_move paid_out ON paid_out.id = out.move_id
                 LEFT JOIN account_payment payment
                        ON payment.id = paid_out.origin_payment_id
                 LEFT JOIN kavi_payment_method method
                        ON method.id = payment.kavi_method_id
                     WHERE note.kavi_bill_id IN (SELECT bill_id FROM card)
                       AND note.state = 'posted' AND note.move_type = 'out_refund'
                       AND paid_out.state = 'posted'
                       AND paid_out.move_type <> 'out_invoice'
                       AND payment.payment_transaction_id IS NULL
                       AND (method.id IS NULL OR method.kind = 'card')
                  GROUP BY note.kavi_bill_id
                )
                SELECT bill.id,
                       otherwise.amount - (bill.amount_paid
                           - COALESCE(bill.opening_paid, 0) - card.amount)
                  FROM card
                  JOIN otherwise ON otherwise.bill_id = card.bill_id
                  JOIN kavi_bill bill ON bill.id = card.bill_id
                 WHERE ROUND((otherwise.amount - (bill.amount_paid
                           - COALESCE(bill.opening_paid, 0)
                           - card.amount))::numeric, 6) > 0
              ORDER BY bill.id
                """
            )
        )
        return {
            bill: self.env._(
                "%(amount)s was refunded in the books, and not at the gateway, by "
                "which it had come.",
                amount=bill.currency_id.format(amount),
            )
            for bill, amount in ((self.browse(id_), amount) for id_, amount in rows)
        }
