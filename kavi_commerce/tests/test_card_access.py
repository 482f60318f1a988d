"""What clients can call, and what stays out of their reach."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestCardAccess(CommerceCommon):
    def test_public_methods_are_the_known_ones(self):
        """A new method that clients can call has to be thought about here."""
        known = {
            "kavi.bill": {
                "action_ask_gateway",
                "action_open_transactions",
                "action_pay_by_card",
                "action_retry_refund",
            },
            "kavi.bill.card.wizard": {"action_pay_by_card"},
            "kavi.gateway.event": {"action_retry"},
            "kavi.transaction.complete.wizard": {"action_complete"},
            "kavi.transaction.note.wizard": {"action_note"},
            "kavi.transaction.refund.wizard": {"action_refund"},
            "payment.provider": {"action_test_paypal"},
            "payment.transaction": {
                "action_kavi_ask_gateway",
                "action_kavi_capture",
                "action_kavi_complete",
                "action_kavi_drop_return",
                "action_kavi_give_up",
                "action_kavi_note",
                "action_kavi_refund",
                "action_kavi_retry_refund",
                "action_kavi_void",
                "action_open_bills",
                "action_open_entries",
            },
            "res.config.settings": {
                "action_open_billing_provider",
                "action_register_billing_webhook",
                "action_test_billing_provider",
            },
        }
        overridden = {
            "kavi.bill.refund.wizard": {"action_refund"},
            "kavi.bill.cancel.wizard": {"action_cancel_bills"},
            "account.move": {"button_draft", "button_cancel"},
            "account.payment": {
                "create",
                "write",
                "action_refund_wizard",
                "action_draft",
                "action_cancel",
                "action_reject",
            },
            "payment.provider": {"action_paypal_create_webhook", "write"},
            "payment.transaction": {"create", "write"},
            "res.company": {"write"},
        }
        for name, model in self.env.registry.items():
            ours = set()
            for part in model.mro():
                if part.__module__.startswith("odoo.addons.kavi_commerce."):
                    ours |= {
                        attribute
                        for attribute, value in vars(part).items()
                        if callable(value) and not attribute.startswith("_")
                    }
            ours -= overridden.get(name, set())
            self.assertEqual(ours - {"init"}, known.get(name, set()), name)

    def test_access_buttons_take_their_role(self):
        """Each button, by somebody whose role is too low."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        for role, model, method, ids in (
            ("user", "kavi.bill", "action_ask_gateway", bill.ids),
            ("user", "payment.transaction", "action_kavi_ask_gateway", tx.ids),
            ("user", "payment.transaction", "action_kavi_capture", tx.ids),
            ("user", "payment.transaction", "action_kavi_void", tx.ids),
            ("officer", "payment.transaction", "action_kavi_give_up", tx.ids),
            ("officer", "payment.provider", "action_test_paypal", self.provider.ids),
            (
                "officer",
                "payment.provider",
                "action_paypal_create_webhook",
                self.provider.ids,
            ),
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                self.rpc(role, model, method, ids)
        for method, args in (
            ("_kavi_refund", [10]),
            ("_kavi_complete", [True]),
            ("_paypal_process_order", []),
            ("_refund", [10]),
            ("_set_done", []),
            ("_cron_purge", []),
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                self.rpc("administrator", "payment.transaction", method, tx.ids, *args)

    def test_webhook_takes_https(self):
        """KC-37: refused without a certificate, with the reason."""
        provider = self.provider
        params = self.env["ir.config_parameter"].sudo()
        params.set_param("web.base.url", "http://shop.example.com")
        with self.refused("https"):
            provider.action_paypal_create_webhook()
        params.set_param("web.base.url", "https://shop.example.com")
        provider.action_paypal_create_webhook()
        self.assertIn(provider.paypal_webhook_id, self.paypal.webhooks.registered)
        # pressed again: the same address, once
        provider.action_paypal_create_webhook()
        self.assertEqual(
            list(self.paypal.webhooks.registered), [provider.paypal_webhook_id]
        )

    def test_test_of_the_connection(self):
        """Says what it found: there, refused, or no answer."""
        for fault, kind in ((None, "success"), (401, "danger"), (503, "danger")):
            if fault:
                self.paypal.fail("oauth.token", fault)
            with self.subTest(fault=fault):
                answer = self.provider.action_test_paypal()
                self.assertEqual(answer["params"]["type"], kind)
        # the stand-in counts in test mode, and on this machine, only
        self.assertEqual(self.provider._paypal_get_api_url(), self.paypal.url)
        self.provider.state = "enabled"
        self.assertIn("paypal.com", self.provider._paypal_get_api_url())
        self.provider.state = "test"
        self.env["ir.config_parameter"].sudo().set_param(
            "kavi_commerce.paypal_test_url", "http://evil.example"
        )
        self.assertIn("paypal.com", self.provider._paypal_get_api_url())
