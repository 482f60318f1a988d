from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import AccessError, UserError

MOST_SENTENCES = 20  # in an error; the report names them all


class KaviBulkMixin(models.AbstractModel):
    """What is done with many records at once: what can be done is done, and the rest is
    said record by record."""

    _name = "kavi.bulk.mixin"
    _description = "Acted On In Bulk"

    # === BUSINESS METHODS === #

    def _act_in_bulk(self, act, batches=None):
        """Do an act with as many of these records as can be done.

        All at once first; where that is refused each half by itself, down to what
        refuses. One record, or one batch, raises its own error.

        :param act: function of records that does the act, or raises
        :param list batches: records that are done together or not at all; default each
            by itself
        :return: the records that were done, and ``{record: error}`` of the others
        :raise UserError: when none could be done
        """
        batches = [*self] if batches is None else list(batches)
        if len(batches) < 2:
            act(self)
            return self, {}
        refused = {}
        self._act_by_halves(act, batches, refused)
        done = self.filtered(lambda record: record not in refused)
        if refused and not done:
            self._raise_refused(refused)
        return done, refused

    @api.model
    def _raise_refused(self, refused):
        """Raise what was refused of all records.

        :param dict refused: ``{record: error or sentence}``
        """
        sentences = list(dict.fromkeys(str(reason) for reason in refused.values()))
        error = next(iter(refused.values()))
        if len(sentences) == 1 and isinstance(error, Exception):
            raise error
        more = len(sentences) - MOST_SENTENCES
        if more > 0:
            sentences[MOST_SENTENCES:] = [self.env._("And %s more.", more)]
        if all(isinstance(reason, AccessError) for reason in refused.values()):
            raise AccessError("\n".join(sentences))
        raise UserError("\n".join(sentences))

    def _get_report_action(self, refused):
        """What an act on these records answers: a window that lists what was not done.

        :param dict refused: ``{record: error or sentence}``
        :return: the action of the window; ``None`` when nothing was refused
        """
        if not refused:
            return None
        report = self.env["kavi.bulk.report"].create(
            {
                "done_count": len(self),
                "refused_count": len(refused),
                "res_model": self._name,
                "res_ids": [record.id for record in refused],
                "refused": self._format_refused(refused),
            }
        )
        return report._get_records_action(
            name=self.env._("Not Everything Was Done"), target="new"
        )

    # === HELPER METHODS === #

    def _act_by_halves(self, act, batches, refused):
        """See :meth:`_act_in_bulk`; what is refused is added to ``refused``."""
        records = self.browse().concat(*batches)
        try:
            with self.env.cr.savepoint():
                act(records)
        except UserError as error:
            if len(batches) == 1:
                refused.update(dict.fromkeys(records, error))
                return
        else:
            return
        half = len(batches) // 2
        self._act_by_halves(act, batches[:half], refused)
        self._act_by_halves(act, batches[half:], refused)

    @api.model
    def _format_refused(self, refused):
        """A small table: each record with the reason."""
        row = Markup('<tr><td class="text-nowrap pe-3">{}</td><td>{}</td></tr>')
        return Markup('<table class="table table-sm mb-0">{}</table>').format(
            Markup().join(
                row.format(record.display_name, str(reason))
                for record, reason in refused.items()
            )
        )
