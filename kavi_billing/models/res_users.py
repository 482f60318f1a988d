from odoo import api, models

from ..tools.context import Private


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model_create_multi
    def create(self, vals_list):
        """Who works here is no customer: the setting that opens accounts with new
        contacts is for those who come from outside (KB-03)."""
        users = super(
            ResUsers, self.with_context(kavi_no_billing_account=Private())
        ).create(vals_list)
        users = users.with_env(self.env)
        outsiders = users.browse(
            user.id
            for user, vals in zip(users, vals_list, strict=True)
            if user.share and not vals.get("partner_id")
        )
        outsiders.partner_id._open_billing_account_by_setting()
        return users
