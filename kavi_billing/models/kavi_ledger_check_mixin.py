import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


class KaviLedgerCheckMixin(models.AbstractModel):
    """What is compared with the ledger every night, and who is told (D-05).

    For records with a name, a company and activities.
    """

    _name = "kavi.ledger.check.mixin"
    _description = "Compared With the Books"

    @api.model
    def _find_book_differences(self):
        """Compare all records with the ledger, in the database.

        :return: ``{record: sentences}``
        """
        self.env.flush_all()
        found = {}
        for find in self._get_book_checks():
            for record, sentence in find().items():
                found[record] = " ".join(filter(None, (found.get(record), sentence)))
        return found

    @api.model
    def _get_book_checks(self):
        """Hook: what is compared. Each of these methods says of the records that differ
        how they do: ``{record: sentence}``."""
        return []

    def _report_book_difference(self, difference):
        """Tell the administrators, once and not every night."""
        self.ensure_one()
        _logger.info("%s %s differs from the ledger", self._description, self.name)
        self._alert_administrators(self._get_difference_summary(), difference)

    def _get_difference_summary(self):
        return self.env._("Books differ")

    def _alert_administrators(self, summary, note):
        """Give each billing administrator of the record's company one activity."""
        self.ensure_one()
        told = self.activity_ids.filtered(lambda known: known.summary == summary)
        for user in self._get_administrators() - told.user_id:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=summary,
                note=note,
                user_id=user.id,
            )

    def _get_administrators(self):
        """The billing administrators of this record's company."""
        self.ensure_one()
        return (
            self.env.ref("kavi_billing.group_billing_administrator")
            .sudo()
            .all_user_ids.filtered(
                lambda user: self.company_id in user.company_ids and not user.share
            )
        )
