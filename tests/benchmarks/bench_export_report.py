"""Bill Data of many bills as a file: memory must not grow with its rows."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from .bulk import make_accounts, make_bills
from .runner import Benchmark

BILLS = 100_000
# The bills whose number ends in a zero: a tenth of them.
TENTH, ALL = "EXPORT-%0", "EXPORT-%"
ROOT = Path(__file__).resolve().parents[2]


def open_download(env, pattern):
    """What the list's button opens, for bills whose Bill ID is like ``pattern``."""
    domain = json.dumps([["name", "=like", pattern]])
    return env["kavi.report.wizard"].create(
        {"model_name": "kavi.bill", "title": "Bill Data", "domain": domain}
    )


class ExportReport(Benchmark):
    name = "export_report"
    doc = f"Bill Data of {BILLS // 10} bills as CSV / Odoo's export of these columns"
    rounds = 3

    def prepare(self, env):
        make_bills(env, make_accounts(env, 1000, "Bench export"), BILLS, "EXPORT-")

    def ours(self, env):
        from odoo.addons.kavi_billing_report.tools.columns import write_csv

        with tempfile.TemporaryFile() as file:
            write_csv(file, *open_download(env, TENTH)._get_rows())
            assert file.tell() > BILLS

    def peer(self, env):
        from odoo.addons.web.controllers.export import CSVExport

        bills = env["kavi.bill"].search([("name", "=like", TENTH)])
        paths = [column.path for column in bills._get_report_columns()]
        names = [path.replace(".", "/") for path in paths]
        rows = bills.export_data(names)["datas"]
        assert len(CSVExport().from_data([], names, rows)) > BILLS

    def report(self, env):
        """Seconds and peak memory, each in a process of its own: the peak of this one
        is that of all that it did before."""
        lines = []
        for kind in ("csv", "xlsx"):
            for pattern in (TENTH, ALL):
                done = subprocess.run(
                    [sys.executable, "-m", __name__, env.cr.dbname, kind, pattern],
                    cwd=ROOT,
                    check=True,
                    capture_output=True,
                    text=True,
                )
                lines.append(done.stdout.strip().splitlines()[-1])
        return "\n".join(lines)


def measure(database, kind, pattern):
    """Write one file; print how long it took, and the most memory it took."""
    import resource
    import time

    from .runner import odoo_environments

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    with odoo_environments(database)(Benchmark.user, commit=False) as env:
        from odoo.addons.kavi_billing_report.tools.columns import FILES

        wizard = open_download(env, pattern)
        count = wizard.row_count
        before = peak()
        start, worked = time.perf_counter(), time.process_time()
        with tempfile.TemporaryFile() as file:
            FILES[kind][0](file, *wizard._get_rows())
            size = file.seek(0, 2) / 2**20
        worked = time.process_time() - worked
        seconds = time.perf_counter() - start
    print(  # pylint: disable=print-used
        f"{count:>7} bills as {kind:<4}: {seconds:5.1f} s, {worked:5.1f} s of them "
        f"worked, {size:5.1f} MB, "
        f"peak {before:.0f} MB before, {peak():.0f} MB after"
    )


if __name__ == "__main__":
    measure(*sys.argv[1:])
