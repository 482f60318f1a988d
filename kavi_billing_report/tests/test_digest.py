"""The digest that people subscribe to: its figures are those of the books (BB-19)."""

from odoo.tests import tagged

from .test_report_books import ReportCommon


@tagged("post_install", "-at_install")
class TestDigest(ReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.digest = cls.env["digest.digest"].create(
            {
                "name": "Weekly figures",
                "company_id": cls.company.id,
                "kpi_billing_billed": True,
                "kpi_billing_received": True,
            }
        )

    def kpis(self, role, company=None):
        """{name: (last day, last 7 days, last 30 days)} as the mail shows them."""
        user = self.as_user(role).user
        with self.at("2026-04-15 12:00:00"):
            found = self.digest._compute_kpis(company or self.company, user)
        return {
            kpi["kpi_name"]: tuple(kpi[f"kpi_col{n}"]["value"] for n in (1, 2, 3))
            for kpi in found
        }

    def test_figures(self):
        """Billed less credited, and paid less bounced, in the company's currency."""
        for day in ("2026-04-15", "2026-04-10", "2026-03-25", "2026-02-01"):
            with self.at(day):
                bill = self.issued(100, bill_date=day)
                self.pay(bill, amount=60, date=day)
        with self.at("2026-04-15"):
            self.cancel(self.issued(7, bill_date="2026-04-15"))
            bounced = self.issued(30, bill_date="2026-04-15")
            self.pay(bounced, date="2026-04-15")
            self.bounce(bounced)
            self.env["res.currency.rate"].create(
                {
                    "name": "2026-04-01",
                    "rate": 0.5,
                    "currency_id": self.euro.id,
                    "company_id": self.company.id,
                }
            )
            self.issued(10, bill_date="2026-04-15", currency_id=self.euro.id)
        self.env.flush_all()
        kpis = self.kpis("user")
        self.assertEqual(kpis["kpi_billing_billed"], ("$150", "$250", "$350"))
        self.assertEqual(kpis["kpi_billing_received"], ("$60", "$120", "$180"))

    def test_access(self):
        """Who may not see bills gets no figure; other companies' are apart."""
        with self.at("2026-04-15"):
            self.issued(100)
        internal = self._new_user("digest_internal", "base.group_user")
        self.assertFalse(self.kpis(internal))
        elsewhere = self._new_company("Elsewhere Ltd")
        self.digest.company_id = elsewhere
        self.as_user("user").user.sudo().company_ids += elsewhere
        self.assertEqual(self.kpis("user", elsewhere)["kpi_billing_billed"][2], "$0")

    def test_mail(self):
        """The mail has the figures, and what opens when one presses them."""
        with self.at("2026-04-15 12:00:00"):
            self.issued(1234, bill_date="2026-04-15")
            self.env.flush_all()
            self.digest._action_send_to_user(self.as_user("user").user)
        mail = self.env["mail.mail"].search([], order="id desc", limit=1)
        self.assertIn("Weekly figures", mail.subject)
        self.assertIn("Billed, Less Credited", mail.body_html)
        self.assertIn("$1.2k", mail.body_html)
        self.assertIn("action-kavi_billing.action_kavi_bill", mail.body_html)
