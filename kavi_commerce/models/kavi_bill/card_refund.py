from odoo import models
from odoo.exceptions import UserError

from ..payment_transaction.refund_check import is_on_trial


class KaviBill(models.Model):
    """Card money that goes back: refunds through the gateway, and charge-backs."""

    _inherit = "kavi.bill"

    # === BUSINESS METHODS - REFUNDS === #

    def _refund(self, amount=None, method=None, date=None, reason=None):
        """Refund to the card what was paid by card: the gateway is asked, and the
        entries are made when it has done so."""
        by_card = self._get_card_refunds(amount, method)
        if not by_card:
            payments = super()._refund(
                amount=amount, method=method, date=date, reason=reason
            )
            self._supersede_failed_returns(dict(zip(self, payments, strict=True)))
            return payments
        self._lock_for_act("refund")
        amounts = self._get_refund_amounts(amount)
        bills = self.filtered(lambda bill: bill in by_card)
        for bill in bills:
            bill._request_card_refunds(amounts[bill], reason)
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
        return rest._refund(method=method, date=date, reason=reason)

    def _is_moved_automatically(self):
        return bool(self._get_transaction_line()) or super()._is_moved_automatically()

    def _get_refund_methods(self):
        """The card, too, where all of these bills have card money to go back."""
        methods = super()._get_refund_methods()
        if self and all(bill._has_card_money() for bill in self):
            methods |= methods._get_card_method(self.company_id[:1])
        return methods

    def _has_card_money(self):
        """Whether some of this bill's money can go back to a card."""
        self.ensure_one()
        left = self._get_card_refundable()
        return self.currency_id.compare_amounts(left, 0.0) > 0

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
        # sudo: no more than the sum is told
        bill = self.sudo()
        left = sum(tx._get_refundable_of(bill) for tx in bill._get_card_charges())
        return bill.currency_id.round(max(min(left, bill.amount_refundable), 0.0))

    def _request_card_refunds(self, amount, reason, **vals):
        """Ask the gateway for refunds of this bill, from the newest charge on.

        :param float amount: of the bill
        :param vals: of the refunds
        :return: the refunds, ``payment.transaction``
        :raise UserError: when the books would refuse them; then nothing is asked
        """
        self.ensure_one()
        bill = self._for_books()
        bill._supersede_failed_returns({bill: amount})
        refunds, left = self.env["payment.transaction"].sudo(), amount
        for tx in bill._get_card_charges():
            part = min(left, tx._get_refundable_of(bill))
            if bill.currency_id.compare_amounts(part, 0.0) > 0:
                refunds += tx._create_refund(
                    part, bill=bill, reason=reason, is_of_bill=True, **vals
                )
                left = bill.currency_id.round(left - part)
        refunds._ask_for_refund()
        return refunds

    def _get_failed_returns(self):
        """Refunds of these bills that the gateway refused, and that nothing has made up
        for yet.

        :rtype: kavi.transaction.bill, with superuser rights
        """
        return (
            self.sudo()
            .transaction_line_ids.filtered(lambda line: line._is_failed_return())
            .sorted("id")
        )

    def _supersede_failed_returns(self, made):
        """Let failed refunds rest, for which as much has gone back, or is asked, now.

        :param dict made: ``{bill: amount, or the payment of it}``
        """
        for bill in self:
            left = made[bill]
            # sudo: a payment that was just made, and an officer may not read payments
            left = left if isinstance(left, int | float) else left.sudo().amount
            for line in bill._get_failed_returns():
                if bill.currency_id.compare_amounts(line.total, left) <= 0:
                    line.is_superseded = True
                    left -= line.total

    def _get_refund_journal(self, method):
        if self._get_transaction_line():
            # what the gateway gave back, whatever else the bill was paid by
            method = method or self.env["kavi.payment.method"]._get_card_method(
                self.company_id, required=True
            )
        return super()._get_refund_journal(method)

    def _record_card_refund(self, amount, date, reason):
        """Make the entries of a refund by the gateway, whoever asked for it.

        What the charge has left over as a credit is used up, what the bill retains of
        it is refunded; what is more stays open on the account.

        :return: the posted refund payments
        """
        self.ensure_one()
        refund = self._get_transaction_line().transaction_id
        charged = refund.source_transaction_id.kavi_line_ids.filtered(
            lambda line: line.bill_id.id == self.id
        )
        of_bill, of_credit = self._share_card_refund(charged, amount)
        payments = self.env["account.payment"]
        if of_bill:
            payments += self._record_bill_refund(of_bill, date, reason)
        if of_credit:
            payments += self._record_credit_refund(charged.payment_id, of_credit, date)
        rest = self.currency_id.round(amount - of_bill - of_credit)
        if rest:
            payments += self._record_excess_refund(rest, date)
        return payments

    def _share_card_refund(self, charged, amount):
        """How much of a refund is the bill's, and how much a credit's.

        :param charged: the ``kavi.transaction.bill`` of the charge
        :return: both amounts
        """
        currency = self.currency_id
        retained = 0.0
        if charged.payment_id in self._get_payments():
            retained = self.amount_refundable
        parts = {
            "bill": currency.round(max(retained, 0.0)),
            "credit": charged._get_credit_left() if charged.payment_id else 0.0,
        }
        # what was paid too much goes first, unless the bill was refunded
        is_of_bill = self._get_transaction_line().transaction_id.is_of_bill
        order = ("bill", "credit") if is_of_bill else ("credit", "bill")
        for name in order:
            parts[name] = min(amount, parts[name])
            amount = currency.round(amount - parts[name])
        return parts["bill"], parts["credit"]

    def _record_bill_refund(self, amount, date, reason):
        """Refund what the bill retains: credit note and payment."""
        payment = self._post_refunds({self: amount}, None, date, reason)
        self.env.flush_all()
        refund = self._get_transaction_line().transaction_id
        self._log_act(
            "refund",
            {
                self.id: self.env._(
                    "%(amount)s refunded to the card. %(reason)s",
                    amount=self.currency_id.format(amount),
                    reason=reason or "",
                )
            },
        )
        if refund.ends_bill:
            return payment  # canceling says so
        self._run_state_hooks()
        if refund.is_notified and not is_on_trial():
            self._notify_of_card_refund("refund", amount, refund)
        return payment

    def _record_credit_refund(self, paid, amount, date):
        """Use up what a card payment has left over: it went back to the card.

        :param paid: the posted inbound ``account.payment``
        """
        back = self._post_outbound_card_payment(amount, date, paid)
        items = self.env["kavi.credit"]._get_credit_items(paid.move_id)
        self._match_in_turn(
            items,
            [
                back.move_id.line_ids.filtered(
                    lambda line: line.account_id in items.account_id
                )
            ],
        )
        self.env.flush_all()
        credits = self.env["kavi.credit"].search([("move_id", "=", paid.move_id.id)])
        credits._log(
            {
                credit: self.env._(
                    "%s refunded to the card.", self.currency_id.format(amount)
                )
                for credit in credits
            },
            on_account=True,
        )
        return back

    def _notify_of_card_refund(self, event, amount, refund):
        """Tell the account what has gone back, as the officer has wanted it.

        :param str event: "refund" or "cancel"
        :param refund: the ``payment.transaction``
        """
        bill = self.with_context(lang=self._get_notice_lang() or self.env.lang)
        values = {
            "refund": amount and bill.currency_id.format(amount),
            "reason": refund.return_reason,
        }
        self._notify(event, {self.id: values}, **(refund.notice_text or {}))

    def _record_excess_refund(self, amount, date):
        """Post a refund of more than the bill retains on the account; the
        administrators are told to match it.

        :return: the posted refund payment
        """
        if is_on_trial():
            raise UserError(
                self.env._(
                    "%(amount)s is more than bill %(bill)s retains.",
                    amount=self.currency_id.format(amount),
                    bill=self.name,
                )
            )
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
        payment._check_not_at_gateway()
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
