"""The scratch databases themselves: what is committed there stays, for all to see."""

import time
import urllib.request

import pytest

from . import scratch as scratch_module


def names(database):
    with database.env() as env:
        partners = env["res.partner"].search([("name", "like", "scratch %")])
        return sorted(partners.mapped("name"))


def create(env, name):
    env["res.partner"].create({"name": name})


def create_and_sleep(env, name, committed):
    create(env, f"{name} committed")
    env.cr.commit()  # pylint: disable=invalid-commit
    create(env, f"{name} lost")
    env.flush_all()
    committed.set()
    time.sleep(60)


def test_threads_commit_side_by_side(scratch):
    def creating(name):
        return lambda env: create(env, name)

    wanted = [f"scratch {number}" for number in range(4)]
    answers = scratch.in_threads(*(creating(name) for name in wanted))
    assert answers == [None] * 4
    assert names(scratch) == wanted


def test_a_failing_thread_is_rolled_back_and_told(scratch):
    def fail(env):
        create(env, "scratch never")
        env.flush_all()
        raise ValueError("no")

    answers = scratch.in_threads(fail, lambda env: create(env, "scratch kept"))
    assert isinstance(answers[0], ValueError)
    assert names(scratch) == ["scratch kept"]


def test_a_process_commits_or_dies(scratch):
    finishing = scratch.process(create, "scratch from a process")
    context = scratch_module.multiprocessing.get_context("spawn")
    committed = context.Event()
    dying = scratch.process(create_and_sleep, "scratch", committed)
    assert committed.wait(60)
    dying.kill()
    for process in (finishing, dying):
        process.join(60)
    assert finishing.exitcode == 0
    assert names(scratch) == ["scratch committed", "scratch from a process"]


def test_a_server_serves_what_is_committed(scratch):
    with scratch.env() as env:
        create(env, "scratch seen over HTTP")
    with scratch.serve() as url:
        page = urllib.request.urlopen(f"{url}/web/login", timeout=30).read().decode()
    assert 'name="login"' in page


def test_each_copy_is_fresh(scratch):
    assert names(scratch) == []


def test_without_a_database_to_copy_it_says_so(monkeypatch):
    monkeypatch.delenv("KAVI_SCRATCH_DB")
    with pytest.raises(RuntimeError, match="bin/kavi test"):
        with scratch_module.scratch_database():
            pass
