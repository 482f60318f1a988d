"""Bill kinds: what a bill takes over from its kind, how kinds number their bills, and
what a company sets for all of its bills (KB-13, KB-71, BB-01)."""

from datetime import date
from unittest.mock import patch

from psycopg2 import errors

from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..tools.bill_id import CounterError, UnknownVariableError, split_template
from .common import BillingCommon


class KindCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kinds = cls.as_user("administrator")["kavi.bill.kind"]
        cls.now = cls.env.ref("account.account_payment_term_immediate")
        cls.in_15 = cls.env.ref("account.account_payment_term_15days")
        cls.in_30 = cls.env.ref("account.account_payment_term_30days")

    @classmethod
    def kind(cls, name="Fees", **vals):
        vals = {"name": name, "company_id": cls.company.id, **vals}
        return cls.kinds.create(vals)

    @classmethod
    def term_of(cls, company):
        terms = cls.env["account.payment.term"]
        return terms.create({"name": company.name, "company_id": company.id})

    @classmethod
    def find_account(cls, account_type, company=None):
        return cls.env["account.account"].search(
            [
                ("company_ids", "=", (company or cls.company).id),
                ("account_type", "=", account_type),
            ],
            limit=1,
        )


@tagged("post_install", "-at_install")
class TestKindNumbers(KindCommon):
    def setUp(self):
        super().setUp()
        # what other tests drew is not given back with their rollback
        self.company.billing_sequence_id.number_next_actual = 1

    def names(self, *kinds, day="2026-03-01"):
        return [
            self.issued(kind_id=kind and kind.id, bill_date=day).name for kind in kinds
        ]

    def test_own_counter(self):
        """KB-13: a kind with a template counts for itself, beside the company."""
        fees, talks = (
            self.kind("Fees", bill_id_template="M-$year-$counter"),
            self.kind("Talks", bill_id_template="$counter/T"),
        )
        plain = self.kind("Plain")
        self.assertEqual(
            self.names(fees, talks, plain, fees, False, talks),
            [
                "M-2026-00001",
                "00001/T",
                "2026-00001",
                "M-2026-00002",
                "2026-00002",
                "00002/T",
            ],
        )

    def test_same_template_same_counter(self):
        """Two kinds, or a kind and the company, never give the same ID."""
        own = self.company.billing_id_template
        kinds = [self.kind(f"K{n}", bill_id_template=own) for n in range(2)]
        self.assertEqual(
            self.names(*kinds, False, kinds[0]),
            ["2026-00001", "2026-00002", "2026-00003", "2026-00004"],
        )
        twins = [self.kind(f"T{n}", bill_id_template=" T$counter") for n in range(2)]
        self.assertEqual(self.names(*twins), ["T00001", "T00002"])

    def test_templates_that_spell_the_same(self):
        """One is taken already: it is passed over, also within one batch."""
        literal = self.kind("Literal", bill_id_template="2026-$counter")
        self.assertEqual(
            self.names(False, False, literal, False, literal),
            ["2026-00001", "2026-00002", "2026-00003", "2026-00004", "2026-00005"],
        )
        bills = self.draft(bill_date="2026-03-01") | self.draft(
            bill_date="2026-03-01", kind_id=literal.id
        )
        bills.action_issue()
        self.assertEqual(set(bills.mapped("name")), {"2026-00006", "2026-00007"})

    @mute_logger("odoo.sql_db")
    def test_taken_a_moment_ago(self):
        """By a transaction that this one cannot see: the framework shall try again
        instead of showing an error."""
        first, second = self.issued(bill_date="2026-03-01"), self.draft()
        blind = patch.object(type(first), "_get_taken_ids", lambda *args: set())
        drawn = patch.object(
            type(self.company), "_next_bill_ids", lambda *args: [first.name]
        )
        with blind, drawn, self.assertRaises(ConcurrencyError) as caught:
            with self.cr.savepoint():
                second.action_issue()
        self.assertIsInstance(caught.exception.__cause__, errors.UniqueViolation)

    def test_counter_goes_on_when_a_template_comes_back(self):
        """No ID comes back, for company or kind, whoever drops and takes it again."""
        fees = self.kind(bill_id_template="A$counter")
        self.assertEqual(self.names(fees), ["A00001"])
        fees.bill_id_template = "B$counter"
        self.assertEqual(self.names(fees), ["B00001"])
        self.company.billing_id_template = "A$counter"
        self.assertEqual(self.names(False), ["A00002"])
        fees.bill_id_template = "A$counter"
        self.assertEqual(self.names(fees, False), ["A00003", "A00004"])
        fees.bill_id_template = False
        self.assertEqual(self.names(fees), ["A00005"])

    def test_shared_kind_counts_in_each_company(self):
        other = self._new_company("Kavi Abroad")
        self.officer.company_ids |= other
        shared = self.kind("Shared", company_id=False, bill_id_template="S-$counter")
        here = self.issued(kind_id=shared.id)
        there = self.bills.with_context(
            allowed_company_ids=[other.id, self.company.id]
        ).create(
            {
                "partner_id": self.account.id,
                "title": "There",
                "amount": 5,
                "company_id": other.id,
                "kind_id": shared.id,
            }
        )
        there.action_issue()
        self.assertEqual((here.name, there.name), ("S-00001", "S-00001"))
        self.assertNotEqual(here.company_id, there.company_id)

    def test_refused_templates(self):
        """Where they are made, with an example of a right one."""
        for template in ("$year", "M-", "$counter-$counter", "$counter-$week", "%"):
            with self.subTest(template=template):
                with self.refused("Example: $", error=ValidationError):
                    self.kind(template, bill_id_template=template)
        kind = self.kind(bill_id_template="M-$counter")
        with self.refused("Example: $", error=ValidationError):
            kind.bill_id_template = "$day"

    def test_property_split_template(self):
        """The pure function: what it returns is the template again."""
        for template, parts in (
            ("$counter", ("", "")),
            ("$year-$counter", ("%(year)s-", "")),
            (" B/$counter/$month$day ", ("B/", "/%(month)s%(day)s")),
        ):
            self.assertEqual(split_template(template), parts)
        for template in (None, "", "$year", "$counter$counter", "$COUNTER"):
            with self.assertRaises(CounterError):
                split_template(template)
        for template, unknown in (("$counter$", "$"), ("%$counter$yy", "$yy, %")):
            with self.assertRaises(UnknownVariableError) as caught:
                split_template(template)
            self.assertEqual(str(caught.exception), unknown)

    def test_drawn_in_one_query(self):
        """A batch asks its counter once, however many bills it has."""
        kind = self.kind(bill_id_template="Q$counter")
        self.issued(kind_id=kind.id)
        company = self.company
        company._next_bill_ids([date(2026, 3, 1)], "Q$counter")
        for count in (2, 50):
            with self.assertQueryCount(2):
                ids = company._next_bill_ids([date(2026, 3, 1)] * count, "Q$counter")
            self.assertEqual(len(set(ids)), count)

    def test_counter_that_was_set_up_otherwise(self):
        """No gaps, or a new count each year, as Odoo's sequences have it."""
        sequence = self.company.billing_sequence_id
        sequence.implementation = "no_gap"
        self.assertEqual(self.names(False, False), ["2026-00001", "2026-00002"])
        sequence.write({"implementation": "standard", "use_date_range": True})
        first = self.issued(bill_date="2027-01-05").name
        second = self.issued(bill_date="2028-01-05").name
        self.assertEqual((first, second), ("2027-00001", "2028-00001"))


@tagged("post_install", "-at_install")
class TestKindOfBill(KindCommon):
    def test_term(self):
        """The kind's, before the account's and the company's."""
        kind = self.kind(payment_term_id=self.in_15.id)
        self.account.property_payment_term_id = self.now
        bill = self.draft(kind_id=kind.id)
        self.assertEqual(bill.payment_term_id, self.in_15)
        self.assertEqual(self.draft().payment_term_id, self.now)
        bill.kind_id = False
        self.assertEqual(bill.payment_term_id, self.now)
        bill.kind_id = kind
        self.assertEqual(bill.payment_term_id, self.in_15)

    def test_term_that_was_chosen(self):
        """Stays, whatever kind is chosen then."""
        kind = self.kind(payment_term_id=self.in_15.id)
        chosen = self.env.ref("account.account_payment_term_45days")
        bill = self.draft(payment_term_id=chosen.id)
        bill.kind_id = kind
        self.assertEqual(bill.payment_term_id, chosen)
        both = self.draft()
        both.write({"kind_id": kind.id, "payment_term_id": self.now.id})
        self.assertEqual(both.payment_term_id, self.now)
        at_once = self.draft(kind_id=kind.id, payment_term_id=chosen.id)
        self.assertEqual(at_once.payment_term_id, chosen)

    def test_term_in_the_form(self):
        first = self.kind("First", payment_term_id=self.in_15.id)
        second = self.kind("Second", payment_term_id=self.now.id)
        with Form(self.bills) as form:
            form.partner_id = self.account
            form.title = "Fee"
            self.assertEqual(form.payment_term_id, self.in_30)
            form.kind_id = first
            self.assertEqual(form.payment_term_id, self.in_15)
            form.kind_id = second
            self.assertEqual(form.payment_term_id, self.now)
            form.kind_id = self.kinds
            self.assertEqual(form.payment_term_id, self.in_30)

    def test_journal_and_account(self):
        """Where it is booked, also when the amount changes and when it is given
        back."""
        journal = self.env["account.journal"].create(
            {
                "name": "Members",
                "code": "MEMB",
                "type": "sale",
                "company_id": self.company.id,
            }
        )
        account = self.find_account("income_other")
        kind = self.kind(journal_id=journal.id, account_id=account.id)
        bill = self.issued(kind_id=kind.id)
        invoice = bill.sudo().invoice_id
        self.assertEqual(invoice.journal_id, journal)
        self.assertEqual(invoice.invoice_line_ids.account_id, account)
        self.change_price(bill, 70)
        self.assertEqual(bill.sudo().invoice_id.journal_id, journal)
        self.assertEqual(bill.sudo().invoice_id.invoice_line_ids.account_id, account)
        self.pay(bill)
        self.give_back(bill, 20)
        self.assertEqual(self.notes(bill).journal_id, journal)
        self.assertEqual(self.notes(bill)[-1:].invoice_line_ids.account_id, account)
        self.assertBill(bill, "refunded")

    def test_account_of_the_product_first(self):
        account = self.find_account("income_other")
        product = self.env["product.product"].create({"name": "Seat"})
        product.property_account_income_id = self.find_account("income")
        kind = self.kind(account_id=account.id, product_id=product.id)
        lines = [
            Command.create({"product_id": product.id, "price_unit": 5}),
            Command.create({"name": "Lunch", "price_unit": 5}),
        ]
        bill = self.issued(kind_id=kind.id, line_ids=lines)
        self.assertEqual(
            bill.sudo().invoice_id.invoice_line_ids.account_id,
            product.property_account_income_id | account,
        )

    def test_batch_of_two_journals(self):
        first = self._journal("sale")
        journal = first.copy({"name": "Members", "code": "MEMB"})
        with self.refused("income account", error=ValidationError):
            self.kind("Nowhere", journal_id=journal.id)
        journal.default_account_id = first.default_account_id
        kind = self.kind(journal_id=journal.id)
        bills = self.draft(kind_id=kind.id) | self.draft()
        bills.action_issue()
        self.assertEqual(
            bills.sudo().mapped("invoice_id.journal_id"),
            journal | first,
        )

    def test_offered_methods(self):
        """The kind's, if it names some: never one that is archived."""
        bill, other = self.issued(), self.issued()
        self.assertEqual(bill._get_offered_methods(), self.check | self.wire)
        kind = self.kind(method_ids=[Command.set(self.wire.ids)])
        bill = self.issued(kind_id=kind.id)
        self.assertEqual(bill._get_offered_methods(), self.wire)
        self.assertEqual(other._get_offered_methods(), self.check | self.wire)
        self.wire.active = False
        self.assertEqual(bill._get_offered_methods(), self.check)

    def test_default_kind(self):
        """KB-71: of new drafts, however they are raised, in the company that has
        one."""
        product = self.env["product.product"].create({"name": "Dues"})
        kind = self.kind(product_id=product.id, payment_term_id=self.in_15.id)
        self.company.billing_kind_id = kind
        bill = self.draft()
        self.assertEqual(bill.kind_id, kind)
        self.assertEqual(bill.line_ids.product_id, product)
        self.assertEqual(bill.payment_term_id, self.in_15)
        raised = self.bills._raise_bills(
            [{"partner_id": self.account.id, "title": "Dues", "amount": 7}]
        )
        self.assertEqual(raised.kind_id, kind)
        self.assertEqual(raised.line_ids.product_id, product)
        self.assertEqual(raised.amount_untaxed, 7)
        # none, when none is asked for
        self.assertFalse(self.draft(kind_id=False).kind_id)
        bill.kind_id = False
        self.assertFalse(bill.kind_id)
        with Form(self.bills) as form:
            self.assertEqual(form.kind_id, kind)
            form.partner_id = self.account
            form.title = "By hand"
        kind.active = False
        self.assertFalse(self.draft().kind_id)

    def test_access(self):
        """Kinds are configured by administrators, and seen by who works with them."""
        kind = self.kind()
        for role in ("user", "officer"):
            here = kind.with_user(self.users[role])
            self.assertEqual(here.name, "Fees")
            with self.assertRaises(Exception) as caught:
                here.write({"name": "Mine"})
            self.assertEqual(type(caught.exception).__name__, "AccessError")
        # and an officer issues by a kind whose counter is not made yet
        kind.bill_id_template = "New-$counter"
        self.assertEqual(self.issued(kind_id=kind.id).name, "New-00001")


@tagged("post_install", "-at_install")
class TestKindBadInput(KindCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._new_company("Kavi Abroad")

    def test_bad_input_of_another_company(self):
        """Nothing of another company, refused where it is set."""
        term = self.term_of(self.other)
        method = self.check.copy({"company_id": self.other.id})
        kind = self.kind()
        for vals in (
            {"account_id": self.find_account("income", self.other).id},
            {"journal_id": self._journal("sale", self.other).id},
            {"payment_term_id": term.id},
            {"method_ids": [Command.set(method.ids)]},
        ):
            with self.subTest(**vals), self.assertRaises(UserError):
                kind.sudo().write(vals)

    def test_bad_input_of_a_shared_kind(self):
        """What belongs to one company needs a kind of that company."""
        kind = self.kind(company_id=False)
        for vals in (
            {"account_id": self.find_account("income").id},
            {"journal_id": self._journal("sale").id},
            {"method_ids": [Command.set(self.check.ids)]},
        ):
            with self.subTest(**vals):
                with self.refused("one company", "Fees", error=ValidationError):
                    kind.write(vals)

    def test_bad_input_wrong_type(self):
        kind = self.kind()
        with self.refused("Income", error=ValidationError):
            kind.account_id = self.find_account("expense")
        with self.refused("sales journal", error=ValidationError):
            kind.journal_id = self.bank

    def test_bad_input_in_use(self):
        """Archived instead of deleted; shared as long as others use it."""
        kind = self.kind(company_id=False)
        self.draft(kind_id=kind.id)
        with self.refused("archive", "Fees"):
            kind.unlink()
        kind.company_id = self.company
        kind.company_id = False
        self.other.billing_kind_id = kind
        with self.refused("stays shared", error=ValidationError):
            kind.company_id = self.company
        self.kind("Unused").unlink()

    def test_bad_input_html(self):
        """KB-42: texts that are printed and shown to payers are sanitized."""
        kind = self.kind(
            invoice_text='<p onclick="x()">Hi<script>steal()</script></p>',
            receipt_text='<a href="javascript:x()">here</a>',
        )
        for text in (kind.invoice_text, kind.receipt_text):
            for word in ("script", "onclick", "steal"):
                self.assertNotIn(word, text)

    def test_bad_input_settings_of_another_company(self):
        """KB-71: a company's settings name what is its own."""
        for name, value in (
            ("billing_kind_id", self.kind()),
            ("billing_write_off_account_id", self.find_account("expense")),
            (
                "billing_payment_term_id",
                self.term_of(self.company),
            ),
        ):
            with self.subTest(name=name), self.assertRaises(UserError):
                self.other[name] = value

    def test_bad_input_write_off(self):
        for name, value, word in (
            ("billing_write_off_account_id", self.find_account("asset_cash"), "result"),
            ("billing_write_off_limit", -1, "negative"),
        ):
            with self.subTest(name=name):
                with self.refused(word, error=ValidationError):
                    self.company[name] = value

    def test_bad_input_email(self):
        """KB-71: what is no address is refused where it is set."""
        company = self.company
        for name, value in (
            ("billing_email_from", "billing"),
            ("billing_email_from", "a@example.com, b@example.com"),
            ("billing_email_copy", "a@example.com, nobody"),
            ("billing_email_copy", "a.example.com"),
        ):
            with self.subTest(value=value):
                with self.refused("email address", "Example", error=ValidationError):
                    company[name] = value
        company.billing_email_from = "Billing <billing@example.com>"
        company.billing_email_copy = "a@example.com, B <b@example.com>"
        company.write({"billing_email_from": False, "billing_email_copy": ""})

    def test_two_companies_two_settings(self):
        """KB-71: the settings page sets one company, and the other stays as it is."""
        kind = self.env["kavi.bill.kind"].create(
            {"name": "Abroad", "company_id": self.other.id}
        )
        write_off = self.find_account("expense", self.other)
        settings = self.env["res.config.settings"].with_company(self.other)
        settings.create(
            {
                "billing_payment_term_id": self.in_15.id,
                "billing_id_template": "X$counter",
                "billing_kind_id": kind.id,
                "billing_collect_invoice_number": True,
                "billing_collect_purchase_order": False,
                "billing_email_from": "billing@abroad.example.com",
                "billing_email_copy": "copy@abroad.example.com",
                "billing_apply_credits_automatically": True,
                "billing_allow_part_payment": False,
                "billing_write_off_account_id": write_off.id,
                "billing_write_off_limit": 2.5,
            }
        ).execute()
        self.officer.company_ids |= self.other
        there = self.bills.with_context(
            allowed_company_ids=[self.other.id, self.company.id]
        ).create({"partner_id": self.account.id, "title": "There", "amount": 5})
        there.action_issue()
        here = self.issued()
        self.assertEqual(
            (there.name[0], there.kind_id, there.payment_term_id),
            ("X", kind, self.in_15),
        )
        self.assertEqual(
            (here.name[:2], here.kind_id.id, here.payment_term_id),
            ("20", False, self.in_30),
        )
        self.assertTrue(there.collect_invoice_number and here.collect_purchase_order)
        self.assertFalse(there.collect_purchase_order or here.collect_invoice_number)
        self.assertEqual(self.other.billing_email_from, "billing@abroad.example.com")
        self.assertFalse(self.company.billing_email_from)
        self.assertFalse(self.company.billing_write_off_limit)
        self.assertEqual(self.other.billing_write_off_account_id, write_off)
        self.assertFalse(self.other.billing_allow_part_payment)
        self.assertTrue(self.company.billing_allow_part_payment)
