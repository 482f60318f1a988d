"""Accountants and auditors read the reports of billing: every column, as a file, on
paper, and in the list."""

from odoo.tests import HttpCase, tagged

from odoo.addons.kavi_billing.tests.common import BillingCommon

MIXIN = "kavi.report.mixin"


@tagged("post_install", "-at_install")
class TestReportRoles(BillingCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["auditor"] = cls._new_user(
            "auditor", "account.group_account_readonly"
        )
        cls.users["biller"] = cls._new_user("biller", "account.group_account_invoice")
        kind = cls.env["kavi.bill.kind"].create(
            {"name": "Membership", "company_id": cls.company.id}
        )
        bill = cls.issued(100.0, kind_id=kind.id)
        cls.pay(bill)
        cls.open = cls.issued(70.0, kind_id=kind.id)
        credit = cls.as_user("officer")["kavi.credit"].create(
            {"partner_id": cls.account.id, "reason": "Trouble", "amount": 30.0}
        )
        credit.action_issue()

    def get_reports(self, role):
        """The reports that the role may read."""
        env = self.as_user(role)
        return [
            name
            for name, model in env.registry.items()
            if hasattr(model, "_get_report_columns")
            and not model._abstract
            and env[name].has_access("read")
        ]

    def test_roles_read_what_their_role_says(self):
        """All reports on what is in the books are for who keeps and who checks them."""
        for role in ("accountant", "auditor", "biller"):
            with self.subTest(role=role):
                self.assertLessEqual(
                    {
                        "kavi.activity",
                        "kavi.aging.report",
                        "kavi.balance.report",
                        "kavi.bill",
                        "kavi.log.report",
                        "kavi.payment.report",
                    },
                    set(self.get_reports(role)),
                )

    def test_reports_are_downloaded(self):
        for role in ("accountant", "auditor", "biller"):
            user = self.users[role]
            user.password = "kavi reports"
            self.authenticate(user.login, "kavi reports")
            for model in self.get_reports(role):
                for file_format in ("csv", "xlsx"):
                    with self.subTest(role=role, model=model, format=file_format):
                        vals = {"model_name": model, "title": "X"}
                        vals["file_format"] = file_format
                        id_ = self.rpc(role, "kavi.report.wizard", "create", vals)
                        answer = self.url_open(f"/kavi_billing/report/{id_}")
                        self.assertEqual(answer.status_code, 200)

    def test_reports_are_printed(self):
        for role in ("accountant", "auditor", "biller"):
            user = self.users[role]
            user.password = "kavi reports"
            self.authenticate(user.login, "kavi reports")
            for model in self.get_reports(role):
                with self.subTest(role=role, model=model):
                    vals = {"model_name": model, "title": "Printed"}
                    id_ = self.rpc(role, "kavi.report.wizard", "create", vals)
                    self.rpc(role, "kavi.report.wizard", "action_print", [id_])
                    answer = self.url_open(
                        f"/report/html/kavi_billing_report.report_list/{id_}"
                    )
                    self.assertEqual(answer.status_code, 200)
                    self.assertIn("Printed", answer.text)

    def test_documents_are_printed(self):
        """Invoice and receipt, over the address that Odoo's button opens."""
        for role in ("accountant", "auditor", "biller"):
            user = self.users[role]
            user.password = "kavi reports"
            self.authenticate(user.login, "kavi reports")
            with self.subTest(role=role):
                answer = self.url_open(
                    f"/report/html/kavi_billing.report_bill_invoice/{self.open.id}"
                )
                self.assertEqual(answer.status_code, 200)
                self.assertIn(self.open.name, answer.text)

    def test_lists_are_shown(self):
        """What the views ask for, and the groups of the list."""
        for role in ("accountant", "auditor", "biller"):
            for model in self.get_reports(role):
                with self.subTest(role=role, model=model):
                    Model = self.as_user(role)[model]
                    views = Model.get_views([(False, "list"), (False, "search")])
                    names = set(views["models"][model]["fields"])
                    arch = views["views"]["list"]["arch"]
                    spec = {
                        name: {"fields": {"display_name": {}}}
                        if Model._fields[name].relational
                        else {}
                        for name in names
                        if f'name="{name}"' in arch
                    }
                    self.rpc(role, model, "web_search_read", [], spec)

    def test_overview_is_shown(self):
        for role in ("accountant", "auditor", "biller"):
            with self.subTest(role=role):
                found = self.rpc(role, "kavi.billing.overview", "get_overview")
                self.assertTrue(found["tiles"])
