"""What portal users see of bills, and that they change nothing (KB-72, KB-11)."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPortal(BillingCommon):
    """Portal users see what is theirs, and change nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = {}
        for name in ("billing", "primary", "admin", "employee"):
            cls._portal_user(name, parent_id=cls.account.id)
        for name in ("owner", "stranger"):
            cls._portal_user(name)
        cls.account.write(
            {
                "billing_contact_id": cls.people["billing"].partner_id.id,
                "primary_contact_id": cls.people["primary"].partner_id.id,
                "billing_admin_ids": [Command.set(cls.people["admin"].partner_id.ids)],
            }
        )
        cls.company_bill = cls.issued()
        cls.own_bill = cls.issued(partner_id=cls.people["owner"].partner_id.id)
        cls.drafts = cls.draft() | cls.draft(
            partner_id=cls.people["owner"].partner_id.id
        )

    @classmethod
    def _portal_user(cls, name, **vals):
        user = cls._new_user(f"portal_{name}", "base.group_portal", name=name.title())
        user.partner_id.write(vals)
        cls.people[name] = user

    def seen(self, name):
        """The bills that the portal user finds, each of which they can read."""
        user = self.people[name]
        bills = self.env(user=user, su=False)["kavi.bill"]
        all_ = self.company_bill | self.own_bill | self.drafts
        found = bills.search([("id", "in", all_.ids)])
        found.mapped("title"), found.line_ids.mapped("name")
        for bill in all_ - found:
            with self.assertRaises(AccessError):
                bill.with_env(bills.env).read(["title"])
            with self.assertRaises(AccessError):
                bill.line_ids.with_env(bills.env).read(["name"])
        return found

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_what_is_theirs(self):
        """Account holder, billing and primary contact, company administrator; never
        drafts, never somebody else's."""
        nothing = self.bills.browse()
        for name, wanted in (
            ("owner", self.own_bill),
            ("billing", self.company_bill),
            ("primary", self.company_bill),
            ("admin", self.company_bill),
            ("employee", nothing),
            ("stranger", nothing),
        ):
            with self.subTest(name=name):
                self.assertEqual(self.seen(name).ids, wanted.ids)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_inactive_company(self):
        """KB-11: its people lose access, and have it again when it is active."""
        self.account.active = False
        for name in ("billing", "primary", "admin"):
            self.assertFalse(self.seen(name))
        self.assertEqual(self.seen("owner").ids, self.own_bill.ids)
        self.account.active = True
        self.assertEqual(self.seen("billing").ids, self.company_bill.ids)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_who_is_replaced(self):
        """Another billing contact: the first sees nothing any more."""
        self.account.billing_contact_id = self.people["employee"].partner_id
        self.assertFalse(self.seen("billing"))
        self.assertEqual(self.seen("employee").ids, self.company_bill.ids)

    @mute_logger(
        "odoo.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_nothing_is_changed(self):
        """Not even on one's own bill."""
        bill, owner = self.own_bill, self.people["owner"]
        for model, method, *args in (
            ("kavi.bill", "write", bill.ids, {"title": "Free"}),
            ("kavi.bill", "write", bill.ids, {"due_date": "2036-01-01"}),
            ("kavi.bill", "unlink", bill.ids),
            ("kavi.bill", "create", {"partner_id": 1, "title": "X"}),
            ("kavi.bill", "action_issue", self.drafts.ids),
            ("kavi.bill.line", "write", bill.line_ids.ids, {"price_unit": 0}),
            ("kavi.bill.cancel.wizard", "create", {"bill_ids": [bill.id]}),
            ("kavi.payment.method", "read", self.check.ids, ["name"]),
            ("kavi.bill", "read", bill.ids, ["move_ids"]),
            ("res.partner", "read", owner.partner_id.ids, ["billing_balance"]),
        ):
            with self.subTest(model=model, method=method):
                with self.assertRaises(UserError):
                    self.rpc(owner, model, method, *args)
        self.assertBill(bill, "new", amount_due=100.0)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_other_companies_bills(self):
        """A bill of another of our companies is as much theirs."""
        other = self._new_company("Kavi Abroad")
        self.officer.company_ids |= other
        bills = self.bills.with_context(allowed_company_ids=other.ids)
        owner = self.people["owner"]
        bill = bills.create(
            {"partner_id": owner.partner_id.id, "title": "There", "amount": 5}
        )
        bill.action_issue()
        # what the portal's pages do: access is the rule's, companies are the user's
        seen = self.env(user=owner, su=False)["kavi.bill"].search(
            [("id", "=", bill.id)]
        )
        self.assertFalse(seen - bill)
        stranger = self.env(user=self.people["stranger"], su=False)["kavi.bill"]
        self.assertFalse(stranger.search([("id", "=", bill.id)]))
