from odoo import fields, models


class KaviNotice(models.Model):
    """A payer is told of a card payment that was awaited, and has failed."""

    _inherit = "kavi.notice"

    event = fields.Selection(
        selection_add=[("card_failed", "Card Payment Failed")],
        ondelete={"card_failed": "set custom"},
    )
