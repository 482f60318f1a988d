"""Each addon leaves by itself and leaves nothing that acts, and each is there without
the siblings that it does not need.

The addons are installed one by one on a database that has none of them, and taken off
copies of the seeded one, in processes of their own: a registry that has seen a model
does not forget it.
"""

import contextlib
import functools
import logging
import os

import pytest

from odoo import Command
from odoo.tools import SQL

from bin import suite

from .scratch import scratch_database

ADDONS = suite.addons()
# Each takes half a minute: in the long profile all, else the first and the last.
TRIED = ADDONS if os.environ.get("KAVI_LONG") else ("kavi_billing", "kavi_commerce")
DEPENDS = {addon: suite.manifest(suite.ROOT / addon)["depends"] for addon in ADDONS}


def needed(addon):
    """The addons of the suite that this one cannot do without, itself among them."""
    found = {addon}
    for other in set(DEPENDS[addon]) & set(ADDONS):
        found |= needed(other)
    return found


def leaving_with(addon):
    """The addons of the suite that go when this one goes, itself among them."""
    return {other for other in ADDONS if addon in needed(other)}


# === WHAT RUNS IN A PROCESS OF ITS OWN === #


class _Log(logging.Handler):
    """What Odoo warns of while the block runs is a failure."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(f"{record.name}: {record.getMessage()}")

    def __enter__(self):
        logging.getLogger().addHandler(self)

    def __exit__(self, *error):
        logging.getLogger().removeHandler(self)
        assert not self.lines, self.lines


def _uninstall(env, addon):
    with _Log():
        module = env["ir.module.module"].search([("name", "=", addon)])
        module.button_immediate_uninstall()


def _install(env, addon):
    """As by a person who wants this one alone: what installs by itself is left out."""
    Module = env["ir.module.module"]
    Module.update_list()
    absent = set(ADDONS) - needed(addon)
    siblings = Module.search([("name", "in", list(absent))])
    # a sibling that installs by itself must not: Odoo's --skip-auto-install
    siblings.auto_install = False
    with _Log():
        Module.search([("name", "=", addon)]).button_immediate_install()


def _use(env):
    """What the addons that are there still do: a bill from issue to payment, the
    payer's choice, and every view of every model of theirs."""
    with _Log():
        officer = env["res.users"].create(
            {
                "name": "Olga",
                "login": "olga",
                "group_ids": [
                    Command.link(env.ref("kavi_billing.group_billing_administrator").id)
                ],
            }
        )
        env = env(user=officer.id, su=False)
        account = env["res.partner"].create({"name": "Acme Ltd"})
        bill = env["kavi.bill"].create(
            {"partner_id": account.id, "title": "Fee", "amount": 40}
        )
        bill.action_issue()
        offered = bill._get_offered_methods()
        assert offered
        by_card = "kavi.gateway.event" in env
        assert ("Credit Card" in offered.mapped("name")) <= by_card
        offered = offered.filtered(lambda method: method.kind == "manual")
        bill._complete_payment(offered[0])
        assert bill.state == "paid"
        for model in env.registry:
            if model.startswith("kavi.") and not env[model]._abstract:
                env[model].sudo().get_views([(False, "list"), (False, "form")])
        menus = env["ir.ui.menu"].sudo().search([])
        assert not menus.filtered(lambda menu: menu.action and not menu.action.exists())
        views = env["ir.ui.view"].sudo().search([("model", "like", "kavi.%")])
        assert views
        views._check_xml()


def _jobs(env):
    """Each job that is left runs."""
    with _Log():
        for cron in env["ir.cron"].search([]):
            if cron.model_id.model.startswith("kavi."):
                cron.ir_actions_server_id.run()


def run(database, function, *args):
    process = database.process(function, *args)
    process.join(300)
    assert process.exitcode == 0


# === INSTALLED WITHOUT THE SIBLINGS === #


@pytest.fixture(scope="module")
def bare():
    """Gives a database in which an addon, and what it needs, are the only ones of the
    suite: made when it is asked for, from that of the addon below."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def get(addon):
            below = [name for name in DEPENDS[addon] if name in ADDONS]
            template = get(below[0]).name if below else os.environ["KAVI_BASE_DB"]
            database = stack.enter_context(scratch_database(template))
            run(database, _install, addon)
            return database

        yield get


@pytest.mark.parametrize("addon", TRIED)
def test_install_alone(bare, addon):
    with scratch_database(bare(addon).name) as database:
        with database.env() as env:
            installed = env["ir.module.module"].search(
                [("name", "in", ADDONS), ("state", "=", "installed")]
            )
            assert set(installed.mapped("name")) == needed(addon)
        database.close()
        run(database, _use)
        run(database, _jobs)


# === UNINSTALLED, WITH THE DEMO IN PLACE === #


def _look_before(env, going):
    """What is there of the addons that go, and what must stay."""
    Data = env["ir.model.data"]
    data = Data.search([("module", "in", list(going))])
    names = {(one.model, one.res_id) for one in data}
    shared = Data.search([("module", "not in", list(going))])
    names -= {(one.model, one.res_id) for one in shared}
    gone = {
        model: [res_id for name, res_id in names if name == model]
        for model in ("ir.cron", "ir.ui.menu", "ir.ui.view", "ir.actions.act_window")
    }
    fields = env["ir.model.fields"].browse(
        res_id for name, res_id in names if name == "ir.model.fields"
    )
    models = env["ir.model"].browse(
        res_id for name, res_id in names if name == "ir.model"
    )
    return {
        "gone": gone,
        "tables": [
            env[name]._table for name in models.mapped("model") if env[name]._auto
        ],
        "models": models.mapped("model"),
        "columns": [
            (env[field.model]._table, field.name)
            for field in fields
            if field.store
            and env[field.model]._fields[field.name].column_type
            and not env[field.model]._abstract
        ],
        "posted": env["account.move"].search_count([("state", "=", "posted")]),
        "bills": _bills(env),
    }


def _bills(env):
    if "kavi.bill" not in env:
        return None
    return [
        (bill.name, bill.state, bill.amount_due)
        for bill in env["kavi.bill"].search([("state", "!=", "draft")], order="id")
    ]


@pytest.mark.parametrize("addon", TRIED)
def test_uninstall(scratch, addon):
    """Nothing that acts stays behind, and the books, and the bills where the core
    stays, are what they were."""
    going = leaving_with(addon)
    with scratch.env() as env:
        before = _look_before(env, going)
        assert before["gone"]["ir.ui.view"]
        assert before["bills"]
        counters = env["ir.sequence"].search([("code", "=like", "kavi.%")])
        assert counters
        tables = [f"ir_sequence_{counter.id:03d}" for counter in counters]
    scratch.close()  # the registry of before knows models that are gone
    run(scratch, _uninstall, addon)
    with scratch.env() as env:
        for model, ids in before["gone"].items():
            left = env[model].with_context(active_test=False).browse(ids).exists()
            assert not left, left.mapped("display_name")
        assert not env["ir.model.data"].search([("module", "in", list(going))])
        assert not env["ir.model"].search([("model", "in", before["models"])])
        left = env.execute_query(
            SQL(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_name = ANY(%s) OR (table_name, column_name) IN %s",
                before["tables"],
                tuple(before["columns"]) or (("", ""),),
            )
        )
        assert not left
        files = env["ir.attachment"].with_context(skip_res_field_check=True)
        assert not files.search(
            [("res_model", "in", before["models"]), ("res_field", "!=", False)]
        )
        posted = env["account.move"].search_count([("state", "=", "posted")])
        assert posted == before["posted"]
        if addon == "kavi_billing":
            assert "kavi.bill" not in env
            assert not env["ir.sequence"].search([("code", "=like", "kavi.%")])
            query = SQL("SELECT relname FROM pg_class WHERE relname = ANY(%s)", tables)
            assert not env.execute_query(query)
            return
        assert _bills(env) == before["bills"]
        staying = set(ADDONS) - going
        installed = env["ir.module.module"].search(
            [("name", "in", ADDONS), ("state", "=", "installed")]
        )
        assert set(installed.mapped("name")) == staying
    scratch.close()
    run(scratch, _use)
    run(scratch, _jobs)
