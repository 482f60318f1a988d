from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.kavi_billing_report.tools.columns import Column

from ..importer.accounts import get_account_key
from ..importer.parse import FileParser

RESULTS = [
    ("created", "Created"),
    ("matched", "Matched"),
    ("skipped", "Skipped"),
    ("ambiguous", "Needs Review"),
    ("rejected", "Rejected"),
]
# The results of rows that somebody can still mend.
MENDABLE = ("rejected", "ambiguous", "skipped")
DECISIONS = {"decision", "chosen_partner_id"}


class KaviImportLine(models.Model):
    """One row of a file that is imported: what it says, and what became of it."""

    _name = "kavi.import.line"
    _inherit = ["kavi.guard.mixin", "kavi.report.mixin"]
    _description = "Imported Row"
    _order = "import_id, row, id"
    _rec_name = "reference"

    import_id = fields.Many2one(
        "kavi.import", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="import_id.company_id", store=True)
    row = fields.Integer(
        required=True, readonly=True, aggregator=None, help="As a spreadsheet counts."
    )
    content = fields.Json(readonly=True, help="What the row says, by column.")
    mended = fields.Json(readonly=True, help="What somebody has mended, by column.")
    is_mended = fields.Boolean(readonly=True)
    account = fields.Char(readonly=True, help="As the file calls it.")
    account_key = fields.Char(readonly=True)
    reference = fields.Char(string="Bill ID", readonly=True)
    result = fields.Selection(RESULTS, readonly=True)
    is_done = fields.Boolean(readonly=True)
    reason = fields.Text(string="Why", readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Matched Account",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    bill_id = fields.Many2one(
        "kavi.bill", readonly=True, ondelete="set null", index="btree_not_null"
    )
    candidate_ids = fields.Many2many(
        "res.partner",
        string="Candidates",
        readonly=True,
        context={"active_test": False},
    )
    decision = fields.Selection(
        [
            ("use", "It is this account"),
            ("new", "It is a new account"),
            ("skip", "Leave it out"),
        ],
        help="Applies to all rows that name the same account.",
    )
    chosen_partner_id = fields.Many2one(
        "res.partner", string="This Account", ondelete="set null"
    )

    _todo_idx = models.Index("(import_id, row) WHERE is_done IS NOT TRUE")
    _account_idx = models.Index("(import_id, account_key)")
    _reference_idx = models.Index("(import_id, reference)")

    # === ONCHANGE METHODS === #

    @api.onchange("chosen_partner_id")
    def _onchange_chosen_partner_id(self):
        if self.chosen_partner_id:
            self.decision = "use"

    @api.onchange("decision")
    def _onchange_decision(self):
        if self.decision != "use":
            self.chosen_partner_id = False

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self._is_act():
            self.env["kavi.import"]._check_own_fields()
        return super().create(vals_list)

    def write(self, vals):
        if self._is_act():
            return super().write(vals)
        if set(vals) - DECISIONS:
            raise UserError(
                self.env._("What a file says, and what became of it, is not edited.")
            )
        self.import_id._check_not_working()
        if any(line.is_done and line.result in ("created", "matched") for line in self):
            raise UserError(
                self.env._("This row is imported: there is nothing left to decide.")
            )
        for line in self:
            super(KaviImportLine, line._get_alike()).write(vals)
        return True

    # === ACTION METHODS === #

    def action_open_bill(self):
        """The bill that the row became, or was."""
        self.check_access("read")
        return self.bill_id._get_records_action()

    def action_mend(self):
        """Mend what a row says, and try it again."""
        self.ensure_one()
        self._check_mendable()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Row %s", self.row),
            "res_model": "kavi.import.mend",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _mend(self, changes):
        """Take what somebody has mended for what the row says, and try it again.

        The file stays what it is; another test reads the row as it was mended, too.

        :param dict changes: ``{column: text}``, a key of ``rules.TARGETS`` each
        """
        self.ensure_one()
        self._check_mendable()
        parser = FileParser(self.import_id)
        content = parser.mend(self.content, changes)
        before = self.reference
        self._write_facts(
            {
                "content": content,
                "mended": {**(self.mended or {}), **changes},
                "is_mended": True,
                "account": content.get("account"),
                "account_key": get_account_key(content),
                "reference": content.get("bill_id"),
            }
        )
        # rows that were one bill, or one account, with it
        again = Domain("id", "=", self.id)
        for name in {before, self.reference} - {False}:
            again |= Domain("reference", "=", name)
        if self.account_key:
            again |= Domain("account_key", "=", self.account_key)
        again &= Domain("import_id", "=", self.import_id.id)
        again &= Domain("bill_id", "=", False)
        if self.import_id.state == "done":
            again &= Domain("result", "in", MENDABLE)
        self.search(again)._write_facts({"is_done": False})
        record = self.import_id
        record._start("importing" if record.state == "done" else "testing")

    def _check_mendable(self):
        self.import_id._check_importer()
        self.import_id._check_not_working()
        for line in self:
            if line.result not in MENDABLE or line.import_id.state not in (
                "tested",
                "done",
            ):
                raise UserError(
                    self.env._("Row %s is not one that can be mended.", line.row)
                )

    def _get_alike(self):
        """The rows that name the same account, which one decision is for."""
        self.ensure_one()
        if not self.account_key:
            return self
        return self | self.search(
            [
                ("import_id", "=", self.import_id.id),
                ("account_key", "=", self.account_key),
                ("result", "=", "ambiguous"),
            ]
        )

    @api.model
    def _get_report_columns(self):
        return [
            Column(self.env._("Row"), "row"),
            Column(self.env._("Account"), "account"),
            Column(self.env._("Bill ID"), "reference"),
            Column(self.env._("Result"), "result"),
            Column(self.env._("Why"), "reason"),
            Column(self.env._("Matched Account"), "partner_id.name"),
        ]
