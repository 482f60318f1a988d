from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.const import ACCOUNTING_GROUPS


class KaviAccountAllocation(models.Model):
    """Which payment or credit settled which bill, how much and when (BA-04, BB-11).

    A view on Odoo's own matches between posted receivable items of billing accounts. Of
    a payment that was too much, what its bills needed is a payment, and only what was
    left over settles as a credit.
    """

    _name = "kavi.account.allocation"
    _inherit = ["kavi.view.mixin"]
    _description = "Account Allocation"
    _auto = False
    _order = "applied_at desc, id desc"
    _rec_name = "credit_reference"
    _rec_names_search = ["debit_reference", "credit_reference"]

    partner_id = fields.Many2one("res.partner", string="Account", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    date = fields.Date(
        string="Booked On", readonly=True, help="The later of the two documents' dates."
    )
    applied_at = fields.Datetime(readonly=True)
    kind = fields.Selection(
        [
            ("payment", "Payment"),
            ("credit", "Credit"),
            ("credit_note", "Credit Note"),
            ("entry", "Other Entry"),
        ],
        string="Settled By",
        readonly=True,
    )
    amount = fields.Monetary(
        readonly=True, help="How much was settled, in the currency of what was owed."
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_used = fields.Monetary(
        readonly=True,
        currency_field="credit_currency_id",
        help="How much of the payment or credit it took, in its own currency.",
    )
    credit_currency_id = fields.Many2one(
        "res.currency", string="Currency Of The Credit", readonly=True
    )
    amount_company = fields.Monetary(
        string="Amount (Company Currency)",
        readonly=True,
        currency_field="company_currency_id",
    )
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    bill_id = fields.Many2one("kavi.bill", readonly=True)
    credit_id = fields.Many2one("kavi.credit", readonly=True)
    debit_reference = fields.Char(string="What Was Owed", readonly=True)
    credit_reference = fields.Char(string="What Settled It", readonly=True)
    payment_id = fields.Many2one(
        "account.payment", readonly=True, groups=ACCOUNTING_GROUPS
    )
    debit_move_id = fields.Many2one(
        "account.move", string="Debit Entry", readonly=True, groups=ACCOUNTING_GROUPS
    )
    credit_move_id = fields.Many2one(
        "account.move", string="Credit Entry", readonly=True, groups=ACCOUNTING_GROUPS
    )
    debit_line_id = fields.Many2one("kavi.account.ledger", readonly=True)
    credit_line_id = fields.Many2one("kavi.account.ledger", readonly=True)

    _depends = {
        "account.move": [
            "kavi_bill_id",
            "move_type",
            "name",
            "origin_payment_id",
            "reversed_entry_id",
            "statement_line_id",
        ],
        "account.move.line": [
            "account_id",
            "amount_currency",
            "company_id",
            "currency_id",
            "date",
            "is_kavi_without_money",
            "move_id",
            "parent_state",
            "partner_id",
        ],
        "account.account": ["account_type"],
        "account.partial.reconcile": [
            "amount",
            "credit_amount_currency",
            "credit_move_id",
            "debit_amount_currency",
            "debit_move_id",
            "max_date",
        ],
        "kavi.credit": ["amount", "bill_id", "kind", "move_id"],
        "res.company": ["currency_id"],
        "res.partner": ["commercial_partner_id", "is_billing_account"],
    }

    @api.model
    def _query(self):
        return SQL(
            """
            SELECT match.id,
                   account.id AS partner_id,
                   debit.company_id,
                   match.max_date AS date,
                   match.create_date AS applied_at,
                   match.debit_amount_currency AS amount,
                   debit.currency_id,
                   match.credit_amount_currency AS amount_used,
                   credit.currency_id AS credit_currency_id,
                   match.amount AS amount_company,
                   company.currency_id AS company_currency_id,
                   COALESCE(debit_move.kavi_bill_id, credit_move.kavi_bill_id)
                       AS bill_id,
                   CASE WHEN own.is_own THEN NULL ELSE kavi_credit.id END AS credit_id,
                   debit_move.name AS debit_reference,
                   credit_move.name AS credit_reference,
                   COALESCE(credit_move.origin_payment_id, debit_move.origin_payment_id)
                       AS payment_id,
                   debit.move_id AS debit_move_id,
                   credit.move_id AS credit_move_id,
                   debit.id AS debit_line_id,
                   credit.id AS credit_line_id,
                   CASE WHEN kavi_credit.id IS NOT NULL AND NOT own.is_own
                            THEN 'credit'
                        WHEN credit_move.move_type = 'out_refund' THEN 'credit_note'
                        WHEN credit.is_kavi_without_money THEN 'entry'
                        WHEN credit_move.origin_payment_id IS NOT NULL
                          OR credit_move.statement_line_id IS NOT NULL THEN 'payment'
                        ELSE 'entry'
                   END AS kind
              FROM account_partial_reconcile match
              JOIN account_move_line debit ON debit.id = match.debit_move_id
              JOIN account_move_line credit ON credit.id = match.credit_move_id
              JOIN account_move debit_move ON debit_move.id = debit.move_id
              JOIN account_move credit_move ON credit_move.id = credit.move_id
              JOIN account_account receivable ON receivable.id = debit.account_id
              JOIN res_company company ON company.id = debit.company_id
              JOIN res_partner partner ON partner.id = debit.partner_id
              JOIN res_partner account ON account.id = partner.commercial_partner_id
         LEFT JOIN kavi_credit ON kavi_credit.move_id = credit.move_id
        CROSS JOIN LATERAL (
                    -- what a payment settled before it left something over is paid by
                    -- it; only the rest is a credit, and settles as one
                    SELECT CASE WHEN kavi_credit.kind = 'overpayment' THEN COALESCE(
                           kavi_credit.bill_id = debit_move.kavi_bill_id
                        OR debit_move.reversed_entry_id = credit.move_id
                        OR kavi_credit.amount <= (
                           SELECT -SUM(item.amount_currency)
                             FROM account_move_line item
                             JOIN account_account receivable_of
                               ON receivable_of.id = item.account_id
                            WHERE item.move_id = credit.move_id
                              AND receivable_of.account_type = 'asset_receivable'
                         ) - (
                           SELECT SUM(earlier.credit_amount_currency)
                             FROM account_partial_reconcile earlier
                             JOIN account_move_line item
                               ON item.id = earlier.credit_move_id
                            WHERE item.move_id = credit.move_id
                              AND earlier.id <= match.id
                         ), FALSE) ELSE FALSE END AS is_own
                   ) own
             WHERE debit.parent_state = 'posted'
               AND credit.parent_state = 'posted'
               AND receivable.account_type = 'asset_receivable'
               AND account.is_billing_account
               -- exchange differences settle nothing
               AND (match.debit_amount_currency <> 0
                    OR match.credit_amount_currency <> 0)
            """
        )

    # === ACTION METHODS === #

    def action_open_bill(self):
        """The bill that was settled."""
        return self.bill_id._get_records_action()

    def action_open_credit(self):
        """The credit that settled it."""
        return self.credit_id._get_records_action()

    def action_unapply(self):
        """Take the credit off the bill again."""
        for allocation in self:
            if not allocation.credit_id:
                raise UserError(
                    self.env._(
                        "%s is no credit, and cannot be taken off. To take back a "
                        "payment, open its bill and reverse it.",
                        allocation.credit_reference,
                    )
                )
            allocation.credit_id._unapply(allocation.bill_id)
        return True
