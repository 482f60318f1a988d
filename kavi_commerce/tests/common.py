"""What the tests of card payment have in common: a PayPal of our own on loopback, its
provider, and what payers and administrators do."""

import unittest
from contextlib import contextmanager
from unittest.mock import patch

from odoo.addons.kavi_billing.tests.common import BillingCommon

try:
    from tests.fake_paypal import FakePayPal
except ImportError:  # the addon alone, without the repository around it
    FakePayPal = None

WEBHOOK_ID = "4TEST5WEBHOOK6789"
# the issue that a refused refund names
REFUSAL = "REFUND_FAILED_INSUFFICIENT_FUNDS"
# an event's headers, as PayPal sends them
SIGNED = {
    "PAYPAL-TRANSMISSION-ID": "8a2b-1",
    "PAYPAL-TRANSMISSION-TIME": "2026-01-01T00:00:00Z",
    "PAYPAL-TRANSMISSION-SIG": "c2lnbmF0dXJl",
    "PAYPAL-CERT-URL": "https://api.paypal.com/v1/notifications/certs/CERT-1",
    "PAYPAL-AUTH-ALGO": "SHA256withRSA",
}
TEST_URL = "kavi_commerce.paypal_test_url"


@unittest.skipUnless(FakePayPal, "the fake PayPal is in the repository's tests/")
class CommerceCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paypal = FakePayPal(seed=7).start()
        cls.addClassCleanup(cls.paypal.stop)
        cls.env["ir.config_parameter"].set_param(TEST_URL, cls.paypal.url)
        cls.env["ir.config_parameter"].set_param(
            "web.base.url", "http://127.0.0.1:8069"
        )
        cls.card = cls.env["kavi.payment.method"].search(
            [("company_id", "=", cls.company.id), ("kind", "=", "card")]
        )
        cls.provider = cls._provider("paypal", cls.company)
        cls.transactions = cls.env["payment.transaction"].sudo()
        cls.fee_account = cls.env["account.account"].search(
            [("company_ids", "=", cls.company.id), ("account_type", "=", "expense")],
            limit=1,
        )
        cls.company.billing_gateway_fee_account_id = cls.fee_account
        # the class' one transaction is never committed: what was kept is flushed
        commit = patch.object(
            type(cls.transactions), "_kavi_commit", lambda self: self.env.flush_all()
        )
        cls.startClassPatcher(commit)
        see = patch.object(
            type(cls.transactions),
            "_kavi_see_anew",
            lambda self: self.env.invalidate_all(),
        )
        cls.startClassPatcher(see)

    @classmethod
    def _provider(cls, code, company, **vals):
        known = cls.env["payment.provider"].search(
            [("code", "=", code), ("company_id", "=", company.id)], limit=1
        )
        if not known:
            known = (
                cls.env["payment.provider"]
                .search([("code", "=", code)], limit=1)
                .copy({"company_id": company.id})
            )
        if code == "paypal":
            vals = {
                "paypal_email_account": cls.paypal.payee_email,
                "paypal_client_id": cls.paypal.client_id,
                "paypal_client_secret": cls.paypal.client_secret,
                "paypal_webhook_id": WEBHOOK_ID,
                **vals,
            }
        known.write({"state": "test", "is_published": True, **vals})
        return known

    def setUp(self):
        super().setUp()
        self.paypal.reset()
        self.provider.paypal_access_token = False
        self.provider.paypal_access_token_expiry = "1970-01-01"

    def tearDown(self):
        violations = list(self.paypal.violations)
        super().tearDown()
        self.assertFalse(violations)

    # === ACTIONS === #

    def start(self, bills, amounts=None, **kwargs):
        """The payer presses Pay by card: an order at the gateway."""
        tx = bills._pay_by_card(self.provider, amounts=amounts, **kwargs)
        tx._kavi_open_checkout()
        return tx

    def approve(self, tx, source="visa"):
        self.paypal.approve(tx.paypal_order_id, source)

    def charge_elsewhere(self, tx):
        """The gateway captures what nobody here has asked for, whatever is owed."""
        tx._get_paypal_client().capture_order(tx.paypal_order_id, "not by us")

    def way_back(self, tx):
        """What the address holds to which the gateway sends the payer's browser."""
        return {"token": tx.paypal_order_id, "return_key": tx._get_return_key()}

    def come_back(self, tx):
        """The payer's browser returns from the gateway."""
        tx._paypal_process_order()
        self.env.flush_all()

    def pay_by_card(self, bills, amounts=None, source="visa", **kwargs):
        """All of it: start, approve, come back."""
        tx = self.start(bills, amounts, **kwargs)
        self.approve(tx, source)
        self.come_back(tx)
        return tx

    def refund_by_card(self, bill, amount=None, **vals):
        """The officer's refund, sent as after the commit."""
        known = bill.sudo().transaction_ids
        self.give_back(bill, amount, **vals)
        refunds = bill.sudo().transaction_ids - known
        refunds._kavi_send()
        self.env.flush_all()
        return refunds

    def refresh(self, txs):
        """The scheduled job looks at these, as it does in its time."""
        txs = txs.sudo()
        txs._refresh_from_gateway(again=True)
        txs._schedule_next_check()
        self.env.flush_all()

    # === EVENTS === #

    def no_bills_transaction(self, reference, amount=100, **vals):
        """A payment of a shop or an invoice, by the same provider."""
        return self.transactions.create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider._get_card_payment_method().id,
                "reference": reference,
                "amount": amount,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.account.id,
                **vals,
            }
        )

    def events(self, *kinds):
        """The events that the gateway has made, oldest first."""
        return [
            event
            for event in self.paypal.webhooks.events
            if not kinds or event["event_type"] in kinds
        ]

    def receive(self, *events):
        """Events are stored (verified, as a test of its own proves) and worked on."""
        import json

        Event = self.env["kavi.gateway.event"].sudo()
        for event in events:
            with patch.object(
                type(Event), "_verify", lambda *args: (self.provider, "")
            ):
                Event._receive(json.dumps(event).encode(), {})
        for event in Event.search([("state", "=", "new")], order="id"):
            event._process()
        self.env.flush_all()

    # === ASSERTIONS === #

    def assertLedgers(self, *bills):
        """What came in and went out at the gateway is what the bills say, to the cent,
        and the bills are what the books say."""
        self.assertBooks(*bills)
        currency = bills[0].currency_id
        kept = sum(bill.amount_retained for bill in bills)
        self.assertEqual(
            currency.compare_amounts(
                float(self.paypal.ledger.gross(currency.name)), kept
            ),
            0,
            (self.paypal.ledger.entries(), kept),
        )

    def entries(self, moves):
        """The journal items of moves: {account type: balance}, zeroes left out."""
        found = {}
        for line in moves.line_ids:
            kind = line.account_id.account_type
            found[kind] = round(found.get(kind, 0) + line.balance, 2)
        return {kind: balance for kind, balance in found.items() if balance}

    @contextmanager
    def quiet(self, *names):
        """Expected noise of our own models in the log."""
        from odoo.tools import mute_logger

        names = [f"odoo.addons.kavi_commerce.{name}" for name in names]
        with mute_logger(*names):
            yield
