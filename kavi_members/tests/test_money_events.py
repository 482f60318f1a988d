"""What becomes of a membership when something becomes of its bill: each event in each
state (KM-27, KM-55), and what a callback that failed has left."""

from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MembersCommon

WORKFLOW = "odoo.addons.kavi_billing.models.kavi_bill.workflow"


@tagged("post_install", "-at_install")
class TestMoneyEvents(MembersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.short = cls.new_type(
            "Short", 60.0, term_number=1, term_unit="months", grace_days=10
        )

    def current(self, kind=None, **vals):
        member = self.add(kind or self.short, **vals)
        self.settle(member)
        return member

    def at(self, state, **vals):
        """A membership whose bill is paid, in that state; and the day."""
        if state == "pending_start":
            member = self.current(requested_start="2027-04-01", **vals)
        else:
            member = self.current(**vals)
        today = {"expired": "2027-04-12", "archived": "2027-06-01"}.get(state)
        if today:
            self.go_to(today)
        member._advance()
        self.assertMember(member, state)
        return member

    def bills_notes(self, member):
        rows = member.sudo().history_ids.filtered(lambda row: row.event == "bill")
        return " ".join(rows.mapped("details"))

    # === pending bill === #

    def test_part_payment_changes_nothing(self):
        member = self.add()
        self.register_payment(self.invoice(self.bill_of(member)), 119.99)
        self.commit()
        self.assertMember(member, "pending_bill", billing="owed")

    def test_pending_canceled(self):
        """The bill is canceled by somebody: an officer is asked, a new one can be
        raised, and it goes on with that."""
        member = self.add()
        self.cancel(self.bill_of(member))
        self.commit()
        self.assertMember(member, "pending_bill", billing="lost")
        self.assertIn("No bill", self.summaries(member))
        member.action_raise_bill()
        self.assertMember(member, "pending_bill", billing="owed")
        self.assertEqual(len(member.sudo().kavi_bill_ids), 2)
        self.settle(member)
        self.assertMember(member, "current")

    def test_pending_with_a_bill_gets_no_second_one(self):
        member = self.add()
        with self.refused("No Bill"):
            member.action_raise_bill()
        member._advance()
        self.assertEqual(len(member.sudo().kavi_bill_ids), 1)

    def test_pending_disputed(self):
        member = self.add()
        self.dispute(self.bill_of(member))
        self.assertMember(member, "pending_bill")
        self.assertIn("in dispute", self.bills_notes(member))
        self.resolve_dispute(self.bill_of(member))
        self.assertIn("is over", self.bills_notes(member))

    def test_pending_reopened(self):
        """Billing first: paid, waiting for approval, and the check bounces."""
        self.company.members_order_individual = "billing_first"
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        self.settle(member)
        self.assertMember(member, "pending_moderation")
        self.bounce(self.bill_of(member))
        self.commit()
        self.assertMember(member, "pending_bill", billing="owed")
        self.settle(member)
        self.assertMember(member, "pending_moderation")

    def test_pending_refunded(self):
        self.company.members_order_individual = "billing_first"
        member = self.add(self.new_type("Silver", 50.0, moderate_new=True))
        self.settle(member)
        self.give_back(self.bill_of(member))
        self.commit()
        self.assertMember(member, "pending_bill", billing="lost")
        self.assertIn("No bill", self.summaries(member))

    # === accepted === #

    def test_refunded_in_part(self):
        for state in ("pending_start", "current", "expired"):
            with self.subTest(state), self.rolled_back():
                member = self.at(state)
                self.give_back(self.bill_of(member), 20.0)
                self.commit()
                self.assertMember(member, state, date_ended=False)
                self.assertIn("Refunded in part", self.summaries(member))
                self.assertIn("the rest is kept", self.bills_notes(member))

    def test_refunded_in_two_parts_is_refunded(self):
        """The second part is heard of, too."""
        self.short.on_refund = "end"
        member = self.at("current")
        self.give_back(self.bill_of(member), 20.0)
        self.commit()
        self.assertMember(member, "current")
        self.give_back(self.bill_of(member), 40.0)
        self.commit()
        self.assertMember(member, "archived", end_reason="refunded")

    def test_refunded(self):
        for state in ("pending_start", "current", "expired", "archived"):
            for policy in ("ask", "end", "keep"):
                for act in (self.give_back, self.cancel):
                    with self.subTest(state, policy=policy), self.rolled_back():
                        self.short.on_refund = policy
                        member = self.at(state)
                        act(self.bill_of(member))
                        self.commit()
                        self.assertRefunded(member, state, policy)

    def assertRefunded(self, member, state, policy):
        ends = policy == "end" and state != "archived"
        ended = "canceled" if state == "pending_start" else "archived"
        self.assertMember(member, ended if ends else state)
        self.assertEqual(bool(member.date_ended), ends)
        asked = "End or keep the membership?" in self.summaries(member)
        self.assertEqual(asked, policy == "ask" and state != "archived")
        self.assertTrue(self.bills_notes(member))

    def test_canceled_on_credit(self):
        """The gate "issued": the bill is canceled unpaid, and its policy counts."""
        kind = self.new_type("Credit", 50.0, billing_gate="issued", on_refund="end")
        member = self.add(kind)
        self.cancel(self.bill_of(member))
        self.commit()
        self.assertMember(member, "archived", end_reason="bill_canceled")

    def test_reopened(self):
        for state in ("pending_start", "current", "expired", "archived"):
            for policy in ("suspend", "keep"):
                with self.subTest(state, policy=policy), self.rolled_back():
                    self.short.on_reopen = policy
                    member = self.at(state)
                    dates = member.date_start, member.date_end
                    self.bounce(self.bill_of(member))
                    self.commit()
                    suspends = policy == "suspend" and state != "archived"
                    self.assertMember(member, state, suspended=suspends)
                    self.assertEqual((member.date_start, member.date_end), dates)
                    self.assertIn("A payment was taken back", self.summaries(member))
                    self.settle(member)
                    self.assertMember(member, state, suspended=False)

    def test_reopened_suspends_after_days(self):
        self.short.suspend_after_days = 5
        member = self.at("current")
        self.bounce(self.bill_of(member))
        self.commit()
        self.assertMember(member, "current", suspended=False, suspend_on="2027-03-15")
        with freeze_time("2027-03-16 12:00:00"):
            self.job("_cron_walk")
            self.assertMember(member, "current", suspended=True)
            self.settle(member)
            self.assertMember(member, "current", suspended=False)

    def test_one_bill_touches_one_term(self):
        """Complaint of others: what becomes of the renewal leaves the old term."""
        member = self.at("current")
        renewal = member._renew()
        self.assertMember(renewal, "pending_bill")
        self.cancel(self.bill_of(renewal))
        self.commit()
        self.assertMember(renewal, "pending_bill", billing="lost")
        self.assertMember(member, "current")

    def test_paid_after_the_end(self):
        member = self.add()
        member._delete(cancel_bill=False)
        self.assertMember(member, "canceled")
        self.settle(member)
        self.assertMember(member, "canceled")
        self.assertIn("Paid, but over", self.summaries(member))

    def test_drafts_and_deletion(self):
        """A draft that somebody deletes: the step has no bill."""
        member = self.add()
        self.cancel(self.bill_of(member))
        self.commit()
        member.sudo()._write_facts({"billing": "owed"})
        draft = member.sudo()._raise_kavi_bills(
            [{"partner_id": self.person.id, "title": "Draft", "amount": 5.0}],
            issue=False,
        )
        member.sudo().activity_ids.unlink()
        draft.with_user(self.officer).unlink()
        self.assertMember(member, "pending_bill", billing="lost")
        self.assertIn("No bill", self.summaries(member))

    # === a callback that failed === #

    def test_crash_between_payment_and_activation(self):
        """The payment stands, and the comparison at night does what was left."""
        member = self.add()
        with (
            patch.object(
                type(member), "_kavi_bills_paid", side_effect=ValueError("crashed")
            ),
            mute_logger(WORKFLOW),
        ):
            self.settle(member)
        self.assertMember(member, "pending_bill", billing="owed")
        self.assertEqual(self.bill_of(member).state, "paid")
        model = self.memberships.sudo()
        self.assertEqual(model._find_unheard(), member.ids)
        self.job("_cron_compare")
        self.assertMember(member, "current", billing="settled")
        self.assertFalse(model._find_unheard())

    def test_comparison_hears_refund_and_reopening(self):
        for event, act, state, suspended in (
            ("refunded", self.give_back, "archived", False),
            ("canceled", self.cancel, "archived", False),
            ("reopened", self.bounce, "current", True),
        ):
            with self.subTest(event), self.rolled_back():
                self.short.on_refund = "end"
                member = self.at("current")
                with (
                    patch.object(
                        type(member), f"_kavi_bills_{event}", side_effect=ValueError
                    ),
                    mute_logger(WORKFLOW),
                ):
                    act(self.bill_of(member))
                    self.commit()
                self.assertMember(member, "current", suspended=False)
                self.job("_cron_compare")
                self.assertMember(member, state, suspended=suspended)
                self.assertFalse(self.memberships.sudo()._find_unheard())

    def test_comparison_has_nothing_to_do(self):
        members = self.add() | self.at("current") | self.add(self.new_type("Free"))
        self.choose(self.bill_of(members[0]))
        self.commit()
        self.job("_cron_compare")
        self.assertFalse(self.memberships.sudo()._find_unheard())
        self.assertEqual(
            members.mapped("state"), ["pending_bill", "current", "current"]
        )
