from odoo import fields, models


class KaviMembershipUseWizard(models.TransientModel):
    """*Use This One*: asked once more, for the contact of the form is removed."""

    _name = "kavi.membership.use.wizard"
    _inherit = ["kavi.window.mixin"]
    _description = "Use a Contact That Is There"

    application_id = fields.Many2one(
        "kavi.membership.application", required=True, readonly=True
    )
    partner_id = fields.Many2one(
        "res.partner", string="Contact", required=True, readonly=True
    )

    # === ACTION METHODS === #

    def action_use(self):
        self.ensure_one()
        self.application_id._use_contact(self.partner_id)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
