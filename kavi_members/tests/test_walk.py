"""Days go by: the walk, with catch-up and a bad one set aside; what follows a term, and
what officers change of it."""

from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.state import TRANSITIONS
from .common import MembersCommon

JOBS = "odoo.addons.kavi_members.models.kavi_membership.jobs"


class WalkCommon(MembersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.free = cls.new_type(
            "Free", term_number=1, term_unit="months", grace_days=10
        )

    def walk(self, day):
        self.go_to(day)
        self.job("_cron_walk")

    def assertNothingMoves(self, member):
        rows = len(member.sudo().history_ids)
        self.assertFalse(member.sudo()._advance())
        self.job("_cron_walk")
        self.assertEqual(len(member.sudo().history_ids), rows)


@tagged("post_install", "-at_install")
class TestWalk(WalkCommon):
    def test_day_by_day(self):
        """Both edges: the last day is a day of membership, the next one is not."""
        member = self.add(self.free)
        for day, state in (
            ("2027-04-09", "current"),
            ("2027-04-10", "expired"),
            ("2027-04-19", "expired"),
            ("2027-04-20", "archived"),
            ("2027-12-31", "archived"),
        ):
            self.walk(day)
            self.assertMember(member, state)
            self.assertNothingMoves(member)
        self.assertEqual(member.end_reason, "lapsed")
        self.assertEqual(self.person.kavi_member_status, "former")
        self.assertEqual(self.person.kavi_member_since.isoformat(), "2027-03-10")

    def test_forty_days_without_a_job(self):
        """Each change is written down with the day on which it came true."""
        member = self.add(self.free, requested_start="2027-03-12")
        self.walk("2027-06-01")
        self.assertEqual(
            self.path(member),
            [
                ("2027-03-10", "pending_start"),
                ("2027-03-12", "current"),
                ("2027-04-12", "expired"),
                ("2027-04-22", "archived"),
            ],
        )
        self.assertMember(member, "archived", date_activated="2027-03-12")

    def test_the_company_has_its_own_day(self):
        """At noon in London it is tomorrow in Kiritimati: its member is one sooner."""
        member = self.add(self.free, requested_start="2027-03-11")
        self.job("_cron_walk")
        self.assertMember(member, "pending_start")
        self.company.partner_id.tz = "Pacific/Kiritimati"
        self.job("_cron_walk")
        self.assertMember(member, "current")

    def test_a_bad_one_is_set_aside(self):
        members = self.memberships
        for number in range(5):
            partner = self.env["res.partner"].create({"name": f"Member {number}"})
            members |= self.add(self.free, partner)
        bad = members[2]
        original = type(members)._log_moves

        def fail(self, moves):
            if bad.id in self.ids:
                raise ValueError("bad")
            return original(self, moves)

        with (
            patch.object(type(members), "_log_moves", fail),
            mute_logger(JOBS),
        ):
            self.walk("2027-04-10")
        members.invalidate_recordset()
        self.assertEqual(set((members - bad).mapped("state")), {"expired"})
        self.assertEqual(bad.state, "current")
        self.assertIn("The membership does not move by itself", self.summaries(bad))

    def test_walk_costs_what_moves(self):
        """One query finds what a day moves, however many there are."""
        partners = self.env["res.partner"].create(
            [{"name": f"Member {number}"} for number in range(30)]
        )
        self.memberships._add(
            [
                {
                    "partner_id": p.id,
                    "type_id": self.free.id,
                    "company_id": self.company.id,
                }
                for p in partners
            ]
        )
        self.job("_cron_walk")
        companies = self.env["res.company"].search_count([])
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        self.job("_cron_walk")
        self.assertLess(self.env.cr.sql_log_count - before, 15 + 3 * companies)

    def test_events_in_every_state(self):
        """Every act on every state, twice: it is refused with a sentence and changes
        nothing, or it leads where the table says."""
        acts = {
            "approve": lambda one: one._approve(),
            "deny": lambda one: one._deny("no"),
            "expedite": lambda one: one._expedite("so be it"),
            "withdraw": lambda one: one._withdraw(),
            "edit_dates": lambda one: one._edit_dates(
                "2027-03-01", "2027-12-31", "agreed"
            ),
            "suspend": lambda one: one._suspend("hold"),
            "resume": lambda one: one._resume(),
            "raise_bill": lambda one: one.action_raise_bill(),
            "next_term": lambda one: one._move_to_next_term(),
            "renew": lambda one: one._renew(),
            "replace": lambda one: one._replace(self.free.id),
            "end": lambda one: one._end("refunded"),
            "delete": lambda one: one._delete(),
        }
        table = self.memberships._get_acts()
        self.assertEqual(set(acts), set(table) - {"edit", "note"})
        for state in TRANSITIONS:
            for name, act in acts.items():
                if not state:
                    continue
                with self.subTest(state, act=name), self.rolled_back():
                    member = self.bring_to(state)
                    for __ in range(2):
                        before = member.state
                        reason = member._get_refusal(name)
                        if reason:
                            with self.refused(reason):
                                act(member)
                            continue
                        act(member)
                        member.invalidate_recordset()
                        self.assertIn(member.state, table[name].leads[before])
                    self.assertNothingMoves(member)

    def bring_to(self, state):
        kind = self.new_type(
            "Any",
            0.0
            if state in ("current", "expired", "archived", "pending_start")
            else 9.0,
            moderate_new=state in ("pending_moderation", "denied"),
            grace_days=10,
            term_unit="months",
        )
        start = {
            "pending_start": "2027-04-01",
            "expired": "2027-02-05",
            "archived": "2027-01-01",
        }.get(state)
        vals = {"date_start": start} if start else {}
        if state in ("expired", "archived"):
            vals["occasion"] = "upload"
        member = self.add(kind, **vals)
        if state == "denied":
            member._deny("no")
        elif state == "canceled":
            member._withdraw()
        self.assertMember(member, state)
        return member


@tagged("post_install", "-at_install")
class TestSeries(WalkCommon):
    def test_renewal_follows(self):
        """KM-43, KM-45: early, no day is lost, and the old term is not touched."""
        member = self.add(self.free)
        renewal = member._renew()
        self.assertMember(
            renewal, "pending_start", date_start="2027-04-10", date_end="2027-05-09"
        )
        self.assertEqual(renewal.series_id, member)
        self.assertMember(member, "current", date_end="2027-04-09")
        with self.refused("Renewed"):
            member._renew()
        self.walk("2027-04-10")
        self.assertMember(renewal, "current")
        self.assertMember(member, "archived")
        self.assertEqual(renewal.member_number, member.member_number)

    def test_renewal_in_grace(self):
        """KM-50: access at once, and the term starts the day after the old end."""
        kind = self.new_type(
            "Paid", 10.0, term_unit="months", grace_days=30, term_number=1
        )
        member = self.add(kind)
        self.settle(member)
        self.walk("2027-04-20")
        self.assertMember(member, "expired")
        renewal = member._renew()
        self.assertMember(renewal, "pending_bill")
        self.settle(renewal)
        self.assertMember(
            renewal, "current", date_start="2027-04-10", date_activated="2027-04-20"
        )
        self.assertEqual(self.person.kavi_member_status, "current")

    def test_renewal_of_a_lapsed_one(self):
        """Never a term that is over: it starts today, and says so."""
        member = self.add(self.free)
        self.walk("2027-12-01")
        renewal = member._renew()
        self.assertMember(
            renewal, "current", date_start="2027-12-01", date_end="2027-12-31"
        )
        self.assertIn("would be over", " ".join(renewal.history_ids.mapped("details")))

    def test_renewal_canceled_leaves_the_way_free(self):
        kind = self.new_type("Paid", 10.0)
        member = self.add(kind)
        self.settle(member)
        renewal = member._renew()
        renewal._withdraw()
        self.assertMember(member, "current")
        self.assertMember(member._renew(), "pending_bill")

    def test_months_keep_their_day(self):
        """31 January, 28 February, 31 March: counted from the first one."""
        member = self.add(self.free, date_start="2027-01-31", occasion="upload")
        ends = []
        for day in ("2027-03-10", "2027-03-11", "2027-04-10"):
            self.walk(day)
            ends.append(member.date_end.isoformat())
            member = member._renew()
        self.assertEqual(ends, ["2027-02-27", "2027-03-30", "2027-04-29"])

    def test_late_fee_and_renewal_fee(self):
        kind = self.new_type(
            "Paid",
            setup_fee=30.0,
            late_fee=15.0,
            late_fee_after_days=5,
            fee_ids=[
                (0, 0, {"occasion": "new", "amount": 100.0}),
                (0, 0, {"occasion": "renewal", "amount": 80.0}),
            ],
        )
        member = self.add(kind)
        self.assertEqual(self.bill_of(member).amount_total, 130.0)
        self.settle(member)
        self.go_to("2028-03-14")
        with self.rolled_back():
            self.assertEqual(self.bill_of(member._renew()).amount_total, 80.0)
        self.go_to("2028-03-20")
        self.assertEqual(self.bill_of(member._renew()).amount_total, 95.0)

    def test_replace(self):
        """KM-39: the new one starts the next day, the old one ends the day before, and
        its bill stays as it is."""
        member = self.add()
        self.settle(member)
        self.walk("2027-09-09")
        aid = member._get_replace_aid(
            self.new_type("Platinum", 240.0),
            member._add_days(self.company._billing_today(), 1),
        )
        self.assertAlmostEqual(aid["left"], 182 / 366)
        self.assertEqual(aid["old_credit"], 59.67)
        new = member._replace(self.free.id, fee=55.0)
        self.assertMember(new, "pending_bill", fee_amount=55.0)
        self.assertMember(member, "current", date_end="2028-03-09")
        self.settle(new)
        self.assertMember(new, "pending_start", date_start="2027-09-10")
        self.assertMember(member, "current")
        self.walk("2027-09-10")
        self.assertMember(new, "current", date_end="2027-10-09")
        self.assertMember(
            member,
            "archived",
            date_end="2027-09-09",
            date_ended="2027-09-10",
            end_reason="replaced",
        )
        self.assertEqual(self.bill_of(member).state, "paid")

    def test_replace_pending(self):
        member = self.add()
        bill = self.bill_of(member)
        new = member._replace(self.free.id)
        self.assertMember(member, "canceled", end_reason="replaced")
        self.assertEqual(bill.state, "canceled")
        self.assertMember(new, "current", occasion="new")

    def test_delete(self):
        """KM-41: out of sight, never away; the bill is canceled if that is said."""
        for cancel in (True, False):
            with self.rolled_back():
                member = self.add()
                bill = self.bill_of(member)
                member._delete(cancel_bill=cancel, note="by mistake")
                self.assertMember(member, "canceled", active=False)
                self.assertEqual(bill.state, "canceled" if cancel else "new")
        member = self.add(self.free)
        member._delete()
        self.assertMember(member, "archived", active=False, end_reason="deleted")

    def test_unlink(self):
        billed, free = self.add(), self.add(self.free)
        with self.refused("bill"):
            billed.with_user(self.users["members_administrator"]).unlink()
        free.with_user(self.users["members_administrator"]).unlink()
        self.assertFalse(free.exists())

    def test_edit_dates(self):
        """KM-37: forth and back again; the state follows, and a note says why."""
        member = self.add(self.free)
        with self.refused("note"):
            member._edit_dates("2027-03-10", "2027-03-20", "")
        member._edit_dates("2027-01-10", "2027-02-10", "as on paper")
        self.assertMember(member, "archived", end_reason="lapsed")
        member._edit_dates("2027-01-10", "2027-12-31", "a slip")
        self.assertMember(member, "current", end_reason=False)
        member._edit_dates("2027-05-01", False, "for life")
        self.assertMember(member, "pending_start", date_grace=False)
        with self.refused("first day"):
            member._edit_dates("2027-05-01", "2027-04-01", "upside down")
        with self.refused("year"):
            member._edit_dates("0027-05-01", False, "a slip")

    def test_hold(self):
        member = self.add(self.free)
        member._suspend("asked for it")
        self.assertMember(member, "current", suspended=True)
        with self.refused("Suspended"):
            member._suspend("once more")
        member._resume()
        self.assertMember(member, "current", suspended=False)

    def test_upload(self):
        """KM-42: no bill, no moderation; what is past is archived with true dates."""
        kind = self.new_type("Paid", 10.0, moderate_new=True)
        old = self.add(
            kind, occasion="upload", date_start="2025-01-01", date_end="2025-12-31"
        )
        self.assertMember(old, "archived", date_activated="2025-01-01")
        self.assertEqual(
            self.path(old), [("2025-01-01", "current"), ("2026-01-01", "archived")]
        )
        other = self.env["res.partner"].create({"name": "Other"})
        self.assertMember(
            self.add(kind, other, occasion="upload", date_start="2027-01-01"), "current"
        )

    def test_proration_on_the_bill(self):
        """KM-15, KM-52: fixed when the bill is raised, and said on its line."""
        kind = self.new_type("Year", 120.0, term="fixed", proration="month")
        member = self.add(kind)
        bill = self.bill_of(member)
        self.assertEqual(bill.amount_total, 100.0)
        self.assertIn("12/31/2027", bill.line_ids.name)
        self.assertIn("120.00", bill.line_ids.name)
        self.go_to("2027-06-01")
        self.settle(member)
        self.assertMember(
            member, "current", date_start="2027-06-01", date_end="2027-12-31"
        )
        self.assertEqual(member.fee_amount, 100.0)

    def test_payer(self):
        """A gift: the bill is the payer's, the membership the member's."""
        member = self.add(payer_id=self.account.id)
        self.assertEqual(self.bill_of(member).partner_id, self.account)
        self.settle(member)
        self.assertMember(member, "current")
        self.assertFalse(self.account.kavi_member_status)

    def test_zero_by_hand(self):
        member = self.add(fee=0.0)
        self.assertMember(member, "current", billing="none")

    def test_lifetime(self):
        member = self.add(self.new_type("Life", term="lifetime"))
        self.assertMember(member, "current", date_end=False, date_grace=False)
        with self.refused("For Life"):
            member._renew()
        with freeze_time("2090-01-01"):
            self.job("_cron_walk")
            self.assertMember(member, "current")
