from odoo import fields, models


class KaviBillableMixin(models.AbstractModel):
    """For records of other applications that are billed: applications, renewals, ...

    Inherit it, raise bills with :meth:`_raise_kavi_bills`, and override the
    callbacks to hear what becomes of them. A callback runs in the transaction in which
    the bill changed, before it is committed, with superuser rights; whoever or
    whatever changed the bill. A callback that fails does not undo the payment: the
    bill gets an activity that says so.
    """

    _name = "kavi.billable.mixin"
    _description = "Billable Record"

    kavi_bill_ids = fields.One2many(
        "kavi.bill",
        "origin_id",
        string="Bills",
        domain=lambda self: [("origin_model", "=", self._name)],
        groups="kavi_billing.group_billing_user",
    )

    def _raise_kavi_bills(self, vals_list, issue=True, notify=False):
        """Raise one bill for each record.

        :param list vals_list: one dict a record, see ``kavi.bill._raise_bills``
        :param bool notify: mail them; not where a form shows the bill (KB-55)
        :return: the bills, in the order of the records
        """
        return self.env["kavi.bill"]._raise_bills(
            [
                {**vals, "origin_model": self._name, "origin_id": record.id}
                for record, vals in zip(self, vals_list, strict=True)
            ],
            application=self._get_billing_application(),
            issue=issue,
            notify=notify,
        )

    def _get_billing_application(self):
        """Hook: the name of the application, which bills show as their *Source*."""
        return self._description

    def _kavi_bills_paid(self, bills):
        """``bills`` of these records are paid in full."""

    def _kavi_bills_refunded(self, bills):
        """``bills`` of these records were refunded, in part or in full; again, when
        more is refunded: what is kept is ``amount_retained``."""

    def _kavi_bills_canceled(self, bills):
        """``bills`` are canceled: they will never be paid."""

    def _kavi_bills_reopened(self, bills):
        """``bills`` were paid and no longer are: bounced, charged back, undone."""

    def _kavi_bills_disputed(self, bills):
        """A dispute of ``bills`` was opened, or is over: see ``is_disputed``."""

    def _kavi_bills_deleted(self, bills):
        """``bills``, drafts, are about to be deleted: nothing was issued."""
