"""Several people at once, in real transactions: none sees an error that is not theirs,
and the books take one of them."""

import functools
from collections import Counter

import pytest
from psycopg2.errors import SerializationFailure

from odoo import Command
from odoo.exceptions import UserError
from odoo.service.model import call_kw, retrying
from odoo.tools import mute_logger

from .scratch import scratch_database

WRITERS = 8
BILLS_EACH = 4
ROUNDS = 3


class Office:
    """Officers of one company, and what they do over RPC."""

    def __init__(self, scratch):
        self.scratch = scratch
        with scratch.env() as env:
            company = env["res.company"].create({"name": "Crowded Ltd"})
            env["account.chart.template"].try_loading(
                "generic_coa", company=company, install_demo=False
            )
            self.company = company.id
            self.officers = self._new_officers(env).ids
            self.account = env["res.partner"].create({"name": "Acme Ltd"}).id
            methods = env["kavi.payment.method"].search(
                [("company_id", "=", company.id)]
            )
            self.check = methods[0].id

    def _new_officers(self, env):
        groups = env.ref("kavi_billing.group_billing_officer")
        groups |= env.ref("account.group_account_user")  # some keep the books as well
        return (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "name": f"Officer {number}",
                        "login": f"officer{number}",
                        "company_id": self.company,
                        "company_ids": [Command.set([self.company])],
                        "group_ids": [Command.set(groups.ids)],
                    }
                    for number in range(WRITERS)
                ]
            )
        )

    def call(self, env, officer, model, method, *args, **kwargs):
        """A call as it comes in over RPC: tried again when others were in the way,
        committed when it went well."""
        env = env(user=self.officers[officer], su=False)
        env.cr.rollback()  # each call sees what was committed before it
        env.transaction.reset()
        return retrying(lambda: call_kw(env[model], method, list(args), kwargs), env)

    # Each act is prepared, as a screen that is open, and done when it is called.

    def wizard(self, officer, model, action, vals, **context):
        with self.scratch.env(user=self.officers[officer]) as env:
            wizard = env[model].with_context(**context).create(vals).id
        return lambda env: self.call(
            env, officer, model, action, [wizard], context=context
        )

    def pay(self, officer, bill):
        vals = {"bill_ids": [Command.set([bill])], "method_id": self.check}
        model, action = "kavi.bill.payment.wizard", "action_complete_payment"
        return self.wizard(officer, model, action, vals)

    def cancel(self, officer, bill):
        vals = {"bill_ids": [Command.set([bill])]}
        model, action = "kavi.bill.cancel.wizard", "action_cancel_bills"
        return self.wizard(officer, model, action, vals)

    def opened(self, officer, bill, act, action, **vals):
        """A window that was opened on the bill, as it is now."""
        context = {"active_model": "kavi.bill", "active_ids": [bill]}
        model = f"kavi.bill.{act}.wizard"
        return self.wizard(officer, model, f"action_{action}", vals, **context)

    def complete(self, officer, bill, **vals):
        vals["method_id"] = self.check
        return self.opened(officer, bill, "payment", "complete_payment", **vals)

    def credit(self, amount):
        """An open credit of the account."""
        with self.scratch.env(user=self.officers[0]) as env:
            credit = env["kavi.credit"].create(
                {
                    "partner_id": self.account,
                    "reason": "For the trouble",
                    "amount": amount,
                }
            )
            credit.action_issue()
            return credit.id

    def apply(self, officer, credit, bill, amount):
        """The wizard on the credit, with the bill and amount chosen."""
        context = {"active_model": "kavi.credit", "active_ids": [credit]}
        vals = {"bill_ids": [Command.set([bill])], "amount": amount}
        model, action = "kavi.credit.apply.wizard", "action_apply_credits"
        return self.wizard(officer, model, action, vals, **context)

    def pay_out(self, officer, credit):
        context = {"active_model": "kavi.credit", "active_ids": [credit]}
        vals = {"method_id": self.check}
        model, action = "kavi.credit.refund.wizard", "action_refund_credits"
        return self.wizard(officer, model, action, vals, **context)

    def give_back(self, officer, bill, **vals):
        return self.opened(officer, bill, "refund", "refund", **vals)

    def reverse(self, officer, bill):
        return self.opened(officer, bill, "reverse", "reverse_payment")

    def register(self, officer, bill):
        """The accountant's way, on the invoice."""
        with self.scratch.env() as env:
            invoice = env["kavi.bill"].browse(bill).invoice_id.id
        context = {"active_model": "account.move", "active_ids": [invoice]}
        model, action = "account.payment.register", "action_create_payments"
        return self.wizard(officer, model, action, {}, **context)

    def issue(self, officer, *bills):
        """One after the other, each in a transaction of its own."""

        def issue_all(env):
            for bill in bills:
                self.call(env, officer, "kavi.bill", "action_issue", [bill])

        return issue_all

    def drafts(self, count):
        with self.scratch.env(user=self.officers[0]) as env:
            bills = env["kavi.bill"].create(
                [
                    {"partner_id": self.account, "title": f"Fee {n}", "amount": 10 + n}
                    for n in range(count)
                ]
            )
            return bills.ids

    def issued(self, count):
        bills = self.drafts(count)
        with self.scratch.env(user=self.officers[0]) as env:
            env["kavi.bill"].browse(bills).action_issue()
        return bills

    def paid(self, count):
        bills = self.issued(count)
        with self.scratch.env(user=self.officers[0]) as env:
            method = env["kavi.payment.method"].browse(self.check)
            env["kavi.bill"].browse(bills)._complete_payment(method)
        return bills

    def at_once(self, acts):
        """Do the prepared acts, ``{name: act}``, at the same time.

        :return: the names of those that were done, and what the others were told
        """
        with mute_logger("odoo.sql_db"):  # Odoo logs each attempt that met another
            answers = self.scratch.in_threads(*acts.values())
        failed = [answer for answer in answers if isinstance(answer, Exception)]
        done = [
            name
            for name, answer in zip(acts, answers, strict=True)
            if not isinstance(answer, Exception)
        ]
        for error in failed:  # in a sentence, and not by a stack of code
            assert isinstance(error, UserError), error
            assert len(str(error).split()) > 5, error
        return done, failed


@pytest.fixture(scope="module")
def office():
    with scratch_database() as database:
        yield Office(database)


def look(office, bills):
    """What is committed: state, due and posted payments of each bill; and that bills
    and ledger agree."""
    with office.scratch.env() as env:
        bills = env["kavi.bill"].browse(bills)
        assert not env["kavi.bill"]._find_book_differences()
        found = []
        for bill in bills:
            payments = env["account.payment"].search(
                [("memo", "like", bill.name), ("company_id", "=", office.company)]
            )
            found.append((bill.state, bill.amount_due, len(payments)))
        return found


def test_many_issue_at_once(office):
    """KB-13: eight writers in one company, from its very first bill: every bill has an
    ID of its own, every invoice a number of its own, and nobody is shown an error."""
    bills = office.drafts(WRITERS * BILLS_EACH)
    acts = {n: office.issue(n, *bills[n::WRITERS]) for n in range(WRITERS)}
    done, failed = office.at_once(acts)
    assert not failed
    assert len(done) == WRITERS
    with office.scratch.env() as env:
        bills = env["kavi.bill"].browse(bills)
        assert set(bills.mapped("state")) == {"new"}
        assert max(Counter(bills.mapped("name")).values()) == 1
        assert all(bills.mapped("name"))
        invoices = bills.invoice_id
        assert len(invoices) == len(bills)
        assert max(Counter(invoices.mapped("name")).values()) == 1
        assert set(invoices.mapped("state")) == {"posted"}
        assert not env["kavi.bill"]._find_book_differences()


def test_two_issue_the_same(office):
    """A draft becomes one bill, whoever clicked first."""
    for bill in office.drafts(ROUNDS):
        done, failed = office.at_once({n: office.issue(n, bill) for n in (0, 1)})
        assert (len(done), len(failed)) == (1, 1)
        with office.scratch.env() as env:
            assert len(env["kavi.bill"].browse(bill).move_ids) == 1


def test_two_complete_the_same_payment(office):
    """KB-32: one wins, the other is told, one payment is in the books."""
    for bill in office.issued(ROUNDS):
        done, failed = office.at_once({n: office.pay(n, bill) for n in (0, 1)})
        assert (len(done), len(failed)) == (1, 1)
        assert look(office, [bill]) == [("paid", 0.0, 1)]


def test_many_complete_payments(office):
    """Eight officers, eight bills of one account: none is in another's way."""
    bills = office.issued(WRITERS)
    acts = {n: office.pay(n, bill) for n, bill in enumerate(bills)}
    done, failed = office.at_once(acts)
    assert not failed
    assert look(office, bills) == [("paid", 0.0, 1)] * WRITERS


def test_one_cancels_while_another_completes(office):
    """KB-27: it is paid or it is canceled, never both."""
    for bill in office.issued(ROUNDS):
        acts = {"canceled": office.cancel(0, bill), "paid": office.pay(1, bill)}
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        payments = 1 if done == ["paid"] else 0
        assert look(office, [bill]) == [(done[0], 0.0, payments)]


def test_accountant_and_officer_complete_at_once(office):
    """The accountant's payment and ours: the bill is settled once, and whatever else
    was received is the account's; bill and ledger agree."""
    for bill in office.issued(ROUNDS):
        acts = {"invoice": office.register(0, bill), "bill": office.pay(1, bill)}
        done, __ = office.at_once(acts)
        assert done
        assert look(office, [bill])[0][:2] == ("paid", 0.0)


def test_accountant_pays_what_an_officer_cancels(office):
    """By people who do not see each other's screens: one of the two it is."""
    for bill in office.issued(ROUNDS):
        acts = {"paid": office.register(0, bill), "canceled": office.cancel(1, bill)}
        done, __ = office.at_once(acts)
        state, due, __ = look(office, [bill])[0]
        assert due == 0.0
        assert state in done


def money(office, bill):
    """What is committed of a bill's money: paid, refunded, due."""
    with office.scratch.env() as env:
        bill = env["kavi.bill"].browse(bill)
        return bill.amount_paid, bill.refund_amount, bill.amount_due


def test_two_refund_the_last_cents(office):
    """KB-34: by crafted calls, which know nothing of what was on the screen. Never is
    more given back than was paid."""
    for bill in office.paid(ROUNDS):
        with office.scratch.env(user=office.officers[0]) as env:
            total = env["kavi.bill"].browse(bill).amount_total
            env["kavi.bill"].browse(bill)._refund(amount=total - 0.03)
        model, action = "kavi.bill.refund.wizard", "action_refund"
        vals = {"bill_ids": [Command.set([bill])], "amount": 0.03}
        acts = {n: office.wizard(n, model, action, vals) for n in (0, 1)}
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert look(office, [bill]) == [("refunded", 0.0, 3)]
        assert money(office, bill) == (total, total, 0.0)


def test_two_refund_all(office):
    for bill in office.paid(ROUNDS):
        acts = {n: office.give_back(n, bill) for n in (0, 1)}
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert look(office, [bill]) == [("refunded", 0.0, 2)]


def test_two_complete_the_same_part(office):
    """Both hold the check of 6 in their hands: it is booked once."""
    for bill in office.issued(ROUNDS):
        acts = {n: office.complete(n, bill, amount=6) for n in (0, 1)}
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        ((state, __, payments),) = look(office, [bill])
        assert (state, payments) == ("new", 1)
        assert money(office, bill)[0] == 6.0


def test_one_cancels_a_paid_bill_while_another_refunds(office):
    """The money goes back once, whoever was first."""
    for bill in office.paid(ROUNDS):
        cancel = office.opened(0, bill, "cancel", "cancel_bills")
        acts = {"canceled": cancel, "refunded": office.give_back(1, bill)}
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert look(office, [bill]) == [(done[0], 0.0, 2)]
        paid, refunded, __ = money(office, bill)
        assert paid == refunded


def test_one_refunds_while_another_reverses(office):
    """Given back or never received, not both."""
    for bill in office.paid(ROUNDS):
        acts = {"refunded": office.give_back(0, bill)}
        acts["pending"] = office.reverse(1, bill)
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert look(office, [bill])[0][0] == done[0]
        paid, refunded, due = money(office, bill)
        if done == ["refunded"]:
            assert (paid, refunded, due) == (paid, paid, 0.0)
        else:
            assert (paid, refunded) == (0.0, 0.0)


def test_two_reverse_the_same_payment(office):
    for bill in office.paid(ROUNDS):
        acts = {n: office.reverse(n, bill) for n in (0, 1)}
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        with office.scratch.env() as env:
            payment = env["kavi.bill"].browse(bill).invoice_id.matched_payment_ids
            assert len(payment.move_id.reversal_move_ids) == 1
        assert look(office, [bill])[0][0] == "pending"


def test_one_changes_the_amount_while_another_completes(office):
    for bill in office.issued(ROUNDS):
        acts = {"changed": office.opened(0, bill, "amount", "change_amount")}
        acts["paid"] = office.complete(1, bill)
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        ((state, due, payments),) = look(office, [bill])
        if done == ["paid"]:
            assert (state, due, payments) == ("paid", 0.0, 1)
        else:
            assert (state, payments) == ("new", 0)
            assert due > 0
        with office.scratch.env() as env:
            moves = env["kavi.bill"].browse(bill).move_ids
            assert len(moves) == (1 if done == ["paid"] else 3)


def look_at_credit(office, credit):
    """What is committed: state, open, applied and refunded; and that credits and ledger
    agree."""
    with office.scratch.env() as env:
        assert not env["kavi.credit"]._find_book_differences()
        credit = env["kavi.credit"].browse(credit)
        return (
            credit.state,
            credit.amount_open,
            credit.amount_applied,
            credit.amount_refunded,
        )


def test_two_apply_the_last_of_a_credit(office):
    """BB-14: to two bills; what is there is given once."""
    bills = office.issued(ROUNDS * 2)
    for pair in zip(bills[::2], bills[1::2], strict=True):
        credit = office.credit(20)
        with office.scratch.env(user=office.officers[0]) as env:
            env["kavi.credit"].browse(credit)._apply(
                env["kavi.bill"].browse(office.issued(2)), 15
            )
        acts = {bill: office.apply(n, credit, bill, 5) for n, bill in enumerate(pair)}
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert look_at_credit(office, credit) == ("used", 0.0, 20.0, 0.0)
        with office.scratch.env() as env:
            for bill in env["kavi.bill"].browse(pair):
                assert bill.amount_credited == (5.0 if bill.id in done else 0.0)
            assert not env["kavi.bill"]._find_book_differences()


def test_one_applies_while_another_pays_out(office):
    """To a bill or to the account's bank, not both."""
    for bill in office.issued(ROUNDS):
        credit = office.credit(5)
        acts = {"used": office.apply(0, credit, bill, 5)}
        acts["refunded"] = office.pay_out(1, credit)
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        sums = (5.0, 0.0) if done == ["used"] else (0.0, 5.0)
        assert look_at_credit(office, credit) == (done[0], 0.0, *sums)


def test_two_pay_out_the_same_credit(office):
    for __ in range(ROUNDS):
        credit = office.credit(5)
        done, failed = office.at_once({n: office.pay_out(n, credit) for n in (0, 1)})
        assert (len(done), len(failed)) == (1, 1)
        assert look_at_credit(office, credit) == ("refunded", 0.0, 0.0, 5.0)


def memos(office, bill, count):
    """Drafts of credit memos, each over all that the bill asks."""
    with office.scratch.env(user=office.officers[0]) as env:
        charged = env["kavi.bill"].browse(bill).amount_total
        vals = {"kind": "memo", "bill_id": bill, "partner_id": office.account}
        vals |= {"reason": "Wrong price", "amount": charged}
        return charged, env["kavi.credit"].create([vals] * count).ids


def test_two_correct_the_same_bill(office):
    """Two credit memos over all of a bill: it is corrected once."""
    for bill in office.issued(ROUNDS):
        charged, pair = memos(office, bill, 2)
        acts = {
            memo: functools.partial(
                lambda n, memo, env: office.call(
                    env, n, "kavi.credit", "action_issue", [memo]
                ),
                n,
                memo,
            )
            for n, memo in enumerate(pair)
        }
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert look_at_credit(office, done[0])[:2] == ("open", charged)


def test_a_correction_that_was_not_seen(office):
    """Whoever looked at the bill before another memo was committed starts over."""
    (bill,) = office.issued(1)
    __, (first, second) = memos(office, bill, 2)
    with (
        mute_logger("odoo.sql_db"),
        pytest.raises(SerializationFailure),
        office.scratch.env(user=office.officers[0]) as late,
    ):
        assert late["kavi.credit"].browse(second).state == "draft"
        with office.scratch.env(user=office.officers[1]) as env:
            env["kavi.credit"].browse(first).action_issue()
        late["kavi.credit"].browse(second).action_issue()


def test_many_issue_by_many_templates(office):
    """KB-13: the company's template, a kind's that is the same, one that spells the
    same IDs, and one that nobody counted by before: no ID is given twice, and nobody
    is shown an error."""
    bills = office.drafts(WRITERS * BILLS_EACH)
    with office.scratch.env() as env:
        company = env["res.company"].browse(office.company)
        year = company._billing_today().year
        templates = [
            company.billing_id_template,
            f"{year}-$counter",
            "New-$counter",
            "New-$counter",
        ]
        kinds = env["kavi.bill.kind"].create(
            [
                {"name": f"Kind {number}", "bill_id_template": template}
                for number, template in enumerate(templates)
            ]
        )
        # each writer has bills of several kinds, or of none
        for number, bill in enumerate(env["kavi.bill"].browse(bills)):
            kind = (number // WRITERS + number) % (len(kinds) + 1)
            bill.kind_id = kinds[kind : kind + 1]
    acts = {n: office.issue(n, *bills[n::WRITERS]) for n in range(WRITERS)}
    done, failed = office.at_once(acts)
    assert not failed
    assert len(done) == WRITERS
    with office.scratch.env() as env:
        bills = env["kavi.bill"].browse(bills)
        assert all(bills.mapped("name"))
        assert max(Counter(bills.mapped("name")).values()) == 1
        counters = env["ir.sequence"].search(
            [("code", "=", "kavi.bill"), ("company_id", "=", office.company)]
        )
        assert sorted(counters.mapped("prefix")) == sorted(
            ["%(year)s-", f"{year}-", "New-"]
        )
