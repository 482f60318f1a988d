from odoo import api, fields, models
from odoo.exceptions import UserError


class KaviMembershipDecideWizard(models.TransientModel):
    """Approve, deny or leave alone: one membership that waits, or many (KM-32)."""

    _name = "kavi.membership.decide.wizard"
    _inherit = ["kavi.window.mixin"]
    _description = "Decide on Applications"

    line_ids = fields.One2many(
        "kavi.membership.decide.wizard.line", "wizard_id", string="Applications"
    )
    note = fields.Text(string="Reason", help="For the staff: it stays in the history.")
    text = fields.Text(
        string="To the Applicant",
        help="Of who is denied, on the status page and in the mail; if nobody is, "
        "in the mail to those who are approved.",
    )
    send_mail = fields.Boolean(
        string="Mail the Decision",
        help="Off: only the status page tells it. Who is welcomed gets that mail.",
    )
    cancel_bill = fields.Boolean(
        string="Cancel the Open Bill",
        default=True,
        help="Of who is denied. What was paid is never given back by itself.",
    )
    deny_count = fields.Integer(compute="_compute_deny_count")

    # === COMPUTE METHODS === #

    @api.depends("line_ids.decision")
    def _compute_deny_count(self):
        for wizard in self:
            denied = wizard.line_ids.filtered(lambda line: line.decision == "deny")
            wizard.deny_count = len(denied)

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        if self.env.context.get("active_model") == "kavi.membership":
            members = self.env["kavi.membership"].browse(
                self.env.context.get("active_ids") or ()
            )
            decision = self.env.context.get("kavi_decision")
            decision = decision if decision in ("deny", "skip") else "approve"
            defaults["line_ids"] = [
                (0, 0, {"membership_id": one.id, "decision": decision})
                for one in members.filtered(lambda one: "approve" in one.allowed_acts)
            ]
        return defaults

    # === ACTION METHODS === #

    def action_decide(self):
        """Do what was decided, row by row: one that is refused, for somebody else was
        faster, leaves the others alone."""
        self.ensure_one()
        members = self.env["kavi.membership"]
        done, refused = members, {}
        for decision, lines in self.line_ids.grouped("decision").items():
            chosen = lines.membership_id
            if decision == "skip" or not chosen:
                continue
            try:
                some, errors = chosen._act_in_bulk(
                    lambda batch, decision=decision: self._decide(batch, decision)
                )
            except UserError as error:
                some, errors = members, dict.fromkeys(chosen, error)
            done |= some
            refused.update(errors)
        if not done and refused:
            members._raise_refused(refused)
        if not done:
            raise UserError(self.env._("Approve or deny at least one of them."))
        return done._get_report_action(refused) or {
            "type": "ir.actions.act_window_close"
        }

    # === HELPER METHODS === #

    def _decide(self, members, decision):
        if decision == "approve":
            members._approve(self.note or "")
        else:
            members._deny(self.note or "", self.text or "", self.cancel_bill)
        if self.send_mail:
            # what is written for those who are denied is not said to the others
            is_for_them = decision == "deny" or not self.deny_count
            members._mail_decision(self.text or "" if is_for_them else "")
