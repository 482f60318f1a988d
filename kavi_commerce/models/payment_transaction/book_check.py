from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class PaymentTransaction(models.Model):
    """The nightly check: transactions against payments and bills, in both directions.

    Amounts are in the transaction's currency, which is the payment's and the bill's, as
    the gateway has them; what these are in company currency is the ledger's, which the
    bills are compared with.
    """

    _name = "payment.transaction"
    _inherit = ["payment.transaction", "kavi.ledger.check.mixin"]

    # === HELPER METHODS === #

    @api.model
    def _get_book_checks(self):
        return [
            *super()._get_book_checks(),
            self._find_payment_differences,
            self._find_return_differences,
            self._find_doubly_refundable,
        ]

    @api.model
    def _find_payment_differences(self):
        """Transactions that were booked, and payments that say otherwise.

        :return: ``{transaction: sentence}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH booked AS (
                    SELECT tx.id, tx.amount, tx.currency_id, tx.operation,
                           tx.reversal_date, tx.gateway_fee, tx.fee_move_id,
                           EXISTS (
                               SELECT FROM payment_transaction child
                                WHERE child.source_transaction_id = tx.id
                                  AND child.operation <> 'refund'
                                  AND child.state IN ('done', 'cancel')
                           ) AS is_in_parts,
                           COALESCE((
                               SELECT -SUM(child.amount)
                                 FROM payment_transaction child
                                WHERE child.source_transaction_id = tx.id
                                  AND child.operation = 'refund'
                                  AND child.state = 'done'
                           ), 0) AS returned
                      FROM payment_transaction tx
                     WHERE tx.state = 'done' AND tx.is_post_processed
                       AND EXISTS (SELECT FROM kavi_transaction_bill line
                                    WHERE line.transaction_id = tx.id)
                ), share AS (
                    SELECT line.transaction_id, line.payment_id,
                           SUM(line.amount + COALESCE(line.surcharge, 0)) AS total
                      FROM kavi_transaction_bill line
                  GROUP BY line.transaction_id, line.payment_id
                ), whole AS (
                    SELECT transaction_id, SUM(total) AS total
                      FROM share
                  GROUP BY transaction_id
                ), paid AS (
                    SELECT booked.*, share.total, payment.id AS payment_id,
                           payment.amount AS payment_amount,
                           payment.currency_id AS payment_currency_id,
                           payment.payment_type,
                           payment.payment_transaction_id,
                           move.state AS move_state, move.id AS move_id,
                           payment.state IN ('draft', 'canceled', 'rejected')
                           OR move.state <> 'posted' OR EXISTS (
                               SELECT FROM account_move reversal
                                WHERE reversal.reversed_entry_id = move.id
                                  AND reversal.state = 'posted'
                           ) AS is_taken_back
                      FROM booked
                      JOIN share ON share.transaction_id = booked.id
                 LEFT JOIN account_payment payment ON payment.id = share.payment_id
                 LEFT JOIN account_move move ON move.id = payment.move_id
                     WHERE NOT booked.is_in_parts
                )
                SELECT id, 'no_payment' FROM paid WHERE payment_id IS NULL
             UNION
                SELECT paid.id, 'amount' FROM paid
                  JOIN whole ON whole.transaction_id = paid.id
                 WHERE ROUND((whole.total - ABS(paid.amount))::numeric, 6) <> 0
                    OR ROUND((paid.total - paid.payment_amount)::numeric, 6) <> 0
                    OR paid.payment_currency_id <> paid.currency_id
                    OR paid.payment_transaction_id IS DISTINCT FROM paid.id
                    OR paid.payment_type <> CASE WHEN paid.operation = 'refund'
                                                 THEN 'outbound' ELSE 'inbound' END
             UNION
                SELECT id, 'taken_back' FROM paid
                 WHERE is_taken_back AND reversal_date IS NULL
                   AND (operation = 'refund'
                        OR ROUND((amount - returned)::numeric, 6) > 0)
             UNION
                SELECT id, 'charged_back' FROM paid
                 WHERE reversal_date IS NOT NULL AND is_taken_back IS FALSE
             UNION
                SELECT booked.id, 'two_payments' FROM booked
                  JOIN account_payment payment
                    ON payment.payment_transaction_id = booked.id
                  JOIN account_move move ON move.id = payment.move_id
                 WHERE move.state = 'posted'
                   AND NOT EXISTS (
                       SELECT FROM kavi_transaction_bill line
                        WHERE line.transaction_id = booked.id
                          AND line.payment_id = payment.id)
             UNION
                SELECT paid.id, 'not_posted' FROM account_payment payment
                  JOIN account_move move ON move.id = payment.move_id
                  JOIN payment_transaction paid
                    ON paid.id = payment.payment_transaction_id
                 WHERE move.state = 'posted' AND paid.state <> 'done'
                   AND payment.state NOT IN ('draft', 'canceled', 'rejected')
                   AND EXISTS (SELECT FROM kavi_transaction_bill line
                                WHERE line.transaction_id = paid.id)
             UNION
                -- what the payment left open is a credit, for people to see
                SELECT paid.id, 'no_credit' FROM paid
                  JOIN account_move_line item ON item.move_id = paid.move_id
                  JOIN account_account account ON account.id = item.account_id
                 WHERE account.account_type = 'asset_receivable'
                   AND paid.operation <> 'refund' AND paid.move_state = 'posted'
                   AND ROUND(item.amount_residual_currency::numeric, 6) <> 0
                   AND NOT EXISTS (SELECT FROM kavi_credit credit
                                    WHERE credit.move_id = paid.move_id)
             UNION
                SELECT booked.id, 'fee' FROM booked
                  JOIN account_move move ON move.id = booked.fee_move_id
                 WHERE ROUND((booked.gateway_fee - COALESCE((
                           SELECT SUM(item.amount_currency)
                             FROM account_move_line item
                             JOIN account_account account
                               ON account.id = item.account_id
                            WHERE item.move_id = move.id
                              AND account.account_type IN
                                  ('expense', 'expense_direct_cost')
                       ), 0))::numeric, 6) <> 0
                    OR move.state <> 'posted'
                """
            )
        )
        return self._describe_differences(rows)

    @api.model
    def _find_return_differences(self):
        """Charges of which more went back than came, or whose returned money is still
        somebody's in the books; and returns that nothing was matched with.

        :return: ``{transaction: sentence}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH returned AS (
                    SELECT charge.id, charge.amount, charge.reversal_date,
                           COALESCE(-SUM(child.amount), 0) AS amount_returned
                      FROM payment_transaction charge
                 LEFT JOIN payment_transaction child
                        ON child.source_transaction_id = charge.id
                       AND child.operation = 'refund' AND child.state = 'done'
                     WHERE charge.state = 'done' AND charge.operation <> 'refund'
                       AND EXISTS (SELECT FROM kavi_transaction_bill line
                                    WHERE line.transaction_id = charge.id)
                  GROUP BY charge.id, charge.amount, charge.reversal_date
                ), share AS (
                    SELECT line.transaction_id, line.payment_id, line.bill_id,
                           SUM(line.amount + COALESCE(line.surcharge, 0)) AS total
                      FROM kavi_transaction_bill line
                  GROUP BY line.transaction_id, line.payment_id, line.bill_id
                )
                SELECT id, 'beyond' FROM returned
                 WHERE ROUND((amount_returned - amount)::numeric, 6) > 0
             UNION
                SELECT charge.id, 'open_credit' FROM returned charge
                  JOIN share ON share.transaction_id = charge.id
                  JOIN account_payment payment ON payment.id = share.payment_id
                  JOIN kavi_credit credit ON credit.move_id = payment.move_id
                 WHERE ROUND((credit.amount_open - CASE
                           WHEN charge.reversal_date IS NOT NULL THEN 0
                           ELSE share.total - COALESCE((
                               SELECT SUM(back.total)
                                 FROM share back
                                 JOIN payment_transaction child
                                   ON child.id = back.transaction_id
                                WHERE child.source_transaction_id = charge.id
                                  AND child.operation = 'refund'
                                  AND child.state = 'done'
                                  AND back.bill_id = share.bill_id
                           ), 0) END)::numeric, 6) > 0
             UNION
                SELECT tx.id, 'unmatched' FROM payment_transaction tx
                  JOIN kavi_transaction_bill line ON line.transaction_id = tx.id
                  JOIN account_payment payment ON payment.id = line.payment_id
                  JOIN account_move_line item ON item.move_id = payment.move_id
                  JOIN account_account account ON account.id = item.account_id
                 WHERE tx.state = 'done' AND tx.operation = 'refund'
                   AND account.account_type = 'asset_receivable'
                   AND item.parent_state = 'posted'
                   AND ROUND(item.amount_residual_currency::numeric, 6) <> 0
             UNION
                SELECT try.retry_of_id, 'tried_twice' FROM payment_transaction try
                  JOIN kavi_transaction_bill line ON line.transaction_id = try.id
                 WHERE try.state = 'done' AND try.retry_of_id IS NOT NULL
              GROUP BY try.retry_of_id, line.bill_id
                HAVING COUNT(*) > 1
                """
            )
        )
        return self._describe_differences(rows)

    @api.model
    def _find_doubly_refundable(self):
        """Authorized payments whose parts, and they themselves, offer more for refund
        than was captured and not given back.

        :return: ``{transaction: sentence}``
        """
        captured = self.sudo().search(
            Domain("authorization_act", "=", "capture")
            & Domain("state", "=", "done")
            & Domain("is_purged", "=", False)
            & Domain("source_transaction_id.kavi_line_ids", "!=", False)
        )
        rows = []
        for source in captured.source_transaction_id:
            parts = source.child_transaction_ids.filtered(
                lambda child: (
                    child.authorization_act == "capture" and child.state == "done"
                )
            )
            family = source | parts
            returns = (family.child_transaction_ids).filtered(
                lambda child: child.operation == "refund" and child.state == "done"
            )
            left = sum(parts.mapped("amount")) + sum(returns.mapped("amount"))
            offered = sum(family.mapped("amount_refundable"))
            if source.currency_id.compare_amounts(offered, left) > 0:
                rows.append((source.id, "twice"))
        return self._describe_differences(rows)

    @api.model
    def _describe_differences(self, rows):
        """Sentences for people.

        :param rows: pairs of id and reason
        :return: ``{transaction: sentences}``
        """
        texts = self._get_difference_texts()
        found = {}
        for id_, reason in sorted(rows):
            found.setdefault(self.sudo().browse(id_), []).append(texts[reason])
        return {tx: " ".join(reasons) for tx, reasons in found.items()}

    @api.model
    def _get_difference_texts(self):
        return {
            "no_payment": self.env._(
                "The gateway has moved the money, and the books have no payment for it."
            ),
            "amount": self.env._(
                "Its payments in the books have another amount, currency or direction."
            ),
            "taken_back": self.env._(
                "Its payment was taken back in the books, and the gateway holds the "
                "money."
            ),
            "charged_back": self.env._(
                "The money was charged back, and the books still have the payment."
            ),
            "two_payments": self.env._("The books have a second payment for it."),
            "not_posted": self.env._(
                "The books have a payment, and the gateway has moved nothing."
            ),
            "no_credit": self.env._(
                "What its payment did not settle is nobody's credit."
            ),
            "fee": self.env._("The entry of its fee is of another amount."),
            "beyond": self.env._("More went back than was charged."),
            "open_credit": self.env._(
                "It went back, and the credit that it had become is still open."
            ),
            "unmatched": self.env._(
                "The payment of what went back is open on the account, matched with "
                "nothing."
            ),
            "tried_twice": self.env._(
                "It failed, was tried again, and went back more than once."
            ),
            "twice": self.env._("The same money is offered for refund twice."),
        }

    def _report_book_difference(self, difference):
        """Tell the administrators, once and not every night."""
        self.ensure_one()
        self._kavi_alert_once(difference, self._get_difference_summary(), difference)

    def _get_difference_summary(self):
        return self.env._("Gateway and books differ")
