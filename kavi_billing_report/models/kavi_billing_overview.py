from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

# How many kinds, methods ... are told apart: the rest is in the lists.
MAX_BARS = 8
WITH_KANBAN = ("kavi.bill", "kavi.credit", "kavi.notice")


class KaviBillingOverview(models.AbstractModel):
    """What the overview shows: sums of bills, each with the list that is behind it.

    An element is a dict with ``key``, ``label`` and ``action``, which opens what is
    behind it. An addon adds elements in ``_get_tiles`` or ``_get_charts``; tasks come
    from ``kavi.billing.task``.
    """

    _name = "kavi.billing.overview"
    _description = "Billing Overview"

    @api.model
    def get_overview(self, period="months", currency_id=None):
        """The figures of the user's companies in one currency (BB-19).

        :param str period: a key of ``_get_periods``
        :param int currency_id: default the currency of the company
        :return: dict of ``periods`` and ``currencies`` (lists of key and label), the
            chosen ``period`` and ``currency``; ``tiles``, ``tasks`` and ``charts``,
            lists of elements
        :raise AccessError: for everybody but the billing staff
        """
        if not self.env.user._is_internal():
            # a payer may read bills, but has no business with the figures
            raise AccessError(self.env._("The overview is for the billing staff."))
        bills = self.env["kavi.bill"]
        bills.check_access("read")
        periods = self._get_periods()
        period = period if period in periods else "months"
        issued = Domain("state", "!=", "draft")
        currencies = self.env["res.currency"].union(
            *(each for (each,) in bills._read_group(issued, ["currency_id"]))
        )
        currency = currencies.filtered(lambda each: each.id == currency_id)
        currency = currency or self.env.company.currency_id
        issued &= Domain("currency_id", "=", currency.id)
        _label, start, end = periods[period]
        dated = issued
        if start:
            dated &= Domain("bill_date", ">=", start)
        if end:
            dated &= Domain("bill_date", "<", end)
        return {
            "period": period,
            "periods": [(key, label) for key, (label, *_days) in periods.items()],
            "currency": currency.id,
            "currencies": [
                (each.id, each.name) for each in currencies.sorted("name") | currency
            ],
            "tiles": self._get_tiles(issued, dated, currency),
            "tasks": self._get_tasks(),
            "charts": self._get_charts(dated, currency, start, end),
        }

    @api.model
    def _get_periods(self):
        """The periods to choose from.

        :return: ``{key: (label, first day, day after the last)}``; no day: no limit
        """
        today = self.env.company._billing_today()
        month, year = today.replace(day=1), today.replace(month=1, day=1)
        return {
            "months": (
                self.env._("12 Months"),
                month - relativedelta(months=11),
                month + relativedelta(months=1),
            ),
            "year": (self.env._("This Year"), year, year + relativedelta(years=1)),
            "last_year": (
                self.env._("Last Year"),
                year - relativedelta(years=1),
                year,
            ),
            "all": (self.env._("All"), None, None),
        }

    # === TILES === #

    @api.model
    def _get_tiles(self, issued, dated, currency):
        """Hook: the figures at the top.

        :param Domain issued: issued bills in that currency
        :param Domain dated: those of the period
        :return: list of elements with ``value`` and ``hint`` (texts) and ``tone`` (a
            Bootstrap color)
        """
        invoiced = dated & Domain("state", "!=", "canceled")
        paid = dated & Domain("amount_paid", "!=", 0)
        refunded = dated & Domain("refund_amount", "!=", 0)
        # whenever it was issued: it is what is owed now
        due = issued & Domain("amount_due", "!=", 0)
        tiles = [
            ("invoiced", self.env._("Invoiced"), invoiced, "amount_total", "primary"),
            ("paid", self.env._("Paid"), paid, "amount_paid", "success"),
            (
                "refunded",
                self.env._("Refunded"),
                refunded,
                "refund_amount",
                "secondary",
            ),
            ("due", self.env._("Due Now"), due, "amount_due", "warning"),
        ]
        return [
            *(self._prepare_tile(*tile, currency) for tile in tiles),
            self._prepare_overdue_tile(currency),
            self._prepare_days_tile(dated),
        ]

    @api.model
    def _prepare_tile(self, key, label, domain, field, tone, currency):
        """The sum of an amount of bills.

        :param str field: the amount
        """
        ((total, count),) = self.env["kavi.bill"]._read_group(
            domain, [], [f"{field}:sum", "__count"]
        )
        return {
            "key": key,
            "label": label,
            "value": currency.format(total or 0.0),
            "hint": self._format_count(count),
            "tone": tone,
            "action": self._get_action(label, domain),
        }

    @api.model
    def _prepare_overdue_tile(self, currency):
        """What is open whose day has passed: of a bill in instalments, only of those
        that are overdue. Behind it are the parts, as the aging report has them."""
        label = self.env._("Overdue")
        domain = Domain("currency_id", "=", currency.id) & Domain("days", ">", 0)
        parts = self.env["kavi.aging.report"]
        ((total, count),) = parts._read_group(
            domain, [], ["amount_due:sum", "bill_id:count_distinct"]
        )
        return {
            "key": "overdue",
            "label": label,
            "value": currency.format(total or 0.0),
            "hint": self._format_count(count),
            "tone": "danger",
            # no form: a row leads to its bill
            "action": {
                **self._get_action(label, domain, parts._name),
                "views": [(False, "list")],
            },
        }

    @api.model
    def _prepare_days_tile(self, dated):
        """How many days it took until bills were paid, on average."""
        bills = self.env["kavi.bill"]
        domain = (
            dated & Domain("state", "=", "paid") & Domain("payment_date", "!=", False)
        )
        query = bills._search(domain)
        ((days, count),) = self.env.execute_query(
            query.select(
                SQL(
                    "AVG(%s - %s)",
                    bills._field_to_sql(bills._table, "payment_date", query),
                    bills._field_to_sql(bills._table, "bill_date", query),
                ),
                SQL("COUNT(*)"),
            )
        )
        label = self.env._("Days to Pay")
        return {
            "key": "days",
            "label": label,
            "value": f"{days:.1f}" if count else "–",
            "hint": self._format_count(count),
            "tone": "info",
            "action": self._get_action(label, domain),
        }

    @api.model
    def _format_count(self, count):
        return self.env._("1 bill") if count == 1 else self.env._("%s bills", count)

    # === TASKS === #

    @api.model
    def _get_tasks(self):
        """What needs a person, of what the user may see.

        :return: list of elements with a ``count``
        """
        return [
            {
                "key": key,
                "label": label,
                "count": self.env[model].search_count(domain),
                "action": self._get_action(label, domain, model),
            }
            for key, label, model, domain in self.env["kavi.billing.task"]._get_tasks()
            if self.env[model].has_access("read")
        ]

    # === CHARTS === #

    @api.model
    def _get_charts(self, dated, currency, start, end):
        """Hook: the charts below.

        :param Domain dated: issued bills of the period, in that currency
        :param date start: the period's first day, or ``None``
        :param date end: the day after its last, or ``None``
        :return: list of elements without action, with ``kind`` ("columns" or "bars")
            and ``rows``: elements with a ``value`` (text) and ``parts``, each with
            ``tone``, ``share`` (percent) and ``label``
        """
        return [
            self._prepare_columns(dated, currency, start, end),
            self._prepare_bars(
                self.env._("By State"), dated, currency, "state", "amount_total"
            ),
            self._prepare_bars(
                self.env._("By Kind"),
                dated & Domain("state", "!=", "canceled"),
                currency,
                "kind_id",
                "amount_total",
            ),
            self._prepare_bars(
                self.env._("Paid, By Method"),
                dated & Domain("amount_paid", "!=", 0),
                currency,
                "payment_method_id",
                "amount_paid",
            ),
        ]

    @api.model
    def _prepare_columns(self, domain, currency, start, end):
        """What was invoiced month by month, or year by year, and what became of it."""
        unit = "month" if start else "year"
        domain &= Domain("state", "!=", "canceled")
        groups = {
            day: amounts
            for day, *amounts in self.env["kavi.bill"]._read_group(
                domain,
                [f"bill_date:{unit}"],
                ["amount_total:sum", "amount_paid:sum", "amount_due:sum"],
            )
        }
        step = relativedelta(**{f"{unit}s": 1})
        day = start or min(groups, default=None)
        last = end or max(groups, default=date.min) + step
        most = max((amounts[0] for amounts in groups.values()), default=0.0) or 1.0
        date_format = "MMM yy" if start else "yyyy"
        rows = []
        while day and day < last:
            total, paid, due = groups.get(day, (0.0, 0.0, 0.0))
            rows.append(
                {
                    "label": format_date(self.env, day, date_format=date_format),
                    "value": currency.format(total),
                    "parts": [
                        {
                            "tone": "success",
                            "share": 100 * max(paid, 0.0) / most,
                            "label": self.env._("Paid %s", currency.format(paid)),
                        },
                        {
                            "tone": "warning",
                            "share": 100 * max(due, 0.0) / most,
                            "label": self.env._("Due %s", currency.format(due)),
                        },
                    ],
                    "action": self._get_action(
                        format_date(self.env, day, date_format="MMMM yyyy"),
                        domain
                        & Domain("bill_date", ">=", day)
                        & Domain("bill_date", "<", day + step),
                    ),
                }
            )
            day += step
        label = (
            self.env._("Invoiced By Month") if start else self.env._("Invoiced By Year")
        )
        return {"key": unit, "kind": "columns", "label": label, "rows": rows}

    @api.model
    def _prepare_bars(self, label, domain, currency, field, amount):
        """One bar for each value of a field, the longest first."""
        bills = self.env["kavi.bill"]
        groups = bills._read_group(domain, [field], [f"{amount}:sum", "__count"])
        groups.sort(key=lambda group: -group[1])
        most = max((abs(group[1]) for group in groups), default=0.0) or 1.0
        names = (
            dict(bills._fields[field]._description_selection(self.env))
            if bills._fields[field].type == "selection"
            else None
        )
        rows = []
        for value, total, count in groups[:MAX_BARS]:
            if names:
                name, key = names.get(value), value
            else:
                name, key = value.display_name or self.env._("Not Said"), value.id
            rows.append(
                {
                    "label": name,
                    "value": currency.format(total),
                    "parts": [
                        {
                            "tone": "primary",
                            "share": 100 * abs(total) / most,
                            "label": self._format_count(count),
                        }
                    ],
                    "action": self._get_action(name, domain & Domain(field, "=", key)),
                }
            )
        return {"key": field, "kind": "bars", "label": label, "rows": rows}

    # === HELPER METHODS === #

    @api.model
    def _get_action(self, name, domain, model="kavi.bill"):
        """The list of what is behind a figure; on a phone, the cards."""
        kinds = ("list", "kanban", "form") if model in WITH_KANBAN else ("list", "form")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, kind) for kind in kinds],
            "domain": list(domain),
        }
