"""Links end with the right that they were sent for: the account, the people who speak
for it, *Revoke Link*, their age (KB-11, KB-48)."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_portal_account import PageCase


@tagged("post_install", "-at_install")
class TestLinkEnds(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.credited = cls.issued()
        cls.cancel(cls.credited)
        cls.credited = cls.credited.with_env(cls.env)
        cls.note = cls.notes(cls.credited)
        cls.links = {bill: bill._get_link_token() for bill in (cls.bill, cls.credited)}
        cls.hashes = {bill: bill._sign_token(cls.account.id) for bill in cls.links}
        cls.env.flush_all()

    @mute_logger("odoo.http")
    def answers(self, token, hash_, bill=None):
        """What a bill's old link does now, at every door: whether it is let in."""
        bill = bill or self.bill
        move = bill.invoice_id
        path = f"/my/bills/{bill.id}"
        self.env.flush_all()
        self.log_in()
        said = {}
        for name, url, query in (
            ("page", path, {}),
            ("invoice", f"{path}/invoice", {}),
            ("Odoo's page", f"/my/invoices/{move.id}", {}),
            ("Odoo's paper", f"/my/invoices/{move.id}", {"report_type": "html"}),
        ):
            answer = self.open(url, access_token=token, **query)
            said[name] = answer.status_code == 200
        answer = self.open(
            "/mail/view", model="kavi.bill", res_id=bill.id, access_token=token
        )
        where = answer.headers.get("Location", "")
        said["Odoo's way to the page"] = f"={bill.access_token}" in where
        methods = self.check | self.wire
        method = (methods - bill.payment_method_id)[:1]
        self.open(f"{path}/method", {"access_token": token, "method_id": method.id})
        self.env.invalidate_all()
        said["method"] = bill.payment_method_id == method
        for record in (bill, move):
            before = len(self.messages(record))
            for name, key in (
                ("token", {"token": token}),
                ("hash", {"hash": hash_, "pid": self.account.id}),
            ):
                self.url_open(
                    "/mail/message/post",
                    json={
                        "params": {
                            "thread_model": record._name,
                            "thread_id": record.id,
                            "post_data": {"body": "Hello"},
                            **key,
                        }
                    },
                )
                after = len(self.messages(record))
                said[f"post on {record._name} by {name}"] = after > before
                before = after
        return said

    def assertLink(self, is_open, token=None, hash_=None):
        said = self.answers(
            token or self.links[self.bill], hash_ or self.hashes[self.bill]
        )
        self.assertEqual(said, dict.fromkeys(said, is_open))

    def assertNoteLink(self, is_open):
        """The link of a canceled bill, and its credit note in Odoo's own page."""
        self.env.flush_all()
        self.log_in()
        for path in (f"/my/bills/{self.credited.id}", f"/my/invoices/{self.note.id}"):
            answer = self.open(path, access_token=self.links[self.credited])
            self.assertEqual(answer.status_code == 200, is_open, path)

    def assertEnded(self):
        self.assertLink(False)
        self.assertNoteLink(False)

    def assertNewLink(self):
        """What is mailed from now on opens the bill again."""
        token = self.bill._get_link_token()
        self.assertNotEqual(token, self.links[self.bill])
        self.assertLink(True, token, self.bill._sign_token(self.account.id))

    def test_link_opens_what_it_is_for(self):
        """The others of this class would see nothing if it opened nothing."""
        self.assertLink(True)
        self.assertNoteLink(True)
        message = self.messages(self.bill.invoice_id)[0]
        self.assertEqual(message.author_id, self.account)
        self.assertEqual(message.partner_ids, self.officer.partner_id)

    def test_access_link_revoked(self):
        bills = (self.bill | self.credited).with_user(self.users["administrator"])
        bills.action_revoke_link()
        self.assertEnded()
        self.assertNewLink()

    def test_access_link_of_former_people(self):
        """Whoever speaks for the account no longer, may have its links."""
        people = {name: user.partner_id for name, user in self.people.items()}
        officer = self.account.with_user(self.officer)
        for change in (
            lambda: officer.write(
                {"billing_admin_ids": [Command.unlink(people["admin"].id)]}
            ),
            lambda: officer.write({"billing_contact_id": people["employee"].id}),
            lambda: officer.write({"primary_contact_id": False}),
            lambda: people["contact"].write({"parent_id": False}),
            lambda: [
                record.write({"active": False})
                for record in (self.people["contact"], people["contact"])
            ],
        ):
            with self.subTest(change=change), self.cr.savepoint() as savepoint:
                change()
                self.env.flush_all()
                self.env.invalidate_all()
                for bill, token in self.links.items():
                    self.assertFalse(bill._is_link_token(token))
                    self.assertNotEqual(
                        bill._sign_token(self.account.id), self.hashes[bill]
                    )
                self.assertTrue(self.bill._is_link_token(self.bill._get_link_token()))
                savepoint.rollback()
                self.env.invalidate_all()
        officer.write({"billing_admin_ids": [Command.unlink(people["admin"].id)]})
        self.assertIn("no longer speaks", str(self.messages(self.account)[0].body))
        self.assertEnded()
        self.assertNewLink()

    def test_access_link_of_people_who_are_deleted(self):
        person = self.env["res.partner"].create(
            {"name": "Short Stay", "parent_id": self.account.id}
        )
        self.account.billing_admin_ids |= person
        for bill, token in self.links.items():
            self.assertTrue(bill._is_link_token(token), "somebody more takes nothing")
        person.unlink()
        self.assertEnded()

    def test_link_stays_when_nobody_leaves(self):
        """What does not concern who speaks for an account, ends no links."""
        person = self.people["contact"].partner_id
        self.account.write({"name": "Acme plc", "phone": "1"})
        self.account.write({"billing_contact_id": person.id})
        person.write({"name": "Jane", "email": "jane@example.com"})
        self.people["owner"].partner_id.write({"name": "Somebody Else"})
        self.assertLink(True)

    def test_access_link_of_archived_account(self):
        """KB-11; and for good: a link that ended does not come back to life."""
        self.account.active = False
        self.assertEnded()
        self.account.active = True
        self.assertEnded()
        self.assertNewLink()

    def test_access_link_of_archived_account_by_sql(self):
        """Whatever archived it: it is asked when the link is used."""
        self.env.cr.execute(
            "UPDATE res_partner SET active = false WHERE id = %s", [self.account.id]
        )
        self.env.invalidate_all()
        self.assertEnded()

    def test_access_link_of_archived_company(self):
        self.env.cr.execute(
            "UPDATE res_company SET active = false WHERE id = %s", [self.company.id]
        )
        self.env.invalidate_all()
        for bill, token in self.links.items():
            self.assertFalse(bill._is_link_token(token))
        self.log_in()
        path = f"/my/bills/{self.bill.id}"
        answer = self.open(path, access_token=self.links[self.bill])
        self.assertEqual(answer.status_code, 303)

    def test_access_link_of_age(self):
        """It works for the days that the company lets it, from the last mail that had
        it; 0 is no limit."""
        self.assertEqual(self.company.billing_link_days, 365)
        today = self.company._billing_today()
        self.company.billing_link_days = 30
        bills = self.bill | self.credited
        bills._write_facts({"link_date": today - timedelta(days=30)})
        self.assertLink(True)
        bills._write_facts({"link_date": today - timedelta(days=31)})
        self.assertEnded()
        self.company.billing_link_days = 0
        self.assertLink(True)
        self.company.billing_link_days = 30
        # a page that is shown renews nothing; the next mail has a new one
        self.assertEnded()
        self.assertNewLink()
        self.assertEqual(self.bill.link_date, today)

    def test_link_of_each_mail_counts_anew(self):
        """The same link while it works: whoever keeps the first mail may use it."""
        today = self.company._billing_today()
        self.company.billing_link_days = 30
        self.bill._write_facts({"link_date": today - timedelta(days=29)})
        self.assertIn(
            self.links[self.bill], self.bill.with_user(self.officer)._get_bill_url()
        )
        self.assertEqual(self.bill.link_date, today)
        # of bills from before, the age counts from the day they were issued
        self.bill._write_facts({"link_date": False})
        self.assertTrue(self.bill._is_link_alive())
        self.env.cr.execute(
            "UPDATE kavi_bill SET bill_date = %s WHERE id = %s",
            [today - timedelta(days=31), self.bill.id],
        )
        self.env.invalidate_all()
        self.assertFalse(self.bill._is_link_alive())

    def test_mail_of_the_chatter_has_a_link_that_works(self):
        """An officer's message to the account, by Odoo's own button."""
        self.company.billing_link_days = 30
        old = self.company._billing_today() - timedelta(days=40)
        self.bill._write_facts({"link_date": old})
        self.account.email = "acme@example.com"
        message = self.bill.with_user(self.officer).message_post(
            body="Dear payer",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.account.ids,
        )
        mail = self.env["mail.mail"].search([("mail_message_id", "=", message.id)])
        token = self.bill.access_token
        self.assertNotEqual(token, self.links[self.bill])
        self.assertIn(f"access_token={token}", mail.body_html)
        self.assertNotIn(token, message.body)
        self.assertTrue(self.bill._is_link_token(token))

    def test_bad_input_days(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            with self.cr.savepoint():
                self.company.billing_link_days = -1
                self.env.flush_all()
