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
        for name in self._get_checked_models():
            try:
                with self.env.cr.savepoint():
                    found = self.env[name]._find_book_differences()
                    ids = [record.id for record in found]
                    self.env[name]._close_book_differences(ids)
            except Exception:
                # what the others differ by is told all the same
                _logger.exception("%s could not be compared with the books", name)
            else:
                differing |= found
        self.env["ir.cron"]._commit_progress(remaining=len(differing))
        for record, difference in differing.items():
            try:
                with self.env.cr.savepoint():
                    record._report_book_difference(difference)
            except Exception:
                # the others are told of all the same
                _logger.exception("%s could not be reported", record.display_name)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _get_checked_models(self):
        """Hook: the models whose records are compared, see
        ``kavi.ledger.check.mixin``."""
        return [self._name, "kavi.credit"]

    @api.model
    def _get_book_checks(self):
        return [
            *super()._get_book_checks(),
            self._find_amount_differences,
            self._find_open_ends,
            self._find_false_notes,
        ]

    @api.model
    def _find_amount_differences(self):
        """Compare every issued bill with its documents' receivable lines.

        Both are summed by the database, independently of how the bill computes: what is
        open on posted invoices, in the bill's and in company currency, less what is
        matched with entries that are posted; totals, settled amounts, state and account
        must fit, too, and so must what was refunded: neither more nor less than was
        paid out against the credit notes, nor more than had come in. What an import
        says of the time before is no part of the ledger.

        :return: ``{bill: sentence}``
        """
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
                           COALESCE(SUM(match.debit_amount_currency) FILTER (
                               WHERE other.move_type = 'out_refund'), 0) AS by_note,
                           SUM(match.amount) AS balance
                      FROM invoice_line
                      JOIN account_partial_reconcile match
                        ON match.debit_move_id = invoice_line.id
                      JOIN account_move_line counterpart
                        ON counterpart.id = match.credit_move_id
                      JOIN account_move other ON other.id = counterpart.move_id
                     WHERE counterpart.parent_state = 'posted'
                  GROUP BY invoice_line.bill_id
                ), paid_out AS (
                    SELECT note.kavi_bill_id AS bill_id,
                           SUM(match.credit_amount_currency) AS amount_currency
                      FROM account_move note
                      JOIN account_move_line line ON line.move_id = note.id
                      JOIN account_account account ON account.id = line.account_id
                      JOIN account_partial_reconcile match
                        ON match.credit_move_id = line.id
                      JOIN account_move_line counterpart
                        ON counterpart.id = match.debit_move_id
                      JOIN account_move other ON other.id = counterpart.move_id
                     WHERE note.kavi_bill_id IS NOT NULL
                       AND note.state = 'posted'
                       AND note.move_type = 'out_refund'
                       AND note.is_kavi_replaced IS NOT TRUE
                       AND account.account_type = 'asset_receivable'
                       AND other.state = 'posted'
                       AND other.move_type <> 'out_invoice'
                  GROUP BY note.kavi_bill_id
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
                       COALESCE(matched.amount_currency, 0) AS matched,
                       COALESCE(paid_out.amount_currency, 0) AS paid_out
                  FROM kavi_bill bill
                  JOIN res_partner account ON account.id = bill.partner_id
             LEFT JOIN charged ON charged.bill_id = bill.id
             LEFT JOIN matched ON matched.bill_id = bill.id
             LEFT JOIN paid_out ON paid_out.bill_id = bill.id
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
                    OR ROUND((COALESCE(matched.by_note, 0)
                          + COALESCE(bill.opening_credited, 0)
                          - bill.amount_credited)::numeric, 6) > 0
                    OR ROUND((COALESCE(paid_out.amount_currency, 0)
                          + COALESCE(bill.opening_refunded, 0)
                          - bill.refund_amount)::numeric, 6) <> 0
                    OR ROUND((bill.amount_paid - bill.refund_amount
                          - bill.amount_retained)::numeric, 6) <> 0
                    OR (bill.state IN ('paid', 'refunded', 'canceled')
                        AND ROUND(bill.amount_retained::numeric, 6) < 0
                        -- a payment that bounced after a refund: that is lost
                        AND NOT EXISTS (
                            SELECT FROM account_move__account_payment link
                              JOIN account_move invoice ON invoice.id = link.invoice_id
                              JOIN account_payment payment
                                ON payment.id = link.payment_id
                             WHERE invoice.kavi_bill_id = bill.id
                               AND payment.payment_type = 'inbound'
                               AND payment.state IN ('rejected', 'canceled', 'draft')))
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
                "The bill says that %(said)s is due, %(settled)s is paid or credited, "
                "%(refunded)s is refunded, and is %(state)s; the ledger says %(due)s, "
                "%(matched)s and %(paid_out)s.",
                said=bill.currency_id.format(bill.amount_due),
                settled=bill.currency_id.format(
                    bill.amount_paid + bill.amount_credited
                ),
                refunded=bill.currency_id.format(bill.refund_amount),
                state=bill._get_state_label(),
                due=bill.currency_id.format(due),
                matched=bill.currency_id.format(matched),
                paid_out=bill.currency_id.format(paid_out),
            )
            for bill, due, matched, paid_out in (
                (self.browse(id_), *amounts) for id_, *amounts in rows
            )
        }

    def _get_difference_summary(self):
        return self.env._("Bill and books differ")
