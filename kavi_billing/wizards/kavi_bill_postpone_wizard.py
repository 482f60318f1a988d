from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class KaviBillPostponeWizard(models.TransientModel):
    """Other days for what is open: of one instalment, or of all by as many days."""

    _name = "kavi.bill.postpone.wizard"
    _description = "Postpone Bills"
    _inherit = ["kavi.bill.act.wizard"]
    _act = "postpone"

    due_now = fields.Char(string="Current Due Date", compute="_compute_due_now")
    has_instalments = fields.Boolean(compute="_compute_has_instalments")
    scope = fields.Selection(
        [("one", "One Instalment"), ("all", "All That Are Open, by the Same Days")],
        string="Postpone",
        compute="_compute_scope",
        store=True,
        readonly=False,
        precompute=True,
    )
    instalment_id = fields.Many2one(
        "kavi.bill.instalment",
        domain="[('bill_id', 'in', bill_ids), ('amount_due', '!=', 0)]",
    )
    date = fields.Date(string="New Due Date")
    days = fields.Integer(help="By how many days. Less than zero: earlier.")

    # === COMPUTE METHODS === #

    @api.depends("bill_ids")
    def _compute_due_now(self):
        for wizard in self:
            dates = wizard.bill_ids.filtered("due_date").mapped("due_date")
            ends = sorted({min(dates), max(dates)}) if dates else ()
            wizard.due_now = " – ".join(format_date(self.env, day) for day in ends)

    @api.depends("bill_ids")
    def _compute_has_instalments(self):
        for wizard in self:
            parts = wizard.bill_ids._read_instalments().filtered("amount_due")
            wizard.has_instalments = len(parts) > len(parts.bill_id)

    @api.depends("instalment_id", "days")
    def _compute_scope(self):
        for wizard in self:
            if wizard.instalment_id:
                wizard.scope = "one"
            elif wizard.days or not wizard.scope:
                wizard.scope = "all"

    # === ACTION METHODS === #

    def action_postpone(self):
        move = self._get_move()
        return self._perform(lambda bills: bills._postpone(reason=self.reason, **move))

    # === HELPER METHODS === #

    def _get_move(self):
        """What moves where, as ``_postpone`` takes it."""
        if self.has_instalments and self.scope == "one":
            if not self.instalment_id:
                raise UserError(self.env._("Choose the instalment to postpone."))
            return {"date": self.date, "instalments": self.instalment_id}
        if self.has_instalments and self.days:
            return {"days": self.days}
        return {"date": self.date}

    def _get_notice(self, bill):
        move = self._get_move()
        if "days" in move:
            return {"days": str(self.days)}
        part = "instalments" in move and str(self.instalment_id.number)
        return {"new_date": format_date(self.env, self.date), "part": part}
