"""Notices at events: who is told, of what, and what the log says (KB-54 ... KB-61)."""

from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..tools.notice_events import EVENT_OF_ACT, EVENTS
from .common import BillingCommon


class NoticeCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person.email = "jane@doe.example"
        cls.company.write(
            {
                "billing_email_from": "billing@kavi.example",
                "billing_email_copy": "copy@kavi.example",
            }
        )
        cls.env.flush_all()

    @classmethod
    def bill(cls, amount=100.0, **vals):
        return cls.issued(amount, partner_id=cls.person.id, **vals)

    def notices(self, bills, event=None):
        """The log of these bills, oldest first."""
        self.env.flush_all()
        notices = self.env["kavi.notice"].search([("bill_id", "in", bills.ids)])
        if event:
            notices = notices.filtered(lambda notice: notice.event == event)
        return notices.sorted("id")

    def mail(self, bill, event):
        """The one mail of an event, as it is queued."""
        notice = self.notices(bill, event)
        self.assertEqual(len(notice), 1, event)
        self.assertEqual(notice.state, "queued", notice.reason)
        return notice.sudo().mail_id

    def sent_files(self, bill, event):
        """What is attached when the mail is sent: pairs of name and content."""
        (sent,) = self.mail(bill, event)._prepare_outgoing_list()
        return [(name, content) for name, content, __ in sent["attachments"]]


@tagged("post_install", "-at_install")
class TestNotice(NoticeCommon):
    def test_new_bill(self):
        """KB-54: the mail, its sender, copy, links; the history keeps the text."""
        bill = self.bill(title="Annual fee")
        mail = self.mail(bill, "new")
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.email_to, '"Jane Doe" <jane@doe.example>')
        self.assertEqual(mail.email_cc, "copy@kavi.example")
        self.assertIn("billing@kavi.example", mail.email_from)
        self.assertIn("billing@kavi.example", mail.reply_to)
        self.assertIn(bill.name, mail.subject)
        for text in ("Annual fee", "100.00", bill._get_bill_url(), bill._get_pay_url()):
            self.assertIn(text, mail.body_html.replace("&amp;", "&"))
        message = self.notices(bill).message_id
        self.assertIn("100.00", str(message.body))
        self.assertTrue(message.is_internal)
        self.assertNotIn(bill.sudo().access_token, str(message.body))
        self.assertIn(message, self.messages(bill))

    def test_each_act_has_its_notice(self):
        """KB-54, KB-56: with what was done and the reason, asked for in the window."""
        asked = {"notify": True, "reason": "as agreed"}
        bill = self.bill(100)
        self.dispute(bill, **asked)
        self.resolve_dispute(bill, **asked)
        self.postpone(bill, "2036-02-03", **asked)
        self.change_price(bill, 80, **asked)
        self.pay(bill, amount=50, **asked)
        self.pay(bill, amount=30, **asked)
        self.bounce(bill, self.payments(bill)[-1:], **asked)
        self.pay(bill, **asked)
        self.give_back(bill, 5, **asked)
        self.cancel(bill, refund_amount=10, **asked)
        texts = {
            "dispute": ["is in dispute"],
            "resolve": ["no longer in dispute", "100.00"],
            "update": ["02/03/2036", "100.00 to", "80.00"],
            "receipt": ["received", "50.00", "30.00"],
            "reversal": ["30.00", "was returned"],
            "refund": ["refunded", "5.00"],
            "cancel": ["canceled", "10.00"],
        }
        self.assertEqual(set(texts), set(EVENTS) - {"new"})
        for event, words in texts.items():
            bodies = " ".join(
                str(notice.message_id.body) for notice in self.notices(bill, event)
            )
            for word in [*words, "as agreed"]:
                self.assertIn(word, " ".join(bodies.split()), event)
        self.assertEqual(len(self.notices(bill, "receipt")), 3)
        self.assertEqual(set(EVENT_OF_ACT.values()), set(texts))

    def test_document_that_fails(self):
        """The mail goes all the same; billing people read why it had no document."""
        bill = self.bill()
        with patch.object(
            type(bill), "_get_document_pdf", side_effect=ValueError("no paper")
        ):
            self.assertFalse(self.sent_files(bill, "new"))
        self.assertIn("no paper", str(self.messages(bill).mapped("body")))

    def test_answer_no(self):
        """KB-54: "notify account" answered with no; nothing goes by itself either."""
        bill = self.bill()
        self.pay(bill, notify=False)
        self.assertFalse(self.notices(bill, "receipt"))

    def test_receipt_however_it_was_paid(self):
        """By the accountant, or by a credit: a receipt, once."""
        bill = self.bill()
        self.register_payment(self.invoice(bill))
        self.env.cr.flush()  # as a commit does
        self.assertBill(bill, "paid")
        self.assertIn("100.00", str(self.mail(bill, "receipt").body))

    def test_bill_of_nothing(self):
        bill = self.bill(0, line_ids=[Command.create({"name": "Free"})])
        self.assertBill(bill, "paid")
        self.assertFalse(self.notices(bill))

    def test_switches_of_the_kind(self):
        """KB-56: off for the kind is off for its bills, unless somebody asks."""
        kind = self.env["kavi.bill.kind"].create({"name": "Silent"})
        for event, rule in EVENTS.items():
            with self.subTest(event=event):
                kind[rule.switch] = False
                draft = self.draft(partner_id=self.person.id, kind_id=kind.id)
                self.assertFalse(draft._is_notice_enabled(event))
                kind[rule.switch] = True
                self.assertTrue(draft._is_notice_enabled(event))
        kind.write({"notify_new": False, "notify_receipt": False})
        bill = self.bill(kind_id=kind.id)
        self.pay(bill, amount=10)
        self.register_payment(self.invoice(bill))
        self.env.cr.flush()
        self.assertFalse(self.notices(bill))
        kind.notify_refund = True
        self.give_back(bill)
        self.assertTrue(self.notices(bill, "refund"))

    def test_setting_of_the_company(self):
        self.company.billing_notify_new_bill = False
        self.assertFalse(self.notices(self.bill()))

    def test_bill_of_an_application(self):
        """KB-55: its form shows the bill already; unless the application wants it."""
        vals = {"partner_id": self.person.id, "title": "Entry", "amount": 5}
        quiet = self.bills._raise_bills([vals], application="Members")
        loud = self.bills._raise_bills([vals], application="Members", notify=True)
        self.assertFalse(self.notices(quiet))
        self.mail(loud, "new")
        self.mail(self.bills._raise_bills([vals]), "new")

    def test_account_without_an_address(self):
        """Listed for the officer, and sent once there is an address."""
        bill = self.issued(100)
        notice = self.notices(bill)
        self.assertEqual(notice.state, "undeliverable")
        action = self.env.ref("kavi_billing.action_kavi_notice_undeliverable")
        listed = self.as_user("officer")["kavi.notice"].search(safe_eval(action.domain))
        self.assertIn(notice, listed)
        self.account.email = "office@acme.example"
        listed.filtered(lambda known: known == notice).action_send_again()
        again = self.notices(bill)[-1:]
        self.assertEqual((again.event, again.state), ("new", "queued"))
        self.assertIn("office@acme.example", again.recipients)

    def test_send_again_does_what_can_be_done(self):
        """Of three notices one is of a bill from before these books, which sends none
        any more: the other two go out, that one is reported with its reason."""
        first, old, last = self.bill(10), self.bill(20), self.bill(30)
        old.sudo()._write_facts({"opening_state": "paid"})
        notices = self.notices(first | old | last)
        self.assertEqual(len(notices), 3)
        answer = notices.with_env(self.as_user("officer")).action_send_again()
        self.assertEqual(answer["res_model"], "kavi.bulk.report")
        report = self.env["kavi.bulk.report"].browse(answer["res_id"])
        self.assertEqual((report.done_count, report.refused_count), (2, 1))
        refused = self.notices(old)
        self.assertEqual(report.res_ids, refused.ids)
        self.assertIn(refused.display_name, report.refused)
        self.assertEqual(report.sudo().action_open_records()["res_id"], refused.id)
        for bill in first | last:
            self.assertEqual(self.notices(bill).mapped("state"), ["queued"] * 2)
        with self.refused(old.name):
            refused.with_env(self.as_user("officer")).action_send_again()
        again = self.notices(first)[-1:]
        self.assertIs(again.action_send_again(), True)

    def test_bad_template_undoes_nothing(self):
        """A payment stays, the notice says that it failed."""
        bill = self.bill()
        template = self.env.ref("kavi_billing.mail_template_bill_receipt")
        self._break(template)
        self.pay(bill, notify=True)
        self.assertBill(bill, "paid")
        notice = self.notices(bill, "receipt")
        self.assertEqual(notice.state, "failed")
        self.assertTrue(notice.reason)

    def _break(self, template, expression="object.no_such_field"):
        """A template that an administrator broke, past the check when it is saved."""
        with patch.object(type(template), "_check_can_be_rendered"):
            template.body_html = f'<p t-out="{expression}" />'

    def test_one_bad_bill_in_a_batch(self):
        """The others are sent."""
        drafts = self.bills.union(
            *(self.draft(partner_id=self.person.id, title=f"No {n}") for n in range(9))
        )
        template = self.env.ref("kavi_billing.mail_template_bill_new")
        self._break(template, "1 / (0 if object.title == 'No 4' else 1)")
        drafts.action_issue()
        states = self.notices(drafts).mapped(lambda n: (n.bill_id.title, n.state))
        self.assertEqual([t for t, state in states if state == "failed"], ["No 4"])
        self.assertEqual([state for __, state in states].count("queued"), 8)

    def test_what_becomes_of_the_mail(self):
        """Sent or failed, with the reason; the mail goes, its text stays."""
        good, bad = self.bill(), self.bill()
        notices = self.notices(good | bad)
        mails = notices.sudo().mail_id
        mails[0]._postprocess_sent_message([], [])
        mails[1]._postprocess_sent_message([], [], "No such box", "unknown")
        self.assertEqual(notices.mapped("state"), ["sent", "failed"])
        self.assertEqual(notices[1].reason, "No such box")
        self.assertFalse(mails[0].exists())
        self.assertTrue(notices[0].message_id)
        self.assertTrue(mails[1].exists())
        self.bill()  # one that is deleted from the queue
        lost = self.env["kavi.notice"].search([("state", "=", "queued")], limit=1)
        lost.sudo().mail_id.unlink()
        self.assertEqual(lost.state, "failed")

    # === BY HAND === #

    def test_send_by_hand(self):
        """KB-57: any template, any address, changed for this one message."""
        bill = self.bill()
        wizard = self.wizard(bill, "send", {})
        self.assertEqual(wizard.template_id.name, "Billing: New Bill")
        self.assertIn("jane@doe.example", wizard.recipients)
        self.assertIn(bill.name, wizard.notice_subject)
        wizard.template_id = self.env.ref("kavi_billing.mail_template_bill_reminder")
        self.assertIn("reminder", wizard.notice_subject)
        wizard.write(
            {
                "recipients": "joe@doe.example; Ann <ann@doe.example>",
                "copy_to": "boss@doe.example",
                "notice_subject": "Hello",
                "notice_body": "<p>Come and see us</p>",
            }
        )
        wizard.action_send()
        mail = self.mail(bill, "custom")
        self.assertEqual(mail.subject, "Hello")
        self.assertIn("Come and see us", mail.body_html)
        for address in ("joe@doe.example", "ann@doe.example"):
            self.assertIn(address, mail.email_to)
        for address in ("boss@doe.example", "copy@kavi.example"):
            self.assertIn(address, mail.email_cc)

    def test_send_to_many(self):
        """BB-13: the template as it is, each account its own."""
        bills = self.bill() | self.bill() | self.issued(5)
        self.send(bills, "overdue")
        notices = self.notices(bills, "custom")
        self.assertEqual(notices.mapped("state"), ["queued", "queued", "undeliverable"])
        self.send(bills[0])
        wizard = self.wizard(bills[0], "send", {})
        self.assertIn("Reminder", wizard.template_id.name)

    def test_bad_input_addresses(self):
        bill = self.bill()
        for text, words in (("", "address"), ("jane", "jane"), ("a@b.c, ,x y", "x y")):
            with self.refused(words):
                self.send(bill, recipients=text)
        with self.assertRaises(ValidationError):
            self.company.billing_email_copy = "nobody"
        other = self.env["mail.template"].search(
            [("model", "!=", "kavi.bill")], limit=1
        )
        with self.refused("written for bills"):
            self.wizard(
                bill,
                "send",
                {"template_id": other.id, "recipients": "a@b.example"},
            ).action_send()

    # === TEMPLATES, ACCESS === #

    def test_templates_that_stay(self):
        """KB-58: only custom templates are deleted."""
        for event in EVENTS.values():
            template = self.env.ref(f"kavi_billing.{event.template}")
            with self.refused("belongs to Billing"):
                template.unlink()
        custom = self.env.ref("kavi_billing.mail_template_bill_reminder").copy()
        custom.unlink()
        self.assertFalse(custom.exists())

    def test_access_notices(self):
        """The log is billing's to read and nobody's to write."""
        bill = self.bill()
        notice = self.notices(bill)
        for role in ("user", "officer", "administrator"):
            record = notice.with_env(self.as_user(role))
            self.assertEqual(record.read(["state"])[0]["state"], "queued")
            for act in (
                lambda record=record: record.write({"state": "sent"}),
                lambda record=record: record.unlink(),
                lambda record=record: record.create({"bill_id": bill.id}),
            ):
                with self.assertRaises(AccessError):
                    act()
        portal = self._new_user("notice_portal", "base.group_portal")
        employee = self._new_user("notice_employee", "base.group_user")
        for user in (portal, employee, self.users["accountant"]):
            with self.assertRaises(AccessError):
                notice.with_env(self.as_user(user)).read(["state"])
            with self.assertRaises(AccessError):
                notice.with_env(self.as_user(user)).action_send_again()
        with self.assertRaises(AccessError):
            notice.with_env(self.as_user("user")).action_send_again()

    def test_access_other_company(self):
        bill = self.bill()
        other = self._new_company("Elsewhere")
        user = self._new_user(
            "elsewhere",
            "kavi_billing.group_billing_administrator",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        env = self.env(user=user, su=False, context={"allowed_company_ids": other.ids})
        self.assertFalse(env["kavi.notice"].search([("bill_id", "=", bill.id)]))
        with self.assertRaises(AccessError):
            self.notices(bill).with_env(env).read(["recipients"])

    def test_query_count(self):
        """Ten notices cost far less than ten times one."""

        def issue(count):
            drafts = self.bills.create(
                [
                    {"partner_id": self.person.id, "title": "Fee", "amount": 5}
                    for __ in range(count)
                ]
            )
            drafts._issue(notify=False)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            drafts._notify("new")
            self.env.flush_all()
            self.assertEqual(set(self.notices(drafts).mapped("state")), {"queued"})
            return self.cr.sql_log_count - before

        issue(1)
        one, twenty = issue(1), issue(20)
        self.assertLess(twenty, one * 4)

    def test_drafts_have_no_notices(self):
        with self.refused("issue the draft"):
            self.send(self.draft())
