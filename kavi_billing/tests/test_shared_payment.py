"""One check for several bills of an account: one payment, as on the bank's statement.

Where the right values come from: the bank's statement has one line of 952 with the
check's number; a bill gets no more than is due; a check goes to the oldest debt first,
as payments are usually imputed where the payer says nothing.
"""

from datetime import date

from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillingCommon


class SharedPaymentCommon(BillingCommon):
    @classmethod
    def bills_of(cls, *amounts, **vals):
        """Bills of the account, due in the order of the amounts."""
        bills = cls.bills.browse()
        for month, amount in enumerate(amounts, start=1):
            day = f"2026-0{month}-05"
            bills |= cls.issued(amount, bill_date=day, **vals)
        return bills

    def one_payment(self, bills):
        """The one payment that these bills have in common."""
        payments = {self.payments(bill) for bill in bills}
        self.assertEqual(len(payments), 1)
        (payment,) = payments
        self.assertEqual(len(payment), 1)
        return payment

    def credits_of(self, account=None):
        account = account or self.account
        return self.env["kavi.credit"].search([("partner_id", "=", account.id)])

    def receivable(self, move):
        return move.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )


@tagged("post_install", "-at_install")
class TestSharedPayment(SharedPaymentCommon):
    # === ONE PAYMENT === #

    def test_check_of_952_for_two_bills(self):
        """One payment of 952, with one number, that settles both."""
        bills = self.bills_of(500, 452)
        self.pay(bills, payment_number="4711", date="2026-03-10")
        payment = self.one_payment(bills)
        self.assertEqual(payment.amount, 952.0)
        self.assertEqual(payment.kavi_number, "4711")
        self.assertEqual(payment.memo, f"{bills[0].name}, {bills[1].name} 4711")
        self.assertEqual(payment.invoice_ids, bills.sudo().invoice_id)
        self.assertTrue(payment.is_reconciled)
        for bill, paid in zip(bills, (500.0, 452.0), strict=True):
            self.assertBill(
                bill,
                "paid",
                amount_paid=paid,
                amount_retained=paid,
                payment_date=date(2026, 3, 10),
                payment_number="4711",
                payment_method_id=self.check,
            )
            self.assertTrue(self.receivable(bill.sudo().invoice_id).full_reconcile_id)
        self.assertFalse(self.credits_of())

    def test_bank_statement(self):
        """The statement has one line, found by amount and number."""
        bills = self.bills_of(500, 452)
        self.pay(bills, payment_number="4711")
        payment = self.one_payment(bills)
        item = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("account_id", "=", payment.outstanding_account_id.id),
                ("amount_residual", "=", 952.0),
                ("name", "ilike", "4711"),
            ]
        )
        self.assertEqual(item.move_id, payment.move_id)
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "date": "2026-03-12",
                "payment_ref": "Check 4711",
                "amount": 952.0,
                "partner_id": self.account.id,
            }
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = payment.outstanding_account_id
        (suspense + item).reconcile()
        self.assertTrue(payment.is_matched)
        self.assertTrue(line.is_reconciled)
        for bill in bills:
            self.assertBill(bill, "paid")

    def test_oldest_first_and_the_rest_is_a_credit(self):
        newer, older = self.bills_of(300, 200)[::-1]
        self.pay(newer | older, amount=400)
        self.assertBill(older, "paid", amount_paid=300.0)
        self.assertBill(newer, "new", amount_paid=100.0, amount_due=100.0)
        self.assertTrue(newer.is_partly_paid)
        self.assertFalse(newer.payment_method_id)
        self.assertFalse(self.credits_of())
        third = self.bills_of(50)
        self.pay(newer | third, amount=180)
        self.assertBill(newer, "paid", amount_paid=200.0)
        self.assertBill(third, "paid", amount_paid=50.0)
        credit = self.credits_of()
        self.assertEqual((credit.kind, credit.state), ("overpayment", "open"))
        self.assertEqual((credit.amount, credit.amount_open), (30.0, 30.0))

    def test_too_little_for_the_second(self):
        """A bill that gets nothing is not touched."""
        older, newer = self.bills_of(300, 200)
        count = len(self.messages(newer))
        self.pay(older | newer, amount=300)
        self.assertBill(older, "paid", amount_paid=300.0)
        self.assertBill(newer, "new", amount_paid=0.0, payment_number=False)
        self.assertEqual(len(self.messages(newer)), count)

    def test_as_typed(self):
        """The payer said what is for which bill."""
        older, newer = self.bills_of(300, 200)
        wizard = self.wizard(
            older | newer, "payment", {"method_id": self.check.id, "amount": 350}
        )
        self.assertEqual(wizard.line_ids.mapped("amount"), [300.0, 50.0])
        wizard.line_ids[0].amount = 120
        wizard.line_ids[1].amount = 200
        self.assertIn("30.00", wizard.hint)
        wizard.action_complete_payment()
        self.assertBill(older, "new", amount_paid=120.0, amount_due=180.0)
        self.assertBill(newer, "paid", amount_paid=200.0)
        self.assertEqual(self.one_payment(older | newer).amount, 350.0)
        self.assertEqual(self.credits_of().amount_open, 30.0)

    def test_typed_too_much(self):
        """Of no bill more than is due, and in all no more than came."""
        older, newer = self.bills_of(300, 200)
        bills = older | newer
        for amounts, words in (
            ({older: 301.0}, ("300.00", "301.00")),
            ({older: 300.0, newer: 100.0}, ("350.00", "400.00")),
            ({older: -5.0}, ("above zero",)),
            ({older: 10.001}, ("decimals",)),
            ({older: 0.0}, ("none of the bills",)),
            ({self.issued(1): 1.0}, ("Choose the bills",)),
        ):
            with self.refused(*words):
                bills._complete_payment(self.check, received=350.0, amounts=amounts)
        for bill in bills:
            self.assertBill(bill, "new", amount_paid=0.0)
        self.assertFalse(self.credits_of())

    def test_form(self):
        """The window proposes all that is due, and follows what is typed."""
        bills = self.bills_of(500, 452)
        context = {"active_model": "kavi.bill", "active_ids": bills.ids}
        wizard = bills.env["kavi.bill.payment.wizard"].with_context(**context)
        with Form(wizard) as form:
            form.method_id = self.check
            self.assertEqual(form.amount, 952.0)
            form.amount = 600
            with form.line_ids.edit(1) as line:
                self.assertEqual(line.amount, 100.0)
            form.payment_number = "7"
        form.record.action_complete_payment()
        self.assertBill(bills[0], "paid", amount_paid=500.0)
        self.assertBill(bills[1], "new", amount_paid=100.0)

    def test_instalments(self):
        """Within a bill the oldest instalment first, too."""
        halves = {"value_amount": 50, "nb_days": 0}, {"value_amount": 50, "nb_days": 90}
        term = self.env["account.payment.term"].create(
            {"name": "Halves", "line_ids": [Command.create(half) for half in halves]}
        )
        older = self.issued(100, bill_date="2026-01-05", payment_term_id=term.id)
        newer = self.issued(80, bill_date="2026-02-05")
        self.pay(older | newer, amount=150)
        self.assertBill(older, "paid", amount_paid=100.0)
        self.assertBill(newer, "new", amount_paid=50.0)

    def test_parts_are_not_allowed(self):
        """Money that came is recorded; a bill that is paid in full or not at all is
        passed over, and the rest is a credit."""
        self.company.billing_allow_part_payment = False
        self.company.billing_apply_credits_automatically = False
        older, newer = self.bills_of(300, 200)
        self.pay(older | newer, amount=400)
        self.assertBill(older, "paid")
        self.assertBill(newer, "new", amount_paid=0.0)
        self.assertEqual(self.credits_of().amount_open, 100.0)
        with self.refused("in full"):
            (newer | self.issued(70))._complete_payment(
                self.check, received=200.0, amounts={newer: 150.0}
            )

    def test_several_accounts(self):
        """One payment an account, each in full."""
        mine = self.bills_of(500, 452)
        other = self.env["res.partner"].create({"name": "Other"})
        theirs = self.bills_of(10, 20, partner_id=other.id)
        alone = self.issued(7, partner_id=self.person.id)
        self.pay(mine | theirs | alone, payment_number="9")
        for bill in mine | theirs | alone:
            self.assertBill(bill, "paid", payment_number="9")
        self.assertEqual(self.one_payment(mine).amount, 952.0)
        self.assertEqual(self.one_payment(theirs).amount, 30.0)
        self.assertEqual(self.one_payment(alone).amount, 7.0)
        with self.refused("one account"):
            (self.issued(1) | self.issued(2, partner_id=other.id))._complete_payment(
                self.check, received=2.0
            )

    def test_currencies_apart(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        bills = self.issued(10) | self.issued(20, currency_id=euro.id)
        self.pay(bills)
        self.assertEqual([self.payments(bill).amount for bill in bills], [10.0, 20.0])

    def test_moving_rate(self):
        """Each bill keeps its own rate; the differences are booked, nothing is left."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {
                    "name": day,
                    "rate": rate,
                    "currency_id": euro.id,
                    "company_id": self.company.id,
                }
                for day, rate in (
                    ("2026-01-01", 0.5),
                    ("2026-02-01", 0.8),
                    ("2026-03-01", 1.07),
                )
            ]
        )
        bills = self.bills_of(33.33, 66.67, currency_id=euro.id)
        self.pay(bills, amount=120, date="2026-03-10")
        for bill in bills:
            self.assertBill(bill, "paid", amount_due=0.0, amount_due_company=0.0)
            for line in self.receivable(bill.sudo().invoice_id):
                self.assertEqual(line.amount_residual, 0.0)
                self.assertEqual(line.amount_residual_currency, 0.0)
        self.assertEqual(self.credits_of().amount_open, 20.0)

    def test_other_receivable_account(self):
        """The account's receivable account was changed between the two bills: one
        payment all the same, with an item in each."""
        older = self.issued(300, bill_date="2026-01-05")
        first = self.account.with_company(self.company).property_account_receivable_id
        second = first.copy({"code": "121999", "name": "Doubtful"})
        self.account.with_company(self.company).property_account_receivable_id = second
        newer = self.issued(200, bill_date="2026-02-05")
        self.pay(older | newer, amount=450, payment_number="1")
        payment = self.one_payment(older | newer)
        self.assertEqual(payment.amount, 450.0)
        self.assertBill(older, "paid", amount_paid=300.0)
        self.assertBill(newer, "new", amount_paid=150.0, amount_due=50.0)
        items = self.receivable(payment.move_id)
        self.assertEqual(
            {item.account_id: item.balance for item in items},
            {first: -300.0, second: -150.0},
        )

    # === WHAT IS NO MONEY === #

    def early(self, *amounts):
        term = self.env["account.payment.term"].create(
            {
                "name": "Early",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "line_ids": [Command.create({"value_amount": 100, "nb_days": 30})],
            }
        )
        return self.bills.concat(
            *(
                self.issued(amount, bill_date="2026-03-01", payment_term_id=term.id)
                for amount in amounts
            )
        )

    def test_early_discount_of_one(self):
        """The discount is the discounted bill's: of 198, 98 are for it."""
        early = self.early(100)
        plain = self.issued(100, bill_date="2026-03-01")
        self.pay(early | plain, date="2026-03-05")
        payment = self.one_payment(early | plain)
        self.assertEqual(payment.amount, 198.0)
        self.assertBill(
            early, "paid", amount_paid=98.0, amount_credited=2.0, amount_retained=98.0
        )
        self.assertBill(plain, "paid", amount_paid=100.0, amount_credited=0.0)
        self.assertTrue(payment.is_reconciled)
        self.give_back(early)
        self.assertEqual(self.payments(early, "outbound").amount, 98.0)
        self.assertBill(early, "refunded", refund_amount=98.0)

    def test_early_discounts_before_the_last_bill(self):
        """Two discounted bills and too little for the third."""
        early = self.early(100, 50)
        plain = self.issued(100, bill_date="2026-03-02")
        self.pay(early | plain, amount=200, date="2026-03-05")
        self.assertBill(early[0], "paid", amount_paid=98.0, amount_credited=2.0)
        self.assertBill(early[1], "paid", amount_paid=49.0, amount_credited=1.0)
        self.assertBill(plain, "new", amount_paid=53.0, amount_due=47.0)

    def test_rest_written_off(self):
        account = self.allow_write_off(5)
        older, newer = self.bills_of(300, 200)
        self.pay(older | newer, amount=499.5, write_off=True)
        payment = self.one_payment(older | newer)
        self.assertEqual(payment.amount, 499.5)
        self.assertBill(older, "paid", amount_paid=300.0, amount_credited=0.0)
        self.assertBill(newer, "paid", amount_paid=199.5, amount_credited=0.5)
        lost = payment.move_id.line_ids.filtered(
            lambda item: item.account_id == account
        )
        self.assertEqual(lost.balance, 0.5)

    # === SURCHARGE === #

    def test_surcharge_once(self):
        """5.00 for each payment, and 2 % of the sum: one invoice over both, on the
        oldest bill."""
        self.check.surcharge_fixed = 5
        self.check.surcharge_percent = 2
        older, newer = self.bills_of(300, 200)
        self.pay(older | newer)
        payment = self.one_payment(older | newer)
        self.assertEqual(payment.amount, 515.0)
        self.assertBill(
            older, "paid", surcharge_booked=15.0, amount_paid=315.0, amount_total=315.0
        )
        self.assertBill(newer, "paid", surcharge_booked=0.0, amount_paid=200.0)
        self.assertTrue(payment.is_reconciled)

    def test_surcharge_of_what_came(self):
        """Of 413 the surcharge takes 13: 5.00, and 2 % of the 400 that are paid."""
        self.check.surcharge_fixed = 5
        self.check.surcharge_percent = 2
        older, newer = self.bills_of(300, 200)
        self.pay(older | newer, amount=413)
        self.assertBill(older, "paid", surcharge_booked=13.0, amount_paid=313.0)
        self.assertBill(newer, "new", amount_paid=100.0, amount_due=100.0)

    def test_surcharge_of_a_bounced_check(self):
        """It is taken back with the payment, and nothing of it stays due."""
        self.check.surcharge_fixed = 5
        older, newer = self.bills_of(300, 200)
        self.pay(older | newer)
        self.bounce(newer)
        self.assertBill(older, "pending", amount_due=300.0, surcharge_booked=0.0)
        self.assertBill(newer, "pending", amount_due=200.0, surcharge_booked=0.0)
