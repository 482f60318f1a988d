from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.bill_rules import OPEN
from ...tools.const import USER


class ResPartner(models.Model):
    """What accounts owe and what they have in their favour.

    Never stored: every payment would lock the account's row.
    """

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

    billing_credit_balance = fields.Monetary(
        string="Open Credits",
        compute="_compute_billing_credit_balance",
        currency_field="billing_currency_id",
        groups=USER,
        help="What is still open on the account's credits, in company currency.",
    )
    billing_net_balance = fields.Monetary(
        string="Net Balance",
        compute="_compute_billing_net_balance",
        currency_field="billing_currency_id",
        groups=USER,
        help="What is due less the open credits, in company currency: what the ledger "
        "says. Below zero the account has more in its favour than it owes.",
    )
    billing_credit_detail = fields.Char(
        string="Open Credits By Currency",
        compute="_compute_billing_net_detail",
        groups=USER,
    )
    billing_net_detail = fields.Char(
        string="Net Balance By Currency",
        compute="_compute_billing_net_detail",
        groups=USER,
    )

    # === COMPUTE METHODS === #

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

    @api.depends("billing_balance", "billing_credit_balance")
    def _compute_billing_net_balance(self):
        for partner in self:
            partner.billing_net_balance = (
                partner.billing_balance - partner.billing_credit_balance
            )

    @api.depends("bill_ids.amount_due", "billing_credit_ids.amount_open")
    @api.depends_context("allowed_company_ids", "company", "lang")
    def _compute_billing_net_detail(self):
        owed = self._get_billing_balances()
        given = self._get_open_credits()
        for partner in self:
            credits = given.get(partner._origin.id, {})
            net = owed.get(partner._origin.id, {})
            net = {currency: amount for currency, (amount, _n) in net.items()}
            for currency, amount in credits.items():
                net[currency] = net.get(currency, 0.0) - amount
            partner.billing_credit_detail = self._format_by_currency(credits)
            partner.billing_net_detail = self._format_by_currency(net)

    @api.depends("billing_credit_ids.amount_open_company")
    @api.depends_context("allowed_company_ids", "company")
    def _compute_billing_credit_balance(self):
        rates = self._get_company_rates()
        # sudo: who may read the field may read the sum; the companies are the user's
        groups = (
            self.env["kavi.credit"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "in", self._origin.ids),
                    ("company_id", "in", list(rates)),
                    ("amount_open", "!=", 0.0),
                ],
                ["partner_id", "company_id"],
                ["amount_open_company:sum"],
            )
        )
        balances = dict.fromkeys(self._origin.ids, 0.0)
        for partner, company, amount in groups:
            balances[partner.id] += amount * rates[company.id]
        currency = self.env.company.currency_id
        for partner in self:
            partner.billing_credit_balance = currency.round(
                balances.get(partner._origin.id, 0.0)
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

    # === ACTION METHODS === #

    def action_open_credits(self):
        """The account's credits, old and new."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_credit"
        )
        action["domain"] = [("partner_id", "in", self.ids)]
        action["context"] = {"default_partner_id": self.id if len(self) == 1 else False}
        return action

    def action_open_ledger(self):
        """Every document of the account, in the order of dates, with its balance."""
        return self._open_of_account("kavi_billing.action_kavi_account_ledger")

    def action_open_allocations(self):
        """Which payment or credit settled which bill of the account."""
        return self._open_of_account("kavi_billing.action_kavi_account_allocation")

    def action_record_payment(self):
        """Open the payment window on all that the account owes: one check pays several
        bills, the oldest first."""
        self.ensure_one()
        bills = self.env["kavi.bill"].search(
            [
                ("partner_id", "=", self._get_billing_account().id),
                ("company_id", "=", self.env.company.id),
                ("state", "in", OPEN),
                ("amount_due", ">", 0.0),
                ("is_posted", "=", True),
            ]
        )
        if not bills:
            raise UserError(
                self.env._(
                    "%(account)s owes nothing to %(company)s. What it pays in advance "
                    "an accountant registers in Invoicing, as a customer payment.",
                    account=self.display_name,
                    company=self.env.company.name,
                )
            )
        bills = bills._sort_by_age()
        currencies = bills.currency_id
        bills = bills.filtered(lambda bill: bill.currency_id == bills[0].currency_id)
        action = bills._open_wizard("kavi_billing.action_kavi_bill_payment_wizard")
        if len(currencies) > 1:  # the others are paid apart
            action["name"] = self.env._(
                "Record a Payment in %s", bills.currency_id.name
            )
        return action

    def _open_of_account(self, xml_id):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["domain"] = [("partner_id", "in", self.ids)]
        if len(self) == 1:
            action["display_name"] = f"{action['name']}: {self.name}"
        action["context"] = {"one_account": len(self) == 1}
        return action

    # === BUSINESS METHODS === #

    def _get_billing_balances(self):
        """What these accounts owe, per currency, in one query (KB-08).

        :return: ``{partner_id: {res.currency: (amount due, number of open bills)}}``;
            accounts that owe nothing are missing
        """
        return self._sum_by_currency("kavi.bill", "amount_due")

    def _get_open_credits(self):
        """What is open on these accounts' credits, per currency, in one query.

        :return: ``{partner_id: {res.currency: amount}}``; accounts without are missing
        """
        sums = self._sum_by_currency("kavi.credit", "amount_open")
        return {
            partner_id: {currency: amount for currency, (amount, _count) in by.items()}
            for partner_id, by in sums.items()
        }

    # === HELPER METHODS === #

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
