from collections import defaultdict

from odoo import models

from ...tools.context import Private, private_value
from ...tools.odoo_methods import NUMBERING, POSTING


class AccountMove(models.Model):
    """Posting many invoices at once: what is the same for all is found out once."""

    _inherit = "account.move"

    # === BUSINESS METHODS === #

    def _post_invoices(self, all_ready=False):
        """Post invoices that this transaction has just created, as ``_post`` does: the
        format of their numbers is read once, the ranks of their customers are written
        at once, and their lines are not compared once more.

        :param bool all_ready: as :meth:`_create_invoices` has said
        """
        ranks = {}
        batch = self.with_context(kavi_ranks=Private(ranks))
        if self._are_methods_known(NUMBERING):
            batch = batch.with_context(kavi_numbers=Private({}))
        if all_ready and self._are_methods_known(POSTING):
            # they were in sync when they were made, and posting changes no line
            batch = batch.with_context(skip_invoice_sync=True)
        posted = batch._post(soft=False)
        first = defaultdict(list)
        for (name, id_), number in ranks.items():
            first[name, number].append(id_)
        for (name, number), ids in first.items():
            # sudo: as Odoo does, whoever posts
            self.env["res.partner"].sudo().browse(ids).write({name: number})
        return posted.with_env(self.env)

    # === HELPER METHODS === #

    def _get_next_sequence_format(self):
        """In a batch, the format is read of the first two numbers: what Odoo gives the
        first, and what it reads of that. From then on it reads the same every time."""
        formats = private_value(self.env.context, "kavi_numbers")
        journal = self.journal_id
        if (
            formats is None
            or journal.type != "sale"
            or journal.is_self_billing
            or self.origin_payment_id
        ):
            return super()._get_next_sequence_format()
        read = formats.setdefault((journal, self.date, self.move_type), [])
        if len(read) < 2:
            found = super()._get_next_sequence_format()
            read.append((found[0], dict(found[1])))
            return found
        layout, values = read[1]
        return layout, dict(values)  # Odoo takes the number out of it
