from odoo import fields, models


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
        if "awaiting" in statuses and last._is_undecided():
            return "info", self.env._(
                "Your card payment is being processed. The result will show here; "
                "please do not pay again."
            )
        if "failed" in statuses:
            return "danger", last.state_message or self.env._("The payment has failed.")
        return bills._get_outdated_notice()

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
