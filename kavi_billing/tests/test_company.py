"""What a company brings along: Bill IDs from its template (KB-13, KB-71), its methods
and terms, and its own bills beside those of other companies."""

from datetime import date

import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestBillId(BillingCommon):
    def setUp(self):
        super().setUp()
        # what other tests drew is not given back with their rollback
        self.company.billing_sequence_id.number_next_actual = 1

    def template(self, template):
        self.company.billing_id_template = template

    def test_default(self):
        """KB-13: the year of issue and a counter."""
        with self.at("2026-03-01 12:00"):
            first, second = self.issued(), self.issued()
        self.assertEqual(first.name, "2026-00001")
        self.assertEqual(second.name, "2026-00002")

    def test_example_of_the_original(self):
        """KB-13: $month-$day-$year_$counter, as its help shows it."""
        self.template("$month-$day-$year_$counter")
        bill = self.issued(bill_date="2004-10-26")
        self.assertEqual(bill.name, "10-26-2004_00001")

    def test_text_around_the_counter(self):
        for template, name in (
            ("$counter", "00001"),
            ("B/$counter/$year", "B/00002/2026"),
            ("$year$month$counter", "20260300003"),
            ("  INV $counter  ", "INV 00004"),
            ("Nº$counter·é", "Nº00005·é"),
        ):
            with self.subTest(template=template):
                self.template(template)
                bill = self.issued(bill_date="2026-03-01")
                self.assertEqual(bill.name, name)

    def test_refused_templates(self):
        """A template always holds one counter, and nothing that is not known."""
        before = self.company.billing_id_template
        for template, words in (
            ("$year", "$counter exactly once"),
            ("", "$counter exactly once"),
            (False, "$counter exactly once"),
            ("   ", "$counter exactly once"),
            ("$counter-$counter", "$counter exactly once"),
            ("$Counter", "$counter exactly once"),
            ("$counter-$week", "$week"),
            ("$counters", "$counters"),
            ("$years-$counter", "$years"),
            ("$counter $", "$"),
            ("%(year)s-$counter", "%"),
            ("100 % $counter", "%"),
        ):
            with self.subTest(template=template):
                with self.refused(words, "Example", error=ValidationError):
                    self.template(template)
                self.assertEqual(self.company.billing_id_template, before)
        self.assertTrue(self.issued().name)

    def test_counter_goes_on_when_the_template_changes(self):
        """No number comes back, whatever the template says."""
        self.issued(bill_date="2026-03-01")
        self.template("$counter")
        self.assertEqual(self.issued().name, "00002")
        self.template("$year-$counter")
        self.assertEqual(self.issued(bill_date="2026-03-01").name, "2026-00003")

    def test_year_of_the_issue_date(self):
        """Not of the day on which it is typed in."""
        with self.at("2026-01-02 12:00"):
            self.assertEqual(self.issued(bill_date="2025-12-31").name, "2025-00001")
            self.assertEqual(self.issued().name, "2026-00002")

    def test_year_where_the_company_is(self):
        self.company.partner_id.tz = "Pacific/Kiritimati"
        with self.at("2025-12-31 12:00"):
            bill = self.issued()
        self.assertEqual(bill.bill_date, date(2026, 1, 1))
        self.assertEqual(bill.name, "2026-00001")

    def test_never_given_twice(self):
        """A number that was drawn is gone, also when the issue fails after it."""
        bill = self.draft()
        names = set()
        for __ in range(2):
            savepoint = self.cr.savepoint()
            bill.action_issue()
            names.add(bill.name)
            savepoint.close()  # rolled back
            self.assertFalse(bill.name)
        bill.action_issue()
        self.assertEqual(len(names | {bill.name}), 3)

    @mute_logger("odoo.sql_db")
    def test_unique_in_the_database(self):
        """Whatever the code does, two bills of a company do not share an ID."""
        first, second = self.issued(), self.issued()
        self.env.flush_all()
        with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint(flush=False):
            self.env.cr.execute(
                "UPDATE kavi_bill SET name = %s WHERE id = %s", [first.name, second.id]
            )

    @mute_logger("odoo.sql_db")
    def test_issued_bills_have_a_date_in_the_database(self):
        bill = self.draft()
        self.env.flush_all()
        with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint(flush=False):
            self.env.cr.execute(
                "UPDATE kavi_bill SET name = 'X' WHERE id = %s", [bill.id]
            )

    def test_missing_sequence(self):
        """Nothing is numbered without one; the message says where to set it."""
        self.company.billing_sequence_id = False
        bill = self.draft()
        with self.refused("Bill ID", "Settings"):
            bill.action_issue()
        self.assertBill(bill, "draft", name=False)


@tagged("post_install", "-at_install")
class TestCompanies(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._new_company("Kavi Abroad")
        cls.both = [cls.company.id, cls.other.id]

    def there(self, **vals):
        """A bill of the other company, by an officer of both."""
        self.officer.company_ids |= self.other
        bills = self.bills.with_context(allowed_company_ids=self.both)
        vals = {"partner_id": self.account.id, "title": "There", "amount": 5, **vals}
        return bills.create({"company_id": self.other.id, **vals})

    def test_new_company_can_bill_at_once(self):
        """KB-49, KB-71: sequence, two manual methods and a 30-day term, by itself."""
        methods = self.env["kavi.payment.method"].search(
            [("company_id", "=", self.other.id), ("kind", "=", "manual")]
        )
        self.assertEqual(methods.mapped("name"), ["Check", "Wire Transfer"])
        self.assertEqual(methods.mapped("collect_payment_number"), [True, False])
        self.assertEqual(methods.mapped("kind"), ["manual", "manual"])
        self.assertTrue(self.other.billing_sequence_id)
        self.assertEqual(self.other.billing_sequence_id.company_id, self.other)
        self.assertEqual(
            self.other.billing_payment_term_id,
            self.env.ref("account.account_payment_term_30days"),
        )
        bill = self.there(bill_date="2026-03-01")
        bill.action_issue()
        self.assertBill(bill, "new", due_date=date(2026, 3, 31))

    def test_every_company_was_prepared(self):
        """Those that were there before the addon was installed, too."""
        companies = self.env["res.company"].search([])
        self.assertTrue(all(companies.mapped("billing_sequence_id")))
        sequences = companies.mapped("billing_sequence_id")
        self.assertEqual(len(sequences), len(companies))
        served = self.env["kavi.payment.method"].sudo().search([]).company_id
        self.assertLessEqual(companies, served)

    def test_prepared_twice_changes_nothing(self):
        """Methods that were renamed or archived do not come back."""
        self.wire.active = False
        self.check.name = "Cheque"
        sequence = self.company.billing_sequence_id
        self.company._prepare_billing()
        self.assertEqual(self.company.billing_sequence_id, sequence)
        methods = self.env["kavi.payment.method"].with_context(active_test=False)
        methods = methods.search(
            [("company_id", "=", self.company.id), ("kind", "=", "manual")]
        )
        self.assertEqual(methods, self.check | self.wire)

    def test_each_company_counts_for_itself(self):
        (self.company | self.other).billing_sequence_id.number_next_actual = 41
        bill, there = self.issued(), self.there()
        there.action_issue()
        self.assertEqual(bill.name.split("-")[1], "00041")
        self.assertEqual(there.name, bill.name)
        self.assertEqual(there.sudo().invoice_id.company_id, self.other)
        self.assertEqual(
            there.sudo().invoice_id.journal_id, self._journal("sale", self.other)
        )

    def test_one_selection_of_two_companies(self):
        """Issued and canceled together, each in its own books."""
        bills = self.there() | self.draft()
        bills.action_issue()
        for bill in bills:
            self.assertBill(bill, "new")
            self.assertEqual(bill.sudo().invoice_id.company_id, bill.company_id)
        bills._cancel("both")
        for bill in bills:
            self.assertBill(bill, "canceled")
            self.assertEqual(bill.sudo().move_ids.company_id, bill.company_id)

    def test_method_of_another_company(self):
        bill = self.there()
        bill.action_issue()
        with self.refused("Check", "Kavi Tests Ltd", "Kavi Abroad"):
            self.choose(bill, self.check)
        with self.refused("Check", "Kavi Tests Ltd", "Kavi Abroad"):
            self.pay(bill, self.check)
        self.assertBill(bill, "new", amount_due=5.0)

    def test_wizard_takes_bills_of_one_company(self):
        """Each company has its own methods: bills of another are left out."""
        bills = self.draft() | self.there()
        bills = bills.with_context(allowed_company_ids=self.both)
        bills.action_issue()
        self.choose(bills)
        self.assertEqual(set(bills.sudo().mapped("state")), {"new", "pending"})

    def test_draft_moves_to_a_company_of_another_currency(self):
        """It asks in the currency of its company, unless somebody chose another."""
        euro, yen = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", code)])
            for code in ("EUR", "JPY")
        )
        (euro | yen).active = True
        abroad = self._new_company("Kavi Europe", currency_id=euro.id)
        self.officer.company_ids |= abroad
        bills = self.bills.with_context(
            allowed_company_ids=[self.company.id, abroad.id]
        )
        vals = {"partner_id": self.account.id, "title": "Fee", "amount": 5}
        plain, chosen = bills.create([vals, {**vals, "currency_id": yen.id}])
        (plain | chosen).write({"company_id": abroad.id})
        self.assertEqual((plain.currency_id, chosen.currency_id), (euro, yen))
        with Form(bills) as form:
            form.partner_id, form.title = self.account, "Fee"
            form.company_id = abroad
            self.assertEqual(form.currency_id, euro)
            form.currency_id = yen
            form.company_id = self.company
            self.assertEqual(form.currency_id, yen)

    def test_bills_of_other_companies_are_not_seen(self):
        there = self.there()
        there.action_issue()
        here = there.with_user(self.users["user"]).with_context(
            allowed_company_ids=self.company.ids
        )
        self.assertFalse(here.search([("id", "=", there.id)]))
        with self.assertRaises(AccessError):
            here.read(["title"])
        with self.assertRaises(AccessError):
            here.line_ids.read(["name"])

    def test_settings(self):
        """KB-71: template, term and switches from the settings page."""
        settings = (
            self.env["res.config.settings"]
            .with_company(self.other)
            .create(
                {
                    "billing_id_template": "B-$counter",
                    "billing_account_creation": "company",
                    "billing_collect_invoice_number": True,
                }
            )
        )
        settings.execute()
        self.assertEqual(self.other.billing_id_template, "B-$counter")
        self.assertEqual(self.other.billing_account_creation, "company")
        self.assertTrue(self.other.billing_collect_invoice_number)
        self.assertEqual(self.company.billing_id_template, "$year-$counter")
        bill = self.there()
        bill.action_issue()
        self.assertEqual(bill.name[:2], "B-")

    def test_every_setting_is_of_one_company(self):
        """KB-70, KB-71: none is left out of the page, none reaches another company."""
        account = self.env["account.account"].search(
            [("company_ids", "=", self.other.id), ("account_type", "=", "expense")],
            limit=1,
        )
        product = self.env["product.product"].create({"name": "Goodwill"})
        kind = self.env["kavi.bill.kind"].create({"name": "Course"})
        wanted = {
            "billing_payment_term_id": self.env.ref(
                "account.account_payment_term_15days"
            ),
            "billing_kind_id": kind,
            "billing_email_from": "bills@kavi.example",
            "billing_email_copy": "copy@kavi.example",
            "billing_id_template": "B-$counter",
            "billing_account_creation": "both",
            "billing_collect_invoice_number": True,
            "billing_collect_purchase_order": False,
            "billing_notify_new_bill": False,
            "billing_attach_documents": False,
            "billing_link_days": 90,
            "billing_allow_part_payment": False,
            "billing_write_off_account_id": account,
            "billing_write_off_limit": 2.5,
            "billing_fee_account_ids": account,
            "billing_credit_product_id": product,
            "billing_apply_credits_automatically": True,
        }
        self.assertSettings("kavi_billing", self.other, wanted)

    def test_settings_with_a_wrong_template(self):
        settings = self.env["res.config.settings"].with_company(self.other)
        with self.refused("$counter exactly once", error=ValidationError):
            settings.create({"billing_id_template": "$year"}).execute()
