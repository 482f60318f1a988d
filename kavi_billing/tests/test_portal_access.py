"""Who gets at bills in the portal, by every way in; nobody else learns of any bill
(KB-11, KB-43, KB-48, KB-72)."""

import re

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import BillingCommon

MISSING = 2_000_000_000
PAGES = (
    ("GET", "/my/bills/{id}", {}),
    ("POST", "/my/bills/{id}/method", {"method_id": "{method}"}),
    ("POST", "/my/bills/{id}/numbers", {"purchase_order": "X", "invoice_number": "Y"}),
    ("GET", "/my/bills/{id}/invoice", {}),
    ("GET", "/my/bills/{id}/receipt", {}),
    ("GET", "/my/billing/pay?bill={id}", {}),
    ("POST", "/my/billing/pay", {"bill": "{id}", "method_id": "{method}"}),
)


class PortalCase(BillingCommon, HttpCase):
    """A company with its people, two persons, and a bill of each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = {}
        for name in ("contact", "primary", "admin", "employee", "former"):
            cls.portal_user(name, parent_id=cls.account.id)
        for name in ("owner", "stranger"):
            cls.portal_user(name)
        people = {name: user.partner_id for name, user in cls.people.items()}
        cls.account.write(
            {
                "billing_contact_id": people["contact"].id,
                "primary_contact_id": people["primary"].id,
                "billing_admin_ids": [
                    Command.set((people["admin"] | people["former"]).ids)
                ],
            }
        )
        cls.account.billing_admin_ids -= people["former"]
        cls.company.billing_collect_invoice_number = True
        cls.bill = cls.issued()
        cls.own_bill = cls.issued(40.0, partner_id=people["owner"].id)
        cls.other_bill = cls.issued(70.0, partner_id=people["stranger"].id)
        cls.drafted = cls.draft()
        for name in ("bill", "own_bill", "other_bill", "drafted"):
            bill = getattr(cls, name).with_env(cls.env)
            bill._portal_ensure_token()
            setattr(cls, name, bill)
        cls.env.flush_all()

    @classmethod
    def portal_user(cls, name, **vals):
        user = cls._new_user(f"portal_{name}", "base.group_portal", name=name.title())
        user.partner_id.write(vals)
        cls.people[name] = user
        return user

    def log_in(self, name=None):
        """As one of the people, or as nobody."""
        user = self.people[name] if name else None
        login = user.login if user else None
        self.authenticate(login, login)

    def open(self, path, data=None, **query):
        """A page, without following where it leads; with data: posted."""
        if data is not None:
            data = {"csrf_token": Request.csrf_token(self), **data}
        if query:
            path += "?" + "&".join(f"{key}={value}" for key, value in query.items())
        return self.url_open(path, data=data, allow_redirects=False)


@tagged("post_install", "-at_install")
class TestPortalAccess(PortalCase):
    def answers(self, bill_id, token=None):
        """What every page says of a bill, without what differs by chance."""
        found = {}
        # not where the same digits are part of a token
        number = re.compile(rf"(?<=[/=])\b{bill_id}\b|(?<=%3D){bill_id}\b")
        for method, path, data in PAGES:
            url = path.format(id=bill_id)
            fill = {
                key: value.format(id=bill_id, method=self.wire.id)
                for key, value in data.items()
            }
            if token is not None:
                fill["access_token"] = token
            if method == "POST":
                answer = self.open(url, fill)
            else:
                sign = "&" if "?" in url else "?"
                answer = self.url_open(
                    url + (f"{sign}access_token={token}" if token is not None else ""),
                    allow_redirects=False,
                )
            found[method, path] = (
                answer.status_code,
                number.sub("{id}", answer.headers.get("Location", "")),
                number.sub("{id}", answer.text),
            )
        return found

    def assertHidden(self, bill, token=None):
        """Nothing of the bill is shown, nor that there is one."""
        real, missing = self.answers(bill.id, token), self.answers(MISSING, token)
        for page, answer in real.items():
            self.assertEqual(answer, missing[page], page)
            self.assertEqual(answer[0], 303, page)
            self.assertNotIn(bill.name or bill.title, answer[2])
        self.env.invalidate_all()
        self.assertFalse(bill.payment_method_id)
        self.assertFalse(bill.purchase_order)
        self.assertFalse(bill.invoice_number)

    def test_access_portal_pages_of_others(self):
        """Other accounts' users, employees without a role, a former administrator, who
        bills for another of our companies, who works here without a billing role."""
        abroad = self._new_company("Kavi Abroad")
        away = self.portal_user("away", parent_id=self.account.id)
        self.account.billing_admin_ids |= away.partner_id
        away.write({"company_ids": [Command.set(abroad.ids)], "company_id": abroad.id})
        self.people["clerk"] = self._new_user("clerk", "base.group_user")
        for name in ("stranger", "owner", "employee", "former", "away", "clerk"):
            with self.subTest(name=name):
                self.log_in(name)
                self.assertHidden(self.bill)
                self.assertHidden(self.drafted)
                self.assertHidden(self.bill, "wrong")

    def test_access_portal_pages_by_link(self):
        """Wrong, foreign, revoked: no link at all. A draft has no page."""
        revoked = self.bill.access_token
        self.bill.with_user(self.users["administrator"]).action_revoke_link()
        self.assertNotEqual(self.bill.access_token, revoked)
        self.env.flush_all()
        self.log_in()
        for token in (
            None,
            "",
            "wrong",
            "ünïcödé",
            "False",
            "None",
            self.bill.access_token[:-1],
            self.bill.access_token.upper(),
            revoked,
            self.own_bill.access_token,
        ):
            with self.subTest(token=token):
                self.assertHidden(self.bill, token)
        self.assertHidden(self.drafted, self.drafted.access_token)
        for page in ("/my/billing", "/my/billing/credits", "/my/billing/statement"):
            self.assertIn("/web/login", self.open(page).headers["Location"])

    def test_access_portal_numbers_beyond_the_database(self):
        self.log_in("owner")
        for number in ("0", "99999999999999999999", str(2**31), str(2**63)):
            answer = self.open(f"/my/bills/{number}")
            self.assertEqual(answer.status_code, 303, number)
            answer = self.open(f"/my/billing/pay?bill={number}")
            self.assertEqual(answer.status_code, 303, number)
            for page in ("billing", "billing/credits", "billing/statement"):
                answer = self.open(f"/my/{page}?account={number}&date_from=x")
                self.assertIn(answer.status_code, (200, 303), number)

    def test_access_portal_who_may(self):
        """Everybody's own: company people with a role, the person, the link."""
        for name, bill in (
            ("contact", self.bill),
            ("primary", self.bill),
            ("admin", self.bill),
            ("owner", self.own_bill),
        ):
            with self.subTest(name=name):
                self.log_in(name)
                answer = self.open(f"/my/bills/{bill.id}")
                self.assertEqual(answer.status_code, 200)
                self.assertIn(bill.name, answer.text)
        self.log_in()
        answer = self.open(
            f"/my/bills/{self.bill.id}", access_token=self.bill.access_token
        )
        self.assertEqual(answer.status_code, 200)
        # it opens this one only
        answer = self.open(
            f"/my/bills/{self.own_bill.id}", access_token=self.bill.access_token
        )
        self.assertEqual(answer.status_code, 303)

    def test_access_portal_lists(self):
        """Each person's list holds what is theirs and names nothing else."""
        everything = {
            "contact": self.bill,
            "admin": self.bill,
            "owner": self.own_bill,
            "employee": self.bill.browse(),
            "former": self.bill.browse(),
        }
        bills = self.bill | self.own_bill | self.other_bill
        for name, theirs in everything.items():
            self.log_in(name)
            for page in ("", "/statement", "/statement/pdf", "/credits"):
                for account in (None, self.account.id, bills[1].partner_id.id):
                    url = f"/my/billing{page}?filterby=all"
                    answer = self.open(url + (f"&account={account}" if account else ""))
                    for bill in bills - theirs:
                        self.assertNotIn(bill.name, answer.text, (name, page))
            answer = self.open("/my/billing?filterby=all")
            for bill in theirs:
                self.assertIn(bill.name, answer.text, name)
        # nor by searching for it
        self.log_in("owner")
        answer = self.open("/my/billing?filterby=all&search=" + self.bill.name)
        self.assertIn("No bill fits", answer.text)

    def test_access_portal_archived_company(self):
        """KB-11: its people are shut out, and so is whoever has a link."""
        token = self.bill.access_token
        self.account.active = False
        self.env.flush_all()
        self.log_in("admin")
        self.assertHidden(self.bill)
        self.assertHidden(self.bill, token)

    def test_access_portal_every_post_has_csrf(self):
        """No other site posts in a payer's name."""
        self.log_in("admin")
        token = self.bill.access_token
        for method, path, data in PAGES:
            if method == "GET":
                continue
            for csrf in ({}, {"csrf_token": "0" * 40 + "o9999999999"}):
                with mute_logger("odoo.http"):
                    answer = self.url_open(
                        path.format(id=self.bill.id),
                        data={
                            **{
                                key: value.format(id=self.bill.id, method=self.wire.id)
                                for key, value in data.items()
                            },
                            "access_token": token,
                            **csrf,
                        },
                        allow_redirects=False,
                    )
                self.assertEqual(answer.status_code, 400, path)
            if path.startswith("/my/bills"):
                # posting routes are not to be followed as links
                answer = self.open(path.format(id=self.bill.id))
                self.assertIn(answer.status_code, (404, 405), path)
        self.assertFalse(self.bill.payment_method_id)

    @mute_logger(
        "odoo.models",
        "odoo.addons.base.models.ir_rule",
        "odoo.addons.base.models.ir_model",
    )
    def test_access_portal_rpc(self):
        """By RPC, those without a role read and write nothing of it."""
        bill, line = self.bill, self.bill.line_ids
        invoice = bill.invoice_id
        calls = (
            ("kavi.bill", "read", bill.ids, ["title"]),
            ("kavi.bill", "read", bill.ids, ["access_token"]),
            ("kavi.bill", "web_read", bill.ids, {"title": {}}),
            ("kavi.bill", "message_post", bill.ids),
            ("kavi.bill", "message_subscribe", bill.ids, [1]),
            ("kavi.bill", "get_portal_url", bill.ids),
            ("kavi.bill", "action_revoke_link", bill.ids),
            ("kavi.bill", "_choose_method", bill.ids, self.wire.id),
            ("kavi.bill", "_choose_method_as_payer", bill.ids, self.wire.id, ["link"]),
            ("kavi.bill", "_find_for_payer", bill.id, bill.access_token),
            ("kavi.bill.line", "read", line.ids, ["name"]),
            ("kavi.bill.method.wizard", "create", {"method_id": self.wire.id}),
            ("account.move", "read", invoice.ids, ["name"]),
            ("account.move.line", "read", invoice.line_ids.ids, ["name"]),
            ("kavi.account.ledger", "read", invoice.line_ids.ids, ["reference"]),
            ("kavi.account.allocation", "search", []),
            ("kavi.credit", "search", []),
            ("kavi.payment.method", "search", []),
            ("res.partner", "read", self.account.ids, ["is_my_billing_account"]),
        )
        for name in ("stranger", "employee", "former"):
            user = self.people[name]
            for model, method, *args in calls:
                with self.subTest(name=name, model=model, method=method, args=args):
                    with self.assertRaises(AccessError):
                        self.rpc(user, model, method, *args)
            for model in ("kavi.bill", "kavi.bill.line"):
                field = "partner_id" if model == "kavi.bill" else "bill_id.partner_id"
                domain = [(field, "=", self.account.id)]
                self.assertFalse(self.rpc(user, model, "search", domain))
                self.assertFalse(self.rpc(user, model, "search_count", domain))
                groups = self.rpc(
                    user, model, "formatted_read_group", domain, ["company_id"], []
                )
                self.assertFalse(groups)
            self.assertFalse(self.rpc(user, "kavi.bill", "name_search", self.bill.name))
            domain = [("id", "in", invoice.ids)]
            self.assertFalse(self.rpc(user, "account.move", "search", domain))
        # a payer, too, acts on the page only
        for model, method, *args in (*calls[6:10], calls[11], *calls[14:]):
            with self.subTest(model=model, method=method):
                with self.assertRaises(AccessError):
                    self.rpc(self.people["admin"], model, method, *args)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_access_portal_what_is_internal(self):
        """A payer reads the bill, not how it is booked nor what is noted."""
        admin = self.people["admin"]
        bill = self.bill
        for model, ids, names in (
            (
                "kavi.bill",
                bill.ids,
                ("move_ids", "invoice_id", "document_ids", "cancel_reason")
                + ("origin_model", "origin_id", "item_key"),
            ),
            (
                "kavi.bill.line",
                bill.line_ids.ids,
                ("analytic_distribution", "distribution_analytic_account_ids"),
            ),
        ):
            shown = self.rpc(admin, model, "fields_get")
            for name in names:
                self.assertNotIn(name, shown)
                with self.assertRaises(AccessError, msg=name):
                    self.rpc(admin, model, "read", ids, [name])
        self.assertTrue(self.rpc(admin, "kavi.bill", "read", bill.ids, ["title"]))
        self.assertTrue(
            self.rpc(admin, "account.move", "read", bill.invoice_id.ids, ["name"])
        )

    @mute_logger("odoo.http")
    def test_access_portal_messages(self):
        """The conversation's own routes: the same answer for what is not theirs and for
        what is not there."""
        token = self.bill.access_token

        def ask(route, bill_id, **kwargs):
            params = {"thread_model": "kavi.bill", "thread_id": bill_id, **kwargs}
            if route == "/mail/message/post":
                params["post_data"] = {"body": "Let me in"}
            answer = self.url_open(
                route,
                json={"jsonrpc": "2.0", "method": "call", "params": params},
            ).json()
            error = answer.get("error", {})
            return error.get("code"), error.get("message"), answer.get("result")

        for name in (None, "stranger", "employee", "former"):
            self.log_in(name)
            for wrong in (None, "wrong", "ünï", self.own_bill.access_token):
                kwargs = {"token": wrong} if wrong else {}
                for route in ("/mail/chatter_fetch", "/mail/message/post"):
                    with self.subTest(name=name, token=wrong, route=route):
                        answers = [
                            ask(route, bill_id, **kwargs)
                            for bill_id in (self.bill.id, self.drafted.id, MISSING)
                        ]
                        self.assertEqual(answers[0], answers[2])
                        self.assertEqual(answers[1], answers[2])
        self.assertNotIn("Let me in", str(self.messages(self.bill).mapped("body")))
        self.log_in()
        answer = ask("/mail/message/post", self.bill.id, token=token)
        self.assertTrue(answer[2], answer)
        self.assertIn("Let me in", str(self.messages(self.bill).mapped("body")))
