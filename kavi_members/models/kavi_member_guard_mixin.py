from odoo import models
from odoo.exceptions import AccessError

from ..tools.const import ROLES


class KaviMemberGuardMixin(models.AbstractModel):
    """Guards of members: the roles are those of Members, not of Billing (KM-07)."""

    _name = "kavi.member.guard.mixin"
    _inherit = ["kavi.guard.mixin"]
    _description = "Guarded Record of Members"

    def _check_role(self, role):
        """Refuse users who do not have a role of Members.

        :param str role: a key of ``const.ROLES``
        :raise AccessError: with the role that it takes
        """
        if not self.env.su and not self.env.user.has_group(ROLES[role]):
            raise AccessError(
                self.env._(
                    "This takes the Members %s role. Ask an administrator.",
                    role.capitalize(),
                )
            )

    def _wait_for_rows(self):
        """Lock these records' rows until the transaction ends, and read them anew.

        It waits for whoever has them: a payment and an approval may come at once, and
        none of them is to fail. Whoever comes second is tried again by Odoo, on what
        the first has left.
        """
        if not self:
            return
        self.env.flush_all()
        # in the order of ids: two batches do not wait for each other
        self.env.cr.execute(
            f"SELECT id FROM {self._table} WHERE id IN %s"  # noqa: S608 - our own table
            " ORDER BY id FOR NO KEY UPDATE",
            [tuple(self.ids)],
        )
        self.invalidate_recordset()
