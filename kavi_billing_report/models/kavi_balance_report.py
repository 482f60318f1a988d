from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.kavi_billing.tools.const import ACCOUNT_TYPES

from ..tools.columns import Column


class KaviBalanceReport(models.Model):
    """Account Balances: what each account owes, and has in its favour (KB-65).

    One row for an account, company and currency in which it has bills or credits. The
    amounts are those of the bills and credits, which come from posted entries. Each row
    adds up: billed, less paid, credited and not owed, is due; less credits, the net.
    """

    _name = "kavi.balance.report"
    _inherit = ["kavi.view.mixin", "kavi.report.mixin"]
    _description = "Account Balances"
    _auto = False
    _order = "account_name, id"
    _rec_name = "partner_id"

    partner_id = fields.Many2one("res.partner", string="Account", readonly=True)
    account_name = fields.Char(readonly=True)
    account_type = fields.Selection(ACCOUNT_TYPES, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    bill_count = fields.Integer(string="Open Bills", readonly=True)
    amount_billed = fields.Monetary(
        string="Billed", readonly=True, help="In total, whatever became of it."
    )
    amount_paid = fields.Monetary(string="Paid", readonly=True)
    amount_credited = fields.Monetary(
        string="Credited", readonly=True, help="Taken off the bills without money."
    )
    amount_idle = fields.Monetary(
        string="Not Owed",
        readonly=True,
        help="What bills ask, but nobody owes in these books: they are history, or "
        "their invoices are not posted.",
    )
    amount_due = fields.Monetary(
        string="Balance Due", readonly=True, help="What is outstanding on the bills."
    )
    amount_credit = fields.Monetary(
        string="Credits", readonly=True, help="What is open in the account's favour."
    )
    balance = fields.Monetary(
        string="Net Balance", readonly=True, help="Balance due less credits."
    )
    balance_company = fields.Monetary(
        string="Net Balance (Company Currency)",
        readonly=True,
        currency_field="company_currency_id",
    )

    # what has to be in the database before the view is read
    _depends = {
        "kavi.bill": [
            "amount_credited",
            "amount_due",
            "amount_due_company",
            "amount_paid",
            "amount_total",
            "company_id",
            "currency_id",
            "partner_id",
            "state",
        ],
        "kavi.credit": [
            "amount_open",
            "amount_open_company",
            "company_id",
            "currency_id",
            "partner_id",
            "state",
        ],
        "res.company": ["currency_id"],
        "res.partner": ["billing_account_type", "complete_name"],
    }

    @api.model
    def _query(self):
        # each bill and credit is in one group, so the first of a group identifies it
        return SQL(
            """
            SELECT MIN(item.id) AS id,
                   item.partner_id,
                   account.complete_name AS account_name,
                   account.billing_account_type AS account_type,
                   item.company_id,
                   item.currency_id,
                   company.currency_id AS company_currency_id,
                   SUM(item.bill_count)::integer AS bill_count,
                   SUM(item.billed) AS amount_billed,
                   SUM(item.paid) AS amount_paid,
                   SUM(item.credited) AS amount_credited,
                   SUM(item.billed - item.paid - item.credited - item.due)
                       AS amount_idle,
                   SUM(item.due) AS amount_due,
                   SUM(item.credit) AS amount_credit,
                   SUM(item.due - item.credit) AS balance,
                   SUM(item.due_company - item.credit_company) AS balance_company
              FROM (
                    SELECT 2 * MIN(id) AS id, partner_id, company_id, currency_id,
                           COUNT(*) FILTER (WHERE amount_due <> 0) AS bill_count,
                           SUM(amount_total) AS billed,
                           SUM(amount_paid) AS paid,
                           SUM(amount_credited) AS credited,
                           SUM(amount_due) AS due,
                           SUM(amount_due_company) AS due_company,
                           0 AS credit,
                           0 AS credit_company
                      FROM kavi_bill
                     WHERE state <> 'draft'
                  GROUP BY partner_id, company_id, currency_id
                 UNION ALL
                    SELECT 2 * MIN(id) + 1, partner_id, company_id, currency_id,
                           0, 0, 0, 0, 0, 0,
                           SUM(amount_open),
                           SUM(amount_open_company)
                      FROM kavi_credit
                     WHERE state <> 'draft'
                  GROUP BY partner_id, company_id, currency_id
                   ) item
              JOIN res_partner account ON account.id = item.partner_id
              JOIN res_company company ON company.id = item.company_id
          GROUP BY item.partner_id, item.company_id, item.currency_id,
                   account.id, company.id
            """
        )

    @api.model
    def _get_report_label(self, column):
        return self._get_field_label(column)

    @api.model
    def _get_report_columns(self):
        return [
            Column("name", "account_name"),
            Column("account_type", "account_type"),
            Column("currency", "currency_id.name"),
            Column("open_bills", "bill_count"),
            Column("total", "amount_billed"),
            Column("amount_paid", "amount_paid"),
            Column("amount_credited", "amount_credited"),
            Column("amount_not_owed", "amount_idle"),
            Column("balance", "amount_due"),
            Column("credits", "amount_credit"),
            Column("net_balance", "balance"),
            Column("company", "company_id.name", False),
        ]

    def action_open_bills(self):
        """The open bills behind the balance."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_bill"
        )
        action["domain"] = [
            ("partner_id", "=", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
            ("currency_id", "=", self.currency_id.id),
            ("amount_due", "!=", 0),
        ]
        action["context"] = {}
        return action
