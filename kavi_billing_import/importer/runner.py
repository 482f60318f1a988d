"""How rows are worked on: some at a time, each time to the end or not at all.

A batch is one step; if it fails it is halved, until the row that is at fault stands
alone and is rejected. What is done is committed together with the proof of it, so
whoever goes on after a crash does nothing twice.
"""

import logging
from contextlib import closing

from psycopg2 import IntegrityError, OperationalError

from odoo.exceptions import LockError, UserError
from odoo.fields import Command

from .accounts import AccountMatcher
from .balances import BalancePlanner
from .base import ImportPart
from .bills import BillPlanner
from .rules import BALANCES, BILLS

_logger = logging.getLogger(__name__)
# Rows that are committed together.
CHUNK = 200
# Rows that are worked on within a request; more are left to the job.
MAX_ROWS_AT_ONCE = 200
# How often a chunk is tried again that another worker is in the way of.
ATTEMPTS = 5
PLANNERS = {BILLS: BillPlanner, BALANCES: BalancePlanner}


class ImportRunner(ImportPart):
    """Works on the rows of an import that is testing or importing."""

    def start(self):
        """Work on the rows: now if they are few, else by the job."""
        waiting = self.env["kavi.import.line"].search_count(
            [("import_id", "=", self.record.id), ("is_done", "=", False)],
            limit=MAX_ROWS_AT_ONCE + 1,
        )
        if waiting <= MAX_ROWS_AT_ONCE:
            while self.run_chunk():
                pass
        else:
            self.env.ref("kavi_billing_import.cron_import").sudo()._trigger()

    def run_job(self, cron):
        """Work on the rows as long as the job has time, and commit each chunk.

        Whatever happens to this import, those that wait behind it have their turn.

        :param cron: ``ir.cron`` in the environment of the job
        :return: whether there is time left
        """
        attempts = ATTEMPTS
        while True:
            try:
                count = self.run_chunk()
            except OperationalError:
                # another worker is in the way: look again at what it has left
                self._rollback()
                attempts -= 1
                if not attempts:
                    return True  # the next run goes on
                continue
            except Exception:
                self._rollback()
                _logger.exception("Import %s was stopped", self.record.id)
                self.record.sudo()._stop()
                cron._commit_progress()
                return True
            if not cron._commit_progress(count):
                return False
            if not count:
                return True

    def _rollback(self):
        self.env.cr.rollback()
        self.env.transaction.reset()

    def run_chunk(self):
        """Work on the next rows.

        :return: how many; 0 when there are none left, or somebody else is at it
        """
        record = self.record
        try:
            record.lock_for_update()
        except LockError:
            return 0
        record.invalidate_recordset(["state"])
        if record.state not in ("testing", "importing"):
            return 0  # somebody has stopped it
        lines = self.env["kavi.import.line"].search(
            [("import_id", "=", record.id), ("is_done", "=", False)],
            order="row, id",
            limit=CHUNK,
        )
        if not lines:
            record._finish()
            return 0
        if record.state == "testing":
            outcomes = self._dry_run(lines)
        else:
            outcomes = self._import_lines(lines)
        lines = lines._as_act()
        lines.write({"candidate_ids": [Command.clear()], "is_done": True})
        for line in lines:
            line.write(outcomes[line])
        return len(lines)

    def _dry_run(self, lines):
        """Import rows and take it back: the person sees what it would be.

        :return: see :meth:`_import_lines`
        """
        with closing(self.env.cr.savepoint()):
            return self._import_lines(lines, dry_run=True)

    def _import_lines(self, lines, dry_run=False):
        """Import rows of the file.

        :param bool dry_run: what is made will be taken back
        :return: ``{line: values of its result}``, for each of the lines
        """
        planner = PLANNERS[self.record.kind](self.record, dry_run)
        outcomes, todo = {}, []
        for plan in planner.plan(lines):
            if plan.bill or plan.new_account:
                todo.append(plan)
            else:
                outcomes[plan.line] = plan.outcome
        outcomes.update(self._execute(todo, {}))
        for outcome in outcomes.values():
            is_new_account = outcome.pop("is_new_account", False)
            if not dry_run:
                continue
            # what was made will be gone
            if is_new_account:
                outcome["partner_id"] = False
            if outcome["result"] == "created":
                outcome["bill_id"] = False
        return outcomes

    def _execute(self, plans, opened):
        """Do what is planned: all of it, or each half by itself.

        :param dict opened: the accounts that this chunk has opened, ``{key: id}``
        :return: see :meth:`_import_lines`
        """
        if not plans:
            return {}
        try:
            with self.env.cr.savepoint():
                outcomes, new = self._execute_batch(plans, opened)
                self.env.flush_all()
        except OperationalError:
            raise  # a conflict with somebody else: it is tried again
        except Exception as error:
            if len(plans) == 1:
                return {plans[0].line: self._reject_row(self._format_error(error))}
        else:
            opened.update(new)
            return outcomes
        half = len(plans) // 2
        outcomes = self._execute(plans[:half], opened)
        return {**outcomes, **self._execute(plans[half:], opened)}

    def _execute_batch(self, plans, opened):
        """Open accounts and create bills.

        :return: ``({line: values of its result}, {key: id of a new account})``
        """
        new = AccountMatcher(self.record).open_accounts(plans, opened)
        outcomes, creating = {}, []
        for plan in plans:
            key = plan.line.account_key
            partner_id = plan.partner.id if plan.partner else new.get(key)
            partner_id = partner_id or opened[key]
            outcomes[plan.line] = {
                **plan.outcome,
                "partner_id": partner_id,
                "is_new_account": not plan.partner,
            }
            if plan.bill:
                vals = {**plan.bill, "partner_id": partner_id}
                if "opening_key" in vals:
                    vals["opening_key"] += f"|{partner_id}"
                creating.append((plan.line, vals))
        bills = (
            self.env["kavi.bill"]
            ._for_books()
            ._create_opening([vals for __, vals in creating])
        )
        lines = {bill: line for (line, __), bill in zip(creating, bills, strict=True)}
        for bill, line in lines.items():
            outcomes[line]["bill_id"] = bill.id
        self._log_imported(lines)
        return outcomes, new

    def _log_imported(self, lines):
        """Say in the history of each bill where it comes from.

        :param dict lines: ``{bill: row}``
        """
        texts = {
            bill: self.env._(
                "From %(file)s, row %(row)s.",
                file=self.record.file_name or "",
                row=line.row,
            )
            for bill, line in lines.items()
        }
        self.env["kavi.activity"]._record("import", texts, "bill_id")
        bills = self.env["kavi.bill"].sudo().browse(bill.id for bill in lines)
        bills._message_log_batch(
            {
                bill.id: self.env._("Imported. %(text)s", text=text)
                for bill, text in texts.items()
            }
        )

    def _format_error(self, error):
        """Say why a row failed."""
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, IntegrityError):
            return self.env._(
                "Somebody else has made the same bill or account just now: import the "
                "rest again."
            )
        _logger.error("A row of import %s failed", self.record.id, exc_info=error)
        return self.env._(
            "The row could not be imported, for a reason that is in the server's log."
        )
