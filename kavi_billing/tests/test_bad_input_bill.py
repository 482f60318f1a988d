"""What is refused: each with a sentence that helps, and nothing lost (issue 2, 6)."""

from contextlib import contextmanager

from psycopg2.errors import NotNullViolation

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BillingCommon

MEGABYTE = 2**20


class BadInput(BillingCommon):
    """How to see that something was refused, and that nothing is half done."""

    def counts(self):
        self.env.flush_all()
        tables = ("kavi.bill", "kavi.bill.line", "account.move", "account.move.line")
        tables += ("account.payment", "res.partner", "mail.message")
        found = [
            self.env[table].with_context(active_test=False).search_count([])
            for table in tables
        ]
        rows = self.env["kavi.bill"].search_read(
            [("company_id", "=", self.company.id)],
            ["name", "state", "amount_total", "amount_due", "title", "due_date"],
            order="id",
        )
        return found, rows

    @contextmanager
    def nothing_lost(self, *words, error=UserError):
        """Refused with a sentence, and the database is as it was."""
        before = self.counts()
        with self.refused(*words, error=error):
            yield
        self.env.invalidate_all()
        self.assertEqual(self.counts(), before)


@tagged("post_install", "-at_install")
class TestBadInput(BadInput):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._new_company("Kavi Abroad")
        cls.before = cls.issued()

    def product(self, **vals):
        return self.env["product.product"].create({"name": "Seat", **vals})

    # === THE BILL === #

    def test_without_account(self):
        for vals in ({}, {"partner_id": False}):
            with self.nothing_lost("account", "needs one"):
                self.bills.create({"title": "X", "amount": 5, **vals})
        bill = self.draft()
        with self.not_null():
            bill.partner_id = False
            self.env.flush_all()

    def test_without_title(self):
        with self.not_null():
            self.bills.create({"partner_id": self.account.id, "amount": 5})

    @contextmanager
    def not_null(self):
        """Required in the database; Odoo makes a sentence of it for the client."""
        with mute_logger("odoo.sql_db"), self.assertRaises(NotNullViolation) as caught:
            yield
        sentence = self.bills._sql_error_to_message(caught.exception)
        self.assertIn("required", sentence.lower())

    def test_without_amount(self):
        bill = self.bills.create({"partner_id": self.account.id, "title": "Fee"})
        with self.nothing_lost("Fee", "no amount", "add a line"):
            bill.action_issue()
        self.assertBill(bill, "draft", name=False)

    def test_negative(self):
        bill = self.draft(-0.01)
        with self.nothing_lost("negative", "credit"):
            bill.action_issue()
        bill = self.draft(
            line_ids=[
                Command.create({"name": "Fee", "price_unit": 10}),
                Command.create({"name": "Discount", "price_unit": -11}),
            ]
        )
        with self.nothing_lost("negative"):
            bill.action_issue()

    def test_amounts_that_are_none(self):
        """Not a number, without end, or beyond what books hold."""
        for amount in (float("nan"), float("inf"), float("-inf"), 1e300):
            with self.subTest(amount=amount), self.assertRaises(UserError):
                bill = self.draft(amount)
                self.env.flush_all()
                bill.action_issue()
                self.env.flush_all()

    def test_numbers_as_text(self):
        """What a client may send as JSON, before Odoo rounds it."""
        for number in ("NaN", "Infinity", "-inf"):
            with self.subTest(number=number):
                with self.refused("not an amount"):
                    self.draft(number)
                with self.refused("no number", error=ValidationError):
                    self.check.surcharge_percent = 0.0
                    self.check.write({"surcharge_percent": number})

    def test_years_that_are_slips(self):
        """The year 26 for 2026: nothing is dated so, nor counted from it."""
        draft = self.draft()
        for day in ("0026-03-01", "9999-12-31"):
            for field in ("bill_date", "due_date"):
                with self.subTest(day=day, field=field):
                    with self.refused("look at the year"):
                        self.draft(**{field: day})
                    with self.refused("look at the year"):
                        draft.write({field: day})
            with self.refused("look at the year"):
                self.as_user("officer")["kavi.credit"].create(
                    {
                        "partner_id": self.account.id,
                        "amount": 1,
                        "reason": "Sorry",
                        "date": day,
                    }
                )

    def test_title_of_blanks(self):
        draft = self.draft(title="  ")
        with self.refused("no title"):
            draft.action_issue()
        self.assertEqual(draft.state, "draft")

    def test_zero_is_allowed(self):
        free = [Command.create({"name": "Free", "price_unit": 0})]
        self.assertBill(self.issued(line_ids=free), "paid", amount_due=0.0)

    def test_due_before_issue(self):
        with self.nothing_lost("before it is issued", error=ValidationError):
            self.draft(bill_date="2026-03-02", due_date="2026-03-01")
        with self.nothing_lost("before it is issued", error=ValidationError):
            self.before.due_date = "1999-01-01"

    def test_company_for_individuals(self):
        holder = self.env["res.partner"].create(
            {"name": "Persons", "is_company": True, "is_billing_holder": True}
        )
        with self.nothing_lost("Persons", "company for individuals"):
            self.draft(partner_id=holder.id)

    def test_account_that_became_a_holder(self):
        company = self.env["res.partner"].create({"name": "Beta", "is_company": True})
        bill = self.draft(partner_id=company.id)
        with self.nothing_lost("Beta", "company for individuals"):
            company.is_billing_holder = True
        self.assertBill(bill, "draft")

    def test_archived_account(self):
        bill = self.draft()
        self.account.active = False
        with self.nothing_lost("Acme Ltd", "archived", "Unarchive"):
            bill.action_issue()
        self.assertBill(bill, "draft", name=False)

    def test_second_account(self):
        """One a company: its people have none, and nor has the bill (KB-01)."""
        employee = self.env["res.partner"].create(
            {"name": "Ed", "parent_id": self.account.id}
        )
        with self.nothing_lost("Ed", "Acme Ltd", "one account", error=ValidationError):
            employee.is_billing_account = True

    def test_issued_twice(self):
        bill = self.issued()
        with self.nothing_lost("Issue", bill.name):
            bill.action_issue()
        self.assertEqual(len(bill.sudo().move_ids), 1)

    def test_deleted(self):
        with self.nothing_lost("issued", "not deleted", "Cancel"):
            self.before.unlink()
        with self.nothing_lost("not deleted"):
            (self.before | self.draft()).unlink()

    # === COMPANIES === #

    def test_product_of_another_company(self):
        product = self.product(company_id=self.other.id)
        with self.nothing_lost("Seat", "company"):
            self.draft(line_ids=[Command.create({"product_id": product.id})])

    def test_product_that_moved_to_another_company(self):
        product = self.product()
        bill = self.draft(line_ids=[Command.create({"product_id": product.id})])
        self.env.flush_all()
        try:
            with self.cr.savepoint():
                product.company_id = self.other
        except UserError:
            return  # refused: as good
        with self.nothing_lost("company"):
            bill.action_issue()

    def test_tax_of_another_company(self):
        tax = self.other.account_sale_tax_id
        with self.nothing_lost("company"):
            self.draft(
                line_ids=[
                    Command.create(
                        {
                            "name": "Fee",
                            "price_unit": 5,
                            "tax_ids": [Command.set(tax.ids)],
                        }
                    )
                ]
            )

    def test_account_of_another_company(self):
        partner = self.env["res.partner"].create(
            {"name": "Theirs", "company_id": self.other.id}
        )
        with self.nothing_lost("Theirs", "company"):
            # sudo: an officer does not even see it
            self.bills.sudo().create(
                {
                    "partner_id": partner.id,
                    "title": "X",
                    "amount": 5,
                    "company_id": self.company.id,
                }
            )

    def test_term_kind_and_method_of_another_company(self):
        term = self.env["account.payment.term"].create(
            {"name": "Theirs", "company_id": self.other.id}
        )
        kind = self.env["kavi.bill.kind"].create(
            {"name": "Theirs", "company_id": self.other.id}
        )
        for vals in ({"payment_term_id": term.id}, {"kind_id": kind.id}):
            with self.nothing_lost("Theirs", "company"):
                self.bills.sudo().create(
                    {
                        "partner_id": self.account.id,
                        "title": "X",
                        "amount": 5,
                        "company_id": self.company.id,
                        **vals,
                    }
                )
        method = self.env["kavi.payment.method"].search(
            [("company_id", "=", self.other.id)], limit=1
        )
        with self.nothing_lost("Kavi Abroad", "Kavi Tests Ltd"):
            self.before._choose_method(method)

    def test_company_that_is_not_mine(self):
        with self.nothing_lost():
            self.draft(company_id=self.other.id)

    # === THE BOOKS === #

    def test_no_sales_journal(self):
        bill = self.draft()
        self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "sale")]
        ).active = False
        with self.nothing_lost("Kavi Tests Ltd", "no sales journal", "Journals"):
            bill.action_issue()

    def test_no_chart_of_accounts(self):
        company = self.env["res.company"].create({"name": "Bare"})
        self.env.user.company_ids |= company
        bill = self.env["kavi.bill"].create(
            {
                "partner_id": self.person.id,
                "title": "X",
                "amount": 5,
                "company_id": company.id,
            }
        )
        with self.nothing_lost("Bare", "no sales journal", "Journals"):
            bill.action_issue()

    def test_no_receivable_account(self):
        bill = self.draft()
        default = self.env["ir.default"].search(
            [
                ("field_id.name", "=", "property_account_receivable_id"),
                ("company_id", "=", self.company.id),
            ]
        )
        self.assertTrue(default)
        default.unlink()
        self.env.registry.clear_cache()
        with self.nothing_lost("Acme Ltd", "no receivable account", "Accounting tab"):
            bill.action_issue()

    def test_no_income_account(self):
        """Neither product, category nor journal says where the income goes."""
        bill = self.draft()
        journal = self._journal("sale")
        journal.default_account_id = False
        try:
            with self.cr.savepoint():
                bill.action_issue()
        except UserError as error:
            self.assertGreater(len(str(error).split()), 5)
            self.assertBill(bill, "draft", name=False)
        else:
            self.assertBill(bill, "new", amount_due=100.0)

    def test_inactive_currency(self):
        currency = self.env.ref("base.CHF")
        currency.active = True
        bill = self.draft(currency_id=currency.id)
        currency.active = False
        with self.nothing_lost("CHF", "not active", "Activate"):
            bill.action_issue()

    def test_hard_locked_period(self):
        """A bill of a day that is locked for good: booked later, or refused."""
        self.company.hard_lock_date = "2026-01-31"
        bill = self.draft(bill_date="2026-01-10")
        try:
            with self.cr.savepoint():
                bill.action_issue()
        except UserError as error:
            self.assertIn("lock", str(error).lower())
            self.assertBill(bill, "draft", name=False)
        else:
            self.assertBill(bill, "new", amount_due=100.0)
            self.assertGreater(str(bill.sudo().invoice_id.date), "2026-01-31")

    # === WORDS === #

    def test_description_of_a_megabyte(self):
        with self.nothing_lost("longer than", "Attach", error=ValidationError):
            self.draft(description="x" * MEGABYTE)
        with self.nothing_lost("longer than", error=ValidationError):
            self.before.description = "<p>" + "é" * MEGABYTE + "</p>"
        long = "x" * 60_000
        self.before.description = long
        self.assertIn(long, self.before.description)

    def test_script_in_the_description(self):
        self.before.description = (
            "<p>Hi</p><script>alert(1)</script><img src=x onerror=alert(2)>"
            "<iframe src='https://evil.example'></iframe>"
            "<form action='/x'><input name='a'></form>"
        )
        self.env.invalidate_all()
        text = str(self.before.description)
        self.assertIn("Hi", text)
        for danger in ("script", "onerror", "alert", "iframe", "<form", "<input"):
            self.assertNotIn(danger, text)

    def test_script_in_plain_fields(self):
        """They are text, and shown as text: in the history too."""
        title = "<script>alert(1)</script>"
        bill = self.issued(title=title)
        self.cancel(bill, reason="<img src=x onerror=alert(1)>")
        self.assertEqual(bill.title, title)
        self.cr.precommit.run()
        for message in bill.sudo().message_ids:
            self.assertNotIn("<script", str(message.body))
            self.assertNotIn("<img", str(message.body))

    # === ACTS === #

    def test_acts_on_nothing(self):
        """An empty selection, or bills that are gone."""
        for act in ("method", "payment", "cancel"):
            model = self.bills.env[f"kavi.bill.{act}.wizard"]
            vals = {"bill_ids": [Command.set([])]}
            if act != "cancel":
                vals["method_id"] = self.check.id
            before = self.counts()
            wizard = model.create(vals)
            action = {
                "method": "action_choose_method",
                "payment": "action_complete_payment",
                "cancel": "action_cancel_bills",
            }[act]
            try:
                with self.cr.savepoint():
                    getattr(wizard, action)()
            except UserError as error:
                self.assertGreater(len(str(error).split()), 3)
            self.assertEqual(self.counts(), before)
        gone = self.draft()
        gone.unlink()
        with self.assertRaises(UserError):
            gone.action_issue()

    def test_payment_without_a_method(self):
        for act in (self.before._choose_method, self.before._complete_payment):
            with self.nothing_lost("Choose a payment method"):
                act(self.env["kavi.payment.method"])

    def test_payment_before_the_bill(self):
        """Money may come early: it is booked on its day."""
        bill = self.issued(bill_date="2026-03-10")
        self.pay(bill, date="2026-03-01")
        self.assertBill(bill, "paid", amount_paid=100.0)
