import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from odoo.addons.kavi_billing.tools.const import ROLES

# A page of this site, and nothing that a browser would take for another one.
LOCAL_ROUTE = re.compile(r"/(?![/\\])[^\\\s]*")
# How many attempts at a bill payers begin in an hour, and the parameter that sets it.
MAX_ATTEMPTS = 10
ATTEMPTS = "kavi_commerce.attempts_per_hour"
# Acts after which a bill is not paid by the card checkout that was begun before.
CLOSING = (
    "choose_method",
    "complete_payment",
    "change_amount",
    "write_off",
    "apply_credit",
    "cancel",
)


class KaviBill(models.Model):
    """Paying bills by card: the guards, and the attempt."""

    _inherit = "kavi.bill"

    # === ACTION METHODS === #

    def action_pay_by_card(self):
        return self._open_wizard("kavi_commerce.action_kavi_bill_card_wizard")

    # === BUSINESS METHODS === #

    def _pay_by_card(
        self, provider, amounts=None, landing_route=None, flow=None, off_terms=False
    ):
        """Start paying these bills together by card: one transaction, one checkout.

        The gateway is not asked yet: see ``_kavi_open_checkout`` of the transaction. An
        unfinished attempt for the same amounts is resumed, so that a double click or a
        second tab does not make a second order; any other unfinished attempt is closed:
        its order is never captured.

        :param provider: the ``payment.provider`` to pay through
        :param dict amounts: ``{bill: what is paid of it}`` in the bills' currency,
            without surcharge; default all that is due
        :param str landing_route: the page of this site to come back to
        :param str flow: "redirect" or "buttons"; default the provider's
        :param bool off_terms: also where the payment terms name other methods
        :return: the ``payment.transaction``
        :raise UserError: with the reason; then nothing is started
        """
        if not self:
            raise UserError(self.env._("Choose the bills that are paid."))
        self._lock_for_act("pay_by_card")
        self._check_posted()
        provider = provider.sudo()  # read only; what may be used is checked here
        self._check_paid_together()
        if not off_terms:
            Method = self.env["kavi.payment.method"]
            self._check_terms(Method._get_card_method(self.company_id))
        amounts = self._get_card_amounts(amounts)
        lines = self._prepare_transaction_lines(amounts)
        total = sum(line["amount"] + line["surcharge"] for line in lines)
        total = self.currency_id.round(total)
        self._check_provider(provider, total)
        if landing_route and not LOCAL_ROUTE.fullmatch(landing_route):
            raise UserError(
                self.env._("After paying, one comes back to a page of this site.")
            )
        flow = flow or provider.kavi_checkout_flow
        landing_route = landing_route or self._get_landing_route()
        tx = self._resume_checkout(provider, lines, flow)
        if tx:
            if tx.landing_route != landing_route:
                tx.landing_route = landing_route  # of whoever goes on with it
            return tx
        order_id = self._get_order_id()
        vals = self._prepare_transaction_vals(provider, lines, total, order_id, flow)
        vals["landing_route"] = landing_route
        tx = self.env["payment.transaction"]._for_books().create(vals)
        self._log_act(
            "pay_by_card",
            {
                line.bill_id.id: self.env._(
                    "%(amount)s asked for, order %(order)s.",
                    amount=line.currency_id.format(line.total),
                    order=order_id,
                )
                for line in tx.kavi_line_ids
            },
        )
        return tx

    # === BUSINESS METHODS - GUARDS === #

    def _check_paid_together(self):
        """One payer, one company, one currency."""
        for field in ("partner_id", "company_id", "currency_id"):
            if len(self[field]) > 1:
                raise UserError(
                    self.env._(
                        "Bills are paid together when they have account, company and "
                        "currency in common. Pay these one by one."
                    )
                )

    def _get_card_amounts(self, amounts):
        """What is paid of each bill, after the rules on parts.

        :return: ``{bill: amount}``
        """
        if amounts is None:
            today = self.company_id._billing_today()
            return {bill: bill._get_settling_amount(today) for bill in self}
        if set(amounts) != set(self):
            raise UserError(self.env._("Each bill is paid with an amount of its own."))
        found, today = {}, self.company_id._billing_today()
        method = self.env["kavi.payment.method"]._get_card_method(self.company_id)
        for bill in self:
            amount = bill._check_amount(amounts[bill])
            if bill.currency_id.compare_amounts(amount, bill.amount_due) > 0:
                raise UserError(
                    self.env._(
                        "Of bill %(bill)s, %(due)s is due: a card is not charged more.",
                        bill=bill.name,
                        due=bill.currency_id.format(bill.amount_due),
                    )
                )
            bill._get_portions(method, today, amount, None, False)  # rules on parts
            found[bill] = amount
        return found

    def _check_provider(self, provider, amount):
        """Refuse a provider that this payer may not use for these bills now."""
        if not provider.exists() or provider.state == "disabled":
            raise UserError(
                self.env._("Card payment is switched off. Choose another method.")
            )
        if problem := provider._get_safety_problem():
            raise UserError(problem)
        if (
            provider.state != "enabled"
            and provider._get_of_company(self.company_id).state == "enabled"
        ):
            raise UserError(
                self.env._(
                    "%(provider)s is for tests, and moves no money: %(company)s takes "
                    "live payments. Choose another method.",
                    provider=provider.name,
                    company=self.company_id.name,
                )
            )
        if provider.code not in provider._get_bill_codes():
            raise UserError(
                self.env._("%s cannot take payments of bills.", provider.name)
            )
        if provider.company_id not in self.company_id.parent_ids:
            raise UserError(
                self.env._(
                    "%(provider)s collects for %(other)s, not for %(company)s.",
                    provider=provider.name,
                    other=provider.company_id.name,
                    company=self.company_id.name,
                )
            )
        if not provider.is_published and not self.env.user._is_internal():
            raise UserError(
                self.env._("Card payment is not offered yet. Choose another method.")
            )
        if not provider._supports_currency(self.currency_id):
            raise UserError(
                self.env._(
                    "%(provider)s does not take %(currency)s. Choose another method.",
                    provider=provider.name,
                    currency=self.currency_id.name,
                )
            )
        if provider not in provider._get_compatible_providers(
            provider.company_id.id,
            self.partner_id.id,
            amount,
            currency_id=self.currency_id.id,
        ):
            raise UserError(
                self.env._(
                    "%(provider)s is not available for %(amount)s from this account. "
                    "Choose another method.",
                    provider=provider.name,
                    amount=self.currency_id.format(amount),
                )
            )

    def _get_card_problem(self):
        """Why these bills cannot be paid by card now; "" when they can."""
        for bill in self:
            reason = bill._get_refusal("pay_by_card")
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

    def _get_card_provider(self):
        """The provider that the payer of these bills is offered; empty: none.

        :rtype: payment.provider, with superuser rights
        """
        providers = (
            self.env["payment.provider"]
            .sudo()
            .search(
                [
                    ("company_id", "parent_of", self.company_id.ids),
                    ("state", "!=", "disabled"),
                    (
                        "code",
                        "in",
                        self.env["payment.provider"]._get_bill_codes(),
                    ),
                ]
            )
            ._sorted_for_bills()
            ._without_stand_ins()
        )
        if not self.env.user._is_internal():
            providers = providers.filtered("is_published")
        return providers.filtered(
            lambda provider: (
                not provider._get_safety_problem()
                and all(
                    provider._supports_currency(currency)
                    for currency in self.currency_id
                )
            )
        )[:1]

    def _get_offered_methods(self):
        """The card method only where a gateway takes the bill."""
        methods = super()._get_offered_methods()
        card = methods.filtered(lambda method: method.kind == "card")
        if card and not self._get_card_provider():
            methods -= card
        return methods

    def _get_card_choices(self):
        """What the page proposes to pay of these bills: what is due now, and, where
        that is less, all that is open.

        :return: ``{"due": {bill: amount}, "all": {bill: amount}}``, or only "all"
        """
        today = self.company_id._billing_today()
        whole = {bill: bill._get_settling_amount(today) for bill in self}
        due = {bill: bill._get_next_payment() for bill in self}
        is_less = any(
            bill.currency_id.compare_amounts(due[bill], whole[bill]) < 0
            for bill in self
        )
        return {"due": due, "all": whole} if is_less else {"all": whole}

    def _quote_card_payment(self, amounts=None):
        """What paying these bills by card comes to.

        :param dict amounts: ``{bill: amount}``; default what is due now
        :return: dict with "currency", "asked" (``{bill: what it settles of it}``),
            "amount" (of the bills), "discount", "surcharge", "total", "may_part" and
            "is_test"
        """
        method = self.env["kavi.payment.method"]._get_card_method(self.company_id)
        rates = {}
        if amounts is None:
            amounts = next(iter(self._get_card_choices().values()))
        portions = [
            bill._quote_payment(method, amount=amounts[bill], rates=rates)
            for bill in self
        ]
        currency = self.currency_id
        return {
            "currency": currency,
            "asked": {
                bill: currency.round(portion.amount + portion.discount)
                for bill, portion in zip(self, portions, strict=True)
            },
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

    # === BUSINESS METHODS - ATTEMPTS === #

    def _prepare_transaction_lines(self, amounts):
        """Values of the transaction's lines, one a bill, with its surcharge.

        :rtype: list
        """
        method = self.env["kavi.payment.method"]._get_card_method(self.company_id)
        rates, lines = {}, []
        today = self.company_id._billing_today()
        for bill in self:
            surcharge = bill._quote_payment(
                method, amount=amounts[bill], rates=rates
            ).surcharge
            lines.append(
                {
                    "bill_id": bill.id,
                    "amount": amounts[bill],
                    "surcharge": surcharge["total"],
                    "surcharge_data": {**surcharge, "taxes": surcharge["taxes"].ids},
                    "agreed_date": today,
                }
            )
        return lines

    def _prepare_transaction_vals(self, provider, lines, total, order_id, flow):
        Transaction = self.env["payment.transaction"]._for_books()
        payer = self.contact_id or self.partner_id
        return {
            "provider_id": provider.id,
            "payment_method_id": provider._get_card_payment_method().id,
            "reference": Transaction._compute_reference(provider.code, prefix=order_id),
            "amount": total,
            "currency_id": self.currency_id.id,
            "partner_id": payer.id,
            "operation": "online_direct" if flow == "buttons" else "online_redirect",
            "order_id": order_id,
            # left alone, it is closed in time
            "next_check_date": fields.Datetime.add(fields.Datetime.now(), minutes=5),
            "kavi_line_ids": [Command.create(line) for line in lines],
        }

    def _get_landing_route(self):
        """The payer's page; what opens it is not kept with the attempt, which others
        read (see ``_get_landing_page`` of the transaction)."""
        return self.access_url if len(self) == 1 else self._get_card_url()

    def _get_order_id(self):
        """The Order ID of a checkout: attempts at the same bills share it."""
        last = self.sudo().transaction_ids.sorted("id")[-1:]
        if (
            last.operation != "refund"
            and last.state in ("draft", "error", "cancel")
            and last.bill_ids == self.sudo()
        ):
            return last.order_id
        sequence = self.env.ref("kavi_commerce.sequence_order")
        return sequence.sudo().next_by_id()

    def _drop_promise(self):
        """Once a payer has agreed to a card payment, the manual method that was chosen
        before no longer counts: New, until the outcome. Who turns back keeps it."""
        self.sudo().filtered(lambda bill: bill.state == "pending")._write_facts(
            {"payment_method_id": False}
        )

    def _get_checkouts(self):
        """Attempts for these bills that the payer has not finished: nothing is charged
        unless we capture."""
        return self._for_books().transaction_ids.filtered(
            lambda tx: tx.state == "draft" and tx.operation != "refund"
        )

    def _resume_checkout(self, provider, lines, flow):
        """The unfinished attempt for the same amounts; others are closed.

        :param lines: as :meth:`_prepare_transaction_lines` returns them
        """
        operation = "online_direct" if flow == "buttons" else "online_redirect"
        wanted = {
            line["bill_id"]: (line["amount"], line["surcharge"]) for line in lines
        }
        same = self.env["payment.transaction"]._for_books()
        for tx in self._get_checkouts().sorted("id"):
            asked = {
                line.bill_id.id: (line.amount, line.surcharge)
                for line in tx.kavi_line_ids
            }
            is_fresh = tx.create_date > fields.Datetime.subtract(
                fields.Datetime.now(), hours=3
            )
            if (
                is_fresh
                and tx.provider_id == provider
                and tx.is_live == (provider.state == "enabled")
                and tx.operation == operation
                and asked == wanted
            ):
                same = tx
        if not same:
            self._check_attempts()
        self._close_checkouts(
            self._get_checkouts() - same, self.env._("Replaced by a new attempt.")
        )
        return same

    def _check_attempts(self):
        """Refuse a payer who begins one payment after the other: each attempt is kept.

        Officers may; the payer's open attempt stays as it is.

        :raise UserError: with what to do
        """
        limit = self._get_attempt_limit()
        if not limit or self.env.user.has_group(ROLES["officer"]):
            return
        groups = (
            self.env["kavi.transaction.bill"]
            .sudo()
            ._read_group(
                Domain("bill_id", "in", self.ids)
                & Domain("transaction_id.operation", "!=", "refund")
                & Domain(
                    "transaction_id.create_date",
                    ">",
                    fields.Datetime.subtract(fields.Datetime.now(), hours=1),
                ),
                ["bill_id"],
                ["__count"],
                having=[("__count", ">=", limit)],
            )
        )
        if groups:
            raise UserError(
                self.env._(
                    "For bill %(bill)s %(count)s card payments were begun in the last "
                    "hour. Nothing was charged. Go on with the amount that you chose "
                    "last, or try again in an hour.",
                    bill=groups[0][0].name,
                    count=groups[0][1],
                )
            )

    @api.model
    def _get_attempt_limit(self):
        """How many card payments of a bill may be begun in an hour; 0: any number."""
        text = self.env["ir.config_parameter"].sudo().get_param(ATTEMPTS) or "-"
        try:
            return max(int(text), 0)
        except (TypeError, ValueError):
            return MAX_ATTEMPTS

    def _close_checkouts(self, transactions=None, reason=None):
        """Close attempts that the payer left unfinished. Call it under the bills' lock.

        Their orders may still be approved at the gateway, but only we capture, and an
        attempt that is closed is never captured.
        """
        transactions = self._get_checkouts() if transactions is None else transactions
        if transactions:
            transactions.try_lock_for_update()
            transactions._set_canceled(
                state_message=reason or self.env._("The bill was settled otherwise.")
            )
        return transactions

    def _lock_for_act(self, act):
        result = super()._lock_for_act(act)
        if act in CLOSING:
            self._close_checkouts()
        return result
