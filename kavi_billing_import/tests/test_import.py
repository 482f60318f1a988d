"""Import of existing data: what was before these books comes in once (KB-65, KB-66)."""

import base64
import csv
import io

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import ImportCommon, row


@tagged("post_install", "-at_install")
class TestImportBills(ImportCommon):
    def test_open_bill(self):
        """What is open becomes a receivable on the chosen day, and is paid here."""
        self.imported([row("OLD-1", description="<p>Two seats</p>")])
        bill = self.found("OLD-1")
        self.assertBill(
            bill,
            "new",
            title="Membership OLD-1",
            amount_total=100.0,
            amount_due=100.0,
            bill_date=self.date("2024-02-01"),
            due_date=self.date("2024-03-02"),
            next_due_date=self.date("2024-03-02"),
        )
        self.assertTrue(bill.is_overdue)
        self.assertIn("Two seats", bill.description)
        move = bill.invoice_id
        self.assertEqual(move.state, "posted")
        self.assertEqual(str(move.date), "2024-06-30")
        self.assertFalse(move.line_ids.tax_ids)
        other = move.line_ids.filtered(lambda line: line.display_type == "product")
        self.assertEqual(other.account_id.account_type, "equity_unaffected")
        self.assertAlmostEqual(other.balance, -100.0)
        bill = bill.with_env(self.bills.env)
        self.pay(bill)
        self.assertBill(bill, "paid", amount_paid=100.0, amount_due=0.0)
        self.give_back(bill)
        self.assertBill(bill, "refunded", refund_amount=100.0)

    def date(self, text):
        return self.env["kavi.bill"]._fields["bill_date"].to_date(text)

    def test_partly_paid_bill(self):
        """What was paid before counts, but is not in these books."""
        self.imported([row("OLD-2", paid="40.00", due="60.00")])
        bill = self.found("OLD-2").with_env(self.bills.env)
        self.assertEqual(bill.sudo().invoice_id.amount_total, 60.0)
        self.assertEqual(
            (bill.amount_total, bill.amount_paid, bill.amount_due), (100.0, 40.0, 60.0)
        )
        self.assertTrue(bill.is_partly_paid)
        self.assertEqual(
            bill._get_flags() - {"overdue"}, {"partly_paid", "opening_balance"}
        )
        self.pay(bill)
        self.env.flush_all()
        self.assertEqual(
            (bill.state, bill.amount_paid, bill.amount_due), ("paid", 100.0, 0.0)
        )
        self.assertEqual((bill.amount_retained, bill.amount_refundable), (100.0, 60.0))
        with self.refused("60.00"):
            self.give_back(bill, 60.01)
        self.give_back(bill)
        self.env.flush_all()
        self.assertEqual(
            (bill.state, bill.refund_amount, bill.amount_retained),
            ("refunded", 60.0, 40.0),
        )
        self.assertFalse(self.env["kavi.bill"].sudo()._find_book_differences())

    def test_cancel_partly_paid(self):
        """What was paid before stays what it was; only what is open is taken back."""
        self.imported([row("OLD-2", paid="40.00", due="60.00")])
        bill = self.found("OLD-2").with_env(self.bills.env)
        self.cancel(bill)
        self.env.flush_all()
        self.assertEqual(bill.state, "canceled")
        self.assertEqual(
            (
                bill.amount_paid,
                bill.amount_credited,
                bill.amount_due,
                bill.refund_amount,
            ),
            (40.0, 60.0, 0.0, 0.0),
        )
        self.assertFalse(self.env["kavi.bill"].sudo()._find_book_differences())

    def test_settled_bills_are_history(self):
        """No entry, no act, and what they were."""
        rows = [
            row("P", "Paid", payment_date="2024-02-20", payment_type="Check"),
            row(
                "R",
                "Refunded",
                refund_amount="30.00",
                amount_retained="70.00",
                refund_date="2024-02-25",
            ),
            row("C", "Canceled", paid="0", cancel_date="2024-02-10"),
            row("K", "Canceled", paid="100.00", refund_amount="80.00"),
        ]
        moves = self.env["account.move"].sudo().search_count([])
        record = self.imported(rows)
        self.assertResults(record, created=4)
        self.assertEqual(self.env["account.move"].sudo().search_count([]), moves)
        paid, refunded, canceled, kept = (self.found(name) for name in "PRCK")
        self.assertBill(
            paid, "paid", amount_total=100.0, payment_date=self.date("2024-02-20")
        )
        self.assertEqual(paid.payment_method_id, self.check)
        self.assertEqual(
            (refunded.state, refunded.refund_amount, refunded.amount_retained),
            ("refunded", 30.0, 70.0),
        )
        self.assertEqual(str(refunded.refund_date), "2024-02-25")
        self.assertEqual(
            (canceled.state, str(canceled.cancel_date)), ("canceled", "2024-02-10")
        )
        self.assertEqual(canceled.amount_credited, 100.0)
        self.assertEqual(kept.amount_retained, 20.0)
        bills = (paid + refunded + canceled + kept).with_env(self.bills.env)
        for act in ("refund", "cancel", "edit", "send_notice", "reverse_payment"):
            with self.refused("history"):
                bills[0]._check_act(act)
        with self.refused("history"):
            bills[1].title = "Other"
        self.assertFalse(any(bills.mapped("allowed_acts")))
        self.assertFalse(self.env["kavi.bill"].sudo()._find_book_differences())
        self.assertEqual(self.account.sudo().billing_balance, 0.0)

    def test_history_only(self):
        """Open bills, too, without an entry: nothing of them is owed here."""
        record = self.imported([row("H", paid="40.00", due="60.00")], mode="history")
        self.assertResults(record, created=1)
        bill = self.found("H").with_env(self.bills.env)
        self.assertEqual(
            (bill.state, bill.amount_total, bill.amount_paid, bill.amount_due),
            ("new", 100.0, 40.0, 0.0),
        )
        self.assertEqual(bill.sudo().opening_due, 60.0)
        self.assertFalse(bill.is_overdue)
        self.assertFalse(bill.sudo().move_ids)
        with self.refused("history"):
            self.pay(bill)
        self.assertFalse(self.env["kavi.bill"].sudo()._find_book_differences())
        self.assertFalse(
            self.env["kavi.aging.report"].search([("bill_id", "=", bill.id)])
        )

    def test_documents(self):
        """Invoice and receipt say what was; nobody is told how to pay history."""
        rows = [
            row("R", "Refunded", refund_amount="30.00", payment_date="2024-02-20"),
            row("H", paid="40.00", due="60.00"),
        ]
        self.imported(rows, mode="history")
        receipt = self.found("R")._get_document_values("receipt")
        self.assertEqual(
            [(payment["day"], payment["text"]) for payment in receipt["payments"]],
            [("02/20/2024", "Payment"), ("", "Refund")],
        )
        self.assertEqual(receipt["methods"], [])
        self.assertEqual(self.found("H")._get_document_values("invoice")["methods"], [])
        self.assertEqual(self.found("H")._get_payer_acts({"holder", "link"}), [])

    def test_nobody_is_told(self):
        """No mail, no receipt, no callback: nothing happened now."""
        self.account.email = "acme@example.com"
        notices = self.env["kavi.notice"].sudo().search_count([])
        self.imported([row("A"), row("B", "Paid")])
        self.env.cr.flush()
        self.assertEqual(self.env["kavi.notice"].sudo().search_count([]), notices)
        activity = (
            self.env["kavi.activity"]
            .sudo()
            .search([("bill_id", "=", self.found("A").id)])
        )
        self.assertEqual(activity.mapped("act"), ["import"])
        self.assertEqual(activity.user_id, self.users["administrator"])
        self.assertIn("row 2", activity.details)

    def test_again(self):
        """The same file again, or a part of it: nothing twice."""
        rows = [row("A"), row("B", "Paid")]
        self.imported(rows)
        before = self.bills.sudo().search_count([])
        moves = self.env["account.move"].sudo().search_count([])
        self.assertResults(self.imported(rows), matched=2)
        self.pay(self.found("A").with_env(self.bills.env))
        self.assertResults(self.imported([*rows, row("N")]), matched=2, created=1)
        self.assertEqual(self.bills.sudo().search_count([]), before + 1)
        found = self.env["account.move"].sudo().search_count([])
        self.assertEqual(found, moves + 2)  # the payment, and N
        other = [row("A", total="90.00"), row("B", "Paid", account="Jane Doe")]
        again = self.imported(other)
        self.assertResults(again, rejected=2)
        self.assertIn("Nothing was changed", again.line_ids[0].reason)

    def test_same_bill_id_twice(self):
        record = self.imported([row("A"), row("A", total="5.00")])
        self.assertResults(record, rejected=2)
        self.assertIn("Rows 2, 3", record.line_ids[1].reason)
        record = self.imported([row("A"), row("A")])
        self.assertResults(record, created=1, skipped=1)
        self.assertIn("Row 2", record.line_ids[1].reason)

    def test_numbers_go_on(self):
        """Bill IDs that are drawn here go on after those that were imported."""
        self.company.billing_id_template = "$year-$counter"
        rows = [row("2019-00007"), row("2024-00412", "Paid"), row("2024-9999999999999")]
        self.imported(rows)
        self.assertEqual(self.issued().name.split("-")[1], "00413")
        self.assertResults(self.imported([row("2024-00100", "Paid")]), created=1)
        self.assertEqual(self.issued().name.split("-")[1], "00414")

    def test_tested_as_it_is_done(self):
        """The dry run writes nothing, and says what the import says then."""
        rows = [
            row("A"),
            row("A"),
            row("B", "Sold"),
            row("C", account="Newcomer"),
            row("D", account="Newcomer"),
            row("E", due="99"),
            row("F", bill_date="2024-04-01"),
            row("G", kind="None such"),
            row("H", account="Twin"),
        ]
        self.env["res.partner"].create([{"name": "Twin"}, {"name": "Twin"}])
        tables = ("kavi_bill", "account_move", "res_partner", "kavi_activity")

        def count():
            self.env.flush_all()
            found = []
            for table in tables:
                self.env.cr.execute(f"SELECT COUNT(*) FROM {table}")
                found += self.env.cr.fetchone()
            return found

        before = count()
        record = self.make_tested(rows)
        self.assertEqual(count(), before)
        said = [(line.row, line.result, line.reason) for line in record.line_ids]
        self.assertEqual(record.state, "tested")
        record.action_import()
        self.assertEqual(
            [(line.row, line.result, line.reason) for line in record.line_ids], said
        )
        self.assertResults(record, created=3, skipped=1, rejected=4, ambiguous=1)
        self.assertEqual(len(self.found("C").partner_id.bill_ids), 2)

    def test_one_bad_row(self):
        """A row that the books refuse stops no other, and leaves nothing behind."""
        rows = [row(f"N-{number}", account=f"New {number}") for number in range(9)]
        real = type(self.bills)._prepare_opening_invoice_vals

        def fail(bill, *args):
            if bill.name == "N-5":
                raise UserError(bill.env._("The books do not want this one."))
            return real(bill, *args)

        self.patch(type(self.bills), "_prepare_opening_invoice_vals", fail)
        record = self.imported(rows)
        self.assertResults(record, created=8, rejected=1)
        self.assertFalse(self.found("N-5"))
        self.assertFalse(self.env["res.partner"].search([("name", "=", "New 5")]))
        self.assertEqual(len(self.found("N-6").move_ids), 1)
        # and comes in when the reason is gone
        self.patch(type(self.bills), "_prepare_opening_invoice_vals", real)
        record.action_import()
        self.assertResults(record, created=9)

    def test_opening_entries_balance(self):
        """General ledger: what is open, against the opening account, nothing else."""
        self.imported([row("A"), row("B", total="20.50"), row("C", "Paid"), row("D")])
        bills = (
            self.env["kavi.bill"].sudo().search([("company_id", "=", self.company.id)])
        )
        lines = bills.move_ids.line_ids
        self.assertAlmostEqual(sum(lines.mapped("balance")), 0.0)
        by_type = lines.grouped(lambda line: line.account_id.account_type)
        self.assertEqual(set(by_type), {"asset_receivable", "equity_unaffected"})
        self.assertAlmostEqual(
            sum(by_type["asset_receivable"].mapped("balance")), 220.5
        )
        self.assertAlmostEqual(sum(bills.mapped("amount_due")), 220.5)
        aging = self.env["kavi.aging.report"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertAlmostEqual(sum(aging.mapped("amount_due")), 220.5)
        for bill in bills.filtered("opening_date"):
            self.assertBooks(bill)

    def test_other_currency(self):
        """At the rate of the day on which it is booked."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2024-01-01",
                "rate": 0.5,
                "currency_id": euro.id,
                "company_id": self.company.id,
            }
        )
        record = self.imported([row("E", currency="EUR"), row("X", currency="XXX")])
        self.assertResults(record, created=1, rejected=1)
        bill = self.found("E")
        self.assertEqual((bill.amount_due, bill.amount_due_company), (100.0, 200.0))
        self.assertBooks(bill)

    def test_change_amount_refused(self):
        self.imported([row("A")])
        with self.refused("before these books"):
            self.change_price(self.found("A").with_env(self.bills.env), 50.0)

    def test_round_trip(self):
        """Export, import into another company, export: the same bytes."""
        self.account.email = "acme@example.com"
        person = {"partner_id": self.person.id}
        self.issued(55.5, description="<p>Line <b>one</b>, with a comma</p>")
        pending = self.issued(70.0, title='=Formula, "quoted"', **person)
        self.choose(pending)
        paid = self.issued(120.0, purchase_order="PO 7", item_key="k-1")
        self.pay(paid, payment_number="4711")
        self.wire.surcharge_fixed = 2.5
        refunded = self.issued(80.0)
        self.pay(refunded, self.wire)
        self.give_back(refunded, 30.0)
        canceled = self.issued(10.0, **person)
        self.cancel(canceled)
        kept = self.issued(44.0)
        self.pay(kept)
        self.cancel(kept, refund_amount=40.0)
        part = self.issued(90.0)
        self.pay(part, amount=33.33)
        other = self._new_company("Second")
        self.users["administrator"].company_ids |= other
        self.company.name = "Was first"
        for format_ in ("csv", "xlsx"):
            with self.subTest(format=format_):
                target = other if format_ == "csv" else self._new_company("Third")
                self.users["administrator"].company_ids = [Command.link(target.id)]
                self._round_trip(format_, target)

    def _round_trip(self, format_, target):
        for model, kind in (
            ("kavi.bill", "bills"),
            ("kavi.balance.report", "balances"),
        ):
            content = self.export(model, self.company, format_, ("company",))
            imports = self.imports.with_context(allowed_company_ids=target.ids)
            record = self.upload_to(imports, content, f"{kind}.{format_}")
            record.action_test()
            record.action_import()
            self.assertEqual(record.kind, kind)
            self.assertFalse(
                record.rejected_count + record.ambiguous_count,
                record.line_ids.mapped("reason"),
            )
            again = self.export(model, target, "csv", ("company",))
            before = self.export(model, self.company, "csv", ("company",))
            self.assertEqual(self.sorted(again), self.sorted(before))

    def sorted(self, content):
        """Rows in the order of their first column: bills of a day have another one."""
        return sorted(csv.reader(io.StringIO(content.decode("utf-8-sig"))))

    def upload_to(self, imports, content, name):
        record = imports.create(
            {
                "file": base64.b64encode(content),
                "file_name": name,
                "opening_date": self.company._billing_today(),
            }
        )
        record.action_read()
        return record
