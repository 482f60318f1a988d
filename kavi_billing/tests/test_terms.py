"""Payment terms: which are refused, and what they allow (BB-01, BB-02)."""

from datetime import date

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .test_schedule import TermsCommon


@tagged("post_install", "-at_install")
class TestTerms(TermsCommon):
    def test_bad_input_terms(self):
        """Refused where they are made."""
        for words, lines in (
            ("100%", [(50, 0), (49, 30)]),
            ("negative", [(-5, 0, {"value": "fixed"}), (100, 30)]),
            ("negative", [(110, 0), (-10, 30)]),
            ("before the bill is issued", [(100, -1)]),
            ("nothing remains", [(100, 0, {"is_deposit": True})]),
            ("nothing remains", [(100, 0, {"is_deposit": True}), (0, 30)]),
            ("before the rest", [(50, 0), (50, 30, {"is_deposit": True})]),
            (
                "deposit of nothing",
                [(0, 0, {"is_deposit": True}), (100, 30)],
            ),
        ):
            with self.subTest(words=words), self.refused(words, error=ValidationError):
                self.term(*lines)

    def test_methods_of_another_company(self):
        other = self._new_company("Kavi Abroad")
        theirs = self.env["kavi.payment.method"].search(
            [("company_id", "=", other.id)], limit=1
        )
        methods = [Command.set(theirs.ids)]
        with self.refused(other.name, error=ValidationError):
            self.term((100, 0), company_id=self.company.id, billing_method_ids=methods)
        shared = self.term((100, 0), billing_method_ids=methods)
        with self.refused(other.name, error=ValidationError):
            shared.company_id = self.company
        # shared terms restrict the companies whose methods they name
        bill = self.issued(5, payment_term_id=shared.id)
        self.assertEqual(bill._get_offered_methods(), self.check | self.wire)

    def test_allowed_methods(self):
        """BB-02: what the payer is offered, and what is refused on any path."""
        term = self.term((100, 0), billing_method_ids=[Command.set(self.wire.ids)])
        bill = self.issued(5, payment_term_id=term.id)
        self.assertEqual(bill._get_offered_methods(), self.wire)
        with self.refused("Wire Transfer"):
            self.choose(bill, self.check)
        self.choose(bill, self.wire)
        self.assertBill(bill, "pending", payment_method_id=self.wire)
        # money that came all the same is recorded, where somebody says so
        with self.refused("Wire Transfer"):
            self.pay(bill, self.check)
        self.pay(bill, self.check, off_terms=True)
        self.assertBill(bill, "paid")
        self.wire.active = False
        bill = self.issued(5, payment_term_id=term.id)
        self.assertFalse(bill._get_offered_methods())

    def test_without_lines(self):
        term = self.term((100, 0))
        draft = self.draft(5, payment_term_id=term.id)
        term.line_ids.unlink()
        with self.refused("have no lines", error=ValidationError):
            self.draft(5, payment_term_id=term.id)
        with self.refused("have no lines"):
            draft.action_issue()

    def test_due_before_the_issue(self):
        """Terms whose days can only be told on the day."""
        line = {"delay_type": "days_after_end_of_month", "nb_days": -20}
        term = self.term((50, 0, line), (50, 60))
        with self.at("2026-03-31 12:00"):
            draft = self.draft(5, payment_term_id=term.id)
            with self.refused("03/11/2026", "03/31/2026"):
                draft.action_issue()
        with self.at("2026-03-05 12:00"):
            draft.action_issue()
        self.assertEqual(self.items(draft)[0][0], date(2026, 3, 11))

    def test_used_terms_are_archived(self):
        term = self.term((100, 0))
        self.draft(5, payment_term_id=term.id)
        with self.refused("archive"):
            term.unlink()
        term.active = False

    def test_administrator_makes_terms(self):
        env = self.as_user("administrator")
        term = env["account.payment.term"].create({"name": "Own"})
        term.line_ids.is_deposit = False
        term.billing_method_ids = self.check.with_env(env)
        with self.assertRaises(AccessError):
            self.as_user("officer")["account.payment.term"].create({"name": "Own"})

    def test_terms_changed_after_the_issue(self):
        """What was issued stays as it was agreed, also when it is paid."""
        bill = self.issued(100, payment_term_id=self.deposit.id, bill_date="2026-03-01")
        before = self.items(bill)
        self.deposit.line_ids[0].write({"nb_days": 10})
        self.deposit.goods_collection = "last"
        self.pay(bill, amount=10)
        self.postpone_last(bill)
        self.pay(bill, amount=10)
        self.assertEqual(self.items(bill)[0], before[0])
        self.assertEqual([amount for _d, amount in self.items(bill)], [30.0, 70.0])

    def postpone_last(self, bill):
        part = bill.instalment_ids[-1]
        bill._postpone(date(2036, 1, 1), "asked for", part)
