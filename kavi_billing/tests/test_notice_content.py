"""What the mail of a notice says, and to whom (KB-56 ... KB-61)."""

from lxml import html

from odoo.fields import Command
from odoo.tests import tagged

from .test_notice import NoticeCommon

ATTACK = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@tagged("post_install", "-at_install")
class TestNoticeContent(NoticeCommon):
    def test_documents_are_attached(self):
        """The new bill's invoice, the payment's receipt, as they are when sent."""
        bill = self.bill(title="Annual fee")
        ((name, content),) = self.sent_files(bill, "new")
        self.assertEqual(name, f"Invoice {bill.name}.pdf")
        self.assertIn(b"Annual fee", content)
        self.pay(bill)
        ((name, content),) = self.sent_files(bill, "receipt")
        self.assertEqual(name, f"Receipt {bill.name}.pdf")
        self.bounce(bill)
        self.assertFalse(self.sent_files(bill, "receipt"))  # there is none any more
        self.assertFalse(self.sent_files(bill, "reversal"))
        self.company.billing_attach_documents = False
        self.assertFalse(self.sent_files(bill, "new"))

    def test_credit_notes_are_attached(self):
        """Who is told of a refund or a cancel gets the credit note with it, as with a
        new bill its invoice; where nothing was credited there is none."""
        bill = self.bill()
        self.pay(bill, notify=False)
        self.give_back(bill, 30, notify=True)
        ((name, content),) = self.sent_files(bill, "refund")
        self.assertEqual(name, f"Credit Note {bill.name}.pdf")
        self.assertIn(self.notes(bill).name.encode(), content)
        canceled = self.bill()
        self.cancel(canceled, notify=True)
        ((name, content),) = self.sent_files(canceled, "cancel")
        self.assertEqual(name, f"Credit Note {canceled.name}.pdf")
        self.assertIn(self.notes(canceled).name.encode(), content)
        retained = self.bill()
        self.pay(retained, notify=False)
        self.cancel(retained, refund_amount=0, notify=True)
        self.assertFalse(self.sent_files(retained, "cancel"))
        self.company.billing_attach_documents = False
        self.assertFalse(self.sent_files(bill, "refund"))

    def test_text_is_changed_before_it_is_sent(self):
        """KB-56: the window shows the mail, and what was typed is what is sent."""
        bill = self.bill()
        wizard = self.wizard(
            bill, "cancel", {"reason": "a mistake", "notify": True, "edit_notice": True}
        )
        self.assertIn("has been canceled", str(wizard.notice_body))
        self.assertIn("a mistake", str(wizard.notice_body))
        wizard.notice_subject = "Sorry {{ object.name }}"
        wizard.notice_body = (
            "<p>We are sorry. <t t-out='object.env.cr'>{{ 1 + 1 }}</t></p>" + ATTACK
        )
        wizard.action_cancel_bills()
        mail = self.mail(bill, "cancel")
        # what is typed is text, never a template
        self.assertEqual(mail.subject, "Sorry {{ object.name }}")
        self.assertIn("{{ 1 + 1 }}", mail.body_html)
        self.assertIn("We are sorry.", mail.body_html)
        self.assertIn(bill._get_bill_url(), mail.body_html)
        self.assertNotIn("Cursor", mail.body_html)
        self.assertNotIn("<script", mail.body_html)
        self.assertNotIn("onerror", mail.body_html)

    def test_xss(self):
        """Whatever people type into a bill: text in the mail, or made harmless."""
        bill = self.bill(title=ATTACK, description=ATTACK + "<p>Hall B</p>")
        self.pay(bill, reason=ATTACK, notify=True)
        for event in ("new", "receipt"):
            mail = self.mail(bill, event)
            for text in (mail.body_html, str(mail.body)):
                tree = html.fromstring(text)
                self.assertFalse(tree.xpath("//script | //@onerror"))
                self.assertIn(ATTACK, " ".join(tree.text_content().split()))
            self.assertNotIn("\n", mail.subject)
        self.assertIn("Hall B", self.mail(bill, "new").body_html)

    def test_subject_is_one_line(self):
        """No header is smuggled in by a title."""
        bill = self.bill(title="Fee\r\nBcc: all@doe.example")
        self.assertNotIn("\n", self.mail(bill, "new").subject)

    def test_bill_in_parts(self):
        """BB-09, KB-54: a mail never asks for all on the day of the first part."""
        half = {"value": "percent", "value_amount": 50}
        term = self.env["account.payment.term"].create(
            {
                "name": "Half now, half later",
                "line_ids": [
                    Command.create({**half, "nb_days": days}) for days in (0, 60)
                ],
            }
        )
        bill = self.bill(300.0, payment_term_id=term.id, bill_date="2026-03-01")
        mail = self.mail(bill, "new")
        said = " ".join(html.fromstring(mail.body_html).text_content().split())
        self.assertIn("$ 300.00, to be paid in 2 parts. The first, $ 150.00", said)
        self.assertIn("is due on 03/01/2026", said)
        self.assertIn("To Pay $ 300.00", said)
        self.assertIn("Due 03/01/2026 $ 150.00 Due 04/30/2026 $ 150.00", said)
        self.pay(bill, amount=200, notify=False)
        self.send(bill, "reminder")
        body = self.notices(bill, "custom").message_id.body
        said = " ".join(html.fromstring(str(body)).text_content().split())
        self.assertIn("$ 100.00 of your bill Membership is due on 04/30/2026", said)

    def test_surcharge_and_discount_in_the_mail(self):
        """KB-53, BB-04: the mail asks what the bill's page asks, and says what paying
        early saves."""
        self.wire.surcharge_fixed = 4
        early = {"early_discount": True, "discount_percentage": 2, "discount_days": 10}
        term = self.env["account.payment.term"].create({"name": "Early", **early})
        with self.at("2026-03-05 12:00"):
            bill = self.bill(payment_term_id=term.id, bill_date="2026-03-01")
            mail = self.mail(bill, "new")
            said = " ".join(html.fromstring(mail.body_html).text_content().split())
            self.assertIn("Pay $ 98.00 by 03/11/2026, and the bill is settled", said)
            self.choose(bill, self.wire)
            self.send(bill, "reminder")
            mail = self.notices(bill, "custom").sudo().mail_id
            said = " ".join(html.fromstring(mail.body_html).text_content().split())
        self.assertIn("$ 104.00 of your bill Membership is due on 03/01/2026", said)
        self.assertIn("Surcharge: Wire Transfer $ 4.00 To Pay $ 104.00", said)
        self.assertIn("Pay $ 102.00 by 03/11/2026", said)

    def test_receipt_of_an_overpayment(self):
        """The payer reads what became of what was too much."""
        bill = self.bill(100.0)
        self.pay(bill, amount=130, notify=True)
        body = self.notices(bill, "receipt").message_id.body
        said = " ".join(html.fromstring(str(body)).text_content().split())
        self.assertIn("received $ 130.00", said)
        self.assertIn("$ 30.00 more than was asked", said)
        self.pay(other := self.bill(100.0), notify=True)
        body = self.notices(other, "receipt").message_id.body
        self.assertNotIn("more than", str(body))

    def test_whom_it_goes_to(self):
        """KB-06: billing contact, else primary contact, else the account; whoever of
        them has an address."""
        self.account.email = "office@acme.example"
        people = self.env["res.partner"].create(
            [{"name": name, "parent_id": self.account.id} for name in ("Bo", "Pat")]
        )
        self.account.write(
            {"billing_contact_id": people[0].id, "primary_contact_id": people[1].id}
        )
        bill = self.draft()
        for contact in (self.account, people[1], people[0]):
            contact.email = f"{contact.name.split()[0].lower()}@acme.example"
            self.assertEqual(bill._get_notice_contact(), contact)
        people[0].active = False
        self.assertEqual(bill._get_notice_contact(), people[1])

    def test_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.person.lang = "fr_FR"
        template = self.env.ref("kavi_billing.mail_template_bill_new")
        template.with_context(lang="fr_FR").subject = "Facture {{ object.name }}"
        other = self.env["res.partner"].create({"name": "Al", "email": "al@x.example"})
        drafts = self.draft(partner_id=self.person.id) | self.draft(partner_id=other.id)
        drafts.action_issue()
        subjects = self.notices(drafts).message_id.sorted("id").mapped("subject")
        self.assertEqual(len([s for s in subjects if s.startswith("Facture")]), 1)
        self.assertEqual(len([s for s in subjects if "new bill" in s]), 1)

    def test_edited_template_takes_effect_at_once(self):
        """KB-61."""
        template = self.env.ref("kavi_billing.mail_template_bill_new")
        template.subject = "Please pay {{ object.name }}"
        bill = self.bill()
        self.assertEqual(self.mail(bill, "new").subject, f"Please pay {bill.name}")
