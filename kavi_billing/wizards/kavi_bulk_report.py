from odoo import fields, models


class KaviBulkReport(models.TransientModel):
    """What an act on many records did not do, and why."""

    _name = "kavi.bulk.report"
    _description = "What Was Not Done"
    _inherit = ["kavi.window.mixin"]

    done_count = fields.Integer(string="Done", readonly=True)
    refused_count = fields.Integer(string="Left As They Are", readonly=True)
    refused = fields.Html(readonly=True)
    res_model = fields.Char(readonly=True)
    res_ids = fields.Json(readonly=True)

    # === ACTION METHODS === #

    def action_open_records(self):
        """The records that were left as they are."""
        self.ensure_one()
        records = self.env[self.res_model].browse(self.res_ids)
        return records._get_records_action(name=self.env._("Left As They Are"))
