from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.const import USER


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
        compute="_compute_billing_detail",
        groups=USER,
    )
    billing_open_count = fields.Integer(
        string="Open Bills", compute="_compute_billing_detail", groups=USER
    )
    billing_currency_id = fields.Many2one(
        "res.currency", compute="_compute_billing_currency_id", groups=USER
    )

    @api.depends_context("company")
    def _compute_billing_currency_id(self):
        self.billing_currency_id = self.env.company.currency_id

    @api.depends("bill_ids.amount_due_company")
    @api.depends_context("allowed_company_ids", "company")
    def _compute_billing_balance(self):
        owed = dict(self.env.execute_query(self._get_balance_sql(self._origin)))
        # straight into the cache, as base does where lists are long: assigning record
        # by record takes five times as long as the query
        ids = [getattr(id_, "origin", id_) for id_ in self._ids]
        self._fields["billing_balance"]._insert_cache(
            self, [owed.get(id_, 0.0) for id_ in ids]
        )

    @api.depends("bill_ids.amount_due")
    @api.depends_context("allowed_company_ids", "company", "lang")
    def _compute_billing_detail(self):
        balances = self._get_billing_balances()
        for partner in self:
            owed = balances.get(partner._origin.id, {})
            partner.billing_open_count = sum(count for _due, count in owed.values())
            partner.billing_balance_detail = self._format_by_currency(
                {currency: due for currency, (due, _count) in owed.items()}
            )

    @api.model
    def _format_by_currency(self, amounts):
        """Amounts of several currencies in a line; "" if there is nothing to tell.

        :param dict amounts: ``{res.currency: amount}``
        """
        amounts = {
            currency: amount
            for currency, amount in amounts.items()
            if not currency.is_zero(amount)
        }
        # in company currency alone it would only repeat the balance
        if not set(amounts) - {self.env.company.currency_id}:
            return ""
        return " + ".join(
            currency.format(amount) for currency, amount in amounts.items()
        )

    def _get_billing_balances(self):
        """What these accounts owe, per currency, in one query (KB-08).

        :return: ``{partner_id: {res.currency: (amount due, number of open bills)}}``;
            accounts that owe nothing are missing
        """
        return self._sum_by_currency("kavi.bill", "amount_due")

    def _sum_by_currency(self, model, amount):
        """Sums of an amount of these accounts' bills or credits, in one query.

        :return: ``{partner_id: {res.currency: (sum, count)}}`` of what is not zero
        """
        # sudo: who may read the field may read the sum; the companies are the user's
        groups = (
            self.env[model]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "in", self._origin.ids),
                    ("company_id", "in", self.env.companies.ids),
                    (amount, "!=", 0.0),
                ],
                ["partner_id", "currency_id"],
                [f"{amount}:sum", "__count"],
            )
        )
        balances = {}
        for partner, currency, sum_, count in groups:
            balances.setdefault(partner.id, {})[currency] = (sum_, count)
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
    def _get_balance_sql(self, partners=None):
        """``SELECT partner_id, balance``, in the current company's currency.

        :param partners: only these; default: all that owe something
        """
        bills = self.env["kavi.bill"]
        bills.flush_model(
            ["partner_id", "company_id", "amount_due_company", "amount_due"]
        )
        rates = self._get_company_rates()
        if set(rates.values()) == {1.0}:
            amount = SQL("amount_due_company")
        else:
            amount = SQL(
                "amount_due_company * CASE company_id %s END",
                SQL(" ").join(
                    SQL("WHEN %s THEN %s", company, rate)
                    for company, rate in rates.items()
                ),
            )
        return SQL(
            """SELECT partner_id, ROUND(SUM(%s)::numeric, %s)::float AS balance
                 FROM kavi_bill
                WHERE amount_due <> 0 AND company_id = ANY(%s) %s
             GROUP BY partner_id""",
            amount,
            self.env.company.currency_id.decimal_places,
            list(rates),
            SQL()
            if partners is None
            else SQL("AND partner_id = ANY(%s)", partners.ids),
        )

    def _search_billing_balance(self, operator, value):
        # the ORM checks the groups of a field when it is read, not when it is searched
        self._check_field_access(self._fields["billing_balance"], "read")
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
            domain |= Domain(
                "id",
                "not in",
                SQL("(SELECT partner_id FROM (%s) b WHERE balance <> 0)", balances),
            )
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
            "COALESCE(%s, 0) %s",
            SQL.identifier("billing_balance", "balance"),
            direction,
        )
