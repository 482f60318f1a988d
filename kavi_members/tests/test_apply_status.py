"""The status page (KM-24), and who joins a member company (KM-31)."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..tools.form_rules import MAX_MESSAGES
from .page_case import PageCase


@tagged("post_install", "-at_install")
class TestStatus(PageCase):
    def test_pay_and_become_a_member(self):
        application, __ = self.apply()
        path = application._get_status_path()
        answer = self.get(path)
        text = self.text(answer)
        self.assertIn("Pay now", text)
        self.assertIn("120.00", text)
        self.assertIn("access_token=", answer.text)
        self.assertNotIn("ida@applicants.example", answer.text)
        self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("noindex", answer.headers["X-Robots-Tag"])
        self.settle(application.membership_ids)
        text = self.text(self.get(path))
        self.assertIn("You are a member", text)
        self.assertNotIn("Pay now", text)
        self.assertNotIn("Withdraw", text)

    def test_withdraw(self):
        application, __ = self.apply()
        path = application._get_status_path()
        bill = self.bill_of(application.membership_ids)
        self.assertIn("Tick the box", self.text(self.post(f"{path}/withdraw")))
        self.assertGoes(self.post(f"{path}/withdraw", sure="1"), "done=withdrawn")
        self.assertEqual(application.state, "withdrawn")
        self.assertEqual(bill.state, "canceled")
        answer = self.post(f"{path}/withdraw", sure="1")
        self.assertIn("can no longer", self.text(answer))

    def test_paid_is_not_withdrawn(self):
        application, __ = self.apply()
        self.settle(application.membership_ids)
        path = application._get_status_path()
        answer = self.post(f"{path}/withdraw", sure="1")
        self.assertIn("can no longer", self.text(answer))
        self.assertMember(application.membership_ids, "current")

    def test_messages(self):
        """Plain text, so long and so many; officers are told, their answer shows."""
        application, __ = self.apply()
        path = application._get_status_path()
        self.assertIn(
            "Write a message", self.text(self.post(f"{path}/message", message=" "))
        )
        long = self.post(f"{path}/message", message="x" * 2001)
        self.assertIn("at most", self.text(long))
        text = "Hello <b>you</b> & <script>alert(1)</script>"
        self.assertGoes(self.post(f"{path}/message", message=text), "done=sent")
        page = self.get(path)
        self.assertIn(text, self.text(page))
        self.assertNotIn("<script>alert(1)", page.text)
        self.assertIn(
            "Message of an applicant", self.summaries(application.membership_ids)
        )
        application.with_user(self.users["members_officer"]).message_post(
            body="We look.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        application.message_post(body="Odd fellow.", subtype_xmlid="mail.mt_note")
        text = self.text(self.get(path))
        self.assertIn("We look.", text)
        self.assertNotIn("Odd fellow", text)
        for __ in range(MAX_MESSAGES - 1):
            application._post_as_applicant("more")
        with self.refused("enough"):
            application._post_as_applicant("more")

    def test_each_state_has_words(self):
        """No page without a state, and none that tells a reason of the staff."""
        self.kind.moderate_new = True
        application, path = self.apply()
        member = application.membership_ids
        with self.rolled_back():
            member._deny("Bad payer", "We are full this year.")
            text = self.text(self.get(path))
            self.assertIn("We are full", text)
            self.assertNotIn("Bad payer", text)
        for state, words in (
            ("pending_moderation", "We decide"),
            ("pending_bill", "bill"),
            ("current", "member"),
            ("expired", "ended"),
            ("archived", "ended"),
            ("canceled", "Canceled"),
        ):
            with self.subTest(state), self.rolled_back():
                vals = {"state": state, "date_start": "2027-01-01"}
                member._write_facts({**vals, "date_end": "2027-02-01"})
                self.assertIn(words, self.text(self.get(path)))

    # === REPRESENTATIVES === #

    def member_company(self, **vals):
        company = self.env["res.partner"].create(
            {"name": "Acme Members", "is_company": True}
        )
        kind = self.new_type("Corporate", audience="company", seat_limit=1, **vals)
        member = self.add(kind, company)
        self.assertMember(member, "current")
        return member

    def join(self, form, email, **values):
        path = self.assertGoes(
            self.post(form._get_path(), person__name="Rep", person__email=email),
            "/employer",
        )
        answer = self.post(path, **values)
        if answer.status_code == 303:
            path = self.assertGoes(answer, "/check")
            answer = self.post(path)
        return self.last(), answer

    def test_representative_by_choice(self):
        """KM-31: the company is chosen, an officer decides; one seat is one."""
        member = self.member_company()
        form = self.new_form("representative")
        company = str(member.partner_id.id)
        one, __ = self.join(form, "a@x.example", employer__id=company)
        other, __ = self.join(form, "b@x.example", employer__id=company)
        self.assertEqual(one.seat_ids.state, "waiting")
        self.assertTrue(one.partner_id.kavi_is_pending_member)
        one.with_user(self.users["members_officer"]).action_approve_representative()
        self.assertEqual(one.seat_ids.state, "active")
        self.assertFalse(one.partner_id.kavi_is_pending_member)
        self.assertEqual(one.partner_id.kavi_purpose, "representative")
        with self.refused("seats"):
            other._approve_representative()
        other._deny_representative()
        self.assertEqual(other.state, "done")
        with self.refused("does not wait"):
            other._approve_representative()
        text = self.text(self.get(other._get_status_path()))
        self.assertIn("not accepted", text)

    def test_representative_by_domain(self):
        """The address says whose they are, once it is confirmed."""
        member = self.member_company()
        rules = self.env["kavi.domain.rule"]
        rules.create({"domain": "@Acme.Example ", "partner_id": member.partner_id.id})
        form = self.new_form("representative", moderate=False)
        unknown, answer = self.join(form, "who@elsewhere.example")
        self.assertIn("was not found", self.text(answer))
        self.assertFalse(unknown.partner_id)
        one, __ = self.join(form, "rep@acme.example")
        self.assertEqual(one.state, "unconfirmed")
        links = self.env["kavi.membership.link"]
        one._confirm(links.search([("application_id", "=", one.id)]))
        self.assertEqual(one.seat_ids.state, "active")
        self.assertEqual(one.seat_ids.source, "domain")
        for wrong in ("gmail.com", "acme", "a@b.example", "x y.example"):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                rules.create({"domain": wrong, "partner_id": member.partner_id.id})
