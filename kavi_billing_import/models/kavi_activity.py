from odoo import fields, models


class KaviActivity(models.Model):
    _inherit = "kavi.activity"

    act = fields.Selection(
        selection_add=[("import", "Import")],
        # what happened stays in the history
        ondelete={"import": "set other"},
    )
