from odoo import fields, models


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
