import dataclasses

from odoo import models

from odoo.addons.kavi_billing.tools.context import private_value


class KaviBill(models.Model):
    """What a card payment books: what was agreed at the checkout."""

    _inherit = "kavi.bill"

    # === BUSINESS METHODS === #

    def _get_transaction_line(self):
        """The transaction's line whose entries are being made; empty: none.

        :rtype: kavi.transaction.bill, with superuser rights
        """
        line_id = private_value(self.env.context, "kavi_transaction_line_id")
        return self.env["kavi.transaction.bill"].sudo().browse(line_id or ())

    def _quote_payment(self, method, *args, **kwargs):
        """The surcharge of a card payment is the one that the payer agreed to, whatever
        is set since."""
        portion = super()._quote_payment(method, *args, **kwargs)
        line = self._get_transaction_line()
        if not line:
            return portion
        data = line.surcharge_data or {}
        taxes = self.env["account.tax"].browse(data.get("taxes") or ())
        return dataclasses.replace(
            portion,
            surcharge={**portion.surcharge, **data, "taxes": taxes},
        )

    def _get_discount_items(self, date):
        """What was offered on the day on which the payer agreed stands, whenever the
        money comes."""
        line = self._get_transaction_line()
        agreed = line._get_agreed_date(date) if line else date
        return super()._get_discount_items(agreed)

    def _may_be_paid_in_parts(self):
        # what was charged is booked, whatever the rules say by now
        return bool(self._get_transaction_line()) or super()._may_be_paid_in_parts()

    def _prepare_payment_vals(self, *args, **kwargs):
        vals = super()._prepare_payment_vals(*args, **kwargs)
        return {**vals, **self._get_gateway_payment_vals("inbound")}

    def _get_gateway_payment_vals(self, kind):
        """Journal, memo and transaction of a payment that the gateway has made.

        :param str kind: "inbound" or "outbound"
        """
        tx = self._get_transaction_line().transaction_id
        if not tx:
            return {}
        vals = {
            "payment_transaction_id": tx.id,
            "memo": " - ".join(
                filter(None, (self.name, tx.reference, tx.provider_reference))
            ),
        }
        provider = tx.provider_id
        if provider.journal_id:
            vals["journal_id"] = provider.journal_id.id
            line = provider.journal_id[f"{kind}_payment_method_line_ids"].filtered(
                lambda line: line.payment_provider_id == provider
            )
            if line:
                vals["payment_method_line_id"] = line[:1].id
        return vals

    def _record_unallocated_payment(self, method, line, date):
        """Post a payment for a bill that no longer owes it: it becomes a credit of the
        account (F-12), and the administrators are told.

        :param line: the ``kavi.transaction.bill``
        :return: the posted payment
        """
        self.ensure_one()
        journal = method._get_journal()
        tx = line.transaction_id
        payment = self._get_payment_model().create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "journal_id": journal.id,
                "currency_id": self.currency_id.id,
                "amount": line.total,
                "date": date,
                **self._get_gateway_payment_vals("inbound"),
            }
        )
        self._post_entries(payment)
        payment = payment.with_env(self.env)
        self.env["kavi.credit"]._record_overpayments(payment)
        tx._kavi_alert(
            self.env._("A card payment for what was not owed"),
            self.env._(
                "%(amount)s was received for bill %(bill)s, which no longer owes it. "
                "It is a credit of the account: apply it, or refund it.",
                amount=self.currency_id.format(line.total),
                bill=self.name,
            ),
        )
        return payment
