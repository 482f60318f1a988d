"""Documents of credits and accounts: credit memo and statement (KB-69, BB-17)."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .test_bill_documents import EVIL, DocumentCommon


@tagged("post_install", "-at_install")
class TestOtherDocuments(DocumentCommon):
    def statement(self, role="user", **vals):
        vals = {"partner_id": self.account.id, "company_id": self.company.id, **vals}
        return self.as_user(role)["kavi.account.statement.wizard"].create(vals)

    def test_credit_memo(self):
        Credit = self.as_user("officer")["kavi.credit"]
        credit = Credit.create(
            {"partner_id": self.account.id, "reason": f"Sorry {EVIL}", "amount": 60}
        )
        credit.action_issue()
        bill = self.issued(25)
        credit._apply(bill)
        html = self.html("credit", credit)
        self.assertSilent(html, "<script>steal")
        self.assertSays(
            self.text("credit", credit),
            f"Credit Memo {credit.name}",
            "Acme Ltd",
            "Sorry",
            "Credited $ 60.00",
            "Used \N{MINUS SIGN}$ 25.00",
            "In your favor $ 35.00",
            bill.name,
        )
        self.assertEqual(credit._get_document_name(), f"Credit Memo {credit.name}")
        self.assertEqual(credit.action_print()["context"]["active_ids"], credit.ids)

    def test_statement_by_mail(self):
        """To the billing contact with the PDF, from billing's address, with a copy;
        only by officers, and to addresses only."""
        self.account.email = "acme@doe.example"
        self.company.write(
            {
                "billing_email_from": "billing@kavi.example",
                "billing_email_copy": "copy@kavi.example",
            }
        )
        self.issued(30)
        with self.assertRaises(AccessError):
            self.statement().action_send()
        wizard = self.statement("officer")
        self.assertIn("acme@doe.example", wizard.recipients)
        self.assertIn("Acme Ltd", wizard.body)
        for wrong, error in (("", UserError), ("nobody", ValidationError)):
            wizard.recipients = wrong
            with self.assertRaises(error):
                wizard.action_send()
        wizard.write({"recipients": "till@doe.example", "body": f"<p>Hi {EVIL}</p>"})
        wizard.action_send()
        mail = self.env["mail.mail"].search([("email_to", "like", "till@doe")])
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.email_cc, "copy@kavi.example")
        self.assertIn("billing@kavi.example", mail.email_from)
        self.assertNotIn("<script", mail.body_html)
        (file,) = mail.attachment_ids
        self.assertEqual(file.name, f"{wizard._get_document_name()}.pdf")
        self.assertIn(b"30.00", file.raw)
        self.assertIn(mail.mail_message_id, self.messages(self.account))

    def test_statement(self):
        """BA-01: opening balance, each document with the balance after it, closing."""
        with self.at("2026-01-10 12:00"):
            first = self.issued(100, bill_date="2026-01-10")
        with self.at("2026-02-05 12:00"):
            second = self.issued(50, bill_date="2026-02-05")
        with self.at("2026-02-20 12:00"):
            self.pay(first, amount=30)
        with self.at("2026-03-20 12:00"):
            self.pay(first)
        text = self.text(
            "account_statement",
            self.statement(date_from="2026-02-01", date_to="2026-02-28"),
        )
        self.assertSays(
            text,
            "Account Statement",
            "Acme Ltd",
            "02/01/2026",
            "02/28/2026",
            "Opening balance $ 100.00",
            f"{second.name}: Membership $ 50.00 $ 150.00",
            "$ 30.00 $ 120.00",
            "Closing balance, due $ 50.00 $ 30.00 $ 120.00",
        )
        self.assertSilent(text, "03/20/2026", "01/10/2026")

    def test_statement_of_two_currencies(self):
        """Each by itself, the company's own first; never added up."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.issued(100, bill_date="2026-02-01")
        self.issued(70, bill_date="2026-02-01", currency_id=euro.id)
        wizard = self.statement(date_from="2026-01-01", date_to="2026-12-31")
        sections = wizard._get_sections()
        self.assertEqual(
            [section["currency"] for section in sections],
            [self.company.currency_id.name, "EUR"],
        )
        self.assertSays(self.text("account_statement", wizard), "$ 100.00", "70.00 €")

    def test_statement_in_favor(self):
        bill = self.issued(100)
        self.pay(bill, amount=130)
        text = self.text("account_statement", self.statement())
        self.assertSays(text, "in your favor", "\N{MINUS SIGN}$ 30.00")

    def test_statement_of_nothing(self):
        text = self.text("account_statement", self.statement())
        self.assertSays(text, "Nothing was charged or paid")

    def test_statement_agrees_with_the_account(self):
        """Its closing balance is what the ledger and the account say."""
        for amount in (10.1, 20.2, 30.3):
            self.pay(self.issued(amount), amount=5)
        (section,) = self.statement()._get_sections()
        balance = (
            self.env["kavi.account.ledger"]
            .search([("partner_id", "=", self.account.id)], limit=1)
            .balance
        )
        self.assertAlmostEqual(balance, 45.6, 6)
        self.assertEqual(section["closing"], self.company.currency_id.format(balance))

    def test_bad_input_period(self):
        with self.refused("ends before", error=ValidationError):
            self.statement(date_from="2026-02-01", date_to="2026-01-01")

    def test_statement_access(self):
        """The ledger's rules apply: nobody reads another company's by it."""
        self.issued(100)
        other = self._new_company("Kavi Abroad")
        stranger = self._new_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.env(user=stranger)["kavi.account.statement.wizard"].create(
                {"partner_id": self.account.id}
            )
        elsewhere = self._new_user(
            "elsewhere",
            "kavi_billing.group_billing_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        wizard = self.env(user=elsewhere, context={"allowed_company_ids": other.ids})[
            "kavi.account.statement.wizard"
        ].create({"partner_id": self.account.id, "company_id": other.id})
        self.assertEqual(wizard._get_sections(), [])
