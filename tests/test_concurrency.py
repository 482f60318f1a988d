"""Several people at once, in real transactions: none sees an error that is not theirs,
and the books take one of them."""

from collections import Counter

from .office import BILLS_EACH, ROUNDS, WRITERS, look


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
