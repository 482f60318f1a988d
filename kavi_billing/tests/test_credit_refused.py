"""Credits: odd input, roles, and what accountants do to their entries (BB-14)."""

import math
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, LockError, ValidationError
from odoo.tests import tagged

from .test_credit import CreditCommon


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

    def test_accounts_with_credits_stay(self):
        """Like accounts with bills; drafts go with their account."""
        draft = self.credit_draft(partner_id=self.person.id)
        officer_person = self.person.with_env(self.as_user("officer"))
        officer_person.action_delete_billing_account()
        self.assertFalse(draft.exists())
        self.assertFalse(self.person.is_billing_account)
        self.credit(partner_id=self.person.id)
        with self.refused("credits", "Archive"):
            officer_person.action_delete_billing_account()
        with self.refused("Archive"):
            self.person.unlink()
        other = self.env["res.partner"].create({"name": "Other"})
        draft = self.credit_draft(partner_id=other.id)
        other.unlink()
        self.assertFalse(draft.exists())

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
        with self.refused("2026-07-01", "before"):
            draft._refund_in_money(self.check, fields.Date.to_date("2026-06-01"))
        self.company.hard_lock_date = "2026-07-31"
        with self.refused("2026-07-31"):
            draft._refund_in_money(self.check, fields.Date.to_date("2026-07-15"))
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
