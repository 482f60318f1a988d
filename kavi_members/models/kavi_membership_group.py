from odoo import fields, models


class KaviMembershipGroup(models.Model):
    """Types of which somebody may have only so many at once (KM-19)."""

    _name = "kavi.membership.group"
    _description = "Membership Group"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    maximum = fields.Integer(
        default=1,
        help="How many memberships of the group one member may have, current and "
        "pending ones together. 0: as many as they like.",
    )
    type_ids = fields.One2many("kavi.membership.type", "group_id", string="Types")

    _maximum_fits = models.Constraint(
        "CHECK(maximum >= 0)", "The maximum is 0 (no limit) or more."
    )
