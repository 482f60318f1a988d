"""Bills from a file, against Odoo's own import of as many invoices."""

import base64
import resource
import time

from .bulk import make_accounts
from .runner import Benchmark

ROWS, MANY = 200, 10_000
ACCOUNTS = 100
HEADERS = "bill_id,account,bill,bill_state,bill_date,due_date,total"


def megabytes():
    """The most memory that the process has taken so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Import(Benchmark):
    name = "import"
    doc = (
        f"testing and importing {ROWS} open bills with their entries / loading {ROWS} "
        "invoices twice, to test and to keep, and posting them"
    )
    rounds = 3

    def prepare(self, env):
        self.accounts = make_accounts(env, ACCOUNTS, "Bench import").ids

    def _new_import(self, env, number, open_ones):
        """An import that was read; every n-th bill is open, the others are settled."""
        names = env["res.partner"].browse(self.accounts).mapped("name")
        rows = [
            f"BENCH-{index},{names[index % ACCOUNTS]},Dues {index},"
            f"{'Paid' if index % open_ones else 'New'},2023-01-09,2023-02-08,100.00"
            for index in range(number)
        ]
        content = base64.b64encode("\n".join([HEADERS, *rows]).encode())
        record = env["kavi.import"].create({"file": content, "file_name": "bench.csv"})
        record.action_read()
        return record

    def ours(self, env):
        record = self._new_import(env, ROWS, open_ones=1)
        record.action_test()
        record.action_import()
        assert record.created_count == ROWS, record.line_ids.mapped("reason")[:5]

    def peer(self, env):
        columns = ["move_type", "partner_id/.id", "invoice_date", "payment_reference"]
        columns += [f"invoice_line_ids/{name}" for name in ("name", "price_unit")]
        rows = [
            [
                *("out_invoice", str(self.accounts[index % ACCOUNTS]), "2023-01-09"),
                *(f"BENCH-{index}", f"Dues {index}", "100.00"),
            ]
            for index in range(ROWS)
        ]
        savepoint = env.cr.savepoint()  # Odoo's own "Test"
        env["account.move"].load(columns, rows)
        savepoint.close(rollback=True)
        result = env["account.move"].load(columns, rows)
        moves = env["account.move"].browse(result["ids"])
        assert len(moves) == ROWS, result["messages"][:5]
        moves.action_post()

    def report(self, env):
        """A long file as the job works on it, every fifth bill open."""
        before = megabytes()
        start = time.perf_counter()
        record = self._new_import(env, MANY, open_ones=5)
        record.action_test()
        self._work(env, record)
        middle = time.perf_counter()
        record.action_import()
        self._work(env, record)
        seconds = time.perf_counter() - middle
        assert record.created_count == MANY
        return (
            f"{MANY} rows: tested in {middle - start:.0f} s, imported in "
            f"{seconds:.0f} s ({MANY / seconds:.0f} rows a second), at most "
            f"{megabytes() - before:.0f} MB more memory"
        )

    def _work(self, env, record):
        from odoo.addons.kavi_billing_import.importer.runner import ImportRunner

        while ImportRunner(record).run_chunk():
            env.flush_all()
            env.invalidate_all()
