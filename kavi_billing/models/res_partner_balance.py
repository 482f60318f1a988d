from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .res_partner import USER


class ResPartner(models.Model):
    """What accounts owe: never stored, for it would be locked by every payment."""

    _inherit = "res.partner"

    billing_balance = fields.Monetary(
        string="Balance Due",
        compute="_compute_billing_balance",
        search="_search_billing_balance",
        currency_field="billing_currency_id",
        groups=USER,
        help="What is outstanding on the account's bills, in company currency.",
    )
    billing_balance_detail = fields.Char(
        string="Balance By Currency",
        compute="_compute_billing_balance",
        groups=USER,
    )
    billing_open_count = fields.Integer(
        string="Open Bills", compute="_compute_billing_balance", groups=USER
    )
    billing_currency_id = fields.Many2one(
        "res.currency", compute="_compute_billing_currency_id", groups=USER
    )

    @api.depends_context("company")
    def _compute_billing_currency_id(self):
        self.billing_currency_id = self.env.company.currency_id

    @api.depends("bill_ids.amount_due", "bill_ids.amount_due_company")
    @api.depends_context("allowed_company_ids", "lang")
    def _compute_billing_balance(self):
        balances = self._get_billing_balances()
        for partner in self:
            owed = balances.get(partner.id, {"company": 0.0, "count": 0, "currency": {}})
            partner.billing_balance = owed["company"]
            partner.billing_open_count = owed["count"]
            partner.billing_balance_detail = " + ".join(
                currency.format(amount) for currency, amount in owed["currency"].items()
            )

    def _get_billing_balances(self):
        """What these accounts owe, in one query, whatever their number (KB-08).

        :return: ``{partner_id: {"company": float, "count": int,
            "currency": {res.currency: float}}}``; "company" is in the currency of the
            current company; accounts that owe nothing are missing
        """
        # sudo: who may read the field may read the sum; the companies are the user's
        groups = self.env["kavi.bill"].sudo()._read_group(
            [
                ("partner_id", "in", self._origin.ids),
                ("company_id", "in", self.env.companies.ids),
                ("amount_due", "!=", 0.0),
            ],
            ["partner_id", "company_id", "currency_id"],
            ["amount_due:sum", "amount_due_company:sum", "__count"],
        )
        rates = self._get_company_rates()
        balances = {}
        for partner, company, currency, due, due_company, count in groups:
            owed = balances.setdefault(
                partner.id, {"company": 0.0, "count": 0, "currency": {}}
            )
            owed["company"] += due_company * rates[company.id]
            owed["count"] += count
            owed["currency"][currency] = owed["currency"].get(currency, 0.0) + due
        return balances

    @api.model
    def _get_company_rates(self):
        """How much one unit of each company's currency is in the current company's."""
        target = self.env.company.currency_id
        today = fields.Date.context_today(self)
        return {
            company.id: company.currency_id._get_conversion_rate(
                company.currency_id, target, company, today
            )
            for company in self.env.companies
        }

    @api.model
    def _get_balance_sql(self):
        """``SELECT partner_id, balance`` for the accounts that owe something."""
        bills = self.env["kavi.bill"]
        bills.flush_model(["partner_id", "company_id", "amount_due", "amount_due_company"])
        rate = SQL("CASE company_id %s END", SQL(" ").join(
            SQL("WHEN %s THEN %s", company, rate)
            for company, rate in self._get_company_rates().items()
        ))
        return SQL(
            """SELECT partner_id, ROUND(SUM(amount_due_company * %s)::numeric, %s)
                      AS balance
                 FROM kavi_bill
                WHERE amount_due <> 0 AND company_id IN %s
             GROUP BY partner_id""",
            rate,
            self.env.company.currency_id.decimal_places,
            tuple(self.env.companies.ids),
        )

    def _search_billing_balance(self, operator, value):
        comparisons = {"<": SQL("<"), ">": SQL(">"), "<=": SQL("<="), ">=": SQL(">=")}
        if operator in ("in", "not in"):
            amounts = [float(amount or 0.0) for amount in value]
            test = SQL("balance IN %s", tuple(amounts))
            zero_fits = 0.0 in amounts
        elif operator in comparisons:
            value = float(value)
            test = SQL("balance %s %s", comparisons[operator], value)
            zero_fits = {
                "<": 0.0 < value,
                ">": 0.0 > value,
                "<=": 0.0 <= value,
                ">=": 0.0 >= value,
            }[operator]
        else:
            return NotImplemented
        balances = self._get_balance_sql()
        fitting = SQL("(SELECT partner_id FROM (%s) b WHERE %s)", balances, test)
        domain = Domain("id", "in", fitting)
        if zero_fits:
            # those who owe nothing are in no group
            domain |= Domain("id", "not in", SQL(
                "(SELECT partner_id FROM (%s) b WHERE balance <> 0)", balances
            ))
        return ~domain if operator == "not in" else domain

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if field_name != "billing_balance":
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        self._check_field_access(self._fields[field_name], "read")
        query.add_join(
            "LEFT JOIN",
            "billing_balance",
            SQL("(%s)", self._get_balance_sql()),
            SQL(
                "%s = %s",
                SQL.identifier(alias, "id"),
                SQL.identifier("billing_balance", "partner_id"),
            ),
        )
        return SQL(
            "COALESCE(%s, 0) %s", SQL.identifier("billing_balance", "balance"), direction
        )
