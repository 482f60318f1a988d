"""Money that goes back, and bills that are taken back (KB-34, KB-36, KB-37)."""

from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon

# What credit notes say of each account, with the invoice's sign.
BY_ACCOUNT = """
    SELECT line.account_id, line.tax_line_id, ROUND(SUM(line.amount_currency), 6)
      FROM account_move_line line
     WHERE line.move_id IN %s
  GROUP BY line.account_id, line.tax_line_id
"""


class RefundCommon(BillingCommon):
    def tax(self, amount, name, **vals):
        vals["country_id"] = self.company.account_fiscal_country_id.id
        vals["company_id"] = self.company.id
        return self.env["account.tax"].create({"name": name, "amount": amount, **vals})

    def lines(self, *prices_and_taxes):
        return [
            Command.create(
                {
                    "name": f"Line {price}",
                    "price_unit": price,
                    "tax_ids": [Command.set(tax.ids if tax else [])],
                }
            )
            for price, tax in prices_and_taxes
        ]

    def paid(self, amount=100.0, **vals):
        bill = self.issued(amount, **vals)
        self.pay(bill)
        return bill

    def by_account(self, moves):
        self.env.flush_all()
        self.env.cr.execute(BY_ACCOUNT, [tuple(moves.ids)])
        found = {
            (account, tax): float(sum_) for account, tax, sum_ in self.cr.fetchall()
        }
        return {key: amount for key, amount in found.items() if amount}

    def assertNote(self, note, amount):
        """A credit note is settled, by its refund, and is tied to the invoice."""
        self.assertAlmostEqual(note.amount_total, amount, 6)
        self.assertEqual(note.payment_state, "paid")
        self.assertAlmostEqual(note.amount_residual, 0.0, 6)
        self.assertEqual(note.reversed_entry_id, note.kavi_bill_id.invoice_id)

    def assertMirrored(self, bill):
        """When all is given back, the credit notes undo the invoice to the cent, on
        each account and for each tax."""
        invoice, notes = bill.sudo().invoice_id, self.notes(bill)
        self.assertEqual(
            self.by_account(invoice),
            {key: -amount for key, amount in self.by_account(notes).items()},
        )

    def give_back_in_parts(self, bill, *amounts):
        for amount in amounts:
            known = self.notes(bill)
            self.give_back(bill, amount)
            self.assertNote(self.notes(bill) - known, amount)
            self.assertBooks(bill)


@tagged("post_install", "-at_install")
class TestRefund(RefundCommon):
    def test_refund_all(self):
        """KB-34: a refund payment and a credit note; the invoice keeps its payment."""
        bill = self.paid(100)
        invoice, payment = bill.sudo().invoice_id, self.payments(bill)
        self.give_back(bill, reason="too late")
        self.assertBill(
            bill,
            "refunded",
            amount_paid=100.0,
            refund_amount=100.0,
            amount_retained=0.0,
            amount_due=0.0,
            amount_credited=0.0,
        )
        self.assertNote(self.notes(bill), 100.0)
        self.assertMirrored(bill)
        self.assertEqual(self.payments(bill), payment)
        self.assertEqual(invoice.payment_state, "paid")
        back = self.payments(bill, "outbound")
        self.assertEqual((back.amount, back.partner_id), (100.0, self.account))
        self.assertIn(bill.name, back.memo)
        self.assertEqual(self.notes(bill).ref, "too late")
        self.assertIn("too late", str(self.messages(bill).mapped("body")))
        with self.refused("Nothing is left", bill.name):
            self.give_back(bill)

    def test_refund_in_parts(self):
        """KB-36: again and again, up to what was paid; sum and latest date."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, date="2026-03-05")
        for amount, day in (
            (30, "2026-04-02"),
            (0.01, "2026-04-05"),
            (20, "2026-04-03"),
        ):
            self.give_back(bill, amount, date=day)
        self.assertBill(
            bill,
            "refunded",
            refund_amount=50.01,
            amount_retained=49.99,
            refund_date=date(2026, 4, 5),
            payment_date=self.payments(bill).date,
        )
        with self.refused("49.99", "50.00"):
            self.give_back(bill, 50)
        self.give_back(bill)
        self.assertBill(bill, "refunded", refund_amount=100.0, amount_retained=0.0)
        self.assertMirrored(bill)

    def test_taxes_on_top(self):
        """Each series of parts carries the taxes to the cent."""
        tax = self.tax(7.7, "On top")
        bill = self.paid(line_ids=self.lines((33.33, tax), (66.65, tax), (0.05, None)))
        total = bill.amount_total
        self.give_back_in_parts(bill, 0.01, 33.33, 0.02, 17.5)
        self.give_back(bill)
        self.assertBill(bill, "refunded", refund_amount=total, amount_retained=0.0)
        self.assertMirrored(bill)

    def test_taxes_included(self):
        tax = self.tax(19, "Included", price_include_override="tax_included")
        bill = self.paid(line_ids=self.lines((99.99, tax), (0.07, tax)))
        self.assertEqual(bill.amount_total, 100.06)
        self.give_back_in_parts(bill, 33.33, 33.33, 33.33, 0.07)
        self.assertMirrored(bill)

    def test_several_taxes(self):
        """Two on one line, one that the next is computed on, one negative."""
        first = self.tax(5, "First", include_base_amount=True)
        second = self.tax(9.975, "Second")
        held = self.tax(-3, "Held back")
        bill = self.paid(
            line_ids=self.lines(
                (19.99, first | second), (100, second | held), (50, held), (7, None)
            )
        )
        self.give_back_in_parts(bill, 12.34, 0.01, 50)
        self.give_back(bill)
        self.assertMirrored(bill)

    def test_included_and_on_top(self):
        included = self.tax(20, "In", price_include_override="tax_included")
        on_top = self.tax(3.3, "On")
        bill = self.paid(line_ids=self.lines((10.01, included), (10.01, on_top)))
        self.give_back_in_parts(bill, 1, 2, 3.33)
        self.give_back(bill)
        self.assertMirrored(bill)

    def test_discount_line(self):
        """A line below zero takes its share like any other."""
        tax = self.tax(10, "Tax")
        bill = self.paid(line_ids=self.lines((100, tax), (-25.5, tax), (3, None)))
        self.give_back_in_parts(bill, 10, 20.01)
        self.give_back(bill)
        self.assertMirrored(bill)

    def test_lines_that_cancel_out(self):
        """The taxes of a bill whose bases sum to zero."""
        tax = self.tax(10, "Tax")
        bill = self.paid(line_ids=self.lines((100, tax), (-100, None)))
        self.assertEqual(bill.amount_total, 10.0)
        self.give_back(bill, 4)
        self.assertBill(bill, "refunded", refund_amount=4.0)
        self.give_back(bill)
        self.assertMirrored(bill)

    def test_tax_report_tags(self):
        """A credit note is declared as one: base and tax by the refund's lines."""
        tax = self.tax(10, "Tax")
        bill = self.paid(line_ids=self.lines((100, tax)))
        self.give_back(bill, 55)
        note = self.notes(bill)
        self.assertEqual((note.amount_untaxed, note.amount_tax), (50.0, 5.0))
        self.assertEqual(note.line_ids.filtered("tax_line_id").balance, 5.0)
        self.assertEqual(note.line_ids.tax_repartition_line_id.document_type, "refund")

    def test_analytic_is_kept(self):
        """Each line's distribution, product and account go along."""
        plan = self.env["account.analytic.plan"].create({"name": "Projects"})
        project = self.env["account.analytic.account"].create(
            {"name": "Standard", "plan_id": plan.id, "company_id": self.company.id}
        )
        line = {"name": "X", "price_unit": 100}
        line["analytic_distribution"] = {str(project.id): 100.0}
        bill = self.paid(line_ids=[Command.create(line)])
        self.give_back(bill, 40)
        credit_line = self.notes(bill).invoice_line_ids
        invoice_line = bill.sudo().invoice_id.invoice_line_ids
        self.assertEqual(
            credit_line.analytic_distribution, invoice_line.analytic_distribution
        )
        self.assertEqual(credit_line.account_id, invoice_line.account_id)
        self.assertTrue(credit_line.analytic_distribution)
        analytic = bill.sudo().move_ids.line_ids.analytic_line_ids
        kept = sum(analytic.mapped("amount"))
        self.assertEqual(kept, 60.0, "the project keeps 60")

    def test_method_and_date(self):
        """Back by another way than it came, booked on its day."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, date="2026-03-05")
        cash = self.env["account.journal"].create(
            {
                "name": "Till",
                "type": "cash",
                "code": "TILL",
                "company_id": self.company.id,
            }
        )
        self.wire.journal_id = cash
        self.give_back(bill, 30, method_id=self.wire.id, date="2026-04-02")
        back = self.payments(bill, "outbound")
        self.assertEqual((back.journal_id, back.date), (cash, date(2026, 4, 2)))
        self.assertEqual(bill.payment_method_id, self.check)
        self.assertBill(bill, "refunded", refund_date=date(2026, 4, 2))

    def test_many_at_once(self):
        bills = self.issued(10) | self.issued(20) | self.issued(30)
        self.pay(bills)
        self.give_back(bills[1], 5)
        self.give_back(bills, reason="all")
        for bill, amount in zip(bills, (10.0, 20.0, 30.0), strict=True):
            self.assertBill(bill, "refunded", refund_amount=amount, amount_retained=0.0)
        with self.refused("for one bill"):
            (self.paid(1) | self.paid(2))._refund(amount=1)

    def test_one_of_many_refuses(self):
        """Then none is refunded."""
        paid, unpaid = self.paid(10), self.issued(10)
        with self.refused("Refund", unpaid.display_name):
            (paid | unpaid)._refund()
        self.assertBill(paid, "paid", refund_amount=0.0)

    def test_after_a_write_off(self):
        """Only what was money goes back."""
        self.allow_write_off(5)
        tax = self.tax(7.7, "On top")
        bill = self.issued(line_ids=self.lines((100, tax)))
        self.pay(bill, amount=104, write_off=True)
        self.assertBill(bill, "paid", amount_paid=104.0, amount_retained=104.0)
        with self.refused("104.00", "104.01"):
            bill._refund(amount=104.01)
        self.give_back(bill, 54)
        self.give_back(bill)
        self.assertBill(
            bill,
            "refunded",
            amount_due=0.0,
            refund_amount=104.0,
            amount_retained=0.0,
            amount_credited=3.7,
        )

    def test_settled_by_the_accountant(self):
        """A bill without a method of ours: the money goes back as it came."""
        bill = self.issued(100)
        self.register_payment(self.invoice(bill))
        self.assertFalse(bill.payment_method_id)
        self.give_back(bill, 40)
        self.assertEqual(self.payments(bill, "outbound").journal_id, self.bank)
        self.assertBill(bill, "refunded", refund_amount=40.0)

    def test_overpaid_bill(self):
        """What is the account's credit is not the bill's to give back."""
        bill = self.issued(100)
        self.pay(bill, amount=130)
        with self.refused("100.00", "130.00"):
            bill._refund(amount=130)
        self.give_back(bill)
        self.assertBill(bill, "refunded", refund_amount=100.0)

    def test_foreign_currency(self):
        """In the bill's currency, at a rate that moves; nothing is left open."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": euro.id}
                | {"company_id": self.company.id}
                for day, rate in (
                    ("2026-01-01", 0.5),
                    ("2026-02-01", 0.8),
                    ("2026-03-01", 1.13),
                )
            ]
        )
        tax = self.tax(7.7, "On top")
        bill = self.issued(
            line_ids=self.lines((99.99, tax)),
            currency_id=euro.id,
            bill_date="2026-01-15",
        )
        self.pay(bill, date="2026-02-10")
        self.give_back(bill, 33.33, date="2026-02-20")
        self.give_back(bill, date="2026-03-20")
        self.assertBill(bill, "refunded", amount_retained=0.0, amount_due_company=0.0)
        self.assertMirrored(bill)
        for note in self.notes(bill):
            self.assertTrue(
                all(note.line_ids.filtered("account_id.reconcile").mapped("reconciled"))
            )

    def test_currency_without_decimals(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        tax = self.tax(7.7, "On top")
        bill = self.issued(
            line_ids=self.lines((1001, tax), (3, tax)), currency_id=yen.id
        )
        self.pay(bill)
        self.give_back_in_parts(bill, 1, 1, 333)
        self.give_back(bill)
        self.assertMirrored(bill)

    def test_after_the_amount_was_changed(self):
        """The new invoice is what is given back, not the old one."""
        bill = self.issued(100)
        self.change_price(bill, 60)
        self.pay(bill)
        with self.refused("60.00"):
            bill._refund(amount=61)
        self.give_back(bill, 25)
        self.assertBill(
            bill,
            "refunded",
            refund_amount=25.0,
            amount_retained=35.0,
            amount_total=60.0,
        )
        self.give_back(bill)
        self.assertBill(bill, "refunded", amount_retained=0.0)

    def test_books_of_a_refund(self):
        """What the accountant sees: income back, receivable and bank square."""
        bill = self.paid(100)
        self.give_back(bill, 30)
        note, back = self.notes(bill), self.payments(bill, "outbound")
        income = note.invoice_line_ids.account_id
        self.assertEqual(income, bill.sudo().invoice_id.invoice_line_ids.account_id)
        self.assertEqual(note.invoice_line_ids.balance, 30.0)
        bank = back.move_id.line_ids.filtered(
            lambda line: line.account_id == back.outstanding_account_id
        )
        self.assertEqual(bank.balance, -30.0)
        self.assertFalse(self.account.with_company(self.company).credit)


@tagged("post_install", "-at_install")
class TestCancelPaid(RefundCommon):
    def test_default_gives_all_back(self):
        """KB-37."""
        bill = self.paid(100)
        self.cancel(bill)
        self.assertBill(
            bill,
            "canceled",
            refund_amount=100.0,
            amount_retained=0.0,
            amount_due=0.0,
            cancel_reason="asked for",
        )
        self.assertTrue(bill.cancel_date)
        self.assertMirrored(bill)

    def test_part_is_kept(self):
        """What is kept stays income."""
        bill = self.paid(100)
        self.cancel(bill, refund_amount=80)
        self.assertBill(
            bill,
            "canceled",
            amount_paid=100.0,
            refund_amount=80.0,
            amount_retained=20.0,
            amount_due=0.0,
        )
        income = bill.sudo().invoice_id.invoice_line_ids.account_id
        moves = bill.sudo().invoice_id + self.notes(bill)
        kept = self.by_account(moves)[income.id, None]
        self.assertEqual(kept, -20.0)

    def test_all_is_kept(self):
        bill = self.paid(100)
        self.cancel(bill, refund_amount=0)
        self.assertBill(
            bill, "canceled", refund_amount=0.0, amount_retained=100.0, amount_due=0.0
        )
        self.assertFalse(self.notes(bill))

    def test_more_than_was_paid(self):
        bill = self.paid(100)
        with self.refused("100.00", "100.01"):
            self.cancel(bill, refund_amount=100.01)
        self.assertBill(bill, "paid", refund_amount=0.0)
        with self.refused("above zero"):
            self.cancel(bill, refund_amount=-1)
        self.assertBill(bill, "paid", refund_amount=0.0)

    def test_refund_of_an_unpaid_bill(self):
        bill = self.issued(100)
        with self.refused("Nothing is left to refund"):
            bill._cancel(refund_amount=10)
        self.assertBill(bill, "new", amount_due=100.0)
        bill._cancel(refund_amount=0)
        self.assertBill(bill, "canceled", amount_credited=100.0)

    def test_after_a_refund(self):
        bill = self.paid(100)
        self.give_back(bill, 30)
        self.cancel(bill, refund_amount=50)
        self.assertBill(bill, "canceled", refund_amount=80.0, amount_retained=20.0)

    def test_partly_paid(self):
        """The open part is credited, the paid part given back: two notes, and neither
        swallows what is the other's."""
        tax = self.tax(7.7, "On top")
        bill = self.issued(line_ids=self.lines((33.33, tax), (59.52, tax)))
        self.assertEqual(bill.amount_total, 100.0)
        self.pay(bill, amount=60)
        self.cancel(bill)
        self.assertBill(
            bill,
            "canceled",
            amount_paid=60.0,
            amount_credited=40.0,
            refund_amount=60.0,
            amount_retained=0.0,
            amount_due=0.0,
        )
        self.assertEqual(sorted(self.notes(bill).mapped("amount_total")), [40.0, 60.0])
        self.assertMirrored(bill)
        for move in self.notes(bill) + self.payments(bill, "outbound").move_id:
            receivable = bill.sudo()._get_receivable_lines(move)
            self.assertTrue(all(receivable.mapped("reconciled")), move.name)

    def test_partly_paid_and_kept(self):
        bill = self.issued(100)
        self.pay(bill, amount=60)
        self.cancel(bill, refund_amount=0)
        self.assertBill(
            bill,
            "canceled",
            amount_paid=60.0,
            amount_credited=40.0,
            refund_amount=0.0,
            amount_retained=60.0,
        )

    def test_partly_paid_in_instalments(self):
        halves = {"value_amount": 50, "nb_days": 0}, {"value_amount": 50, "nb_days": 30}
        term = self.env["account.payment.term"].create(
            {"name": "Halves", "line_ids": [Command.create(half) for half in halves]}
        )
        bill = self.issued(100, payment_term_id=term.id)
        self.pay(bill, amount=30)
        self.cancel(bill, refund_amount=10)
        self.assertBill(
            bill,
            "canceled",
            amount_due=0.0,
            amount_credited=70.0,
            refund_amount=10.0,
            amount_retained=20.0,
        )

    def test_many(self):
        """Paid, partly paid and unpaid in one go."""
        paid, part, unpaid = self.paid(10), self.issued(20), self.issued(30)
        self.pay(part, amount=5)
        self.cancel(paid | part | unpaid)
        self.assertBill(paid, "canceled", refund_amount=10.0)
        self.assertBill(part, "canceled", refund_amount=5.0, amount_credited=15.0)
        self.assertBill(unpaid, "canceled", amount_credited=30.0)

    def test_canceled_keeps_its_refunds(self):
        """KB-27: the accountant takes no note or refund of it back."""
        bill = self.paid(100)
        self.cancel(bill, refund_amount=40)
        note = self.notes(bill).with_user(self.users["accountant"])
        with self.refused("canceled", "final"):
            note.button_draft()
        with self.refused("canceled"):
            bill._refund()
        self.assertBill(bill, "canceled", refund_amount=40.0, amount_retained=60.0)
