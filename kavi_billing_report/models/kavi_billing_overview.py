from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from odoo.addons.kavi_billing.tools.bill_rules import OPEN

# How many kinds, methods ... are told apart: the rest is in the lists.
MOST_BARS = 8
WITH_CARDS = ("kavi.bill", "kavi.credit", "kavi.notice")


class KaviBill(models.Model):
    """What the overview shows: sums of bills, each with the list that is behind it."""

    _inherit = "kavi.bill"

    @api.model
    def get_overview(self, period="months", currency_id=None):
        """The figures of the user's companies in one currency (BB-19).

        :param str period: a key of ``_get_overview_periods``
        :param int currency_id: default the currency of the company
        :return: dict of ``periods`` and ``currencies`` (lists of key and label), the
            chosen ``period`` and ``currency``; ``tiles``, ``tasks`` and ``charts``,
            whose elements have a ``label`` and the ``action`` that opens what is behind
        """
        if not self.env.user._is_internal():
            # a payer may read bills, but has no business with the figures
            raise AccessError(self.env._("The overview is for the billing staff."))
        self.check_access("read")
        periods = self._get_overview_periods()
        period = period if period in periods else "months"
        issued = Domain("state", "!=", "draft")
        currencies = self.env["res.currency"].union(
            *(each for (each,) in self._read_group(issued, ["currency_id"]))
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
            "tiles": self._get_overview_tiles(issued, dated, currency),
            "tasks": self._get_overview_tasks(),
            "charts": [
                self._get_overview_columns(dated, currency, start, end),
                self._get_overview_bars(
                    self.env._("By State"), dated, currency, "state", "amount_total"
                ),
                self._get_overview_bars(
                    self.env._("By Kind"),
                    dated & Domain("state", "!=", "canceled"),
                    currency,
                    "kind_id",
                    "amount_total",
                ),
                self._get_overview_bars(
                    self.env._("Paid, By Method"),
                    dated & Domain("amount_paid", "!=", 0),
                    currency,
                    "payment_method_id",
                    "amount_paid",
                ),
            ],
        }

    @api.model
    def _get_overview_periods(self):
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

    @api.model
    def _get_overview_tiles(self, issued, dated, currency):
        """The figures at the top.

        :param Domain issued: issued bills in that currency
        :param Domain dated: those of the period
        :return: list of dicts: ``key``, ``label``, ``value`` and ``hint`` (texts),
            ``tone`` (a Bootstrap color), ``action``
        """
        overdue = Domain("is_overdue", "=", True)
        tiles = []
        for key, label, domain, amount, tone in (
            (
                "invoiced",
                self.env._("Invoiced"),
                dated & Domain("state", "!=", "canceled"),
                "amount_total",
                "primary",
            ),
            (
                "paid",
                self.env._("Paid"),
                dated & Domain("amount_paid", "!=", 0),
                "amount_paid",
                "success",
            ),
            (
                "refunded",
                self.env._("Refunded"),
                dated & Domain("refund_amount", "!=", 0),
                "refund_amount",
                "secondary",
            ),
            # these two whenever they were issued: it is what is owed now
            (
                "due",
                self.env._("Due Now"),
                issued & Domain("amount_due", "!=", 0),
                "amount_due",
                "warning",
            ),
            (
                "overdue",
                self.env._("Overdue"),
                issued & overdue,
                "amount_due",
                "danger",
            ),
        ):
            ((total, count),) = self._read_group(
                domain, [], [f"{amount}:sum", "__count"]
            )
            tiles.append(
                {
                    "key": key,
                    "label": label,
                    "value": currency.format(total or 0.0),
                    "hint": self._get_overview_count(count),
                    "tone": tone,
                    "action": self._get_overview_action(label, domain),
                }
            )
        return [*tiles, self._get_overview_days(dated)]

    @api.model
    def _get_overview_days(self, dated):
        """How many days it took until bills were paid, on average."""
        domain = (
            dated & Domain("state", "=", "paid") & Domain("payment_date", "!=", False)
        )
        query = self._search(domain)
        ((days, count),) = self.env.execute_query(
            query.select(
                SQL(
                    "AVG(%s - %s)",
                    self._field_to_sql(self._table, "payment_date", query),
                    self._field_to_sql(self._table, "bill_date", query),
                ),
                SQL("COUNT(*)"),
            )
        )
        label = self.env._("Days to Pay")
        return {
            "key": "days",
            "label": label,
            "value": f"{days:.1f}" if count else "–",
            "hint": self._get_overview_count(count),
            "tone": "info",
            "action": self._get_overview_action(label, domain),
        }

    @api.model
    def _get_overview_count(self, count):
        return self.env._("1 bill") if count == 1 else self.env._("%s bills", count)

    @api.model
    def _get_overview_tasks(self):
        """Hook: what needs a person. Other addons add theirs.

        :return: list of dicts as of ``_get_overview_tiles``, with a ``count``
        """
        trouble = Domain("state", "in", ("undeliverable", "failed"))
        tasks = [
            self._get_overview_task(
                "undeliverable",
                self.env._("Undeliverable Notices"),
                "kavi.notice",
                trouble,
            ),
            self._get_overview_task(
                "disputed",
                self.env._("Bills in Dispute"),
                "kavi.bill",
                Domain("is_disputed", "=", True) & Domain("state", "in", OPEN),
            ),
            self._get_overview_task(
                "credits",
                self.env._("Credits to Apply"),
                "kavi.credit",
                Domain("state", "=", "open"),
            ),
            self._get_overview_task(
                "drafts",
                self.env._("Drafts to Issue"),
                "kavi.bill",
                Domain("state", "=", "draft"),
            ),
            self._get_overview_task(
                "outbox",
                self.env._("Documents Not Taken"),
                "kavi.outbox.message",
                Domain("state", "=", "failed"),
            ),
        ]
        return [task for task in tasks if task]

    @api.model
    def _get_overview_task(self, key, label, model, domain):
        """One thing to do, or ``None`` where the user may not see such records."""
        records = self.env[model]
        if not records.has_access("read"):
            return None
        return {
            "key": key,
            "label": label,
            "count": records.search_count(domain),
            "action": self._get_overview_action(label, domain, model),
        }

    @api.model
    def _get_overview_columns(self, domain, currency, start, end):
        """What was invoiced month by month, or year by year, and what became of it."""
        unit = "month" if start else "year"
        groups = {
            day: amounts
            for day, *amounts in self._read_group(
                domain & Domain("state", "!=", "canceled"),
                [f"bill_date:{unit}"],
                ["amount_total:sum", "amount_paid:sum", "amount_due:sum"],
            )
        }
        step = relativedelta(**{f"{unit}s": 1})
        first = start or min(groups, default=None)
        last = end or max(groups, default=date.min) + step
        days = []
        while first and first < last:
            days.append(first)
            first += step
        most = max((amounts[0] for amounts in groups.values()), default=0.0) or 1.0
        rows = []
        for day in days:
            total, paid, due = groups.get(day, (0.0, 0.0, 0.0))
            rows.append(
                {
                    "label": format_date(
                        self.env, day, date_format="MMM yy" if start else "yyyy"
                    ),
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
                    "action": self._get_overview_action(
                        format_date(self.env, day, date_format="MMMM yyyy"),
                        domain
                        & Domain("state", "!=", "canceled")
                        & Domain("bill_date", ">=", day)
                        & Domain("bill_date", "<", day + step),
                    ),
                }
            )
        return {
            "key": unit,
            "kind": "columns",
            "label": self.env._("Invoiced By Month")
            if start
            else self.env._("Invoiced By Year"),
            "rows": rows,
        }

    @api.model
    def _get_overview_bars(self, label, domain, currency, field, amount):
        """One bar for each value of a field, the longest first."""
        groups = self._read_group(domain, [field], [f"{amount}:sum", "__count"])
        groups.sort(key=lambda group: -group[1])
        most = max((abs(group[1]) for group in groups), default=0.0) or 1.0
        names = (
            dict(self._fields[field]._description_selection(self.env))
            if self._fields[field].type == "selection"
            else None
        )
        rows = []
        for value, total, count in groups[:MOST_BARS]:
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
                            "label": self._get_overview_count(count),
                        }
                    ],
                    "action": self._get_overview_action(
                        name, domain & Domain(field, "=", key)
                    ),
                }
            )
        return {"key": field, "kind": "bars", "label": label, "rows": rows}

    @api.model
    def _get_overview_action(self, name, domain, model="kavi.bill"):
        """The list of what is behind a figure; on a phone, the cards."""
        kinds = ("list", "kanban", "form") if model in WITH_CARDS else ("list", "form")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, kind) for kind in kinds],
            "domain": list(domain),
        }
