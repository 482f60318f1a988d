from odoo import models
from odoo.exceptions import UserError

from ..tools.context import Private, bookkeeping_context, private_value

# The one value under ``kavi_act``: one environment serves all acts.
_ACT = Private()
# Bookkeeping of chatter and activities, not part of the document.
_THREAD_FIELDS = ("message_", "activity_", "website_message_", "rating_")


class KaviGuardMixin(models.AbstractModel):
    """What only an act may write: guards that hold on every path.

    By button, RPC, import or job, the same methods are asked. A model says which fields
    it guards in its ``create`` and ``write``, with what is here.
    """

    _name = "kavi.guard.mixin"
    _description = "Guarded Record"

    # === BUSINESS METHODS === #

    def _as_act(self):
        """These records for an act whose guard was asked: it may write its facts.

        :return: the same records; only code of this process comes by them
        """
        return self.with_context(kavi_act=_ACT)

    def _is_act(self):
        """Whether what is done now is part of an act."""
        return bool(private_value(self.env.context, "kavi_act"))

    def _write_facts(self, vals):
        """Write what only acts may write. Call it after the guard."""
        return self._as_act().write(vals)

    def _for_books(self):
        """These records for bookkeeping: with superuser rights, after the caller was
        checked, and without what the caller's context would change in an entry."""
        # sudo: who acts needs no role of accounting; each caller has been checked
        return self.sudo().with_context(bookkeeping_context(self.env.context))

    # === HELPER METHODS === #

    def _get_written_fields(self, vals):
        """The document's own fields among ``vals``.

        :rtype: set
        """
        return {
            name
            for name in set(vals) - set(models.MAGIC_COLUMNS)
            if not name.startswith(_THREAD_FIELDS)
        }

    def _refuse_fields(self, names):
        """Refuse to have these fields set by hand.

        :param names: of fields; none of them: nothing is refused
        :raise UserError: with their labels
        """
        if names:
            raise UserError(
                self.env._(
                    "%(fields)s cannot be set by hand: it follows from what is done "
                    "with the %(record)s, and from the books.",
                    fields=self._get_field_labels(names),
                    record=self._get_guarded_name(),
                )
            )

    def _get_guarded_name(self):
        """What a sentence calls one of these records."""
        return self._description.lower()

    def _get_field_labels(self, names):
        labels = self.sudo().fields_get(sorted(names), ["string"])
        return ", ".join(label["string"] for label in labels.values())
