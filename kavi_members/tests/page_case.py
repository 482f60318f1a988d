"""What the tests of public pages have in common."""

import re
import time

from lxml import html

from odoo import http
from odoo.tests import HttpCase
from odoo.tools import hmac

from ..controllers.base import SCOPE
from .common import MembersCommon


class PageCase(HttpCase, MembersCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_account_creation = "both"
        cls.company.email = "club@kavi.example"
        cls.holder = cls.env["res.partner"].create(
            {
                "name": "Our Individuals",
                "is_company": True,
                "is_billing_holder": True,
                "kavi_purpose": "individuals_company",
            }
        )
        cls.form = cls.new_form("individual", holder_id=cls.holder.id)
        cls.club = cls.new_type("Club", 500.0, audience="company", moderate_new=True)

    @classmethod
    def new_form(cls, kind, slug="", **vals):
        return cls.env["kavi.membership.form"].create(
            {
                "name": f"Join: {kind}",
                "slug": slug or f"test-{kind}",
                "kind": kind,
                "company_id": cls.company.id,
                **vals,
            }
        )

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)  # a visitor, with a session

    # === PAGES === #

    def get(self, path):
        self.env.flush_all()
        answer = self.url_open(path, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def post(self, path, files=None, age=10, **values):
        """Post a page as a browser does, some seconds after it was made."""
        self.env.flush_all()
        data = {
            "csrf_token": http.Request.csrf_token(self),
            "stamp": self.stamp(age),
            **{name.replace("__", "-"): value for name, value in values.items()},
        }
        answer = self.url_open(path, data=data, files=files, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def stamp(self, age):
        """A page's stamp; the server's clock is that of the test."""
        at = str(int(time.time()) - age)
        return f"{at}.{hmac(self.env(su=True), SCOPE, at)}"

    def text(self, answer):
        page = html.fromstring(answer.text)
        main = page.xpath("//main") or [page]
        return re.sub(r"\s+", " ", main[0].text_content()).strip()

    def assertGoes(self, answer, *parts):
        """It redirects to an address with all of these; :return: the path"""
        self.assertEqual(answer.status_code, 303, self.text(answer)[:600])
        location = answer.headers["Location"]
        for part in parts:
            self.assertIn(part, location)
        return location.replace(self.base_url(), "")

    # === WALKS === #

    PERSON = {
        "person__name": "Ida Applicant",
        "person__email": "ida@applicants.example",
        "person__city": "Bergen",
    }

    def start(self, form=None, **values):
        form = form or self.form
        return self.post(form._get_path(), **{**self.PERSON, **values})

    def last(self):
        return self.env["kavi.membership.application"].search([], limit=1)

    def apply(self, kind=None, form=None, **values):
        """An individual applies, page by page.

        :return: the application, and where the last page leads
        """
        path = self.assertGoes(self.start(form, **values), "/membership")
        path = self.assertGoes(
            self.post(path, type=str((kind or self.kind).id)), "/check"
        )
        after = self.assertGoes(self.post(path))
        return self.last(), after
