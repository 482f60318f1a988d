from odoo import fields, models

from ..importer.rules import KINDS


class KaviImportMapping(models.Model):
    """What the columns of a file are, remembered: the next file with the same headers
    is read the same way."""

    _name = "kavi.import.mapping"
    _inherit = ["kavi.protected.mixin"]
    _description = "Import Mapping"
    _order = "write_date desc, id desc"

    name = fields.Char(string="File", required=True, readonly=True)
    kind = fields.Selection(
        list(KINDS.items()),
        string="Contains",
        required=True,
        readonly=True,
    )
    headers_key = fields.Char(required=True, readonly=True)
    headers = fields.Text(string="Columns", required=True, readonly=True)
    targets = fields.Json(
        required=True, readonly=True, help="What each column is, in their order."
    )
    date_format = fields.Char(string="Dates", readonly=True)
    decimal_mark = fields.Char(readonly=True)

    _headers_uniq = models.UniqueIndex(
        "(headers_key)", "The columns of such a file are known already."
    )
