"""How bills are paid: methods, and the two acts that use them (KB-32, KB-49, KB-52)."""

from datetime import date
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPaymentMethod(BillingCommon):
    def test_any_number_of_manual_methods(self):
        """KB-49."""
        names = ["Cash", "Money order", "Standing order"]
        methods = self.check.create(
            [{"name": name, "company_id": self.company.id} for name in names]
        )
        self.assertEqual(set(methods.mapped("kind")), {"manual"})
        bill = self.issued()
        for method in methods:
            self.choose(bill, method)
            self.assertBill(bill, "pending", payment_method_id=method)

    def test_journal(self):
        """The method's own journal, else the company's first bank journal."""
        cash = self.env["account.journal"].create(
            {"name": "Till", "type": "cash", "company_id": self.company.id}
        )
        bill, other = self.issued(), self.issued()
        self.pay(bill)
        self.wire.journal_id = cash
        self.pay(other, self.wire)
        journals = [b.sudo()._get_payments().journal_id for b in (bill, other)]
        self.assertEqual(journals, [self.bank, cash])
        self.assertBooks(bill, other)

    def test_no_journal(self):
        """Says where to set one, and leaves the bill as it was."""
        self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")]
        ).active = False
        bill = self.issued()
        with self.refused("no bank journal", "Payment Methods"):
            self.pay(bill)
        self.assertBill(bill, "new", amount_due=100.0, payment_method_id=False)

    def test_archived_journal(self):
        self.wire.journal_id = self.bank
        self.bank.active = False
        bill = self.issued()
        with self.refused("archived", "Wire Transfer"):
            self.pay(bill, self.wire)
        self.assertBill(bill, "new", amount_due=100.0)

    def test_journal_of_another_company(self):
        other = self._new_company("Kavi Abroad")
        with self.assertRaises(UserError):
            self.wire.journal_id = self._journal("bank", other)

    def test_used_methods_are_archived(self):
        """A method that bills name is not deleted; one that none names may be."""
        bill = self.issued()
        self.choose(bill)
        with self.refused("Check", "archive"):
            self.check.unlink()
        self.wire.unlink()
        self.assertFalse(self.wire.exists())
        self.check.active = False
        self.assertBill(bill, "pending", payment_method_id=self.check)

    def test_archived_method_is_no_longer_offered(self):
        self.check.active = False
        bill = self.issued()
        for act in (self.choose, self.pay):
            with self.refused("still offered"):
                act(bill, self.check)
        self.assertBill(bill, "new", payment_method_id=False)

    def test_instructions_are_safe(self):
        """KB-51: simple HTML, no scripts."""
        self.check.instructions = "<p>Pay to <i>us</i><script>alert(1)</script></p>"
        self.assertIn("<i>us</i>", self.check.instructions)
        self.assertNotIn("script", self.check.instructions)


@tagged("post_install", "-at_install")
class TestCompletePayment(BillingCommon):
    def test_complete(self):
        """KB-32: one posted payment, matched with the invoice, on its day."""
        bill = self.issued(bill_date="2026-03-01")
        self.pay(bill, payment_number="4711", date="2026-03-05")
        self.assertBill(
            bill,
            "paid",
            amount_paid=100.0,
            payment_date=date(2026, 3, 5),
            payment_number="4711",
            payment_method_id=self.check,
        )
        payment = bill.sudo()._get_payments()
        self.assertEqual(len(payment), 1)
        self.assertEqual(payment.amount, 100.0)
        self.assertEqual(payment.partner_id, self.account)
        self.assertEqual(payment.date, date(2026, 3, 5))
        self.assertEqual(payment.memo, f"{bill.name} 4711")
        self.assertEqual(payment.move_id.state, "posted")
        self.assertEqual(payment.reconciled_invoice_ids, bill.sudo().invoice_id)

    def test_from_the_screen(self):
        """KB-32: the promised method is filled in, the number only where it is
        collected."""
        bill = self.issued()
        self.choose(bill, self.check)
        context = {"active_model": "kavi.bill", "active_ids": bill.ids}
        wizard = bill.env["kavi.bill.payment.wizard"].with_context(**context)
        with Form(wizard) as form:
            self.assertEqual(form.method_id, self.check)
            form.payment_number = "12"
        form.record.action_complete_payment()
        self.assertBill(bill, "paid", payment_number="12")
        other = self.issued()
        self.pay(other, self.wire, payment_number="not asked for")
        self.assertBill(other, "paid", payment_number=False)

    def test_number_where_none_is_collected(self):
        bill = self.issued()
        with self.refused("does not collect a payment number"):
            bill._complete_payment(self.wire, number="12")
        self.assertBill(bill, "new")

    def test_many_at_once(self):
        """A pile of checks: one payment a bill, each with its own amount."""
        bills = self.issued(10) | self.issued(20, partner_id=self.person.id)
        self.pay(bills)
        for bill in bills:
            payment = bill.sudo()._get_payments()
            self.assertBill(bill, "paid", amount_paid=bill.amount_total)
            self.assertEqual(payment.amount, bill.amount_total)
            self.assertEqual(payment.partner_id, bill.partner_id)

    def test_many_or_none(self):
        """One that is paid already: the others are not paid either."""
        paid, other = self.issued(), self.issued()
        self.pay(paid)
        with self.refused("Complete a payment", "Paid"):
            (other | paid)._complete_payment(self.check)
        self.assertBill(other, "new", amount_due=100.0)

    def test_default_date_is_the_company_s(self):
        self.company.partner_id.tz = "Pacific/Kiritimati"
        with self.at("2026-03-01 12:00"):
            bill = self.issued()
            self.pay(bill)
        self.assertBill(bill, "paid", payment_date=date(2026, 3, 2))

    def test_method_may_change_until_paid(self):
        """KB-46: any number of times, and back."""
        bill = self.issued()
        for method in (self.check, self.wire, self.check):
            self.choose(bill, method)
            self.assertBill(bill, "pending", payment_method_id=method)
        self.pay(bill, self.wire)
        self.assertBill(bill, "paid", payment_method_id=self.wire)
        with self.refused("Choose a payment method", "Paid"):
            self.choose(bill, self.check)

    def test_choosing_a_method_books_nothing(self):
        """D-09: a promise is no entry."""
        bill = self.issued()
        count = self.env["account.move"].search_count([])
        self.choose(bill)
        self.assertEqual(self.env["account.move"].search_count([]), count)
        self.assertBill(bill, "pending", amount_due=100.0, amount_paid=0.0)

    def test_invoice_that_is_not_posted(self):
        """Nothing is owed in the books, so nothing is received."""
        bill = self.issued()
        self.invoice(bill).button_draft()
        with self.refused("not posted", "accountant"):
            self.pay(bill)
        self.assertBill(bill, "new", is_posted=False, payment_method_id=False)

    def test_after_a_payment_was_reset(self):
        """Odoo keeps the dead match; the bill can be paid and canceled all the same."""
        for act, state in ((self.pay, "paid"), (self.cancel, "canceled")):
            bill = self.issued()
            payment = self.register_payment(self.invoice(bill))
            payment.action_draft()
            self.assertBill(bill, "new", amount_due=100.0)
            act(bill)
            self.assertBill(bill, state, amount_due=0.0)
            # whatever becomes of the old payment is not the bill's any more
            payment.action_post()
            self.assertBill(bill, state, amount_due=0.0)

    def test_foreign_currency(self):
        """The payment is in the bill's currency, at its own day's rate."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in (("2026-01-01", 0.5), ("2026-02-01", 0.8)):
            self.env["res.currency.rate"].create(
                {"name": day, "rate": rate, "currency_id": euro.id}
                | {"company_id": self.company.id}
            )
        bill = self.issued(currency_id=euro.id, bill_date="2026-01-15")
        self.assertBill(bill, "new", amount_due_company=200.0)
        self.pay(bill, date="2026-02-15")
        self.assertBill(bill, "paid", amount_paid=100.0, amount_due_company=0.0)
        payment = bill.sudo()._get_payments()
        self.assertEqual(payment.currency_id, euro)
        self.assertEqual(payment.amount, 100.0)


@tagged("post_install", "-at_install")
class TestPaymentMethodSettings(BillingCommon):
    """Bad settings are refused where they are made (KB-49 ... KB-53)."""

    def method(self, **vals):
        return self.env["kavi.payment.method"].create(
            {"name": "Card", "company_id": self.company.id, **vals}
        )

    def test_bad_input_surcharges(self):
        nan, infinite = float("nan"), float("inf")
        for vals, word in (
            ({"surcharge_percent": -0.01}, "between 0 and 100"),
            ({"surcharge_percent": 100.01}, "between 0 and 100"),
            ({"surcharge_percent": nan}, "no number"),
            ({"surcharge_percent": infinite}, "no number"),
            ({"surcharge_fixed": nan}, "no number"),
            ({"surcharge_max": infinite}, "no number"),
            ({"surcharge_fixed": -1}, "amount of money"),
            ({"surcharge_min": -0.01}, "amount of money"),
            ({"surcharge_max": -5}, "amount of money"),
            ({"surcharge_min": 5, "surcharge_max": 4.99}, "above its maximum"),
        ):
            with self.subTest(**vals):
                with self.refused(word), self.cr.savepoint():
                    self.method(**vals)
                with self.refused(word), self.cr.savepoint():
                    self.check.write(vals)
        for vals in (
            {"surcharge_percent": 0},
            {"surcharge_percent": 100},
            {"surcharge_min": 5, "surcharge_max": 5},
            {"surcharge_min": 5, "surcharge_max": 0},
        ):
            self.check.write(vals)

    def test_bad_input_another_company_s(self):
        """Account, tax and product are the company's own."""
        other = self._new_company("Kavi Abroad")
        account = self.env["account.account"].search(
            [("company_ids", "=", other.id), ("account_type", "=", "income")], limit=1
        )
        tax = self.env["account.tax"].create(
            {
                "name": "Theirs",
                "amount": 5,
                "company_id": other.id,
                "country_id": other.account_fiscal_country_id.id,
            }
        )
        product = self.env["product.product"].create(
            {"name": "Theirs", "company_id": other.id}
        )
        for vals in (
            {"surcharge_account_id": account.id},
            {"surcharge_tax_ids": tax.ids},
            {"surcharge_product_id": product.id},
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                self.check.write(vals)

    def test_bad_input_accounts_and_taxes(self):
        """What is no tax on sales, and what holds no income."""
        bought = self.env["account.tax"].create(
            {
                "name": "Bought",
                "type_tax_use": "purchase",
                "company_id": self.company.id,
                "country_id": self.company.account_fiscal_country_id.id,
            }
        )
        with self.refused("not a tax on sales"), self.cr.savepoint():
            self.check.surcharge_tax_ids = bought
        owed = self.account.with_company(self.company).property_account_receivable_id
        with self.refused("income account"), self.cr.savepoint():
            self.check.surcharge_account_id = owed

    def test_method_without_a_journal(self):
        """Refused where it is made; a company without a chart has its methods."""
        bare = self.env["res.company"].create({"name": "No books yet"})
        methods = self.check.search(
            [("company_id", "=", bare.id), ("kind", "=", "manual")]
        )
        self.assertEqual(len(methods), 2)
        methods[0].instructions = "<p>By courier</p>"
        with self.refused("no bank journal", "Payment Methods"):
            self.method(company_id=bare.id)
        with self.refused("no bank journal"), self.cr.savepoint():
            methods[0].active = False
            methods[0].active = True
        cash = self.env["account.journal"].create(
            {"name": "Till", "type": "cash", "company_id": self.company.id}
        )
        self.bank.active = False
        with self.refused("no bank journal"), self.cr.savepoint():
            self.method()
        self.assertEqual(self.method(journal_id=cash.id)._get_journal(), cash)

    def test_one_automatic_method(self):
        """KB-50: one that is active, in each company; kinds come from other addons."""
        other = self._new_company("Kavi Abroad")
        theirs = self.check.search([("company_id", "=", other.id)])[0]
        # of an addon that brings one
        self.check.search([("kind", "!=", "manual")]).active = False

        def make_automatic(methods):
            self.env.flush_all()
            self.cr.execute(
                "UPDATE kavi_payment_method SET kind = 'card' WHERE id = ANY(%s)",
                [methods.ids],
            )

        make_automatic(self.check | theirs)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.cr.savepoint():
                make_automatic(self.wire)
        self.check.active = False
        make_automatic(self.wire)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.cr.savepoint():
                self.check.active = True
                self.env.flush_all()
        self.env.invalidate_all()

    def test_instructions_are_simple(self):
        """KB-51: no scripts, forms, styles or handlers; mark-up that people write."""
        self.check.instructions = (
            '<p style="position:fixed" class="modal" onclick="x()">Pay <b>us</b></p>'
            "<script>x()</script><style>p {color: red}</style>"
            '<form action="/x"><input name="card"/></form>'
            '<a href="javascript:x()">here</a><ul><li>or there</li></ul>'
        )
        text = str(self.check.instructions)
        for bad in ("style", "script", "form", "input", "onclick", "class", "color"):
            self.assertNotIn(bad, text)
        for good in ("<b>us</b>", "<li>or there</li>"):
            self.assertIn(good, text)

    def test_what_is_not_offered_cannot_be_chosen(self):
        """The sentence says what can; what came is recorded all the same."""
        bills = self.issued() | self.issued()

        def offered(bill):
            return self.check if bill in bills[1] else self.check | self.wire

        with (
            patch.object(type(bills), "_get_offered_methods", offered),
            patch.object(type(bills), "_get_offer_key", lambda bill: bill.id),
        ):
            with self.refused("Wire Transfer is not offered", bills[1].name, "Check"):
                self.choose(bills[1], self.wire)
            self.choose(bills, self.wire)  # what can be promised is promised
            self.assertBill(bills[0], "pending", payment_method_id=self.wire)
            self.assertBill(bills[1], "new", payment_method_id=False)
            wizard = self.wizard(bills, "method", {"method_id": self.check.id})
            self.assertEqual(wizard.offered_ids, self.check)
            self.pay(bills[1], self.wire)
        self.assertBill(bills[1], "paid", payment_method_id=self.wire)


@tagged("post_install", "-at_install")
class TestPaymentWizard(BillingCommon):
    """What the window shows is what is booked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls.env["kavi.payment.method"].create(
            {
                "name": "Card",
                "company_id": cls.company.id,
                "surcharge_fixed": 0.3,
                "surcharge_percent": 2.9,
            }
        )

    def form(self, bills):
        context = {"active_model": "kavi.bill", "active_ids": bills.ids}
        return Form(bills.env["kavi.bill.payment.wizard"].with_context(**context))

    def test_amounts_follow_the_method(self):
        bill = self.issued()
        form = self.form(bill)
        self.assertEqual((form.amount, form.surcharge), (100.0, 0.0))
        form.method_id = self.card
        self.assertEqual(
            (form.amount_paid, form.surcharge, form.amount), (100.0, 3.2, 103.2)
        )
        form.method_id = self.check
        self.assertEqual((form.surcharge, form.amount), (0.0, 100.0))
        # what was typed stays, whatever method it came by
        form.amount = 50
        form.method_id = self.card
        self.assertEqual(form.amount, 50)
        self.assertEqual((form.amount_paid, form.surcharge), (48.3, 1.7))
        self.assertIn("51.70 stays due", form.hint)
        form.amount = 0.3
        self.assertIn("does not cover the surcharge", form.hint)
        form.amount = 50
        form.save().action_complete_payment()
        self.assertBill(
            bill, "new", amount_paid=50.0, surcharge_booked=1.7, amount_due=51.7
        )
        self.assertEqual(self.payments(bill).amount, 50.0)

    def test_several_bills(self):
        bills = self.issued(100) | self.issued(50)
        wizard = self.wizard(bills, "payment", {"method_id": self.card.id})
        # one payment, one surcharge: 0.30 and 2.9 % of the sum
        self.assertEqual((wizard.amount, wizard.surcharge), (154.65, 4.65))
        wizard.action_complete_payment()
        self.assertEqual(bills.mapped("amount_paid"), [104.65, 50.0])

    def test_bills_of_several_accounts(self):
        bills = self.issued(100) | self.issued(50, partner_id=self.person.id)
        wizard = self.wizard(bills, "payment", {"method_id": self.card.id})
        self.assertIn("154.95", wizard.summary)
        self.assertIn("4.95", wizard.surcharge_summary)
        wizard.action_complete_payment()
        self.assertEqual(bills.mapped("amount_paid"), [103.2, 51.75])

    def test_what_the_method_costs(self):
        """Seen before it is chosen."""
        bill = self.issued()
        wizard = self.wizard(bill, "method", {"method_id": self.card.id})
        self.assertIn("103.20", wizard.summary)
        self.assertIn("3.20", wizard.surcharge_summary)
        wizard.method_id = self.check
        self.assertFalse(wizard.surcharge_summary)

    def test_instalments(self):
        """One, several or all; the oldest are filled first."""
        quarters = [
            Command.create({"value_amount": 25, "nb_days": 30 * number})
            for number in range(4)
        ]
        term = self.env["account.payment.term"].create(
            {"name": "Quarters", "line_ids": quarters}
        )
        bill = self.issued(99.99, payment_term_id=term.id, bill_date="2026-01-01")
        self.company.billing_allow_part_payment = False
        with self.at("2026-02-15"):
            form = self.form(bill)
            form.method_id = self.check
            self.assertEqual((form.open_count, form.instalments), (4, 4))
            self.assertEqual(form.amount, 99.99)
            form.instalments = 2
            self.assertIn("2 overdue", form.instalment_hint)
            self.assertIn("01/31/2026", form.instalment_hint)
            self.assertEqual(form.amount, 50.0)
            form.instalments = 1
            self.assertEqual(form.amount, 25.0)
            form.save().action_complete_payment()
        self.assertBill(bill, "new", amount_due=74.99, next_due_date=date(2026, 1, 31))
        with self.at("2026-02-15"):
            form = self.form(bill)
            form.method_id = self.card
            self.assertEqual(form.open_count, 3)
            form.instalments = 2
            self.assertEqual((form.amount_paid, form.surcharge), (50.0, 1.75))
            form.save().action_complete_payment()
        self.assertBill(bill, "new", amount_due=24.99, next_due_date=date(2026, 4, 1))
        items = bill.sudo()._get_receivable_lines(bill.sudo().invoice_id)
        rests = items.sorted("date_maturity").mapped("amount_residual")
        self.assertEqual(rests, [0.0, 0.0, 0.0, 24.99])
