from odoo import api, fields, models
from odoo.fields import Command


class ResUsers(models.Model):
    _name = "res.users"
    _inherit = ["res.users", "kavi.protected.mixin"]

    kavi_granted_group_ids = fields.Many2many(
        "res.groups",
        "res_users_kavi_granted_rel",
        "user_id",
        "group_id",
        string="Groups Given as a Member",
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="Taken back when the membership ends; what was given by hand stays.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        users = super().create(vals_list)
        users.partner_id._update_member_access()
        return users

    # === BUSINESS METHODS === #

    def _set_member_groups(self, groups):
        """Give a user the groups of their memberships, and take back what they had from
        others. Called with superuser rights."""
        self.ensure_one()
        if self._is_internal():
            # a user is of one kind: who works here is not made a user of the portal
            portal = self.env.ref("base.group_portal")
            groups = groups.filtered(
                lambda group: portal not in (group | group.all_implied_ids)
            )
        given = self.kavi_granted_group_ids
        add, remove = groups - self.all_group_ids, given - groups
        vals = {}
        if add or remove:
            vals["group_ids"] = [
                *(Command.link(group.id) for group in add),
                *(Command.unlink(group.id) for group in remove),
            ]
        kept = (given & groups) | add
        if kept != given:
            vals["kavi_granted_group_ids"] = [Command.set(kept.ids)]
        if vals:
            self.write(vals)
