from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.tools import float_compare

from ..tools.const import MAX_DAYS, ROLES, THREAD_FIELDS
from ..tools.context import Private, bookkeeping_context, private_value
from ..tools.numbers import to_number

# The one value under ``kavi_act``: one environment serves all acts.
_ACT = Private()


class KaviGuardMixin(models.AbstractModel):
    """What only an act may write: guards that hold on every path.

    By button, RPC, import or job, the same methods are asked. A model says which fields
    it guards in its ``create`` and ``write``, with what is here.
    """

    _name = "kavi.guard.mixin"
    _inherit = ["kavi.protected.mixin"]
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
        context = bookkeeping_context(self.env.context)
        return self.with_env(self.env(su=True, context=context))

    def _check_role(self, role):
        """Refuse users who do not have a role of billing.

        :param str role: a key of ``const.ROLES``
        :raise AccessError: with the role that it takes
        """
        if not self.env.su and not self.env.user.has_group(ROLES[role]):
            raise AccessError(
                self.env._(
                    "This takes the Billing %s role. Ask a billing administrator.",
                    role.capitalize(),
                )
            )

    def _lock_rows(self):
        """Lock these records' rows until the end of the transaction.

        Fails at once if another transaction holds one; Odoo retries serialization
        failures by itself.

        :raise UserError: when somebody else works on one of them
        """
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody else is working on this %s right now. Wait a moment, "
                    "reload the page and look at it again.",
                    self._get_guarded_name(),
                )
            ) from error

    def _check_method(self, method):
        """Refuse a payment method that is archived, or one of another company.

        :raise UserError: with the reason, for the first record that it does not fit
        """
        if not method or not method.active:
            raise UserError(
                self.env._("Choose a payment method that is still offered.")
            )
        for record in self:
            if method.company_id != record.company_id:
                raise UserError(
                    self.env._(
                        "%(method)s is a payment method of %(other)s; %(record)s "
                        "%(name)s is one of %(company)s.",
                        method=method.name,
                        other=method.company_id.name,
                        record=self._get_guarded_name(),
                        name=record.name,
                        company=record.company_id.name,
                    )
                )

    def _check_moving_method(self, method):
        """Refuse a payment method by which nobody moves money by hand: what an
        automatic one has moved is entered by its own acts only.

        :raise UserError: with the reason, and what to do instead
        """
        if self._is_moved_automatically():
            return  # the money has moved, whatever is offered by now
        self._check_method(method)
        if method.kind != "manual":
            raise UserError(
                self.env._(
                    "%s moves money by itself, and nobody enters by hand that it did: "
                    "the books would say what never happened. Choose the method by "
                    "which the money really moves.",
                    method.name,
                )
            )

    def _is_moved_automatically(self):
        """Hook: whether money that an automatic method has moved is booked now."""
        return False

    def _log_documents(self, documents):
        """Say on each entry or payment which of these records it was made for.

        :param documents: as many as there are records, in their order
        """
        documents._message_log_batch(
            {
                document.id: self.env._(
                    "Created and posted for %(record)s %(name)s.",
                    record=self._get_guarded_name(),
                    name=record._get_html_link(record.name),
                )
                for document, record in zip(documents, self, strict=True)
            }
        )

    # === HELPER METHODS === #

    @api.model
    def _check_money(self, amount, currency):
        """Refuse what is no amount of money, before a monetary field rounds it.

        :param amount: what somebody sent; text is no amount
        :return: the amount, rounded as ``currency`` rounds
        :raise UserError: with the reason
        """
        if not isinstance(amount, int | float) or to_number(amount) is None:
            raise UserError(self.env._("Enter an amount of money."))
        if currency.compare_amounts(amount, 0.0) <= 0:
            raise UserError(self.env._("Enter an amount above zero."))
        if float_compare(amount, currency.round(amount), precision_digits=8):
            raise UserError(
                self.env._(
                    "%(amount)s has more decimals than %(currency)s has.",
                    amount=amount,
                    currency=currency.name,
                )
            )
        return currency.round(amount)

    @api.model
    def _check_years(self, vals, names):
        """Refuse the year 26 for 2026, and 9999, before anything is counted from it.

        :param dict vals: of ``create()`` or ``write()``
        :param names: the fields that hold days
        """
        for name in names:
            day = fields.Date.to_date(vals.get(name) or None)
            if day and abs((day - fields.Date.today()).days) > MAX_DAYS:
                raise UserError(
                    self.env._("%s is far away: look at the year once more.", day)
                )

    @api.model
    def _get_closed_until(self, company, journal, date):
        """The day until which the books are closed, if they are on ``date``.

        Ask before anything is posted: Odoo would put one entry on another day without
        a word, or stop in the middle.

        :return: ``datetime.date``, or ``None`` if ``date`` is open
        """
        # sudo: dates of the books, for who may not see them
        locks = company.sudo()._get_violated_lock_dates(date, True, journal)
        return locks[-1][0] if locks else None

    @api.model
    def _get_booking_day(self, company, journal, date):
        """The day on which Odoo puts the entry of a payment of ``date``: a later one
        where the books are closed.

        :rtype: datetime.date
        """
        # sudo: dates of the books, for who may not see them
        entry = self.env["account.move"].sudo().with_context(is_payment=True)
        entry = entry.with_company(company).new(
            {
                "move_type": "entry",
                "company_id": company.id,
                "journal_id": journal.id,
                "date": date,
            }
        )
        locks = entry._get_violated_lock_dates(date, False)
        if not locks:
            return date
        return entry._get_accounting_date(date, False, lock_dates=locks)

    def _get_written_fields(self, vals):
        """The document's own fields among ``vals``.

        :rtype: set
        """
        return {
            name
            for name in set(vals) - set(models.MAGIC_COLUMNS)
            if not name.startswith(THREAD_FIELDS)
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

    def _refuse_created_fields(self, vals_list, names):
        """Refuse to have a record created with these fields. What is empty may be sent;
        no default is ever taken for them (``kavi.protected.mixin``).

        :param vals_list: of ``create()``
        :param names: of fields that only an act writes
        :raise UserError: with the labels of those that were sent
        """
        self._refuse_fields(
            {name for vals in vals_list for name in names if vals.get(name)}
        )

    @api.model
    def _add_defaults(self, vals, names):
        """Put into the values of a new record what it will get by default: a guard has
        to look at that, too.

        :param dict vals: of ``create()``; changed
        :param names: of the fields that the guard looks at
        """
        missing = [name for name in names if name not in vals]
        vals.update(self.default_get(missing))

    def _get_guarded_name(self):
        """What a sentence calls one of these records."""
        return self._description.lower()
