"""The overview: each figure is the sum of the list that its link opens (BB-19)."""

import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools.json import json_default

from .test_report_books import DAY, BusinessCommon, ReportCommon


@tagged("post_install", "-at_install")
class TestOverview(BusinessCommon):
    def overview(self, role="user", **kwargs):
        with self.at(DAY):
            data = self.as_user(role)["kavi.billing.overview"].get_overview(**kwargs)
        # as the client gets it
        return json.loads(json.dumps(data, default=json_default))

    def behind(self, element):
        """The records that the element's link opens."""
        action = element["action"]
        with self.at(DAY):
            return self.as_user("user")[action["res_model"]].search(action["domain"])

    def element(self, data, kind, key):
        (found,) = [each for each in data[kind] if each["key"] == key]
        return found

    def test_tiles(self):
        """BB-19: invoiced, paid, refunded, due, overdue: with the bills behind them."""
        data = self.overview()
        currency = self.company.currency_id
        self.assertEqual(data["currency"], currency.id)
        for key, field, amount in (
            ("invoiced", "amount_total", 620.0),
            ("paid", "amount_paid", 300.0),
            ("refunded", "refund_amount", 40.0),
            ("due", "amount_due", 320.0),
            ("overdue", "amount_due", 320.0),
        ):
            tile = self.element(data, "tiles", key)
            bills = self.behind(tile)
            self.assertAlmostEqual(sum(bills.mapped(field)), amount, 6, key)
            self.assertEqual(tile["value"], currency.format(amount), key)
            self.assertIn(str(len(bills)), tile["hint"])

    def test_days_to_pay(self):
        """On average over the bills that were paid in full."""
        tile = self.element(self.overview(), "tiles", "days")
        bills = self.behind(tile)
        self.assertEqual(set(bills.mapped("state")), {"paid"})
        days = [(bill.payment_date - bill.bill_date).days for bill in bills]
        self.assertEqual(tile["value"], f"{sum(days) / len(days):.1f}")

    def test_currencies_are_not_mixed(self):
        """BB-19: by currency."""
        data = self.overview(currency_id=self.euro.id)
        tile = self.element(data, "tiles", "due")
        self.assertEqual(tile["value"], self.euro.format(50.0))
        self.assertEqual(self.behind(tile).currency_id, self.euro)
        self.assertEqual({each[1] for each in data["currencies"]}, {"USD", "EUR"})

    def test_periods(self):
        """BB-19: by month and year; what is due is due whenever it was issued."""
        data = self.overview(period="last_year")
        self.assertEqual(
            self.element(data, "tiles", "invoiced")["value"],
            self.company.currency_id.format(0.0),
        )
        self.assertEqual(
            self.element(data, "tiles", "due")["value"],
            self.element(self.overview(), "tiles", "due")["value"],
        )
        months = self.element(self.overview(), "charts", "month")["rows"]
        self.assertEqual(len(months), 12)
        by_label = {row["label"]: row for row in months}
        january = self.behind(by_label["Jan 26"])
        self.assertEqual(sum(january.mapped("amount_total")), 500.0)
        self.assertFalse(self.behind(by_label["Feb 26"]))
        years = self.element(self.overview(period="all"), "charts", "year")["rows"]
        self.assertEqual([row["label"] for row in years], ["2026"])
        unknown = self.overview(period="no such period", currency_id=-1)
        self.assertEqual(unknown["period"], "months")

    def test_charts(self):
        """BB-19: by state, kind, method: the links have what the bars say."""
        data = self.overview(period="all")
        for chart in data["charts"]:
            self.assertTrue(chart["rows"], chart["key"])
            for row in chart["rows"]:
                field = (
                    "amount_paid"
                    if chart["key"] == "payment_method_id"
                    else "amount_total"
                )
                total = sum(self.behind(row).mapped(field))
                self.assertEqual(
                    row["value"], self.company.currency_id.format(total), row["label"]
                )
                for part in row["parts"]:
                    self.assertTrue(0 <= part["share"] <= 100)

    def test_tasks(self):
        """What needs a person; what the user may not see is not asked for."""
        bill = self.issued(10)
        self.dispute(bill)
        data = self.overview()
        task = self.element(data, "tasks", "disputed")
        self.assertEqual((task["count"], self.behind(task)), (1, bill))
        credits = self.element(data, "tasks", "credits")
        self.assertEqual(credits["count"], len(self.behind(credits)))
        keys = {task["key"] for task in self.overview("accountant")["tasks"]}
        self.assertNotIn("undeliverable", keys)
        self.assertIn("disputed", keys)

    def test_access(self):
        """Payers may read their bills, but not the figures; companies are apart."""
        portal = self._new_user("overview_portal", "base.group_portal")
        internal = self._new_user("overview_internal", "base.group_user")
        for nobody in (portal, internal):
            with self.assertRaises(AccessError):
                self.overview(nobody)
        company = self._new_company("Elsewhere Ltd")
        user = self._new_user(
            "overview_elsewhere",
            "kavi_billing.group_billing_user",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        context = {"allowed_company_ids": company.ids}
        env = self.env(user=user, su=False, context=context)
        data = env["kavi.billing.overview"].get_overview()
        self.assertEqual(
            self.element(data, "tiles", "invoiced")["value"],
            company.currency_id.format(0.0),
        )
        self.assertFalse(any(chart["rows"] for chart in data["charts"][1:]))

    def test_query_count(self):
        """The overview costs as many queries with more bills."""
        overview = self.as_user("user")["kavi.billing.overview"]

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            overview.get_overview()
            return self.cr.sql_log_count - before

        count()
        few = count()
        for __ in range(5):
            self.issued(10)
        count()
        self.assertLessEqual(count(), few)


@tagged("post_install", "-at_install")
class TestOverviewPage(ReportCommon, HttpCase):
    def test_page(self):
        """The page shows the figures, and a tile opens its bills."""
        self.issued(100)
        self.users["user"].password = "kavi_user_password"
        self.authenticate(self.users["user"].login, "kavi_user_password")
        self.browser_js(
            "/odoo/billing-overview",
            """
            const wait = async (selector) => {
                for (let i = 0; i < 200; i++) {
                    const found = document.querySelector(selector);
                    if (found) return found;
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
                throw new Error("not there: " + selector);
            };
            (async () => {
                const tile = await wait(".o_kavi_tile[data-key=invoiced]");
                if (!tile.innerText.includes("100.00")) throw new Error(tile.innerText);
                tile.click();
                await wait(".o_list_view .o_data_row");
                console.log("test successful");
            })();
            """,
            login=self.users["user"].login,
        )
