from odoo import models
from odoo.tools import SQL, drop_view_if_exists


class KaviViewMixin(models.AbstractModel):
    """A read-only model on a view of the database.

    Its ``_query`` returns the ``SQL`` of the view, its ``_depends`` says what has to be
    in the database before the view is read.
    """

    _name = "kavi.view.mixin"
    _description = "Database View"

    def init(self):
        if self._abstract:
            return  # this one has no rows of its own
        drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            SQL("CREATE VIEW %s AS (%s)", SQL.identifier(self._table), self._query())
        )
