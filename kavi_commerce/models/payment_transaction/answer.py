from odoo import fields, models

# PayPal's words for a capture whose money is there, or was.
TAKEN = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")
REFUSED = ("DECLINED", "DENIED", "FAILED")


class PaymentTransaction(models.Model):
    """What the gateway says becomes a state: in any order, any number of times.

    Money that is there is never forgotten: whatever a transaction was taken for, a
    completed capture makes it Charged.
    """

    _inherit = "payment.transaction"

    authorization_act = fields.Selection(
        [("capture", "Capture"), ("void", "Void")], readonly=True, copy=False
    )

    def _kavi_apply_order(self, order):
        """Follow an order as PayPal's Orders v2 answers it."""
        self.ensure_one()
        self._kavi_keep_payer(order)
        payments = {}
        for unit in order.get("purchase_units") or ():
            for kind, found in (unit.get("payments") or {}).items():
                payments.setdefault(kind, []).extend(found)
        for authorization in payments.get("authorizations", ()):
            self._kavi_apply_authorization(authorization)
        for capture in payments.get("captures", ()):
            self._kavi_find_by_capture(capture)._kavi_apply_capture(capture)
        if order.get("status") == "VOIDED" and self.state in ("draft", "pending"):
            self._set_canceled(
                state_message=self.env._("The order was voided at the gateway.")
            )

    def _kavi_find_by_capture(self, capture):
        """The transaction of a capture: a part of what was authorized has its own."""
        family = self | self.child_transaction_ids
        known = family.filtered(lambda tx: tx.paypal_capture_id == capture["id"])
        if known or not self.paypal_authorization_id:
            return known[:1] or self
        return (
            family.filtered(
                lambda tx: (
                    tx.authorization_act == "capture"
                    and not tx.paypal_capture_id
                    and tx.reference == capture.get("invoice_id")
                )
            )[:1]
            or self
        )

    def _kavi_apply_authorization(self, authorization):
        self.paypal_authorization_id = authorization["id"]
        status = authorization.get("status")
        if status == "CREATED" and self.state in ("draft", "pending"):
            self.provider_reference = authorization["id"]
            self._set_authorized()
        elif status == "VOIDED" and self.state in ("draft", "pending", "authorized"):
            self._set_canceled(
                state_message=self.env._("The authorization was given up.")
            )
        elif status == "DENIED" and self.state in ("draft", "pending"):
            self._set_error(self.env._("The card was declined."))

    def _kavi_apply_capture(self, capture):
        """Follow a capture as PayPal's Payments v2 answers it."""
        self.ensure_one()
        status = capture.get("status")
        if status in TAKEN:
            self._kavi_apply_taken(capture)
        elif status in REFUSED:
            if self.state in ("draft", "pending", "authorized"):
                self.paypal_capture_id = capture["id"]
                self._set_error(
                    self.env._(
                        "The payment was declined. Please try another card, or another "
                        "way to pay."
                    )
                )
        elif status == "PENDING" and self.state != "done":
            self.paypal_capture_id = capture["id"]
            reason = (capture.get("status_details") or {}).get("reason")
            message = self.env._("The gateway holds it: %s", reason or "?")
            if self.state in ("draft", "cancel"):
                # also after it was given up: the money is on its way
                self._set_pending(
                    state_message=message, extra_allowed_states=("cancel",)
                )
            elif self.state == "pending":
                self.state_message = message

    def _kavi_apply_taken(self, capture):
        known = self.paypal_capture_id
        if known and known != capture["id"] and self.state == "done":
            self._kavi_alert_once(
                capture["id"],
                self.env._("A second charge"),
                self.env._("The gateway has captured %s, too.", capture["id"]),
            )
            return
        problem = self._get_money_problem(capture.get("amount"), self.amount)
        vals = {"paypal_capture_id": capture["id"], "provider_reference": capture["id"]}
        if self.provider_reference == capture["id"]:
            vals = {"paypal_capture_id": capture["id"]}
        vals["gateway_fee"] = self._read_fee(capture, "seller_receivable_breakdown")
        self.write(vals)
        if problem:
            if self.state in ("draft", "pending", "authorized"):
                self._set_error(problem)
            self._kavi_alert_once(
                capture["id"],
                self.env._("A card payment that was not asked for"),
                f"{problem} ({capture['id']})",
            )
            return
        if self.state != "done":
            # also after it was given up, or taken for failed: the money is there
            self._set_done(extra_allowed_states=("cancel",))

    def _read_fee(self, answer, breakdown):
        """What the gateway kept, where it says so in the payment's currency."""
        fee = (answer.get(breakdown) or {}).get("paypal_fee") or {}
        if fee.get("currency_code") != self.currency_id.name:
            return 0.0
        return float(fee["value"])

    def _kavi_keep_payer(self, order):
        """Keep who paid and the last digits, and nothing else of the card."""
        source = order.get("payment_source") or {}
        card = source.get("card") or {}
        paypal = source.get("paypal") or {}
        payer = order.get("payer") or {}
        name = payer.get("name") or paypal.get("name") or {}
        vals = {
            "card_brand": card.get("brand") or ("PayPal" if paypal else False),
            "card_last_digits": (card.get("last_digits") or "")[-4:],
            "card_expiry": card.get("expiry"),
            "payer_name": card.get("name")
            or " ".join(filter(None, (name.get("given_name"), name.get("surname")))),
            "payer_email": payer.get("email_address") or paypal.get("email_address"),
        }
        vals = {name: value for name, value in vals.items() if value}
        if vals and not self.is_purged:
            self.write(vals)

    def _kavi_apply_refund(self, refund):
        """Follow a refund as PayPal's Payments v2 answers it."""
        self.ensure_one()
        vals = {"paypal_refund_id": refund["id"], "provider_reference": refund["id"]}
        fee = self._read_fee(refund, "seller_payable_breakdown")
        if fee:
            vals["gateway_fee"] = -fee
        if self.paypal_refund_id != refund["id"]:
            self.write(vals)
        status = refund.get("status")
        problem = self._get_money_problem(refund.get("amount"), self.amount)
        if problem and self.state in ("draft", "pending"):
            self._set_error(problem)
            self._kavi_alert(self.env._("A refund of another amount"), problem)
        elif status == "COMPLETED" and self.state != "done":
            self._set_done(extra_allowed_states=("cancel",))
        elif status in ("FAILED", "CANCELLED") and self.state in ("draft", "pending"):
            self._set_error(
                self.env._("The gateway could not give the money back (%s).", status)
            )
            self._kavi_alert(
                self.env._("A refund has failed"),
                self.env._("Try again from the transaction, or pay it otherwise."),
            )
        elif status in ("FAILED", "CANCELLED") and self.state == "done":
            self._kavi_alert_once(
                f"{refund['id']} {status}",
                self.env._("A refund that was made has failed after all"),
                self.env._(
                    "The money has come back to the gateway (%s). Reverse its entries, "
                    "and pay it otherwise.",
                    f"{refund['id']} {status}",
                ),
            )
        elif status == "PENDING" and self.state in ("draft", "pending"):
            message = self.env._("The gateway has not sent the money yet.")
            if self.state == "draft":
                self._set_pending(state_message=message)
            else:
                self.state_message = message
