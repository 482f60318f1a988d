"""The public forms (KM-20 ... KM-23): page by page, saved as typed, contacts only when
it is sent; what is wrong is said; robots are stopped."""

import io

from odoo.fields import Command
from odoo.tests import tagged

from ..tools.form_rules import MAX_STARTS, TRAP
from .page_case import PageCase


@tagged("post_install", "-at_install")
class TestApply(PageCase):
    def test_individual_pays_in_the_form(self):
        """KM-21, KM-23, KM-53: the form ends on the page on which the bill is paid, and
        no mail says that there is a bill."""
        before = self.env["res.partner"].search_count([])
        self.assertEqual(self.get(self.form._get_path()).status_code, 200)
        self.assertFalse(self.last(), "a page that is opened makes nothing")
        path = self.assertGoes(self.start(), "/membership")
        draft = self.last()
        self.assertEqual(draft.state, "draft")
        self.assertEqual(self.env["res.partner"].search_count([]), before)
        self.assertIn("120.00", self.text(self.get(path)))
        self.assertIn("Ida Applicant", self.get(draft_step(draft, "person")).text)
        path = self.assertGoes(self.post(path, type=str(self.kind.id)), "/check")
        self.assertIn("Ida Applicant", self.text(self.get(path)))
        after = self.assertGoes(self.post(path), "/my/bills/", "access_token=")
        member = draft.membership_ids
        self.assertMember(member, "pending_bill")
        person = member.partner_id
        self.assertEqual((person.name, person.city), ("Ida Applicant", "Bergen"))
        self.assertEqual(person.parent_id, self.holder)
        self.assertTrue(person.kavi_is_pending_member)
        self.assertIn("Your application", self.get(after.partition("#")[0]).text)
        mails = self.env["mail.mail"].search([("email_to", "=", person.email)])
        self.assertEqual(len(mails), 1)
        self.assertIn(draft._get_status_path(), mails.body_html)
        self.assertFalse(self.bill_of(member).sudo().notice_ids)

    def test_approved_later_the_bill_is_mailed(self):
        """Moderation first: the form is over when the bill comes."""
        self.kind.moderate_new = True
        application, after = self.apply()
        self.assertIn("/membership/status/", after)
        member = application.membership_ids
        self.assertMember(member, "pending_moderation")
        member._approve()
        self.env.flush_all()
        self.assertTrue(self.bill_of(member).sudo().notice_ids)

    def test_company_with_one_person_in_two_roles(self):
        """KM-20"""
        form = self.new_form("company")
        path = self.assertGoes(
            self.post(form._get_path(), company__name="Applied Ltd"), "/people"
        )
        answer = self.post(
            path, primary__name="Pia", primary__email="pia@applied.example"
        )
        self.assertIn("who gets the bills", self.text(answer))
        answer = self.post(
            path,
            primary__name="Pia",
            primary__email="pia@applied.example",
            billing_is_primary="1",
            other_1__name="Otto",
            other_1__email="otto@applied.example",
        )
        path = self.assertGoes(answer, "/membership")
        path = self.assertGoes(self.post(path, type=str(self.club.id)), "/check")
        self.assertGoes(self.post(path), "/membership/status/")
        application = self.last()
        company = application.partner_id
        self.assertEqual(company.primary_contact_id.name, "Pia")
        self.assertEqual(company.billing_contact_id.name, "Pia")
        self.assertEqual(len(company.child_ids), 2)
        self.assertEqual(
            sorted(application.contact_ids.mapped("role")),
            ["billing", "other", "primary"],
        )

    def test_three_ways_of_matching(self):
        """KM-21"""
        other = self.env["res.partner"].create(
            {
                "name": "University",
                "is_company": True,
                "is_billing_holder": True,
                "kavi_purpose": "individuals_company",
            }
        )
        for matching, values, refused, expected in (
            ("list", {"employer__id": str(other.id)}, {}, "University"),
            (
                "list_or_new",
                {"employer__name": "Night School"},
                {"employer__id": str(self.club.id + 10**6)},
                "Night School",
            ),
        ):
            form = self.new_form(
                "individual", matching.replace("_", "-"), matching=matching
            )
            with self.subTest(matching):
                path = self.assertGoes(self.start(form), "/employer")
                self.assertIn("hoose", self.text(self.post(path, **refused)))
                path = self.assertGoes(self.post(path, **values), "/membership")
                self.assertGoes(self.post(path, type=str(self.kind.id)), "/check")
                application = self.last()
                application._send()
                person = application.partner_id
                self.assertEqual(person.parent_id.name, expected)
                self.assertEqual(person.commercial_partner_id, person)

    def test_terms_are_agreed_to(self):
        """KM-22: what, when, and from where, without its last part."""
        self.kind.terms_html = "<p>Be kind.</p>"
        path = self.assertGoes(self.start(), "/membership")
        path = self.assertGoes(self.post(path, type=str(self.kind.id)), "/terms")
        self.assertIn("Be kind.", self.text(self.get(path)))
        self.assertIn("Tick this", self.text(self.post(path)))
        path = self.assertGoes(self.post(path, agree="1"), "/check")
        self.assertGoes(self.post(path))
        application = self.last()
        self.assertIn("Gold", application.consent_version)
        self.assertTrue(application.consent_at)
        self.assertEqual(application.consent_address, "127.0.0.0")

    def test_questions(self):
        """Text, choice, day and file: kept as they were asked, with the application."""
        self.form.question_ids = [
            Command.create({"name": "Job?", "partner_field": "function"}),
            Command.create({"name": "How?", "kind": "choice", "choices": "A\nB"}),
            Command.create({"name": "Born", "kind": "date"}),
            Command.create({"name": "Proof", "kind": "file", "required": True}),
        ]
        job, how, born, proof = (f"q{one.id}" for one in self.form.question_ids)
        path = self.assertGoes(self.start(), "/membership")
        path = self.assertGoes(self.post(path, type=str(self.kind.id)), "/questions")
        values = {job: "Baker", how: "B", born: "2001-02-03"}
        for upload, problem in (
            (None, "Choose a file"),
            (("x.exe", io.BytesIO(b"MZ\x90\0"), "application/pdf"), "a picture"),
            (("big.txt", io.BytesIO(b"a" * 5_000_000), "text/plain"), "4 MB"),
        ):
            files = {proof: upload} if upload else None
            with self.subTest(problem):
                answer = self.post(path, files=files, **values)
                self.assertIn(problem, self.text(answer))
        for wrong in ({how: "C"}, {born: "2001-02-30"}, {job: "x" * 300}):
            with self.subTest(wrong):
                answer = self.post(path, **{**values, **wrong})
                self.assertEqual(answer.status_code, 200)
        good = {proof: ("../a\\b.pdf.pdf", io.BytesIO(b"%PDF-1.4 x"), "text/plain")}
        path = self.assertGoes(self.post(path, files=good, **values), "/check")
        self.assertGoes(self.post(path))
        answers = self.last().answer_ids
        self.assertEqual(answers.mapped("value_text")[:2], ["Baker", "B"])
        self.assertEqual(str(answers[2].value_date), "2001-02-03")
        self.assertEqual(self.last().partner_id.function, "Baker")
        kept = answers[3].attachment_ids
        self.assertFalse(kept.public)
        self.assertEqual(kept.res_model, "kavi.membership.application")
        self.assertNotIn("/", kept.name)

    def test_who_must_have_another_one(self):
        """A type for who is a member already: they log in first."""
        gold = self.new_type("Fellow", 10.0, requires_type_ids=self.kind.ids)
        path = self.assertGoes(self.start(), "/membership")
        path = self.assertGoes(self.post(path, type=str(gold.id)), "/check")
        self.assertIn("log in first", self.text(self.post(path)))
        user = self._new_user("joel", "base.group_portal")
        member = self.add(self.kind, user.partner_id)
        self.settle(member)
        self.authenticate(user.login, user.login)
        application, __ = self.apply(gold)
        self.assertEqual(application.membership_ids.type_id, gold)

    def test_bad_input(self):
        """Each field of each page: a sentence beside it, and nothing made."""
        for values in (
            {"person__name": ""},
            {"person__name": "x" * 129},
            {"person__email": "ida"},
            {"person__email": "a@b.example, c@d.example"},
            {"person__email": ""},
            {"person__country_id": "999999"},
            {"person__country_id": "1; DROP"},
        ):
            with self.subTest(values):
                answer = self.start(**values)
                self.assertEqual(answer.status_code, 200)
                self.assertIn("is-invalid", answer.text)
        self.assertFalse(self.last())
        path = self.assertGoes(self.start(), "/membership")
        hidden = self.new_type("Not here", 1.0)
        self.form.type_ids = self.kind
        for kind in ("", "x", "9" * 12, str(self.club.id), str(hidden.id)):
            with self.subTest(kind):
                self.assertEqual(self.post(path, type=kind).status_code, 200)
        for day in ("2027-03-09", "2029-01-01", "1-1-1", "2027-02-30"):
            with self.subTest(day):
                answer = self.post(path, type=str(self.kind.id), requested_start=day)
                self.assertEqual(answer.status_code, 200)

    def test_pages_in_order(self):
        """Whoever leaves a page out is led to it; who has sent it, to its status."""
        path = self.assertGoes(self.start(), "/membership")
        check = path.replace("/membership", "/check").replace("/check/", "/membership/")
        self.assertIn("first", self.text(self.post(check)))
        self.assertGoes(self.get(check.replace("/check", "/terms")), "/membership")
        path = self.assertGoes(self.post(path, type=str(self.kind.id)), "/check")
        self.assertGoes(self.post(path))
        self.assertGoes(self.get(path), "/membership/status/")
        self.assertGoes(self.post(path), "/membership/status/")
        self.assertEqual(len(self.last().membership_ids), 1)

    def test_offered_no_more(self):
        path = self.assertGoes(self.start(), "/membership")
        path = self.assertGoes(self.post(path, type=str(self.kind.id)), "/check")
        self.kind.date_available_to = "2027-03-01"
        self.new_type("Other", 10.0)
        answer = self.post(path)
        self.assertIn("list has changed", self.text(answer))
        self.assertEqual(self.last().state, "draft")

    def test_bad_input_links(self):
        """A wrong link is answered like one that never was."""
        self.start()
        draft = self.last()
        path = draft_step(draft, "membership")
        for wrong in (
            path.replace(draft._get_access_token(), "x"),
            path.replace(draft._get_access_token(), "%C3%A4"),
            path.replace(f"/{draft.id}/", f"/{draft.id + 1}/"),
            path.replace("test-individual", "test-other"),
            "/membership/apply/unknown",
            "/membership/apply/%C3%A4",
            f"/membership/status/{draft.id}/x",
            "/membership/status/99999999999/x",
            "/membership/confirm/x",
        ):
            with self.subTest(wrong):
                answer = self.get(wrong)
                self.assertEqual(answer.status_code, 404)
                self.assertIn("does not exist", self.text(answer))

    # === ROBOTS === #

    def test_robots(self):
        for values in ({"age": 0}, {"age": 2}, {"age": 90_000}, {TRAP: "1"}):
            with self.subTest(values):
                answer = self.start(**values)
                self.assertIn("once more", self.text(answer))
        self.assertIn("once more", self.text(self.start(stamp="1.x")))
        self.assertFalse(self.last())
        self.assertGoes(self.start(age=3))

    def test_many_posts_from_one_address(self):
        """KM complaint 33: some, and then no more, and no drafts for them."""
        for number in range(MAX_STARTS + 3):
            answer = self.start()
            self.assertEqual(answer.status_code, 303 if number < MAX_STARTS else 429)
        count = self.env["kavi.membership.application"].search_count([])
        self.assertEqual(count, MAX_STARTS)
        self.go_to("2027-03-12")
        self.env["kavi.membership.attempt"]._gc_attempts()
        self.assertFalse(self.env["kavi.membership.attempt"].search([]))

    # === CONFIRMATION === #

    def test_confirm_the_address(self):
        """What is free and not moderated waits for it; the link is not opened only."""
        free = self.new_type("Friend")
        application, after = self.apply(free)
        self.assertEqual(application.state, "unconfirmed")
        self.assertFalse(application.partner_id)
        self.assertIn("Confirm your e-mail", self.text(self.get(after)))
        mail = self.env["mail.mail"].search([], limit=1)
        link = "/membership/confirm/" + mail.body_html.partition("/confirm/")[2]
        link = link.partition('"')[0]
        self.assertIn("press the button", self.text(self.get(link)))
        self.assertEqual(application.state, "unconfirmed")
        self.assertGoes(self.post(link), "/membership/status/")
        self.assertTrue(application.email_confirmed_at)
        self.assertMember(application.membership_ids, "current")
        self.assertGoes(self.post(link), "/membership/status/")
        self.assertEqual(len(application.membership_ids), 1)

    def test_old_confirmation(self):
        application, after = self.apply(self.new_type("Friend"))
        links = self.env["kavi.membership.link"]
        first = links.search([("application_id", "=", application.id)])
        self.assertGoes(self.post(f"{after}/mail"))
        self.assertTrue(first.revoked)
        self.assertFalse(application._confirm(first))

    def test_nothing_tells_who_is_known(self):
        """The same pages for an address that is known and for one that is not; the mail
        to it says that there is a log-in."""
        known = self._new_user("known", "base.group_portal")
        known.write({"login": "known@kavi.example", "email": "known@kavi.example"})
        pages = []
        for email in ("known@kavi.example", "nobody@kavi.example"):
            self.start(person__email=email)
            draft = self.last()
            path = draft_step(draft, "membership")
            texts = [self.text(self.get(path))]
            path = self.assertGoes(self.post(path, type=str(self.kind.id)))
            after = self.assertGoes(self.post(path))
            texts.append(after.partition("/my/bills")[0])
            pages.append(texts)
            mail = self.env["mail.mail"].search([("email_to", "=", email)])
            said = "There is a log-in" in mail.body_html
            self.assertEqual(said, email.startswith("known"))
            self.assertNotEqual(draft.partner_id, known.partner_id)
        self.assertEqual(*pages)

    def test_who_is_logged_in(self):
        """Is the applicant; nothing they have is changed; the group's maximum holds."""
        user = self._new_user("joel", "base.group_portal")
        user.partner_id.write({"city": "Oslo", "parent_id": self.holder.id})
        self.authenticate(user.login, user.login)
        group = self.env["kavi.membership.group"].create(
            {"name": "One", "company_id": self.company.id}
        )
        self.kind.group_id = group
        application, __ = self.apply()
        self.assertEqual(application.partner_id, user.partner_id)
        self.assertEqual(user.partner_id.city, "Oslo")
        self.assertFalse(user.partner_id.kavi_is_pending_member)
        path = self.assertGoes(self.start(), "/membership")
        path = self.assertGoes(self.post(path, type=str(self.kind.id)))
        self.assertIn("already", self.text(self.post(path)))

    def test_purged(self):
        self.start()
        draft = self.last()
        self.go_to("2027-06-01")
        self.env.cr.execute(
            "UPDATE kavi_membership_application SET write_date = '2027-03-10'"
        )
        self.job("_cron_purge", "kavi.membership.application")
        self.assertFalse(draft.exists())


def draft_step(draft, step):
    return f"{draft.form_id._get_path()}/{draft.id}/{draft._get_access_token()}/{step}"
