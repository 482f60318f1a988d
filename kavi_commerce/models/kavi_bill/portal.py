from datetime import timedelta

from odoo import fields, models

# How long the page speaks of a payment that was made, or came to nothing.
RECENT = timedelta(hours=1)


class KaviBill(models.Model):
    """Card payment on the payer's pages."""

    _inherit = "kavi.bill"

    def _get_payment_actions(self):
        """A button beside the manual methods, where a gateway takes these bills."""
        actions = super()._get_payment_actions()
        bills = self.sudo()  # the page has asked who pays
        if bills and not bills._get_card_problem():
            actions.append(
                {"label": self._get_card_label(), "url": self._get_card_url()}
            )
        return actions

    def _get_payment_progress(self):
        if "awaiting_gateway" in self._get_flags():
            return self.env._("A payment of this bill is being processed.")
        return super()._get_payment_progress()

    def _get_card_label(self):
        quote = self.sudo()._quote_card_payment()
        total = quote["currency"].format(quote["total"])
        return self.env._("Pay %s by card", total)

    def _get_card_url(self):
        """The page on which card payment of these bills begins."""
        if len(self) > 1:
            return "/my/billing/pay/card?" + "&".join(f"bill={id_}" for id_ in self.ids)
        # the link's token goes along, where the payer has no log-in
        base, _sep, query = self.get_portal_url().partition("?")
        return f"{base}/pay?{query}"

    def _get_payer_email(self):
        """What the e-mail field is filled with (KC-17)."""
        user = self.env.user
        if not user._is_public() and user.email:
            return user.email
        return self.contact_id[:1].email or self.partner_id[:1].email or ""

    def _get_gateway_notice(self):
        """What the page of these bills says of their card payment.

        :return: (kind, sentence), or nothing
        """
        bills = self.sudo()
        last = bills._get_last_charge()
        statuses = set(bills.mapped("gateway_status"))
        if not last:
            return None
        if bills._is_card_awaited():
            return "info", self.env._(
                "Your card payment is being processed. The result will show here; "
                "please do not pay again."
            )
        if "failed" in statuses and bills._get_failed_returns():
            return "warning", self.env._(
                "The refund to your card was not possible. We will find another way "
                "to give the money back."
            )
        if "failed" in statuses:
            return "danger", last.state_message or self.env._("The payment has failed.")
        outdated = bills._get_outdated_notice()
        if outdated:
            return outdated
        if last.state == "cancel" and last.payer_message and bills._is_recent(last):
            return "warning", last.payer_message
        return None

    def _get_outdated_notice(self):
        """What is said to who approved a payment at the gateway while its bills were
        changed or settled otherwise: for an hour, unless they have paid since."""
        hour_ago = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        late = self.transaction_ids.filtered(
            lambda tx: tx.outdated_at and tx.outdated_at > hour_ago
        ).sorted("outdated_at")[-1:]
        later = self.transaction_ids.filtered(
            lambda tx: tx.state in ("pending", "authorized", "done") and tx.id > late.id
        )
        if not late or later:
            return None
        money = self.currency_id[:1].format
        values = {
            "amount": money(late.amount),
            "bills": ", ".join(self.mapped("name")),
            "due": money(sum(self.mapped("amount_due"))),
            "state": ", ".join({bill._get_outcome_label() for bill in self}),
        }
        if any(bill._is_payable() for bill in self):
            return "warning", self.env._(
                "Nothing was charged: while you agreed to pay %(amount)s, %(bills)s "
                "has changed, and %(due)s is open now. Please look at it, and pay "
                "again.",
                **values,
            )
        return "warning", self.env._(
            "Nothing was charged: while you agreed to pay %(amount)s, %(bills)s has "
            "changed. It is %(state)s now, and there is nothing to pay.",
            **values,
        )

    def _is_card_awaited(self):
        """Whether the outcome of these bills' card payment is to come: the page asks
        again."""
        bills = self.sudo()
        return "awaiting" in bills.mapped("gateway_status") and (
            bills._get_last_charge()._is_undecided()
        )

    def _is_recent(self, transaction):
        changed = transaction.last_state_change
        return bool(changed) and changed > fields.Datetime.now() - RECENT

    def _get_card_status_url(self):
        """Where the page of these bills asks whether their card payment is awaited."""
        base, _sep, query = self._get_card_url().partition("?")
        return f"{base}/status?{query}"

    def _get_card_notice(self):
        """What the page of one bill says: how its payment stands, and thanks."""
        notice = self._get_gateway_notice()
        bill, last = self.sudo(), self.sudo()._get_last_charge()
        if notice or last.kavi_state != "charged" or not self._is_recent(last):
            return notice
        line = last.kavi_line_ids.filtered(lambda line: line.bill_id == bill)
        paid = last.currency_id.format(line.total)
        if bill.currency_id.is_zero(bill.amount_due):
            return "success", self.env._("Thank you: %s was paid by card.", paid)
        return "success", self.env._(
            "Thank you: %(paid)s was paid by card. %(due)s is still due.",
            paid=paid,
            due=bill.currency_id.format(bill.amount_due),
        )

    def _get_charged_notice(self):
        """What is said where these bills were paid together by card."""
        bills = self.sudo()
        last = bills._get_last_charge()
        if last.state != "done" or last.bill_ids != bills:
            return None
        if set(bills.mapped("state")) != {"paid"}:
            return None
        return "success", self.env._(
            "Thank you: %s was paid by card.", last.currency_id.format(last.amount)
        )

    def _get_last_charge(self):
        charges = self.transaction_ids.filtered(lambda tx: tx.operation != "refund")
        return charges.sorted("id")[-1:]
