import logging

from odoo import api, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class KaviBill(models.Model):
    """The nightly check: bills against the general ledger (D-05)."""

    _inherit = "kavi.bill"

    @api.model
    def _cron_check_books(self):
        """Tell the billing administrators of what differs from the ledger."""
        differing = {}
        for model in (self, self.env["kavi.credit"]):
            found = model._find_book_differences()
            model._close_book_differences([record.id for record in found])
            differing.update(found)
        self.env["ir.cron"]._commit_progress(remaining=len(differing))
        for record, difference in differing.items():
            try:
                with self.env.cr.savepoint():
                    record._report_book_difference(difference)
            except Exception:
                # the others are told of all the same
                _logger.exception("%s could not be reported", record.name)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _find_book_differences(self):
        """Compare every issued bill with its documents' receivable lines.

        Both are summed by the database, independently of how the bill computes: what is
        open on posted invoices, in the bill's and in company currency, less what is
        matched with entries that are posted; totals, settled amounts, state and account
        must fit, too. What an import says of the time before is no part of the ledger.

        :return: ``{bill: sentence}``
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH invoice_line AS (
                    SELECT line.id, move.kavi_bill_id AS bill_id, line.partner_id,
                           line.amount_currency, line.balance,
                           move.is_kavi_surcharge IS TRUE AS is_surcharge
                      FROM account_move_line line
                      JOIN account_move move ON move.id = line.move_id
                      JOIN account_account account ON account.id = line.account_id
                     WHERE move.kavi_bill_id IS NOT NULL
                       AND move.state = 'posted'
                       AND move.is_kavi_replaced IS NOT TRUE
                       AND NOT EXISTS (
                           SELECT 1 FROM account_move note
                            WHERE note.id = move.reversed_entry_id
                              AND note.kavi_bill_id = move.kavi_bill_id
                              AND note.state = 'posted'
                       )
                       AND move.move_type = 'out_invoice'
                       AND account.account_type = 'asset_receivable'
                ), matched AS (
                    SELECT invoice_line.bill_id,
                           SUM(match.debit_amount_currency) AS amount_currency,
                           SUM(match.amount) AS balance
                      FROM invoice_line
                      JOIN account_partial_reconcile match
                        ON match.debit_move_id = invoice_line.id
                      JOIN account_move_line counterpart
                        ON counterpart.id = match.credit_move_id
                     WHERE counterpart.parent_state = 'posted'
                  GROUP BY invoice_line.bill_id
                ), charged AS (
                    SELECT bill_id, SUM(amount_currency) AS amount_currency,
                           SUM(balance) AS balance, MIN(partner_id) AS partner_id,
                           COALESCE(SUM(amount_currency) FILTER (WHERE is_surcharge), 0)
                           AS surcharge,
                           BOOL_OR(NOT is_surcharge) AS is_posted
                      FROM invoice_line
                  GROUP BY bill_id
                )
                SELECT bill.id,
                       COALESCE(charged.amount_currency, 0)
                       - COALESCE(matched.amount_currency, 0) AS due,
                       COALESCE(charged.balance, 0)
                       - COALESCE(matched.balance, 0) AS due_company
                  FROM kavi_bill bill
                  JOIN res_partner account ON account.id = bill.partner_id
             LEFT JOIN charged ON charged.bill_id = bill.id
             LEFT JOIN matched ON matched.bill_id = bill.id
                 WHERE bill.name IS NOT NULL
                   AND (ROUND((COALESCE(charged.amount_currency, 0)
                          - COALESCE(matched.amount_currency, 0)
                          - bill.amount_due)::numeric, 6) <> 0
                    OR ROUND((COALESCE(charged.balance, 0)
                          - COALESCE(matched.balance, 0)
                          - bill.amount_due_company)::numeric, 6) <> 0
                    OR ROUND((COALESCE(matched.amount_currency, 0)
                          - bill.amount_paid - bill.amount_credited
                          + COALESCE(bill.opening_paid, 0)
                          + COALESCE(bill.opening_credited, 0))::numeric, 6) <> 0
                    OR (charged.is_posted AND ROUND((
                          charged.amount_currency + COALESCE(bill.opening_total, 0)
                          - bill.amount_total)::numeric, 6) <> 0)
                    OR ROUND((COALESCE(charged.surcharge, 0)
                          + COALESCE(bill.opening_surcharge, 0)
                          - bill.surcharge_booked)::numeric, 6) <> 0
                    OR bill.is_posted <> (charged.is_posted IS TRUE)
                    OR (bill.state IN ('paid', 'refunded')
                        AND charged.is_posted IS NOT TRUE
                        AND bill.opening_state IS NULL)
                    OR (bill.opening_state IS NOT NULL
                        AND charged.bill_id IS NOT NULL)
                    OR (bill.state IN ('paid', 'refunded', 'canceled')
                        AND bill.amount_due <> 0)
                    OR (bill.state IN ('new', 'pending')
                        AND charged.is_posted AND bill.amount_due = 0)
                    OR account.is_billing_account IS NOT TRUE
                    OR charged.partner_id <> bill.partner_id)
              ORDER BY bill.id
                """
            )
        )
        return {
            bill: self.env._(
                "The bill says that %(said)s is due and is %(state)s; the ledger says "
                "%(due)s.",
                said=bill.currency_id.format(bill.amount_due),
                state=bill._get_state_label(),
                due=bill.currency_id.format(due),
            )
            for bill, due in ((self.browse(row[0]), row[1]) for row in rows)
        }

    def _get_difference_summary(self):
        return self.env._("Bill and books differ")
