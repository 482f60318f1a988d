"""The moderator's queue and the officer's windows (KM-32 ... KM-41): each act by its
window, one or many, refused ones set aside; look-alikes and *Use This One*."""

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import MembersCommon


@tagged("post_install", "-at_install")
class TestDesk(MembersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moderated = cls.new_type("Moderated", 50.0, moderate_new=True)
        cls.people = cls.env["res.partner"].create(
            [
                {"name": f"Person {number}", "email": f"p{number}@people.example"}
                for number in range(3)
            ]
        )

    def waiting(self, count=3, kind=None):
        members = self.memberships
        for person in self.people[:count]:
            members |= self.add(kind or self.moderated, person)
        return members

    def window(self, name, members, role="members_officer", **context):
        model = self.env[f"kavi.membership.{name}.wizard"]
        return model.with_user(self.users[role]).with_context(
            active_model="kavi.membership",
            active_ids=members.ids,
            active_id=members[:1].id,
            allowed_company_ids=self.company.ids,
            **context,
        )

    # === DECIDE === #

    def test_decide_row_by_row(self):
        """Approve, deny, leave: each as it was said; the text is the applicant's."""
        members = self.waiting()
        window = self.window("decide", members).create(
            {"note": "Look closer", "text": "Come again", "send_mail": True}
        )
        self.assertEqual(set(window.line_ids.mapped("decision")), {"approve"})
        for line, decision in zip(
            window.line_ids, ("approve", "deny", "skip"), strict=True
        ):
            line.decision = decision
        self.assertEqual(window.deny_count, 1)
        window.action_decide()
        approved, denied, left = members
        self.assertMember(approved, "pending_bill")
        self.assertMember(denied, "denied", denial_text="Come again")
        self.assertEqual(denied.denial_reason, "Look closer")
        self.assertMember(left, "pending_moderation")
        mails = self.env["mail.mail"].search([("email_to", "ilike", "people.example")])
        texts = {
            mail.email_to.partition("p")[2][:1] or mail.email_to: mail.body_html
            for mail in mails
            if mail.subject and "your application" in mail.subject
        }
        self.assertEqual(len(texts), 2)
        denial = next(text for text in texts.values() if "not accepted" in text)
        self.assertIn("Come again", denial)
        approval = next(text for text in texts.values() if "is approved" in text)
        self.assertNotIn("Come again", approval)
        self.assertNotIn("Look closer", denial)

    def test_decide_where_somebody_was_faster(self):
        """The others are done; a page says whose decision stands."""
        members = self.waiting()
        window = self.window("decide", members).create({})
        members[1].with_user(self.users["members_administrator"])._deny("no")
        action = window.action_decide()
        report = self.env["kavi.bulk.report"].sudo().browse(action["res_id"])
        self.assertEqual((report.done_count, report.refused_count), (2, 1))
        self.assertIn("decided", report.refused)
        self.assertEqual(
            members.mapped("state"), ["pending_bill", "denied"] + ["pending_bill"]
        )

    def test_decide_on_nothing(self):
        members = self.waiting(1)
        window = self.window("decide", members, kavi_decision="skip").create({})
        with self.refused("at least one"):
            window.action_decide()
        members._approve()
        self.assertFalse(self.window("decide", members).create({}).line_ids)

    def test_table_walk_denial_and_bill(self):
        """The bill of who is denied: open, it is canceled if that is said; paid, a
        person decides."""
        self.company.members_order_individual = "billing_first"
        for paid, cancel, expected in (
            (False, True, "canceled"),
            (False, False, "new"),
        ):
            with self.subTest(paid=paid, cancel=cancel), self.rolled_back():
                member = self.waiting(1)
                member._write_facts({"order": "moderation_first"})
                member._advance()
                window = self.window("decide", member, kavi_decision="deny").create(
                    {"cancel_bill": cancel}
                )
                bill = self.bill_of(member)
                window.action_decide()
                self.commit()
                self.assertEqual(bill.state, expected)
        with self.rolled_back():
            member = self.waiting(1)
            self.settle(member)
            self.window("decide", member, kavi_decision="deny").create(
                {}
            ).action_decide()
            self.assertEqual(self.bill_of(member).state, "paid")
            self.assertIn("Refund the bill?", self.summaries(member))

    # === ACTS WITH A NOTE === #

    def test_table_walk_acts(self):
        """Each act of the window, on what allows it; without its note it is refused."""
        free = self.new_type("Free")
        for act, kind, state, needs_note in (
            ("expedite", self.moderated, "pending_bill", True),
            ("suspend", free, "current", False),
            ("end", free, "archived", False),
            ("delete", free, "archived", False),
            ("note", free, "current", True),
        ):
            with self.subTest(act), self.rolled_back():
                members = self.waiting(2, kind)
                windows = self.window("act", members, kavi_member_act=act)
                if needs_note:
                    with self.refused("note"):
                        windows.create({"note": " "}).action_do()
                windows.create({"note": "Because of it"}).action_do()
                for one in members:
                    self.assertMember(one, state)
                    self.assertTrue(
                        any(
                            "Because of it" in (row.details or "")
                            for row in one.sudo().history_ids
                        )
                    )
        with self.rolled_back():
            members = self.waiting(2, free)
            members[0]._end("deleted")
            windows = self.window("act", members, kavi_member_act="suspend")
            action = windows.create({}).action_do()
            report = self.env["kavi.bulk.report"].sudo().browse(action["res_id"])
            self.assertEqual((report.done_count, report.refused_count), (1, 1))

    def test_end_asks_about_a_paid_bill(self):
        """Whatever is ticked: what was paid is a person's to decide."""
        member = self.add(partner=self.people[0])
        self.settle(member)
        self.window("act", member, kavi_member_act="end").create({}).action_do()
        self.assertMember(member, "archived")
        self.assertIn("Refund the bill?", self.summaries(member))

    def test_delete_cancels_the_bill_if_that_is_said(self):
        for cancel, state in ((True, "canceled"), (False, "new")):
            with self.rolled_back():
                member = self.add(partner=self.people[0])
                self.window("act", member, kavi_member_act="delete").create(
                    {"cancel_bill": cancel}
                ).action_do()
                self.commit()
                self.assertEqual(self.bill_of(member).state, state)
                self.assertFalse(member.active)

    # === ADD, DATES, REPLACE === #

    def test_add(self):
        with Form(self.window("add", self.memberships)) as form:
            form.partner_id = self.people[0]
            form.type_id = self.kind
            self.assertIn("120.00", form.preview)
            form.date_start = "2027-05-01"
            self.assertIn("05/01/2027", form.preview)
            form.is_by_hand = True
            form.fee = 33.0
            self.assertIn("33.00", form.preview)
        action = form.record.action_add()
        member = self.memberships.browse(action["res_id"])
        self.assertMember(member, "pending_bill")
        self.assertEqual(self.bill_of(member).amount_total, 33.0)
        self.settle(member)
        self.assertMember(member, "pending_start", date_start="2027-05-01")

    def test_add_without_a_bill(self):
        window = self.window("add", self.memberships).create(
            {
                "partner_id": self.people[0].id,
                "type_id": self.moderated.id,
                "billed": False,
            }
        )
        member = self.memberships.browse(window.action_add()["res_id"])
        self.assertMember(member, "current")
        self.assertFalse(member.sudo().kavi_bill_ids)

    def test_dates(self):
        member = self.add(self.new_type("Free"), self.people[0])
        with Form(self.window("dates", member)) as form:
            form.date_end = "2027-02-01"
            form.date_start = "2026-02-01"
            form.intention = "leave"
            form.note = "As agreed"
        form.record.action_edit()
        self.assertMember(member, "archived", date_end="2027-02-01", intention="leave")

    def test_replace(self):
        """KM-40: the figures beside the fee: 89 of 365 days are left on 11 December."""
        member = self.add(partner=self.people[0])
        self.settle(member)
        silver = self.new_type("Silver", 73.0)
        self.go_to("2027-12-10")
        with Form(self.window("replace", member)) as form:
            form.type_id = silver
            self.assertAlmostEqual(form.share_left, 100 * 90 / 366, 0)
            self.assertEqual(form.fee, 73.0)
            self.assertGreater(form.old_credit, 20.0)
            form.fee = 18.0
        new = self.memberships.browse(form.record.action_replace()["res_id"])
        self.assertEqual(self.bill_of(new).amount_total, 18.0)
        self.assertMember(member, "current")
        self.settle(new)
        self.go_to("2027-12-11")
        self.job("_cron_walk")
        self.assertMember(new, "current")
        self.assertMember(member, "archived", end_reason="replaced")

    # === WHO MAY === #

    def test_access_to_windows(self):
        """None but officers of Members opens one; and nobody uses another's."""
        member = self.waiting(1)
        names = ("decide", "act", "add", "dates", "replace")
        for name in names:
            for role in ("members_user", "officer", "accountant"):
                with self.subTest(name, role=role), self.assertRaises(AccessError):
                    self.window(name, member, role).create({})
        window = self.window("decide", member).create({})
        other = window.with_user(self.users["members_administrator"])
        with self.assertRaises(AccessError):
            other.action_decide()

    # === THE QUEUE === #

    def test_queue(self):
        """What a moderator sees, for many in as many queries as for few."""
        members = self.waiting()
        self.go_to("2027-03-17")
        self.env.invalidate_all()
        self.assertEqual(members.mapped("waiting_days"), [7, 7, 7])
        names = ["waiting_days", "former_count", "look_alike_count", "bill_state"]
        officer = members.with_user(self.users["members_officer"])
        counts = []
        for some in (officer[:1], officer):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.read(names)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1)

    # === LOOK-ALIKES === #

    def application(self, **typed):
        typed = {
            "types": self.moderated.ids,
            "people": [{"name": "Person 0", "email": "new@people.example"}],
            **typed,
        }
        application = self.env["kavi.membership.application"].create(
            {"kind": typed.pop("kind", "individual"), "typed": typed}
        )
        application._submit()
        return application.with_user(self.users["members_officer"])

    def test_table_walk_look_alikes(self):
        """Same address, number or name, whatever its form; not a company for a person,
        not another applicant, not who is archived."""
        partners = self.env["res.partner"]
        for name, vals, is_alike in (
            ("address", {"name": "X", "email": "NEW@people.example"}, True),
            ("case", {"name": "PERSON 9"}, True),
            ("width", {"name": "Ｐｅｒｓｏｎ 9"}, True),
            ("other", {"name": "Person 8"}, False),
            ("company", {"name": "Person 9", "is_company": True}, False),
            ("archived", {"name": "Person 9", "active": False}, False),
            ("applicant", {"name": "Person 9", "kavi_is_pending_member": True}, False),
        ):
            with self.subTest(name), self.rolled_back():
                alike = partners.create(vals)
                application = self.application(
                    people=[{"name": "Person 9", "email": "new@people.example"}]
                )
                self.assertEqual(alike in application.look_alike_ids, is_alike)
                self.assertEqual(
                    application.membership_ids.look_alike_count, int(is_alike)
                )

    def use(self, application, contact):
        window = self.env["kavi.membership.use.wizard"].with_user(
            self.users["members_officer"]
        )
        window.create(
            {"application_id": application.id, "partner_id": contact.id}
        ).action_use()

    def test_use_this_one(self):
        """Membership and open bill become the contact's; the one of the form goes."""
        application = self.application()
        member = application.membership_ids
        member._approve()
        old, bill = application.partner_id, self.bill_of(member)
        self.use(application, self.people[0])
        self.commit()
        self.assertEqual(member.partner_id, self.people[0])
        self.assertEqual(bill.state, "canceled")
        new = self.bill_of(member)
        self.assertEqual((new.partner_id, new.state), (self.people[0], "new"))
        self.assertFalse(old.exists().active)
        self.assertNotIn("No bill", self.summaries(member))
        self.settle(member)
        self.assertMember(member, "current")

    def test_use_this_one_of_a_company(self):
        acme = self.env["res.partner"].create(
            {
                "name": "Acme Ltd",
                "is_company": True,
                "child_ids": [
                    Command.create({"name": "Ann", "email": "ann@acme.example"})
                ],
            }
        )
        club = self.new_type("Club", 10.0, audience="company", moderate_new=True)
        application = self.application(
            kind="company",
            types=club.ids,
            company={"name": "ACME Ltd"},
            people=[
                {"name": "A. N.", "email": "ann@acme.example", "roles": ["primary"]},
                {"name": "Bob", "email": "bob@acme.example"},
            ],
        )
        old = application.partner_id
        self.use(application, acme)
        self.assertEqual(sorted(acme.child_ids.mapped("name")), ["Ann", "Bob"])
        self.assertEqual(acme.primary_contact_id.name, "Ann")
        self.assertFalse(old.exists())
        self.assertEqual(application.membership_ids.partner_id, acme)

    def test_use_this_one_is_refused(self):
        """Paid already; the group is full; not one of those that look alike."""
        application = self.application()
        with self.refused("look alike"):
            self.use(application, self.people[1])
        with self.rolled_back():
            application.membership_ids._approve()
            self.pay(self.bill_of(application.membership_ids), amount=10.0)
            with self.refused("paid"):
                self.use(application, self.people[0])
        group = self.env["kavi.membership.group"].create({"name": "One"})
        self.moderated.group_id = group
        self.add(self.moderated, self.people[0])
        with self.refused("already"):
            self.use(application, self.people[0])
        self.assertNotEqual(application.membership_ids.partner_id, self.people[0])

    def test_access_to_look_alikes(self):
        application = self.application()
        reader = application.with_user(self.users["members_user"])
        with self.assertRaises(AccessError):
            _ = reader.look_alike_ids
        with self.assertRaises(AccessError):
            reader._use_contact(self.people[0])
