"""Types, purposes, and who may see and do what (KM-01, KM-07, KM-13, KM-17)."""

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MembersCommon

PUBLIC_METHODS = {
    "kavi.membership": "action_approve action_end action_next_term"
    " action_open_application action_open_bills action_open_contact action_open_series"
    " action_print_card"
    " action_print_certificate action_raise_bill action_renew action_resume",
    "kavi.membership.application": "action_approve_representative"
    " action_deny_representative action_open_status_page",
    "kavi.membership.form": "action_open_page",
    "kavi.membership.act.wizard": "action_do",
    "kavi.membership.add.wizard": "action_add",
    "kavi.membership.dates.wizard": "action_edit",
    "kavi.membership.decide.wizard": "action_decide",
    "kavi.membership.replace.wizard": "action_replace",
    "kavi.membership.use.wizard": "action_use",
    "kavi.membership.seat": "action_activate action_end",
    "kavi.membership.type": "action_open_memberships",
    "res.partner": "action_open_memberships",
}
OVERRIDDEN = "create write copy_data default_get"


@tagged("post_install", "-at_install")
class TestSetup(MembersCommon):
    def test_used_type_stays(self):
        """KM-13: it is retired, not deleted, and is not turned to others."""
        self.add()
        with self.refused("offered"):
            self.kind.unlink()
        with self.refused("stay as they are"):
            self.kind.audience = "company"
        self.kind.date_available_to = "2027-03-09"
        self.assertFalse(self.kind.is_available)
        available = self.env["kavi.membership.type"].search(
            [("is_available", "=", True), ("company_id", "=", self.company.id)]
        )
        self.assertNotIn(self.kind, available)

    def test_groups_of_staff_are_not_granted(self):
        """KM-17"""
        for xml_id in (
            "base.group_user",
            "base.group_system",
            "account.group_account_manager",
        ):
            with self.assertRaises(ValidationError):
                self.kind.grant_group_ids = [Command.set(self.env.ref(xml_id).ids)]
        self.kind.grant_group_ids = self.env["res.groups"].create({"name": "Wiki"})

    def test_newest_fee_counts(self):
        """KM-14"""
        self.kind.fee_ids = [
            Command.create(
                {"occasion": "new", "amount": 150.0, "date_from": "2027-03-10"}
            ),
            Command.create(
                {"occasion": "new", "amount": 190.0, "date_from": "2027-03-11"}
            ),
        ]
        self.assertEqual(self.bill_of(self.add()).amount_total, 150.0)
        day = self.company._billing_today()
        self.assertEqual(self.kind._get_fee("renewal", day).amount, 150.0)
        self.assertFalse(self.kind._get_fee("seat", day))

    def test_preview(self):
        kind = self.new_type("Year", 120.0, term="fixed", proration="month")
        self.assertIn("100.00", kind.preview)
        self.assertIn("12/31/2027", kind.preview)

    def test_purposes(self):
        """KM-01: the pairs of the matrix, and no others."""
        partners = self.env["res.partner"]
        company = partners.create(
            {"name": "Club", "is_company": True, "kavi_purpose": "member_company"}
        )
        person = {"name": "Ann", "parent_id": company.id}
        partners.create({**person, "kavi_purpose": "representative"})
        for purpose in ("individual_member", "staff"):
            with self.assertRaises(ValidationError):
                partners.create({**person, "kavi_purpose": purpose})
        with self.assertRaises(ValidationError):
            partners.create({"name": "Bob", "kavi_purpose": "member_company"})

    def test_company_for_individuals(self):
        """KM-08: its people are members and are billed, it is neither."""
        holder = self.env["res.partner"].create(
            {"name": "All of them", "is_company": True, "is_billing_holder": True}
        )
        kind = self.new_type("Company", audience="company")
        with self.assertRaises(ValidationError):
            self.add(kind, holder)
        self.person.parent_id = holder
        member = self.add()
        self.assertEqual(self.bill_of(member).partner_id, self.person)

    def test_access(self):
        """KM-07: who has no role of Members sees none of it; the roles of billing are
        others."""
        member = self.add()
        portal = self._new_user("visitor", "base.group_portal")
        for user in (self.officer, self.users["accountant"], portal):
            for record in (member, self.kind, member.sudo().history_ids):
                with self.assertRaises(AccessError):
                    record.with_user(user).read([])
        seen = member.with_user(self.users["members_user"])
        self.assertEqual(seen.bill_amount_due, 120.0)
        with self.assertRaises(AccessError):
            _ = seen.bill_id
        for role in ("members_user", "members_officer"):
            with self.assertRaises(AccessError):
                self.kind.with_user(self.users[role]).name = "Mine"
        with self.assertRaises(AccessError):
            seen.intention = "leave"

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_access_calls(self):
        """What clients can call is known, and takes a role of Members; what changes
        something takes that of an officer."""
        self.assertPublicMethods("kavi_members", PUBLIC_METHODS, OVERRIDDEN)
        self._new_user("visitor2", "base.group_portal")
        member = self.add(self.new_type("Moderated", moderate_new=True))
        form = self.env["kavi.membership.form"].create({"name": "Join", "slug": "a-b"})
        application = self.env["kavi.membership.application"].create(
            {"form_id": form.id}
        )
        seat = self.env["kavi.membership.seat"].create(
            {
                "series_id": member.series_id.id,
                "partner_id": self.person.id,
                "date_from": "2027-03-10",
            }
        )
        for model, names in PUBLIC_METHODS.items():
            if model.endswith(".wizard"):
                continue  # nobody but officers opens a window; test_desk asks
            ids = {
                "kavi.membership": member,
                "kavi.membership.application": application,
                "kavi.membership.form": form,
                "kavi.membership.seat": seat,
                "kavi.membership.type": self.kind,
                "res.partner": self.person,
            }[model].ids
            for name in names.split():
                refused = ["officer", "accountant", "user"]
                changes = "open" not in name and "print" not in name
                if changes or name == "action_open_status_page":
                    refused.append("members_user")
                for role in refused:
                    with self.subTest(name, role=role), self.assertRaises(AccessError):
                        self.rpc(role, model, name, ids)
        self.assertMember(member, "pending_moderation")
        self.assertEqual(seat.state, "waiting")

    def test_other_companies_see_nothing(self):
        member = self.add()
        other = self._new_company("Another Ltd")
        user = self._new_user(
            "elsewhere",
            "kavi_members.group_members_officer",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        env = self.env(user=user, su=False, context={"allowed_company_ids": other.ids})
        self.assertFalse(env["kavi.membership"].search([("id", "=", member.id)]))
        with self.assertRaises(AccessError):
            env["kavi.membership"].browse(member.id)._withdraw()

    def test_history_is_nobodys_to_write(self):
        """KM-58"""
        member = self.add()
        row = member.history_ids[0]
        for role in ("members_officer", "members_administrator"):
            with self.assertRaises(AccessError):
                row.with_user(self.users[role]).details = "no"
            with self.assertRaises(AccessError):
                row.with_user(self.users[role]).unlink()
        member._add_note("Called, will send the form")
        self.assertIn(
            "Called", " ".join(member.history_ids.mapped(lambda r: r.details or ""))
        )
