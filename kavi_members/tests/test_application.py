"""From what was typed to pending contacts, and back (KM-28, KM-29); links; what is
removed by night."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import MembersCommon


@tagged("post_install", "-at_install")
class TestApplication(MembersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_account_creation = "both"
        cls.club = cls.new_type("Club", 500.0, audience="company", moderate_new=True)
        cls.applications = cls.env["kavi.membership.application"]

    def apply(self, kind="company", submit=True, **typed):
        typed = {
            "types": self.club.ids,
            "company": {"name": "Applied Ltd", "city": "Bergen", "is_company": False},
            "people": [
                {
                    "name": "Pia Primary",
                    "email": "pia@applied.example",
                    "roles": ["primary", "billing"],
                    "is_billing_account": True,
                },
                {"name": "Otto Other", "email": "otto@applied.example"},
            ],
            **typed,
        }
        application = self.applications.create(
            {"kind": kind, "company_id": self.company.id, "typed": typed}
        )
        if submit:
            application._submit()
        return application

    def test_nothing_before_it_is_submitted(self):
        count = self.env["res.partner"].search_count([])
        application = self.apply(submit=False)
        self.assertEqual(application.state, "draft")
        self.assertEqual(self.env["res.partner"].search_count([]), count)

    def test_company(self):
        """KM-20, KM-28: a pending company with its people, and no account that is a
        regular one, whatever the company's setting opens by itself."""
        application = self.apply()
        company = application.partner_id
        self.assertTrue(company.is_company)
        self.assertEqual(company.city, "Bergen")
        self.assertTrue(company.kavi_is_pending_member)
        self.assertFalse(company.is_billing_account)
        self.assertEqual(company.primary_contact_id.name, "Pia Primary")
        self.assertEqual(company.billing_contact_id.name, "Pia Primary")
        self.assertEqual(
            set(company.child_ids.mapped("kavi_is_pending_member")), {True}
        )
        self.assertEqual(len(company.child_ids), 2)
        member = application.membership_ids
        self.assertMember(member, "pending_moderation")
        member._approve()
        self.assertEqual(company.billing_account_type, "pending_company")
        self.settle(member)
        self.assertMember(member, "current")
        self.assertEqual(company.billing_account_type, "company")
        self.assertEqual(company.kavi_purpose, "member_company")
        self.assertFalse(any(company.child_ids.mapped("kavi_is_pending_member")))
        self.assertEqual(application.state, "done")

    def test_submitted_twice(self):
        application = self.apply()
        self.assertFalse(application._submit())
        self.assertEqual(len(application.membership_ids), 1)

    def test_only_what_is_offered(self):
        for kinds in ([], self.kind.ids, [10**6]):
            with self.subTest(kinds), self.refused("offered"):
                self.apply(types=kinds)
        self.club.date_available_to = "2027-01-01"
        with self.refused("offered"):
            self.apply()

    def test_individual(self):
        application = self.apply("individual", types=self.kind.ids)
        self.assertEqual(application.partner_id.name, "Pia Primary")
        self.assertMember(application.membership_ids, "pending_bill")

    def test_withdrawn(self):
        application = self.apply()
        application.membership_ids._withdraw()
        self.assertEqual(application.state, "withdrawn")

    def test_discard_without_a_bill(self):
        """KM-29: never accepted, nothing billed: company and people go with it."""
        application = self.apply()
        contacts = application.partner_id | application.contact_ids.partner_id
        application.with_user(self.users["members_officer"])._discard()
        self.assertFalse(application.exists())
        self.assertFalse(contacts.exists())

    def test_discard_with_a_bill(self):
        """The name stays on the document; the rest is blank, and out of sight."""
        application = self.apply()
        company = application.partner_id
        application.membership_ids._approve()
        bill = self.bill_of(application.membership_ids)
        application.with_user(self.users["members_officer"])._discard()
        self.assertEqual(bill.state, "canceled")
        self.assertEqual((company.name, company.city), ("Applied Ltd", False))
        self.assertFalse(company.active)
        self.assertFalse(any(application.contact_ids.partner_id.mapped("email")))

    def test_discard_is_for_officers(self):
        application = self.apply()
        with self.assertRaises(AccessError):
            application.with_user(self.users["members_user"])._discard()

    def test_accepted_is_not_discarded(self):
        application = self.apply("individual", types=self.new_type("Free").ids)
        with self.refused("end or delete"):
            application._discard()

    def test_purge(self):
        draft, fresh = self.apply(submit=False), self.apply(submit=False)
        denied = self.apply()
        denied.membership_ids._deny("no")
        self.assertEqual(denied.state, "done")
        company = denied.partner_id
        self.env.cr.execute(
            "UPDATE kavi_membership_application SET write_date = '2027-01-01'"
            " WHERE id = %s",
            [draft.id],
        )
        self.env.cr.execute(
            "UPDATE kavi_membership_application SET write_date = '2027-03-09'"
            " WHERE id = %s",
            [fresh.id],
        )
        self.job("_cron_purge", "kavi.membership.application")
        self.assertFalse(draft.exists())
        self.assertTrue(fresh.exists())
        self.assertEqual(company.city, "Bergen")
        self.go_to("2028-04-01")
        self.job("_cron_purge", "kavi.membership.application")
        self.assertEqual((company.city, company.active), (False, False))
        self.assertEqual(denied.state, "done")

    def test_token(self):
        """KM-24: it opens one application, until an officer renews it."""
        one, other = self.apply(), self.apply()
        token = one._get_access_token()
        self.assertTrue(one._check_access_token(token))
        self.assertFalse(other._check_access_token(token))
        for wrong in ("", None, token[:-1], token.upper(), "ä"):
            self.assertFalse(one._check_access_token(wrong))
        one._renew_access_token()
        self.assertFalse(one._check_access_token(token))

    def test_link_is_used_once(self):
        """KM-44"""
        member = self.add(self.new_type("Free"))
        links = self.env["kavi.membership.link"]
        token = links._make("renew", member)
        link = links._find("renew", token)
        self.assertEqual(link.membership_id, member)
        self.assertNotIn(token, str(link.read()))
        self.assertFalse(links._find("confirm", token))
        self.assertTrue(link._use())
        self.assertFalse(link._use())
        late = links._find("renew", links._make("renew", member, days=1))
        self.go_to("2027-03-12")
        self.assertFalse(late._use())
