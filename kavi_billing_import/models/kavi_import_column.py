from odoo import api, fields, models

from ..importer.rules import TARGETS


class KaviImportColumn(models.Model):
    """One column of a file that is imported, and what it is."""

    _name = "kavi.import.column"
    _inherit = ["kavi.guard.mixin"]
    _description = "Imported Column"
    _order = "import_id, position"

    import_id = fields.Many2one(
        "kavi.import", required=True, ondelete="cascade", index=True
    )
    position = fields.Integer(required=True, readonly=True)
    header = fields.Char(string="Column", required=True, readonly=True)
    example = fields.Char(readonly=True)
    target = fields.Selection(
        [(name, target.label) for name, target in TARGETS.items()],
        string="Field",
        help="Empty: the column is not imported.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self._is_act():
            self.env["kavi.import"]._check_own_fields()
        return super().create(vals_list)

    def write(self, vals):
        if self._is_act():
            return super().write(vals)
        if set(vals) - {"target"}:
            self.import_id._check_own_fields()
        self.import_id._check_unlocked()
        return super().write(vals)
