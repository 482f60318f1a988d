"""Credits: what an account has in its favour, in the books and on its bills (BB-14).

After each step the credit says what the journal items of its entry say, and the bills
agree with the ledger.
"""

import math

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon

# What is open on the receivable items of an entry, in its own and in company currency.
OPEN_ITEMS = """
    WITH item AS (
        SELECT line.id, line.amount_currency, line.balance
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE line.move_id = %s AND line.parent_state = 'posted'
           AND account.account_type = 'asset_receivable'
    ), match AS (
        SELECT match.credit_amount_currency, match.amount
          FROM account_partial_reconcile match
          JOIN item ON item.id = match.credit_move_id
          JOIN account_move_line other ON other.id = match.debit_move_id
         WHERE other.parent_state = 'posted'
    )
    SELECT (SELECT COALESCE(-SUM(amount_currency), 0) FROM item)
           - (SELECT COALESCE(SUM(credit_amount_currency), 0) FROM match),
           (SELECT COALESCE(-SUM(balance), 0) FROM item)
           - (SELECT COALESCE(SUM(amount), 0) FROM match)
"""


class CreditCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.credits = cls.as_user("officer")["kavi.credit"]

    @classmethod
    def credit_draft(cls, amount=50.0, **vals):
        vals = {
            "partner_id": cls.account.id,
            "reason": "For the trouble",
            "amount": amount,
            **vals,
        }
        return cls.credits.create(vals)

    @classmethod
    def credit(cls, amount=50.0, **vals):
        credit = cls.credit_draft(amount, **vals)
        credit.action_issue()
        return credit

    @classmethod
    def apply(cls, credits, bills, amount=None):
        """Apply as the officer does it: by the wizard, opened on the credits."""
        vals = {"bill_ids": [Command.set(bills.ids)]}
        if amount is not None:
            vals["amount"] = amount
        wizard = (
            credits.env["kavi.credit.apply.wizard"]
            .with_context(active_model="kavi.credit", active_ids=credits.ids)
            .create(vals)
        )
        wizard.action_apply_credits()

    def refund_credit(self, credits, method=None, **vals):
        wizard = (
            credits.env["kavi.credit.refund.wizard"]
            .with_context(active_model="kavi.credit", active_ids=credits.ids)
            .create({"method_id": (method or self.check).id, **vals})
        )
        wizard.action_refund_credits()

    def assertCredit(self, credit, state, **values):
        """A credit is in that state, with these values, and agrees with the ledger."""
        self.env.flush_all()
        self.assertEqual(credit.state, state)
        for name, value in values.items():
            self.assertAlmostEqual(credit[name], value, 6, name)
        self.env.cr.execute(OPEN_ITEMS, [credit.sudo().move_id.id or 0])
        rest, rest_company = map(float, self.env.cr.fetchone())
        self.assertAlmostEqual(credit.amount_open, rest, 6)
        self.assertAlmostEqual(credit.amount_open_company, rest_company, 6)

    def journal_items(self, move):
        """``{account type: balance}`` of a posted entry."""
        self.assertEqual(move.state, "posted")
        sums = {}
        for line in move.line_ids:
            sums.setdefault(line.account_id.account_type, []).append(line.balance)
        self.assertAlmostEqual(sum(move.line_ids.mapped("balance")), 0.0, 6)
        return {kind: round(sum(amounts), 6) for kind, amounts in sums.items()}

    def history(self, record):
        return " | ".join(
            str(body) for body in record.sudo().message_ids.mapped("body") if body
        )


@tagged("post_install", "-at_install")
class TestCredit(CreditCommon):
    def test_issue(self):
        """BB-14: a credit is a posted credit note with a number of its own."""
        draft = self.credit_draft(50)
        self.assertCredit(draft, "draft", amount_open=0.0)
        self.assertFalse(draft.name)
        draft.action_issue()
        self.assertCredit(draft, "open", amount_open=50.0, amount_applied=0.0)
        year = fields.Date.to_string(draft.date)[:4]
        self.assertRegex(draft.name, rf"^CR-{year}-\d{{5}}$")
        note = draft.sudo().move_id
        self.assertEqual(note.move_type, "out_refund")
        self.assertFalse(note.kavi_bill_id)
        self.assertFalse(note.reversed_entry_id)
        self.assertEqual(
            self.journal_items(note), {"asset_receivable": -50.0, "income": 50.0}
        )
        self.assertIn("Issued as", self.history(draft))
        self.assertIn(draft.name, self.history(self.account))

    def test_issue_in_a_batch(self):
        """Each its own number and note; accounts are opened as for bills."""
        drafts = self.credit_draft(10) | self.credit_draft(
            20, partner_id=self.person.id
        )
        self.assertTrue(self.person.is_billing_account)
        drafts.action_issue()
        self.assertEqual(len(set(drafts.mapped("name"))), 2)
        self.assertEqual(len(drafts.sudo().move_id), 2)
        with self.refused("Open"):
            drafts.action_issue()

    def test_contacts_of_a_company(self):
        """The company is credited, as it is billed."""
        contact = self.env["res.partner"].create(
            {"name": "Bob", "parent_id": self.account.id}
        )
        self.assertEqual(
            self.credit_draft(5, partner_id=contact.id).partner_id, self.account
        )

    def test_product_with_taxes(self):
        """The account and taxes of the product; the total is the amount."""
        tax = self.env["account.tax"].create(
            {
                "name": "21%",
                "amount": 21,
                "type_tax_use": "sale",
                "company_id": self.company.id,
                "country_id": self.company.account_fiscal_country_id.id,
            }
        )
        included = tax.copy({"name": "10% incl", "amount": 10})
        included.price_include_override = "tax_included"
        account = self.env["account.account"].create(
            {"name": "Goodwill", "code": "499999", "account_type": "expense"}
        )
        product = self.env["product.product"].create(
            {
                "name": "Goodwill",
                "property_account_income_id": account.id,
                "taxes_id": [Command.set(tax.ids)],
            }
        )
        self.company.billing_credit_product_id = product
        # 10.00 is no net price and 21 % of it: the cent goes to the tax
        for amount in (121.0, 10.0, 0.01):
            credit = self.credit(amount)
            self.assertCredit(credit, "open", amount_open=amount)
            items = self.journal_items(credit.sudo().move_id)
            self.assertEqual(items["asset_receivable"], -amount)
        self.assertEqual(credit.sudo().move_id.invoice_line_ids.account_id, account)
        product.taxes_id = included
        credit = self.credit(11.0)
        self.assertCredit(credit, "open", amount_open=11.0)
        self.assertEqual(credit.sudo().move_id.amount_untaxed, 10.0)

    def test_without_a_product(self):
        """No taxes, although the company has a default one; the journal's account."""
        credit = self.credit(50)
        line = credit.sudo().move_id.invoice_line_ids
        self.assertFalse(line.tax_ids)
        self.assertEqual(line.account_id, self._journal("sale").default_account_id)

    # === APPLY === #

    def test_apply_all(self):
        """A bill that a goodwill credit settles is Paid, not Canceled."""
        bill, credit = self.issued(50), self.credit(50)
        self.apply(credit, bill)
        self.assertBill(
            bill,
            "paid",
            amount_credited=50.0,
            amount_paid=0.0,
            amount_due=0.0,
            is_canceled=False,
        )
        self.assertCredit(credit, "used", amount_open=0.0, amount_applied=50.0)
        self.assertTrue(self.invoice(bill).line_ids.full_reconcile_id)
        self.assertIn(bill.name, self.history(credit))
        self.assertIn(credit.name, self.history(bill))

    def test_apply_in_parts(self):
        """A chosen amount, less than is left and less than is owed."""
        first, second, credit = self.issued(100), self.issued(80), self.credit(60)
        self.apply(credit, first, 25)
        self.assertCredit(credit, "open", amount_open=35.0, amount_applied=25.0)
        self.assertBill(first, "new", amount_due=75.0, is_partly_paid=True)
        self.apply(credit, second, 10)
        self.assertCredit(credit, "open", amount_open=25.0)
        self.assertBill(second, "new", amount_due=70.0)
        self.apply(credit, first)
        self.assertCredit(credit, "used", amount_applied=60.0)
        self.assertBill(first, "new", amount_due=50.0)
        self.pay(first)
        self.assertBill(first, "paid", amount_paid=50.0, amount_credited=50.0)

    def test_apply_to_bills_in_order(self):
        """One credit to several bills: the first that was chosen is served first."""
        first, second = self.issued(40), self.issued(40)
        credit = self.credit(50)
        credit._apply(second | first)
        self.assertBill(second, "paid", amount_due=0.0)
        self.assertBill(first, "new", amount_due=30.0)
        self.assertCredit(credit, "used")

    def test_apply_many(self):
        """Several credits to one bill, in one go."""
        bill = self.issued(100)
        credits = self.credit(30) | self.credit(20) | self.credit(60)
        self.apply(credits, bill)
        self.assertBill(bill, "paid", amount_credited=100.0)
        self.assertEqual(credits.mapped("amount_open"), [0.0, 0.0, 10.0])

    def test_apply_to_instalments(self):
        """The oldest instalment first."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value_amount": 50, "nb_days": 10}),
                    Command.create({"value_amount": 50, "nb_days": 40}),
                ],
            }
        )
        bill = self.issued(100, payment_term_id=term.id)
        credit = self.credit(70)
        self.apply(credit, bill, 60)
        self.assertBill(bill, "new", amount_due=40.0)
        lines = self.invoice(bill).line_ids.filtered("date_maturity")
        self.assertEqual(
            lines.sorted("date_maturity").mapped("amount_residual"), [0.0, 40.0]
        )
        self.assertCredit(credit, "open", amount_open=10.0)

    def test_wizard_on_a_bill(self):
        """BB-08: from the bill, with what its account has open."""
        bill, other = self.issued(100), self.issued(100, partner_id=self.person.id)
        self.credit(30)
        context = {"active_model": "kavi.bill", "active_ids": bill.ids}
        Wizard = bill.env["kavi.credit.apply.wizard"].with_context(**context)
        wizard = Wizard.create({})
        self.assertEqual((wizard.amount_open, wizard.amount_due), (30.0, 100.0))
        self.assertEqual(wizard.amount, 30.0)
        wizard.action_apply_credits()
        self.assertBill(bill, "new", amount_due=70.0)
        with self.refused("no open credit"):
            Wizard.with_context(active_ids=other.ids).create({})
        with self.refused("one account"):
            Wizard.with_context(active_ids=(bill | other).ids).create({})

    def test_no_more_than_there_is(self):
        """Never beyond what is left of the credit, nor beyond what is owed."""
        bill, credit = self.issued(40), self.credit(50)
        with self.refused("50.01", "left"):
            self.apply(credit, bill, 50.01)
        with self.refused("40.01", "owed"):
            self.apply(credit, bill, 40.01)
        for amount in (0.0, -1.0, math.nan, math.inf, 1.005):
            with self.subTest(amount), self.refused():
                credit._apply(bill, amount)
        self.assertCredit(credit, "open", amount_open=50.0)
        self.assertBill(bill, "new", amount_due=40.0)
        self.apply(credit, bill)
        with self.refused("Paid"):
            self.apply(credit, bill, 1)
        self.apply(credit, self.issued(10))
        with self.refused("Used"):
            self.apply(credit, self.issued(10), 1)

    def test_nobody_elses_bill(self):
        """Account, company and currency are those of the credit."""
        credit = self.credit(50)
        euro = self.env.ref("base.EUR")
        euro.active = True
        company = self._new_company("Kavi Other Ltd")
        self.officer.company_ids += company
        bills = {
            "Jane Doe": self.issued(partner_id=self.person.id),
            "EUR": self.issued(currency_id=euro.id),
            "Kavi Other Ltd": self.bills.with_context(
                allowed_company_ids=(self.company | company).ids
            ).create(
                {
                    "partner_id": self.account.id,
                    "title": "Elsewhere",
                    "amount": 100,
                    "company_id": company.id,
                }
            ),
        }
        bills["Kavi Other Ltd"]._issue()
        for word, bill in bills.items():
            with self.subTest(word), self.refused(word):
                credit.with_env(bill.env)._apply(bill)
        self.assertCredit(credit, "open", amount_open=50.0)

    def test_what_the_table_refuses(self):
        """The bill's own rules hold: frozen, canceled, draft, unposted."""
        credit = self.credit(50)
        draft, canceled, frozen, unbooked = self.draft(), *self.issued3()
        self.cancel(canceled)
        frozen.sudo()._write_facts({"is_frozen": True})
        self.invoice(unbooked).button_draft()
        for bill in (draft, canceled, frozen, unbooked):
            with self.subTest(bill.state), self.refused():
                credit._apply(bill)
        with self.refused("Choose"):
            credit._apply(self.bills.browse())
        self.assertCredit(credit, "open", amount_open=50.0)

    def issued3(self):
        return [self.issued() for __ in range(3)]

    def test_dead_match_is_no_use(self):
        """A bill whose invoice was reset to draft gives the credit back, in the books
        as on the credit: Odoo keeps the match and calls the note reconciled."""
        bill, credit = self.issued(50), self.credit(50)
        self.apply(credit, bill)
        self.invoice(bill).button_draft()
        self.assertCredit(credit, "open", amount_open=50.0)
        other = self.issued(30)
        self.apply(credit, other)
        self.assertBill(other, "paid")
        self.assertCredit(credit, "open", amount_open=20.0, amount_applied=30.0)

    def test_posting_swallows_nothing(self):
        """The trap: a credit note that names an invoice as what it reverses eats what
        is open on that invoice when it is posted. A credit waits to be applied."""
        bill, other = self.issued(100), self.issued(40)
        self.register_payment(self.invoice(bill), 60)
        goodwill = self.credit(60)
        self.assertBill(bill, "new", amount_due=40.0)
        self.assertBill(other, "new", amount_due=40.0)
        self.assertCredit(goodwill, "open", amount_open=60.0)
        # nor does it take what another credit note left
        self.apply(goodwill, other, 15)
        self.assertBill(other, "new", amount_due=25.0, amount_credited=15.0)
        self.assertBill(bill, "new", amount_due=40.0, amount_credited=0.0)

    # === UN-APPLY === #

    def test_unapply(self):
        """The bill is owed again and the credit open; both can be used again."""
        first, second, credit = self.issued(30), self.issued(30), self.credit(50)
        self.apply(credit, first | second)
        self.assertCredit(credit, "used")
        credit._unapply(first)
        self.assertBill(first, "new", amount_due=30.0, amount_credited=0.0)
        self.assertBill(second, "new", amount_due=10.0)
        self.assertCredit(credit, "open", amount_open=30.0)
        self.apply(credit, second)
        self.assertBill(second, "paid")
        self.assertCredit(credit, "open", amount_open=20.0)
        self.assertIn("Taken off", self.history(credit))
        with self.refused("not applied"):
            credit._unapply(first)

    def test_unapply_one_line(self):
        """BA-04: from the list of allocations, where each has its button."""
        first, second, credit = self.issued(30), self.issued(30), self.credit(50)
        self.apply(credit, first | second)
        lines = credit.allocation_ids
        self.assertEqual(
            sorted((line.bill_id.name, line.amount) for line in lines),
            sorted([(first.name, 30.0), (second.name, 20.0)]),
        )
        lines.filtered(lambda line: line.bill_id == second).action_unapply()
        self.assertBill(second, "new", amount_due=30.0)
        self.assertBill(first, "paid")
        self.assertEqual(credit.allocation_ids.bill_id, first)
