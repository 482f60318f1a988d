from markupsafe import Markup

from odoo import models
from odoo.tools import format_date

NUMBER_SEPARATOR = ", "  # between the numbers of a bill's payments


class KaviBill(models.Model):
    """What is kept of a payment beside its entry: its number, and the history."""

    _inherit = "kavi.bill"

    # === HELPER METHODS === #

    def _add_payment_number(self, number):
        """Keep the number beside those of earlier payments: each finds the bill."""
        for bill in self if number else ():
            known = (bill.payment_number or "").split(NUMBER_SEPARATOR)
            if number not in known:
                numbers = NUMBER_SEPARATOR.join(filter(None, (*known, number)))
                bill._write_facts({"payment_number": numbers})

    def _describe_payment(self, payment, method, number, quote):
        """What the bill's history says of a payment.

        :param SharedQuote quote: of the payment
        """
        self.ensure_one()
        portion, currency = quote.portions[self.id], self.currency_id
        sentences = [
            self.env._(
                "%(amount)s received by %(method)s on %(date)s%(number)s.",
                amount=currency.format(payment.amount),
                method=method.name,
                date=format_date(self.env, payment.date),
                number=self.env._(", no. %s", number) if number else "",
            )
        ]
        sentences.append(self._get_booking_note(payment.move_id, payment.date))
        if len(quote.portions) > 1:
            sentences.append(
                self.env._(
                    "Of this, %(part)s is for this bill; it was one payment for "
                    "%(bills)s.",
                    part=currency.format(portion.amount_received),
                    bills=self.browse(quote.portions)._join_names(),
                )
            )
        if portion.surcharge["total"]:
            charged = currency.format(portion.surcharge["total"])
            sentences.append(
                self.env._("The surcharge of the whole payment is in it: %s.", charged)
                if len(quote.portions) > 1
                else self.env._("Of this, %s is the surcharge.", charged)
            )
        if portion.discount:
            discount = currency.format(portion.discount)
            sentences.append(self.env._("Discount for paying early: %s.", discount))
        return " ".join(filter(None, sentences))

    def _log_shared_document(self, payment):
        """Say on the payment which bills it was made for."""
        if len(self) == 1:
            self._log_documents(payment)
            return
        payment._message_log(
            body=self.env._(
                "Created and posted for %(record)s %(name)s.",
                record=self._get_guarded_name(),
                name=Markup(", ").join(bill._get_html_link(bill.name) for bill in self),
            )
        )
