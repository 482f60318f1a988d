"""The state machine of test_property with credits: given, applied, taken off, paid out
and expired, among all that befalls the bills.
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from odoo import fields

from .property_machine import Office, days, which

# What was given and what was taken of each credit, from its items and their matches.
CREDITS = """
    SELECT credit.id, -SUM(line.amount_currency), -SUM(line.balance),
           COALESCE(SUM(taken.amount), 0), COALESCE(SUM(taken.balance), 0)
      FROM kavi_credit credit
      JOIN account_move_line line ON line.move_id = credit.move_id
      JOIN account_account account ON account.id = line.account_id
 LEFT JOIN LATERAL (
        SELECT SUM(match.credit_amount_currency) AS amount,
               SUM(match.amount) AS balance
          FROM account_partial_reconcile match
          JOIN account_move_line other ON other.id = match.debit_move_id
         WHERE match.credit_move_id = line.id AND other.parent_state = 'posted'
      ) taken ON TRUE
     WHERE credit.company_id = %s AND line.parent_state = 'posted'
       AND account.account_type = 'asset_receivable'
  GROUP BY credit.id
"""


class CreditOffice(Office):
    """Bills and credits of several accounts in several currencies."""

    def credits(self):
        """The accounts' credits, what payments left over included."""
        self.env.flush_all()
        return self.case.as_user("officer")["kavi.credit"].search(
            [("company_id", "=", self.case.company.id)], order="id"
        )

    def one_credit(self, number):
        credits = self.credits()
        return credits[number % len(credits)] if credits else credits

    def give(self, **vals):
        credit = self.credits().create({"reason": "For the trouble", **vals})
        credit.action_issue()
        self.case.assertEqual(credit.state, "open")

    @rule(account=which, currency=which, amount=st.integers(1, 20000), day=days)
    def give_credit(self, account, currency, amount, day):
        case = self.case
        currency = case.currencies[currency % len(case.currencies)]
        self.give(
            partner_id=case.accounts[account % len(case.accounts)].id,
            currency_id=currency.id,
            amount=amount * currency.rounding,
            date=day,
        )

    @precondition(lambda self: self.bills)
    @rule(number=which, part=st.sampled_from([0.1, 1 / 3, 0.9, 1]), day=days)
    def give_memo(self, number, part, day):
        """A part of the bill is taken back: as long as there is something left."""
        bill = self.one(number)
        left = bill.sudo()._get_takeable_amount()
        amount = bill.currency_id.round(bill.amount_total * part)
        if amount <= 0:
            return
        self.do_if(
            bill,
            bill.is_posted and bill.currency_id.compare_amounts(amount, left) <= 0,
            lambda bill: self.give(
                partner_id=bill.partner_id.id,
                currency_id=bill.currency_id.id,
                kind="memo",
                bill_id=bill.id,
                amount=amount,
                date=day,
            ),
        )

    @precondition(lambda self: self.bills)
    @rule(number=which, other=which, part=st.sampled_from([0.1, 1 / 3, 0.9, 1]))
    def apply_credit(self, number, other, part):
        bill, credit = self.one(number), self.one_credit(other)
        if not credit:
            return
        left, due = credit.amount_open, bill.amount_due
        amount = bill.currency_id.round(min(left, due) * part)
        allowed = (
            credit.state == "open"
            and self.is_open(bill)
            and bill.is_posted
            and not credit._get_incompatibility_reason(bill)
            and amount > 0
        )
        self.act(bill, allowed, lambda bill: credit._apply(bill, amount))
        if allowed:
            self.case.assertAlmostEqual(credit.amount_open, left - amount, 6)
            self.case.assertAlmostEqual(bill.amount_due, due - amount, 6)

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def take_credit_off(self, number):
        credit = self.one_credit(number)
        bills = credit.allocation_ids.bill_id
        if not bills:
            return
        bill = bills[number % len(bills)]
        before = credit.amount_open - bill.amount_due
        if self.outside(lambda: credit._unapply(bill)):
            self.case.assertAlmostEqual(credit.amount_open - bill.amount_due, before, 6)
            self.case.assertTrue(self.is_open(bill))
            self.case.assertEqual(credit.state, "open")
        else:
            settled_by_it = credit.kind == "overpayment" and credit.bill_id == bill
            self.case.assertTrue(
                settled_by_it or bill.state in ("refunded", "canceled")
            )

    @rule(number=which, day=days)
    def pay_out_credit(self, number, day):
        credit = self.one_credit(number)
        if not credit:
            return
        allowed, day = credit.state == "open", fields.Date.to_date(day)
        self.act(
            credit,
            allowed,
            lambda credit: credit._refund_in_money(self.case.check, day),
        )
        if allowed:
            self.case.assertEqual(credit.state, "refunded")

    @rule(number=which)
    def expire_credit(self, number):
        credit = self.one_credit(number)
        if credit:
            allowed = credit.state == "open" and credit.kind != "overpayment"
            self.act(credit, allowed, lambda credit: credit._expire())
            if allowed:
                self.case.assertEqual(credit.state, "expired")

    # === WHAT ALWAYS HOLDS === #

    def check_account(self, account):
        """Balance = what is due less open credits, as the ledger says."""
        result = super().check_account(account)
        case = self.case
        bills = self.bills.filtered(lambda bill: bill.partner_id == account)
        due = sum(bills.mapped("amount_due_company"))
        credits = self.credits().filtered(lambda credit: credit.partner_id == account)
        rest = sum(credits.mapped("amount_open_company"))
        case.assertAlmostEqual(account.billing_credit_balance, rest, 6)
        case.assertAlmostEqual(account.billing_net_balance, due - rest, 6)
        self.check_credits(credits)
        return result

    def check_credits(self, credits):
        case = self.case
        self.env.cr.execute(CREDITS, [case.company.id])
        rows = {row[0]: list(map(float, row[1:])) for row in self.env.cr.fetchall()}
        for credit in credits:
            given, balance, taken, taken_balance = rows.get(credit.id, (0, 0, 0, 0))
            case.assertAlmostEqual(credit.amount_open, given - taken, 6)
            case.assertAlmostEqual(
                credit.amount_open_company, balance - taken_balance, 6
            )
            case.assertGreaterEqual(credit.amount_open, 0.0)
            case.assertEqual(credit.state == "open", credit.amount_open > 0)
            if credit.kind != "overpayment" and credit.state != "canceled":
                case.assertAlmostEqual(
                    credit.amount,
                    credit.amount_open
                    + credit.amount_applied
                    + credit.amount_refunded
                    + credit.amount_expired,
                    6,
                )
        case.assertFalse(self.env["kavi.credit"].sudo()._find_book_differences())
