"""Card payments in the overview and in the reports (BB-19, KB-66, KC-01)."""

import csv
import io

from openpyxl import load_workbook

from odoo.tests import tagged

from odoo.addons.kavi_billing_report.tools.columns import write_csv, write_xlsx

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestReports(CommerceCommon):
    def overview(self, role="administrator"):
        return self.as_user(role)["kavi.billing.overview"].get_overview(period="all")

    def element(self, data, kind, key):
        (found,) = [each for each in data[kind] if each["key"] == key]
        return found

    def behind(self, element, role="administrator"):
        """The records that the element's link opens."""
        action = element["action"]
        return self.as_user(role)[action["res_model"]].search(action["domain"])

    def task(self, key, role="administrator"):
        """What is behind a task, which counts as many."""
        task = self.element(self.overview(role), "tasks", key)
        found = self.behind(task, role)
        self.assertEqual(task["count"], len(found), key)
        return found

    def download(self, records, role="user"):
        """The rows of the report as the list's button downloads it."""
        records = records.with_env(self.as_user(role))
        wizard = records.env["kavi.report.wizard"].create(
            {
                name.removeprefix("default_"): value
                for name, value in records.action_download()["context"].items()
            }
        )
        file = io.BytesIO()
        write_csv(file, *wizard._get_rows())
        text = file.getvalue().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_overview_awaiting(self):
        """BB-19: what awaits the gateway, with the bills behind it."""
        tile = self.element(self.overview(), "tiles", "awaiting")
        bill = self.issued(80)
        tx = self.start(bill)
        before = tile["value"]
        tx.sudo()._set_pending()
        self.env.flush_all()
        self.assertEqual(bill.gateway_status, "awaiting")
        tile = self.element(self.overview("user"), "tiles", "awaiting")
        self.assertNotEqual(tile["value"], before)
        found = self.behind(tile, "user")
        self.assertIn(bill, found)
        self.assertEqual(
            tile["value"], bill.currency_id.format(sum(found.mapped("amount_due")))
        )

    def test_overview_tasks(self):
        """BB-19: unresolved payments, what is not booked, failed events."""
        bill, other = self.issued(80), self.issued(20)
        tx = self.start(bill).sudo()
        tx._set_pending()
        self.env.flush_all()
        self.assertNotIn(tx, self.task("unresolved"), "it is asked again by itself")
        tx.next_check_date = False
        self.assertIn(tx, self.task("unresolved", "user"))
        action = self.element(self.overview(), "tasks", "unresolved")["action"]
        self.assertEqual(
            action["views"][0][0],
            self.env.ref("kavi_commerce.view_kavi_transaction_list").id,
        )
        paid = self.pay_by_card(other).sudo()
        self.assertNotIn(paid, self.task("not_booked"))
        paid.post_process_error = "The period is locked."
        self.assertIn(paid, self.task("not_booked"))
        (event,) = self.events("PAYMENT.CAPTURE.COMPLETED")[:1]
        self.receive(event)
        events = self.env["kavi.gateway.event"].sudo()
        event = events.search([("event_id", "=", event["id"])])
        self.assertNotIn(event, self.task("events"))
        event.state = "failed"
        self.assertIn(event, self.task("events"))
        keys = {task["key"] for task in self.overview("user")["tasks"]}
        self.assertNotIn("events", keys, "events are for administrators")

    def test_order_in_reports(self):
        """KB-66: Bill Data and Payments have the order; so one finds all of it."""
        bill, by_check = self.issued(80), self.issued(10)
        tx = self.pay_by_card(bill)
        self.refund_by_card(bill, 30)
        self.pay(by_check)
        rows = {row["bill_id"]: row for row in self.download(bill | by_check)}
        self.assertTrue(tx.order_id)
        self.assertEqual(rows[bill.name]["order_id"], tx.order_id)
        self.assertEqual(rows[by_check.name]["order_id"], "")
        payments = self.as_user("user")["kavi.payment.report"]
        found = payments.search([("order_id", "=", tx.order_id)])
        self.assertEqual(set(found.mapped("kind")), {"payment", "refund"})
        self.assertEqual(found.mapped("order_id"), [tx.order_id] * 2)
        self.assertAlmostEqual(sum(found.mapped("amount")), 50)
        mine = payments.search([("bill_id", "in", (bill | by_check).ids)])
        orders = {row["Reference"]: row["Order ID"] for row in self.download(mine)}
        self.assertEqual(
            sorted(orders.values()).count(tx.order_id), 2, "check has no order"
        )
        self.assertFalse(payments.search([("order_id", "=", "no such order")]))

    def test_transactions_downloaded(self):
        """The list of transactions as a file; no text in it begins a formula."""
        evil = "=1+1"
        bill = self.issued(80)
        tx = self.pay_by_card(bill).sudo()
        tx.payer_name = evil
        self.env.flush_all()
        (row,) = self.download(tx)
        self.assertEqual(row["Order ID"], tx.order_id)
        self.assertEqual(row["Card Holder"], "'" + evil)
        self.assertEqual(float(row["Amount"]), 80.0)
        self.assertEqual(row["Gateway Status"], "Charged")
        user = self.as_user("user")
        columns = user["payment.transaction"]._get_report_columns()
        rows = user["payment.transaction"]._iter_report_rows(
            [("id", "=", tx.id)], columns
        )
        file = io.BytesIO()
        write_xlsx(file, [column.header for column in columns], rows)
        cells = [cell for row in load_workbook(file).active.rows for cell in row]
        self.assertIn(evil, [cell.value for cell in cells])
        self.assertFalse([cell for cell in cells if cell.data_type == "f"])
