from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from .common import payer_path


class PortalJourneyCase(HttpCase):
    """In a browser, as those who are billed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.billing_collect_purchase_order = True
        cls.club, cls.person = cls.env["res.partner"].create(
            [
                {"name": "Journey Rowing Club", "is_company": True},
                {"name": "Joan Stroke"},
            ]
        )
        cls.users = {}
        for name, vals in (
            ("administrator", {"parent_id": cls.club.id}),
            ("member", {}),
        ):
            cls.users[name] = new_test_user(
                cls.env,
                f"journey_{name}",
                "base.group_portal",
                name=f"Journey {name.title()}",
                lang="en_US",
            )
            cls.users[name].partner_id.write(vals)
        people = (cls.users["administrator"] | cls.users["member"]).partner_id
        cls.club.billing_admin_ids = [Command.set(people.ids)]
        methods = cls.env["kavi.payment.method"].search(
            [("company_id", "=", cls.company.id)], order="name"
        )
        check, wire = methods.filtered(lambda m: m.name in ("Check", "Wire Transfer"))
        check.instructions = "<p>Payable to the treasurer</p>"
        wire.instructions = "<p>IBAN of the harbor: 4711</p>"
        wire.surcharge_fixed = 4.0
        cls.check, cls.wire = check, wire
        cls.sails, cls.berth, cls.membership = cls.env["kavi.bill"].create(
            [
                {
                    "partner_id": cls.club.id,
                    "title": "New sails",
                    "amount": 110.0,
                    "bill_date": "2020-02-03",
                    "description": "<p>Two of them</p>",
                },
                {"partner_id": cls.club.id, "title": "Berth", "amount": 40.0},
                {
                    "partner_id": cls.users["member"].partner_id.id,
                    "title": "Own membership",
                    "amount": 15.0,
                },
            ]
        )
        (cls.sails | cls.berth | cls.membership)._issue()

    def assertPending(self, bills, method):
        self.env.invalidate_all()
        for bill in bills:
            self.assertEqual(bill.state, "pending")
            self.assertEqual(bill.payment_method_id, method)


@tagged("post_install", "-at_install")
class TestPortalJourney(PortalJourneyCase):
    def test_journey_of_a_company_administrator(self):
        """KB-19, KB-43 ... KB-46: finds a bill, enters a PO number, chooses wire."""
        self.start_tour(
            "/my/home",
            "kavi_billing_journey_company_administrator",
            login="journey_administrator",
        )
        self.assertPending(self.sails, self.wire)
        self.assertEqual(self.sails.amount_to_pay, 114.0)
        self.assertEqual(self.sails.purchase_order, "PO-2041")
        self.assertEqual(self.sails.invoice_id.ref, "PO-2041")

    def test_journey_of_a_stranger_with_a_link(self):
        """KB-46, KB-48: sees one bill, chooses a method and another one, asks."""
        self.berth._log_note("Between us: they always ask")
        url = payer_path(self.berth)
        self.start_tour(url, "kavi_billing_journey_stranger")
        self.assertPending(self.berth, self.wire)
        question = self.berth.message_ids.filtered(
            lambda message: "June" in (message.body or "")
        )
        self.assertEqual(question.message_type, "comment")

    def test_journey_of_a_person_with_two_accounts(self):
        """KB-43: their own account and a company's; pays two bills at once."""
        credit = self.env["kavi.credit"].create(
            {"partner_id": self.club.id, "amount": 5.0, "reason": "For the delay"}
        )
        credit.action_issue()
        self.start_tour(
            "/my/billing", "kavi_billing_journey_two_accounts", login="journey_member"
        )
        self.assertPending(self.sails | self.berth, self.check)
        self.assertEqual(self.membership.state, "new")


@tagged("post_install", "-at_install")
class TestPortalJourneyPhone(PortalJourneyCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_journey_on_a_phone_in_the_portal(self):
        """The same at 390 pixels, nothing of it out of the window."""
        self.start_tour(
            "/my/home",
            "kavi_billing_journey_company_administrator",
            login="journey_administrator",
        )
        self.assertPending(self.sails, self.wire)
