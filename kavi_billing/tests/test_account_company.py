"""A contact is not moved out of the reach of the company that bills it: on every path
it is refused with the reason, or everything goes on as before."""

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .test_credit import CreditCommon

STAYS = ("stays with Kavi Tests Ltd", "Leave the company of the contact empty")


@tagged("post_install", "-at_install")
class TestAccountCompany(CreditCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._new_company("Other Ltd")
        cls.users["manager"] = cls._new_user(
            "manager", "base.group_user,base.group_partner_manager"
        )
        cls.users["manager"].company_ids |= cls.other

    def rpc_move(self, contact, **vals):
        return self.rpc("manager", "res.partner", "write", contact.ids, vals)

    def assertGoesOn(self, bill):
        """What can be done with a bill still can."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.pay(bill)
        self.give_back(bill, 10)
        self.assertBill(bill, "refunded", refund_amount=10.0)
        bill.read()

    def test_while_a_bill_stands(self):
        """Open, paid, refunded or not issued yet."""
        steps = (lambda bill: bill.action_issue(), self.pay, self.give_back)
        bill = self.draft(100, partner_id=self.person.id)
        for step in (lambda bill: None, *steps):
            step(bill)
            with self.refused(*STAYS, error=UserError):
                self.person.company_id = self.other
            self.env.invalidate_all()
            with self.refused(*STAYS, error=UserError):
                self.rpc_move(self.person, company_id=self.other.id)
            self.env.invalidate_all()
            self.assertFalse(self.person.company_id)

    def test_when_nothing_stands(self):
        bill = self.issued(100, partner_id=self.person.id)
        self.cancel(bill)
        draft = self.draft(5, partner_id=self.person.id)
        draft.unlink()
        self.rpc_move(self.person, company_id=self.other.id)
        self.assertEqual(self.person.company_id, self.other)
        self.env.invalidate_all()
        bill.read()
        self.assertBill(bill, "canceled")

    def test_own_company_and_all(self):
        """To the company that bills it, to one above it, and to all of them."""
        bill = self.issued(100, partner_id=self.person.id)
        self.rpc_move(self.person, company_id=self.company.id)
        self.rpc_move(self.person, company_id=False)
        self.rpc_move(self.person, company_id=self.company.id)
        self.assertGoesOn(bill)

    def test_open_credit(self):
        credit = self.credit(50, partner_id=self.person.id)
        with self.refused("open credits", *STAYS):
            self.rpc_move(self.person, company_id=self.other.id)
        self.refund_credit(credit)
        self.rpc_move(self.person, company_id=self.other.id)

    def test_by_its_company(self):
        """A contact's company takes its people along: they are not billed."""
        self.env["res.partner"].create(
            {"name": "Employee", "parent_id": self.account.id}
        )
        bill = self.issued(100)
        with self.refused(*STAYS):
            self.rpc_move(self.account, company_id=self.other.id)
        self.assertGoesOn(bill)

    def test_by_a_form_and_an_import(self):
        bill = self.issued(100, partner_id=self.person.id)
        with self.refused(*STAYS), Form(self.person) as form:
            form.company_id = self.other
        self.env.invalidate_all()
        answer = self.rpc(
            "manager",
            "res.partner",
            "load",
            [".id", "company_id/.id"],
            [[str(self.person.id), str(self.other.id)]],
        )
        self.assertIn("stays with", answer["messages"][0]["message"])
        self.assertGoesOn(bill)

    def test_to_another_account(self):
        """A person who is billed does not become somebody of a company, nor a company
        that is billed a person of another."""
        bill = self.issued(100, partner_id=self.person.id)
        with self.refused("belongs to Acme Ltd", error=ValidationError):
            self.rpc_move(self.person, parent_id=self.account.id)
        self.env.invalidate_all()
        daughter = self.env["res.partner"].create(
            {"name": "Daughter", "is_company": True, "parent_id": self.account.id}
        )
        theirs = self.issued(100, partner_id=daughter.id)
        with self.refused("belongs to Acme Ltd", error=ValidationError):
            self.rpc_move(daughter, is_company=False)
        self.env.invalidate_all()
        # ... but it may leave its parent, and a company may become a person
        self.rpc_move(daughter, parent_id=False)
        self.rpc_move(daughter, is_company=False)
        for known in bill, theirs:
            self.assertGoesOn(known)

    def test_archived(self):
        bill = self.issued(100, partner_id=self.person.id)
        self.rpc_move(self.person, active=False)
        self.assertGoesOn(bill)

    def merge(self, source, target):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((source | target).ids, target)
        self.env.invalidate_all()

    def test_merged_into_another_company(self):
        bill = self.issued(100, partner_id=self.person.id)
        target = self.env["res.partner"].create(
            {"name": "Jane", "company_id": self.other.id}
        )
        with self.refused(*STAYS), self.cr.savepoint():
            self.merge(self.person, target)
        self.env.invalidate_all()
        self.assertEqual(bill.partner_id, self.person)
        self.assertGoesOn(bill)

    def test_merged_from_another_company(self):
        """The bill of the one that stays is not dragged along."""
        bill = self.issued(100, partner_id=self.person.id)
        source = self.env["res.partner"].create(
            {"name": "Jane", "company_id": self.other.id}
        )
        with self.refused(*STAYS), self.cr.savepoint():
            self.merge(source, self.person)
        self.env.invalidate_all()
        self.assertGoesOn(bill)

    def test_merged_into_somebody_of_a_company(self):
        """By whoever may merge, with or without a billing role."""
        bill = self.issued(100, partner_id=self.person.id)
        employee = self.env["res.partner"].create(
            {"name": "Jane", "parent_id": self.account.id}
        )
        wizard = self.as_user("manager")["base.partner.merge.automatic.wizard"]
        for role in (wizard, wizard.sudo()):
            with self.assertRaises(UserError), self.cr.savepoint():
                role.create({})._merge(
                    (self.person | employee).ids, employee, extra_checks=False
                )
            self.env.invalidate_all()
        self.assertEqual(bill.partner_id, self.person)
        self.assertGoesOn(bill)

    def test_user_changes_company(self):
        """Odoo takes the contact of a user along."""
        user = self._new_user("member", "base.group_user")
        user.company_ids |= self.other
        user.partner_id.company_id = self.company
        bill = self.issued(100, partner_id=user.partner_id.id)
        with self.refused(*STAYS):
            user.company_id = self.other
        self.env.invalidate_all()
        self.assertGoesOn(bill)
