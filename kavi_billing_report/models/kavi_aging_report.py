from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.kavi_billing.tools.bill_rules import OPEN

from ..tools.columns import Column

# bucket -> the first day overdue that is in it
BUCKETS = {
    "not_due": ("Not Due", None),
    "days_30": ("1–30 Days", 1),
    "days_60": ("31–60 Days", 31),
    "days_90": ("61–90 Days", 61),
    "older": ("Over 90 Days", 91),
}


class KaviAgingReport(models.Model):
    """Aging: what is open, by how long it has been overdue today.

    One row for each open receivable item of a bill, so an instalment that is not due is
    not overdue with the others. Which day is today depends on the company's time zone:
    that is why this is a query and no view.
    """

    _name = "kavi.aging.report"
    _inherit = ["kavi.report.mixin"]
    _description = "Aging"
    _auto = False
    _order = "due_date, id"
    _rec_name = "bill_id"

    bill_id = fields.Many2one("kavi.bill", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Account", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    kind_id = fields.Many2one("kavi.bill.kind", string="Bill Kind", readonly=True)
    is_disputed = fields.Boolean(string="In Dispute", readonly=True)
    due_date = fields.Date(readonly=True)
    days = fields.Integer(string="Days Overdue", readonly=True, aggregator="max")
    bucket = fields.Selection(
        [(key, label) for key, (label, _first) in BUCKETS.items()],
        string="Age",
        readonly=True,
    )
    amount_not_due = fields.Monetary(string="Not Due", readonly=True)
    amount_days_30 = fields.Monetary(string="1–30", readonly=True)
    amount_days_60 = fields.Monetary(string="31–60", readonly=True)
    amount_days_90 = fields.Monetary(string="61–90", readonly=True)
    amount_older = fields.Monetary(string="Over 90", readonly=True)
    amount_due = fields.Monetary(string="Open", readonly=True)
    amount_due_company = fields.Monetary(
        string="Open (Company Currency)",
        readonly=True,
        currency_field="company_currency_id",
    )

    # what has to be in the database before it is read
    _depends = {
        "account.account": ["account_type"],
        "account.move": ["is_kavi_replaced", "kavi_bill_id", "move_type"],
        "account.move.line": [
            "account_id",
            "amount_currency",
            "balance",
            "date",
            "date_maturity",
            "move_id",
            "parent_state",
        ],
        "account.partial.reconcile": [
            "amount",
            "credit_move_id",
            "debit_amount_currency",
            "debit_move_id",
        ],
        "kavi.bill": [
            "amount_due",
            "company_id",
            "currency_id",
            "is_disputed",
            "kind_id",
            "partner_id",
            "state",
        ],
        "res.company": ["currency_id"],
    }

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        firsts = [(key, first) for key, (_label, first) in BUCKETS.items() if first]
        bucket = SQL(" ").join(
            SQL("WHEN item.days >= %s THEN %s", first, key)
            for key, first in reversed(firsts)
        )
        amounts = SQL(", ").join(
            SQL(
                "CASE WHEN bucket = %s THEN amount_due ELSE 0 END AS %s",
                key,
                SQL.identifier(f"amount_{key}"),
            )
            for key in BUCKETS
        )
        return SQL(
            """
            SELECT aged.*, %(amounts)s
              FROM (
                SELECT item.*, CASE %(bucket)s ELSE 'not_due' END AS bucket
                  FROM (%(items)s) item
                 WHERE item.amount_due <> 0
              ) aged
            """,
            amounts=amounts,
            bucket=bucket,
            items=self._query_items(),
        )

    @api.model
    def _query_items(self):
        """The receivable items of open bills: what is open of each, and since when."""
        days = self.env["res.company"]._get_billing_days()
        today = SQL(", ").join(
            SQL("(%s, %s::date)", company_id, day)
            for day, company_ids in days.items()
            for company_id in company_ids
        )
        return SQL(
            """
            SELECT line.id,
                   bill.id AS bill_id,
                   bill.partner_id,
                   bill.company_id,
                   bill.currency_id,
                   company.currency_id AS company_currency_id,
                   bill.kind_id,
                   bill.is_disputed,
                   COALESCE(line.date_maturity, line.date) AS due_date,
                   GREATEST(
                       today.day - COALESCE(line.date_maturity, line.date), 0
                   ) AS days,
                   line.amount_currency - settled.amount AS amount_due,
                   line.balance - settled.balance AS amount_due_company
              FROM kavi_bill bill
              JOIN (VALUES %(today)s) today (company_id, day)
                ON today.company_id = bill.company_id
              JOIN res_company company ON company.id = bill.company_id
              JOIN account_move move ON move.kavi_bill_id = bill.id
              JOIN account_move_line line ON line.move_id = move.id
              JOIN account_account receivable
                ON receivable.id = line.account_id
        CROSS JOIN LATERAL (
                    SELECT COALESCE(SUM(match.debit_amount_currency), 0)
                               AS amount,
                           COALESCE(SUM(match.amount), 0) AS balance
                      FROM account_partial_reconcile match
                      JOIN account_move_line counterpart
                        ON counterpart.id = match.credit_move_id
                     WHERE match.debit_move_id = line.id
                       AND counterpart.parent_state = 'posted'
                   ) settled
             WHERE bill.state IN %(open)s
               AND bill.amount_due <> 0
               AND move.move_type = 'out_invoice'
               AND move.is_kavi_replaced IS NOT TRUE
               AND line.parent_state = 'posted'
               AND receivable.account_type = 'asset_receivable'
            """,
            today=today,
            open=OPEN,
        )

    @api.model
    def _get_report_columns(self):
        return [
            Column(self.env._("Account"), "partner_id.name"),
            Column(self.env._("Bill ID"), "bill_id.name"),
            Column(self.env._("Bill"), "bill_id.title", False),
            Column(self.env._("Due"), "due_date"),
            Column(self.env._("Days Overdue"), "days"),
            Column(self.env._("Currency"), "currency_id.name"),
            Column(self.env._("Not Due"), "amount_not_due"),
            Column(self.env._("1–30"), "amount_days_30"),
            Column(self.env._("31–60"), "amount_days_60"),
            Column(self.env._("61–90"), "amount_days_90"),
            Column(self.env._("Over 90"), "amount_older"),
            Column(self.env._("Open"), "amount_due"),
            Column(self.env._("In Dispute"), "is_disputed", False),
            Column(self.env._("Company"), "company_id.name", False),
        ]

    # === ACTION METHODS === #

    def action_open_bill(self):
        """The bill of which this is a part."""
        return self.bill_id._get_records_action()
