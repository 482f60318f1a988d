"""What people write on the pages of the portal."""

from lxml import html

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.const import MAX_MESSAGE, MAX_PER_HOUR
from .test_portal_account import PageCase

XSS = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'


@tagged("post_install", "-at_install")
class TestPortalText(PageCase):
    def assertHarmless(self, text):
        page = html.fromstring(text)
        for script in page.xpath("//script"):
            self.assertNotIn("alert(", script.text or "")
        for element in page.iter():
            for name, value in element.attrib.items():
                if element.tag == "script" and value == "__odooAssetError=1":
                    continue  # Odoo's own
                self.assertFalse(name.startswith("on"), (element.tag, name, value))
                if name in ("href", "src", "action"):
                    self.assertNotIn("javascript:", value.lower())

    def test_xss(self):
        """Text is shown as text, HTML is sanitized, in every field somebody fills."""
        self.account.name = "Acme" + XSS
        self.company.name = "Kavi" + XSS
        self.wire.write({"name": "Wire" + XSS, "instructions": f"<p>Iban</p>{XSS}"})
        bill = self.issued(
            title="Fee" + XSS,
            description="<p>See <a href='javascript:alert(3)'>this</a></p>" + XSS,
            purchase_order="PO" + XSS,
            invoice_number="I" + XSS,
            line_ids=[Command.create({"name": "Line" + XSS, "price_unit": 5})],
        )
        self.choose(bill, self.wire)
        self.env.flush_all()
        self.log_in("admin")
        for path in (
            f"/my/bills/{bill.id}",
            "/my/billing",
            f"/my/billing?search={XSS}&sortby={XSS}&filterby={XSS}&account={XSS}",
            f"/my/bills/{bill.id}?done={XSS}&error={XSS}&pid={XSS}&hash={XSS}",
            f"/my/billing/pay?bill={bill.id}&done=1",
            f"/my/billing/statement?date_from={XSS}&date_to={XSS}",
        ):
            with self.subTest(path=path):
                answer = self.open(path)
                self.assertEqual(answer.status_code, 200)
                self.assertHarmless(answer.text)
                self.assertIn("&lt;script&gt;", answer.text)
                self.assertNotIn("}49", answer.text)
        self.post(bill, "numbers", purchase_order=XSS[:60])
        self.assertEqual(bill.purchase_order, XSS[:60])
        self.assertHarmless(self.open(f"/my/bills/{bill.id}").text)

    def fetch(self, bill, **kwargs):
        answer = self.url_open(
            "/mail/chatter_fetch",
            json={
                "params": {
                    "thread_model": "kavi.bill",
                    "thread_id": bill.id,
                    **kwargs,
                }
            },
        ).json()
        return str(answer["result"]["data"])

    def write_message(self, bill, body, **kwargs):
        data = {"body": body, **kwargs.pop("post_data", {})}
        return self.url_open(
            "/mail/message/post",
            json={
                "params": {
                    "thread_model": bill._name,
                    "thread_id": bill.id,
                    "post_data": data,
                    **kwargs,
                }
            },
        ).json()

    def test_messages(self):
        """KB-41: to whoever raised the bill, sanitized; notes are never shown."""
        bill = self.bill
        bill._log_note("Owes us for years")
        bill.message_post(body="An internal remark", subtype_xmlid="mail.mt_note")
        bill.message_post(
            body="Dear payer", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.env.flush_all()
        for name in ("contact", None):
            self.log_in(name)
            link = {} if name else {"token": bill.access_token}
            answer = self.write_message(
                bill,
                "<p>Why?</p><script>alert(1)</script><img src='x' onerror='alert(2)'>",
                **link,
            )
            self.assertNotIn("error", answer)
            message = self.messages(bill)[0]
            self.assertIn("Why?", message.body)
            self.assertNotIn("script", message.body)
            self.assertNotIn("onerror", message.body)
            self.assertEqual(message.message_type, "comment")
            self.assertEqual(message.partner_ids, self.officer.partner_id)
            shown = self.fetch(bill, **link)
            self.assertIn("Dear payer", shown)
            self.assertIn("Why?", shown)
            for hidden in ("Owes us", "internal remark", "Issued as"):
                self.assertNotIn(hidden, shown)
        if name is None:
            self.assertEqual(message.author_id, self.account)

    @mute_logger("odoo.http")
    def test_messages_of_who_is_logged_in_and_came_by_a_link(self):
        """The conversation is there, and they write in their own name, whatever link
        they came by."""
        bill = self.bill
        bill.message_post(
            body="Dear payer", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        tokens = (bill.access_token, "outdated", self.own_bill.access_token)
        for name in ("contact", "admin"):
            self.log_in(name)
            for number, token in enumerate(tokens):
                with self.subTest(name=name, number=number):
                    self.assertIn("Dear payer", self.fetch(bill, token=token))
                    body = f"{name} asks {number}"
                    answer = self.write_message(bill, body, token=token)
                    self.assertNotIn("error", answer)
                    message = self.messages(bill)[0]
                    self.assertIn(body, message.body)
                    self.assertEqual(message.author_id, self.people[name].partner_id)
                    self.assertIn(body, self.fetch(bill, token=token))
            shown = self.rpc(
                self.people[name], "kavi.bill", "read", bill.ids, ["message_token"]
            )
            self.assertFalse(shown[0]["message_token"])

    @mute_logger("odoo.http")
    def test_bad_input_links_of_messages(self):
        """What Odoo cannot compare is no link: as for what is not there."""
        bill = self.bill
        links = [
            {"token": "\N{LATIN SMALL LETTER U WITH DIAERESIS}"},
            {"token": {"a": 1}},
            {"token": [1]},
            {"token": 7},
            {"hash": "\N{LATIN SMALL LETTER U WITH DIAERESIS}", "pid": 1},
            {"hash": {"a": 1}, "pid": 1},
            {"hash": "x", "pid": "x"},
            {"hash": "x", "pid": [1]},
        ]
        for name in (None, "stranger", "contact"):
            self.log_in(name)
            for link in links:
                for record in (bill, bill.invoice_id):
                    with self.subTest(name=name, link=link, model=record._name):
                        answer = self.write_message(record, "Let me in", **link)
                        self.assertEqual(answer["error"]["code"], 404, answer)

    @mute_logger("odoo.http")
    def test_messages_have_limits(self):
        self.log_in("contact")
        answer = self.write_message(self.bill, "x" * (MAX_MESSAGE + 1))
        self.assertIn("longer than", str(answer["error"]))
        # nobody is mailed at a payer's wish, under another's name or kind
        self.write_message(
            self.bill,
            "Spam",
            post_data={
                "partner_ids": self.person.ids,
                "message_type": "notification",
                "subtype_xmlid": "mail.mt_note",
                "author_id": self.person.id,
                "email_from": "boss@example.com",
            },
        )
        message = self.messages(self.bill)[0]
        self.assertEqual(message.message_type, "comment")
        self.assertEqual(message.partner_ids, self.officer.partner_id)
        self.assertEqual(message.author_id, self.people["contact"].partner_id)
        for _n in range(MAX_PER_HOUR - 1):
            self.assertNotIn("error", self.write_message(self.bill, "Again"))
        answer = self.write_message(self.bill, "And again")
        self.assertIn("last hour", str(answer["error"]))
        answer = self.url_open(
            "/web/dataset/call_kw",
            json={
                "params": {
                    "model": "kavi.bill",
                    "method": "message_post",
                    "args": self.bill.ids,
                    "kwargs": {"body": "By RPC"},
                }
            },
        ).json()
        self.assertIn("last hour", str(answer["error"]))
