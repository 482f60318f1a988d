from odoo import models


class KaviBill(models.Model):
    """Card money that was taken back: a part of the debt is open again."""

    _inherit = "kavi.bill"

    def _is_reversible(self, payment):
        """Whether the payment settles this bill, and may be taken off it."""
        self.ensure_one()
        bill = self.sudo()
        return payment in bill._get_payments() and not bill._get_refusal(
            "reverse_payment"
        )

    def _book_taken_back(self, paid, amount, date, reason):
        """Entries of a part of a card payment that was taken back.

        What was taken back is matched with the payment; the rest of it settles what it
        had settled, its surcharge first. A payment that settles the bill no longer is
        left to a person, and both movements are in the books.

        :param paid: the posted inbound ``account.payment`` of the charge
        :param float amount: what was taken back of it
        :return: the posted outbound payment
        """
        self.ensure_one()
        bills = self | self.sudo()._get_bills_of(paid.sudo()).with_env(self.env)
        bills._lock_rows()
        reopens = self._is_reversible(paid) and all(
            bill._is_reversible(paid) for bill in bills
        )
        taken = self._post_card_outbound(amount, date, paid)
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
            "%(amount)s of %(payment)s was taken back. %(reason)s",
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
            self.env._("A part of a card payment was taken back"), text
        )
        return taken

    def _reopen_part(self, items, back, date):
        """Match ``back`` with the payment's ``items``; what is left of these settles
        again what they had settled."""
        with self._defer_accounting_recompute():
            settled = items.matched_debit_ids.debit_move_id
            # what was taken back earlier stays, then the surcharge that was charged
            earlier = settled.filtered(lambda line: line.move_id.origin_payment_id)
            charged = settled.filtered(lambda line: line.move_id.is_kavi_surcharge)
            items.remove_move_reconcile()
            rest = (settled - earlier - charged).sorted("date_maturity")
            self._match_in_turn(items, [earlier + back, charged, rest])
            unpaid = self._get_unpaid_surcharges() & charged.move_id
            self._reverse_surcharge_invoices(unpaid, date)
        # a card that was charged back promises nothing: New, not Pending
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

    def _post_card_outbound(self, amount, date, paid=None):
        """A payment of card money that has gone, open on the account.

        :param paid: the payment that it takes back, if that is known
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
