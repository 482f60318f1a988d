"""Any series of acts on credits leaves the books right (BB-14, D-06).

Hypothesis plays an officer with two accounts and two currencies whose rate moves. After
every step the journal items are added up in plain SQL, without the code under test.
"""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .property_credit_machine import CREDITS
from .test_ledger import LedgerCommon

# Every entry of the company that is out of balance, and every item that is settled in
# its own currency but not in company currency.
WRONG_ENTRIES = """
    SELECT move_id FROM account_move_line
     WHERE company_id = %s AND parent_state = 'posted'
  GROUP BY move_id HAVING ROUND(SUM(balance), 6) <> 0
     UNION ALL
    SELECT line.move_id FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
     WHERE line.company_id = %s AND line.parent_state = 'posted'
       AND account.account_type = 'asset_receivable'
       AND line.amount_residual_currency = 0 AND line.amount_residual <> 0
     UNION ALL
    SELECT line.move_id FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
     WHERE line.company_id = %s AND line.parent_state = 'posted'
       AND account.account_type = 'asset_receivable'
       AND SIGN(line.amount_residual_currency) * SIGN(line.amount_currency) < 0
"""
MONEY = st.integers(min_value=1, max_value=20000).map(lambda cents: cents / 100)
PICK = st.integers(min_value=0, max_value=9)
DAY = st.sampled_from(["2026-01-10", "2026-02-10", "2026-03-10"])
STEP = st.one_of(
    st.tuples(st.just("bill"), MONEY, PICK, DAY),
    st.tuples(st.just("credit"), MONEY, PICK, DAY),
    st.tuples(st.just("apply"), PICK, PICK, st.one_of(st.none(), MONEY)),
    st.tuples(st.just("apply"), PICK, PICK, st.one_of(st.none(), MONEY)),
    st.tuples(st.just("apply_all"), PICK),
    st.tuples(st.just("unapply"), PICK, PICK),
    st.tuples(st.just("refund"), PICK, DAY),
    st.tuples(st.just("expire"), PICK),
    st.tuples(st.just("overpay"), PICK, MONEY),
)


@tagged("post_install", "-at_install")
class TestCreditProperty(LedgerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.currency.rate"].create(
            {
                "name": "2026-03-01",
                "rate": 0.7123,
                "currency_id": cls.euro.id,
                "company_id": cls.company.id,
            }
        )
        cls.person.is_billing_account = True
        cls.env.flush_all()

    def whose(self, pick):
        account = self.account if pick % 2 else self.person
        currency = self.euro if pick % 3 else self.company.currency_id
        return {"partner_id": account.id, "currency_id": currency.id}

    @given(st.lists(STEP, min_size=6, max_size=14))
    @settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
    def test_any_series(self, steps):
        with self.env.cr.savepoint() as savepoint:
            self.my_bills, self.my_credits = [], []
            # something to work with, whatever is drawn
            for pick in (1, 3):
                self.do_bill(100.01, pick, "2026-01-10")
                self.do_credit(66.67, pick, "2026-02-10")
            for name, *args in steps:
                try:
                    with self.env.cr.savepoint():
                        getattr(self, f"do_{name}")(*args)
                        self.env.flush_all()
                except UserError as error:
                    self.assertGreater(len(str(error).split()), 3)
                self.check_books()
            savepoint.rollback()
        self.env.invalidate_all()

    # === ACTS === #

    def do_bill(self, amount, pick, day):
        self.my_bills.append(self.issued(amount, bill_date=day, **self.whose(pick)))

    def do_credit(self, amount, pick, day):
        self.my_credits.append(self.credit(amount, date=day, **self.whose(pick)))

    def pick(self, records, pick):
        return records[pick % len(records)]

    def do_apply(self, pick, other, amount):
        bill, credit = self.pick(self.my_bills, pick), self.pick(self.my_credits, other)
        left, due = credit.amount_open, bill.amount_due
        credit._apply(bill, amount)
        applied = min(left, due) if amount is None else amount
        self.env.flush_all()
        self.assertAlmostEqual(credit.amount_open, left - applied, 6)
        self.assertAlmostEqual(bill.amount_due, due - applied, 6)

    def do_apply_all(self, pick):
        credit = self.pick(self.my_credits, pick)
        self.company.billing_apply_credits_automatically = True
        credit._apply_automatically()
        self.company.billing_apply_credits_automatically = False

    def do_unapply(self, pick, other):
        bill, credit = self.pick(self.my_bills, pick), self.pick(self.my_credits, other)
        total = credit.amount_open - bill.amount_due
        credit._unapply(bill)
        self.env.flush_all()
        self.assertAlmostEqual(credit.amount_open - bill.amount_due, total, 6)

    def do_refund(self, pick, day):
        credit = self.pick(self.my_credits, pick)
        credit._refund_in_money(self.check, fields.Date.to_date(day))
        self.assertEqual(credit.amount_open, 0.0)

    def do_expire(self, pick):
        credit = self.pick(self.my_credits, pick)
        credit._expire()
        self.assertEqual(credit.amount_open, 0.0)

    def do_overpay(self, pick, more):
        bill = self.pick(self.my_bills, pick)
        if bill.state not in ("new", "pending"):
            return
        payment = self.register_payment(
            self.invoice(bill),
            bill.currency_id.round(bill.amount_due + more),
            currency_id=bill.currency_id.id,
            payment_date="2026-03-15",
        )
        credit = self.credits._record_overpayments(payment, bill)
        self.assertAlmostEqual(credit.amount, more, 6)
        self.my_credits.append(credit)

    # === WHAT HAS TO HOLD === #

    def ledger(self, bill):
        # three sums that were read as floats leave crumbs
        return {name: round(sum_, 6) for name, sum_ in super().ledger(bill).items()}

    def check_books(self):
        self.env.flush_all()
        self.env.cr.execute(WRONG_ENTRIES, [self.company.id] * 3)
        self.assertFalse(self.env.cr.fetchall())
        self.env.cr.execute(CREDITS, [self.company.id])
        rows = {row[0]: list(map(float, row[1:])) for row in self.env.cr.fetchall()}
        for credit in self.my_credits:
            given, balance, taken, taken_balance = rows[credit.id]
            self.assertAlmostEqual(credit.amount_open, given - taken, 6)
            self.assertAlmostEqual(
                credit.amount_open_company, balance - taken_balance, 6
            )
            self.assertGreaterEqual(credit.amount_open, 0.0)
            self.assertAlmostEqual(
                credit.amount,
                credit.amount_open
                + credit.amount_applied
                + credit.amount_refunded
                + credit.amount_expired,
                6,
            )
            self.assertEqual(credit.state == "open", credit.amount_open > 0)
        self.assertBooks(*self.my_bills)
        for bill in self.my_bills:
            self.assertGreaterEqual(bill.amount_due, 0.0)
            self.assertNotEqual(bill.state, "canceled")
        for account in (self.account, self.person):
            if self.ledger_of(account):
                self.assertLedger(account)
