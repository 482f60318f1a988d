"""Account Balances: accounts are opened, balances compared, booked when asked for."""

from odoo.tests import tagged

from .common import ImportCommon, row


def owes(name, balance, **vals):
    return {"name": name, "account_type": "Company", "balance": balance, **vals}


@tagged("post_install", "-at_install")
class TestImportBalances(ImportCommon):
    def run_balances(self, rows, **vals):
        record = self.make_tested(rows, **vals)
        self.assertEqual(record.kind, "balances")
        said = record.line_ids.mapped(lambda line: (line.result, line.reason))
        record.action_import()
        self.assertEqual(
            record.line_ids.mapped(lambda line: (line.result, line.reason)), said
        )
        return record

    def test_compare(self):
        self.imported([row("A"), row("B", "Paid")])
        record = self.run_balances(
            [
                owes("Acme Ltd", "100.00"),
                owes("New One", "0"),
                owes("Another", "25.00"),
                owes("", "1"),
            ]
        )
        self.assertResults(record, matched=1, created=2, rejected=1)
        same, new, other, __ = record.line_ids
        self.assertIn("is the same", same.reason)
        self.assertTrue(new.partner_id.is_billing_account)
        self.assertIn("$ 25.00", other.reason.replace("\N{NO-BREAK SPACE}", " "))
        self.assertFalse(other.partner_id.bill_ids)
        again = self.run_balances([owes("Acme Ltd", "90.00"), owes("New One", "0")])
        self.assertResults(again, matched=2)
        self.assertIn("look at them", again.line_ids[0].reason)

    def test_book(self):
        """Only where there is a balance and no bill, once."""
        self.imported([row("A")])
        rows = [
            owes("Acme Ltd", "130.00"),
            owes("New One", "25.00", currency="USD"),
            owes("Third", "-5.00"),
            owes("Third B", "0.00"),
        ]
        record = self.run_balances(rows, book_balances=True)
        self.assertResults(record, matched=1, created=3)
        bill = record.line_ids[1].bill_id.sudo()
        self.assertEqual(bill.partner_id.name, "New One")
        self.assertBill(bill, "new", amount_total=25.0, amount_due=25.0)
        self.assertEqual(str(bill.invoice_id.date), "2024-06-30")
        self.assertFalse(record.line_ids[0].bill_id)
        self.assertIn("as a credit", record.line_ids[2].reason)
        again = self.run_balances(rows, book_balances=True)
        self.assertResults(again, matched=4)
        self.assertEqual(bill.partner_id.bill_ids, bill)

    def test_book_twice_in_a_file(self):
        """Two rows of one account: none of them is booked."""
        rows = [owes("New One", "25.00"), owes("New One", "25.00")]
        record = self.make_tested(rows, book_balances=True)
        record.action_import()
        self.assertResults(record, rejected=2)
        self.assertIn("Rows 2, 3 are of one account", record.line_ids[0].reason)
