import logging
from contextlib import suppress
from dataclasses import dataclass, field

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain

from .kavi_import import AT_ONCE

_logger = logging.getLogger(__name__)
# Rows that are committed together.
CHUNK = 200
ATTEMPTS = 5


class Rehearsed(Exception):
    """Takes back what was only tried."""


@dataclass
class Plan:
    """What is to be done with a row.

    :ivar line: the row
    :ivar outcome: what becomes of it, see ``kavi.import._import_lines``
    :ivar partner: the account, if it is there
    :ivar new_account: values of the account that is opened, if it is not
    :ivar bill: values of the bill to create, without its account; None for none
    """

    line: object
    outcome: dict
    partner: object = None
    new_account: dict = None
    bill: dict = field(default=None)


class KaviImport(models.Model):
    """How rows are worked on: some at a time, each time to the end or not at all.

    A batch is one step; if it fails it is halved, until the row that is at fault stands
    alone and is refused. What is done is committed together with the proof of it, so
    whoever goes on after a crash does nothing twice.
    """

    _inherit = "kavi.import"

    def _start(self, state):
        """Begin to work on the rows: now if they are few, else by the job."""
        self.ensure_one()
        self._write_own({"state": state, "user_id": self.env.uid})
        if state == "importing" and self.kind == "bills":
            waiting = [("import_id", "=", self.id), ("is_done", "=", False)]
            groups = self.env["kavi.import.line"]._read_group(waiting, ["reference"])
            self.company_id._skip_bill_ids([name for (name,) in groups])
        if self.row_count <= AT_ONCE:
            while self._work():
                pass
        else:
            self.env.ref("kavi_billing_import.cron_import").sudo()._trigger()

    def _reopen_lines(self):
        """Rows that were only tried, or refused, or have been decided, are tried again;
        what is in stays."""
        self.ensure_one()
        again = Domain("import_id", "=", self.id)
        if self.state == "done":
            again &= Domain("result", "in", ("doubt", "refused", "skipped"))
        else:
            again &= Domain("result", "!=", "created") | Domain("bill_id", "=", False)
        lines = self.env["kavi.import.line"]._as_act()
        lines.search(again).write({"is_done": False})

    def _work(self):
        """Work on the next rows.

        :return: how many; 0 when there are none left, or somebody else is at it
        """
        self.ensure_one()
        try:
            self.lock_for_update()
        except LockError:
            return 0
        self.invalidate_recordset(["state"])
        if self.state not in ("trying", "importing"):
            return 0  # somebody has stopped it
        lines = self.env["kavi.import.line"].search(
            [("import_id", "=", self.id), ("is_done", "=", False)],
            order="row, id",
            limit=CHUNK,
        )
        if not lines:
            self._finish()
            return 0
        work = self._rehearse if self.state == "trying" else self._import_lines
        outcomes = work(lines)
        lines = lines._as_act()
        lines.write({"candidate_ids": [fields.Command.clear()], "is_done": True})
        for line in lines:
            line.write(outcomes[line])
        return len(lines)

    def _finish(self):
        if self.state == "trying":
            self._write_own({"state": "tried"})
        else:
            self._write_own({"state": "done", "done_on": fields.Datetime.now()})

    def _rehearse(self, lines):
        """Import rows and take it back: the person sees what it would be.

        :return: see :meth:`_import_lines`
        """
        outcomes = {}
        with suppress(Rehearsed), self.env.cr.savepoint():
            outcomes = self.with_context(kavi_rehearsal=True)._import_lines(lines)
            raise Rehearsed()
        for outcome in outcomes.values():
            # what was made is gone again
            if outcome["result"] == "created":
                outcome["bill_id"] = False
            if outcome.pop("is_new_account", False):
                outcome["partner_id"] = False
        return outcomes

    def _import_lines(self, lines):
        """Import rows of the file.

        :return: ``{line: values of its result}``, for each of the lines
        """
        if self.kind == "bills":
            plans = self._plan_bills(lines)
        else:
            plans = self._plan_balances(lines)
        outcomes, todo = {}, []
        for plan in plans:
            if plan.bill or plan.new_account:
                todo.append(plan)
            else:
                outcomes[plan.line] = plan.outcome
        outcomes.update(self._execute(todo, {}))
        if not self.env.context.get("kavi_rehearsal"):
            for outcome in outcomes.values():
                outcome.pop("is_new_account", None)
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
                return {plans[0].line: self._refuse(self._say_error(error))}
        else:
            opened.update(new)
            return outcomes
        half = len(plans) // 2
        outcomes = self._execute(plans[:half], opened)
        return {**outcomes, **self._execute(plans[half:], opened)}

    def _execute_batch(self, plans, opened):
        new = self._open_accounts(plans, opened)
        outcomes, raising = {}, []
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
                raising.append((plan.line, vals))
        bills = self.env["kavi.bill"]._create_opening([vals for __, vals in raising])
        for (line, __), bill in zip(raising, bills, strict=True):
            outcomes[line]["bill_id"] = bill.id
        self._log_imported(
            {bill: line for (line, __), bill in zip(raising, bills, strict=True)}
        )
        return outcomes, new

    def _log_imported(self, lines):
        """Say in the history of each bill where it comes from.

        :param dict lines: ``{bill: row}``
        """
        texts = {
            bill: self.env._(
                "From %(file)s, row %(row)s.", file=self.file_name or "", row=line.row
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

    # === RESULTS === #

    def _refuse(self, reason, **vals):
        return self._conclude("refused", reason, **vals)

    def _conclude(self, result, reason="", **vals):
        """Values of a row's result."""
        return {
            "result": result,
            "reason": reason,
            "partner_id": False,
            "bill_id": False,
            **vals,
        }

    def _say_error(self, error):
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, IntegrityError):
            return self.env._(
                "Somebody else has made the same bill or account just now: import the "
                "rest again."
            )
        _logger.error("A row of import %s failed", self.id, exc_info=error)
        return self.env._(
            "The row could not be imported, for a reason that is in the server's log."
        )

    # === THE JOB === #

    @api.model
    def _cron_import(self):
        """Work on the imports that wait, in the name of who started them."""
        waiting = self.search([("state", "in", ("trying", "importing"))], order="id")
        progress = self.env["ir.cron"]
        left = self.env["kavi.import.line"].search_count(
            [("import_id", "in", waiting.ids), ("is_done", "=", False)]
        )
        progress._commit_progress(remaining=left)
        for record in waiting:
            user = record.user_id
            mine = record.with_user(user).with_context(
                allowed_company_ids=record.company_id.ids, lang=user.lang
            )
            if mine._may_go_on() and not mine._work_on():
                return

    def _work_on(self):
        """Work on one import, as long as the job has time.

        Whatever happens to it, the imports that wait behind it have their turn.

        :return: whether there is time left
        """
        progress, attempts = self.env["ir.cron"], ATTEMPTS
        while True:
            try:
                count = self._work()
            except OperationalError:
                # another worker is in the way: look again at what it has left
                self.env.cr.rollback()
                self.env.transaction.reset()
                attempts -= 1
                if not attempts:
                    return True  # the next run goes on
                continue
            except Exception:
                self.env.cr.rollback()
                self.env.transaction.reset()
                _logger.exception("Import %s was stopped", self.id)
                self._halt()
                progress._commit_progress()
                return True
            if not progress._commit_progress(count):
                return False
            if not count:
                return True

    def _halt(self):
        """Back to where somebody can look at it and start it again."""
        self.sudo()._write_own({"state": "read" if self.state == "trying" else "tried"})

    def _may_go_on(self):
        """Whoever started it may have lost the right to since."""
        self.ensure_one()
        user = self.env.user
        if (
            user.active
            and self.company_id in user.company_ids
            and user.has_group("kavi_billing.group_billing_administrator")
        ):
            return True
        _logger.info("Import %s: user %s may not import", self.id, user.id)
        self._halt()
        return False
