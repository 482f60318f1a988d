"""Whatever is done with bills, in whatever order, by officers and by accountants: after
each step the invariants of DESIGN section 4 hold, read from the ledger alone.

Hypothesis makes up the sequences and shortens the one that fails. The seed is in the
header of the run: `bin/kavi test -k property --hypothesis-seed=...` brings it back.
"""

import os

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon

# Examples and steps are bounded: about a minute, whatever the profile.
EXAMPLES = int(os.environ.get("KAVI_EXAMPLES", 0)) or min(
    settings.default.max_examples, 20
)
STEPS = int(os.environ.get("KAVI_STEPS", 12))

UNBALANCED = """
    SELECT move_id FROM account_move_line WHERE company_id = %s
  GROUP BY move_id HAVING ABS(SUM(balance)) > 0.000001
"""
# What the receivable accounts hold for a partner, and how much of it is open on
# entries that are no bill's invoice: payments, credit notes, exchange differences.
RECEIVABLE = """
    WITH entry AS (
        SELECT line.id, line.balance,
               move.kavi_bill_id IS NOT NULL AND move.move_type = 'out_invoice'
               AS is_charge
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
               entry.is_charge
          FROM entry
    )
    SELECT (SELECT COALESCE(SUM(balance), 0) FROM entry),
           (SELECT COALESCE(SUM(rest), 0) FROM open_entry WHERE NOT is_charge)
"""

which = st.integers(0, 99)  # one of those that are there, by its number
days = st.sampled_from(["2026-01-10", "2026-01-25", "2026-02-10", "2026-03-20"])
prices = st.sampled_from([100, 0, 0.01, 9.99, 33.33, 1234.56, 99999.95])
parts = st.sampled_from([1, 0.5, 0.25, 1 / 3, 0.1])
OFFICER = ("complete_payment", "cancel", "choose_method")
ACCOUNTANT = (
    "pay",
    "take_back_payment",
    "post_payment_again",
    "take_off_payments",
    "match_open_credit",
    "reset_invoice",
    "post_invoice_again",
    "cancel_invoice",
    "credit",
    "refund",
    "reverse_and_modify",
)
# Bills for which an accountant's act is likely to do something.
SENSIBLE = {
    "pay": lambda bill: bill.amount_due,
    "take_off_payments": lambda bill: bill.amount_paid,
    "reset_invoice": lambda bill: bill.is_booked and bill.state != "canceled",
    "post_invoice_again": lambda bill: not bill.is_booked and bill.state != "canceled",
    "cancel_invoice": lambda bill: bill.state != "canceled",
    "credit": lambda bill: bill.amount_due,
    "refund": lambda bill: bill.amount_retained > 0,
    "reverse_and_modify": lambda bill: bill.is_booked and bill.state != "canceled",
}


class Office(RuleBasedStateMachine):
    """Bills of several accounts in several currencies, and all that befalls them."""

    case = None  # the test, set by it

    @initialize(price=prices, day=days, number=which)
    def open(self, price, day, number):
        """Some bills to begin with: of each account, in each currency."""
        self.savepoint = self.case.cr.savepoint()
        self.bills = self.case.bills.browse()
        self.fixed = {}  # what may never change
        self.final = set()
        self.posted = self.env["account.move"].browse()
        self.undone = set()  # bills with a payment that was taken back
        self.issue(self.draft(price, day, *[number + other] * 4) for other in range(3))

    @property
    def env(self):
        return self.case.env

    def teardown(self):
        if hasattr(self, "savepoint"):
            self.env.cr.precommit.clear()
            self.savepoint.close()

    # === OFFICERS === #

    @precondition(lambda self: len(self.bills) < 5)
    @rule(price=prices, day=days, account=which, currency=which, tax=which, term=which)
    def raise_bill(self, price, day, account, currency, tax, term):
        self.issue([self.draft(price, day, account, currency, tax, term)])

    def draft(self, price, day, account, currency, tax, term):
        case = self.case
        taxes = case.taxes[tax % len(case.taxes)]
        line = {"name": "Fee", "price_unit": price, "tax_ids": [Command.set(taxes.ids)]}
        return case.bills.create(
            {
                "partner_id": case.accounts[account % len(case.accounts)].id,
                "title": "Fee",
                "currency_id": case.currencies[currency % len(case.currencies)].id,
                "payment_term_id": case.terms[term % len(case.terms)].id,
                "bill_date": day,
                "line_ids": [Command.create(line)],
            }
        )

    def issue(self, drafts):
        bills = self.bills.browse().union(*drafts)
        asked = bills.mapped("amount_total")
        bills.action_issue()
        for bill, amount in zip(bills, asked, strict=True):
            same = bill.currency_id.compare_amounts(bill.amount_total, amount) == 0
            self.case.assertTrue(same, "the invoice asks something else")
            self.fixed[bill] = (bill.name, bill.bill_date, bill.partner_id)
        self.bills |= bills

    @rule(act=st.sampled_from(OFFICER), number=which, day=days)
    def officer(self, act, number, day):
        """An act has to be done where the ledger allows it, and refused where not."""
        bill = self.bills[number % len(self.bills)]
        do, allowed, end = {
            "choose_method": (self.case.choose, True, "pending"),
            "complete_payment": (
                lambda bill: self.case.pay(bill, date=day),
                bill.is_booked,
                "refunded" if bill.refund_amount else "paid",
            ),
            "cancel": (self.case.cancel, not bill.is_partly_paid, "canceled"),
        }[act]
        if bill.state in ("new", "pending") and allowed:
            do(bill)
            self.case.assertEqual(bill.state, end)
        else:
            with self.case.assertRaises(UserError):
                do(bill)

    # === ACCOUNTANTS: Odoo may refuse them, bill and books have to agree === #

    @rule(
        act=st.sampled_from(ACCOUNTANT),
        number=which,
        day=days,
        part=parts,
        flag=st.booleans(),
    )
    def accountant(self, act, number, day, part, flag):
        """Something is done to the entries; or refused, and then not at all."""
        sensible = self.bills.filtered(SENSIBLE.get(act, bool)) or self.bills
        bill = sensible[number % len(sensible)]
        try:
            with self.env.cr.savepoint():
                getattr(self, act)(bill, self.case.invoice(bill), day, part, flag)
                self.env.flush_all()
        except UserError:
            self.env.invalidate_all()

    def pay(self, bill, move, day, part, own):
        currency = move.currency_id if own else self.case.company.currency_id
        amount = move.currency_id._convert(
            move.amount_residual * part, currency, self.case.company, day
        )
        self.case.register_payment(
            move, amount, payment_date=day, currency_id=currency.id
        )

    def payments(self, states):
        return self.env["account.payment"].search(
            [
                ("company_id", "=", self.case.company.id),
                ("state", "in", states),
                ("payment_type", "=", "inbound"),
            ],
            order="id desc",
        )

    def take_back_payment(self, bill, move, day, part, cancel):
        payment = self.payments(("paid", "in_process"))[:1]
        matched = payment.move_id.line_ids.matched_debit_ids.debit_move_id
        self.undone |= set(matched.move_id.kavi_bill_id.ids)
        payment.action_cancel() if cancel else payment.action_draft()

    def post_payment_again(self, *__):
        self.payments(("draft",))[:1].action_post()

    def take_off_payments(self, bill, move, *__):
        self.undone.add(bill.id)
        move.line_ids.remove_move_reconcile()

    def match_open_credit(self, bill, move, *__):
        widget = move.invoice_outstanding_credits_debits_widget
        if widget:
            move.js_assign_outstanding_line(widget["content"][0]["id"])

    def reset_invoice(self, bill, move, *__):
        self.undone.add(bill.id)
        move.button_draft()

    def post_invoice_again(self, bill, move, day, part, change):
        if change and move.state == "draft":
            for line in move.invoice_line_ids:
                line.price_unit *= part * 3
        move.action_post()

    def cancel_invoice(self, bill, move, *__):
        self.undone.add(bill.id)
        move.button_draft()
        move.button_cancel()

    def credit(self, bill, move, day, part, pay_out):
        """A credit note for a part of the bill, or all of it."""
        note = self.case.reverse(move, date=day)
        for line in note.invoice_line_ids:
            line.price_unit *= part
        note.action_post()
        return note

    def refund(self, bill, move, day, part, __):
        """What was paid is given back: no more than that."""
        left = bill.amount_retained / bill.amount_total if bill.amount_total else 0
        if bill.state in ("paid", "refunded") and left >= part:
            note = self.credit(bill, move, day, part, True)
            self.case.register_payment(note, payment_date=day)

    def reverse_and_modify(self, bill, move, day, *__):
        self.undone.add(bill.id)
        self.case.reverse(move, modify=True, date=day)

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
        elif bill.is_booked:
            case.assertIn(bill.state, ("paid", "refunded", "canceled"))
        else:
            case.assertIn(bill.state, ("new", "pending", "canceled"))
        case.assertTrue(
            zero(bill.amount_retained - bill.amount_paid + bill.refund_amount)
        )
        case.assertGreaterEqual(bill.refund_amount, 0)
        if bill.id not in self.undone:
            case.assertLessEqual(bill.refund_amount, bill.amount_paid + 0.001)
        if bill in self.final:
            case.assertEqual(bill.state, "canceled", "it came back")
        if bill.state == "canceled":
            self.final.add(bill)

    def check_account(self, account):
        case = self.case
        self.env.cr.execute(RECEIVABLE, [account.id, case.company.id])
        held, open_elsewhere = map(float, self.env.cr.fetchone())
        bills = self.bills.filtered(lambda bill: bill.partner_id == account)
        due = sum(bills.mapped("amount_due_company"))
        case.assertAlmostEqual(account.billing_balance, due, 6)
        case.assertAlmostEqual(held - open_elsewhere, due, 6)


@tagged("post_install", "-at_install")
class TestProperty(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accounts = cls.account | cls.person
        cls.person.is_billing_account = True
        cls.currencies = cls.company.currency_id
        for code, rates in {"EUR": (0.9, 0.83, 1.07), "JPY": (140, 155.5, 149)}.items():
            currency = cls.env["res.currency"].with_context(active_test=False)
            currency = currency.search([("name", "=", code)])
            currency.active = True
            cls.currencies |= currency
            cls.env["res.currency.rate"].create(
                [
                    {
                        "name": f"2026-0{month}-01",
                        "rate": rate,
                        "currency_id": currency.id,
                        "company_id": cls.company.id,
                    }
                    for month, rate in enumerate(rates, start=1)
                ]
            )
        tax = {"company_id": cls.company.id, "amount": 7.7, "name": "On top"}
        tax["country_id"] = cls.company.account_fiscal_country_id.id
        included = {"amount": 19, "name": "Included"}
        included["price_include_override"] = "tax_included"
        taxes = cls.env["account.tax"].create([tax, tax | included])
        cls.taxes = [taxes.browse(), taxes[0], taxes[1]]
        halves = {"value_amount": 50, "nb_days": 0}, {"value_amount": 50, "nb_days": 30}
        cls.terms = cls.env.ref("account.account_payment_term_30days")
        cls.terms |= cls.terms.create(
            {"name": "Halves", "line_ids": [Command.create(half) for half in halves]}
        )

    def test_property_of_any_sequence_of_acts(self):
        """DESIGN 4: moves sum to zero; due = charged - paid - credited; balances are
        the ledger's; never Paid when the ledger says open; canceled is final."""
        machine = type("OfficeOfTheTest", (Office,), {"case": self})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                phases=(Phase.reuse, Phase.generate, Phase.shrink),
            ),
        )
