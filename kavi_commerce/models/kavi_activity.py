from odoo import fields, models

from ..tools.card_rules import ACTS


class KaviActivity(models.Model):
    _inherit = "kavi.activity"

    act = fields.Selection(
        selection_add=[(name, act.label) for name, act in ACTS.items()],
        # what happened stays in the history
        ondelete=dict.fromkeys(ACTS, "set other"),
    )
