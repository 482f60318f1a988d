"""Who sees bills and who acts on them (KB-72)."""

from itertools import product

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BillingCommon

READS = {"user", "officer", "administrator", "accountant"}


ACTS = {"officer", "administrator"}


@tagged("post_install", "-at_install")
class TestRoles(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["stranger"] = cls._new_user("stranger", "base.group_user")
        cls.users["portal"] = cls._new_user("portal", "base.group_portal")
        cls.users["public"] = cls.env.ref("base.public_user")
        cls.bill = cls.issued()
        cls.a_draft = cls.draft()
        cls.kind = cls.env["kavi.bill.kind"].create({"name": "Fees"})

    def allowed(self, role, model, method, *args):
        """Whether a client of that role may make the call; it is undone again."""
        savepoint = self.cr.savepoint()
        try:
            self.rpc(role, model, method, *args)
            self.env.flush_all()
        except AccessError:
            return False
        finally:
            savepoint.close()
        return True

    def assertAllowed(self, roles, model, method, *args):
        allowed = {r for r in self.users if self.allowed(r, model, method, *args)}
        self.assertEqual(allowed, set(roles), f"{model}.{method}")

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_bills(self):
        """Users and accountants see; officers and administrators act."""
        draft, line = self.a_draft, self.a_draft.line_ids
        new = {"partner_id": self.account.id, "title": "X", "amount": 5}
        calls = {
            "kavi.bill": (
                (READS, "read", draft.ids, ["title", "state", "amount_due"]),
                (ACTS, "write", draft.ids, {"title": "Y"}),
                (ACTS, "create", [new]),
                (ACTS, "unlink", draft.ids),
                (ACTS, "copy", draft.ids),
                (ACTS, "action_issue", draft.ids),
            ),
            "kavi.bill.line": (
                (READS, "read", line.ids, ["price_unit"]),
                (ACTS, "write", line.ids, {"price_unit": 5}),
                (ACTS, "unlink", line.ids),
                (ACTS, "create", [{"bill_id": draft.id, "name": "X"}]),
            ),
        }
        for model, rows in calls.items():
            for roles, method, *args in rows:
                self.assertAllowed(roles, model, method, *args)
        for role in self.users:
            try:
                found = self.rpc(role, "kavi.bill", "search", [("id", "=", draft.id)])
            except AccessError:
                found = []
            self.assertEqual(found, draft.ids if role in READS else [], role)
            fields, row = ["title", "partner_id/.id"], ["X", str(self.account.id)]
            savepoint = self.cr.savepoint()
            answer = self.rpc(role, "kavi.bill", "load", fields, [row])
            savepoint.close()
            self.assertEqual(bool(answer["ids"]), role in ACTS, role)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_wizards(self):
        """The acts themselves, for officers and administrators only."""
        for model, vals in (
            ("kavi.bill.method.wizard", {"method_id": self.check.id}),
            ("kavi.bill.payment.wizard", {"method_id": self.check.id}),
            ("kavi.bill.cancel.wizard", {}),
        ):
            vals["bill_ids"] = [Command.set(self.bill.ids)]
            self.assertAllowed(ACTS, model, "create", vals)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_configuration(self):
        """Kinds and methods are read by whoever reads bills, set by administrators."""
        readers = {"user", "officer", "administrator", "accountant"}
        for record in (self.check, self.kind):
            model, new = record._name, {"name": "X"}
            self.assertAllowed(readers, model, "read", record.ids, ["name"])
            self.assertAllowed(
                {"administrator"}, model, "write", record.ids, {"name": "Y"}
            )
            self.assertAllowed({"administrator"}, model, "create", [new])
            self.assertAllowed({"administrator"}, model, "unlink", record.ids)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_accounts(self):
        """Contacts are many people's; what makes an account of one is billing's."""
        billers = {"user", "officer", "administrator"}
        ids = self.account.ids
        fields = ["is_billing_account", "billing_balance", "bill_ids"]
        self.assertAllowed(billers, "res.partner", "read", ids, fields)
        for vals in (
            {"is_billing_account": True},
            {"is_billing_pending": True},
            {"is_billing_approved": True},
            {"billing_contact_id": False},
        ):
            self.assertAllowed(ACTS, "res.partner", "write", ids, vals)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_books_are_the_accountant_s(self):
        """An officer's acts make entries; the entries themselves are not theirs."""
        move = self.bill.sudo().invoice_id
        for role in ("user", "officer", "administrator"):
            self.assertFalse(
                self.allowed(role, "account.move", "write", move.ids, {"ref": "X"})
            )
            self.assertFalse(
                self.allowed(role, "account.move", "button_draft", move.ids)
            )
            self.assertFalse(
                self.allowed(role, "kavi.bill", "read", self.bill.ids, ["move_ids"])
            )
        self.assertTrue(
            self.allowed("accountant", "kavi.bill", "read", self.bill.ids, ["move_ids"])
        )

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model")
    def test_every_view_opens_for_every_role(self):
        """No screen asks for a field that its reader may not see."""
        wanted = ("list", "form", "kanban", "search", "pivot", "graph", "calendar")
        for role, view in product(sorted(READS), wanted):
            with self.subTest(role=role, view=view):
                bills = self.as_user(role)["kavi.bill"]
                views = bills.get_views([(False, view)])
                fields = views["models"]["kavi.bill"]["fields"]
                if view == "form":
                    bills.browse(self.bill.id).web_read(
                        {name: {} for name in fields if name in bills._fields}
                    )
                elif view in ("list", "kanban", "calendar"):
                    bills.web_search_read(
                        [("id", "=", self.bill.id)], {name: {} for name in fields}
                    )
        for role in ("user", "officer", "administrator"):
            account = self.as_user(role)["res.partner"].browse(self.account.id)
            view = self.env.ref("kavi_billing.view_billing_account_form")
            fields = account.get_views([(view.id, "form")])["models"]["res.partner"]
            account.web_read({name: {} for name in fields["fields"]})
