"""Activity notes are for billing people (KB-41), on every path by which Odoo hands out
messages."""

import json

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import BillingCommon

SECRET = "Threatens to sue over this"


class NoteCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer = cls._new_user("payer", "base.group_portal")
        cls.users["payer"] = cls.payer
        cls.bill = cls.issued(partner_id=cls.payer.partner_id.id)
        cls.cancel(cls.bill, reason="agreed", note=SECRET)
        domain = [("model", "=", "kavi.bill"), ("res_id", "=", cls.bill.id)]
        cls.domain = [*domain, ("body", "like", SECRET)]
        cls.note = cls.env["mail.message"].sudo().search(cls.domain)


@tagged("post_install", "-at_install")
class TestActivityNote(NoteCommon):
    def test_billing_people_read_it(self):
        self.assertEqual(len(self.note), 1)
        for role in ("user", "officer", "administrator"):
            env = self.as_user(role)
            self.assertEqual(env["mail.message"].search(self.domain), self.note)
            bill = env["kavi.bill"].browse(self.bill.id)
            self.assertIn(self.note, bill.message_ids)
            self.assertIn(SECRET, str(self.note.with_env(env).body))

    def test_others_do_not(self):
        """The accountant reads the bill and its history, and no note; the payer
        neither."""
        for role in ("accountant", "payer"):
            env = self.as_user(role)
            self.env.invalidate_all()  # users share the cache of a test
            bill = env["kavi.bill"].browse(self.bill.id)
            self.assertTrue(bill.name, "who may read the bill")
            note, messages = self.note.with_env(env), env["mail.message"]
            with self.assertRaises(AccessError):
                note.read(["body"])
            with self.assertRaises(AccessError):
                note.check_access("read")
            self.assertFalse(messages.search(self.domain))
            self.assertFalse(messages.search_count(self.domain))
            self.assertNotIn(SECRET, str(messages._read_group([], ["body"])))
            self.assertNotIn(note, bill.message_ids)
            self.assertNotIn(note, bill.website_message_ids)
            self.assertNotIn(note, messages._message_fetch([], thread=bill)["messages"])
        self.env.invalidate_all()
        accountant = self.as_user("accountant")["kavi.bill"].browse(self.bill.id)
        self.assertTrue(accountant.message_ids, "the history is for whoever sees it")
        self.assertIn("agreed", str(accountant.message_ids.mapped("body")))

    def test_not_by_guessing(self):
        """Nor word by word, by searching for bills with such a note."""
        for name in ("message_ids", "website_message_ids"):
            domain = [("id", "=", self.bill.id), (f"{name}.body", "like", "Threatens")]
            for role in ("accountant", "payer"):
                self.assertFalse(self.as_user(role)["kavi.bill"].search(domain))
        domain = [("id", "=", self.bill.id), ("message_ids.body", "like", "Threatens")]
        self.assertEqual(self.as_user("user")["kavi.bill"].search(domain), self.bill)

    def test_nor_written_nor_deleted(self):
        note = self.note.with_env(self.as_user("accountant"))
        for act in (lambda: note.write({"body": "-"}), note.unlink):
            with self.assertRaises(AccessError):
                act()

    def test_who_becomes_an_accountant_only(self):
        """The role counts, not the author: it may be taken away."""
        self.assertIn(SECRET, str(self.note.with_user(self.officer).body))
        group = self.env.ref("kavi_billing.group_billing_officer")
        user = self.env.ref("kavi_billing.group_billing_user")
        accountant = self.env.ref("account.group_account_user")
        self.officer.write(
            {"group_ids": [(3, group.id), (3, user.id), (4, accountant.id)]}
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.note.with_user(self.officer).read(["body"])


@tagged("post_install", "-at_install")
class TestActivityNoteRoutes(NoteCommon, HttpCase):
    def call(self, route, **params):
        answer = self.url_open(
            route,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        )
        return answer.json()

    def log_in(self, role):
        user = self.users[role]
        self.authenticate(user.login, user.login)

    def thread(self):
        return self.call(
            "/mail/thread/messages",
            thread_model="kavi.bill",
            thread_id=self.bill.id,
        )

    def test_the_chatter(self):
        """The page of the bill, as each of them loads it."""
        for role, reads in (("officer", True), ("accountant", False)):
            self.log_in(role)
            text = json.dumps(self.thread())
            self.assertIn("agreed", text)
            self.assertEqual(SECRET in text, reads, role)
        self.log_in("payer")
        self.assertNotIn(SECRET, json.dumps(self.thread()))

    def post(self, **post_data):
        post_data = {"message_type": "comment", **post_data}
        answer = self.call(
            "/mail/message/post",
            thread_model="kavi.bill",
            thread_id=self.bill.id,
            post_data=post_data,
        )
        return self.env["mail.message"].browse(answer["result"]["message_id"])

    def test_logged_by_hand(self):
        """ "Log note" on a bill: the officer's is an activity note, the accountant's is
        not, nor one that is addressed to somebody."""
        note = self.env.ref("kavi_billing.mt_activity_note")
        self.log_in("officer")
        logged = {"body": "Call him", "subtype_xmlid": "mail.mt_note"}
        self.assertEqual(self.post(**logged).subtype_id, note)
        accountant = self.users["accountant"]
        addressed = self.post(**logged, partner_ids=accountant.partner_id.ids)
        self.assertNotEqual(addressed.subtype_id, note)
        self.assertIn("Call him", str(addressed.with_user(accountant).body))
        self.log_in("accountant")
        own = self.post(**logged)
        self.assertNotEqual(own.subtype_id, note)
        self.assertIn("Call him", str(own.with_user(accountant).body))


@tagged("post_install", "-at_install")
class TestActivityNoteFiles(NoteCommon, HttpCase):
    """A file of a note is as secret as the note; other files of a bill are not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        officer = cls.bill.with_user(cls.officer)
        logged = {"message_type": "comment", "subtype_xmlid": "mail.mt_note"}
        note = officer.message_post(
            body="See file", attachments=[("secret.txt", SECRET.encode())], **logged
        )
        cls.file = note.sudo().attachment_ids
        comment = officer.message_post(
            body="Your copy",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[("open.txt", b"For all")],
        )
        cls.open_file = comment.sudo().attachment_ids
        # added on the form, to no message
        cls.loose_file = cls.env["ir.attachment"].create(
            {
                "name": "loose.txt",
                "raw": b"Loose",
                "res_model": "kavi.bill",
                "res_id": cls.bill.id,
            }
        )
        cls.files = cls.file | cls.open_file | cls.loose_file
        cls.env.flush_all()

    @mute_logger("odoo.addons.base.models.ir_rule", "odoo.http", "odoo.models")
    def test_access_files_by_rpc(self):
        for role, reads in (
            ("user", True),
            ("officer", True),
            ("accountant", False),
        ):
            found = self.files if reads else self.files - self.file
            for domain in (
                [("id", "in", self.files.ids)],
                [("res_model", "=", "kavi.bill"), ("res_id", "=", self.bill.id)],
                [("res_id", "=", self.bill.id), ("name", "like", ".txt")],
            ):
                with self.subTest(role=role, domain=domain):
                    self.env.invalidate_all()
                    files = self.rpc(role, "ir.attachment", "search", domain)
                    self.assertEqual(set(files), set(found.ids))
                    count = self.rpc(role, "ir.attachment", "search_count", domain)
                    self.assertEqual(count, len(found))
                    groups = self.rpc(
                        role,
                        "ir.attachment",
                        "formatted_read_group",
                        domain,
                        ["name"],
                        [],
                    )
                    self.assertEqual(len(groups), len(found))
                    limited = self.rpc(
                        role, "ir.attachment", "search", domain, 0, 2, "id"
                    )
                    self.assertEqual(limited, sorted(found.ids)[:2])
            for names in (["name"], ["raw"], ["datas"], ["access_token"]):
                with self.subTest(role=role, names=names):
                    self.env.invalidate_all()
                    if reads:
                        self.rpc(role, "ir.attachment", "read", self.file.ids, ["name"])
                        continue
                    with self.assertRaises(AccessError):
                        self.rpc(role, "ir.attachment", "read", self.file.ids, names)
            for method, *args in (
                ("write", {"name": "x"}),
                ("unlink",),
                ("generate_access_token",),
            ):
                if not reads:
                    with self.assertRaises(AccessError):
                        self.rpc(role, "ir.attachment", method, self.file.ids, *args)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.http", "odoo.models")
    def test_access_files_of_portal_users(self):
        """Odoo lists them no files at all; nor does it by what is added here."""
        for method, *args in (
            ("search", [("id", "in", self.file.ids)]),
            ("search", [("res_model", "=", "kavi.bill")]),
            ("read", self.file.ids, ["name"]),
            ("read", self.file.ids, ["raw"]),
        ):
            try:
                answer = self.rpc("payer", "ir.attachment", method, *args)
            except AccessError:
                continue
            self.assertNotIn(self.file.id, answer)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.http", "odoo.models")
    def test_access_files_by_routes(self):
        bill = self.bill.sudo()
        for role, reads in (
            ("officer", True),
            ("accountant", False),
            ("payer", False),
            (None, False),
        ):
            if role:
                login = self.users[role].login
                self.authenticate(login, login)
            else:
                self.authenticate(None, None)
            with self.subTest(role=role):
                for path in (
                    f"/web/content/{self.file.id}",
                    f"/web/content/{self.file.id}?access_token=",
                    f"/web/content?model=ir.attachment&id={self.file.id}&field=raw",
                ):
                    answer = self.url_open(path)
                    self.assertEqual(SECRET in answer.text, reads, path)
                access = {} if role else {"token": bill._get_link_token()}
                self.env.flush_all()
                answer = self.url_open(
                    "/mail/data",
                    json={
                        "params": {
                            "fetch_params": [
                                [
                                    "mail.thread",
                                    {
                                        "thread_model": "kavi.bill",
                                        "thread_id": bill.id,
                                        "request_list": ["attachments"],
                                        "access_params": access,
                                    },
                                ]
                            ]
                        }
                    },
                )
                self.assertEqual("secret.txt" in answer.text, reads)
                if role != "payer":  # to whom Odoo lists none at all
                    self.assertIn("open.txt", answer.text)

    def test_file_of_a_note_that_is_sent_on(self):
        """What the account gets by another message is no secret any more."""
        self.bill.with_user(self.officer).message_post(
            body="Here it is",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachment_ids=self.file.ids,
        )
        self.env.invalidate_all()
        self.rpc("accountant", "ir.attachment", "read", self.file.ids, ["raw"])
