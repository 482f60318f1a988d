from odoo import fields, models


class KaviMembershipDecideWizardLine(models.TransientModel):
    """What is decided on one of them."""

    _name = "kavi.membership.decide.wizard.line"
    _inherit = ["kavi.window.mixin"]
    _description = "Decision on an Application"

    wizard_id = fields.Many2one(
        "kavi.membership.decide.wizard", required=True, ondelete="cascade"
    )
    membership_id = fields.Many2one("kavi.membership", required=True, readonly=True)
    decision = fields.Selection(
        [("approve", "Approve"), ("deny", "Deny"), ("skip", "Leave")],
        required=True,
        default="approve",
    )
    type_id = fields.Many2one(related="membership_id.type_id")
    bill_state = fields.Char(related="membership_id.bill_state", string="Bill")
    waiting_days = fields.Integer(related="membership_id.waiting_days")
    look_alike_count = fields.Integer(related="membership_id.look_alike_count")
