"""*My Memberships*, the people of a company, card, certificate and the page to which
their code leads; who sees what (table of routes and roles)."""

import re
from unittest.mock import patch

from odoo.tests import tagged

from .page_case import PageCase


@tagged("post_install", "-at_install")
class TestMemberPortal(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        partners = cls.env["res.partner"]
        cls.company.billing_account_creation = "company"
        cls.acme = partners.create({"name": "Acme Members", "is_company": True})
        cls.corporate = cls.new_type("Corporate", audience="company", seat_limit=2)
        cls.people = {
            name: cls._new_user(name, "base.group_portal")
            for name in (
                "holder",
                "former",
                "speaker",
                "employee",
                "seated",
                "stranger",
            )
        }
        for name in ("speaker", "employee", "seated"):
            person = cls.people[name].partner_id
            person.write({"parent_id": cls.acme.id, "email": f"{name}@acme.example"})
        cls.acme.primary_contact_id = cls.people["speaker"].partner_id
        cls.plain = cls.new_type("Plain")
        cls.own = cls.add(cls.plain, cls.people["holder"].partner_id)
        cls.old = cls.add(cls.plain, cls.people["former"].partner_id)
        cls.old._end("deleted")
        cls.member = cls.add(cls.corporate, cls.acme)
        cls.env["kavi.membership.seat"]._invite(
            cls.member, "Seated", "seated@acme.example", "admin"
        )

    def log_in(self, name):
        user = self.people.get(name) or self.users[name]
        self.authenticate(user.login, user.login)

    def test_access_table_of_pages(self):
        """What each of them finds of Acme's membership and of the holder's."""
        people = f"/my/memberships/{self.member.id}/people"
        card = f"/my/memberships/{self.member.id}/certificate"
        for name, sees, manages in (
            ("speaker", True, True),
            ("seated", True, False),
            ("employee", False, False),
            ("holder", False, False),
            ("former", False, False),
            ("stranger", False, False),
            ("members_officer", False, False),
            ("officer", False, False),
        ):
            with self.subTest(name):
                self.log_in(name)
                listed = self.text(self.get("/my/memberships"))
                self.assertEqual("Corporate" in listed, sees)
                self.assertEqual("Plain" in listed, name in ("holder", "former"))
                answer = self.get(people)
                self.assertEqual(answer.status_code, 200 if manages else 303)
                answer = self.post(people, act="invite", name="X", email="x@y.example")
                self.assertEqual(
                    "done=invited" in answer.headers.get("Location", ""), manages
                )
                kind = self.get(card).headers.get("Content-Type", "")
                self.assertEqual("pdf" in kind, sees)

    def test_access_by_rpc(self):
        """Portal users read and write nothing of it by RPC."""
        for model in (
            "kavi.membership",
            "kavi.membership.seat",
            "kavi.membership.type",
        ):
            for user in (self.people["holder"], self.people["speaker"]):
                with self.subTest(model=model, user=user.login):
                    self.assertFalse(self.env[model].with_user(user).has_access("read"))

    def test_former_member(self):
        """Sees that it is over; there is no card any more."""
        self.log_in("former")
        self.assertIn("Over", self.text(self.get("/my/memberships")))
        answer = self.get(f"/my/memberships/{self.old.id}/card")
        self.assertEqual(answer.status_code, 303)

    def test_people(self):
        """Invite two, no third; mail again; end; a wrong seat is nobody's."""
        self.log_in("speaker")
        path = f"/my/memberships/{self.member.id}/people"
        self.assertGoes(
            self.post(path, act="invite", name="Ann", email="ann@acme.example")
        )
        self.assertIn("All seats are taken", self.text(self.get(path)))
        answer = self.post(path, act="invite", name="Bob", email="bob@acme.example")
        self.assertIn("seats of Acme Members are taken", self.text(answer))
        ann = self.member.series_id.seat_ids.filtered(
            lambda seat: seat.partner_id.name == "Ann"
        )
        self.assertEqual(ann.source, "company_admin")
        self.assertTrue(ann.partner_id.user_ids)
        self.assertGoes(self.post(path, act="resend", seat=str(ann.id)), "resent")
        self.assertGoes(self.post(path, act="end", seat=str(ann.id)), "ended")
        self.assertEqual(ann.state, "ended")
        for values in (
            {"act": "end", "seat": str(ann.id)},
            {"act": "end", "seat": "x"},
            {"act": "end", "seat": "9" * 40},
            {"act": "drop", "seat": str(self.member.series_id.seat_ids[0].id)},
            {"act": "invite", "name": "", "email": ""},
        ):
            with self.subTest(values):
                answer = self.post(path, **values)
                self.assertEqual(answer.status_code, 200)
                self.assertIn("alert-danger", answer.text)

    # === CARD === #

    def test_check_page(self):
        """Valid by the series' code; over, suspended and unknown are one answer."""
        path = self.own._get_check_url().partition("/membership/check")
        path = "/membership/check" + path[2]
        text = self.text(self.get(path))
        self.assertIn("Valid", text)
        self.assertIn(self.own.partner_id.name, text)
        wrong = [
            path[:-1] + ("0" if path[-1] != "0" else "1"),
            path + "0",
            path.replace(f"/{self.own.series_id.id}-", f"/{self.member.series_id.id}-"),
            "/membership/check/1",
            "/membership/check/x-y",
            "/membership/check/%C3%A4-1",
            f"/membership/check/{'9' * 30}-1",
        ]
        texts = {self.text(self.get(each)) for each in wrong}
        self.own._suspend("hold")
        texts.add(self.text(self.get(path)))
        self.own._resume()
        self.own._renew_card()
        texts.add(self.text(self.get(path)))
        self.assertEqual(len(texts), 1)
        self.assertIn("Not valid", texts.pop())

    def test_card_stays_good_when_renewed(self):
        url = self.own._get_check_url()
        self.go_to("2028-03-09")
        renewed = self.own._renew()
        self.go_to("2028-03-12")
        self.job("_cron_walk")
        self.assertEqual(renewed._get_check_url(), url)
        path = "/membership/check" + url.partition("/membership/check")[2]
        self.assertIn("03/09/2029", self.text(self.get(path)))

    def test_papers_say_what_counts(self):
        """Name, type, until when, and the code; several at once."""
        members = self.own | self.member
        for name in ("report_card", "report_certificate"):
            reports = self.env["ir.actions.report"]
            with patch.object(type(reports), "barcode", return_value=b"QR") as made:
                content, __ = reports._render_qweb_html(
                    f"kavi_members.{name}", members.ids
                )
            codes = " ".join(call.args[1] for call in made.call_args_list)
            text = re.sub(r"\s+", " ", content.decode())
            for one in members:
                with self.subTest(name, one=one.name):
                    self.assertIn(one.partner_id.name, text)
                    self.assertIn(one.type_id.name, text)
                    self.assertIn("03/09/2028", text)
                    self.assertIn(one._get_check_url().partition("/check/")[2], codes)
