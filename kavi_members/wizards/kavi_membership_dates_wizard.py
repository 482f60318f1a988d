from odoo import api, fields, models


class KaviMembershipDatesWizard(models.TransientModel):
    """Other dates for a term, with the note that says why (KM-37)."""

    _name = "kavi.membership.dates.wizard"
    _inherit = ["kavi.window.mixin"]
    _description = "Edit the Dates"

    membership_id = fields.Many2one("kavi.membership", required=True, readonly=True)
    date_start = fields.Date(string="Start", required=True)
    date_end = fields.Date(string="End", help="The last day. Empty: it has no end.")
    intention = fields.Selection(
        lambda self: self.env["kavi.membership"]._fields["intention"].selection,
        required=True,
        default="unknown",
    )
    note = fields.Text(required=True, help="For the staff: it stays in the history.")

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        if self.env.context.get("active_model") == "kavi.membership":
            one = self.env["kavi.membership"].browse(
                self.env.context.get("active_id") or ()
            )
            one.check_access("read")
            defaults.update(
                membership_id=one.id,
                date_start=one.date_start,
                date_end=one.date_end,
                intention=one.intention or "unknown",
            )
        return defaults

    # === ACTION METHODS === #

    def action_edit(self):
        self.ensure_one()
        one = self.membership_id
        one._edit_dates(self.date_start, self.date_end, self.note)
        if one.intention != self.intention:
            one.sudo()._write_facts({"intention": self.intention})  # it was checked
        return {"type": "ir.actions.act_window_close"}
