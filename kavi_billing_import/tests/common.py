"""What the tests of the import have in common."""

import base64
import csv
import io

from odoo.tools import mute_logger

from odoo.addons.kavi_billing.tests.common import BillingCommon
from odoo.addons.kavi_billing_report.tools.columns import FILES

CRON_LOG = "odoo.addons.base.models.ir_cron"
COUNTS = ("created", "matched", "skipped", "ambiguous", "rejected")
HEADERS = [
    *("bill_id", "account", "bill", "bill_state", "bill_date", "due_date", "total"),
    *("amount_paid", "amount_due", "refund_amount"),
]


def row(bill_id, state="New", total="100.00", paid=None, due=None, **vals):
    """A row of Bill Data, with the amounts that go with its state."""
    is_open = state in ("New", "Pending")
    paid = paid if paid is not None else "0" if is_open else total
    due = due if due is not None else total if is_open else "0"
    return {
        "bill_id": bill_id,
        "account": "Acme Ltd",
        "bill": f"Membership {bill_id}",
        "bill_state": state,
        "bill_date": "2024-02-01",
        "due_date": "2024-03-02",
        "total": total,
        "amount_paid": paid,
        "amount_due": due,
        "refund_amount": "0",
        **vals,
    }


class ImportCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.imports = cls.as_user("administrator")["kavi.import"]

    @classmethod
    def csv(cls, rows, separator=",", encoding="utf-8"):
        """A CSV file.

        :param rows: list of dicts
        """
        headers = list(dict.fromkeys(name for each in rows for name in each))
        file = io.StringIO()
        writer = csv.DictWriter(file, headers, delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
        return file.getvalue().encode(encoding)

    @classmethod
    def upload(cls, content, name="Bill Data.csv", **vals):
        """An import of a file, with its columns read."""
        vals = {"opening_date": "2024-06-30", **vals}
        record = cls.imports.create(
            {"file": base64.b64encode(content), "file_name": name, **vals}
        )
        record.action_read()
        return record

    @classmethod
    def make_tested(cls, rows, **vals):
        """An import of Bill Data that was tested."""
        record = cls.upload(cls.csv(rows), **vals)
        record.action_test()
        return record

    @classmethod
    def imported(cls, rows, **vals):
        record = cls.make_tested(rows, **vals)
        record.action_import()
        return record

    @mute_logger(CRON_LOG)
    def run_cron(self):
        self.env.flush_all()
        cron = self.env.ref("kavi_billing_import.cron_import")
        with self.enter_registry_test_mode():
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()

    def found(self, name, company=None):
        """The bill that has this Bill ID."""
        return self.bills.sudo().search(
            [("name", "=", name), ("company_id", "=", (company or self.company).id)]
        )

    def assertResults(self, record, **counts):
        """How many rows have which result; none has another one."""
        self.env.flush_all()
        reasons = record.line_ids.mapped(lambda line: (line.result, line.reason))
        for name in COUNTS:
            self.assertEqual(record[f"{name}_count"], counts.get(name, 0), reasons)

    def export(self, model, company, format_="csv", drop=()):
        """The data part of a report's file: its rows as they are in it."""
        self.env.flush_all()
        self.env.invalidate_all()
        env = self.env(context={"allowed_company_ids": company.ids})
        reports = env[model].sudo()
        columns = [
            column
            for column in reports._get_report_columns()
            if column.header not in drop
        ]
        rows = reports._iter_report_rows([("company_id", "=", company.id)], columns)
        file = io.BytesIO()
        FILES[format_][0](file, [column.header for column in columns], rows)
        return file.getvalue()
