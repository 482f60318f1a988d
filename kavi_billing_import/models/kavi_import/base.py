import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...importer.parse import FileParser
from ...importer.rules import BALANCES, BILLS, KINDS
from ...importer.runner import ImportRunner
from ...reader.table import ENCODINGS, SEPARATORS
from ...reader.values import DATE_FORMATS

_logger = logging.getLogger(__name__)

# What the import itself writes, and nobody else.
OWN = {
    "state",
    "user_id",
    "row_count",
    "sheets",
    "passed_over",
    "done_on",
    "company_id",
}
# What cannot change any more when rows of the file are in.
FIXED = {
    *("file", "file_name", "kind", "encoding", "separator", "sheet", "column_ids"),
    *("currency_id", "all_open"),
    *("date_format", "decimal_mark", "mode", "create_accounts", "new_account_type"),
    *("opening_date", "opening_account_id", "opening_journal_id", "book_balances"),
}
# What is recognized anew in another file.
RECOGNIZED = (
    *("encoding", "separator", "sheet", "date_format", "decimal_mark"),
    *("currency_id", "all_open"),
)
# The states in which rows are worked on, and the one before: somebody may stop there.
BUSY = {"testing": "read", "importing": "tested"}
SEPARATOR_LABELS = {
    ",": "Comma (,)",
    ";": "Semicolon (;)",
    "\t": "Tabulator",
    "|": "Bar (|)",
}


class KaviImport(models.Model):
    """Existing data from a file: bills of the time before, and what accounts owe.

    In steps: the file is read, its columns are recognized or named, it is tested, and
    then imported. Each row has a result. The work is done in ``importer/``: ``parse``
    reads the file into rows, ``runner`` works on them, ``bills`` and ``balances``
    decide what becomes of each, ``accounts`` whose it is.
    """

    _name = "kavi.import"
    _inherit = ["kavi.guard.mixin"]
    _description = "Import"
    _order = "id desc"
    _rec_name = "file_name"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Imported By",
        readonly=True,
        required=True,
        default=lambda self: self.env.user,
    )
    state = fields.Selection(
        [
            ("draft", "File"),
            ("read", "Columns"),
            ("testing", "Testing"),
            ("tested", "Tested"),
            ("importing", "Importing"),
            ("done", "Imported"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
    )
    file = fields.Binary(attachment=True, required=True)
    file_name = fields.Char()
    kind = fields.Selection(
        list(KINDS.items()),
        string="Contains",
        help="Recognized by the columns, if nobody says it.",
    )

    # -- how it is read
    encoding = fields.Selection([(name, name.upper()) for name in ENCODINGS])
    separator = fields.Selection(
        [(mark, SEPARATOR_LABELS[mark]) for mark in SEPARATORS]
    )
    sheet = fields.Char(string="Worksheet")
    sheets = fields.Char(readonly=True)
    passed_over = fields.Char(
        readonly=True, help="What stands above the table and is not imported."
    )
    date_format = fields.Selection(
        [(name, name) for name in DATE_FORMATS], string="Dates"
    )
    decimal_mark = fields.Selection(
        [(".", "Point: 1,234.56"), (",", "Comma: 1.234,56")]
    )
    currency_id = fields.Many2one(
        "res.currency",
        help="Of amounts where the file does not say it. Empty: the company's.",
    )
    all_open = fields.Boolean(
        string="All Are Open",
        help="The file has no column with the state of its bills: it lists only those "
        "that are open.",
    )
    column_ids = fields.One2many("kavi.import.column", "import_id", string="Columns")

    # -- how it is imported
    mode = fields.Selection(
        [
            ("opening", "Book what is open"),
            ("history", "Book nothing"),
        ],
        default="opening",
        required=True,
        help="Book what is open: bills that are open become receivables on the day "
        "below, and are paid here; settled ones are history. Book nothing: all of them "
        "are history.",
    )
    opening_date = fields.Date(
        string="Booked On",
        default=lambda self: self.env.company._billing_today(),
        help="The day on which these books take over what is open.",
    )
    opening_account_id = fields.Many2one(
        "account.account",
        check_company=True,
        domain="[('account_type', 'not in', ('asset_receivable', 'liability_payable',"
        " 'asset_cash', 'liability_credit_card', 'off_balance'))]",
        help="The other side of what is open. Not an income: that was earned before. "
        "Empty: the company's account for earnings that are not distributed.",
    )
    opening_journal_id = fields.Many2one(
        "account.journal",
        string="Journal",
        check_company=True,
        domain="[('type', '=', 'sale')]",
        help="Empty: the journal of bills. A journal of their own keeps them apart.",
    )
    create_accounts = fields.Boolean(
        string="Open Accounts",
        default=True,
        help="Whoever is not found becomes a new account. Otherwise somebody decides.",
    )
    has_state = fields.Boolean(compute="_compute_has_state")
    new_account_type = fields.Selection(
        [("company", "Companies"), ("user", "Persons")],
        string="New Accounts Are",
        default="company",
        required=True,
        help="Where the file does not say it.",
    )
    book_balances = fields.Boolean(
        string="Book Opening Balances",
        help="An account that owes something and has no bill here gets one over its "
        "balance. Otherwise what differs is only reported.",
    )

    # -- how far it is
    line_ids = fields.One2many("kavi.import.line", "import_id", string="Rows")
    row_count = fields.Integer(string="Rows In the File", readonly=True)
    is_started = fields.Boolean(
        compute="_compute_is_started", help="Bills came from this file already."
    )
    done_on = fields.Datetime(string="Imported On", readonly=True)
    progress = fields.Float(compute="_compute_counts", help="In percent.")
    done_count = fields.Integer(string="Rows Done", compute="_compute_counts")
    created_count = fields.Integer(string="Created", compute="_compute_counts")
    matched_count = fields.Integer(string="Matched", compute="_compute_counts")
    skipped_count = fields.Integer(string="Skipped", compute="_compute_counts")
    ambiguous_count = fields.Integer(string="Needs Review", compute="_compute_counts")
    rejected_count = fields.Integer(string="Rejected", compute="_compute_counts")

    # === COMPUTE METHODS === #

    @api.depends("line_ids.result", "line_ids.is_done", "row_count")
    def _compute_counts(self):
        counts = {}
        for record, result, done, count in self.env["kavi.import.line"]._read_group(
            [("import_id", "in", self.ids)],
            ["import_id", "result", "is_done"],
            ["__count"],
        ):
            counts.setdefault(record.id, []).append((result, done, count))
        for record in self:
            rows = counts.get(record.id, [])
            done = sum(count for __, is_done, count in rows if is_done)
            record.done_count = done
            record.progress = 100 * done / record.row_count if record.row_count else 0
            for name in ("created", "matched", "skipped", "ambiguous", "rejected"):
                record[f"{name}_count"] = sum(
                    count
                    for result, is_done, count in rows
                    if result == name and is_done
                )

    @api.depends("column_ids.target")
    def _compute_has_state(self):
        for record in self:
            targets = record.column_ids.mapped("target")
            record.has_state = "bill_state" in targets

    @api.depends("state")
    def _compute_is_started(self):
        # sudo: only whether there are any
        groups = (
            self.env["kavi.bill"]
            .sudo()
            ._read_group([("import_id", "in", self.ids)], ["import_id"])
        )
        started = {record.id for (record,) in groups}
        for record in self:
            record.is_started = record.state == "done" or record.id in started

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_importer()
        if not self._is_act():
            own = OWN - {"company_id"}
            if any(set(vals) & own for vals in vals_list):
                self._check_own_fields()
        records = super().create(vals_list)
        records._check_importer()
        return records

    def write(self, vals):
        if not self._is_act():
            self._check_importer()
            if set(vals) & OWN:
                self._check_own_fields()
            if set(vals) & FIXED:
                self._check_unlocked()
            if "file" in vals:
                vals = {**dict.fromkeys(RECOGNIZED, False), **vals}
                self._forget()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_imported(self):
        self._check_not_working()
        for record in self:
            if record.is_started:
                raise UserError(
                    self.env._(
                        "Bills came from %s, and it says from which row: it is kept.",
                        record.file_name,
                    )
                )

    # === ACTION METHODS === #

    def action_read(self):
        """Read the file: its columns, and how it is written."""
        for record in self:
            record._check_importer()
            record._check_unlocked()
            FileParser(record).read_file()
        return True

    def action_test(self):
        """Test the import: see what it would do with each row, and do nothing of it."""
        for record in self:
            record._check_importer()
            record._check_unlocked()
            record._check_settings()
            FileParser(record).load_lines()
            record._start("testing")
        return True

    def action_import(self):
        """Import the rows that are not in yet."""
        for record in self:
            record._check_importer()
            record._check_not_working()
            if record.state not in ("tested", "done"):
                raise UserError(
                    self.env._("Test the file first, and look at what it would do.")
                )
            record._check_settings()
            record._reopen_lines()
            record._start("importing")
        return True

    def action_stop(self):
        """Stop after the rows that are being worked on; what is in stays."""
        for record in self:
            record._check_importer()
        self._stop()
        return True

    def action_download_example(self):
        """A file that can be imported as it is, to fill in."""
        self.ensure_one()
        name = "account_balances" if self.kind == BALANCES else "bill_data"
        return {
            "type": "ir.actions.act_url",
            "url": f"/kavi_billing_import/static/example/{name}.csv",
            "target": "download",
        }

    def action_refresh(self):
        """Look again how far it is."""
        self.check_access("read")
        return True

    def action_open_lines(self):
        """All rows, or those of one result."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing_import.action_kavi_import_line"
        )
        action["domain"] = [("import_id", "=", self.id)]
        result = self.env.context.get("import_result")
        action["context"] = {f"search_default_{result}": 1} if result else {}
        return action

    def action_download(self):
        """The result, row by row, as a file."""
        self.ensure_one()
        lines = self.env["kavi.import.line"].with_context(
            active_domain=[("import_id", "=", self.id)],
            report_title=self.env._("Result of %s", self.file_name or self.id),
        )
        return lines.action_download()

    def action_open_bills(self):
        """The bills that came from this file."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing.action_kavi_bill"
        )
        action.update(domain=[("import_id", "=", self.id)], context={})
        return action

    # === BUSINESS METHODS === #

    def _forget(self):
        """Back to the file: what was read of it before does not count."""
        self._as_act().column_ids.unlink()
        self._as_act().line_ids.unlink()
        self._write_facts(
            {"state": "draft", "row_count": 0, "sheets": False, "passed_over": False}
        )

    def _start(self, state):
        """Begin to test or to import the rows."""
        self.ensure_one()
        self._write_facts({"state": state, "user_id": self.env.uid})
        if state == "importing" and self.kind == BILLS:
            waiting = [("import_id", "=", self.id), ("is_done", "=", False)]
            groups = self.env["kavi.import.line"]._read_group(waiting, ["reference"])
            self.company_id._skip_bill_ids([name for (name,) in groups])
        ImportRunner(self).start()

    def _reopen_lines(self):
        """Let rows be imported that were only tested, or rejected, or that somebody has
        decided; what is in stays."""
        self.ensure_one()
        again = Domain("import_id", "=", self.id)
        if self.state == "done":
            again &= Domain("result", "in", ("ambiguous", "rejected", "skipped"))
        else:
            again &= Domain("result", "!=", "created") | Domain("bill_id", "=", False)
        lines = self.env["kavi.import.line"]._as_act()
        lines.search(again).write({"is_done": False})

    def _finish(self):
        """All rows are done."""
        self.ensure_one()
        if self.state == "testing":
            self._write_facts({"state": "tested"})
        else:
            self._write_facts({"state": "done", "done_on": fields.Datetime.now()})

    def _stop(self):
        """Back to where somebody can look at it and start it again."""
        for record in self:
            if record.state in BUSY:
                record._write_facts({"state": BUSY[record.state]})

    def _books_something(self):
        """Whether any row can have an entry."""
        self.ensure_one()
        return self.mode == "opening" if self.kind == BILLS else self.book_balances

    def _get_opening_account(self):
        """The other side of opening balances."""
        self.ensure_one()
        # sudo: a billing administrator needs no accounting role
        return self.sudo().opening_account_id or (
            self.company_id.sudo().get_unaffected_earnings_account()
        )

    def _get_opening_journal(self):
        self.ensure_one()
        return self.sudo().opening_journal_id or self.company_id._get_billing_journal()

    # === CRON METHODS === #

    @api.model
    def _cron_import(self):
        """Work on the imports that wait, in the name of who started them."""
        waiting = self.search([("state", "in", list(BUSY))], order="id")
        cron = self.env["ir.cron"]
        left = self.env["kavi.import.line"].search_count(
            [("import_id", "in", waiting.ids), ("is_done", "=", False)]
        )
        cron._commit_progress(remaining=left)
        for record in waiting:
            user = record.user_id
            mine = record.with_user(user).with_context(
                allowed_company_ids=record.company_id.ids, lang=user.lang
            )
            if not mine._may_go_on():
                _logger.info("Import %s: user %s may not import", record.id, user.id)
                record.sudo()._stop()
            elif not ImportRunner(mine).run_job(cron):
                return
