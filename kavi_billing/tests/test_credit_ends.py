"""What becomes of credits: refunded, expired, used by themselves (BB-14)."""

from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_credit import CreditCommon


@tagged("post_install", "-at_install")
class TestCreditEnds(CreditCommon):
    # === REFUND IN MONEY === #

    def test_refund(self):
        """What is left is paid out by a payment that is matched with the note."""
        bill, credit = self.issued(20), self.credit(50, date="2026-05-01")
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
        self.wire.journal_id = self.bank
        self.bank.active = False
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
            mute_logger("odoo.addons.kavi_billing.models.kavi_credit.expiry"),
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
        self.pay(bill, amount=10)
        self.company.billing_apply_credits_automatically = True
        memo = self.credit(70, kind="memo", bill_id=bill.id)
        self.assertBill(bill, "paid", amount_credited=90.0)
        self.assertBill(early, "new", amount_due=90.0)
        self.assertCredit(memo, "used", amount_applied=70.0)
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
