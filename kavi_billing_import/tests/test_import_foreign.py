"""Lists of other programs: nothing of them comes in as something else."""

import base64

from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from .common import ImportCommon, row

# Open invoices, as accounting programs save them.
OPEN_LIST = b"""Date,Num,Customer,Due Date,Open Balance
03/15/2024,1001,Northmoor Council,04/14/2024,"$12,500.00"
03/16/2024,1002,Acme,04/15/2024,"$4,250.00"
"""
# Invoices with the names of months.
SALES = b"""ContactName,EmailAddress,InvoiceNumber,InvoiceDate,DueDate,Total,\
InvoiceAmountDue,Currency
Northmoor Council,ap@northmoor.example,INV-1,15 Jul 2024,14 Aug 2024,1250.00,1250.00,USD
"""
# A row for each line, as other programs take and give them.
LINES = b"""InvoiceNo,Customer,InvoiceDate,DueDate,Terms,Item(Product/Service),\
ItemDescription,ItemQuantity,ItemRate,ItemAmount,Status
INV-7,Hillcrest Club,01/15/2024,02/14/2024,Net 30,Dues,Dues 2024,1,100.00,100.00,Open
INV-7,Hillcrest Club,01/15/2024,02/14/2024,Net 30,Event,Dinner,1,45.00,45.00,Open
INV-8,Hillcrest Club,01/16/2024,02/14/2024,Net 30,Event,Dinner,1,45.00,45.00,Open
"""
# A report with titles, groups, sums and a footer.
AGING = b"""Example Association
A/R Aging Detail
"As of June 30, 2024"

,Date,Transaction Type,Num,Customer,Due Date,Amount,Open Balance
Current,,,,,,,
,06/15/2024,Invoice,1001,Northmoor Council,07/14/2024,"12,500.00","12,500.00"
Total for Current,,,,,,"$12,500.00","$12,500.00"
TOTAL,,,,,,"$12,500.00","$12,500.00"


"Friday, July 05, 2024 10:15 AM GMT-7 - Accrual Basis"
"""


@tagged("post_install", "-at_install")
class TestImportForeign(ImportCommon):
    def load(self, content, name="list.csv", **vals):
        record = self.upload(content, name, **vals)
        record.action_test()
        return record

    def reasons(self, record):
        return record.line_ids.mapped(lambda line: (line.result, line.reason))

    def test_list_of_open_bills(self):
        """No state and no total: somebody says that all are open."""
        record = self.upload(OPEN_LIST, "list.csv")
        with self.refused("All Are Open"):
            record.action_test()
        record.all_open = True
        record.action_test()
        record.action_import()
        self.assertResults(record, created=2)
        self.assertBill(self.found("1001"), "new", amount_total=12500.0)
        self.assertEqual(self.found("1002").amount_due, 4250.0)
        self.assertEqual(str(self.found("1001").due_date), "2024-04-14")

    def test_invoices(self):
        record = self.load(SALES, opening_date="2024-12-31", all_open=True)
        # an upload is read as a new file: what was said of it stays
        self.assertResults(record, created=1)
        record.action_import()
        bill = self.found("INV-1")
        self.assertBill(bill, "new", amount_due=1250.0)
        self.assertEqual(str(bill.bill_date), "2024-07-15")
        self.assertEqual(bill.partner_id.email, "ap@northmoor.example")

    def test_rows_of_lines(self):
        """One bill of several lines; each bill comes to what its lines do."""
        record = self.load(LINES)
        self.assertResults(record, created=2, skipped=1)
        self.assertIn("line of the bill of row 2", record.line_ids[1].reason)
        record.action_import()
        self.assertResults(record, created=2, skipped=1)
        bill = self.found("INV-7")
        self.assertBill(bill, "new", amount_total=145.0, amount_due=145.0)
        self.assertEqual(bill.line_ids.mapped("price_unit"), [100.0, 45.0])
        self.assertEqual(bill.line_ids.mapped("name"), ["Dues 2024", "Dinner"])
        self.assertEqual(self.found("INV-8").amount_total, 45.0)
        self.assertBooks(bill)
        again = self.load(LINES)
        self.assertResults(again, matched=2, skipped=1)

    def test_rows_of_lines_that_do_not_fit(self):
        line = {"line_amount": "45.00", "line_text": "Dinner"}
        for rows, words in (
            ([row("A", total="145", due="145", **line)], "come to 45.00"),
            ([row("B", **line), row("B", account="Other", **line)], "Account Name"),
            ([row("C", **line), row("C", line_amount="")], "no “Line Amount”"),
        ):
            record = self.make_tested(rows)
            self.assertIn(words, record.line_ids[0].reason)
            self.assertResults(record, rejected=len(rows))
        tax = {"line_amount": "90.00", "line_tax": "10.00"}
        record = self.imported([row("D", **tax)])
        self.assertResults(record, created=1)
        self.assertEqual(self.found("D").line_ids.mapped("price_unit"), [90.0, 10.0])

    def test_same_bill_id_differs(self):
        """Neither of them comes in: the first is no better than the second."""
        for other in (
            {"payment_number": "7"},
            *({"total": "90", "due": "90"}, {"account": "Jane Doe"}),
            *({"bill_date": "2024-02-02"}, {"bill_state": "Pending"}),
        ):
            record = self.make_tested([row("A"), {**row("A"), **row("A", **other)}])
            self.assertResults(record, rejected=2)
            self.assertIn("Rows 2, 3", record.line_ids[0].reason)

    def test_report(self):
        """Titles, groups, sums and a footer are passed over, with a word."""
        record = self.load(AGING, all_open=True)
        self.assertIn("A/R Aging Detail", record.passed_over)
        self.assertResults(record, created=1, skipped=4)
        self.assertEqual(record.line_ids.mapped("row"), [6, 7, 8, 9, 12])
        record.action_import()
        self.assertEqual(self.found("1001").amount_due, 12500.0)
        self.assertFalse(self.env["res.partner"].search([("name", "=", "TOTAL")]))

    def test_totals_of_balances(self):
        """A row is a sum if it is called so and comes to it; nobody owes it."""
        for word in ("Total", "GRAND TOTAL:", "Summe", "Totaal", "合計"):
            record = self.make_tested(
                [
                    {"name": "One", "balance": "25.00"},
                    {"name": "Two", "balance": "10.50"},
                    {"name": word, "balance": "35.50"},
                ],
                book_balances=True,
            )
            self.assertResults(record, created=2, skipped=1)
        rows = [
            {"name": "One", "balance": "25.00"},
            {"name": "Total One", "balance": "25.00"},
            {"name": "Total Energies", "balance": "7.00"},
            {"name": "Total", "balance": "99.00"},
            {"name": "", "balance": "32.00"},
        ]
        record = self.make_tested(rows, book_balances=True)
        self.assertResults(record, created=2, skipped=2, rejected=1)
        self.assertIn("come to something else", record.line_ids[3].reason)

    def test_same_account_twice(self):
        """Whether they add up, nobody can tell but a person; and that is said."""
        for rows in (
            [("One", "25.00"), ("One", "30.00")],
            [("One", "25.00"), ("ONE", "25.00")],
            [("Acme Ltd", "25.00"), ("ACME\u00a0LTD", "5.00")],
        ):
            record = self.make_tested(
                [{"name": name, "balance": amount} for name, amount in rows],
                book_balances=True,
            )
            self.assertResults(record, rejected=2)
            self.assertIn("Rows 2, 3 are of one account", record.line_ids[0].reason)
        rows = [
            {"name": "One", "balance": "25.00", "currency": "USD"},
            {"name": "One", "balance": "30.00", "currency": "EUR"},
        ]
        self.env.ref("base.EUR").active = True
        record = self.make_tested(rows, book_balances=True)
        self.assertResults(record, created=2)

    def test_signs_of_currencies(self):
        """No sign is dropped: what is booked in another currency is asked for."""
        for total in ("€ 100.00", "100.00 EUR", "£100.00", "CA$ 100.00", "100 kr"):
            record = self.make_tested([row("A", total=total, due="100.00")])
            self.assertResults(record, rejected=1)
            self.assertIn("would be booked in USD", record.line_ids.reason)
        for total in ("$100.00", "USD 100.00", "US$ 100.00", "100.00"):
            record = self.make_tested([row("A", total=total, due="100.00")])
            self.assertResults(record, created=1)
        record = self.make_tested([row("A", due="€ 100.00", currency="USD")])
        self.assertResults(record, rejected=1)
        # the answer is a column, or the currency of the file
        self.env.ref("base.EUR").active = True
        record = self.make_tested([row("B", total="€ 100.00", currency="EUR")])
        self.assertResults(record, created=1)
        record = self.make_tested([row("A", total="€ 100.00")])
        record.currency_id = self.env.ref("base.EUR")
        record.action_test()
        record.action_import()
        self.assertEqual(self.found("A").currency_id.name, "EUR")
        record = self.make_tested(
            [{"name": "One", "balance": "€ 5.00"}], book_balances=True
        )
        self.assertResults(record, rejected=1)

    def test_states(self):
        for state in (
            *("Overdue", "New, Overdue", "Unpaid", "In Dispute", "Pending, Overdue"),
            *(
                "Overdue 5 days",
                "Partly Paid",
                "open",
                "Authorised",
            ),
        ):
            record = self.make_tested([row("A", bill_state=state, paid="0", due="100")])
            self.assertResults(record, created=1)
        for state in ("Frozen", "Paid, Overdue", "New, Paid", "New, Blue", "Sold"):
            record = self.make_tested([row("A", bill_state=state, paid="0", due="100")])
            self.assertResults(record, rejected=1)
        # a part is paid, and nobody says how much: not all of it is due
        rows = [row("A", bill_state="Partly Paid")]
        del rows[0]["amount_paid"], rows[0]["amount_due"]
        record = self.make_tested(rows)
        self.assertResults(record, rejected=1)
        self.assertIn("partly paid", record.line_ids.reason)

    def test_names_of_accounts(self):
        """One account, however its name is written."""
        partner = self.env["res.partner"].create({"name": "Σύλλογος ΑΒΓ"})
        rows = [
            row("A", account="ΣΎΛΛΟΓΟΣ\u00a0αβγ"),
            row("B", account="Straße 1"),
            row("C", account="STRASSE\u00a01"),
        ]
        record = self.imported(rows)
        self.assertResults(record, created=3)
        self.assertEqual(self.found("A").partner_id, partner)
        self.assertEqual(self.found("B").partner_id, self.found("C").partner_id)
        partner.name = "Other"
        record = self.make_tested([row("D", account="σύλλογος αβγ")])
        self.assertFalse(record.line_ids.partner_id)
        # not the same: a point and a hyphen are characters of addresses
        rows = [
            row("E", account="X", email="a.b@example.com"),
            row("F", account="X", email="a-b@example.com"),
        ]
        self.imported(rows)
        self.assertNotEqual(self.found("E").partner_id, self.found("F").partner_id)

    def test_errors_in_cells(self):
        """An error counts where its column is imported, and nowhere else."""
        rows = [row("A", Lookup="#N/A"), row("B", Lookup="#REF!")]
        record = self.make_tested(rows)
        self.assertResults(record, created=2)
        rows = [row("A", due="#N/A"), row("B", account="#N/A"), row("1.23457E+11")]
        record = self.make_tested(rows)
        self.assertResults(record, rejected=3)
        self.assertIn("holds an error", record.line_ids[0].reason)
        self.assertIn("cut short", record.line_ids[2].reason)

    def test_empty_cells(self):
        """What a database writes for nothing is nothing."""
        dates = {"payment_date": "0000-00-00", "cancel_date": "NULL"}
        self.imported([row("A", purchase_order="NULL", refund_date="-", **dates)])
        bill = self.found("A")
        self.assertFalse(bill.payment_date or bill.cancel_date or bill.purchase_order)

    def test_no_choice_helps(self):
        """Rows that nobody can read are refused by themselves, without a question."""
        record = self.make_tested([row("A", bill_date="soon", due_date="later")])
        self.assertResults(record, rejected=1)
        rows = [
            row("A", bill_date="13/02/2024", due_date="14/03/2024"),
            row("B", bill_date="02/13/2024", due_date="03/14/2024"),
        ]
        record = self.upload(self.csv(rows))
        with self.refused("more than one way", "13/02/2024"):
            record.action_test()

    def test_disguised_files(self):
        for content, kind in ((b"%PDF-1.4", "PDF"), (b"<html><table>", "HTML")):
            record = self.imports.create(
                {"file": base64.b64encode(content), "file_name": "x.csv"}
            )
            with self.refused(kind, "save it as CSV"):
                record.action_read()

    def mend(self, line, **changes):
        action = line.action_mend()
        wizard = (
            self.imports.env["kavi.import.mend"]
            .with_context(**action["context"])
            .create({})
        )
        for cell in wizard.cell_ids:
            cell.text = changes.get(cell.target, cell.text)
        wizard.action_apply()

    def test_mend(self):
        """A refused row is mended on the page, and tried again; the file stays."""
        rows = [row("A", due="a lot"), row("B", bill_state="Sold"), row("C")]
        record = self.make_tested(rows)
        self.assertResults(record, rejected=2, created=1)
        self.mend(record.line_ids[0], amount_due="100.00")
        self.assertEqual(record.state, "tested")
        self.assertResults(record, rejected=1, created=2)
        # another test reads it as it was mended
        record.action_test()
        self.assertResults(record, rejected=1, created=2)
        record.action_import()
        self.assertResults(record, rejected=1, created=2)
        self.mend(record.line_ids[1], bill_state="New")
        self.assertResults(record, created=3)
        self.assertEqual(record.state, "done")
        self.assertEqual(self.found("B").amount_due, 100.0)
        with self.refused("not one that can be mended"):
            record.line_ids[2].action_mend()
        with self.refused("not edited"):
            record.line_ids[2].mended = {"total": "1"}

    def test_mend_keeps_signs(self):
        """What is not mended is still in euros, and written as in the file."""
        rows = [
            row("A", bill_state="Sold", total="€ 1.234,50", due="1.234,50", paid="")
        ]
        record = self.make_tested(rows)
        action = record.line_ids.action_mend()
        wizard = self.imports.env["kavi.import.mend"]
        wizard = wizard.with_context(**action["context"]).create({})
        shown = {cell.target: cell.text for cell in wizard.cell_ids}
        self.assertEqual(shown["total"], "1234,50 €")
        self.mend(record.line_ids, bill_state="New")
        self.assertResults(record, rejected=1)
        self.assertIn("in €", record.line_ids.reason)
        self.mend(record.line_ids, total="1.234,50")
        self.assertResults(record, created=1)

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.models")
    def test_mend_twins(self):
        """With the row that is mended, those that were refused because of it."""
        record = self.make_tested([row("A"), row("A", total="90", due="90")])
        self.assertResults(record, rejected=2)
        self.mend(record.line_ids[1], bill_id="B")
        self.assertResults(record, created=2)

    def test_example(self):
        """The file that is offered can be imported as it is."""
        for name, kind in (("bill_data", "bills"), ("account_balances", "balances")):
            record = self.imports.create({"file": base64.b64encode(b"a"), "kind": kind})
            url = record.action_download_example()["url"]
            with file_open(url.lstrip("/"), "rb") as file:
                record = self.load(file.read(), f"{name}.csv")
            self.assertEqual(record.kind, kind)
            self.assertFalse(record.rejected_count, self.reasons(record))
