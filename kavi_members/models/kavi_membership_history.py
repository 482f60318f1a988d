from odoo import fields, models

from ..tools.state import STATES

EVENTS = [
    ("state", "State"),
    ("moderation", "Moderation"),
    ("bill", "Bill"),
    ("dates", "Dates"),
    ("suspended", "Suspended"),
    ("resumed", "Resumed"),
    ("note", "Note"),
]


class KaviMembershipHistory(models.Model):
    """What became of a membership, on which day: never changed after (KM-58)."""

    _name = "kavi.membership.history"
    _inherit = ["kavi.protected.mixin"]
    _description = "Membership History"
    _order = "date desc, id desc"
    _rec_name = "details"

    membership_id = fields.Many2one(
        "kavi.membership",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(
        related="membership_id.company_id", store=True, index=True
    )
    date = fields.Date(
        required=True,
        readonly=True,
        help="The day on which it came true, however late it was noticed.",
    )
    event = fields.Selection(EVENTS, required=True, readonly=True, default="state")
    old_state = fields.Selection(list(STATES.items()), readonly=True)
    new_state = fields.Selection(list(STATES.items()), readonly=True)
    user_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    login = fields.Char(readonly=True, help="Stays when the user is deleted.")
    details = fields.Text(readonly=True)
