"""Credits: what an account has in its favour, in the books and on its bills (BB-14).

After each step the credit says what the journal items of its entry say, and the bills
agree with the ledger.
"""

import math
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, LockError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

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

    def apply(self, credits, bills, amount=None):
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

    # === REFUND IN MONEY === #

    def test_refund(self):
        """What is left is paid out by a payment that is matched with the note."""
        bill, credit = self.issued(20), self.credit(50)
        self.apply(credit, bill)
        payments = credit._refund_in_money(
            self.check, fields.Date.to_date("2026-05-05")
        )
        self.assertCredit(
            credit,
            "refunded",
            amount_open=0.0,
            amount_applied=20.0,
            amount_refunded=30.0,
        )
        self.assertEqual(payments.payment_type, "outbound")
        self.assertEqual(self.journal_items(payments.move_id)["asset_receivable"], 30.0)
        self.assertTrue(credit.sudo().move_id.line_ids.full_reconcile_id)
        self.assertBill(bill, "paid")
        with self.refused("Refunded"):
            self.refund_credit(credit)

    def test_refund_many(self):
        """One payment a credit, by the wizard."""
        credits = self.credit(10) | self.credit(20, partner_id=self.person.id)
        self.refund_credit(credits, self.wire)
        for credit in credits:
            self.assertCredit(credit, "refunded", amount_open=0.0)

    def test_refund_refused(self):
        """A method of another company, archived, none; a closed journal."""
        credit = self.credit(50)
        company = self._new_company("Kavi Other Ltd")
        foreign = self.env["kavi.payment.method"].search(
            [("company_id", "=", company.id)], limit=1
        )
        with self.refused("Kavi Other Ltd"):
            credit._refund_in_money(foreign)
        with self.refused("method"):
            credit._refund_in_money(self.check.browse())
        self.bank.active = False
        self.wire.journal_id = self.bank
        with self.refused("archived"):
            self.refund_credit(credit, self.wire)
        self.check.active = False
        with self.refused("offered"):
            self.refund_credit(credit, self.check)
        self.assertCredit(credit, "open", amount_open=50.0)

    # === EXPIRE === #

    def test_expire(self):
        """The rest is written back: account and taxes get their share, to the cent."""
        tax = self.env["account.tax"].create(
            {"name": "7%", "amount": 7, "company_id": self.company.id}
        )
        self.company.billing_credit_product_id = self.env["product.product"].create(
            {"name": "Goodwill", "taxes_id": [Command.set(tax.ids)]}
        )
        bill, credit = self.issued(33.33), self.credit(100)
        self.apply(credit, bill)
        note = credit.sudo().move_id
        credit.action_expire()
        self.assertCredit(credit, "expired", amount_applied=33.33, amount_expired=66.67)
        entry = note.reversal_move_ids
        self.assertEqual(entry.move_type, "entry")
        self.assertEqual(self.journal_items(entry)["asset_receivable"], 66.67)
        taxes = entry.line_ids.filtered("tax_line_id")
        base = entry.line_ids.filtered("tax_ids")
        self.assertAlmostEqual(sum(taxes.mapped("balance")), -4.36)
        self.assertAlmostEqual(sum(base.mapped("balance")), -62.31)
        self.assertEqual(base.tax_ids, tax)
        self.assertTrue(note.line_ids.full_reconcile_id)
        self.assertBill(bill, "paid")
        with self.refused("Expired"):
            credit.action_expire()

    def test_expired_cannot_be_used(self):
        """From the day after the last, also when the night has not come yet."""
        with self.at("2026-03-01 12:00:00"):
            credit = self.credit(50, expiry_date="2026-03-10")
            bill = self.issued(50)
        with self.at("2026-03-11 00:30:00"):
            with self.refused("2026-03-10"):
                credit._apply(bill)
            with self.refused("2026-03-10"):
                credit._refund_in_money(self.check)
            credit.expiry_date = "2026-04-01"
            credit._apply(bill, 20)
        self.assertCredit(credit, "open", amount_open=30.0)

    def _run_cron(self):
        cron = self.env.ref("kavi_billing.cron_expire_credits")
        with self.enter_registry_test_mode():
            cron.sudo().method_direct_trigger()

    @mute_logger("odoo.addons.base.models.ir_cron")
    def test_cron(self):
        """Each on its day, and not a day sooner."""
        with self.at("2026-03-01 12:00:00"):
            today = self.credit(10, expiry_date="2026-03-10")
            past = self.credit(20, expiry_date="2026-03-09")
            never = self.credit(30)
            draft = self.credit_draft(40, expiry_date="2026-03-09")
        with self.at("2026-03-10 12:00:00"):
            self._run_cron()
            self.assertCredit(today, "open", amount_open=10.0)
            self.assertCredit(past, "expired", amount_expired=20.0)
            self.assertCredit(never, "open", amount_open=30.0)
            self.assertEqual(draft.state, "draft")

    @mute_logger("odoo.addons.base.models.ir_cron")
    def test_cron_sets_a_bad_one_aside(self):
        """One that cannot expire is reported, once; the others expire."""
        with self.at("2026-03-01 12:00:00"):
            bad = self.credit(10, expiry_date="2026-03-02", reason="bad")
            good = self.credit(20, expiry_date="2026-03-02")
        original = type(self.credits)._expire

        def expire(credits):
            original(credits)
            if "bad" in credits.mapped("reason"):
                raise ValueError("a broken account")

        with (
            self.at("2026-03-05 12:00:00"),
            patch.object(type(self.credits), "_expire", expire),
            mute_logger("odoo.addons.kavi_billing.models.kavi_credit_expiry"),
        ):
            self._run_cron()
            self._run_cron()
        self.assertCredit(bad, "open", amount_open=10.0)
        self.assertCredit(good, "expired")
        activities = bad.sudo().activity_ids
        self.assertTrue(activities)
        self.assertEqual(len(activities), len(activities.user_id))
        self.assertIn("a broken account", str(activities[0].note))

    # === OVERPAYMENT === #

    def _overpaid(self):
        bill = self.issued(100)
        payment = self.register_payment(self.invoice(bill), 130)
        return bill, payment

    def test_overpayment(self):
        """What a payment left over becomes a credit; nothing is booked for it."""
        bill, payment = self._overpaid()
        count = self.env["account.move"].search_count([])
        credit = self.credits._record_overpayments(payment, bill)
        self.assertEqual(self.env["account.move"].search_count([]), count)
        self.assertCredit(credit, "open", amount=30.0, amount_open=30.0)
        self.assertEqual(credit.kind, "overpayment")
        self.assertFalse(self.credits._record_overpayments(payment, bill))
        other = self.issued(20)
        self.apply(credit, other)
        self.assertBill(other, "paid", amount_paid=20.0, amount_credited=0.0)
        self.assertCredit(credit, "open", amount_open=10.0, amount_applied=20.0)
        with self.refused("Reverse"):
            credit._unapply(bill)
        credit._unapply(other)
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.refund_credit(credit)
        self.assertCredit(credit, "refunded", amount_refunded=30.0)

    def test_overpayment_does_not_expire(self):
        """It is the account's money."""
        bill, payment = self._overpaid()
        credit = self.credits._record_overpayments(payment, bill)
        with self.refused("money"):
            credit.action_expire()
        with self.refused("money"):
            credit.expiry_date = "2030-01-01"
        with self.refused("by hand"):
            self.credit_draft(kind="overpayment")

    def test_exact_payment_leaves_nothing(self):
        bill = self.issued(100)
        payment = self.register_payment(self.invoice(bill))
        self.assertFalse(self.credits._record_overpayments(payment, bill))

    # === KINDS === #

    def test_memo(self):
        """BB-14: a credit memo is tied to the bill that it corrects; where credits
        apply by themselves it goes there first."""
        early = self.issued(100, due_date="2031-01-01")
        bill = self.issued(100, due_date="2031-02-01")
        memo = self.credit(30, kind="memo", bill_id=bill.id)
        self.assertCredit(memo, "open", amount_open=30.0)
        self.apply(memo, bill)
        self.assertBill(bill, "new", amount_due=70.0, amount_credited=30.0)
        self.company.billing_apply_credits_automatically = True
        memo = self.credit(80, kind="memo", bill_id=bill.id)
        self.assertBill(bill, "paid", amount_credited=100.0)
        self.assertBill(early, "new", amount_due=90.0)
        self.assertCredit(memo, "used", amount_applied=80.0)
        with self.refused("bill"):
            self.credit_draft(kind="memo")
        with self.refused("Jane Doe"):
            self.credit_draft(
                kind="memo", bill_id=self.issued(partner_id=self.person.id).id
            )

    # === BY ITSELF === #

    def test_automatically_oldest_due_first(self):
        """Where the administrator switched it on; the table still decides."""
        late = self.issued(50, due_date="2031-02-01")
        early = self.issued(50, due_date="2031-01-01")
        frozen = self.issued(50, due_date="2030-12-01")
        frozen.sudo()._write_facts({"is_frozen": True})
        first = self.credit(60)
        self.assertCredit(first, "open", amount_open=60.0)
        self.company.billing_apply_credits_automatically = True
        second = self.credit(30)
        self.assertCredit(second, "used")
        self.assertBill(early, "new", amount_due=20.0)
        self.assertBill(late, "new", amount_due=50.0)
        self.assertBill(frozen, "new", amount_due=50.0)
        first._apply_automatically()
        self.assertBill(early, "paid")
        self.assertBill(late, "new", amount_due=10.0)

    def test_automatically_to_new_bills(self):
        """The hook for bills that were just issued; soonest to expire first."""
        lasting = self.credit(30)
        ending = self.credit(20, expiry_date="2039-01-01")
        others = self.credit(20, partner_id=self.person.id)
        bill = self.issued(40)
        self.credits._apply_to_bills(bill)
        self.assertBill(bill, "new", amount_due=40.0)
        self.company.billing_apply_credits_automatically = True
        self.credits._apply_to_bills(bill)
        self.assertBill(bill, "paid", amount_credited=40.0)
        self.assertCredit(ending, "used")
        self.assertCredit(lasting, "open", amount_open=10.0)
        self.assertCredit(others, "open", amount_open=20.0)

    def test_first_and_last_of_a_series(self):
        """BB-14: a first-payment credit goes to the first bill of its series; a
        last-payment credit to the bill it names, or by hand."""
        self.company.billing_apply_credits_automatically = True
        first = self.credit(10, kind="first_payment", item_key="S1")
        last = self.credit(15, kind="last_payment", item_key="S1")
        other = self.issued(100)
        self.credits._apply_to_bills(other)
        self.assertBill(other, "new", amount_due=100.0)
        start = self.issued(100, item_key="S1")
        self.credits._apply_to_bills(start)
        self.assertBill(start, "new", amount_due=90.0)
        self.assertCredit(first, "used")
        late_first = self.credit(10, kind="first_payment", item_key="S1")
        self.assertBill(start, "new", amount_due=80.0)
        self.assertCredit(late_first, "used")
        end = self.issued(100, item_key="S1")
        self.credits._apply_to_bills(end)
        self.assertBill(end, "new", amount_due=100.0)
        self.assertCredit(last, "open", amount_open=15.0)
        self.apply(last, end)
        self.assertBill(end, "new", amount_due=85.0)
        named = self.credit(5, kind="last_payment", bill_id=end.id)
        self.assertCredit(named, "used")
        self.assertBill(end, "new", amount_due=80.0)

    # === CURRENCIES === #

    def test_foreign_currency(self):
        """Rates that moved between bill and credit: exchange differences are booked
        and nothing is left over, in parts too."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in (("2026-01-01", 0.5), ("2026-02-01", 0.8)):
            self.env["res.currency.rate"].create(
                {
                    "name": day,
                    "rate": rate,
                    "currency_id": euro.id,
                    "company_id": self.company.id,
                }
            )
        bill = self.issued(100, currency_id=euro.id, bill_date="2026-01-15")
        credit = self.credit(99.99, currency_id=euro.id, date="2026-02-15")
        self.apply(credit, bill, 33.33)
        self.assertBill(bill, "new", amount_due=66.67)
        self.assertCredit(credit, "open", amount_open=66.66)
        self.assertAlmostEqual(credit.amount_open_company, 83.33, 2)
        self.assertAlmostEqual(bill.amount_due_company, 133.34, 2)
        self.apply(credit, bill, 33.33)
        self.apply(credit, bill)
        self.assertCredit(credit, "used", amount_open_company=0.0)
        self.assertBill(bill, "new", amount_due=0.01)
        self.pay(bill)
        self.assertBill(bill, "paid", amount_due_company=0.0)
        credit._unapply(bill)
        self.assertCredit(credit, "open", amount_open=99.99)
        self.assertBill(bill, "pending", amount_due=99.99)
        self.assertAlmostEqual(bill.amount_due_company, 199.98, 2)
        credit.action_expire()
        self.assertCredit(credit, "expired", amount_open_company=0.0)

    def test_no_decimals(self):
        """A currency without cents."""
        yen = self.env.ref("base.JPY")
        yen.active = True
        with self.refused("decimals"):
            self.credit_draft(10.5, currency_id=yen.id)
        bill = self.issued(1000, currency_id=yen.id)
        credit = self.credit(999, currency_id=yen.id)
        with self.refused("decimals"):
            credit._apply(bill, 0.5)
        credit._apply(bill, 333)
        self.assertCredit(credit, "open", amount_open=666)
        credit.action_expire()
        self.assertCredit(credit, "expired")

    # === THE ACCOUNT === #

    def test_balance_of_the_account(self):
        """BA-05: what is open, in company currency, in one query for a list."""
        self.credit(50)
        self.credit(20, partner_id=self.person.id)
        self.credit_draft(70)
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2020-01-01",
                "rate": 0.5,
                "currency_id": euro.id,
                "company_id": self.company.id,
            }
        )
        self.credit(10, currency_id=euro.id)
        accounts = self.as_user("user")["res.partner"].browse(
            (self.account | self.person).ids
        )
        self.env.flush_all()
        self.env.invalidate_all()
        accounts.mapped("name")
        accounts.env.company.currency_id.mapped("name")
        with self.assertQueryCount(3):
            self.assertEqual(accounts.mapped("billing_credit_balance"), [70.0, 20.0])
        action = self.account.action_open_credits()
        self.assertEqual(action["domain"], [("partner_id", "in", self.account.ids)])


@tagged("post_install", "-at_install")
class TestCreditRefused(CreditCommon):
    """Odd input: a clear sentence, and nothing half done."""

    def test_amounts(self):
        for amount in (0.0, -5.0, math.nan, math.inf, 10.005, None, "ten"):
            with self.subTest(amount), self.refused():
                self.credit_draft(amount)
        draft = self.credit_draft(10)
        for amount in (0.0, -5.0, 10.005):
            with self.subTest(amount), self.refused():
                draft.amount = amount
        draft.amount = 20
        self.assertEqual(draft.amount, 20.0)

    def test_accounts(self):
        """Archived, a company for individuals, without receivable account."""
        archived = self.env["res.partner"].create({"name": "Gone"})
        draft = self.credit_draft(partner_id=archived.id)
        archived.active = False
        with self.refused("Gone", "archived"):
            draft.action_issue()
        self.assertEqual(draft.state, "draft")
        self.assertFalse(draft.sudo().move_id)
        holder = self.env["res.partner"].create(
            {"name": "Individuals", "is_company": True, "is_billing_holder": True}
        )
        with self.refused("individuals"):
            self.credit_draft(partner_id=holder.id)
        with self.refused("account"):
            self.credits.create({"amount": 5, "reason": "x", "partner_id": False})

    def test_currency_not_active(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        draft = self.credit_draft(currency_id=euro.id)
        euro.with_context(force_deactivate=True).active = False
        with self.refused("EUR"):
            draft.action_issue()

    def test_foreign_company(self):
        """A bill of another company cannot be named."""
        company = self._new_company("Kavi Other Ltd")
        bill = self.env["kavi.bill"].create(
            {
                "partner_id": self.account.id,
                "title": "Elsewhere",
                "amount": 5,
                "company_id": company.id,
            }
        )
        bill.with_company(company)._issue()
        with self.refused():
            self.env["kavi.credit"].create(
                {
                    "partner_id": self.account.id,
                    "reason": "x",
                    "amount": 5,
                    "kind": "memo",
                    "bill_id": bill.id,
                    "company_id": self.company.id,
                }
            )

    def test_locked_period(self):
        """Odoo would move the date without a word."""
        self.company.sale_lock_date = "2026-06-30"
        draft = self.credit_draft(date="2026-06-15")
        with self.refused("2026-06-30"):
            draft.action_issue()
        self.assertFalse(draft.name)
        draft.date = "2026-07-01"
        draft.action_issue()
        self.company.hard_lock_date = "2026-06-30"
        with self.refused("2026-06-30"):
            draft._refund_in_money(self.check, fields.Date.to_date("2026-06-01"))
        self.assertCredit(draft, "open", amount_open=50.0)

    def test_expiry_before_date(self):
        with self.refused("before", error=ValidationError):
            self.credit_draft(date="2026-03-01", expiry_date="2026-02-01")
        with self.at("2026-03-01 12:00:00"):
            draft = self.credit_draft(expiry_date="2026-03-05")
        with self.at("2026-03-06 12:00:00"), self.refused("expired"):
            draft.action_issue()

    def test_no_journal(self):
        draft = self.credit_draft()
        self._journal("sale").active = False
        with self.refused("sales journal"):
            draft.action_issue()

    def test_what_is_booked_is_fixed(self):
        """Derived values never; the rest only as long as it is a draft."""
        draft, issued = self.credit_draft(), self.credit()
        for record in (draft, issued):
            for vals in ({"state": "used"}, {"amount_open": 5}, {"name": "CR-1"}):
                with self.subTest(vals), self.refused("by hand"):
                    record.write(vals)
        with self.refused("by hand"):
            self.credit_draft(name="CR-1")
        for vals in ({"amount": 5}, {"partner_id": self.person.id}, {"kind": "memo"}):
            with self.subTest(vals), self.refused("in the books"):
                issued.write(vals)
        issued.reason = "Better said"
        with self.refused("not deleted"):
            issued.unlink()
        draft.unlink()
        self.assertFalse(draft.exists())

    def test_crafted_context(self):
        """A context from outside cannot stand for an act."""
        credit = self.credit()
        with self.refused("by hand"):
            credit.with_context(kavi_act=1).write({"state": "used"})

    def test_roles(self):
        """Users see; officers act; others do not even see."""
        credit, bill = self.credit(), self.issued()
        seen = credit.with_env(self.as_user("user"))
        self.assertEqual(seen.amount_open, 50.0)
        calls = (
            lambda: seen.action_issue(),
            lambda: seen.action_expire(),
            lambda: seen._apply(bill.with_env(seen.env)),
            lambda: seen._unapply(bill.with_env(seen.env)),
            lambda: seen._refund_in_money(self.check),
            lambda: seen._apply_automatically() or seen._match_automatically(bill),
            lambda: seen.env["kavi.credit"]._record_overpayments(
                self.env["account.payment"]
            ),
            lambda: seen.write({"reason": "x"}),
            lambda: seen.copy(),
            lambda: seen.unlink(),
        )
        for call in calls:
            with self.assertRaises(AccessError):
                call()
        stranger = self._new_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            credit.with_user(stranger).read(["amount"])
        self.assertCredit(credit, "open", amount_open=50.0)

    def test_companies(self):
        """BB-14: credits of companies that one does not work for are not seen."""
        company = self._new_company("Kavi Other Ltd")
        credit = self.env["kavi.credit"].create(
            {
                "partner_id": self.account.id,
                "reason": "x",
                "amount": 5,
                "company_id": company.id,
            }
        )
        credit.with_company(company)._issue()
        self.assertFalse(self.credits.search([("id", "=", credit.id)]))
        accounts = self.as_user("user")["res.partner"].browse(self.account.id)
        self.assertEqual(accounts.billing_credit_balance, 0.0)

    def test_somebody_else_works_on_it(self):
        """Whoever comes second is told."""
        credit, bill = self.credit(), self.issued()
        with (
            patch.object(
                type(credit), "lock_for_update", side_effect=LockError("locked")
            ),
            self.refused("Somebody else"),
        ):
            credit._apply(bill)

    def test_accountant_cancels_the_note(self):
        """The credit follows its entry."""
        credit, bill = self.credit(), self.issued()
        self.apply(credit, bill)
        note = self.as_user("accountant")["account.move"].browse(
            credit.sudo().move_id.id
        )
        note.button_draft()
        self.assertCredit(credit, "canceled", amount_open=0.0)
        self.assertBill(bill, "new", amount_due=100.0)
        with self.refused("Canceled"):
            credit._apply(bill)
        for vals in (
            {"partner_id": self.person.id},
            {"currency_id": self.env.ref("base.EUR").id},
        ):
            with self.subTest(vals), self.refused(credit.name):
                note.write(vals)
        with self.refused(credit.name):
            note.with_context(force_delete=True).unlink()
        # the accountant's figure counts
        note.invoice_line_ids.price_unit = 70
        note.action_post()
        self.assertCredit(credit, "open", amount_open=70.0, amount_applied=0.0)
        self.assertEqual(note.action_open_kavi_credit()["res_id"], credit.id)
