"""The same guards over every way in: XML-RPC, JSON-RPC, Odoo's JSON-2, and the call of
its own client (KB-72, D-03).

What a hostile context is, is in ``hostile``; which methods there are, and what an act
leaves in the books, is walked elsewhere without the network. Here it is proved that
what arrives is looked at in the same way, whatever brought it.
"""

import itertools
import json
from xmlrpc.client import Fault

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import BillingCommon
from .hostile import ODOO, SUITE, default_keys
from .profile import LONG

TRANSPORTS = ("xmlrpc", "jsonrpc", "json2", "call_kw")
# Odoo logs what it answers with an error.
LOGS = (
    *("odoo.http", "odoo.addons.rpc.controllers.xmlrpc"),
    "odoo.addons.rpc.controllers.jsonrpc",
)
FORGED = ({"state": "paid"}, {"is_canceled": True}, {"amount_due": 0})


class Refused(Exception):
    """The server has answered with an error."""


@tagged("post_install", "-at_install")
class TestTransports(BillingCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # sees each field, so that no group of a field is what refuses
        cls.users["bookkeeper"] = cls._new_user(
            "bookkeeper",
            "kavi_billing.group_billing_administrator,account.group_account_invoice,"
            "account.group_account_user",
        )
        cls.users["contacts"] = cls._new_user(
            "contacts", "kavi_billing.group_billing_user,base.group_partner_manager"
        )

    def setUp(self):
        super().setUp()
        self.password = "kavi transports"
        for user in self.users.values():
            user.password = self.password
        Keys = self.env["res.users.apikeys"]
        # not when they are first needed: what is refused is rolled back, keys as well
        self.keys = {
            user: Keys.with_user(user).sudo()._generate("rpc", "test", None)
            for user in self.users.values()
        }

    # === WAYS IN === #

    def call_over(self, transport, role, model, method, ids, *args, context=None, **kw):
        """A call, by the user of that role.

        :param ids: of the records; None for a method of the model
        :param kw: the arguments by name, which JSON-2 wants
        :raise Refused: with what the server says
        """
        self.env.flush_all()
        context = {"allowed_company_ids": self.company.ids, **(context or {})}
        positional = [] if ids is None else [ids]
        user = self.users[role]
        try:
            with mute_logger(*LOGS):
                return getattr(self, f"_over_{transport}")(
                    user, model, method, ids, [*positional, *kw.values()], kw, context
                )
        finally:
            self.env.invalidate_all()

    def _over_xmlrpc(self, user, model, method, ids, args, kw, context):
        try:
            return self.xmlrpc_object.execute_kw(
                self.env.cr.dbname,
                user.id,
                self.password,
                model,
                method,
                args,
                {"context": context},
            )
        except Fault as fault:
            raise Refused(fault.faultString) from fault

    def _over_jsonrpc(self, user, model, method, ids, args, kw, context):
        login = [self.env.cr.dbname, user.id, self.password]
        params = {
            "service": "object",
            "method": "execute_kw",
            "args": [*login, model, method, args, {"context": context}],
        }
        return self._post_json("/jsonrpc", params)

    def _over_call_kw(self, user, model, method, ids, args, kw, context):
        self.authenticate(user.login, self.password)
        params = {
            "model": model,
            "method": method,
            "args": args,
            "kwargs": {"context": context},
        }
        return self._post_json(f"/web/dataset/call_kw/{model}/{method}", params)

    def _post_json(self, route, params):
        body = {"jsonrpc": "2.0", "id": 0, "method": "call", "params": params}
        answer = self.url_open(
            route, data=json.dumps(body), headers={"Content-Type": "application/json"}
        ).json()
        if "error" in answer:
            raise Refused(answer["error"]["data"]["message"])
        return answer.get("result")

    def _over_json2(self, user, model, method, ids, args, kw, context):
        body = {**kw, "context": context}
        if ids is not None:
            body["ids"] = ids
        answer = self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(body),
            headers={
                "Authorization": f"Bearer {self.keys[user]}",
                "Content-Type": "application/json",
            },
        )
        if answer.status_code != 200:
            self.assertNotIn(answer.status_code, (401, 404), answer.text)
            raise Refused(answer.text)
        return answer.json()

    # === CONTEXTS === #

    def get_contexts(self):
        """All keys at once; in the long profile each by itself, too, and all defaults.

        Each default by itself is tried with what is created.
        """
        keys, defaults = {**ODOO, **SUITE}, default_keys(self.env)
        contexts = [{**keys, **defaults}]
        if LONG:
            contexts += [defaults, *({key: value} for key, value in keys.items())]
        return contexts

    def each(self):
        return itertools.product(TRANSPORTS, self.get_contexts())

    # === WHAT IS TRIED === #

    def test_transports_work(self):
        """Each brings what may be done: otherwise the others would prove nothing."""
        for transport in TRANSPORTS:
            with self.subTest(transport=transport):
                bill = self.draft()
                vals = {"title": f"By {transport}"}
                self.call_over(
                    transport, "officer", "kavi.bill", "write", bill.ids, vals=vals
                )
                self.call_over(
                    transport, "officer", "kavi.bill", "action_issue", bill.ids
                )
                self.assertBill(bill, "new", amount_due=100.0)
                self.assertEqual(bill.title, f"By {transport}")

    def test_no_context_opens_a_fact(self):
        bill = self.issued()
        for transport, context in self.each():
            with self.subTest(transport=transport, keys=len(context)):
                for vals in (
                    {"state": "paid"},
                    {"is_canceled": True},
                    {"amount_due": 0},
                ):
                    with self.assertRaises(Refused) as caught:
                        self.call_over(
                            transport,
                            "administrator",
                            "kavi.bill",
                            "write",
                            bill.ids,
                            vals=vals,
                            context=context,
                        )
                    self.assertIn("cannot be set by hand", str(caught.exception))
                self.assertBill(bill, "new", amount_due=100.0)

    def test_no_context_deletes_what_is_issued(self):
        bill = self.issued()
        for transport, context in self.each():
            with self.subTest(transport=transport, keys=len(context)):
                for model, ids in (
                    ("kavi.bill", bill.ids),
                    ("kavi.bill.line", bill.line_ids.ids),
                    ("account.move", bill.sudo().invoice_id.ids),
                ):
                    role = "accountant" if model == "account.move" else "administrator"
                    with self.assertRaises(Refused):
                        self.call_over(
                            transport, role, model, "unlink", ids, context=context
                        )
        self.assertBill(bill, "new", amount_due=100.0)

    def test_no_default_makes_a_credit(self):
        """`kavi.credit` with ``default_move_id`` took over another account's 11,750."""
        owner = self.env["res.partner"].create({"name": "Owner"})
        credits = self.as_user("bookkeeper")["kavi.credit"]
        theirs = credits.create(
            {"partner_id": owner.id, "reason": "Trouble", "amount": 11750.0}
        )
        theirs.action_issue()
        vals = {"partner_id": self.account.id, "reason": "Mine", "amount": 5.0}
        for transport in TRANSPORTS:
            for context in (
                {"default_move_id": theirs.sudo().move_id.id},
                {"default_state": "open", "default_amount_open": 11750.0},
                {"default_name": "C-1", "default_amount_applied": 1.0},
            ):
                with self.subTest(transport=transport, context=context):
                    ids = self.call_over(
                        transport,
                        "bookkeeper",
                        "kavi.credit",
                        "create",
                        None,
                        vals_list=[vals],
                        context=context,
                    )
                    mine = credits.browse(ids)
                    self.assertEqual(mine.state, "draft")
                    self.assertFalse(mine.sudo().move_id or mine.name)
                    self.assertEqual(mine.amount_open, 0.0)
                    mine.unlink()
        with self.assertRaises(Refused) as caught:
            self.call_over(
                "xmlrpc",
                "bookkeeper",
                "kavi.credit",
                "create",
                None,
                vals_list=[vals],
                context={"default_kind": "overpayment"},
            )
        self.assertIn("overpayment is not entered by hand", str(caught.exception))
        self.assertEqual(theirs.amount_open, 11750.0)
        self.assertEqual(self.account.with_env(credits.env).billing_balance, 0.0)

    def test_no_default_makes_an_account(self):
        """Who may add contacts, and only sees what is billed."""
        context = {
            "default_is_billing_account": True,
            "default_is_billing_approved": True,
            "default_billing_admin_ids": [[6, 0, self.person.ids]],
            "default_billing_contact_id": self.person.id,
        }
        for transport in TRANSPORTS:
            with self.subTest(transport=transport):
                ids = self.call_over(
                    transport,
                    "contacts",
                    "res.partner",
                    "create",
                    None,
                    vals_list=[{"name": "New Ltd", "is_company": True}],
                    context=context,
                )
                partner = self.env["res.partner"].browse(ids).sudo()
                self.assertFalse(partner.is_billing_account)
                self.assertFalse(partner.is_billing_approved)
                self.assertFalse(partner.billing_admin_ids)
                self.assertFalse(partner.billing_contact_id)

    def test_no_context_gives_a_role(self):
        """Whoever only sees bills does nothing with them."""
        bill = self.issued()
        for transport, context in self.each():
            with self.subTest(transport=transport, keys=len(context)):
                for role in ("user", "accountant"):
                    with self.assertRaises(Refused):
                        self.call_over(
                            transport,
                            role,
                            "kavi.bill",
                            "write",
                            bill.ids,
                            vals={"title": "Mine"},
                            context=context,
                        )
                    with self.assertRaises(Refused):
                        self.call_over(
                            transport,
                            role,
                            "kavi.bill",
                            "action_revoke_link",
                            bill.ids,
                            context=context,
                        )
        self.assertEqual(bill.title, "Membership")
