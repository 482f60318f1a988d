"""Who sees bills and who acts on them, by any call a client can make (KB-72, KB-11)."""

from itertools import product

from odoo.exceptions import AccessError, UserError
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
        """Kinds and methods are read by whoever bills, set by administrators."""
        billers = {"user", "officer", "administrator"}
        for record in (self.check, self.kind):
            model, new = record._name, {"name": "X"}
            self.assertAllowed(billers, model, "read", record.ids, ["name"])
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


@tagged("post_install", "-at_install")
class TestCraftedCalls(BillingCommon):
    """An officer's client that sends what no screen would."""

    CONTEXTS = (
        {"kavi_act": 1},
        {"kavi_act": True},
        {"kavi_act": "_ACT"},
        {"kavi_act": {}},
        {"kavi_act": "<object object>"},
        {"su": True, "uid": 1, "tracking_disable": True, "install_mode": True},
    )

    def test_contexts_open_nothing(self):
        bill, draft = self.issued(), self.draft()
        for context in self.CONTEXTS:
            for record in (bill, draft):
                for vals in ({"state": "paid"}, {"name": "X"}, {"is_canceled": True}):
                    with self.subTest(context=context, vals=vals):
                        with self.refused("cannot be set by hand"):
                            self.rpc(
                                "administrator",
                                "kavi.bill",
                                "write",
                                record.ids,
                                vals,
                                context=context,
                            )
        self.assertBill(bill, "new", amount_due=100.0)
        self.assertBill(draft, "draft", name=False)

    def test_nothing_is_born_issued(self):
        """By values, by defaults in the context, by a copy, by an import."""
        born = {
            "state": "paid",
            "name": "2020-00001",
            "is_canceled": True,
            "is_disputed": True,
            "is_frozen": True,
            "amount_due": 5.0,
            "amount_paid": 5.0,
            "payment_method_id": self.check.id,
            "payment_number": "7",
            "cancel_reason": "because",
            "invoice_id": 1,
        }
        vals = {"partner_id": self.account.id, "title": "X", "amount": 100}
        vals["bill_date"] = "2026-03-01"
        copied = self.draft()
        for name, value in born.items():
            with self.subTest(name=name):
                with self.refused("cannot be set by hand"):
                    self.rpc("officer", "kavi.bill", "create", {**vals, name: value})
                with self.refused("cannot be set by hand"):
                    self.rpc("officer", "kavi.bill", "copy", copied.ids, {name: value})
                self._create_by_default(vals, name, value)
        answer = self.rpc(
            "officer",
            "kavi.bill",
            "load",
            ["title", "partner_id/.id", "state"],
            [["X", str(self.account.id), "Paid"]],
        )
        self.assertIn("cannot be set by hand", answer["messages"][0]["message"])

    def _create_by_default(self, vals, name, value):
        try:
            id_ = self.rpc(
                "officer",
                "kavi.bill",
                "create",
                vals,
                context={f"default_{name}": value},
            )
        except UserError:
            return  # refused: as good
        bill = self.bills.browse(id_)
        self.assertBill(bill, "draft", name=False, amount_paid=0.0, amount_due=0.0)
        self.assertFalse(bill.sudo()[name] and name != "state", name)
        bill.action_issue()
        self.assertBill(bill, "new", amount_due=100.0)

    def test_superuser_code_is_guarded_too(self):
        """Another addon that means well."""
        bill = self.issued().sudo()
        for vals in ({"state": "paid"}, {"is_canceled": True}, {"amount_due": 0.0}):
            with self.refused("cannot be set by hand"):
                bill.write(vals)
        with self.refused("not deleted"):
            bill.unlink()
        with self.refused("is issued"):
            bill.line_ids.unlink()

    def test_quick_create_is_no_way_in(self):
        with self.assertRaises(UserError):
            self.rpc("officer", "kavi.bill", "name_create", "2026-00001")

    def test_chatter_stays_open(self):
        """Notes and activities are no edit: also on what is canceled."""
        bill = self.issued()
        self.cancel(bill)
        self.rpc("officer", "kavi.bill", "message_post", bill.ids, body="They called.")
        self.rpc(
            "officer",
            "kavi.bill",
            "message_subscribe",
            bill.ids,
            self.officer.partner_id.ids,
        )
        self.assertIn("They called.", str(bill.message_ids[0].body))

    def test_private_methods_are_out_of_reach(self):
        """What acts are made of cannot be called: neither the unguarded halves nor
        the guarded ones."""
        bill = self.issued()
        for method, args in {
            "_write_facts": [{"state": "paid"}],
            "_issue": [],
            "_complete_payment": [self.check.id],
            "_post_payments": [self.check.id, "2026-01-01"],
            "_cancel": [],
            "_credit_invoices": ["2026-01-01"],
            "_raise_bills": [[]],
            "_run_state_hooks": [],
            "_lock_for_act": ["issue"],
            "with_context": [],
            "sudo": [],
        }.items():
            with self.subTest(method=method):
                try:
                    self.rpc("administrator", "kavi.bill", method, bill.ids, *args)
                except AccessError as error:
                    self.assertIn("Private methods", str(error))
                else:
                    self.fail("it could be called")
        for model in ("res.company", "res.partner", "account.move"):
            for method in (
                "_next_bill_ids",
                "_prepare_billing",
                "_set_billing_account",
                "_settle_pending_accounts",
            ):
                with self.assertRaises(AccessError):
                    self.rpc("administrator", model, method, [1])

    def test_public_methods_are_the_known_ones(self):
        """A new method that clients can call has to be thought about here."""
        known = {
            "account.move": {"action_open_kavi_bill", "action_open_kavi_credit"},
            "kavi.account.allocation": {
                "action_open_bill",
                "action_open_credit",
                "action_unapply",
            },
            "kavi.account.ledger": {
                "action_open_allocations",
                "action_open_bill",
                "action_open_credit",
                "action_open_document",
            },
            "kavi.bill": {
                "action_apply_credit",
                "action_cancel",
                "action_change_amount",
                "action_choose_method",
                "action_complete_payment",
                "action_download",
                "get_overview",
                "action_dispute",
                "action_issue",
                "action_open_account",
                "action_open_entries",
                "action_open_moves",
                "action_open_notices",
                "action_open_payments",
                "action_print_invoice",
                "action_print_receipt",
                "action_postpone",
                "action_refund",
                "action_resolve_dispute",
                "action_reverse_payment",
                "action_revoke_link",
                "action_send_notice",
            },
            "kavi.bill.kind": {"copy_data"},
            "kavi.bill.amount.wizard": {"action_change_amount"},
            "kavi.bill.cancel.wizard": {"action_cancel_bills"},
            "kavi.bill.dispute.wizard": {"action_dispute"},
            "kavi.bill.method.wizard": {"action_choose_method"},
            "kavi.bill.payment.wizard": {"action_complete_payment"},
            "kavi.bill.instalment": {"action_open_bill"},
            "kavi.bill.postpone.wizard": {"action_postpone"},
            "kavi.bill.refund.wizard": {"action_refund"},
            "kavi.bill.send.wizard": {"action_send"},
            "kavi.notice": {"action_send_again"},
            "kavi.notice.rule": {"action_open_notices"},
            "kavi.export": {"action_download", "action_export_again"},
            "kavi.export.wizard": {"action_export"},
            "kavi.import": {
                "action_download",
                "action_import",
                "action_open_bills",
                "action_open_lines",
                "action_read",
                "action_refresh",
                "action_stop",
                "action_try",
            },
            "kavi.import.line": {"action_download", "action_open_bill"},
            "kavi.outbox": {"action_new_key", "action_new_secret"},
            "kavi.outbox.message": {"action_retry"},
            "kavi.bill.resolve.wizard": {"action_resolve_dispute"},
            "kavi.bill.reverse.wizard": {"action_reverse_payment"},
            "kavi.credit": {
                "action_apply",
                "action_expire",
                "action_issue",
                "action_print",
                "action_refund",
            },
            "kavi.account.statement.wizard": {"action_print", "action_send"},
            "kavi.activity": {"action_download", "action_open_bill"},
            "kavi.aging.report": {"action_download", "action_open_bill"},
            "kavi.balance.report": {"action_download", "action_open_bills"},
            "kavi.log.report": {"action_download", "action_open_bill"},
            "kavi.payment.report": {"action_download", "action_open_bill"},
            "kavi.report.mixin": {"action_download"},
            "kavi.report.wizard": {"action_download", "action_print"},
            "kavi.credit.apply.wizard": {"action_apply_credits"},
            "kavi.credit.refund.wizard": {"action_refund_credits"},
            "res.partner": {
                "action_approve_billing_account",
                "action_delete_billing_account",
                "action_manage_billing_account",
                "action_open_allocations",
                "action_open_billing_account",
                "action_open_contact",
                "action_open_credits",
                "action_open_ledger",
            },
        }
        overridden = {
            "button_cancel",
            "button_draft",
            "create",
            "init",
            "message_post",
            "modify_moves",
            "unlink",
            "write",
        }
        reports = self.env.registry["kavi.report.mixin"]._inherit_children
        for name, model in self.env.registry.items():
            ours = set()
            for part in model.mro():
                if part.__module__.startswith("odoo.addons.kavi_billing."):
                    ours |= {
                        attribute
                        for attribute, value in vars(part).items()
                        if callable(value) and not attribute.startswith("_")
                    }
            allowed = known.get(name, set())
            if name in reports:  # another addon's model that is downloaded, too
                allowed = allowed | known["kavi.report.mixin"]
            self.assertEqual(ours - overridden, allowed, name)


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
