"""One check for several bills, while others work on these bills: it is in the books
once, and no bill gets more than it asks."""

from odoo import Command

from .office import ROUNDS, WRITERS, look


def pay_together(office, officer, bills, **vals):
    """The payment window on several bills of the account, as it is now."""
    vals = {"method_id": office.check, **vals}
    context = {"active_model": "kavi.bill", "active_ids": bills}
    model, action = "kavi.bill.payment.wizard", "action_complete_payment"
    return office.wizard(officer, model, action, vals, **context)


def look_at_payments(office, bills):
    """The amounts of the payments that are committed for these bills."""
    with office.scratch.env() as env:
        bills = env["kavi.bill"].browse(bills)
        assert not env["kavi.bill"]._find_book_differences()
        assert not env["kavi.credit"]._find_book_differences()
        return sorted(bills._get_payments().mapped("amount"))


def test_two_record_the_same_check(office):
    """One wins, the other is told, one payment is in the books."""
    for __ in range(ROUNDS):
        bills = office.issued(2)
        acts = {n: pay_together(office, n, bills) for n in (0, 1)}
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert look_at_payments(office, bills) == [21.0]
        assert [row[:2] for row in look(office, bills)] == [("paid", 0.0)] * 2


def test_two_checks_that_have_a_bill_in_common(office):
    """A and B by one check, B and C by another: B is paid once."""
    for __ in range(ROUNDS):
        first, common, last = office.issued(3)
        acts = {
            "first": pay_together(office, 0, [first, common]),
            "last": pay_together(office, 1, [common, last]),
        }
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        amounts = {"first": [21.0], "last": [23.0]}[done[0]]
        assert look_at_payments(office, [first, common, last]) == amounts
        states = [row[0] for row in look(office, [first, common, last])]
        assert states == (
            ["paid", "paid", "new"] if done == ["first"] else ["new", "paid", "paid"]
        )


def test_one_check_while_a_bill_of_it_is_canceled(office):
    """It is canceled or it is paid; the other bill follows the check."""
    for __ in range(ROUNDS):
        bills = office.issued(2)
        acts = {
            "paid": pay_together(office, 0, bills),
            "canceled": office.cancel(1, bills[1]),
        }
        done, failed = office.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        states = [row[0] for row in look(office, bills)]
        assert states == (["paid"] * 2 if done == ["paid"] else ["new", "canceled"])


def test_many_checks_at_once(office):
    """Each officer has a check for two bills of the one account: all are recorded, and
    what came too much are as many credits."""
    bills = office.issued(2 * WRITERS)
    pairs = [bills[2 * n : 2 * n + 2] for n in range(WRITERS)]
    acts = {
        n: pay_together(
            office,
            n,
            pair,
            amount=100,
            bill_ids=[Command.set(pair)],
        )
        for n, pair in enumerate(pairs)
    }
    done, failed = office.at_once(acts)
    assert not failed
    assert len(done) == WRITERS
    assert look_at_payments(office, bills) == [100.0] * WRITERS
    with office.scratch.env() as env:
        credits = env["kavi.credit"].search([("company_id", "=", office.company)])
        asked = sum(env["kavi.bill"].browse(bills).mapped("amount_paid"))
        assert round(sum(credits.mapped("amount")) + asked, 2) == 100.0 * WRITERS
