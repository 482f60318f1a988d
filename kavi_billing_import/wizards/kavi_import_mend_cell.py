from odoo import fields, models

from ..importer.rules import TARGETS


class KaviImportMendCell(models.TransientModel):
    """One cell of a row that somebody mends."""

    _name = "kavi.import.mend.cell"
    _inherit = ["kavi.window.mixin"]
    _description = "Mended Cell"

    mend_id = fields.Many2one("kavi.import.mend", required=True, ondelete="cascade")
    target = fields.Selection(
        [(name, target.label) for name, target in TARGETS.items()],
        string="Column",
        required=True,
        readonly=True,
    )
    before = fields.Char(string="In the File", readonly=True)
    text = fields.Char(string="Now")
