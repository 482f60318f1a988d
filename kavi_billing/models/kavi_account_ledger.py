from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.const import ACCOUNTING_GROUPS, DOCUMENT_KINDS


class KaviAccountLedger(models.Model):
    """The ledger of an account: every document, debit and credit (BA-01, BA-02).

    A view on the posted receivable items of billing accounts, so it cannot differ from
    the general ledger. The running balances are no part of the view: they are one query
    over the accounts that are shown, whereas a window function in the view would make
    PostgreSQL add up all accounts of the database to read one row by its id.
    """

    _name = "kavi.account.ledger"
    _inherit = ["kavi.view.mixin"]
    _description = "Account Ledger"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "reference"
    _rec_names_search = ["reference", "label", "partner_id"]

    partner_id = fields.Many2one("res.partner", string="Account", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    kind = fields.Selection(DOCUMENT_KINDS, string="Document", readonly=True)
    reference = fields.Char(readonly=True)
    label = fields.Char(readonly=True)
    debit = fields.Monetary(readonly=True, help="What the account owes more.")
    credit = fields.Monetary(readonly=True, help="What the account owes less.")
    amount = fields.Monetary(readonly=True, help="Debit less credit.")
    amount_open = fields.Monetary(string="Open", readonly=True)
    debit_company = fields.Monetary(
        string="Debit (Company Currency)",
        readonly=True,
        currency_field="company_currency_id",
    )
    credit_company = fields.Monetary(
        string="Credit (Company Currency)",
        readonly=True,
        currency_field="company_currency_id",
    )
    amount_company = fields.Monetary(
        string="Amount (Company Currency)",
        readonly=True,
        currency_field="company_currency_id",
    )
    amount_open_company = fields.Monetary(
        string="Open (Company Currency)",
        readonly=True,
        currency_field="company_currency_id",
    )
    balance = fields.Monetary(
        compute="_compute_balance",
        help="What the account owes after this document, in its currency.",
    )
    balance_company = fields.Monetary(
        string="Balance (Company Currency)",
        compute="_compute_balance",
        currency_field="company_currency_id",
        help="What the account owes after this document, in all currencies together.",
    )
    part_debit = fields.Monetary(
        string="Debit Of The Bill",
        compute="_compute_part",
        help="What of the document belongs to the bill on whose page it is shown.",
    )
    part_credit = fields.Monetary(
        string="Credit Of The Bill",
        compute="_compute_part",
        help="What of the document settles the bill on whose page it is shown.",
    )
    part_amount = fields.Monetary(
        string="Amount Of The Bill",
        compute="_compute_part",
        help="Debit less credit. The parts of a bill's documents come to what is due.",
    )
    bill_id = fields.Many2one(
        "kavi.bill",
        readonly=True,
        help="The bill that the document belongs to. Of a payment: the bill that it "
        "settled, if it was only one.",
    )
    credit_id = fields.Many2one("kavi.credit", string="Credit Number", readonly=True)
    payment_id = fields.Many2one(
        "account.payment", readonly=True, groups=ACCOUNTING_GROUPS
    )
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, groups=ACCOUNTING_GROUPS
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Journal Item",
        readonly=True,
        groups=ACCOUNTING_GROUPS,
    )

    # what has to be in the database before the view is read
    _depends = {
        "account.move": [
            "move_type",
            "kavi_bill_id",
            "origin_payment_id",
            "reversed_entry_id",
            "statement_line_id",
            "name",
            "payment_reference",
            "ref",
        ],
        "account.move.line": [
            "account_id",
            "amount_currency",
            "amount_residual",
            "amount_residual_currency",
            "balance",
            "company_id",
            "currency_id",
            "date",
            "date_maturity",
            "move_id",
            "name",
            "parent_state",
            "partner_id",
        ],
        "account.account": ["account_type"],
        "account.partial.reconcile": [
            "credit_move_id",
            "debit_move_id",
            "exchange_move_id",
        ],
        "account.payment": ["payment_type"],
        "kavi.credit": ["move_id"],
        "res.company": ["currency_id"],
        "res.partner": ["commercial_partner_id", "is_billing_account"],
    }

    @api.model
    def _query(self):
        return SQL(
            """
            SELECT line.id,
                   line.id AS move_line_id,
                   line.move_id,
                   account.id AS partner_id,
                   line.company_id,
                   line.currency_id,
                   company.currency_id AS company_currency_id,
                   line.date,
                   line.date_maturity AS due_date,
                   move.name AS reference,
                   COALESCE(NULLIF(line.name, ''), move.payment_reference, move.ref)
                       AS label,
                   GREATEST(line.amount_currency, 0) AS debit,
                   GREATEST(-line.amount_currency, 0) AS credit,
                   line.amount_currency AS amount,
                   line.amount_residual_currency AS amount_open,
                   GREATEST(line.balance, 0) AS debit_company,
                   GREATEST(-line.balance, 0) AS credit_company,
                   line.balance AS amount_company,
                   line.amount_residual AS amount_open_company,
                   payment.id AS payment_id,
                   (SELECT credit.id FROM kavi_credit credit
                     WHERE credit.move_id = line.move_id) AS credit_id,
                   COALESCE(move.kavi_bill_id, (
                       SELECT MIN(other.kavi_bill_id)
                         FROM account_partial_reconcile match
                         JOIN account_move_line item ON item.id IN
                              (match.debit_move_id, match.credit_move_id)
                         JOIN account_move other ON other.id = item.move_id
                        WHERE line.id IN (match.debit_move_id, match.credit_move_id)
                       HAVING COUNT(DISTINCT other.kavi_bill_id) = 1
                   )) AS bill_id,
                   CASE
                       WHEN move.move_type IN ('out_invoice', 'out_receipt')
                           THEN 'invoice'
                       WHEN move.move_type = 'out_refund' THEN 'credit_note'
                       WHEN move.reversed_entry_id IS NOT NULL THEN 'reversal'
                       WHEN payment.payment_type = 'outbound' THEN 'refund'
                       WHEN payment.id IS NOT NULL THEN 'payment'
                       WHEN move.statement_line_id IS NOT NULL
                           THEN CASE WHEN line.balance > 0
                                THEN 'refund' ELSE 'payment' END
                       WHEN EXISTS (
                           SELECT 1 FROM account_partial_reconcile match
                            WHERE match.exchange_move_id = move.id
                       ) THEN 'exchange'
                       ELSE 'entry'
                   END AS kind
              FROM account_move_line line
              JOIN res_partner partner ON partner.id = line.partner_id
              JOIN res_partner account ON account.id = partner.commercial_partner_id
              JOIN account_account receivable ON receivable.id = line.account_id
              JOIN account_move move ON move.id = line.move_id
              JOIN res_company company ON company.id = line.company_id
         LEFT JOIN account_payment payment ON payment.id = move.origin_payment_id
             WHERE line.parent_state = 'posted'
               AND receivable.account_type = 'asset_receivable'
               AND account.is_billing_account
            """
        )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "company_id", "currency_id", "date")
    def _compute_balance(self):
        """Add up each account's documents in the order of dates: one query for all."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, balance, balance_company
                  FROM (
                    SELECT id,
                           SUM(amount) OVER in_currency AS balance,
                           SUM(amount_company) OVER in_all AS balance_company
                      FROM (
                        SELECT line.id, line.date,
                               line.amount_currency AS amount,
                               line.balance AS amount_company,
                               partner.commercial_partner_id AS partner_id,
                               line.company_id, line.currency_id
                          FROM account_move_line line
                          JOIN res_partner partner ON partner.id = line.partner_id
                          JOIN account_account receivable
                            ON receivable.id = line.account_id
                         WHERE partner.commercial_partner_id = ANY(%(partners)s)
                           AND line.company_id = ANY(%(companies)s)
                           AND line.parent_state = 'posted'
                           AND receivable.account_type = 'asset_receivable'
                      ) item
                    WINDOW in_currency AS (
                               PARTITION BY partner_id, company_id, currency_id
                               ORDER BY date, id),
                           in_all AS (
                               PARTITION BY partner_id, company_id
                               ORDER BY date, id)
                  ) running
                 WHERE id = ANY(%(ids)s)
                """,
                partners=self.partner_id.ids,
                companies=self.company_id.ids,
                ids=self.ids,
            )
        )
        balances = {row[0]: row[1:] for row in rows}
        for line in self:
            balance, balance_company = balances.get(line.id, (0.0, 0.0))
            line.balance = line.currency_id.round(balance)
            line.balance_company = line.company_currency_id.round(balance_company)

    @api.depends("amount")
    @api.depends_context("kavi_ledger_bill")
    def _compute_part(self):
        """One payment may be for several bills, or leave a credit."""
        id_ = self.env.context.get("kavi_ledger_bill")
        bill = self.env["kavi.bill"].browse(id_ if isinstance(id_, int) else ())
        bill = bill.exists()._filtered_access("read")
        for line in self:
            part = line._get_part_of(bill) if bill else line.amount
            line.part_amount = line.currency_id.round(part)
            line.part_debit = max(line.part_amount, 0.0)
            line.part_credit = max(-line.part_amount, 0.0)

    # === BUSINESS METHODS === #

    def _get_part_of(self, bill):
        """How much of this document is a bill's.

        What was taken back counts whole, as what took it back does.
        """
        self.ensure_one()
        # sudo: who sees the row may see what it is matched with of the bill
        item = self.env["account.move.line"].sudo().browse(self.id)
        item = item.with_prefetch(self._prefetch_ids)
        move = item.move_id
        if move.kavi_bill_id == bill:
            return self.amount
        matches = item._get_live_matches()
        charged = matches & item.matched_debit_ids
        given = matches & item.matched_credit_ids
        parts = [
            -match.credit_amount_currency
            for match in charged
            if match.debit_move_id.move_id.kavi_bill_id == bill
        ] + [
            match.debit_amount_currency
            for match in given
            if match.credit_move_id.move_id.kavi_bill_id == bill
        ]
        taken_back = move.reversed_entry_id | move.reversal_move_ids
        if not parts and taken_back.filtered(lambda each: each.state == "posted"):
            return self.amount
        return sum(parts)

    @api.model
    def _sum_balances(self, domain):
        """What is owed after the documents of a domain.

        :return: list of (company, currency, amount), one for each balance that runs
        """
        groups = self._read_group(domain, ["company_id", "currency_id"], ["amount:sum"])
        return [
            (company, currency, currency.round(amount))
            for company, currency, amount in groups
        ]

    # === ACTION METHODS === #

    def action_open_bill(self):
        """The bill that the document belongs to."""
        return self.bill_id._get_records_action()

    def action_open_credit(self):
        """The credit behind the document."""
        return self.credit_id._get_records_action()

    def action_open_document(self):
        """The invoice, payment or entry itself."""
        self.ensure_one()
        return (self.payment_id or self.move_id)._get_records_action()

    def action_open_allocations(self):
        """What settled the document, or what it settled."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_account_allocation"
        )
        action["domain"] = [
            "|",
            ("debit_line_id", "in", self.ids),
            ("credit_line_id", "in", self.ids),
        ]
        action["context"] = {}
        return action
