import logging
from urllib.parse import urlencode, urlsplit

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger, urls

from odoo.addons.payment_paypal.controllers.main import PaypalController

from ...paypal.amounts import AmountError, decimals, money
from ...paypal.client import LIVE, SANDBOX, PayPalClient
from ...paypal.exceptions import NoAnswer, PayPalError

_logger = logging.getLogger(__name__)

# Where a stand-in for PayPal may be: on this machine only, and in test mode only.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TEST_URL = "kavi_commerce.paypal_test_url"
# What is registered with PayPal: ours, and those that Odoo handles.
EVENTS = (
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.ORDER.COMPLETED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    "PAYMENT.AUTHORIZATION.CREATED",
    "PAYMENT.AUTHORIZATION.VOIDED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.REFUND.FAILED",
    "PAYMENT.REFUND.PENDING",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.UPDATED",
    "CUSTOMER.DISPUTE.RESOLVED",
)


class PaymentProvider(models.Model):
    _name = "payment.provider"
    _inherit = ["payment.provider", "kavi.protected.mixin"]

    code = fields.Selection(
        selection_add=[("kavi_manual", "Manual Processing (test)")],
        ondelete={"kavi_manual": "set default"},
    )
    kavi_checkout_flow = fields.Selection(
        [
            ("redirect", "Redirect: the payer pays on the gateway's page"),
            ("buttons", "Buttons: the gateway's buttons on our page"),
        ],
        string="Checkout Of Bills",
        default="redirect",
        required=True,
        help="With redirect, nothing of the gateway's runs in our page.",
    )
    kavi_intent = fields.Selection(
        [
            ("CAPTURE", "At once"),
            ("AUTHORIZE", "Authorize first; captured by hand"),
        ],
        string="Bills Are Charged",
        default="CAPTURE",
        required=True,
    )

    kavi_report_date = fields.Datetime(
        string="Report Read",
        readonly=True,
        copy=False,
        help="Until when the gateway's own report was compared with the books.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("state", "code")
    def _check_kavi_manual(self):
        for provider in self:
            if provider.code == "kavi_manual" and provider.state == "enabled":
                raise ValidationError(
                    self.env._(
                        "Manual processing moves no money: it is for tests only. "
                        "Choose test mode."
                    )
                )

    # === ACTION METHODS === #

    def _check_setup_role(self):
        self.env["kavi.bill"]._check_role("administrator")

    def action_test_paypal(self):
        """Show whether PayPal answers and knows the credentials."""
        self.ensure_one()
        self._check_setup_role()
        if self.code != "paypal":
            raise UserError(self.env._("There is nothing to connect to."))
        try:
            self._get_paypal_client().test_connection()
        except PayPalError as error:
            kind = "danger"
            text = (
                self.env._("PayPal gave no answer. %s", error.message)
                if isinstance(error, NoAnswer)
                else self.env._(
                    "PayPal refused the credentials. %s Compare client ID and secret "
                    "with PayPal's site.",
                    error.message,
                )
            )
        else:
            kind = "success"
            text = self.env._("PayPal is there and knows these credentials.")
        return self._notify_here(kind, text)

    def _notify_here(self, kind, text):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": kind, "message": text, "sticky": kind == "danger"},
        }

    def action_paypal_create_webhook(self):
        """Register this site for PayPal's events: all that Odoo and bills need."""
        self.ensure_one()
        self._check_setup_role()
        base_url = self.get_base_url()
        split = urlsplit(base_url)
        is_local_test = (
            split.hostname in LOOPBACK
            and urlsplit(self._paypal_get_api_url()).hostname in LOOPBACK
        )
        if split.scheme != "https" and not is_local_test:
            raise UserError(
                self.env._(
                    "PayPal sends events to https addresses only, and this site's is "
                    "%s. Set up a certificate, then the base URL (web.base.url).",
                    base_url,
                )
            )
        url = urls.urljoin(base_url, PaypalController._webhook_url)
        try:
            id_ = self._register_paypal_webhook(url)
        except PayPalError as error:
            raise UserError(
                self.env._("The webhook could not be registered: %s", error.message)
            ) from error
        # sudo: the role was asked; companies that share the account share its webhook
        self._get_paypal_siblings().paypal_webhook_id = id_
        return self._notify_here(
            "success", self.env._("PayPal now sends its events to %s.", url)
        )

    def _register_paypal_webhook(self, url):
        """The id of the account's webhook for this address: the one that is there, if
        it is told of all that we need, or a new one in its place.

        :raise PayPalError: when PayPal refuses, or gives no answer
        """
        client = self._get_paypal_client()
        for known in client.list_webhooks():
            if known["url"].rstrip("/") != url.rstrip("/"):
                continue
            told = {kind["name"] for kind in known.get("event_types") or ()}
            if "*" in told or told >= set(EVENTS):
                return known["id"]
            client.delete_webhook(known["id"])
        return client.create_webhook(url, list(EVENTS))["id"]

    # === BUSINESS METHODS === #

    @api.model
    def _get_bill_codes(self):
        """The providers' codes by which bills can be paid."""
        return ("paypal", "kavi_manual")

    @api.model
    def _get_of_company(self, company, any_state=False):
        """The provider by which a company's bills are paid; empty: none.

        :rtype: payment.provider, with superuser rights
        """
        domain = [
            ("company_id", "parent_of", company.ids),
            ("code", "in", self._get_bill_codes()),
        ]
        if not any_state:
            domain.append(("state", "!=", "disabled"))
        return self.sudo().search(domain)._sorted_for_bills()[:1]

    def _sorted_for_bills(self):
        """One that is live before one in test, PayPal before manual mode."""
        return self.sorted(
            lambda provider: (
                ("enabled", "test", "disabled").index(provider.state),
                provider.code != "paypal",
                provider.sequence,
                provider.id,
            )
        )

    def _without_stand_ins(self):
        """These without those in test, where one of them is live: while that one cannot
        be used, nobody pays by one that moves no money."""
        live = self.filtered(lambda provider: provider.state == "enabled")
        return live or self

    @api.model
    def _remove_provider(self, code, **kwargs):
        """Make payments of manual mode payments by hand: Odoo refuses to uninstall a
        provider that any payment came by."""
        if code == "kavi_manual":
            lines = self.env["account.payment.method.line"].sudo()
            lines.search([("code", "=", code)]).write(
                {
                    "payment_method_id": self.env.ref(
                        "account.account_payment_method_manual_in"
                    ).id,
                    "payment_provider_id": False,
                }
            )
        return super()._remove_provider(code, **kwargs)

    def _get_default_payment_method_codes(self):
        if self.code == "kavi_manual":
            return {"card"}
        return super()._get_default_payment_method_codes()

    def _get_card_payment_method(self):
        """Which of Odoo's payment methods a card payment of bills is."""
        self.ensure_one()
        Method = self.env["payment.method"].sudo().with_context(active_test=False)
        codes = {"paypal": ("paypal", "card")}.get(self.code, ("card",))
        for code in codes:
            method = Method.search([("code", "=", code)], limit=1)
            if method:
                return method
        return self.payment_method_ids[:1]

    # === BUSINESS METHODS - AMOUNTS === #

    def _supports_currency(self, currency):
        """Whether this provider takes amounts in that currency."""
        self.ensure_one()
        if self.available_currency_ids and currency not in self.available_currency_ids:
            return False
        if self.code != "paypal":
            return True
        try:
            decimals(currency.name)
        except AmountError:
            return False
        return True

    @api.model
    def _format_paypal_amount(self, amount, currency):
        """An amount as PayPal takes it: a string, by its own table of currencies.

        :raise UserError: for an amount with more decimals than PayPal takes
        """
        try:
            return money(amount, currency.name)
        except AmountError as error:
            raise UserError(
                self.env._(
                    "PayPal cannot take %(amount)s. %(reason)s",
                    amount=currency.format(amount),
                    reason=error,
                )
            ) from error

    def _get_safety_problem(self):
        """Why no card may be charged through this provider yet; "" when it may (KC-37).

        In test mode no money is moved, and on this machine nobody listens.
        """
        self.ensure_one()
        url = self.get_base_url()
        if self.code != "paypal" or self.state != "enabled":
            return ""
        if urlsplit(url).scheme == "https" or urlsplit(url).hostname in LOOPBACK:
            return ""
        return self.env._(
            "Card payment takes a certificate, and this site's address is %s. Set up "
            "https, then the base URL (web.base.url).",
            url,
        )

    # === BUSINESS METHODS - CLIENT === #

    def _get_paypal_test_url(self):
        """Where a stand-in for PayPal is to be asked; "" where PayPal is."""
        self.ensure_one()
        url = self.env["ir.config_parameter"].sudo().get_param(TEST_URL)
        if url and self.state == "test" and urlsplit(url).hostname in LOOPBACK:
            return url.rstrip("/")
        return ""

    def _paypal_get_api_url(self):
        if self.kavi_is_live:
            return LIVE  # also while it is disabled: its credentials are
        return self._get_paypal_test_url() or super()._paypal_get_api_url()

    def _get_paypal_url_of(self, transaction):
        """The address at which a transaction was made: a live one is not looked up in
        the sandbox, whatever the provider is set to since.

        :raise UserError: for a test, with the credentials of live payments
        """
        if transaction._is_charge_live():
            return LIVE
        if transaction._is_outlived_test():
            raise UserError(
                self.env._(
                    "%(reference)s was a test, and %(provider)s is live now: nobody is "
                    "asked about it any more.",
                    reference=transaction.reference,
                    provider=self.name,
                )
            )
        return self._get_paypal_test_url() or SANDBOX

    def _get_bill_flow(self):
        """How the payer of bills gets to this gateway: "redirect", "buttons" or, where
        there is no gateway, "manual"."""
        self.ensure_one()
        return "manual" if self.code == "kavi_manual" else self.kavi_checkout_flow

    def _get_paypal_sdk_url(self, currency):
        """The script that draws PayPal's buttons in our page."""
        base_url = self._get_paypal_test_url() or "https://www.paypal.com"
        query = urlencode(
            {
                "client-id": self.paypal_client_id or "",
                "components": "buttons",
                "currency": currency.name,
                "intent": self.kavi_intent.lower(),
            }
        )
        return f"{base_url}/sdk/js?{query}"

    def _get_paypal_client(self, transaction=None, is_kept=True, within=None):
        """A client for PayPal with this provider's credentials.

        :param transaction: the ``payment.transaction`` that is asked about; one of
            bills is looked up where it was made, live or in the sandbox
        :param bool is_kept: whether the messages are recorded with it
        :param within: seconds for all that is asked, if less than PayPal may take
        :raise UserError: without credentials
        """
        self.ensure_one()
        provider = self.sudo()  # the credentials, which nobody else gets to see
        if not provider.paypal_client_id or not provider.paypal_client_secret:
            raise UserError(
                self.env._("%s has no credentials yet: enter them first.", self.name)
            )

        base_url, tokens = provider._paypal_get_api_url(), {}
        # what is no transaction's own is asked as the provider is today
        if (
            transaction
            and transaction.kavi_line_ids
            and (is_kept or not transaction._is_outlived_test())
        ):
            base_url = provider._get_paypal_url_of(transaction)
        if base_url != LIVE and provider.paypal_client_id == (
            provider.kavi_live_client_id
        ):
            raise UserError(
                self.env._(
                    "%s has the credentials of live payments, and is in test mode: "
                    "enter those of PayPal's sandbox.",
                    provider.name,
                )
            )
        if base_url == provider._paypal_get_api_url():
            # the token that is kept is of no use elsewhere
            tokens = {
                "get_token": provider._get_paypal_token,
                "set_token": provider._store_paypal_token,
            }
        recorder = (
            transaction._record_paypal_message if transaction and is_kept else None
        )
        return PayPalClient(
            base_url,
            provider.paypal_client_id,
            provider.paypal_client_secret,
            recorder=recorder,
            within=within,
            **tokens,
        )

    def _get_paypal_token(self):
        """The access token that is kept, while it can be used; else None."""
        expiry = self.paypal_access_token_expiry
        if expiry and expiry > fields.Datetime.now():
            return self.paypal_access_token
        return None

    def _store_paypal_token(self, token, seconds):
        """Keep an access token.

        :param token: None to forget the one that is kept
        :param int seconds: how long it can be used
        """
        vals = {
            "paypal_access_token": token,
            "paypal_access_token_expiry": fields.Datetime.add(
                fields.Datetime.now(), seconds=seconds
            ),
        }
        if token and self._paypal_get_api_url() == LIVE:
            vals["kavi_live_client_id"] = self.paypal_client_id
        self.env.flush_all()  # a conflict there is none of the token's
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                # not where somebody else keeps one: each serves until it ends
                self.try_lock_for_update(allow_referencing=True).write(vals)
        except OperationalError as error:
            _logger.info("A token of %s is not kept: %s", self.name, error)
