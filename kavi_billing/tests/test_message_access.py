"""Who writes what to whom on documents of billing, over the transports by which clients
come: XML-RPC, ``/jsonrpc``, the portal's chatter (KB-41, KB-72).

Guards ask the user, so the same is refused with a request and without one.
"""

from datetime import timedelta
from xmlrpc.client import Fault

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.const import MAX_MESSAGE, MAX_PER_HOUR
from .test_portal_account import PageCase

HTML = "<p>Pay <a href='https://evil.example'>here</a><img src='x'></p>"
QUIET = (
    "odoo.http",
    "odoo.sql_db",
    "odoo.addons.rpc.controllers.jsonrpc",
    "odoo.addons.rpc.controllers.xmlrpc",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
    "odoo.models",
    "odoo.addons.mail.models.mail_thread",
)
RAW = (
    "From: {sender}\nTo: billing@example.com\nSubject: Hello\n"
    "Message-Id: <{number}@example.com>\n\nPay elsewhere\n"
)


class MessageCase(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outsider = cls.env["res.partner"].create(
            {"name": "Victim", "email": "victim@example.com"}
        )
        cls.account.email = "acme@example.com"
        cls.colleague = cls.users["accountant"].partner_id
        cls.reader = cls.users["user"]

    def call(self, user, model, method, /, *args, **kwargs):
        """By XML-RPC: no session, and no request that a guard could look at."""
        self.env.flush_all()
        args = (self.env.cr.dbname, user.id, user.login, model, method, args, kwargs)
        try:
            with mute_logger(*QUIET):
                return self.xmlrpc_object.execute_kw(*args)
        finally:
            self.env.invalidate_all()

    @mute_logger(*QUIET)
    def by_jsonrpc(self, user, model, method, /, *args, **kwargs):
        self.env.flush_all()
        answer = self.url_open(
            "/jsonrpc",
            json={
                "params": {
                    "service": "object",
                    "method": "execute_kw",
                    "args": [
                        self.env.cr.dbname,
                        user.id,
                        user.login,
                        model,
                        method,
                        args,
                        kwargs,
                    ],
                }
            },
        ).json()
        self.env.invalidate_all()
        return answer

    def refused_call(self, *args, **kwargs):
        with self.assertRaises(Fault) as caught:
            self.call(*args, **kwargs)
        return str(caught.exception)

    def mails(self):
        return self.env["mail.mail"].sudo().search([], order="id desc")


@tagged("post_install", "-at_install")
class TestPayerMessages(MessageCase):
    def assertPayerMessage(self, record, body, author=None):
        """The last message says ``body`` as text, to whoever is responsible."""
        message = self.messages(record)[0]
        self.assertEqual(message.body, f"<p>{body}</p>")
        self.assertEqual(message.message_type, "comment")
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_comment"))
        self.assertEqual(message.partner_ids, self.officer.partner_id)
        author = author or self.people["contact"].partner_id
        self.assertEqual(message.author_id, author)
        self.assertFalse(message.outgoing_email_to)
        self.assertFalse(message.attachment_ids)
        self.assertNotEqual(message.subject, "Urgent")
        self.assertNotIn("victim@example.com", str(self.mails().mapped("email_to")))
        self.assertNotIn(self.outsider, self.mails().recipient_ids)

    def test_access_payer_posts_text_and_nothing_else(self):
        """On a bill and on its invoice, by every door of clients."""
        payer = self.people["contact"]
        foreign = self.env["ir.attachment"].create(
            {"name": "secret.txt", "raw": b"secret"}
        )
        wanted = {
            "body": HTML,
            "body_is_html": True,
            "subject": "Urgent",
            "outgoing_email_to": "victim@example.com",
            "incoming_email_cc": "victim@example.com",
            "partner_ids": self.outsider.ids,
            "author_id": self.officer.partner_id.id,
            "email_from": "boss@example.com",
            "reply_to": "evil@example.com",
            "message_type": "email",
            "subtype_xmlid": "mail.mt_note",
            "attachments": [["evil.html", HTML]],
            "attachment_ids": foreign.ids,
        }
        text = HTML.replace("<", "&lt;").replace(">", "&gt;")
        for record in (self.bill, self.bill.invoice_id):
            with self.subTest(model=record._name, by="XML-RPC"):
                self.call(payer, record._name, "message_post", record.ids, **wanted)
                self.assertPayerMessage(record, text)
            with self.subTest(model=record._name, by="jsonrpc"):
                answer = self.by_jsonrpc(
                    payer,
                    record._name,
                    "message_post",
                    record.ids,
                    **wanted,
                    context={
                        "mail_post_autofollow": True,
                        "default_outgoing_email_to": "victim@example.com",
                        "mail_notify_force_send": True,
                        "default_partner_ids": self.outsider.ids,
                    },
                )
                self.assertNotIn("error", answer)
                self.assertPayerMessage(record, text)
                followers = record.sudo().message_partner_ids
                self.assertNotIn(self.outsider, followers)
            with self.subTest(model=record._name, by="the page"):
                self.log_in("contact")
                answer = self.url_open(
                    "/mail/message/post",
                    json={
                        "params": {
                            "thread_model": record._name,
                            "thread_id": record.id,
                            "post_data": {**wanted, "attachment_ids": []},
                            "context": {"default_subject": "Urgent"},
                        }
                    },
                ).json()
                self.assertNotIn("error", answer)
                self.env.invalidate_all()
                # what the page makes of it is read as text
                self.assertPayerMessage(record, "Pay here")

    def test_access_payer_limits_hold_without_a_request(self):
        payer, bill = self.people["contact"], self.bill
        reason = self.refused_call(
            payer, "kavi.bill", "message_post", bill.ids, body="x" * (MAX_MESSAGE + 1)
        )
        self.assertIn("longer than", reason)
        for number in range(MAX_PER_HOUR):
            self.call(
                payer,
                "kavi.bill",
                "message_post",
                bill.ids,
                body=f"No {number}",
                # what is counted is not theirs to say
                date="2001-01-01 00:00:00",
                message_type="notification",
            )
        for transport in ("XML-RPC", "jsonrpc"):
            with self.subTest(transport=transport):
                if transport == "XML-RPC":
                    reason = self.refused_call(
                        payer, "kavi.bill", "message_post", bill.ids, body="More"
                    )
                else:
                    answer = self.by_jsonrpc(
                        payer, "kavi.bill", "message_post", bill.ids, body="-"
                    )
                    reason = str(answer["error"])
                self.assertIn("last hour", reason)

    def test_access_payer_has_no_other_way_to_write(self):
        """What Odoo offers beside ``message_post``."""
        payer, bill = self.people["contact"], self.bill
        kind = self.env["mail.message.subtype"]
        comment = self.env.ref("mail.mt_comment", kind).id
        self.call(payer, "kavi.bill", "message_post", bill.ids, body="Mine")
        own = self.messages(bill)[0]
        raw = RAW.format(sender=self.officer.email, number="1")
        to = {"partner_ids": self.outsider.ids}
        posted = {"model": "kavi.bill", "res_id": bill.id, "body": HTML, **to}
        composed = {
            "model": "kavi.bill",
            "res_ids": str(bill.ids),
            "composition_mode": "mass_mail",
            "body": HTML,
            **to,
        }
        template = self.env.ref("kavi_billing.mail_template_bill_reminder")
        later = fields.Datetime.to_string(fields.Datetime.now() + timedelta(days=1))
        scheduled = {**posted, "scheduled_date": later, "author_id": payer.id}
        view = "kavi_billing.mail_template_bill_reminder"
        before = self.messages(bill)
        mails = self.mails()
        for model, method, args, kwargs in (
            ("kavi.bill", "message_notify", [bill.ids], {"body": HTML, **to}),
            ("kavi.bill", "message_notify", [[]], {"body": HTML, **to}),
            (
                "mail.thread",
                "message_notify",
                [[]],
                {"body": HTML, "model": "kavi.bill", "res_id": bill.id, **to},
            ),
            ("kavi.bill", "message_mail_with_source", [bill.ids, view], to),
            ("kavi.bill", "message_post_with_source", [bill.ids, view], to),
            (
                "kavi.bill",
                "message_process",
                ["kavi.bill", raw],
                {"thread_id": bill.id},
            ),
            (
                "mail.thread",
                "message_process",
                ["account.move", raw],
                {"thread_id": bill.invoice_id.id},
            ),
            ("kavi.bill", "message_subscribe", [bill.ids, self.outsider.ids], {}),
            ("mail.message", "create", [{**posted, "subtype_id": comment}], {}),
            (
                "mail.message",
                "create",
                [{"body": HTML}],
                {"context": {"default_model": "kavi.bill", "default_res_id": bill.id}},
            ),
            ("mail.message", "write", [own.ids, {"body": HTML}], {}),
            ("mail.message", "write", [own.ids, to], {}),
            ("mail.message", "unlink", [own.ids], {}),
            ("mail.compose.message", "create", [composed], {}),
            ("mail.scheduled.message", "create", [scheduled], {}),
            ("mail.template", "send_mail", [template.id, bill.id], {}),
            ("mail.mail", "create", [{"email_to": "victim@example.com"}], {}),
        ):
            with self.subTest(model=model, method=method, kwargs=kwargs):
                self.refused_call(payer, model, method, *args, **kwargs)
                self.assertEqual(self.messages(bill), before)
                self.assertEqual(self.mails(), mails)
        self.assertEqual(own.body, "<p>Mine</p>")

    def test_access_payer_edits_their_text_only(self):
        """What they wrote on the page may be corrected there, within the same
        limits."""
        self.log_in("contact")
        bill = self.bill
        sent = self.url_open(
            "/mail/message/post",
            json={
                "params": {
                    "thread_model": "kavi.bill",
                    "thread_id": bill.id,
                    "post_data": {"body": "Helo"},
                }
            },
        ).json()["result"]
        message = self.env["mail.message"].browse(sent["message_id"])
        for body, expected in ((HTML, "Pay here"), ("x" * (MAX_MESSAGE + 1), None)):
            with mute_logger(*QUIET):
                answer = self.url_open(
                    "/mail/message/update_content",
                    json={
                        "params": {
                            "message_id": message.id,
                            "update_data": {
                                "body": body,
                                "partner_ids": self.outsider.ids,
                                "subtype_xmlid": "mail.mt_note",
                            },
                        }
                    },
                ).json()
            self.env.invalidate_all()
            if expected:
                self.assertNotIn("error", answer)
                self.assertIn(expected, message.body)
                self.assertNotIn("<a", message.body)
                self.assertNotIn("<img", message.body)
                self.assertEqual(message.partner_ids, self.officer.partner_id)
            else:
                self.assertIn("longer than", str(answer["error"]))

    def test_access_payer_learns_of_no_recipients(self):
        self.log_in("contact")
        self.bill.message_post(
            body="Hello", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.env.flush_all()
        for route in (
            "/mail/thread/recipients",
            "/mail/thread/recipients/get_suggested_recipients",
        ):
            answer = self.url_open(
                route,
                json={
                    "params": {"thread_model": "kavi.bill", "thread_id": self.bill.id}
                },
            ).json()
            self.assertEqual(answer.get("result"), [], route)

    def test_answer_of_who_is_away(self):
        """Sent in the name of who is away, as Odoo does; no message of the payer."""
        self.officer.write(
            {
                "out_of_office_from": fields.Datetime.now() - timedelta(days=1),
                "out_of_office_message": "<p>Back on Monday</p>",
            }
        )
        self.call(
            self.people["contact"],
            "kavi.bill",
            "message_post",
            self.bill.ids,
            body="Anybody there?",
        )
        answer, question = self.messages(self.bill)[:2]
        self.assertEqual(question.body, "<p>Anybody there?</p>")
        self.assertEqual(answer.message_type, "out_of_office")
        self.assertEqual(answer.author_id, self.officer.partner_id)
        self.assertIn("Back on Monday", answer.body)

    def test_incoming_mail_is_posted(self):
        """What fetches mail works for the system: an answer keeps what it says."""
        self.env["mail.thread"].message_process(
            "kavi.bill",
            RAW.format(sender="acme@example.com", number="2"),
            thread_id=self.bill.id,
        )
        message = self.messages(self.bill)[0]
        self.assertEqual(message.message_type, "email")
        self.assertIn("Pay elsewhere", message.body)
