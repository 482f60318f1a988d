import dataclasses

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.kavi_billing.tools.context import private_value


class KaviBill(models.Model):
    """Card money in a bill's books, and its way back."""

    _inherit = "kavi.bill"

    # === MONEY THAT CAME === #

    def _get_transaction_line(self):
        """The transaction's line whose entries are being made, if any."""
        line_id = private_value(self.env.context, "kavi_transaction_line_id")
        return self.env["kavi.transaction.bill"].sudo().browse(line_id or ())

    def _quote_payment(self, method, *args, **kwargs):
        """The surcharge of a card payment is what was agreed, whatever is set since."""
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

    def _may_be_paid_in_parts(self):
        # what was charged is booked, whatever the rules say by now
        return bool(self._get_transaction_line()) or super()._may_be_paid_in_parts()

    def _prepare_payment_vals(self, *args, **kwargs):
        vals = super()._prepare_payment_vals(*args, **kwargs)
        return {**vals, **self._get_gateway_payment_vals("inbound")}

    def _prepare_refund_payment_vals(self, *args, **kwargs):
        vals = super()._prepare_refund_payment_vals(*args, **kwargs)
        return {**vals, **self._get_gateway_payment_vals("outbound")}

    def _get_gateway_payment_vals(self, kind):
        """What makes a payment the gateway's: its journal, and its transaction."""
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

    def _keep_as_credit(self, method, line, date):
        """Money that came for a bill that no longer owes it: the account's (F-12).

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
                "%(amount)s came in for bill %(bill)s, which no longer owes it. It is "
                "a credit of the account: apply it, or give it back.",
                amount=self.currency_id.format(line.total),
                bill=self.name,
            ),
        )
        return payment

    def _reverse_payment(self, payment, reason=None, date=None):
        bills = self | self.sudo()._get_bills_of(payment.sudo()).with_env(self.env)
        result = super()._reverse_payment(payment, reason=reason, date=date)
        # a card that was charged back promises nothing: New, not Pending
        bills.filtered(
            lambda bill: (
                bill.state == "pending" and bill.payment_method_id.kind == "card"
            )
        )._write_facts({"payment_method_id": False})
        return result

    # === MONEY THAT GOES BACK === #

    def _refund(self, amount=None, method=None, date=None, reason=None):
        """What was paid by card goes back to the card: the gateway is asked, and the
        entries are made when it has done so."""
        by_card = self._get_card_refunds(amount, method)
        if not by_card:
            return super()._refund(
                amount=amount, method=method, date=date, reason=reason
            )
        self._lock_for_act("refund")
        amounts = self._get_refund_amounts(amount)
        bills = self.filtered(lambda bill: bill in by_card)
        bills._ask_card_refunds(amounts, reason)
        bills._log_act(
            "refund",
            {
                bill.id: self.env._(
                    "The gateway is asked to give %(amount)s back. %(reason)s",
                    amount=bill.currency_id.format(amounts[bill]),
                    reason=reason or "",
                )
                for bill in bills
            },
        )
        rest = self - bills
        if not rest:
            return self.env["account.payment"]
        return super(KaviBill, rest)._refund(method=method, date=date, reason=reason)

    def _get_card_refunds(self, amount, method):
        """Those of these bills whose refund goes through the gateway.

        :raise UserError: when more is asked than the card was charged
        """
        if method and method.kind != "card":
            return self.browse()
        bills = self.browse()
        for bill in self:
            left = bill._get_card_refundable()
            currency = bill.currency_id
            if currency.compare_amounts(left, 0.0) <= 0:
                continue
            wanted = bill.amount_refundable if amount is None else amount
            if isinstance(wanted, int | float) and (
                currency.compare_amounts(wanted, left) > 0
                and currency.compare_amounts(wanted, bill.amount_refundable) <= 0
            ):
                raise UserError(
                    self.env._(
                        "Of bill %(bill)s, %(left)s can go back to the card. Give the "
                        "rest back by another method.",
                        bill=bill.name,
                        left=currency.format(left),
                    )
                )
            bills += bill
        return bills

    def _get_card_charges(self):
        """What was charged at a gateway that can give it back, newest first."""
        return (
            self.sudo()
            .transaction_ids.filtered(
                lambda tx: (
                    tx.state == "done"
                    and tx.operation != "refund"
                    and tx.paypal_capture_id
                    and not tx.reversal_date
                    and not tx.is_purged
                )
            )
            .sorted("id", reverse=True)
        )

    def _get_card_refundable(self):
        """What can go back to the cards that paid this bill."""
        self.ensure_one()
        return self.currency_id.round(
            sum(tx._get_refundable_of(self) for tx in self._get_card_charges())
        )

    def _ask_card_refunds(self, amounts, reason):
        """Intend the refunds: the newest charge gives back first.

        :return: the refunds, ``payment.transaction``
        """
        refunds = self.env["payment.transaction"].sudo()
        for bill in self:
            left = amounts[bill]
            for tx in bill._get_card_charges():
                part = min(left, tx._get_refundable_of(bill))
                if bill.currency_id.compare_amounts(part, 0.0) > 0:
                    refunds += tx._kavi_refund(part, bill=bill, reason=reason)
                    left = bill.currency_id.round(left - part)
        return refunds

    def _post_refunds(self, amounts, method, date, reason):
        """A canceled bill's card money goes back through the gateway, too."""
        if self._get_transaction_line():
            return super()._post_refunds(amounts, method, date, reason)
        by_card = self.browse()
        if not method or method.kind == "card":
            by_card = self.filtered(
                lambda bill: (
                    bill.currency_id.compare_amounts(
                        bill._get_card_refundable(), amounts[bill]
                    )
                    >= 0
                )
            )
        by_card._ask_card_refunds(amounts, reason)
        rest = self - by_card
        if not rest:
            return self.env["account.payment"]
        return super(KaviBill, rest)._post_refunds(amounts, method, date, reason)

    def _book_card_return(self, amount, date, reason):
        """Entries of money that the gateway gave back, whoever asked for it.

        :return: the posted refund payment
        """
        self.ensure_one()
        currency = self.currency_id
        notes = sum(self._get_own_notes().mapped("amount_total"))
        total = self._get_booked_total()
        left = currency.round(min(self.amount_refundable, total - notes))
        if currency.compare_amounts(amount, left) > 0:
            return self._book_foreign_return(amount, date)
        payment = self._post_refunds({self: amount}, None, date, reason)
        self.env.flush_all()
        self._log_act(
            "refund",
            {
                self.id: self.env._(
                    "%(amount)s given back to the card. %(reason)s",
                    amount=currency.format(amount),
                    reason=reason or "",
                )
            },
        )
        self._run_state_hooks()
        if self._get_transaction_line().transaction_id.is_notified:
            values = {"refund": currency.format(amount), "reason": reason or False}
            self._notify("refund", {self.id: values})
        return payment

    def _book_foreign_return(self, amount, date):
        """More went back than the bill retains: the payment is booked on the account,
        and a person looks at it."""
        tx = self._get_transaction_line().transaction_id
        payment = self._post_card_outbound(amount, date)
        tx._kavi_alert(
            self.env._("More was given back than the bill retains"),
            self.env._(
                "%(amount)s went back at the gateway for bill %(bill)s. The payment is "
                "open on the account: match it in Invoicing.",
                amount=self.currency_id.format(amount),
                bill=self.name,
            ),
        )
        return payment
