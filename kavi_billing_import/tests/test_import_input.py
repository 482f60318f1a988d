"""bad_input: files and rows that nobody would want to come in."""

import base64

from odoo.tests import tagged

from .common import ImportCommon, row


@tagged("post_install", "-at_install")
class TestImportBadInput(ImportCommon):
    def load(self, content, name="x.csv", **vals):
        return self.imports.create(
            {"file": base64.b64encode(content), "file_name": name, **vals}
        )

    def test_bad_input_files(self):
        """A file that cannot be read is refused with what to do."""
        for content, name, words in (
            (b"  \n", "x.csv", ("empty",)),
            (b"\x89PNG\r\n\x1a\n\0\0", "x.png", ("CSV",)),
            (b"PK\3\4 broken", "x.xlsx", ("damaged",)),
            (b"a,b\n1,2", "x.xlsx", ("damaged",)),
            (b"a,a\n1,2", "x.csv", ("same name", "a")),
            (b"%PDF-1.7\n", "x.csv", ("PDF",)),
            (b'a,b\n"1,2', "x.csv", ("quotation",)),
        ):
            with self.subTest(content=content), self.refused(*words):
                self.load(content, name).action_read()
        with self.refused("utf-16"):
            self.load(b"a,b\n1,\xff", encoding="utf-16").action_read()

    def test_bad_input_columns(self):
        record = self.upload(b"foo,bar\n1,2\n")
        with self.refused("Account Name"):
            record.action_test()
        record.column_ids.target = "account"
        with self.refused("Two columns"):
            record.action_test()
        record.column_ids[1].target = "net_balance"
        with self.refused("Net Balance"):
            record.action_test()
        with self.refused("Test the file first"):
            record.action_import()

    def test_bad_input_rows(self):
        """Each bad row says what is wrong with it, and the good ones come in."""
        bad = {
            "Sold": row("1", "Sold"),
            "draft": row("2", "Draft"),
            "not understood": row("3", total="a lot"),
            "is negative": row("4", total="-5", due="-5"),
            "do not add up": row("5", due="90"),
            "more decimals": row("6", total="1.001", due="1.001"),
            "nothing is due": row("7", paid="100", due="0"),
            "100.00 is due": row("8", "Canceled", due="100.00"),
            "More was refunded": row("9", "Refunded", refund_amount="100.01"),
            "by no amount": row("10", "Refunded"),
            "before it is issued": row("11", due_date="2024-01-01"),
            "after the day": row("12", bill_date="2025-01-01", due_date="2025-01-02"),
            "“Bill ID” is empty": row(""),
            "“Issued” is empty": row("13", bill_date=""),
            "“State” is empty": row("14", ""),
            "no amount that": row("15", total="1e12", due=str(10**12)),
            "“Gold” here": row("16", "Paid", payment_type="Gold"),
            "longer than": row("17", bill="x" * 300),
            "“Date” here": row("18", kind="Date"),
        }
        bad["no amount that"]["total"] = str(10**12)
        record = self.imported([*bad.values(), row("good")])
        for words, line in zip(bad, record.line_ids, strict=False):
            self.assertEqual(line.result, "rejected", words)
            self.assertIn(words, line.reason)
        self.assertResults(record, rejected=len(bad), created=1)

    def test_bad_input_dates(self):
        """Days that could be months are asked for, not guessed."""
        dates = {"bill_date": "02/03/2024", "due_date": "04/05/2024"}
        record = self.upload(self.csv([row("A", **dates)]))
        with self.refused("Days and months"):
            record.action_test()
        record.date_format = "DD/MM/YYYY"
        record.action_test()
        record.action_import()
        self.assertEqual(str(self.found("A").bill_date), "2024-03-02")
        # and remembered for the next such file
        record = self.make_tested([row("B", **dates)])
        self.assertEqual(record.date_format, "DD/MM/YYYY")

    def test_bad_input_amounts(self):
        record = self.upload(self.csv([row("A", total="1,234", due="1,234")]))
        with self.refused("Points and commas"):
            record.action_test()
        record.decimal_mark = ","
        record.action_test()
        self.assertIn("more decimals", record.line_ids.reason)
        record.decimal_mark = "."
        record.action_test()
        record.action_import()
        self.assertEqual(self.found("A").amount_due, 1234.0)

    def test_bad_input_formulas(self):
        """What a spreadsheet would calculate is text, and stays it in the result."""
        record = self.imported([row("=1+1", account="@SUM(A1)", bill="+x")])
        self.assertResults(record, created=1)
        self.assertEqual(self.found("=1+1").title, "+x")
        lines = record.line_ids
        wizard = self.imports.env["kavi.report.wizard"].create(
            {
                "model_name": "kavi.import.line",
                "title": "Result",
                "domain": f'[["import_id", "=", {record.id}]]',
                "file_format": "csv",
            }
        )
        headers, rows = wizard._get_rows()
        self.assertEqual(headers[:4], ["Row", "Account", "Bill ID", "Result"])
        self.assertEqual(list(rows)[0][:4], [2, "@SUM(A1)", "=1+1", "Created"])
        action = record.action_download()
        self.assertEqual(action["context"]["default_model_name"], lines._name)

    def test_bad_input_markup(self):
        """A description from outside is cleaned like any other."""
        text = '<p>Hi</p><script>alert(1)</script><img src="x" onerror="alert(1)">'
        self.imported([row("A", description=text), row("B", description="a\nb < c")])
        self.assertNotIn("script", self.found("A").description)
        self.assertNotIn("onerror", self.found("A").description)
        self.assertIn("Hi", self.found("A").description)

    def test_mapping_is_remembered(self):
        """Any file, through columns that are named once."""
        content = self.csv(
            [
                {
                    "No.": "Z-1",
                    "Who": "Acmé Ltd",
                    "What": "Open",
                    "When": "01.02.2024",
                    "How much": "1.234,50 $",
                }
            ],
            separator=";",
            encoding="cp1252",
        )
        record = self.upload(content, "list.csv")
        self.assertEqual((record.encoding, record.separator), ("cp1252", ";"))
        self.assertFalse(any(record.column_ids.mapped("target")))
        targets = ("bill_id", "account", "bill_state", "bill_date", "total")
        for column, target in zip(record.column_ids, targets, strict=True):
            column.target = target
        record.action_test()
        self.assertResults(record, created=1)
        again = self.upload(content, "other.csv")
        self.assertEqual(tuple(again.column_ids.mapped("target")), targets)
        again.action_test()
        again.action_import()
        bill = self.found("Z-1")
        self.assertEqual((bill.amount_due, str(bill.bill_date)), (1234.5, "2024-02-01"))
        self.assertEqual(bill.title, "Z-1")

    def test_settings(self):
        """What would fail with every row is refused before."""
        record = self.upload(self.csv([row("A")]))
        record.opening_date = "2999-01-01"
        with self.refused("today or on an earlier day"):
            record.action_test()
        record.opening_date = False
        with self.refused("Choose the day"):
            record.action_test()
        record.opening_date = "2024-06-30"
        self.company.sudo().sale_lock_date = "2024-12-31"
        with self.refused("closed until"):
            record.action_test()
        record.opening_date = "2025-01-01"
        income = self.env["account.account"].search(
            [("company_ids", "=", self.company.id), ("code", "!=", False)], limit=1
        )
        record.opening_account_id = income
        record.action_test()
        self.assertResults(record, created=1)

    def test_another_file(self):
        """What was recognized in a file does not count for the next one."""
        record = self.upload(self.csv([row("A")], separator=";"))
        record.action_test()
        record.file = base64.b64encode(self.csv([row("B"), row("C")]))
        self.assertEqual((record.state, len(record.line_ids)), ("draft", 0))
        self.assertFalse(record.separator)
        record.action_read()
        record.action_test()
        self.assertResults(record, created=2)
