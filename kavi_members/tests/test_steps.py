"""The steps of an application, from the first to the term (KM-16)."""

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import MembersCommon


@tagged("post_install", "-at_install")
class TestSteps(MembersCommon):
    def test_free_passes_by_itself(self):
        """KM-25: nothing to pay, nothing to approve: a member at once."""
        member = self.add(self.new_type("Free"))
        self.assertMember(
            member,
            "current",
            billing="none",
            date_start="2027-03-10",
            date_end="2028-03-09",
            date_activated="2027-03-10",
        )
        self.assertFalse(member.sudo().kavi_bill_ids)

    def test_paid_goes_on_by_itself(self):
        """KM-27, KM-51: the bill is raised with the step, and paying it goes on."""
        member = self.add()
        self.assertMember(member, "pending_bill", billing="owed", date_start=False)
        bill = self.bill_of(member)
        self.assertEqual(
            (bill.state, bill.amount_total, bill.created_by),
            ("new", 120.0, "Kavi Members"),
        )
        self.settle(member)
        self.assertMember(member, "current", billing="settled")
        self.assertTrue(member.member_number)
        self.assertEqual(
            self.path(member),
            [("2027-03-10", "pending_bill"), ("2027-03-10", "current")],
        )

    def test_moderation_first(self):
        """KM-25: there is no bill before the approval."""
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        self.assertMember(member, "pending_moderation", moderation="waiting")
        self.assertFalse(member.sudo().kavi_bill_ids)
        member.action_approve()
        self.assertMember(member, "pending_bill")
        self.settle(member)
        self.assertMember(member, "current")

    def test_billing_first(self):
        self.company.members_order_individual = "billing_first"
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        self.assertMember(member, "pending_bill")
        self.settle(member)
        self.assertMember(member, "pending_moderation")
        member.action_approve()
        self.assertMember(member, "current")

    def test_the_setting_moves_nobody_who_is_on_the_way(self):
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        self.company.members_order_individual = "billing_first"
        member._advance()
        self.assertMember(member, "pending_moderation")

    def test_start_ahead(self):
        member = self.add(self.new_type("Free"), requested_start="2027-04-01")
        self.assertMember(member, "pending_start", date_end="2028-03-31")
        self.assertFalse(member.date_activated)

    def test_on_credit(self):
        """The gate "issued" passes with the bill, unpaid."""
        member = self.add(self.new_type("Credit", 50.0, billing_gate="issued"))
        self.assertMember(member, "current", billing="settled")
        self.assertEqual(self.bill_of(member).state, "new")

    def test_pending_until_accepted(self):
        """KM-28: contact, account and membership become regular together."""
        self.person.sudo().kavi_is_pending_member = True
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        member.action_approve()
        self.assertEqual(self.person.billing_account_type, "pending_user")
        self.settle(member)
        self.assertEqual(self.person.billing_account_type, "user")
        self.assertFalse(self.person.kavi_is_pending_member)
        self.assertEqual(self.person.kavi_purpose, "individual_member")
        self.assertEqual(self.person.kavi_member_status, "current")

    def test_denied(self):
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        member._deny("no such person", "We are sorry.")
        self.assertMember(member, "denied", end_reason="denied")
        with self.refused("decided on"):
            member._approve()

    def test_approve_twice(self):
        """The second one reads who was faster."""
        member = self.add(self.new_type("Silver", moderate_new=True))
        member._approve()
        with self.refused("kavi_members_officer"):
            member._approve()

    def test_roles(self):
        member = self.add(self.new_type("Silver", moderate_new=True))
        for role in ("members_user", "officer"):
            with self.assertRaises(AccessError):
                member.with_user(self.users[role])._approve()
        with self.assertRaises(AccessError):
            self.as_user("members_user")["kavi.membership"]._add(
                [{"partner_id": self.person.id, "type_id": self.kind.id}]
            )

    def test_facts_are_no_ones_to_write(self):
        member = self.add()
        for name, value in {
            "state": "current",
            "billing": "settled",
            "moderation": "approved",
            "date_end": "2030-01-01",
            "type_id": self.new_type("Other").id,
        }.items():
            with self.subTest(name), self.refused("by hand"):
                self.rpc(
                    "members_officer", member._name, "write", member.ids, {name: value}
                )
        with self.assertRaises(AccessError):
            self.rpc(
                "members_officer",
                member._name,
                "create",
                {"partner_id": self.person.id, "type_id": self.kind.id},
            )
        member.intention = "leave"
        self.assertEqual(member.intention, "leave")

    def test_expedite(self):
        """KM-38: the bill stays, and is owed."""
        member = self.add()
        with self.refused("note"):
            member._expedite(" ")
        member._expedite("The board said so")
        self.assertMember(member, "current", billing="settled")
        self.assertEqual(self.bill_of(member).state, "new")

    def test_withdraw(self):
        member = self.add()
        member._withdraw()
        self.assertMember(member, "canceled", end_reason="withdrawn")
        self.assertEqual(self.bill_of(member).state, "canceled")
        self.assertNotIn("No bill", self.summaries(member))

    def test_withdraw_not_when_paid(self):
        self.company.members_order_individual = "billing_first"
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        self.settle(member)
        with self.refused("Paid"):
            member._withdraw()

    def test_deny_leaves_a_paid_bill(self):
        """KM-35: money is never given back by itself."""
        self.company.members_order_individual = "billing_first"
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        self.settle(member)
        member._deny("no")
        self.assertMember(member, "denied")
        self.assertEqual(self.bill_of(member).state, "paid")
        self.assertIn("Refund the bill?", self.summaries(member))

    def test_missed_term(self):
        """Approved when the term it was billed for is over: an officer decides."""
        self.company.members_order_individual = "billing_first"
        kind = self.new_type("Year", 50.0, moderate_new=True, term="fixed")
        member = self.add(kind)
        self.assertMember(member, "pending_bill", date_end="2027-12-31")
        self.settle(member)
        with freeze_time("2028-01-05 12:00:00"):
            member._approve()
            self.assertMember(member, "pending_start", is_missed=True)
            self.assertIn("The term is over before it began", self.summaries(member))
            member._move_to_next_term("as agreed")
            self.assertMember(
                member,
                "current",
                is_missed=False,
                date_start="2028-01-05",
                date_end="2028-12-31",
            )

    def test_maximum(self):
        """KM-19"""
        group = self.env["kavi.membership.group"].create(
            {"name": "Main", "company_id": self.company.id}
        )
        kind = self.new_type("One", group_id=group.id)
        first = self.add(kind)
        with self.refused("Main"):
            self.add(kind)
        second = first._renew()
        self.assertEqual(second.series_id, first)

    def test_company_and_people_apart(self):
        """KM-10"""
        with self.refused("Gold"):
            self.add(partner=self.account)
