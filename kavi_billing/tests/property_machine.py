"""Bills of several accounts in several currencies, and all that befalls them: the state
machine of test_property, for Hypothesis to walk.
"""

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command

UNBALANCED = """
    SELECT move_id FROM account_move_line WHERE company_id = %s
  GROUP BY move_id HAVING ABS(SUM(balance)) > 0.000001
"""
# What the receivable accounts hold for a partner, how much of it is open on entries
# that are no bill's invoice (payments, credit notes, exchange differences), and what is
# open on bills' invoices and credits together.
RECEIVABLE = """
    WITH entry AS (
        SELECT line.id, line.balance,
               move.kavi_bill_id IS NOT NULL AND move.move_type = 'out_invoice'
               AS is_charge,
               (line.balance < 0 OR line.amount_currency < 0) AND EXISTS (
                   SELECT FROM kavi_credit WHERE move_id = move.id) AS is_credit
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
          JOIN account_account account ON account.id = line.account_id
         WHERE line.partner_id = %s AND move.company_id = %s
           AND move.state = 'posted'
           AND account.account_type = 'asset_receivable'
    ), open_entry AS (
        SELECT entry.balance - COALESCE((
                   SELECT SUM(match.amount)
                     FROM account_partial_reconcile match
                     JOIN entry other ON other.id = match.credit_move_id
                    WHERE match.debit_move_id = entry.id), 0)
               + COALESCE((
                   SELECT SUM(match.amount)
                     FROM account_partial_reconcile match
                     JOIN entry other ON other.id = match.debit_move_id
                    WHERE match.credit_move_id = entry.id), 0) AS rest,
               entry.is_charge, entry.is_credit
          FROM entry
    )
    SELECT (SELECT COALESCE(SUM(balance), 0) FROM entry),
           (SELECT COALESCE(SUM(rest), 0) FROM open_entry WHERE NOT is_charge),
           (SELECT COALESCE(SUM(rest), 0) FROM open_entry WHERE is_charge OR is_credit)
"""

which = st.integers(0, 99)  # one of those that are there, by its number
days = st.sampled_from(["2026-01-10", "2026-01-25", "2026-02-10", "2026-03-20"])
prices = st.sampled_from([0, 1, 0.01, 9.99, 33.33, 100, 1234.56, 99999.95])
parts = st.sampled_from([0.1, 1 / 3, 0.5, 0.9])


class Office(RuleBasedStateMachine):
    """Bills of several accounts in several currencies, and all that befalls them."""

    case = None  # the test, set by it

    @initialize()
    def open(self):
        self.savepoint = self.case.cr.savepoint()
        self.bills = self.case.bills.browse()
        self.fixed = {}  # what may never change
        self.final = set()
        self.posted = self.env["account.move"].browse()
        self.undone = set()  # bills with a payment that was taken back

    @property
    def env(self):
        return self.case.env

    def teardown(self):
        if hasattr(self, "savepoint"):
            self.env.cr.precommit.clear()
            self.savepoint.close()

    # === OFFICERS === #

    @rule(account=which, currency=which, tax=which, price=prices, day=days, term=which)
    def raise_bill(self, account, currency, tax, price, day, term):
        case = self.case
        bill = case.bills.create(
            {
                "partner_id": case.accounts[account % len(case.accounts)].id,
                "title": "Fee",
                "currency_id": case.currencies[currency % len(case.currencies)].id,
                "payment_term_id": case.terms[term % len(case.terms)].id,
                "bill_date": day,
                "line_ids": [
                    Command.create(
                        {
                            "name": "Fee",
                            "price_unit": price,
                            "tax_ids": [
                                Command.set(case.taxes[tax % len(case.taxes)].ids)
                            ],
                        }
                    )
                ],
            }
        )
        asked = bill.amount_total
        bill.action_issue()
        case.assertEqual(bill.currency_id.compare_amounts(bill.amount_total, asked), 0)
        self.bills |= bill
        self.fixed[bill] = (bill.name, bill.bill_date, bill.partner_id)

    def one(self, number):
        return self.bills[number % len(self.bills)]

    def act(self, bill, allowed, do):
        """An act has to be done where it is allowed, and refused where not."""
        if allowed:
            do(bill)
        else:
            with self.case.assertRaises(UserError):
                do(bill)

    def is_open(self, bill):
        return bill.state in ("new", "pending")

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def choose_method(self, number):
        bill = self.one(number)
        self.act(bill, self.is_open(bill), self.case.choose)

    def do_if(self, bill, allowed, do):
        """As :meth:`act`; but where an accountant took something back, only look that
        a refused act has done nothing.

        :return: whether it was done
        """
        if bill.id in self.undone:
            return self.outside(lambda: do(bill))
        self.act(bill, allowed, do)
        return allowed

    @precondition(lambda self: self.bills)
    @rule(number=which, day=days)
    def complete_payment(self, number, day):
        bill = self.one(number)
        allowed = self.is_open(bill) and bill.is_posted
        self.act(bill, allowed, lambda bill: self.case.pay(bill, date=day))
        if allowed:
            self.case.assertIn(bill.state, ("paid", "refunded"))

    @precondition(lambda self: self.bills)
    @rule(
        number=which,
        day=days,
        part=st.sampled_from([0.1, 1 / 3, 0.9, 1, 1.5]),
        method=which,
    )
    def complete_with_surcharge(self, number, day, part, method):
        """Whatever the method charges comes on top, and is nobody's debt after."""
        bill = self.one(number)
        method = self.case.methods[method % len(self.case.methods)]
        payable = bill._get_payable()
        amount = bill.currency_id.round(payable * part)
        if not self.is_open(bill) or not bill.is_posted or amount <= 0:
            return
        self.case.choose(bill, method)
        asked = bill.amount_to_pay
        bill._complete_payment(method, amount=amount, date=fields.Date.to_date(day))
        rest = bill.currency_id.round(max(payable - amount, 0))
        self.case.assertAlmostEqual(bill.amount_due, rest, 6)
        self.case.assertGreaterEqual(asked, payable)

    @precondition(lambda self: self.bills)
    @rule(number=which, day=days, part=st.sampled_from([0.1, 1 / 3, 0.9, 1, 1.5]))
    def complete_in_part(self, number, day, part):
        """A part, all of it, or too much: then the rest is the account's."""
        bill = self.one(number)
        due = bill._get_payable()
        amount = bill.currency_id.round(due * part)
        allowed = self.is_open(bill) and bill.is_posted and amount > 0
        self.act(
            bill, allowed, lambda bill: self.case.pay(bill, date=day, amount=amount)
        )
        if allowed:
            rest = bill.currency_id.round(max(due - amount, 0))
            self.case.assertAlmostEqual(bill.amount_due, rest, 6)

    @precondition(lambda self: self.bills)
    @rule(number=which, day=days)
    def write_off_a_rest(self, number, day):
        bill = self.one(number)
        rest = bill.currency_id.rounding * 3
        amount = bill.currency_id.round(bill._get_payable() - rest)
        if not self.is_open(bill) or not bill.is_posted or amount <= 0:
            return
        self.case.pay(bill, date=day, amount=amount, write_off=True)
        self.case.assertIn(bill.state, ("paid", "refunded"))

    @precondition(lambda self: self.bills)
    @rule(number=which, part=st.sampled_from([0.1, 1 / 3, 0.9, 1]), day=days)
    def give_back(self, number, part, day):
        bill = self.one(number)
        before = bill.refund_amount
        amount = bill.currency_id.round(bill.amount_refundable * part)
        came = bill.sudo()._sum_money(until=fields.Date.to_date(day))
        allowed = (
            bill.state in ("paid", "refunded")
            and amount > 0
            # not before the money that it gives back
            and bill.currency_id.compare_amounts(before + amount, came) <= 0
        )
        done = self.do_if(
            bill,
            allowed,
            lambda bill: self.case.give_back(bill, amount, date=day),
        )
        if done:
            self.case.assertEqual(bill.state, "refunded")
            self.case.assertAlmostEqual(bill.refund_amount, before + amount, 6)

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def give_back_too_much(self, number):
        bill = self.one(number)
        amount = bill.currency_id.round(
            max(bill.amount_refundable, 0) + bill.currency_id.rounding
        )
        self.act(bill, False, lambda bill: bill._refund(amount=amount))

    @precondition(lambda self: self.bills)
    @rule(number=which, part=st.sampled_from([0, 0.3, 1]))
    def cancel(self, number, part):
        bill = self.one(number)
        refund = bill.currency_id.round(max(bill.amount_refundable, 0) * part)
        given = bill.sudo().memo_ids.filtered("amount_applied")
        if given or bill.sudo().memo_ids.filtered("amount_refunded"):
            # refused where the account has used elsewhere what is not owed here
            self.undone.add(bill.id)
        done = self.do_if(
            bill,
            bill.state in ("new", "pending", "paid", "refunded"),
            lambda bill: self.case.cancel(bill, refund_amount=refund),
        )
        if done:
            self.case.assertEqual(bill.state, "canceled")

    @precondition(lambda self: self.bills)
    @rule(number=which, price=prices)
    def change_amount(self, number, price):
        bill = self.one(number)
        allowed = self.is_open(bill) and bill.is_posted and not bill.is_partly_paid
        done = self.do_if(
            bill, allowed, lambda bill: self.case.change_price(bill, price)
        )
        if done and not price:
            self.case.assertIn(bill.state, ("paid", "refunded"))

    @precondition(lambda self: self.bills)
    @rule(number=which, day=days)
    def bounce(self, number, day):
        bill = self.one(number)
        payments = self.case.payments(bill)
        if not payments:
            return
        payment = payments[number % len(payments)]
        settled = bill.sudo()._get_bills_of(payment)
        allowed = not settled.filtered(lambda other: other.state == "canceled")
        if not allowed:
            with self.case.assertRaises(UserError):
                bill._reverse_payment(payment)
            return
        self.undone |= set(settled.ids)
        if self.outside(lambda: self.case.bounce(bill, payment, date=day)):
            self.case.assertTrue(self.is_open(bill))
            self.case.assertEqual(payment.state, "rejected")

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def dispute_or_resolve(self, number):
        bill = self.one(number)
        act = self.case.resolve if bill.is_disputed else self.case.dispute
        self.act(bill, self.is_open(bill), act)

    @precondition(lambda self: self.bills)
    @rule(number=which, day=st.sampled_from(["2020-01-01", "2036-01-01"]))
    def postpone(self, number, day):
        bill = self.one(number)
        allowed = self.is_open(bill) and bill.is_posted and day > "2030"
        self.do_if(bill, allowed, lambda bill: self.case.postpone(bill, day))

    # === ACCOUNTANTS: Odoo may refuse them, bill and books have to agree === #

    def outside(self, do):
        """Something is done to the entries; or refused, and then not at all.

        :return: whether it was done
        """
        try:
            with self.env.cr.savepoint():
                do()
                self.env.flush_all()
        except UserError:
            self.env.invalidate_all()
            return False
        return True

    def invoice(self, number):
        return self.case.invoice(self.one(number))

    @precondition(lambda self: self.bills)
    @rule(number=which, part=parts, day=days, own=st.booleans())
    def pay_a_part(self, number, part, day, own):
        move = self.invoice(number)
        company_currency = self.case.company.currency_id
        currency = move.currency_id if own else company_currency
        amount = move.currency_id._convert(
            move.amount_residual * part, currency, self.case.company, day
        )
        if currency.is_zero(amount):
            return
        self.outside(
            lambda: self.case.register_payment(
                move, amount, payment_date=day, currency_id=currency.id
            )
        )

    def payments(self, states):
        moves = self.bills.sudo().move_ids
        payments = self.env["account.payment"].search(
            [
                ("company_id", "=", self.case.company.id),
                ("partner_id", "in", self.case.accounts.ids),
                ("state", "in", states),
                ("payment_type", "=", "inbound"),
            ],
            order="id",
        )
        return payments.filtered(lambda p: p.invoice_ids <= moves or not p.invoice_ids)

    @precondition(lambda self: self.bills)
    @rule(number=which, cancel=st.booleans())
    def take_back_payment(self, number, cancel):
        payments = self.payments(("paid", "in_process"))
        if not payments:
            return
        payment = payments[number % len(payments)]
        matched = payment.move_id.line_ids.matched_debit_ids.debit_move_id
        self.undone |= set(matched.move_id.kavi_bill_id.ids)
        self.outside(payment.action_cancel if cancel else payment.action_draft)

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def post_payment_again(self, number):
        payments = self.payments(("draft",))
        if payments:
            self.outside(payments[number % len(payments)].action_post)

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def take_off_payments(self, number):
        bill = self.one(number)
        self.undone.add(bill.id)
        self.outside(self.case.invoice(bill).line_ids.remove_move_reconcile)

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def match_open_credit(self, number):
        move = self.invoice(number)
        widget = move.invoice_outstanding_credits_debits_widget
        if widget:
            line = widget["content"][0]["id"]
            self.outside(lambda: move.js_assign_outstanding_line(line))

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def reset_invoice(self, number):
        bill = self.one(number)
        self.undone.add(bill.id)
        self.outside(self.case.invoice(bill).button_draft)

    @precondition(lambda self: self.bills)
    @rule(number=which, factor=st.sampled_from([1, 0.5, 3]))
    def post_invoice_again(self, number, factor):
        move = self.invoice(number)
        if move.state != "draft":
            return

        def post():
            if factor != 1:
                for line in move.invoice_line_ids:
                    line.price_unit *= factor
            move.action_post()

        self.outside(post)

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def cancel_invoice(self, number):
        move = self.invoice(number)
        if move.state == "draft":
            self.outside(move.button_cancel)

    @precondition(lambda self: self.bills)
    @rule(number=which, part=st.sampled_from([1, 0.25]), pay_out=st.booleans())
    def credit(self, number, part, pay_out):
        """A credit note; paid out, if it is a refund of what was paid."""
        bill = self.one(number)
        move = self.case.invoice(bill)
        if move.state != "posted" or bill.id in self.undone:
            return
        left = bill.amount_retained / bill.amount_total if bill.amount_total else 0
        if pay_out and (bill.state not in ("paid", "refunded") or left < part):
            return

        def reverse():
            note = self.case.reverse(move)
            if part != 1:
                for line in note.invoice_line_ids:
                    line.price_unit *= part
            note.action_post()
            if pay_out:
                self.case.register_payment(note)

        self.outside(reverse)

    @precondition(lambda self: self.bills)
    @rule(number=which)
    def reverse_and_modify(self, number):
        move = self.invoice(number)
        if move.state == "posted":
            self.undone.add(self.one(number).id)
            self.outside(lambda: self.case.reverse(move, modify=True))

    # === WHAT ALWAYS HOLDS === #

    @invariant()
    def books_and_bills_agree(self):
        if not getattr(self, "bills", None):
            return
        case, env = self.case, self.env
        env.flush_all()
        env.cr.precommit.run()
        env.flush_all()
        env.invalidate_all()
        env.cr.execute(UNBALANCED, [case.company.id])
        case.assertFalse(env.cr.fetchall(), "entries that do not sum to zero")
        case.assertBooks(*self.bills)
        for bill in self.bills:
            self.check_bill(bill)
        case.assertEqual(len(set(self.bills.mapped("name"))), len(self.bills))
        for account in case.accounts:
            self.check_account(account)
        # nothing that was posted for a bill is gone
        case.assertEqual(self.posted.exists(), self.posted)
        self.posted |= env["account.move"].browse(self.bills.sudo().move_ids.ids)

    def check_bill(self, bill):
        case, ledger = self.case, self.case.ledger(bill)
        zero = bill.currency_id.is_zero
        case.assertEqual((bill.name, bill.bill_date, bill.partner_id), self.fixed[bill])
        is_due = not zero(ledger["amount_due"])
        if is_due:
            case.assertIn(
                bill.state, ("new", "pending"), "settled, but not in the books"
            )
        elif bill.is_posted:
            case.assertIn(bill.state, ("paid", "refunded", "canceled"))
        else:
            case.assertIn(bill.state, ("new", "pending", "canceled"))
        case.assertTrue(
            zero(bill.amount_retained - bill.amount_paid + bill.refund_amount)
        )
        case.assertGreaterEqual(bill.refund_amount, 0)
        parts = bill.amount_untaxed + bill.amount_tax + bill.surcharge_booked
        case.assertTrue(zero(parts - bill.amount_total))
        if bill.id not in self.undone:
            case.assertLessEqual(bill.refund_amount, bill.amount_paid + 0.001)
        if bill in self.final:
            case.assertEqual(bill.state, "canceled", "it came back")
        if bill.state == "canceled":
            self.final.add(bill)

    def check_account(self, account):
        case = self.case
        self.env.cr.execute(RECEIVABLE, [account.id, case.company.id])
        held, open_elsewhere, net = map(float, self.env.cr.fetchone())
        case.assertAlmostEqual(account.billing_net_balance, net, 6)
        bills = self.bills.filtered(lambda bill: bill.partner_id == account)
        due = sum(bills.mapped("amount_due_company"))
        case.assertAlmostEqual(account.billing_balance, due, 6)
        case.assertAlmostEqual(held - open_elsewhere, due, 6)
