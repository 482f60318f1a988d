from odoo import models
from odoo.exceptions import UserError


class KaviBill(models.Model):
    """Card payment as the payer sees it."""

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

    def _get_card_problem(self):
        """Why these bills cannot be paid by card now; "" when they can."""
        for bill in self:
            reason = bill._get_refusal("pay_by_card")
            # an attempt that was left unfinished is taken up again
            if reason:
                return reason
        if any(not bill.is_posted for bill in self):
            return self.env._("Nothing is owed in the books yet.")
        for field in ("partner_id", "company_id", "currency_id"):
            if len(self[field]) > 1:
                return self.env._("Pay these bills one by one.")
        method = self.env["kavi.payment.method"]._get_card_method(self.company_id)
        if not method or any(
            method not in bill._get_offered_methods() for bill in self
        ):
            return self.env._("Card payment is not offered for these bills.")
        if not self._get_card_provider():
            return self.env._("Card payment is switched off. Choose another method.")
        return ""

    def _check_card_payable(self, roles):
        """Refuse card payment by who is no payer, or while it is not possible.

        :raise UserError: with the reason
        """
        problem = self.sudo()._get_card_problem()
        if problem:
            raise UserError(problem)
        self._check_payer_act("choose_method", roles)

    def _get_offered_methods(self):
        """The card method only where a gateway takes the bill."""
        methods = super()._get_offered_methods()
        card = methods.filtered(lambda method: method.kind == "card")
        if card and not self._get_card_provider():
            methods -= card
        return methods

    def _quote_card_payment(self):
        """What paying all that is due by card comes to.

        :return: dict with "currency", "amount" (of the bills), "discount", "surcharge",
            "total", "may_part" and "is_test"
        """
        method = self.env["kavi.payment.method"]._get_card_method(self.company_id)
        rates = {}
        portions = [bill._quote_payment(method, rates=rates) for bill in self]
        currency = self.currency_id
        return {
            "currency": currency,
            "amount": currency.round(sum(portion.amount for portion in portions)),
            "discount": currency.round(sum(portion.discount for portion in portions)),
            "surcharge": currency.round(
                sum(portion.surcharge["total"] for portion in portions)
            ),
            "total": currency.round(
                sum(portion.amount_received for portion in portions)
            ),
            "may_part": len(self) == 1 and self._may_be_paid_in_parts(),
            "is_test": self._get_card_provider().state == "test",
        }

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
        return None

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
