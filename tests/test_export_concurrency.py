"""Exports and outboxes while others work: nothing twice, nothing left out."""

import time
from functools import partial

import pytest

from odoo import Command
from odoo.service.model import retrying
from odoo.tools import mute_logger

from .office import BILLS_EACH, Office
from .scratch import scratch_database

ISSUERS, READERS = 6, 2
PAGE = 3


@pytest.fixture(scope="module")
def office():
    with scratch_database() as database:
        office = Office(database)
        with database.env() as env:
            administrators = env.ref("kavi_billing.group_billing_administrator")
            env["res.users"].browse(office.officers).group_ids = [
                Command.link(administrators.id)
            ]
        yield office


def test_two_export_at_once(office):
    """Every document is in one export; who comes second is told."""
    office.issued(5)
    vals = {"format": "csv", "company_id": office.company}
    acts = {
        n: office.wizard(n, "kavi.export.wizard", "action_export", vals)
        for n in range(3)
    }
    done, failed = office.at_once(acts)
    assert (len(done), len(failed)) == (1, 2)
    with office.scratch.env() as env:
        lines = env["kavi.export.line"].search([("company_id", "=", office.company)])
        assert len(lines) == 5
        assert len(lines.move_id) == 5


def test_readers_miss_nothing(office):
    """Documents are committed in another order than they were begun; who reads on from
    the last number that they have seen gets each of them once all the same."""
    with office.scratch.env() as env:
        outbox = (
            env["kavi.outbox"].create({"name": "x", "company_id": office.company}).id
        )
    bills = office.drafts(ISSUERS * BILLS_EACH)

    def read(env):
        seen, after, end = [], 0, time.monotonic() + 90
        while len(seen) < len(bills) and time.monotonic() < end:
            env.cr.rollback()  # each request sees what was committed before it
            env.transaction.reset()
            reader = env["kavi.outbox"].browse(outbox)
            answer = retrying(partial(reader._fetch, after, PAGE), env)
            seen += [(one["sequence"], one["id"]) for one in answer["messages"]]
            after = max((number for number, __ in seen), default=0)
            time.sleep(0.02)
        return seen

    acts = {n: office.issue(n, *bills[n::ISSUERS]) for n in range(ISSUERS)}
    acts |= {f"reader {n}": read for n in range(READERS)}
    with mute_logger("odoo.sql_db"):  # Odoo logs each attempt that met another
        answers = office.scratch.in_threads(*acts.values())
    errors = [answer for answer in answers if isinstance(answer, Exception)]
    assert not errors, errors
    first, second = answers[-READERS:]
    assert first == second
    assert [number for number, __ in first] == list(range(1, len(bills) + 1))
    assert len({id_ for __, id_ in first}) == len(bills)
