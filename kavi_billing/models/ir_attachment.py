from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.const import NOTE, USER


class IrAttachment(models.Model):
    """Files of an activity note are for who may read the note (KB-41): the record that
    they hang on is open to more people than its notes are."""

    _inherit = "ir.attachment"

    # === CRUD METHODS === #

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not bypass_access and self._hides_note_files():
            domain = Domain(domain) & Domain.custom(to_sql=self._get_sql_of_others)
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if not self or not self._hides_note_files():
            return result
        # what was refused already need not be asked again
        forbidden = result[0] if result else self.browse()
        hidden = (self - forbidden)._filter_note_files()
        if not hidden:
            return result
        return forbidden | hidden, lambda: AccessError(
            self.env._("This file belongs to an activity note, for billing people.")
        )

    # === HELPER METHODS === #

    def _filter_for_user(self):
        """Those of these files that the user may have, with whatever rights they were
        read."""
        if self.env.user.has_group(USER):
            return self
        return self - self._filter_note_files()

    @api.model
    def _hides_note_files(self):
        """Whether the user is none of those who read activity notes."""
        return not self.env.su and not self.env.user.has_group(USER)

    def _filter_note_files(self):
        """Those of these files that were attached to activity notes, and nowhere
        else."""
        if not self.ids:
            return self.browse()
        self.env["mail.message"].flush_model(["subtype_id", "attachment_ids"])
        rows = self.env.execute_query(
            SQL(
                "SELECT file.id FROM ir_attachment file WHERE file.id IN %s AND NOT %s",
                tuple(self.ids),
                self._get_sql_of_others(self, "file", None),
            )
        )
        return self.browse(id_ for (id_,) in rows)

    @api.model
    def _get_sql_of_others(self, model, alias, query):
        """SQL: the file is of no activity note, or of another message as well."""
        linked = SQL(
            "SELECT 1 FROM message_attachment_rel rel"
            " JOIN mail_message message ON message.id = rel.message_id"
            " WHERE rel.attachment_id = %s",
            SQL.identifier(alias, "id"),
        )
        note = self.env["ir.model.data"]._xmlid_to_res_id(NOTE)
        return SQL(
            "(NOT EXISTS (%(linked)s AND message.subtype_id = %(note)s)"
            " OR EXISTS (%(linked)s AND message.subtype_id IS DISTINCT FROM %(note)s))",
            linked=linked,
            note=note,
        )
