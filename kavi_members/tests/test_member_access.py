"""Access while current (KM-17): groups and tags by terms, seats, companies; what was
given by hand stays. Seats and their caps; the welcome (KM-30); applicants are not found
by their name (KM-28)."""

from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common import MembersCommon


@tagged("post_install", "-at_install")
class TestMemberAccess(MembersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = cls.env["res.groups"].create([{"name": "Wiki"}, {"name": "Votes"}])
        cls.wiki, cls.votes = groups
        cls.tag = cls.env["res.partner.category"].create({"name": "Member"})
        cls.plain = cls.new_type(
            "Plain",
            grace_days=10,
            grant_group_ids=[Command.set(cls.wiki.ids)],
            grant_category_ids=[Command.set(cls.tag.ids)],
        )
        cls.corporate = cls.new_type(
            "Corporate",
            audience="company",
            seat_limit=2,
            welcome=False,
            grant_group_ids=[Command.set(cls.votes.ids)],
        )
        cls.user = cls._new_user("member", "base.group_portal")
        cls.me = cls.user.partner_id
        cls.acme, cls.beta = cls.env["res.partner"].create(
            [
                {"name": "Acme Members", "is_company": True},
                {"name": "Beta Members", "is_company": True},
            ]
        )

    def groups(self, user=None):
        self.env.invalidate_all()
        user = user or self.user
        return {group.name for group in user.group_ids & (self.wiki | self.votes)} | {
            tag.name for tag in user.partner_id.category_id
        }

    def new_person(self, login, company):
        user = self._new_user(login, "base.group_portal")
        user.partner_id.parent_id = company
        user.partner_id.email = f"{login}@acme.example"
        return user

    # === OWN TERMS === #

    def test_table_walk_of_a_term(self):
        """Day by day: current, in grace, over; suspended, and back; renewed late."""
        member = self.add(self.plain, self.me)
        self.assertEqual(self.groups(), {"Wiki", "Member"})
        for act, expected in (
            (lambda: member._suspend("bill?"), set()),
            (lambda: member._resume(), {"Wiki", "Member"}),
        ):
            act()
            self.assertEqual(self.groups(), expected)
        self.go_to("2028-03-12")
        self.job("_cron_walk")
        self.assertMember(member, "expired")
        self.assertEqual(self.groups(), set())
        self.plain.grace_access = True
        self.assertEqual(self.groups(), {"Wiki", "Member"})
        self.go_to("2028-03-30")
        self.job("_cron_walk")
        self.assertEqual(self.groups(), set())
        member._renew()
        self.assertEqual(self.groups(), {"Wiki", "Member"})

    def test_what_was_given_by_hand_stays(self):
        self.user.group_ids = [Command.link(self.wiki.id)]
        self.me.category_id = self.tag
        member = self.add(self.plain, self.me)
        member._end("deleted")
        self.assertEqual(self.groups(), {"Wiki", "Member"})

    def test_two_terms_give_one_group(self):
        """The end of one leaves what the other gives."""
        one, other = self.add(self.plain, self.me), self.add(self.plain, self.me)
        one._end("deleted")
        self.assertEqual(self.groups(), {"Wiki", "Member"})
        other._end("deleted")
        self.assertEqual(self.groups(), set())

    def test_the_type_changes(self):
        self.add(self.plain, self.me)
        self.plain.sudo().grant_group_ids = self.votes
        self.assertEqual(self.groups(), {"Votes", "Member"})

    def test_a_user_made_later(self):
        self.add(self.plain, self.person)
        user = self._new_user("late", "base.group_portal", partner_id=self.person.id)
        self.assertEqual(self.groups(user), {"Wiki", "Member"})

    def test_repaired_by_night(self):
        """Whatever took it away, or left it."""
        member = self.add(self.plain, self.me)
        self.user.group_ids = [Command.unlink(self.wiki.id)]
        self.job("_cron_compare")
        self.assertEqual(self.groups(), {"Wiki", "Member"})
        self.env.cr.execute(
            "UPDATE kavi_membership SET state = 'archived' WHERE id = %s", [member.id]
        )
        self.env.invalidate_all()
        self.job("_cron_compare")
        self.assertEqual(self.groups(), set())

    def test_nobody_is_counted_twice(self):
        """As many queries for thirty as for ten."""
        people = self.env["res.partner"].create(
            [{"name": f"Person {number}"} for number in range(30)]
        )
        kind = self.new_type("Free")
        for person in people:
            self.add(kind, person)
        counts = []
        for some in (people[:10], people):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._update_member_access()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    # === COMPANIES === #

    def test_speakers_and_seats(self):
        """Of a type with seats: who speaks for the company, and who has a seat."""
        speaker, seated, other = (
            self.new_person(login, self.acme) for login in ("speak", "sit", "stand")
        )
        self.acme.primary_contact_id = speaker.partner_id
        member = self.add(self.corporate, self.acme)
        seats = self.env["kavi.membership.seat"]
        seat = seats._invite(member, "Any", "sit@acme.example", "admin")
        self.assertEqual(seat.partner_id, seated.partner_id)
        self.assertEqual(self.groups(speaker), {"Votes"})
        self.assertEqual(self.groups(seated), {"Votes"})
        self.assertEqual(self.groups(other), set())
        seat._end()
        self.assertEqual(self.groups(seated), set())
        self.corporate.seat_limit = 0
        self.assertEqual(self.groups(other), {"Votes"})

    def test_seats_have_a_cap(self):
        member = self.add(self.corporate, self.acme)
        seats = self.env["kavi.membership.seat"]
        one = seats._invite(member, "One", "one@acme.example", "admin")
        seats._invite(member, "Two", "two@acme.example", "admin")
        self.assertEqual((member.seats_used, member.seats_left), (2, 0))
        with self.refused("seats"):
            seats._invite(member, "Three", "three@acme.example", "admin")
        with self.refused("already"):
            seats._invite(member, "Two", "two@acme.example", "admin")
        one._end()
        seats._invite(member, "Three", "three@acme.example", "admin")
        for name, email in (("", "a@b.example"), ("X", "x"), ("X", "a@b.example,c@d")):
            with self.refused("name and an e-mail"):
                seats._invite(member, name, email, "admin")
        self.corporate.seat_limit = 1
        member.invalidate_recordset()
        self.assertEqual((member.seats_used, member.seats_left), (2, 0))
        self.corporate.seat_limit = -1
        seats._invite(member, "Four", "four@acme.example", "admin")

    def test_a_person_in_two_companies(self):
        """A seat in each: the end of one leaves the other's; renewals keep it."""
        seats = self.env["kavi.membership.seat"]
        members = [self.add(self.corporate, one) for one in (self.acme, self.beta)]
        for member in members:
            seat = seats.create(
                {
                    "series_id": member.series_id.id,
                    "partner_id": self.me.id,
                    "date_from": "2027-03-10",
                }
            )
            seat._activate()
        members[0]._end("deleted")
        self.assertEqual(self.groups(), {"Votes"})
        self.go_to("2028-03-10")
        members[1]._renew()
        self.job("_cron_walk")
        self.assertEqual(self.groups(), {"Votes"})
        members[1].next_ids._end("deleted")
        self.assertEqual(self.groups(), set())

    def test_a_company_that_is_archived(self):
        """Its people lose their access, and have it again when it is back."""
        speaker = self.new_person("speak", self.acme)
        self.acme.primary_contact_id = speaker.partner_id
        self.add(self.corporate, self.acme)
        self.assertEqual(self.groups(speaker), {"Votes"})
        self.acme.active = False
        self.assertEqual(self.groups(speaker), set())
        self.acme.active = True
        self.assertEqual(self.groups(speaker), {"Votes"})
        speaker.partner_id.parent_id = self.beta
        self.assertEqual(self.groups(speaker), set())

    def test_access_to_seats(self):
        """By RPC: officers by acts only; nobody else."""
        member = self.add(self.corporate, self.acme)
        seat = self.env["kavi.membership.seat"]._invite(
            member, "One", "one@acme.example", "admin"
        )
        officer = seat.with_user(self.users["members_officer"])
        with self.refused("by hand"):
            officer.state = "waiting"
        officer.action_end()
        self.assertEqual(seat.state, "ended")
        for user in (self.user, self.users["members_user"], self.officer):
            with self.assertRaises(AccessError):
                seat.with_user(user).action_end()

    # === WELCOME === #

    def test_welcome(self):
        """A link that logs in once; no password; nothing for who has a log-in."""
        self.person.email = "new.member@kavi.example"
        self.add(self.plain, self.person)
        mail = self.letters()
        self.assertEqual(len(mail), 1)
        user = self.person.user_ids
        self.assertTrue(user.has_group("base.group_portal"))
        self.assertEqual(self.groups(user), {"Wiki", "Member"})
        self.assertIn("/web/signup", mail.body_html)
        token = (
            mail.body_html.partition("token=")[2].partition("&")[0].partition('"')[0]
        )
        partners = self.env["res.partner"].sudo()
        self.assertTrue(partners._get_partner_from_token(token))
        # Odoo counts with the system's clock here
        with patch.object(
            type(self.person), "_get_login_date", return_value=1806000000
        ):
            self.assertFalse(partners._get_partner_from_token(token))
        user.with_user(user)._update_last_login()
        self.env.flush_all()
        self.env.invalidate_all()
        self.add(self.new_type("Second"), self.person)
        self.assertNotIn("token=", (self.letters() - mail).body_html)

    def letters(self):
        return self.env["mail.mail"].search(
            [("model", "=", "res.users"), ("recipient_ids", "in", self.person.ids)]
        )

    def test_no_log_in_of_somebody_else(self):
        """An address that is another's log-in gives no access to theirs."""
        self.person.email = self.user.login
        self.user.login = self.user.email = "taken@kavi.example"
        self.person.email = "Taken@kavi.example"
        member = self.add(self.plain, self.person)
        self.assertFalse(self.person.user_ids)
        self.assertIn("No log-in was made", self.summaries(member))
        self.assertMember(member, "current")

    def test_staff_stays_staff(self):
        """A group of portal users is not given to who works here; another is."""
        clerk = self._new_user("clerk", "base.group_user")
        portal = self.env["res.groups"].create(
            {"name": "P", "implied_ids": self.env.ref("base.group_portal").ids}
        )
        self.plain.sudo().grant_group_ids = portal | self.wiki
        self.add(self.plain, clerk.partner_id)
        self.assertTrue(clerk._is_internal())
        self.assertEqual(self.groups(clerk), {"Wiki", "Member"})

    def test_the_letter_is_the_users(self):
        """Nobody of the staff reads a link that logs in on the membership."""
        self.person.email = "new.member@kavi.example"
        member = self.add(self.plain, self.person)
        self.env.flush_all()
        texts = " ".join(member.sudo().message_ids.mapped("body"))
        self.assertNotIn("token=", texts)

    # === MERGE === #

    def merge(self, kept, gone):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((kept | gone).ids, kept)
        self.env.invalidate_all()

    def test_merge(self):
        """Memberships and what they give go to who is kept; not above the maximum."""
        kept, gone = self.env["res.partner"].create([{"name": "A"}, {"name": "B"}])
        user = self._new_user("kept", "base.group_portal", partner_id=kept.id)
        member = self.add(self.plain, gone)
        self.merge(kept, gone)
        self.assertEqual(member.partner_id, kept)
        self.assertEqual(kept.kavi_member_status, "current")
        self.assertEqual(self.groups(user), {"Wiki", "Member"})
        other = self.env["res.partner"].create({"name": "C"})
        self.plain.group_id = self.env["kavi.membership.group"].create({"name": "One"})
        self.add(self.plain, other)
        with self.refused("already"):
            self.merge(kept, other)

    # === APPLICANTS === #

    def test_applicants_are_not_found(self):
        applicant = self.env["res.partner"].create(
            {"name": "Zelda Applicant", "kavi_is_pending_member": True}
        )
        self.users["clerk"] = self._new_user("clerk", "base.group_user")
        for role, is_found in (
            ("clerk", False),
            ("accountant", False),
            ("members_user", True),
            ("officer", True),
        ):
            partners = self.env["res.partner"].with_user(self.users[role])
            with self.subTest(role):
                found = partners.name_search("Zelda Applicant")
                self.assertEqual(bool(found), is_found)
                found = partners.search([("name", "=", "Zelda Applicant")])
                self.assertEqual(bool(found), is_found)
                self.assertTrue(partners.search([("id", "=", applicant.id)]))
        self.me.with_user(self.user).name_search("Zelda Applicant")  # no error
        applicant.kavi_is_pending_member = False
        partners = self.env["res.partner"].with_user(self.users["clerk"])
        self.assertTrue(partners.name_search("Zelda Applicant"))
