"""An import of many rows: by the job, some at a time, and on after a crash."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..importer import runner
from ..importer.bills import BillPlanner
from ..importer.runner import ImportRunner
from .common import ImportCommon, row

RUNNER_LOG = "odoo.addons.kavi_billing_import.importer.runner"


class Killed(BaseException):
    pass


@tagged("post_install", "-at_install")
class TestImportJob(ImportCommon):
    def setUp(self):
        super().setUp()
        # few rows are many here
        self.enterContext(patch.object(runner, "CHUNK", 3))
        self.enterContext(patch.object(runner, "MAX_ROWS_AT_ONCE", 4))

    def rows(self, count=10):
        return [
            row(f"J-{number}", account=f"A {number % 4}") for number in range(count)
        ]

    def test_by_the_job(self):
        """The button only asks for it; the job tries, and imports."""
        record = self.make_tested(self.rows())
        self.assertEqual((record.state, record.progress), ("testing", 0.0))
        with self.refused("being worked on"):
            record.action_test()
        self.run_cron()
        self.assertEqual((record.state, record.progress), ("tested", 100.0))
        self.assertResults(record, created=10)
        self.assertFalse(self.found("J-1"))
        record.action_import()
        self.assertFalse(self.found("J-1"))
        self.run_cron()
        self.assertEqual(record.state, "done")
        self.assertResults(record, created=10)
        bills = record.line_ids.bill_id
        self.assertEqual(len(bills), 10)
        self.assertEqual(len(bills.partner_id), 4)
        self.assertEqual(bills.create_uid, self.users["administrator"])

    def test_stop(self):
        record = self.make_tested(self.rows())
        record.action_stop()
        self.assertEqual(record.state, "read")
        self.run_cron()
        self.assertEqual(record.done_count, 0)
        record.action_test()
        self.run_cron()
        record.action_import()
        ImportRunner(record).run_chunk()
        self.assertEqual(record.done_count, 3)
        record.action_stop()
        self.run_cron()
        self.assertEqual((record.state, record.done_count), ("tested", 3))
        with self.refused("Rows of this file are imported"):
            record.mode = "history"
        record.action_import()
        self.run_cron()
        self.assertEqual(record.state, "done")
        self.assertResults(record, created=10)
        self.assertEqual(len(record.line_ids.bill_id), 10)

    def test_crash(self):
        """A killed worker goes on where it stopped: what it had begun is not there, and
        nothing is there twice."""
        record = self.make_tested(self.rows())
        self.run_cron()
        record.action_import()
        real, calls = ImportRunner._execute_batch, []

        def kill(worker, plans, opened):
            result = real(worker, plans, opened)
            calls.append(len(plans))
            if len(calls) == 3:
                raise Killed()
            return result

        with patch.object(ImportRunner, "_execute_batch", kill):
            while True:
                # as the job does: a chunk is committed, or gone
                try:
                    with self.env.cr.savepoint():
                        if not ImportRunner(record).run_chunk():
                            break
                except Killed:
                    self.assertEqual(record.done_count, 6)
                    self.assertFalse(self.found("J-6"))
        self.assertEqual(record.state, "done")
        self.assertResults(record, created=10)
        bills = self.bills.sudo().search([("import_id", "=", record.id)])
        self.assertEqual(len(bills), 10)
        self.assertEqual(len(bills.move_ids), 10)

    def test_no_longer_administrator(self):
        """Whoever started it may not any more: nothing goes on in their name."""
        record = self.make_tested(self.rows())
        self.run_cron()
        record.action_import()
        group = self.env.ref("kavi_billing.group_billing_administrator")
        group.user_ids -= self.users["administrator"]
        self.run_cron()
        self.assertEqual(record.sudo().state, "tested")
        self.assertFalse(self.found("J-1"))

    @mute_logger(RUNNER_LOG)
    def test_bad_rows_are_found_by_halves(self):
        """Two bad ones among the good: each is refused, with the reason."""
        real = type(self.bills)._create_opening

        def fail(bills, vals_list):
            names = {vals["name"] for vals in vals_list}
            if "J-2" in names:
                raise UserError(bills.env._("This one is not liked at all."))
            if "J-7" in names:
                raise ZeroDivisionError()
            return real(bills, vals_list)

        with patch.object(type(self.bills), "_create_opening", fail):
            record = self.make_tested(self.rows())
            self.run_cron()
            record.action_import()
            self.run_cron()
        self.assertResults(record, created=8, rejected=2)
        reasons = record.line_ids.filtered(lambda line: line.result == "rejected")
        self.assertIn("not liked", reasons[0].reason)
        self.assertIn("log", reasons[1].reason)
        record.action_import()
        self.run_cron()
        self.assertResults(record, created=10)

    def test_one_import_stops_no_other(self):
        """One that cannot go on is stopped and told of; the next one has its turn."""
        broken, good = (
            self.make_tested(self.rows()),
            self.make_tested([row(f"G-{n}") for n in range(9)]),
        )
        real = BillPlanner.plan

        def fail(planner, lines):
            if planner.record == broken:
                raise ZeroDivisionError()
            return real(planner, lines)

        with (
            patch.object(BillPlanner, "plan", fail),
            self.assertLogs(RUNNER_LOG, "ERROR"),
        ):
            self.run_cron()
        self.assertEqual((broken.state, good.state), ("read", "tested"))

    def test_conflict(self):
        """What meets another worker is tried again."""
        record = self.make_tested(self.rows())
        real, calls = BillPlanner.plan, []

        def conflict(planner, lines):
            calls.append(lines)
            if len(calls) == 2:
                raise SerializationFailure()
            return real(planner, lines)

        with patch.object(BillPlanner, "plan", conflict):
            self.run_cron()
        self.assertEqual(record.state, "tested")
        self.assertResults(record, created=10)

    def test_query_count(self):
        """No query for each row: a file of 60 needs few more than one of 30."""
        self.enterContext(patch.object(runner, "CHUNK", 100))

        def count(first, number):
            rows = [
                row(f"Q-{index}", "Paid", account=f"Q {index}")
                for index in range(first, first + number)
            ]
            record = self.make_tested(rows)
            self.run_cron()
            record.action_import()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            ImportRunner(record).run_chunk()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(0, 10)  # caches
        small, large = count(100, 30), count(200, 60)
        self.assertLessEqual(large, small + 12)
