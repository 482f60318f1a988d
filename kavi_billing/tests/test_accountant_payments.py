"""What accountants do to payments is seen by the bill at once.

The accountant has no billing role. After each step the bill says what the ledger says,
read by our own SQL, and the nightly check finds nothing (D-04, D-05, KB-20, KB-27).
"""

from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPaymentsOutside(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.issued(100)
        cls.move = cls.invoice(cls.bill)

    def pay_outside(self, amount=None, **vals):
        return self.register_payment(self.move, amount, **vals)

    def receivable(self, move):
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def test_full_payment(self):
        """KB-20: paid in Invoicing is Paid, on the payment's day."""
        self.pay_outside(payment_date="2026-03-05")
        self.assertBill(
            self.bill,
            "paid",
            amount_total=100.0,
            amount_paid=100.0,
            amount_due=0.0,
            amount_retained=100.0,
            payment_date=date(2026, 3, 5),
            is_partly_paid=False,
            next_due_date=False,
        )

    def test_part_payments(self):
        """A part leaves the bill open and marked; the last part settles it."""
        self.pay_outside(40, payment_date="2026-03-05")
        self.assertBill(
            self.bill,
            "new",
            amount_paid=40.0,
            amount_due=60.0,
            is_partly_paid=True,
            payment_date=False,
            next_due_date=self.bill.due_date,
        )
        self.choose(self.bill)
        self.assertBill(self.bill, "pending", amount_due=60.0, is_partly_paid=True)
        self.pay_outside(60, payment_date="2026-03-02")
        self.assertBill(
            self.bill, "paid", amount_paid=100.0, payment_date=date(2026, 3, 5)
        )

    def test_officer_completes_what_the_accountant_began(self):
        """KB-32: completing a payment records the rest, no more."""
        self.pay_outside(40)
        self.pay(self.bill)
        self.assertBill(self.bill, "paid", amount_paid=100.0)
        payments = self.bill.sudo()._get_payments()
        self.assertEqual(sorted(payments.mapped("amount")), [40.0, 60.0])

    def test_payment_reset_to_draft(self):
        """Odoo keeps such an invoice `paid`; the bill does not."""
        payment = self.pay_outside()
        payment.action_draft()
        self.assertEqual(self.move.payment_state, "paid", "Odoo has changed: see notes")
        self.assertBill(self.bill, "new", amount_due=100.0, amount_paid=0.0)
        payment.action_post()
        self.assertBill(self.bill, "paid", amount_due=0.0, amount_paid=100.0)

    def test_posted_payment_says_what_is_booked(self):
        """Odoo lets a call write another amount or day on it, and leaves the entry as
        it is: the bill would say what no entry says."""
        payment = self.pay_outside()
        for vals in (
            {"amount": 60},
            {"date": "2020-01-01"},
            {"partner_id": self.person.id},
            {"payment_type": "outbound"},
        ):
            with self.subTest(vals=vals), self.refused("Reset it to draft"):
                self.rpc("accountant", "account.payment", "write", payment.ids, vals)
        payment.write({"amount": payment.amount, "memo": "another"})  # the same
        payment.action_draft()
        payment.amount = 60
        payment.action_post()
        self.assertBooks(self.bill)

    def test_payment_canceled(self):
        payment = self.pay_outside()
        payment.action_cancel()
        self.assertBill(self.bill, "new", amount_due=100.0, amount_paid=0.0)

    def test_payment_of_a_promised_bill_canceled(self):
        """What was completed by an officer goes back to Pending."""
        self.pay(self.bill)
        payment = self.bill.sudo()._get_payments().with_env(self.move.env)
        payment.action_draft()
        self.assertBill(self.bill, "pending", amount_due=100.0)
        payment.action_cancel()
        self.assertBill(self.bill, "pending", amount_due=100.0)

    def test_payment_deleted(self):
        payment = self.pay_outside()
        payment.action_draft()
        payment.unlink()
        self.assertBill(self.bill, "new", amount_due=100.0, amount_paid=0.0)

    def test_payment_unreconciled(self):
        """Taken off the invoice and put on again, from the invoice's own widget."""
        self.pay_outside()
        match = self.receivable(self.move).matched_credit_ids
        line = match.credit_move_id
        self.move.js_remove_outstanding_partial(match.id)
        self.assertBill(self.bill, "new", amount_due=100.0, amount_paid=0.0)
        self.move.js_assign_outstanding_line(line.id)
        self.assertBill(self.bill, "paid", amount_due=0.0, amount_paid=100.0)

    def test_overpayment(self):
        """What is too much is the account's, not the bill's."""
        self.pay_outside(150)
        self.assertBill(
            self.bill, "paid", amount_paid=100.0, amount_due=0.0, amount_retained=100.0
        )

    def test_write_off_in_the_payment(self):
        """98 received and 2 written off by the accountant: settled, and only what was
        money can be given back."""
        account = self.env["account.account"].search(
            [
                ("company_ids", "=", self.company.id),
                ("account_type", "=", "expense"),
            ],
            limit=1,
        )
        self.pay_outside(
            98,
            payment_difference_handling="reconcile",
            writeoff_account_id=account.id,
        )
        self.assertBill(
            self.bill, "paid", amount_due=0.0, amount_paid=98.0, amount_credited=2.0
        )

    def test_one_payment_for_two_bills(self):
        other = self.issued(50)
        moves = self.move | self.invoice(other)
        payment = self.register_payment(moves, group_payment=True)
        self.assertEqual(len(payment), 1)
        self.assertBill(self.bill, "paid", amount_paid=100.0)
        self.assertBill(other, "paid", amount_paid=50.0)
        payment.action_cancel()
        self.assertBill(self.bill, "new", amount_due=100.0)
        self.assertBill(other, "new", amount_due=50.0)

    def test_payment_charged_back(self):
        """The payment is matched with its reversal: the debt is open again."""
        payment = self.pay_outside()
        self.receivable(self.move).remove_move_reconcile()
        back = self.move.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "customer",
                "partner_id": self.account.id,
                "journal_id": self.bank.id,
                "amount": 100,
            }
        )
        back.action_post()
        lines = self.receivable(payment.move_id) + self.receivable(back.move_id)
        lines.reconcile()
        self.assertBill(self.bill, "new", amount_due=100.0, refund_amount=0.0)

    def test_bank_statement_line(self):
        """The money is first seen on the bank's statement."""
        line = self.move.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "amount": 100,
                "date": "2026-03-07",
                "payment_ref": self.bill.name,
                "partner_id": self.account.id,
            }
        )
        __, suspense, __ = line.with_context(
            skip_account_move_synchronization=True
        )._seek_for_lines()
        suspense.account_id = self.receivable(self.move).account_id
        (suspense + self.receivable(self.move)).reconcile()
        self.assertBill(
            self.bill, "paid", amount_paid=100.0, payment_date=date(2026, 3, 7)
        )
        line.action_undo_reconciliation()
        self.assertBill(self.bill, "new", amount_due=100.0, amount_paid=0.0)

    def test_misc_entry(self):
        """An entry that is neither payment nor credit note settles it all the same;
        no money came, so none can be given back."""
        receivable = self.receivable(self.move).account_id
        expense = self.env["account.account"].search(
            [
                ("company_ids", "=", self.company.id),
                ("account_type", "=", "expense"),
            ],
            limit=1,
        )
        entry = self.move.env["account.move"].create(
            {
                "journal_id": self._journal("general").id,
                "line_ids": [
                    Command.create({"account_id": expense.id, "debit": 100}),
                    Command.create(
                        {
                            "account_id": receivable.id,
                            "partner_id": self.account.id,
                            "credit": 100,
                        }
                    ),
                ],
            }
        )
        entry.action_post()
        (self.receivable(self.move) + self.receivable(entry)).reconcile()
        self.assertBill(
            self.bill, "paid", amount_due=0.0, amount_paid=0.0, amount_credited=100.0
        )
        entry.button_draft()
        self.assertBill(self.bill, "new", amount_due=100.0)

    def test_instalments(self):
        """A term in two parts: what is due next moves on with what is paid."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value_amount": 30, "nb_days": 0}),
                    Command.create({"value_amount": 70, "nb_days": 60}),
                ],
            }
        )
        with self.at("2026-03-01 12:00"):
            bill = self.issued(100, payment_term_id=term.id)
        first, last = date(2026, 3, 1), date(2026, 4, 30)
        self.assertBill(bill, "new", next_due_date=first, due_date=last)
        with self.at("2026-03-02 12:00"):
            bill.invalidate_recordset()
            self.assertTrue(bill.is_overdue)
            self.register_payment(self.invoice(bill), 30)
            self.assertBill(
                bill,
                "new",
                next_due_date=last,
                amount_due=70.0,
                is_partly_paid=True,
                is_overdue=False,
            )
            self.register_payment(self.invoice(bill), 70)
            self.assertBill(bill, "paid", next_due_date=False, amount_due=0.0)

    def test_early_payment_discount(self):
        """98 pay a bill of 100 in time: settled, with nothing left open."""
        term = self.env["account.payment.term"].create(
            {
                "name": "2 % in a week",
                "early_discount": True,
                "discount_days": 7,
                "discount_percentage": 2,
                "line_ids": [Command.create({"value_amount": 100, "nb_days": 30})],
            }
        )
        bill = self.issued(100, payment_term_id=term.id)
        payment = self.register_payment(self.invoice(bill))
        self.assertEqual(payment.amount, 98.0)
        self.assertBill(bill, "paid", amount_due=0.0, amount_paid=98.0)

    def test_foreign_currency_at_another_rate(self):
        """The exchange difference is Odoo's; the bill is settled in its own currency
        and nothing of it is left in the ledger's."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": euro.id}
                | {"company_id": self.company.id}
                for day, rate in (("2026-01-01", 0.5), ("2026-02-01", 0.8))
            ]
        )
        bill = self.issued(100, currency_id=euro.id, bill_date="2026-01-15")
        self.assertBill(bill, "new", amount_due=100.0, amount_due_company=200.0)
        move = self.invoice(bill)
        self.register_payment(move, 40, payment_date="2026-02-10")
        self.assertBill(bill, "new", amount_due=60.0, amount_paid=40.0)
        # in another currency than the bill's
        last = self.register_payment(
            move, currency_id=self.company.currency_id.id, payment_date="2026-02-11"
        )
        self.assertEqual(last.amount, 75.0)
        self.assertBill(
            bill, "paid", amount_due=0.0, amount_due_company=0.0, amount_paid=100.0
        )
        last.action_cancel()
        self.assertBill(bill, "new", amount_due=60.0)
