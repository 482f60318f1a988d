"""Imports while others import, and while workers are killed: nothing twice."""

import base64
import time
from itertools import cycle

import pytest

from odoo import Command
from odoo.tools import mute_logger

from .office import Office
from .scratch import scratch_database

ROWS = 40
CHUNK = 4
HEADERS = "bill_id,account,bill_state,bill_date,total"


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


def new_import(office, officer, prefix, rows=ROWS):
    """An import that was tested: every second bill is open, four accounts are new."""
    lines = [
        f"{prefix}-{n},{prefix} account {n % 4},{state},2024-01-31,7.50"
        for n, state in zip(range(rows), cycle(("New", "Paid")), strict=False)
    ]
    content = base64.b64encode("\n".join([HEADERS, *lines]).encode())
    with office.scratch.env(user=office.officers[officer]) as env:
        record = env["kavi.import"].create(
            {"file": content, "file_name": "x.csv", "opening_date": "2024-06-30"}
        )
        record.action_read()
        record.action_test()
        assert record.created_count == rows
        return record.id


def check_once(office, prefix, rows=ROWS):
    """Each bill and account is there once, with its entry."""
    with office.scratch.env() as env:
        bills = env["kavi.bill"].search([("name", "=like", f"{prefix}-%")])
        assert len(bills) == len(set(bills.mapped("name"))) == rows
        assert len(bills.move_ids) == rows // 2
        names = env["res.partner"].search([("name", "=like", f"{prefix} account%")])
        assert len(names) == len(bills.partner_id) == 4
        assert not env["kavi.bill"]._find_book_differences()


def test_two_import_at_once(office):
    """Two people with the same file: each bill once, and both hear of it."""
    records = [new_import(office, n, "TWICE") for n in range(2)]
    with mute_logger("odoo.sql_db"):  # Odoo logs each attempt that met another
        answers = office.scratch.in_threads(
            *(
                lambda env, n=n: office.call(
                    env, n, "kavi.import", "action_import", [records[n]]
                )
                for n in range(2)
            )
        )
    errors = [answer for answer in answers if isinstance(answer, Exception)]
    assert not errors, errors
    check_once(office, "TWICE")
    with office.scratch.env() as env:
        lines = env["kavi.import.line"].search([("import_id", "in", records)])
        results = lines.mapped("result")
        assert results.count("created") == ROWS
        assert results.count("matched") + results.count("rejected") == ROWS


def work(env, record_id):
    """A worker of the job, with few rows at a time."""
    from odoo.addons.kavi_billing_import.importer import runner

    runner.CHUNK = CHUNK
    env["kavi.import"]._cron_import()


def test_crash_of_a_worker(office):
    """A killed worker goes on where it stopped, as often as it is killed."""
    record_id = new_import(office, 0, "KILLED")
    with office.scratch.env(user=office.officers[0]) as env:
        record = env["kavi.import"].browse(record_id)._as_act()
        record.line_ids.write({"is_done": False})
        record.write({"state": "importing"})

    def count():
        with office.scratch.env() as env:
            record = env["kavi.import"].browse(record_id)
            return record.done_count, record.state

    kills, before = 0, 0
    end = time.monotonic() + 240
    while count()[1] == "importing":
        assert time.monotonic() < end
        child = office.scratch.process(work, record_id)
        while child.is_alive() and (
            kills == 3 or count()[0] < before + (kills + 1) * CHUNK
        ):
            time.sleep(0.05)
        if child.is_alive():
            child.kill()
            kills += 1
        child.join()
        before = count()[0]
    assert kills
    assert count() == (ROWS, "done")
    check_once(office, "KILLED")
