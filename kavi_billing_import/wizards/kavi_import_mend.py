from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..importer.parse import FileParser


class KaviImportMend(models.TransientModel):
    """What a row says, for somebody who mends it."""

    _name = "kavi.import.mend"
    _inherit = ["kavi.window.mixin"]
    _description = "Mend an Imported Row"

    line_id = fields.Many2one(
        "kavi.import.line", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Text(related="line_id.reason", string="Why")
    cell_ids = fields.One2many("kavi.import.mend.cell", "mend_id", string="Cells")

    # === DEFAULT METHODS === #

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        line = self.env["kavi.import.line"].browse(values.get("line_id")).exists()
        if line and "cell_ids" in fields:
            line._check_mendable()
            values["cell_ids"] = [
                Command.create({"target": target, "before": text, "text": text})
                for target, text in self._get_cells(line)
            ]
        return values

    # === ACTION METHODS === #

    def action_apply(self):
        """Try the row again with what was changed."""
        self.ensure_one()
        line = self.line_id
        line.check_access("write")
        before = dict(self._get_cells(line))
        changes = {
            cell.target: cell.text or ""
            for cell in self.cell_ids
            if cell.target in before and (cell.text or "") != before[cell.target]
        }
        if not changes:
            raise UserError(self.env._("Change what is wrong in the row first."))
        line._mend(changes)
        return {"type": "ir.actions.act_window_close"}

    # === HELPER METHODS === #

    def _get_cells(self, line):
        """What a row says, by the columns that are imported.

        :return: list of ``(target, text)``
        """
        said = FileParser(line.import_id).show_cells(line.content)
        targets = [column.target for column in line.import_id.column_ids]
        return [(name, said.get(name) or "") for name in targets if name]
