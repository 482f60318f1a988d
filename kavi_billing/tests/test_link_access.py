"""The signed link of a bill is its payer's: nobody who works here reads its token, by
any door by which Odoo hands out fields, and the payer's page is shown to them as a
preview (KB-48, KB-72)."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_portal_account import PageCase

QUIET = (
    "odoo.http",
    "odoo.models",
    "odoo.orm.models",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
)


@tagged("post_install", "-at_install")
class TestTokenOfStaff(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["auditor"] = cls._new_user(
            "auditor", "account.group_account_readonly"
        )
        exports = cls.env.ref("base.group_allow_export")
        for user in cls.users.values():
            user.group_ids |= exports
        cls.token = cls.bill.access_token
        cls.move = cls.bill.invoice_id
        cls.note_bill = cls.issued()
        cls.cancel(cls.note_bill)
        cls.roles = ("user", "accountant", "auditor", "officer", "administrator")

    @mute_logger(*QUIET)
    def test_access_token_by_no_door(self):
        """Read, guessed by a search, sorted by, grouped by, exported, by a relation."""
        bill, line = self.bill, self.bill.line_ids[:1]
        notice = [("id", "=", bill.id), ("access_token", "=like", self.token[:4] + "%")]
        for field, value in (("access_token", self.token), ("link_date", "2026-01-01")):
            calls = (
                ("kavi.bill", "read", bill.ids, [field]),
                ("kavi.bill", "web_read", bill.ids, {field: {}}),
                ("kavi.bill", "search", [(field, "=", value)]),
                ("kavi.bill", "search", notice),
                ("kavi.bill", "search_count", [(field, "!=", False)]),
                ("kavi.bill", "search", [], 0, 1, f"{field} desc"),
                ("kavi.bill", "formatted_read_group", [], [field], ["__count"]),
                (
                    "kavi.bill",
                    "formatted_read_group",
                    [],
                    ["state"],
                    [f"{field}:max"],
                ),
                ("kavi.bill", "export_data", bill.ids, [field]),
                ("kavi.bill.line", "search", [(f"bill_id.{field}", "=", value)]),
                ("kavi.bill.line", "search", [], 0, 1, f"bill_id.{field}"),
                ("kavi.bill.line", "export_data", line.ids, [f"bill_id/{field}"]),
                (
                    "kavi.bill.line",
                    "web_read",
                    line.ids,
                    {"bill_id": {"fields": {field: {}}}},
                ),
                ("kavi.bill", "write", bill.ids, {field: value}),
            )
            for role in self.roles:
                for model, method, *args in calls:
                    with self.subTest(role=role, field=field, method=method, args=args):
                        self.assertKeepsToken(role, model, method, *args)
                names = self.rpc(role, "kavi.bill", "fields_get")
                self.assertNotIn(field, names, role)

    def assertKeepsToken(self, role, model, method, *args):
        try:
            answer = self.rpc(role, model, method, *args)
        except (UserError, ValueError):
            return
        self.assertNotIn(self.token, str(answer))
        # a search that was answered would tell what the token begins with
        self.assertNotEqual(method, "search", answer)
        self.assertNotIn("write", method)

    @mute_logger(*QUIET)
    def test_access_token_by_no_address(self):
        """Nor in an address that Odoo makes for whoever reads the record."""
        self.bill._get_link_token()
        self.move._portal_ensure_token()
        for role in self.roles:
            for record in (self.bill, self.move):
                with self.subTest(role=role, model=record._name):
                    self.assertNoToken(role, record)

    def assertNoToken(self, role, record):
        asked = []
        if role != "user" or record == self.bill:
            asked.append(self.rpc(role, record._name, "get_portal_url", record.ids))
        if record == self.move and role in ("accountant", "auditor"):
            asked.append(self.rpc(role, "account.move", "preview_invoice", record.ids))
        env = self.as_user(role)
        vals = {"res_model": record._name, "res_id": record.id}
        try:
            asked.append(env["portal.share"].create(vals).share_link)
        except AccessError:
            asked.append("")
        for answer in asked:
            self.assertNotIn(self.token, str(answer))

    def test_access_token_in_no_history(self):
        """A text that somebody wrote may hold the link: it is mailed, and not kept."""
        self.account.email = "acme@example.com"
        template = self.env["mail.template"].create(
            {
                "name": "Own",
                "model_id": self.env["ir.model"]._get_id("kavi.bill"),
                "subject": "Your bill",
                "body_html": '<p><a t-att-href="object._get_bill_url()">Bill</a></p>',
            }
        )
        self.bill._notify_by(template, "custom")
        notice = self.env["kavi.notice"].search([("template_id", "=", template.id)])
        mail = notice.sudo().mail_id
        self.assertEqual(str(mail.body_html).count(self.token), 3)
        self.assertNotIn(self.token, str(notice.message_id.body))
        self.assertNotIn(self.token, str(notice.body))
        for role in ("user", "accountant"):
            messages = self.bill.with_env(self.as_user(role)).message_ids
            self.assertNotIn(self.token, str(messages.mapped("body")))

    def test_access_pages_hold_no_token(self):
        """The page of a bill, and of its invoice, opened by one's own right."""
        for role in self.roles:
            self.authenticate(self.users[role].login, self.users[role].login)
            paths = [f"/my/bills/{self.bill.id}", f"/my/bills/{self.bill.id}/preview"]
            if role in ("accountant", "auditor"):
                paths.append(f"/my/invoices/{self.move.id}")
            for path in paths:
                with self.subTest(role=role, path=path):
                    answer = self.open(path)
                    self.assertEqual(answer.status_code, 200)
                    self.assertNotIn(self.token, answer.text)

    def test_access_token_of_entries_opens_nothing(self):
        """Who keeps the books reads Odoo's token of an invoice, and may even write it:
        it is no key to invoices and credit notes of bills."""
        note = self.notes(self.note_bill)
        for move in (self.move, note):
            move.sudo().access_token = "known-to-the-accountant"
        self.env.flush_all()
        self.log_in()
        for move, bill in ((self.move, self.bill), (note, self.note_bill)):
            path = f"/my/invoices/{move.id}"
            answer = self.open(path, access_token="known-to-the-accountant")
            self.assertEqual(answer.status_code, 303)
            answer = self.open(path, access_token=bill.sudo()._get_link_token())
            self.assertEqual(answer.status_code, 200)
            answer = self.open(
                "/mail/view",
                model="account.move",
                res_id=move.id,
                access_token="known-to-the-accountant",
            )
            where = answer.headers.get("Location", "")
            self.assertNotIn(bill.sudo().access_token, where)

    def test_access_preview(self):
        """Opened by a button, by the user's own right; nothing is done there."""
        bill = self.bill
        self.choose(bill, self.wire)
        self.env.flush_all()
        path = f"/my/bills/{bill.id}/preview"
        for role in self.roles:
            action = self.rpc(role, "kavi.bill", "action_preview", bill.ids)
            self.assertEqual(action["url"], path)
            self.authenticate(self.users[role].login, self.users[role].login)
            page = self.page(path)
            self.assertIn("This is a preview", self.text(page))
            self.assertFalse(page.xpath("//div[@id='wrap']//form"))
            self.assertFalse(page.xpath("//div[@id='discussion']"))
            # what the page would post, is posted as nobody who pays
            for act, data in (
                ("method", {"method_id": self.check.id}),
                ("numbers", {"purchase_order": "X"}),
            ):
                self.open(f"/my/bills/{bill.id}/{act}", data)
                self.env.invalidate_all()
                self.assertEqual(bill.payment_method_id, self.wire)
                self.assertFalse(bill.purchase_order)
        self.people["clerk"] = self._new_user("clerk", "base.group_user")
        for name in ("contact", "stranger", "clerk"):
            self.log_in(name)
            self.assertEqual(self.open(path).status_code, 303, name)
        self.log_in("clerk")
        draft = f"/my/bills/{self.drafted.id}/preview"
        self.assertEqual(self.open(draft).status_code, 303)
        self.log_in()
        self.assertIn("/web/login", self.open(path).headers["Location"])

    def test_access_preview_of_ones_own_account(self):
        """Who works here and pays for an account does so on its page, not in the
        preview."""
        officer = self.officer.partner_id
        own = self.issued(partner_id=officer.id)
        self.env.flush_all()
        self.authenticate(self.officer.login, self.officer.login)
        page = self.page(f"/my/bills/{own.id}/preview")
        self.assertFalse(page.xpath("//div[@id='wrap']//form"))
        page = self.page(f"/my/bills/{own.id}")
        self.assertTrue(page.xpath("//form[contains(@action, '/method')]"))

    def test_access_nothing_is_planted(self):
        """Neither a token nor an origin is set by hand, at creation or after."""
        vals = {"partner_id": self.account.id, "title": "X", "amount": 5}
        draft = self.draft()
        planted = {
            "access_token": "known",
            "link_date": "2030-01-01",
            "origin_model": "res.partner",
            "origin_id": 7,
        }
        for name, value in planted.items():
            for role in ("officer", "administrator"):
                with self.subTest(name=name, role=role), mute_logger(*QUIET):
                    for method, args, context in (
                        ("create", [{**vals, name: value}], {}),
                        ("write", [draft.ids, {name: value}], {}),
                        ("write", [self.bill.ids, {name: value}], {}),
                        ("copy", [draft.ids, {name: value}], {}),
                    ):
                        with self.assertRaises(UserError):
                            self.rpc(role, "kavi.bill", method, *args, context=context)
                    create = ("kavi.bill", "create", [vals])
                    default = {f"default_{name}": value}
                    if name in ("access_token", "link_date"):
                        # as a value that no role has
                        with self.assertRaises(UserError):
                            self.rpc(role, *create, context=default)
                    else:
                        # a default is dropped
                        (id_,) = self.rpc(role, *create, context=default)
                        bill = self.bills.sudo().browse(id_)
                        self.assertNotEqual(str(bill[name]), str(value))
                    answer = self.rpc(
                        role,
                        "kavi.bill",
                        "load",
                        ["title", "partner_id/.id", "amount", name],
                        [["X", str(self.account.id), "5", str(value)]],
                    )
                    self.assertFalse(answer["ids"])
        self.assertFalse(draft.sudo().origin_model)
        self.assertNotEqual(draft.sudo().access_token, "known")
