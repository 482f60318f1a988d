"""Billing in books that are kept in other ways: locked, sealed, cash basis, branches,
merged contacts. All of it is Odoo's to do; bill and ledger have to agree."""

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestBookkeeping(BillingCommon):
    def test_sealed_journal(self):
        """Entries that are hashed are never touched: billing does not want to."""
        self._journal("sale").restrict_mode_hash_table = True
        paid, canceled = self.issued(), self.issued()
        self.pay(paid)
        self.cancel(canceled)
        self.assertBill(paid, "paid", amount_paid=100.0)
        self.assertBill(canceled, "canceled", amount_credited=100.0)

    def test_audit_trail(self):
        self.company.restrictive_audit_trail = True
        bill = self.issued()
        self.cancel(bill)
        self.assertBill(bill, "canceled", amount_due=0.0)

    def test_cash_basis_taxes(self):
        """The tax is due when the money comes: Odoo's entry, made by our payment."""
        transition = self.let_taxes_wait()
        tax = self.company.account_sale_tax_id.copy(
            {
                "name": "Cash basis",
                "amount": 10,
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": transition.id,
            }
        )
        line = {"name": "Fee", "price_unit": 100, "tax_ids": [Command.set(tax.ids)]}
        bill = self.issued(line_ids=[Command.create(line)])
        self.assertBill(bill, "new", amount_total=110.0)
        move = bill.sudo().invoice_id
        self.assertFalse(move.tax_cash_basis_created_move_ids)
        self.pay(bill)
        self.assertBill(bill, "paid", amount_paid=110.0)
        self.assertEqual(len(move.tax_cash_basis_created_move_ids), 1)
        payment = bill.sudo()._get_payments()
        payment.with_user(self.users["accountant"]).action_cancel()
        self.assertBill(bill, "pending", amount_due=110.0)

    def test_tax_rounding_over_all_lines(self):
        """The other way to round: the draft asks what the invoice will."""
        self.company.tax_calculation_rounding_method = "round_globally"
        tax = self.company.account_sale_tax_id.copy({"name": "Odd", "amount": 7.7})
        line = {"name": "Part", "price_unit": 33.33, "tax_ids": [Command.set(tax.ids)]}
        bill = self.draft(line_ids=[Command.create(line) for __ in range(7)])
        asked = bill.amount_total
        bill.action_issue()
        self.assertBill(bill, "new", amount_total=asked)

    def test_payment_dated_into_a_closed_year(self):
        """Booked in an open period; the day on which the money came stays."""
        bill = self.issued(bill_date="2026-01-15")
        self.company.hard_lock_date = "2026-01-31"
        self.pay(bill, date="2026-01-20")
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertEqual(str(bill.payment_date), "2026-01-20")
        move = bill.sudo()._get_payments().move_id
        self.assertGreater(str(move.date), "2026-01-31")

    def test_branch(self):
        """A branch bills in its mother's books, with its own IDs and methods."""
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.cr.precommit.run()  # where Odoo gives a branch its chart of accounts
        self.officer.company_ids |= branch
        bills = self.bills.with_context(
            allowed_company_ids=[branch.id, self.company.id]
        )
        method = self.env["kavi.payment.method"].search(
            [("company_id", "=", branch.id)], limit=1
        )
        paid, canceled = bills.create(
            [
                {"partner_id": self.account.id, "title": title, "amount": 10}
                for title in ("One", "Two")
            ]
        )
        (paid | canceled).action_issue()
        self.assertEqual((paid | canceled).company_id, branch)
        self.assertEqual(paid.sudo().invoice_id.company_id, branch)
        self.assertBill(paid, "new", amount_due=10.0)
        self.pay(paid, method)
        self.cancel(canceled)
        self.assertBill(paid, "paid", amount_paid=10.0)
        self.assertBill(canceled, "canceled", amount_due=0.0)

    def test_contacts_merged(self):
        """Two contacts turn out to be one: its account has the bills of both."""
        twin = self.env["res.partner"].create(
            {"name": "J. Doe", "email": "j@x.example"}
        )
        self.person.email = "j@x.example"
        bills = self.issued(10, partner_id=self.person.id)
        bills |= self.issued(20, partner_id=twin.id)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.person | twin).ids, self.person)
        self.env.invalidate_all()
        self.assertFalse(twin.exists())
        self.assertEqual(bills.partner_id, self.person)
        self.assertEqual(self.person.billing_balance, 30.0)
        for bill in bills:
            self.assertEqual(bill.sudo().invoice_id.partner_id, self.person)
            self.pay(bill)
            self.assertBill(bill, "paid", amount_due=0.0)

    def test_import_of_drafts(self):
        """A file of bills, with amounts or with lines."""
        account = str(self.account.id)
        answer = self.rpc(
            "officer",
            "kavi.bill",
            "load",
            [
                "title",
                "partner_id/.id",
                "amount",
                "line_ids/name",
                "line_ids/price_unit",
            ],
            [
                ["Just an amount", account, "12.5", "", ""],
                ["Two lines", account, "", "First", "3"],
                ["", "", "", "Second", "4"],
            ],
        )
        self.assertFalse(answer["messages"])
        bills = self.bills.browse(answer["ids"])
        self.assertEqual(bills.mapped("amount_total"), [12.5, 7.0])
        bills.action_issue()
        for bill in bills:
            self.assertBill(bill, "new", amount_due=bill.amount_total)
