"""Accounts: who has one, of what type, and how it comes and goes (KB-01 ... KB-07,
KB-09, KB-10)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import BillingCommon


class AccountCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.as_user("officer")["res.partner"]
        cls.employee = cls.env["res.partner"].create(
            {"name": "Ed", "parent_id": cls.account.id, "email": "ed@acme.example"}
        )
        cls.holder = cls.env["res.partner"].create(
            {"name": "Individuals", "is_company": True, "is_billing_holder": True}
        )
        cls.held = cls.env["res.partner"].create(
            {"name": "Hilda", "parent_id": cls.holder.id}
        )


@tagged("post_install", "-at_install")
class TestAccount(AccountCommon):
    def test_four_types(self):
        """KB-02."""
        company = self.partners.create({"name": "Beta", "is_company": True})
        person = self.partners.create({"name": "Bob"})
        both = company | person
        self.assertEqual(both.mapped("billing_account_type"), [False, False])
        both._open_billing_account(pending=True)
        self.assertEqual(
            both.mapped("billing_account_type"), ["pending_company", "pending_user"]
        )
        both.action_approve_billing_account()
        self.assertEqual(both.mapped("billing_account_type"), ["company", "user"])
        found = self.partners.search(
            [("id", "in", both.ids), ("billing_account_type", "=", "user")]
        )
        self.assertEqual(found, person)

    def test_opened_when_first_billed(self):
        """KB-03."""
        bill = self.draft(partner_id=self.person.id)
        self.assertTrue(self.person.is_billing_account)
        self.assertEqual(self.person.billing_account_type, "user")
        bill.action_issue()
        self.assertEqual(bill.partner_id, self.person)

    def test_one_for_a_company_and_its_people(self):
        """KB-01: whoever of the company is named, the company is billed."""
        bill = self.draft(partner_id=self.employee.id)
        self.assertEqual(bill.partner_id, self.account)
        self.assertFalse(self.employee.is_billing_account)
        with self.refused("Acme Ltd", "one account", error=ValidationError):
            self.employee.is_billing_account = True
        with self.refused("Acme Ltd", error=ValidationError):
            self.partners.create(
                {
                    "name": "Eva",
                    "parent_id": self.account.id,
                    "is_billing_account": True,
                }
            )
        self.employee.with_user(self.officer).action_open_billing_account()
        self.assertFalse(self.employee.is_billing_account)

    def test_person_with_an_account_joins_a_company(self):
        """KB-01: the account would have two owners."""
        self.issued(partner_id=self.person.id)
        with self.refused("one account", error=ValidationError):
            self.person.parent_id = self.account

    def test_draft_for_an_employee_by_write(self):
        """Not by another way either."""
        bill = self.draft()
        with self.refused("billed through", "Acme Ltd", error=ValidationError):
            bill.partner_id = self.employee
        self.assertEqual(bill.partner_id, self.account)

    def test_companies_for_individuals(self):
        """KB-04: the holder has no account; its people have, each their own."""
        words = ("Individuals", "company for individuals")
        with self.refused(*words):
            self.draft(partner_id=self.holder.id)
        with self.refused(*words):
            self.holder.with_user(self.officer).action_open_billing_account()
        with self.refused(*words, error=ValidationError):
            self.holder.is_billing_account = True
        other = self.partners.create({"name": "Hugo", "parent_id": self.holder.id})
        for person in (self.held, other):
            bill = self.issued(partner_id=person.id)
            self.assertEqual(bill.partner_id, person)
            self.assertEqual(person.billing_account_type, "user")
            self.assertBill(bill, "new", amount_due=100.0)
            lines = bill.sudo().invoice_id.line_ids
            self.assertEqual(lines.partner_id, person)

    def test_holder_stays_what_it_is_once_billed(self):
        """Entries of its people would move to another partner."""
        self.issued(partner_id=self.held.id)
        with self.refused("Hilda", "billing account"):
            self.holder.is_billing_holder = False
        with self.refused("Acme Ltd", "billing account"):
            self.issued()
            self.account.is_billing_holder = True
        with self.refused("Jane Doe", "person", error=ValidationError):
            self.person.is_billing_holder = True

    def test_opened_by_hand(self):
        """KB-04: the list shows whoever has none and may have one; the button opens
        it; then they are gone from the list."""
        action = self.env.ref("kavi_billing.action_billing_account_candidates")
        ours = self.account | self.person | self.employee | self.holder | self.held
        child = self.partners.create(
            {"name": "Branch", "is_company": True, "parent_id": self.account.id}
        )
        address = self.partners.create(
            {"name": "Ship here", "type": "delivery", "parent_id": self.person.id}
        )
        ours |= child | address
        domain = safe_eval(str(action.domain)) + [("id", "in", ours.ids)]
        listed = self.partners.search(domain)
        self.assertEqual(listed, self.person | self.held | child)
        opened = self.person.with_user(self.officer).action_open_billing_account()
        self.assertEqual(opened["res_id"], self.person.id)
        self.assertTrue(self.person.is_billing_account)
        self.assertEqual(self.partners.search(domain), self.held | child)

    def test_opened_by_the_setting(self):
        """KB-03: companies, persons, both or nobody, when a contact is added."""
        vals = [
            {"name": "Company", "is_company": True},
            {"name": "Person"},
            {"name": "Employee", "parent_id": self.account.id},
            {"name": "Address", "type": "invoice"},
            {"name": "Holder", "is_company": True, "is_billing_holder": True},
            {"name": "Held", "parent_id": self.holder.id},
        ]
        for setting, wanted in (
            ("none", set()),
            ("company", {"Company"}),
            ("person", {"Person", "Held"}),
            ("both", {"Company", "Person", "Held"}),
        ):
            with self.subTest(setting=setting):
                self.company.billing_account_creation = setting
                created = self.partners.create(vals)
                opened = created.filtered("is_billing_account")
                self.assertEqual(set(opened.mapped("name")), wanted)

    def test_setting_of_the_contact_s_company(self):
        other = self._new_company("Kavi Abroad")
        other.billing_account_creation = "both"
        partners = self.env["res.partner"].create(
            [{"name": "Here"}, {"name": "There", "company_id": other.id}]
        )
        self.assertEqual(partners.mapped("is_billing_account"), [False, True])

    def test_setting_does_not_open_accounts_of_companies_themselves(self):
        self.company.billing_account_creation = "both"
        other = self.env["res.company"].create({"name": "Daughter"})
        self.assertFalse(other.partner_id.is_billing_account)

    def test_setting_does_not_open_accounts_of_colleagues(self):
        """KB-03: a new user of this database is no customer; one of the portal is."""
        self.company.billing_account_creation = "both"
        known = self.env["res.partner"].search([("is_billing_account", "=", False)])
        users = self.env["res.users"].create(
            [
                {
                    "name": name,
                    "login": f"kavi_new_{name}",
                    "group_ids": [Command.set(self.env.ref(f"base.group_{name}").ids)],
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    **vals,
                }
                for name, vals in (
                    ("user", {}),
                    ("portal", {}),
                    ("public", {"partner_id": known[:1].id}),
                )
            ]
        )
        opened = users.partner_id.mapped("is_billing_account")
        self.assertEqual(opened, [False, True, False])

    def test_data_follow_the_contact(self):
        """KB-05: the account has no name or address of its own."""
        bill = self.issued()
        self.account.write({"name": "Acme Inc", "email": "new@acme.example"})
        self.assertEqual(bill.partner_id.name, "Acme Inc")
        self.assertIn(bill, self.bills.search([("partner_id", "=ilike", "acme inc")]))

    def test_billing_contact(self):
        """KB-06: billing contact, else primary contact, else none; a person gets their
        own. An invoice address is where mail goes, not who is asked."""
        bill = self.issued()
        account = self.account
        self.assertFalse(account.billing_recipient_id)
        self.assertFalse(bill.contact_id)
        account.primary_contact_id = self.employee
        self.assertEqual(account.billing_recipient_id, self.employee)
        self.env["res.partner"].create(
            {"name": "Bills", "parent_id": account.id, "type": "invoice"}
        )
        account.invalidate_recordset()
        self.assertEqual(account.billing_recipient_id, self.employee)
        boss = self.env["res.partner"].create({"name": "Boss", "parent_id": account.id})
        account.billing_contact_id = boss
        self.assertEqual(account.billing_recipient_id, boss)
        self.assertEqual(bill.contact_id, boss)
        boss.active = False  # left the company
        account.invalidate_recordset()
        self.assertEqual(account.billing_recipient_id, self.employee)
        self.assertEqual(self.person.billing_recipient_id, self.person)

    def test_contacts_are_the_company_s_own(self):
        """Or persons who stand for themselves, never another company's people."""
        other = self.env["res.partner"].create({"name": "Beta", "is_company": True})
        stranger = self.env["res.partner"].create(
            {"name": "John Roe", "parent_id": other.id}
        )
        for vals in (
            {"billing_contact_id": stranger.id},
            {"primary_contact_id": stranger.id},
            {"billing_admin_ids": [Command.set(stranger.ids)]},
        ):
            with self.refused("John Roe", "not a contact of", error=ValidationError):
                self.account.with_user(self.officer).write(vals)
        self.account.with_user(self.officer).billing_contact_id = self.person
        self.assertEqual(self.account.billing_recipient_id, self.person)

    def test_contact_who_leaves(self):
        """Whoever goes to another company is no longer contact of the first."""
        self.account.billing_contact_id = self.employee
        self.account.billing_admin_ids = self.employee
        other = self.env["res.partner"].create({"name": "Beta", "is_company": True})
        try:
            self.employee.parent_id = other
        except UserError:
            return  # refused: as good
        self.assertFalse(self.account.billing_contact_id)
        self.assertFalse(self.account.billing_admin_ids)

    def test_manage_an_account(self):
        """KB-09: its page, with its bills, to work with."""
        bill = self.issued()
        action = self.account.with_user(self.officer).action_manage_billing_account()
        self.assertEqual(action["res_id"], self.account.id)
        account = self.account.with_user(self.officer)
        form = Form(account, view="kavi_billing.view_billing_account_form")
        self.assertEqual(form.billing_balance, 100.0)
        self.assertEqual(len(form.bill_ids), 1)
        self.assertEqual(account.bill_ids, bill)
        self.assertEqual(bill.action_open_account()["res_id"], account.id)


@tagged("post_install", "-at_install")
class TestPendingAccount(AccountCommon):
    """KB-07: an applicant's account becomes a regular one once it is approved and its
    bills are settled, in either order."""

    def setUp(self):
        super().setUp()
        self.person._open_billing_account(pending=True)
        self.bill = self.issued(partner_id=self.person.id)
        self.assertType("pending_user")

    def assertType(self, kind):
        self.env.cr.flush()  # as a commit does: what is pending, then the hooks
        self.assertEqual(self.person.billing_account_type, kind)

    def approve(self):
        self.person.with_user(self.officer).action_approve_billing_account()

    def test_approved_then_paid(self):
        self.approve()
        self.assertType("pending_user")
        self.pay(self.bill)
        self.assertType("user")

    def test_paid_then_approved(self):
        self.pay(self.bill)
        self.assertType("pending_user")
        self.approve()
        self.assertType("user")

    def test_paid_in_invoicing(self):
        self.approve()
        self.register_payment(self.invoice(self.bill))
        self.assertType("user")

    def test_second_bill_open(self):
        other = self.issued(partner_id=self.person.id)
        self.approve()
        self.pay(self.bill)
        self.assertType("pending_user")
        self.cancel(other)
        self.assertType("user")

    def test_a_draft_is_a_bill_to_come(self):
        draft = self.draft(partner_id=self.person.id)
        self.approve()
        self.pay(self.bill)
        self.assertType("pending_user")
        draft.unlink()
        self.assertType("user")

    def test_accepted_by_an_application(self):
        """Whatever is open; and who has no pending account gets none."""
        other = self.env["res.partner"].create({"name": "No account"})
        (self.person | other)._accept_billing_account()
        self.assertType("user")
        self.assertTrue(self.person.is_billing_approved)
        self.assertFalse(other.is_billing_approved or other.is_billing_account)

    def test_regular_for_good(self):
        """A bounced payment does not make a member an applicant again."""
        self.approve()
        payment = self.register_payment(self.invoice(self.bill))
        self.assertType("user")
        payment.action_cancel()
        self.assertType("user")

    def test_opened_again(self):
        """Billing an applicant, or opening the account again, changes nothing."""
        self.person._open_billing_account()
        self.draft(partner_id=self.person.id)
        self.assertType("pending_user")


@tagged("post_install", "-at_install")
class TestDeletedAccount(AccountCommon):
    """KB-10, D-12: only an account that was never billed is deleted."""

    def test_never_billed(self):
        """Drafts go with it; the contact and its history stay."""
        draft = self.draft()
        account = self.account.with_user(self.officer)
        account.action_delete_billing_account()
        self.assertFalse(draft.exists())
        self.assertTrue(account.exists())
        self.assertFalse(account.billing_account_type)
        history = " ".join(map(str, self.account.message_ids.mapped("body")))
        self.assertIn("Membership", history)
        self.assertIn("account deleted", history)

    def test_billed(self):
        """Whatever became of the bill."""
        bills = self.issued() | self.issued(partner_id=self.person.id)
        self.cancel(bills[1])
        for account in (self.account, self.person):
            account = account.with_user(self.officer)
            with self.refused(account.name, "Archive"):
                account.action_delete_billing_account()
            for empty in (False, 0, None, ""):
                with self.refused(account.name, "Archive"):
                    account.write({"is_billing_account": empty})
        self.assertTrue(bills.exists())
        self.assertTrue(self.person.is_billing_account)

    def test_contact_deleted(self):
        """The contact of a billed account stays; another one goes, drafts and all."""
        self.issued()
        with self.refused("Acme Ltd", "Archive"):
            self.account.unlink()
        draft = self.draft(partner_id=self.person.id)
        self.person.unlink()
        self.assertFalse(self.person.exists())
        self.assertFalse(draft.exists())

    def test_archived(self):
        """What may be done instead: the bills stay, and are settled."""
        bill = self.issued()
        self.account.active = False
        self.pay(bill)
        self.assertBill(bill, "paid")
        with self.refused("archived"):
            self.issued()

    def test_user_may_not(self):
        account = self.account.with_user(self.users["user"])
        with self.refused("Officer", error=AccessError):
            account.action_delete_billing_account()
        with self.refused("Officer", error=AccessError):
            account.action_approve_billing_account()
        with self.refused("Officer", error=AccessError):
            account.action_open_billing_account()
