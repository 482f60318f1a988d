"""On whose paper something is printed, and who may print it (BA-01, KB-72)."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import BillingCommon

STATEMENT = "kavi.account.statement.wizard"


@tagged("post_install", "-at_install")
class TestPaperAccess(BillingCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._new_company("Other House Ltd")
        cls.users["auditor"] = cls._new_user(
            "auditor", "account.group_account_readonly"
        )
        cls.hidden = cls.env["res.partner"].create(
            {
                "name": "Theirs Only",
                "email": "theirs@example.com",
                "company_id": cls.other.id,
                "is_company": False,
            }
        )
        cls.bill = cls.issued(100.0)

    def html(self, role, report, records):
        """A paper as the user prints it, before it becomes a PDF."""
        content, __ = (
            self.env["ir.actions.report"]
            .with_user(self.users[role])
            ._render(f"kavi_billing.{report}", records.ids)
        )
        return content.decode()

    def test_no_statement_on_foreign_paper(self):
        """Of a company that the user is not in: neither by value, nor by a default, nor
        written later."""
        vals = {"partner_id": self.account.id}
        theirs = {"company_id": self.other.id}
        for role in ("user", "officer", "accountant"):
            with self.subTest(role=role):
                with self.assertRaises(AccessError):
                    self.rpc(role, STATEMENT, "create", {**vals, **theirs})
                with self.assertRaises(AccessError):
                    self.rpc(
                        role,
                        STATEMENT,
                        "create",
                        vals,
                        context={"default_company_id": self.other.id},
                    )
                id_ = self.rpc(role, STATEMENT, "create", vals)
                with self.assertRaises(AccessError):
                    self.rpc(role, STATEMENT, "write", [id_], theirs)

    def test_company_that_somebody_has_left(self):
        """What was filled in before is neither printed nor sent."""
        officer = self.users["officer"]
        officer.company_ids |= self.other
        env = self.as_user("officer")
        both = {"allowed_company_ids": [self.company.id, self.other.id]}
        wizard = env[STATEMENT].with_context(**both)
        wizard = wizard.create(
            {
                "partner_id": self.account.id,
                "company_id": self.other.id,
                "recipients": "jane@doe.example",
            }
        )
        officer.company_ids = [Command.set(self.company.ids)]
        self.env.invalidate_all()
        wizard = self.as_user("officer")[STATEMENT].browse(wizard.id)
        with self.refused("company that you work in", error=AccessError):
            wizard._get_document_values("statement")
        with self.refused("company that you work in", error=AccessError):
            wizard.action_send()

    def test_no_statement_of_a_contact_that_is_hidden(self):
        """Neither the paper, nor the address where it would go."""
        with self.assertRaises(AccessError):
            self.rpc("user", STATEMENT, "create", {"partner_id": self.hidden.id})
        with self.assertRaises(AccessError):
            self.rpc(
                "user",
                STATEMENT,
                "onchange",
                [],
                {"partner_id": self.hidden.id},
                ["partner_id"],
                {"partner_id": {}, "recipients": {}},
            )

    def test_own_paper_is_printed(self):
        """By everybody who may read the ledger, accountants and auditors included."""
        for role in ("user", "officer", "accountant", "auditor"):
            with self.subTest(role=role):
                id_ = self.rpc(
                    role, STATEMENT, "create", {"partner_id": self.account.id}
                )
                wizard = self.as_user(role)[STATEMENT].browse(id_)
                content = self.html(role, "report_account_statement", wizard)
                self.assertIn(self.company_name, content)
                self.assertIn(self.bill.sudo().invoice_id.name, content)
                self.assertNotIn("Other House Ltd", content)

    def test_papers_of_another_company(self):
        """Over HTTP: bills and credits of a company that the user is not in."""
        credit = self.as_user("officer")["kavi.credit"].create(
            {"partner_id": self.account.id, "reason": "Trouble", "amount": 30.0}
        )
        credit.action_issue()
        stranger = self._new_user(
            "stranger",
            "kavi_billing.group_billing_officer,account.group_account_readonly",
            company_id=self.other.id,
            company_ids=[Command.set(self.other.ids)],
        )
        stranger.password = "kavi stranger"
        self.authenticate(stranger.login, "kavi stranger")
        for report, record in (
            ("report_bill_invoice", self.bill),
            ("report_credit", credit),
        ):
            with self.subTest(report=report), mute_logger("odoo.http"):
                answer = self.url_open(
                    f"/report/html/kavi_billing.{report}/{record.id}"
                )
                self.assertNotEqual(answer.status_code, 200)
                self.assertNotIn(self.company_name, answer.text)
