"""Several people use and correct the same credit at once."""

import functools

import pytest
from psycopg2.errors import SerializationFailure

from odoo.tools import mute_logger

from .office import ROUNDS


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
