"""What bin/kavi does with the demo database it finds, on a real PostgreSQL server."""

import os
import subprocess

import pytest

from .test_setup import ROOT

KEY, OTHER_KEY = "0123456789ab", "ba9876543210"
SET = "a=19.0.1,b=19.0.1"

# get_demo, where the seed is empty and Odoo only says what it was asked for
SCRIPT = """
here=$PWD home=$1 addons=a,b addons_key=$2 addons_set=$3
. bin/databases.sh
say() { echo "$*"; }
die() { echo "died: $*"; exit 1; }
get_base() { :; }
get_seed() { seed=${db}_seed; has_db "$seed" || createdb "$seed"; }
odoo_quietly() { echo "odoo: $*"; }
stop_server() { :; }
"""


class Demo:
    def __init__(self, name, home):
        self.name, self.home = name, home
        (home / "log").mkdir()

    def run(self, command, key=KEY, addons=SET):
        answer = subprocess.run(
            ["bash", "-euc", SCRIPT + command, "bash", str(self.home), key, addons],
            cwd=ROOT,
            env=os.environ | {"KAVI_DB": self.name},
            capture_output=True,
            text=True,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.splitlines()

    def up(self, key=KEY, addons=SET):
        return self.run("get_demo", key, addons)

    def note(self):
        return self.run('db_key "$db"')

    def enter(self):
        """Something of somebody's, which is not in the seed."""
        self.run("psql -q -d $db -c 'create table entered ()'")

    def has_what_was_entered(self):
        query = "select to_regclass('entered') is not null"
        return self.run(f'psql -d $db -Atc "{query}"') == ["t"]


@pytest.fixture
def demo(tmp_path):
    demo = Demo(f"{os.environ['KAVI_SCRATCH_DB']}_{os.getpid()}_0", tmp_path)
    assert "making the demo database ..." in demo.up()
    demo.enter()
    yield demo
    demo.run("for name in $(made_dbs); do drop_db $name; done")
    assert demo.run("made_dbs") == []


def test_a_demo_of_these_addons_is_kept(demo):
    assert demo.note() == [f"{KEY} {SET}"]
    assert demo.up() == []
    assert demo.has_what_was_entered()


def test_a_demo_is_updated_when_files_have_changed(demo):
    told = demo.up(OTHER_KEY)
    assert told[0] == "the addons have changed: updating the demo database ..."
    assert "-u a,b" in told[1]
    assert demo.note() == [f"{OTHER_KEY} {SET}"]
    assert demo.has_what_was_entered()


@pytest.mark.parametrize(
    "addons", ["a=19.0.1,b=19.0.1,c=19.0.1", "a=19.0.1", "a=19.0.2,b=19.0.1"]
)
def test_a_demo_of_another_set_of_addons_is_made_anew(demo, addons):
    (told,) = demo.up(OTHER_KEY, addons)
    assert told.startswith("there are other addons than the demo database was made")
    assert demo.note() == [f"{OTHER_KEY} {addons}"]
    assert not demo.has_what_was_entered()


def test_a_demo_from_before_the_set_was_noted_is_made_anew(demo):
    demo.run(f'set_db_key "$db" {KEY}')
    assert demo.up() == []  # when nothing has changed, it serves
    (told,) = demo.up(OTHER_KEY)
    assert "anew" in told
    assert demo.note() == [f"{OTHER_KEY} {SET}"]


@pytest.mark.parametrize("note", ["", "the books of 2025"])
def test_a_database_that_was_not_made_here_is_never_dropped(demo, note):
    demo.run(f'set_db_key "$db" "{note}"')
    told = demo.up(OTHER_KEY)
    assert "updating" in told[0]
    assert demo.has_what_was_entered()


def test_only_what_was_made_here_is_found_to_be_dropped(demo):
    mine = [
        "",
        "_seed",
        "_test",
        "_test_gw0",
        "_test_scratch_gw12",
        "_test_scratch_7_1",
    ]
    others = ["_testing", "_base_0123456789ab", "2", "_test_gwx", "_test2_gw0"]
    for name in [*mine[2:], *others]:
        demo.run(f'createdb "${{db}}{name}"')
    try:
        assert demo.run("made_dbs | sort") == sorted(demo.name + name for name in mine)
    finally:
        for name in others:
            demo.run(f'dropdb "${{db}}{name}"')
