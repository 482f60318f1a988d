from odoo import models
from odoo.exceptions import UserError


class KaviBill(models.Model):
    """Card money that goes back: refunds through the gateway, and charge-backs."""

    _inherit = "kavi.bill"

    # === BUSINESS METHODS - REFUNDS === #

    def _refund(self, amount=None, method=None, date=None, reason=None):
        """Refund to the card what was paid by card: the gateway is asked, and the
        entries are made when it has done so."""
        by_card = self._get_card_refunds(amount, method)
        if not by_card:
            return super()._refund(
                amount=amount, method=method, date=date, reason=reason
            )
        self._lock_for_act("refund")
        amounts = self._get_refund_amounts(amount)
        bills = self.filtered(lambda bill: bill in by_card)
        bills._request_card_refunds(amounts, reason)
        bills._log_act(
            "refund",
            {
                bill.id: self.env._(
                    "The gateway is asked to refund %(amount)s. %(reason)s",
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

        :param float amount: of the refund; None for all that can be refunded
        :param method: the ``kavi.payment.method`` that was chosen, if any
        :rtype: kavi.bill

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
        """Charges that the gateway can refund, newest first."""
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
        """How much of this bill the gateway can refund to cards."""
        self.ensure_one()
        return self.currency_id.round(
            sum(tx._get_refundable_of(self) for tx in self._get_card_charges())
        )

    def _request_card_refunds(self, amounts, reason):
        """Create the refunds at the gateway, from the newest charge on.

        :param dict amounts: ``{bill: amount}``
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
        """Refund the card money of a canceled bill through the gateway, too."""
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
        by_card._request_card_refunds(amounts, reason)
        rest = self - by_card
        if not rest:
            return self.env["account.payment"]
        return super(KaviBill, rest)._post_refunds(amounts, method, date, reason)

    def _record_card_refund(self, amount, date, reason):
        """Make the entries of a refund by the gateway, whoever asked for it.

        :return: the posted refund payment
        """
        self.ensure_one()
        currency = self.currency_id
        notes = sum(self._get_own_notes().mapped("amount_total"))
        total = self._get_booked_total()
        left = currency.round(min(self.amount_refundable, total - notes))
        if currency.compare_amounts(amount, left) > 0:
            return self._record_excess_refund(amount, date)
        payment = self._post_refunds({self: amount}, None, date, reason)
        self.env.flush_all()
        self._log_act(
            "refund",
            {
                self.id: self.env._(
                    "%(amount)s refunded to the card. %(reason)s",
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

    def _record_excess_refund(self, amount, date):
        """Post a refund of more than the bill retains on the account; the
        administrators are told to match it.

        :return: the posted refund payment
        """
        tx = self._get_transaction_line().transaction_id
        payment = self._post_outbound_card_payment(amount, date)
        tx._kavi_alert(
            self.env._("More was refunded than the bill retains"),
            self.env._(
                "%(amount)s went back at the gateway for bill %(bill)s. The payment is "
                "open on the account: match it in Invoicing.",
                amount=self.currency_id.format(amount),
                bill=self.name,
            ),
        )
        return payment

    def _prepare_refund_payment_vals(self, *args, **kwargs):
        vals = super()._prepare_refund_payment_vals(*args, **kwargs)
        return {**vals, **self._get_gateway_payment_vals("outbound")}

    # === BUSINESS METHODS - CHARGE-BACKS === #

    def _reverse_payment(self, payment, reason=None, date=None):
        bills = self | self.sudo()._get_bills_of(payment.sudo()).with_env(self.env)
        result = super()._reverse_payment(payment, reason=reason, date=date)
        bills._forget_card_method()
        return result

    def _is_reversible(self, payment):
        """Whether the payment settles this bill, and may be reversed."""
        self.ensure_one()
        bill = self.sudo()
        return payment in bill._get_payments() and not bill._get_refusal(
            "reverse_payment"
        )

    def _record_chargeback(self, paid, amount, date, reason):
        """Make the entries of a part of a card payment that was charged back.

        The outbound payment is matched with the inbound one; the rest of this settles
        what it had settled, its surcharge first. Where the inbound payment no longer
        settles the bill, the two are matched, and the administrators look at the rest.

        :param paid: the posted inbound ``account.payment`` of the charge
        :param float amount: what was charged back of it
        :return: the posted outbound payment
        """
        self.ensure_one()
        bills = self | self.sudo()._get_bills_of(paid.sudo()).with_env(self.env)
        bills._lock_rows()
        reopens = self._is_reversible(paid) and all(
            bill._is_reversible(paid) for bill in bills
        )
        taken = self._post_outbound_card_payment(amount, date, paid)
        items = self.sudo()._get_receivable_lines(paid.sudo().move_id)
        back = taken.sudo().move_id.line_ids.filtered(
            lambda line: line.account_id in items.account_id
        )
        if reopens:
            bills.sudo()._reopen_part(items, back, date)
        else:
            self._match_in_turn(items, [back])
        self.env.flush_all()
        text = self.env._(
            "%(amount)s of %(payment)s was charged back. %(reason)s",
            amount=self.currency_id.format(amount),
            payment=paid.name,
            reason=reason or "",
        )
        bills._log_act("reverse_payment", dict.fromkeys(bills.ids, text))
        bills._run_state_hooks()
        if not reopens:
            text = self.env._(
                "%(text)s It does not settle bill %(bill)s any more: look at what the "
                "account owes.",
                text=text,
                bill=self.name,
            )
        self._get_transaction_line().transaction_id._kavi_alert(
            self.env._("A part of a card payment was charged back"), text
        )
        return taken

    def _reopen_part(self, items, back, date):
        """Match the journal items ``back`` with the payment's ``items``; what is left
        of these settles again what they had settled."""
        with self._defer_accounting_recompute():
            settled = items.matched_debit_ids.debit_move_id
            # earlier charge-backs stay matched, then the surcharge that was charged
            earlier = settled.filtered(lambda line: line.move_id.origin_payment_id)
            charged = settled.filtered(lambda line: line.move_id.is_kavi_surcharge)
            items.remove_move_reconcile()
            rest = (settled - earlier - charged).sorted("date_maturity")
            self._match_in_turn(items, [earlier + back, charged, rest])
            unpaid = self._get_unpaid_surcharges() & charged.move_id
            self._reverse_surcharge_invoices(unpaid, date)
        self._forget_card_method()

    def _forget_card_method(self):
        """A card that was charged back is no promise to pay: New, not Pending."""
        self.filtered(
            lambda bill: (
                bill.state == "pending" and bill.payment_method_id.kind == "card"
            )
        )._write_facts({"payment_method_id": False})

    def _match_in_turn(self, items, groups):
        """Match what is open of ``items`` with each group, one after the other."""
        for group in groups:
            lines = (items + group).filtered(lambda line: not line.reconciled)
            if lines & items and lines & group:
                lines.with_context(tracking_disable=True).reconcile()

    def _post_outbound_card_payment(self, amount, date, paid=None):
        """Post a payment of card money that has gone, open on the account.

        :param paid: the inbound payment that it takes back, if that is known
        """
        method = self.env["kavi.payment.method"]._get_card_method(self.company_id, True)
        vals = {
            "payment_type": "outbound",
            "partner_type": "customer",
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "journal_id": method._get_journal().id,
            "currency_id": self.currency_id.id,
            "amount": amount,
            "date": date,
            **self._get_gateway_payment_vals("outbound"),
        }
        if paid:
            vals["destination_account_id"] = paid.destination_account_id.id
            vals["date"] = max(date, paid.date)
        payment = self._get_payment_model().create(vals)
        self._post_entries(payment)
        return payment.with_env(self.env)
