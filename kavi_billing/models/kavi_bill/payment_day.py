from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

MAX_AGE = relativedelta(years=20)  # of a payment; before that it is a slip


class KaviBill(models.Model):
    """Money is dated when it moves, and booked on the first day that the books
    allow."""

    _inherit = "kavi.bill"

    # === HELPER METHODS === #

    @api.model
    def _check_payment_date(self, date, company):
        """The day of a payment or refund: default today, never later, nor long ago."""
        today = company._billing_today()
        if date and date > today:
            raise UserError(
                self.env._(
                    "%s is still to come: enter the day on which the money moved.",
                    format_date(self.env, date),
                )
            )
        if date and date < today - MAX_AGE:
            raise UserError(
                self.env._(
                    "%s is long ago: look at the year once more.",
                    format_date(self.env, date),
                )
            )
        return date or today

    def _check_refund_day(self, amounts, day):
        """Refuse a refund that is dated before the money that it gives back.

        :param dict amounts: ``{bill: amount}``
        """
        for bill in self:
            currency = bill.currency_id
            came = bill._sum_money(until=day)
            before = bill.refund_amount - bill.opening_refunded
            left = currency.round(came - before)
            if currency.compare_amounts(amounts[bill], left) > 0:
                raise UserError(
                    self.env._(
                        "By %(day)s, %(left)s of bill %(bill)s had come that could go "
                        "back: date the refund on the day on which the money left.",
                        day=format_date(self.env, day),
                        left=currency.format(max(left, 0.0)),
                        bill=bill.name,
                    )
                )

    def _sum_money(self, until):
        """The money that has come for the bill and settles it, up to a day."""
        self.ensure_one()
        invoices, _notes = self._get_standing_documents()
        lines = self._get_receivable_lines(invoices)
        return sum(
            self._get_money_part(match)
            for match in lines._get_live_matches() & lines.matched_credit_ids
            if match.credit_move_id.move_id.move_type != "out_refund"
            and self._get_money_day(match.credit_move_id) <= until
        )

    @api.model
    def _get_money_day(self, item):
        """When the money of a payment's item moved; the entry may be of a later day,
        where the books were closed."""
        return item.move_id.origin_payment_id.date or item.date

    @api.model
    def _get_booking_note(self, move, date):
        """What the history says of an entry that closed books have put on another day
        than that of the money; "" where they did not."""
        day = move.date
        if not day or day == date:
            return ""
        return self.env._(
            "Booked on %s, for the books are closed before.", format_date(self.env, day)
        )
