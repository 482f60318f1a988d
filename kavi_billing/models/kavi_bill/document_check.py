from odoo import api, models
from odoo.tools import SQL


class KaviBill(models.Model):
    """The nightly check of documents: what ends leaves nothing open, and notes mirror
    what they take back (D-05)."""

    _inherit = "kavi.bill"

    # === HELPER METHODS === #

    @api.model
    def _find_open_ends(self):
        """Canceled bills, and those of which all was given back, with something open on
        a receivable item of their documents; and replaced documents that do not make up
        for each other.

        Whatever the account, in the bill's or in company currency, and too little as
        well as too much.

        :return: ``{bill: sentence}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH item AS (
                    SELECT line.id, bill.id AS bill_id, line.account_id,
                           line.amount_currency, line.balance,
                           bill.state IN ('canceled', 'refunded') AS is_ended
                      FROM kavi_bill bill
                      JOIN account_move move ON move.kavi_bill_id = bill.id
                      JOIN account_move_line line ON line.move_id = move.id
                      JOIN account_account account ON account.id = line.account_id
                     WHERE move.state = 'posted'
                       AND account.account_type = 'asset_receivable'
                       AND (bill.state = 'canceled'
                            OR (bill.state = 'refunded' AND bill.amount_retained = 0)
                            OR move.is_kavi_replaced IS TRUE)
                ), matched AS (
                    SELECT item.id, match.debit_amount_currency AS amount_currency,
                           match.amount AS balance
                      FROM item
                      JOIN account_partial_reconcile match
                        ON match.debit_move_id = item.id
                      JOIN account_move_line other ON other.id = match.credit_move_id
                     WHERE other.parent_state = 'posted'
                 UNION ALL
                    SELECT item.id, -match.credit_amount_currency, -match.amount
                      FROM item
                      JOIN account_partial_reconcile match
                        ON match.credit_move_id = item.id
                      JOIN account_move_line other ON other.id = match.debit_move_id
                     WHERE other.parent_state = 'posted'
                ), rest AS (
                    SELECT item.bill_id, item.is_ended, item.account_id,
                           item.amount_currency
                           - COALESCE(SUM(matched.amount_currency), 0)
                           AS amount_currency,
                           item.balance - COALESCE(SUM(matched.balance), 0) AS balance
                      FROM item
                 LEFT JOIN matched ON matched.id = item.id
                  GROUP BY item.id, item.bill_id, item.is_ended, item.account_id,
                           item.amount_currency, item.balance
                ), left_open AS (
                    SELECT bill_id, amount_currency, balance FROM rest WHERE is_ended
                 UNION ALL
                    SELECT bill_id, SUM(amount_currency), SUM(balance) FROM rest
                     WHERE NOT is_ended
                  GROUP BY bill_id, account_id
                )
                SELECT bill_id, SUM(ABS(amount_currency)), SUM(ABS(balance))
                  FROM left_open
                 WHERE ROUND(amount_currency::numeric, 6) <> 0
                    OR ROUND(balance::numeric, 6) <> 0
              GROUP BY bill_id
              ORDER BY bill_id
                """
            )
        )
        return {
            bill: self.env._(
                "Documents of the bill that are undone leave %(rest)s open "
                "(%(company)s in company currency).",
                rest=bill.currency_id.format(rest),
                company=bill.company_currency_id.format(rest_company),
            )
            for bill, rest, rest_company in (
                (self.browse(id_), *rests) for id_, *rests in rows
            )
        }

    @api.model
    def _find_false_notes(self):
        """Bills whose credit notes do not take back what was booked.

        Where the documents of a bill add up to nothing, so does each account, and each
        part of each tax, in both currencies. Where a part was taken back, no more went
        of what is untaxed, and of no tax, than was charged.

        :return: ``{bill: sentence}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH line AS (
                    SELECT move.kavi_bill_id AS bill_id,
                           move.is_kavi_replaced IS TRUE AS is_replaced,
                           move.move_type = 'out_refund' AS is_note,
                           account.account_type = 'asset_receivable' AS is_receivable,
                           item.account_id,
                           item.tax_line_id,
                           -- a tax may have parts that cancel each other out
                           part.factor_percent < 0 AS is_negative,
                           item.amount_currency, item.balance
                      FROM account_move move
                      JOIN account_move_line item ON item.move_id = move.id
                      JOIN account_account account ON account.id = item.account_id
                 LEFT JOIN account_tax_repartition_line part
                        ON part.id = item.tax_repartition_line_id
                     WHERE move.state = 'posted'
                       AND move.move_type IN ('out_invoice', 'out_refund')
                       AND move.kavi_bill_id IN (
                           SELECT note.kavi_bill_id FROM account_move note
                            WHERE note.kavi_bill_id IS NOT NULL
                              AND note.state = 'posted'
                              AND note.move_type = 'out_refund')
                ), undone AS (
                    SELECT bill_id, is_replaced
                      FROM line
                     WHERE is_receivable
                  GROUP BY bill_id, is_replaced
                    HAVING ROUND(SUM(amount_currency)::numeric, 6) = 0
                ), left_over AS (
                    SELECT line.bill_id, SUM(line.amount_currency) AS amount_currency,
                           SUM(line.balance) AS balance
                      FROM line
                      JOIN undone ON undone.bill_id = line.bill_id
                       AND undone.is_replaced = line.is_replaced
                     WHERE NOT line.is_receivable
                  GROUP BY line.bill_id, line.is_replaced, line.tax_line_id,
                           line.is_negative,
                           CASE WHEN line.tax_line_id IS NULL THEN line.account_id END
                ), too_much AS (
                    SELECT bill_id, SUM(amount_currency) AS amount_currency,
                           SUM(balance) AS balance,
                           SUM(amount_currency) FILTER (WHERE NOT is_note) AS charged
                      FROM line
                     WHERE NOT is_receivable AND NOT is_replaced
                       -- money that went back without having come is lost
                       AND bill_id NOT IN (
                           SELECT id FROM kavi_bill WHERE amount_retained < 0)
                  GROUP BY bill_id, tax_line_id, is_negative
                )
                SELECT bill_id, MAX(ABS(amount_currency)), MAX(ABS(balance))
                  FROM (
                    SELECT bill_id, amount_currency, balance FROM left_over
                     WHERE ROUND(amount_currency::numeric, 6) <> 0
                        OR ROUND(balance::numeric, 6) <> 0
                 UNION ALL
                    SELECT bill_id, amount_currency, balance FROM too_much
                     WHERE ROUND((amount_currency
                           * SIGN(COALESCE(charged, 0)))::numeric, 6) < 0
                        OR (COALESCE(charged, 0) = 0
                            AND ROUND(amount_currency::numeric, 6) <> 0)
                  ) AS found
              GROUP BY bill_id
              ORDER BY bill_id
                """
            )
        )
        return {
            bill: self.env._(
                "The credit notes of the bill do not mirror what was booked: on one "
                "account or tax they are off by %(rest)s (%(company)s in company "
                "currency).",
                rest=bill.currency_id.format(rest),
                company=bill.company_currency_id.format(rest_company),
            )
            for bill, rest, rest_company in (
                (self.browse(id_), *rests) for id_, *rests in rows
            )
        }
