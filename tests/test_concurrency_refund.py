"""Money goes back by several people at once: never more than came."""

from odoo import Command

from .office import ROUNDS, look


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
