"""Who may import, and what no caller can say."""

import base64

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import ImportCommon, row

PUBLIC_METHODS = {
    "kavi.import": "action_download action_import action_open_bills action_open_lines "
    "action_read action_refresh action_stop action_test action_download_example",
    "kavi.import.line": "action_mend action_open_bill",
    "kavi.import.mend": "action_apply",
}


@tagged("post_install", "-at_install")
class TestImportAccess(ImportCommon):
    def test_public_methods_are_the_known_ones(self):
        """A new method that clients can call has to be thought about here."""
        self.assertPublicMethods(
            "kavi_billing_import", PUBLIC_METHODS, overridden="create default_get write"
        )

    def test_access(self):
        """Administrators only; who they are not, sees nothing of it."""
        record = self.make_tested([row("A")])
        for role in ("user", "officer", "accountant"):
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.import", "search_read", [], ["state"])
            for act in ("read", "test", "import", "stop"):
                with self.assertRaises(AccessError):
                    self.rpc(role, "kavi.import", f"action_{act}", record.ids)
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.import.line", "search_read", [], ["result"])
        self.assertFalse(self.found("A"))

    def test_access_of_another_company(self):
        record = self.make_tested([row("A")])
        other = self._new_company("Elsewhere")
        stranger = self._new_user(
            "stranger",
            "kavi_billing.group_billing_administrator",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            record.with_user(stranger).with_context(
                allowed_company_ids=other.ids
            ).action_import()
        with self.assertRaises(UserError):
            self.imports.with_user(stranger).with_context(
                allowed_company_ids=other.ids
            ).create({"file": b"eA==", "company_id": self.company.id})

    def test_access_to_what_is_not_edited(self):
        """Over RPC nobody says how far it is, what a row says, or what a bill was."""
        record = self.imported([row("A")])
        admin = ("administrator", "kavi.import")
        for vals in ({"state": "read"}, {"row_count": 1}, {"user_id": 1}):
            with self.assertRaises(UserError):
                self.rpc(*admin, "write", record.ids, vals)
        with self.assertRaises(UserError):
            self.rpc(*admin, "write", record.ids, {"mode": "history"})
        with self.assertRaises(UserError):
            self.rpc(*admin, "unlink", record.ids)
        line = ("administrator", "kavi.import.line")
        with self.assertRaises(UserError):
            self.rpc(*line, "write", record.line_ids.ids, {"result": "rejected"})
        with self.assertRaises(UserError):
            self.rpc(*line, "write", record.line_ids.ids, {"decision": "skip"})
        with self.assertRaises(UserError):
            self.rpc(*line, "create", {"import_id": record.id, "row": 1})
        bill = self.found("A")
        for vals in (
            {"opening_paid": 5.0},
            {"opening_state": "paid"},
            {"import_id": 0},
        ):
            with self.assertRaises(UserError):
                self.rpc("administrator", "kavi.bill", "write", bill.ids, vals)
        with self.assertRaises(UserError):
            self.rpc(
                "officer",
                "kavi.bill",
                "create",
                {
                    "partner_id": self.account.id,
                    "title": "x",
                    "opening_state": "paid",
                },
            )

    def test_access_context_opens_nothing(self):
        """What a client puts into the context changes nothing: neither whether rows
        are tested or imported, nor what is booked, nor what the guards say."""
        admin = ("administrator", "kavi.import")
        bill = self.issued()
        context = {
            "kavi_rehearsal": True,
            "dry_run": True,
            "kavi_act": True,
            "kavi_no_billing_account": True,
            "skip_invoice_sync": True,
            "default_is_done": True,
            "default_result": "created",
            "default_bill_id": bill.id,
            "default_move_type": "entry",
            "default_is_billing_account": False,
        }
        record = self.upload(self.csv([row("A"), row("B", account="Newcomer")]))
        self.rpc(*admin, "action_test", record.ids, context=context)
        self.assertEqual(record.state, "tested")
        self.assertResults(record, created=2)
        self.assertFalse(record.line_ids.bill_id)
        self.assertFalse(self.found("A"))
        self.rpc(*admin, "action_import", record.ids, context=context)
        self.assertEqual(record.state, "done")
        self.assertResults(record, created=2)
        for name in "AB":
            imported = self.found(name)
            self.assertBill(imported, "new", amount_total=100.0, amount_due=100.0)
            self.assertEqual(imported.invoice_id.move_type, "out_invoice")
            self.assertEqual(imported.invoice_id.amount_total, 100.0)
            self.assertTrue(imported.partner_id.is_billing_account)
            balances = imported.move_ids.line_ids.mapped("balance")
            self.assertEqual(sorted(balances), [-100.0, 100.0])
        # a balance draws its number
        balances = self.csv([{"name": "Third", "balance": "25.00"}])
        record = self.upload(balances, "Balances.csv", book_balances=True)
        for act in ("action_test", "action_import"):
            self.rpc(*admin, act, record.ids, context=context)
        self.assertResults(record, created=1)
        self.assertNotIn("~", record.line_ids.bill_id.name)
        # and how far an import is comes from no default either
        defaults = {"state": "tested", "row_count": 3, "done_on": "2026-01-01 00:00:00"}
        id_ = self.rpc(
            *admin,
            "create",
            {"file": base64.b64encode(b"a,b")},
            context={f"default_{name}": value for name, value in defaults.items()},
        )
        record = self.imports.browse(id_)
        self.assertEqual(
            (record.state, record.row_count, record.done_on), ("draft", 0, False)
        )
