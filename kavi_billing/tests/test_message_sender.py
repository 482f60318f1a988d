"""Who sees bills writes to colleagues; mail to the account takes the officer."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_message_access import QUIET, RAW, MessageCase


@tagged("post_install", "-at_install")
class TestReaderMessages(MessageCase):
    def test_access_reader_mails_nobody_outside(self):
        bill = self.bill
        credit = self.as_user("officer")["kavi.credit"].create(
            {"partner_id": self.account.id, "amount": 7.0, "reason": "Sorry"}
        )
        bill.message_subscribe(partner_ids=self.account.ids)
        to = {"partner_ids": self.account.ids}
        template = self.env.ref("kavi_billing.mail_template_bill_reminder")
        later = fields.Datetime.to_string(fields.Datetime.now() + timedelta(days=1))
        comment = self.env.ref("mail.mt_comment").id
        view = "kavi_billing.mail_template_bill_reminder"
        raw = RAW.format(sender=self.officer.email, number="3")
        for role in ("user", "accountant"):
            user = self.users[role]
            scheduled = {
                "model": "kavi.bill",
                "res_id": bill.id,
                "body": "Pay",
                "scheduled_date": later,
                "author_id": user.partner_id.id,
                **to,
            }
            for model, method, args, kwargs in (
                ("kavi.bill", "message_post", [bill.ids], {"body": "Pay", **to}),
                (
                    "kavi.bill",
                    "message_post",
                    [bill.ids],
                    {"body": "Pay", "outgoing_email_to": "victim@example.com"},
                ),
                (
                    "kavi.bill",
                    "message_post",
                    [bill.ids],
                    {"body": "Pay", "subtype_xmlid": "mail.mt_comment"},
                ),
                (
                    "kavi.bill",
                    "message_post",
                    [bill.ids],
                    {"body": "Pay", "subtype_id": comment},
                ),
                ("kavi.credit", "message_post", [credit.ids], {"body": "Pay", **to}),
                ("kavi.bill", "message_notify", [bill.ids], {"body": "Pay", **to}),
                ("kavi.bill", "message_mail_with_source", [bill.ids, view], to),
                ("kavi.bill", "message_post_with_source", [bill.ids, view], to),
                (
                    "kavi.bill",
                    "message_process",
                    ["kavi.bill", raw],
                    {"thread_id": bill.id},
                ),
                ("mail.template", "send_mail", [template.id, bill.id], {}),
                ("mail.template", "send_mail_batch", [template.id, bill.ids], {}),
                ("mail.scheduled.message", "create", [scheduled], {}),
                (
                    "mail.message",
                    "create",
                    [
                        {
                            "model": "kavi.bill",
                            "res_id": bill.id,
                            "body": "Pay",
                            "subtype_id": comment,
                        }
                    ],
                    {},
                ),
            ):
                before, mails = self.messages(bill), self.mails()
                with self.subTest(role=role, model=model, method=method, kw=kwargs):
                    reason = self.refused_call(user, model, method, *args, **kwargs)
                    self.assertIn("Billing Officer role", reason)
                    self.assertEqual(self.messages(bill), before)
                    self.assertEqual(self.mails(), mails)

    @mute_logger(*QUIET)
    def test_access_reader_composes_nothing_for_outside(self):
        """The composer, for one bill and for many; and the chatter's own route."""
        bill, other = self.bill, self.own_bill
        env = self.as_user("user")
        vals = {"body": "<p>Pay</p>", "partner_ids": self.account.ids}
        for mode, bills in (("comment", bill), ("mass_mail", bill | other)):
            composer = env["mail.compose.message"].create(
                {
                    **vals,
                    "model": "kavi.bill",
                    "res_ids": str(bills.ids),
                    "composition_mode": mode,
                    "subtype_id": self.env.ref("mail.mt_comment").id,
                }
            )
            mails = self.mails()
            with self.subTest(mode=mode), self.assertRaises(AccessError):
                composer.action_send_mail()
            self.assertEqual(self.mails(), mails)
        self.env.flush_all()
        self.authenticate(self.reader.login, self.reader.login)
        for data in (
            {"subtype_xmlid": "mail.mt_comment"},
            {"subtype_xmlid": "mail.mt_note", "partner_ids": self.account.ids},
        ):
            before = self.messages(bill)
            answer = self.url_open(
                "/mail/message/post",
                json={
                    "params": {
                        "thread_model": "kavi.bill",
                        "thread_id": bill.id,
                        "post_data": {"body": "Pay", **data},
                    }
                },
            ).json()
            self.assertIn("Billing Officer role", str(answer["error"]))
            self.assertEqual(self.messages(bill), before)

    def test_access_reader_notes_for_colleagues(self):
        """What DESIGN lets every reader do, and activities of their own."""
        bill = self.bill
        for role in ("user", "accountant"):
            user = self.users[role]
            self.call(user, "kavi.bill", "message_post", bill.ids, body="Looks odd")
            self.assertIn("Looks odd", self.messages(bill)[0].body)
            self.call(
                user,
                "kavi.bill",
                "message_post",
                bill.ids,
                body="Look here",
                subtype_xmlid="mail.mt_note",
                message_type="comment",
                partner_ids=self.officer.partner_id.ids,
            )
            self.assertEqual(
                self.messages(bill)[0].partner_ids, self.officer.partner_id
            )
            activity = bill.with_user(user).activity_schedule(
                "mail.mail_activity_data_todo", user_id=user.id, summary="Call"
            )
            activity.with_user(user).action_feedback(feedback="Called them")
            self.assertIn("Called them", str(self.messages(bill)[0].body))

    def test_officer_writes_to_the_account(self):
        bill, user = self.bill, self.officer
        self.call(
            user,
            "kavi.bill",
            "message_post",
            bill.ids,
            body="Dear payer",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.account.ids,
        )
        message = self.messages(bill)[0]
        self.assertEqual(message.partner_ids, self.account)
        self.assertEqual(message.notification_ids.res_partner_id, self.account)
