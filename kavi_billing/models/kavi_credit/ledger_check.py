from odoo import api, models
from odoo.tools import SQL


class KaviCredit(models.Model):
    """The nightly check: credits against the general ledger (D-05)."""

    _inherit = "kavi.credit"

    @api.model
    def _get_book_checks(self):
        return [*super()._get_book_checks(), self._find_amount_differences]

    @api.model
    def _find_amount_differences(self):
        """Compare every issued credit with the receivable items of its entry.

        As with bills, the database adds them up, independently of how the credit
        computes: what is in the account's favour on the posted entry, in the credit's
        and in company currency, less what is matched with entries that are posted.
        Amount, state and account must fit, too.

        :return: ``{credit: sentence}``
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH item AS (
                    SELECT line.id, credit.id AS credit_id, line.amount_currency,
                           line.balance,
                           owner.commercial_partner_id <> credit.partner_id AS is_alien
                      FROM kavi_credit credit
                      JOIN account_move_line line ON line.move_id = credit.move_id
                      JOIN account_account account ON account.id = line.account_id
                 LEFT JOIN res_partner owner ON owner.id = line.partner_id
                     WHERE line.parent_state = 'posted'
                       AND account.account_type = 'asset_receivable'
                       AND (line.balance < 0 OR line.amount_currency < 0)
                ), matched AS (
                    SELECT item.credit_id,
                           SUM(match.credit_amount_currency) AS amount_currency,
                           SUM(match.amount) AS balance
                      FROM item
                      JOIN account_partial_reconcile match
                        ON match.credit_move_id = item.id
                      JOIN account_move_line counterpart
                        ON counterpart.id = match.debit_move_id
                     WHERE counterpart.parent_state = 'posted'
                  GROUP BY item.credit_id
                ), given AS (
                    SELECT credit_id, -SUM(amount_currency) AS amount_currency,
                           -SUM(balance) AS balance, BOOL_OR(is_alien) AS is_alien
                      FROM item
                  GROUP BY credit_id
                ), booked AS (
                    SELECT credit.*, given.credit_id IS NOT NULL AS is_posted,
                           given.is_alien,
                           COALESCE(given.amount_currency, 0) AS total,
                           COALESCE(given.amount_currency, 0)
                           - COALESCE(matched.amount_currency, 0) AS rest,
                           COALESCE(given.balance, 0)
                           - COALESCE(matched.balance, 0) AS rest_company
                      FROM kavi_credit credit
                 LEFT JOIN given ON given.credit_id = credit.id
                 LEFT JOIN matched ON matched.credit_id = credit.id
                     WHERE credit.name IS NOT NULL
                )
                SELECT id, rest
                  FROM booked
                 WHERE ROUND((rest - amount_open)::numeric, 6) <> 0
                    OR ROUND((rest_company - amount_open_company)::numeric, 6) <> 0
                    OR (kind <> 'overpayment' AND is_posted
                        AND ROUND((total - amount)::numeric, 6) <> 0)
                    OR (state = 'open') <> (amount_open <> 0)
                    OR state = 'draft'
                    OR (is_posted IS FALSE AND state <> 'canceled')
                    OR is_alien
              ORDER BY id
                """
            )
        )
        labels = dict(self._fields["state"]._description_selection(self.env))
        return {
            credit: self.env._(
                "The credit says that %(said)s is open and is %(state)s; the ledger "
                "says %(rest)s.",
                said=credit.currency_id.format(credit.amount_open),
                state=labels[credit.state],
                rest=credit.currency_id.format(rest),
            )
            for credit, rest in ((self.browse(row[0]), row[1]) for row in rows)
        }

    def _get_difference_summary(self):
        return self.env._("Credit and books differ")
