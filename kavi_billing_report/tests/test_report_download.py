"""Downloads and prints of reports: columns, files, access, memory (KB-69, BB-21)."""

import csv
import io
import json
import re
import tempfile
import tracemalloc

from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL

from ..tools.columns import write_csv, write_xlsx
from ..wizards import kavi_report_wizard
from .test_report_books import BusinessCommon, ReportCommon

# The bill's fields in Kavi Billing, under its names for them.
APPENDIX_B = (
    "account bill bill_id item_key description total payment_surcharge bill_date "
    "due_date created_by bill_state payment_type invoice_number purchase_order "
    "payment_date refund_amount amount_retained refund_date cancel_date"
).split()


class DownloadMixin:
    def download_wizard(self, records, role="user", **vals):
        """The wizard as the list's button opens it."""
        records = records.with_env(self.as_user(role))
        action = records.action_download()
        context = {
            key.removeprefix("default_"): value
            for key, value in action["context"].items()
        }
        return records.env["kavi.report.wizard"].create({**context, **vals})

    def csv_rows(self, wizard):
        """The file, read again: a dict a row."""
        file = tempfile.TemporaryFile()
        write_csv(file, *wizard._get_rows())
        file.seek(0)
        text = file.read().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))


@tagged("post_install", "-at_install")
class TestReportDownload(DownloadMixin, BusinessCommon):
    def test_bill_data_columns(self):
        """KB-66: all fields of the original's appendix B, under its names."""
        bill = self.issued(
            100,
            title='Ünïcode, "quoted"\nand more',
            description="<p>Hall</p>",
            purchase_order="PO-1",
            bill_date="2026-03-01",
            item_key="K-1",
        )
        self.pay(bill, date="2026-03-05", payment_number="W-77")
        self.give_back(bill, 30)
        (row,) = self.csv_rows(self.download_wizard(bill))
        self.assertFalse(set(APPENDIX_B) - set(row))
        self.assertEqual(row["bill_id"], bill.name)
        self.assertEqual(row["account"], "Acme Ltd")
        self.assertEqual(row["bill"], 'Ünïcode, "quoted"\nand more')
        self.assertEqual(row["bill_state"], "Refunded")
        self.assertEqual(row["bill_date"], "2026-03-01")
        self.assertEqual(row["payment_date"], "2026-03-05")
        self.assertEqual(row["payment_type"], self.check.name)
        self.assertEqual(row["payment_number"], "W-77")
        self.assertEqual(row["purchase_order"], "PO-1")
        self.assertEqual(row["item_key"], "K-1")
        self.assertIn("Hall", row["description"])
        for name, amount in (
            ("total", 100),
            ("amount_due", 0),
            ("refund_amount", 30),
            ("amount_retained", 70),
        ):
            self.assertEqual(float(row[name]), amount, name)

    def test_every_report(self):
        """KB-69: each report has the rows of its list, in both formats."""
        for model in (
            "kavi.bill",
            "kavi.balance.report",
            "kavi.payment.report",
            "kavi.aging.report",
            "kavi.activity",
            "kavi.log.report",
        ):
            records = self.rows(model)
            self.assertTrue(records, model)
            wizard = self.download_wizard(records)
            self.assertEqual(wizard.row_count, len(records))
            rows = self.csv_rows(wizard)
            self.assertEqual(len(rows), len(records), model)
            file = io.BytesIO()
            write_xlsx(file, *wizard._get_rows())
            sheet = load_workbook(file).active
            self.assertEqual(sheet.max_row, len(records) + 1)
            self.assertEqual([c.value for c in sheet[1]], list(rows[0]))
        due = sum(float(row["balance"]) for row in self.csv_rows(self.balances()))
        bills = self.env["kavi.bill"].search([("partner_id", "in", self.accounts.ids)])
        self.assertAlmostEqual(due, sum(bills.mapped("amount_due")))

    def balances(self):
        return self.download_wizard(self.rows("kavi.balance.report"))

    def test_what_the_list_shows(self):
        """Nothing selected: what the list shows; something selected: just that."""
        shown = [("state", "=", "paid"), ("partner_id", "=", self.account.id)]
        bills = self.report("kavi.bill")
        empty = bills.with_context(active_domain=shown, report_title="Paid")
        action = empty.action_download()
        self.assertEqual(
            json.loads(action["context"]["default_domain"]),
            [list(leaf) for leaf in shown],
        )
        self.assertEqual(action["context"]["default_title"], "Paid")
        one = bills.search(shown, limit=1)
        self.assertEqual(self.download_wizard(one).row_count, 1)

    def test_bad_input_injection(self):
        """BB-21: what a spreadsheet takes for a formula is text."""
        evil = '=HYPERLINK("http://evil.example";"Click")'
        account = self.env["res.partner"].create({"name": "+Plus"})
        vals = {"partner_id": account.id, "purchase_order": "-2+3"}
        bill = self.issued(100, title=evil, **vals)
        wizard = self.download_wizard(bill)
        (row,) = self.csv_rows(wizard)
        self.assertEqual(row["bill"], "'" + evil)
        self.assertEqual(row["account"], "'+Plus")
        self.assertEqual(row["purchase_order"], "'-2+3")
        file = io.BytesIO()
        write_xlsx(file, *wizard._get_rows())
        cells = list(load_workbook(file).active.rows)[1]
        self.assertIn(evil, [cell.value for cell in cells])
        self.assertFalse([cell for cell in cells if cell.data_type == "f"])
        self.assertFalse([cell for cell in cells if cell.hyperlink])

    def test_bad_input_injection_everywhere(self):
        """BB-21: in no download, of whatever report, does a text begin a formula."""
        evil = "=cmd|' /C calc'!A0"
        account = self.env["res.partner"].create({"name": evil, "ref": evil})
        method = self.check.copy({"name": evil})
        kind = self.env["kavi.bill.kind"].create({"name": evil})
        vals = {"title": evil, "purchase_order": evil, "item_key": evil}
        bill = self.issued(
            100, partner_id=account.id, kind_id=kind.id, description=evil, **vals
        )
        self.issued(10, partner_id=account.id, **vals)
        self.pay(bill, method, payment_number=evil)
        self.give_back(bill, 20)
        self.credit(5, partner_id=account.id)
        self.env.flush_all()
        models = [
            name
            for name, model in self.env.registry.items()
            if issubclass(model, self.env.registry["kavi.report.mixin"])
            and not model._abstract
        ]
        self.assertGreaterEqual(len(models), 6)
        found = set()
        for model in models:
            if "partner_id" not in self.env[model]._fields:
                continue
            records = self.report(model, "administrator")
            records = records.search([("partner_id", "=", account.id)])
            wizard = self.download_wizard(records, "administrator")
            for row in self.csv_rows(wizard):
                for name, cell in row.items():
                    is_number = re.fullmatch(r"-?[0-9.]+", cell)
                    begins = cell.lstrip(" \n")[:1]
                    self.assertTrue(
                        is_number or not begins or begins not in "=+-@\t\r",
                        (model, name),
                    )
                    if cell == "'" + evil:
                        found.add(model)
            file = io.BytesIO()
            write_xlsx(file, *wizard._get_rows())
            for cells in load_workbook(file).active.rows:
                for cell in cells:
                    self.assertNotEqual(cell.data_type, "f", (model, cell.coordinate))
        self.assertGreaterEqual(
            found,
            {
                "kavi.bill",
                "kavi.balance.report",
                "kavi.payment.report",
                "kavi.aging.report",
                "kavi.activity",
            },
        )

    def test_bad_input_long_and_odd_text(self):
        """A text longer than a cell, and control characters, break no file."""
        file = io.BytesIO()
        write_xlsx(file, ["text"], [["x" * 40_000], ["a\x00\x0bb"]])
        sheet = load_workbook(file).active
        self.assertEqual(len(sheet["A2"].value), 32_767)

    def test_bad_input_wizard(self):
        """The wizard downloads reports, not whatever model a client names."""
        wizards = self.as_user("officer")["kavi.report.wizard"]
        for model in ("res.users", "ir.config_parameter", "no.such.model"):
            with self.refused("no such report", error=UserError):
                wizards.create({"model_name": model, "title": "x"})
        for domain in ("not json", '[["no_such_field", "=", 1]]', "[1, 2]"):
            with self.refused("no search", error=ValidationError):
                wizards.create(
                    {"model_name": "kavi.bill", "title": "x", "domain": domain}
                )

    def test_access_to_rows(self):
        """Rows of another company stay out, whatever the search asks."""
        company = self._new_company("Elsewhere Ltd")
        user = self._new_user(
            "elsewhere",
            "kavi_billing.group_billing_user",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        env = self.env(
            user=user, su=False, context={"allowed_company_ids": company.ids}
        )
        wizard = env["kavi.report.wizard"].create(
            {
                "model_name": "kavi.bill",
                "title": "All",
                "domain": json.dumps([["company_id", "=", self.company.id]]),
            }
        )
        self.assertEqual(wizard.row_count, 0)
        self.assertEqual(list(wizard._get_rows()[1]), [])
        portal = self.as_user(self._new_user("dl_portal", "base.group_portal"))
        with self.assertRaises(AccessError):
            portal["kavi.report.wizard"].create(
                {"model_name": "kavi.bill", "title": "x"}
            )

    def test_print(self):
        """KB-69: on paper, with totals and the rows that are left out."""
        wizard = self.download_wizard(self.rows("kavi.bill"))
        page = wizard._get_page()
        self.assertEqual(len(page["rows"]), wizard.row_count)
        self.assertEqual(len(page["totals"]), 2)  # two currencies
        self.assertEqual(page["headers"][:3], ["Bill ID", "Account", "Title"])
        self.assertEqual(page["left_out"], 0)
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "kavi_billing_report.report_list", wizard.ids
        )
        text = html.decode()
        self.assertIn(wizard.title, text)
        for row in page["rows"]:
            self.assertIn(row[0], text)
        self.patch(kavi_report_wizard, "MAX_PRINTED", 3)
        page = wizard._get_page()
        self.assertEqual(len(page["rows"]), 3)
        self.assertEqual(page["left_out"], wizard.row_count - 3)

    def test_memory(self):
        """BB-21: ten times as many rows take no more memory, but for their ids."""
        bill = self.issued(100)
        self.env.flush_all()
        columns = SQL(", ").join(
            SQL.identifier(name)
            for name, field in bill._fields.items()
            if field.store and field.column_type and name not in ("id", "name")
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO kavi_bill (name, %(columns)s)
                     SELECT 'M-' || number, %(columns)s
                       FROM kavi_bill, GENERATE_SERIES(1, 6000) number
                      WHERE kavi_bill.id = %(id)s
                """,
                columns=columns,
                id=bill.id,
            )
        )
        self.env.invalidate_all()
        peaks = []
        for limit in (600, 6000):
            wizard = self.download_wizard(
                self.report("kavi.bill").search([("name", "like", "M-")], limit=limit)
            )
            headers, rows = wizard._get_rows()
            self.env.invalidate_all()
            tracemalloc.start()
            try:
                with tempfile.TemporaryFile() as file:
                    write_csv(file, headers, rows)
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
        self.assertLess(peaks[1] - peaks[0], 3 * 1024 * 1024, peaks)


@tagged("post_install", "-at_install")
class TestReportHttp(DownloadMixin, ReportCommon, HttpCase):
    def test_download(self):
        """The button, the address, the file; nobody else's download."""
        bill = self.issued(100, title="Ünïcode")
        self.users["user"].password = "kavi_user_password"
        wizard = self.download_wizard(bill, file_format="csv", title="Bill Data")
        url = wizard.action_download()["url"]
        self.authenticate(self.users["user"].login, "kavi_user_password")
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("text/csv", answer.headers["Content-Type"])
        self.assertIn("Bill%20Data", answer.headers["Content-Disposition"])
        self.assertTrue(answer.content.startswith(b"\xef\xbb\xbf"))
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        self.assertEqual([row["bill_id"] for row in rows], [bill.name])
        wizard.file_format = "xlsx"
        self.env.flush_all()
        answer = self.url_open(url)
        sheet = load_workbook(io.BytesIO(answer.content)).active
        self.assertEqual(sheet.max_row, 2)

        self.officer.password = "kavi_officer_password"
        self.authenticate(self.officer.login, "kavi_officer_password")
        self.assertEqual(self.url_open(url).status_code, 404)
        self.assertEqual(self.url_open(url + "999").status_code, 404)
        self.authenticate(None, None)
        self.assertIn("/web/login", self.url_open(url).url)
