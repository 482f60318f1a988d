"""The addons leave as they came: nothing of theirs stays behind but the books."""

import logging


def test_uninstall(scratch):
    """With the demo in place: bills, kinds, methods, counters and journal entries. No
    SQL error, and no counter that nobody draws from any more."""
    with scratch.env() as env:
        assert env["kavi.bill"].search_count([("state", "!=", "draft")])
        counters = env["ir.sequence"].search([("code", "=like", "kavi.%")])
        assert counters
        tables = [f"ir_sequence_{counter.id:03d}" for counter in counters]
        entries = env["account.move"].search_count([("state", "=", "posted")])
    process = scratch.process(_uninstall)
    process.join(300)
    assert process.exitcode == 0
    scratch.close()  # the registry of before knows models that are gone
    with scratch.env() as env:
        assert "kavi.bill" not in env
        env.cr.execute("SELECT relname FROM pg_class WHERE relname LIKE 'kavi\\_%%'")
        assert not env.cr.fetchall()
        assert not env["ir.sequence"].search([("code", "=like", "kavi.%")])
        env.cr.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s)", [tables])
        assert not env.cr.fetchall()
        posted = env["account.move"].search_count([("state", "=", "posted")])
        assert posted == entries


class _Errors(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def _uninstall(env):
    errors = _Errors()
    logging.getLogger().addHandler(errors)
    module = env["ir.module.module"].search([("name", "=", "kavi_billing")])
    module.button_immediate_uninstall()
    assert not errors.lines, errors.lines
