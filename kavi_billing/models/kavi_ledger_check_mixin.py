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

    @api.model
    def _close_book_differences(self, differing):
        """Take off what the administrators were told of records that agree with the
        books again.

        :param differing: ids of those that still differ
        """
        # sudo: whoever was told, for a job that is nobody's
        told = (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "not in", list(differing)),
                    ("summary", "=", self._get_difference_summary()),
                ]
            )
        )
        if told:
            told.action_feedback(feedback=self.env._("They agree again."))

    def _get_difference_summary(self):
        return self.env._("Books differ")

    def _alert_administrators(self, summary, note, deadline=None):
        """Give each billing administrator of the record's company one activity.

        :param datetime.date deadline: when it is too late; default today
        """
        self.ensure_one()
        told = self.activity_ids.filtered(lambda known: known.summary == summary)
        for user in self._get_administrators() - told.user_id:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                deadline,
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
