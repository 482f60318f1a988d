from odoo import api, fields, models
from odoo.exceptions import UserError

# The acts of this window: which one needs a note, and which one may cancel a bill.
ACTS = ("expedite", "suspend", "end", "delete", "note")
NEEDS_NOTE = ("expedite", "note")


class KaviMembershipActWizard(models.TransientModel):
    """What an officer does with one membership or many, with a note: pass a step, put
    on hold, end, delete (KM-38, KM-41, KM-58)."""

    _name = "kavi.membership.act.wizard"
    _inherit = ["kavi.window.mixin"]
    _description = "Act on Memberships"

    act = fields.Selection(
        "_get_act_selection", required=True, readonly=True, default="note"
    )
    membership_ids = fields.Many2many(
        "kavi.membership", string="Memberships", readonly=True
    )
    note = fields.Text(help="For the staff: it stays in the history.")
    cancel_bill = fields.Boolean(
        string="Cancel the Open Bill",
        help="What was paid is never given back by itself.",
    )
    has_bill = fields.Boolean(compute="_compute_has_bill")

    @api.model
    def _get_act_selection(self):
        labels = self.env["kavi.membership"]._get_act_labels()
        return [(act, labels[act]) for act in ACTS]

    # === COMPUTE METHODS === #

    @api.depends("membership_ids")
    def _compute_has_bill(self):
        for wizard in self:
            wizard.has_bill = any(wizard.membership_ids.mapped("bill_count"))

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        if self.env.context.get("active_model") == "kavi.membership":
            ids = self.env.context.get("active_ids") or ()
            defaults["membership_ids"] = [(6, 0, list(ids))]
        if self.env.context.get("kavi_member_act") in ACTS:
            defaults["act"] = self.env.context["kavi_member_act"]
        return defaults

    # === ACTION METHODS === #

    def action_do(self):
        self.ensure_one()
        if self.act in NEEDS_NOTE and not (self.note or "").strip():
            raise UserError(self.env._("Write a note: it says why."))
        if not self.membership_ids:
            raise UserError(self.env._("Choose a membership first."))
        done, refused = self.membership_ids._act_in_bulk(self._act)
        return done._get_report_action(refused) or {
            "type": "ir.actions.act_window_close"
        }

    # === HELPER METHODS === #

    def _act(self, members):
        note = self.note or ""
        if self.act == "expedite":
            members._expedite(note)
        elif self.act == "suspend":
            members._suspend(note)
        elif self.act == "delete":
            members._delete(self.cancel_bill, note)
        elif self.act == "note":
            members._add_note(note)
        else:
            for one in members:
                one._end("refunded" if one._is_refunded() else "deleted", note)
            members._settle_bills(
                self.cancel_bill, self.env._("The membership was ended.")
            )
