"""What a window shows of records that its user may not read: nothing.

The rows come from the registry: each window (transient model) of ours, each of its
fields that points to records, each role that may open it. A record of another company
is put there as clients put it: while the form is filled in (``onchange``), and saved
and read. Neither its name, nor its amounts, nor its texts are in the answer.
"""

import json

from psycopg2 import Error

from odoo import Command
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.kavi_commerce.tests.common import CommerceCommon

QUIET = (
    "odoo.sql_db",
    "odoo.models",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
)
SECRET, AMOUNT = "SECRET", 7777.77
MARKS = (SECRET, "7777.77", "7,777.77")
REFUSALS = (AccessError, MissingError, UserError, ValidationError, ValueError)


@tagged("post_install", "-at_install")
class TestWindows(CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["auditor"] = cls._new_user(
            "auditor", "account.group_account_readonly"
        )
        cls.other = cls._new_company("SECRET House")
        stranger = cls.users["stranger"] = cls._new_user(
            "stranger",
            "kavi_billing.group_billing_administrator",
            company_id=cls.other.id,
            company_ids=[Command.set(cls.other.ids)],
        )
        env = cls.env(user=stranger, su=False)
        env = env(context={"allowed_company_ids": cls.other.ids})
        account = env["res.partner"].create(
            {
                "name": "SECRET Ltd",
                "email": "SECRET@example.com",
                "is_company": True,
                "is_billing_account": True,
                "company_id": cls.other.id,
            }
        )
        vals = {"partner_id": account.id, "title": "SECRET fee", "amount": AMOUNT}
        bill, open_bill = env["kavi.bill"].create([vals, vals])
        (bill | open_bill).action_issue()
        method = env["kavi.payment.method"].search(
            [("company_id", "=", cls.other.id), ("kind", "=", "manual")], limit=1
        )
        method.name, method.instructions = "SECRET bank", "SECRET 4711"
        window = env["kavi.bill.payment.wizard"].with_context(
            active_model="kavi.bill", active_ids=bill.ids
        )
        window.create({"method_id": method.id}).action_complete_payment()
        credit = env["kavi.credit"].create(
            {"partner_id": account.id, "reason": "SECRET", "amount": AMOUNT}
        )
        credit.action_issue()
        cls.users["administrator"].group_ids += cls.env.ref(
            "kavi_members.group_members_officer"
        )
        cls.secret = {
            "kavi.membership": cls._new_membership(),
            "res.partner": account,
            "kavi.bill": open_bill,
            "kavi.credit": credit,
            "kavi.payment.method": method,
            "account.payment": bill.sudo()._get_payments(),
            "account.move": bill.sudo().invoice_id,
            "account.journal": cls._journal("bank", cls.other),
            "kavi.bill.line": bill.line_ids,
            "res.company": cls.other,
        }
        cls.paid = bill
        cls.env.flush_all()

    @classmethod
    def _new_membership(cls):
        own = {"name": "SECRET", "company_id": cls.other.id}
        person = cls.env["res.partner"].create(dict(own))
        kind = cls.env["kavi.membership.type"].create(dict(own))
        vals = {"partner_id": person.id, "type_id": kind.id}
        return cls.env["kavi.membership"]._add([{**vals, "company_id": cls.other.id}])

    def get_windows(self):
        return [
            name
            for name, model in sorted(self.env.registry.items())
            if name.startswith("kavi.") and not model._abstract and model._transient
        ]

    def get_places(self, env, name):
        """Values for each field of a window that can point to a record of others."""
        for field in env[name]._fields.values():
            record = self.secret.get(field.comodel_name) if field.relational else None
            if not record:
                continue
            found = [record]
            if field.comodel_name == "kavi.bill":
                found.append(self.paid)
            for each in found:
                if field.type == "many2one":
                    yield field.name, each.id
                elif field.type == "many2many":
                    yield field.name, [[6, 0, each.ids]]
                    yield field.name, [[4, each.id]]

    def get_spec(self, env, name):
        """All that the role may read of a window."""
        return {
            field: {"fields": {"display_name": {}}} if "relation" in told else {}
            for field, told in env[name].fields_get().items()
        }

    def asked(self, role, name, method, *args):
        self.env.flush_all()
        self.env.invalidate_all()
        context = {"allowed_company_ids": self.company.ids}
        try:
            with self.env.cr.savepoint() as savepoint:
                answer = self.rpc(role, name, method, *args, context=context)
                savepoint.close(rollback=True)
                return json.dumps(answer, default=str)
        except REFUSALS as error:
            return str(error)
        except Error:
            return ""  # something else is missing: refused as well
        finally:
            self.env.invalidate_all()

    @mute_logger(*QUIET)
    def test_access_windows(self):
        for name in self.get_windows():
            for role in self.users:
                env = self.as_user(role)
                if role == "stranger" or not env[name].has_access("create"):
                    continue
                spec = self.get_spec(env, name)
                for field, value in self.get_places(env, name):
                    for method, args in (
                        ("onchange", [[], {field: value}, [field], spec]),
                        ("onchange", [[], {field: value}, [], spec]),
                        ("web_save", [[], {field: value}, spec]),
                    ):
                        with self.subTest(
                            window=name, role=role, field=field, method=method
                        ):
                            text = self.asked(role, name, method, *args)
                            for mark in MARKS:
                                self.assertNotIn(mark, text)

    # === WHOSE THEY ARE === #

    def make_windows(self):
        """One of each window, of the administrator."""
        bill = self.issued(100)
        self.pay(bill)
        tx = self.pay_by_card(self.issued(50))
        vals = {
            "kavi.account.statement.wizard": {"partner_id": self.account.id},
            "kavi.bulk.report": {"res_model": "kavi.bill", "res_ids": bill.ids},
            "kavi.report.wizard": {"model_name": "kavi.bill", "title": "X"},
            "kavi.bill.postpone.wizard": {"date": "2030-01-01"},
            "kavi.bill.method.wizard": {"method_id": self.check.id},
            "kavi.bill.payment.wizard": {"method_id": self.check.id},
            "kavi.credit.refund.wizard": {"method_id": self.check.id},
        }
        env = self.as_user("administrator")
        env = env(context={"active_model": "kavi.bill", "active_ids": bill.ids})
        for name in self.get_windows():
            each = dict(vals.get(name, {}))
            if "transaction_id" in env[name]._fields:
                each["transaction_id"] = tx.id
                if "note" in env[name]._fields:
                    each["note"] = "X"
            try:
                with self.env.cr.savepoint():
                    # sudo: what it may hold is another test's
                    window = env[name].sudo().create(each)
                    self.env.flush_all()
            except (*REFUSALS, Error):
                continue
            yield window

    @mute_logger(*QUIET)
    def test_access_windows_of_others(self):
        """Neither found, nor read, changed, pressed or closed by anybody but who has
        opened it: what it says is for them, and what they press is what they read."""
        windows = list(self.make_windows())
        self.assertGreaterEqual(len(windows), 12)
        for window in windows:
            name = window._name
            buttons = [
                button
                for button in dir(type(window))
                if button.startswith("action_")
                and callable(getattr(window, button))
                and button not in ("action_archive", "action_unarchive")  # of no window
            ]
            own = window.sudo(False)
            self.assertEqual(own.search([("id", "=", window.id)]), own)
            own.check_access("read")
            for role in ("user", "officer", "stranger", "accountant"):
                calls = [("read", ["id"]), ("write", {}), ("unlink",)]
                calls.append(("web_read", {"display_name": {}}))
                calls += [("copy",), *((button,) for button in buttons)]
                for method, *args in calls:
                    with self.subTest(window=name, role=role, method=method):
                        with self.assertRaises(AccessError):
                            self.rpc(role, name, method, window.ids, *args)
                if not self.as_user(role)[name].has_access("read"):
                    continue
                for domain in ([], [("id", "=", window.id)]):
                    found = self.rpc(role, name, "search", domain)
                    self.assertNotIn(window.id, found)
                    count = self.rpc(role, name, "search_count", domain)
                    self.assertEqual(count, 0)

    def test_every_window_is_guarded(self):
        for name in self.get_windows():
            self.assertTrue(hasattr(self.env[name], "_check_pointed"), name)
