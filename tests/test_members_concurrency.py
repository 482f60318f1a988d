"""Moderators, payers and officers of members at once, in real transactions."""

import pytest

from odoo import Command
from odoo.service.model import retrying

from .office import ROUNDS


@pytest.fixture(scope="module")
def club(office):
    """Officers who moderate, too, and a type that is moderated."""
    with office.scratch.env() as env:
        group = env.ref("kavi_members.group_members_officer")
        env["res.users"].browse(office.officers).group_ids = [Command.link(group.id)]
        company = env["res.company"].browse(office.company)
        company.members_order_individual = "billing_first"
        office.kinds = {
            name: env["kavi.membership.type"]
            .create(
                {
                    "name": name,
                    "company_id": office.company,
                    "moderate_new": moderated,
                    "fee_ids": [Command.create({"occasion": "new", "amount": fee})]
                    if fee
                    else [],
                }
            )
            .id
            for name, fee, moderated in (
                ("Free", 0, True),
                ("Paid", 50, False),
                ("Open", 0, False),
            )
        }
    return office


def added(office, kind):
    """A membership of a new person: its id, and its bill's."""
    with office.scratch.env() as env:
        person = env["res.partner"].create({"name": "Somebody"})
        member = env["kavi.membership"]._add(
            [
                {
                    "partner_id": person.id,
                    "type_id": office.kinds[kind],
                    "company_id": office.company,
                }
            ]
        )
        return member.id, member.kavi_bill_ids.id


def rpc(office, officer, member, method):
    return lambda env: office.call(env, officer, "kavi.membership", method, [member])


def inside(office, officer, member, method, *args):
    """What a window of an officer does, tried again as a call is."""

    def act(env):
        env = env(user=office.officers[officer], su=False)
        record = env["kavi.membership"].browse(member)
        return retrying(lambda: getattr(record, method)(*args), env)

    return act


def look(office, member):
    with office.scratch.env() as env:
        one = env["kavi.membership"].browse(member)
        assert not env["kavi.membership"]._find_unheard()
        states = one.history_ids.filtered(lambda row: row.event == "state")
        return one.state, one.kavi_bill_ids.mapped("state"), len(states)


def test_two_moderators_at_once(club):
    """KM-32: one of them approves, the other reads who did it."""
    for __ in range(ROUNDS):
        member, __ = added(club, "Free")
        acts = {n: rpc(club, n, member, "action_approve") for n in (0, 1)}
        done, failed = club.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert f"Officer {done[0]} decided" in str(failed[0])
        assert look(club, member) == ("current", [], 2)


def test_one_approves_while_another_denies(club):
    for __ in range(ROUNDS):
        member, __ = added(club, "Free")
        acts = {
            "current": rpc(club, 0, member, "action_approve"),
            "denied": inside(club, 1, member, "_deny", "no"),
        }
        done, failed = club.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        assert look(club, member)[0] == done[0]


def test_payer_and_officer_at_once(club):
    """KM-27: paid while somebody passes the step: both are done, and it is current
    once."""
    for __ in range(ROUNDS):
        member, bill = added(club, "Paid")
        acts = {
            "paid": club.pay(0, bill),
            "passed": inside(club, 1, member, "_expedite", "so be it"),
        }
        done, __ = club.at_once(acts)
        assert "paid" in done
        assert look(club, member) == ("current", ["paid"], 2)


def test_paid_while_it_is_withdrawn(club):
    """Paid and a member, or withdrawn and its bill canceled; never half of each."""
    for __ in range(ROUNDS):
        member, bill = added(club, "Paid")
        acts = {
            "current": club.pay(0, bill),
            "canceled": inside(club, 1, member, "_withdraw"),
        }
        done, failed = club.at_once(acts)
        assert (len(done), len(failed)) == (1, 1)
        bills = {"current": "paid", "canceled": "canceled"}[done[0]]
        assert look(club, member)[:2] == (done[0], [bills])


def test_two_renew_at_once(club):
    """KM-43: one successor."""
    for __ in range(ROUNDS):
        member, __ = added(club, "Open")
        done, failed = club.at_once(
            {n: rpc(club, n, member, "action_renew") for n in (0, 1)}
        )
        assert (len(done), len(failed)) == (1, 1)
        with club.scratch.env() as env:
            assert len(env["kavi.membership"].browse(member).next_ids) == 1


def test_two_walks_at_once(club):
    """The job on two workers: each change is written down once."""
    members = [added(club, "Open")[0] for __ in range(8)]
    with club.scratch.env() as env:
        env["kavi.membership"].browse(members)._write_facts(
            {
                "date_start": "1999-01-01",
                "date_end": "2000-01-01",
                "date_grace": "2000-01-01",
            }
        )

    def walk(env):
        retrying(env["kavi.membership"]._cron_walk, env)

    answers = club.scratch.in_threads(walk, walk)
    assert not [answer for answer in answers if answer]
    for member in members:
        assert look(club, member) == ("archived", [], 2)
