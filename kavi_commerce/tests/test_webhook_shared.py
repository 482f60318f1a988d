"""Companies that are paid into one PayPal account have one webhook."""

import json

from werkzeug.datastructures import Headers

from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestWebhookShared(CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls._provider("paypal", cls._new_company("Second Ltd"))

    def setUp(self):
        super().setUp()
        # nothing is registered yet
        self.env["payment.provider"].search([]).paypal_webhook_id = False
        for provider in self.provider | self.second:
            provider.write(
                {
                    "paypal_access_token": False,
                    "paypal_access_token_expiry": "1970-01-01",
                }
            )

    def register(self, provider):
        provider.action_paypal_create_webhook()
        return provider.paypal_webhook_id

    def bill_of(self, provider):
        company = provider.company_id
        if company == self.company:
            return self.issued(100)
        # of a company that the officer is not in
        Bill = self.env["kavi.bill"].sudo().with_company(company)
        bill = Bill.create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Payer"}).id,
                "title": "Fee",
                "amount": 100,
                "company_id": company.id,
            }
        )
        bill.action_issue()
        return bill

    def checkout(self, provider):
        """An order that a payer of this provider's company has approved."""
        bill = self.bill_of(provider).with_company(provider.company_id)
        tx = bill._pay_by_card(provider)
        tx._kavi_open_checkout()
        self.approve(tx)
        return tx

    def receive_signed(self, tx):
        """What PayPal delivers about a transaction: the answers, one a delivery."""
        answers = []
        Event = self.env["kavi.gateway.event"].sudo()
        for delivery in self.paypal.webhooks.waiting:
            if tx.reference not in delivery.raw.decode():
                continue
            headers = Headers(self.paypal.webhooks.sign(delivery))
            answers.append(Event._receive(delivery.raw, headers))
        return answers

    def test_registering_the_second_leaves_the_first(self):
        """One webhook at PayPal; both companies' events are taken, each as its own."""
        first = self.register(self.provider)
        self.assertEqual(self.register(self.second), first)
        self.assertEqual(self.provider.paypal_webhook_id, first)
        self.assertEqual(list(self.paypal.webhooks.registered), [first])
        for provider in (self.provider, self.second):
            tx = self.checkout(provider)
            self.assertEqual(self.receive_signed(tx), ["stored"])
            event = self.env["kavi.gateway.event"].search(
                [("transaction_id", "=", tx.id)]
            )
            self.assertEqual(event.company_id, provider.company_id)
            event._process()
            self.assertEqual((event.state, tx.state), ("done", "done"))
            self.assertBill(tx.bill_ids, "paid")

    def test_second_company_never_registered(self):
        """The account's webhook is told of its payments all the same."""
        self.register(self.provider)
        self.second.paypal_webhook_id = False
        self.assertEqual(self.receive_signed(self.checkout(self.second)), ["stored"])

    def test_each_has_an_id_of_its_own(self):
        """Registered under two addresses, as before: an event comes twice, is signed
        for either, and is one event."""
        ids = []
        client = self.provider._get_paypal_client()
        for provider, host in ((self.provider, "one"), (self.second, "two")):
            url = f"http://{host}.example/payment/paypal/webhook"
            ids.append(client.create_webhook(url, ["*"])["id"])
            provider.paypal_webhook_id = ids[-1]
        tx = self.checkout(self.second)
        self.assertEqual(self.receive_signed(tx), ["stored", "known"])

    def test_webhook_that_is_told_of_too_little(self):
        """It gives way to a new one, for all who share it."""
        first = self.register(self.provider)
        self.paypal.webhooks.registered[first]["event_types"] = [
            {"name": "CHECKOUT.ORDER.APPROVED"}
        ]
        new = self.register(self.second)
        self.assertNotEqual(new, first)
        self.assertEqual(self.provider.paypal_webhook_id, new)
        self.assertEqual(list(self.paypal.webhooks.registered), [new])

    def test_another_account(self):
        """Another client id, or the other environment, shares nothing."""
        kept = {"paypal_client_id": self.paypal.client_id, "state": "test"}
        for vals in ({"paypal_client_id": "another"}, {"state": "enabled"}):
            with self.subTest(**vals):
                self.second.write(vals)
                self.register(self.provider)
                self.assertFalse(self.second.paypal_webhook_id)
                self.assertFalse(self.second._get_paypal_webhook_ids())
                self.second.write(kept)
        # once it is of the same account, it is served, registered or not
        self.assertEqual(
            self.second._get_paypal_webhook_ids(), [self.provider.paypal_webhook_id]
        )

    def test_event_about_nothing_of_ours(self):
        """Verified once for each webhook, and stored for one of the account's."""
        self.register(self.provider)
        self.register(self.second)
        self.paypal.emit("CHECKOUT.ORDER.APPROVED", {"id": "NOBODYS"})
        delivery = self.paypal.webhooks.waiting[-1]
        Event = self.env["kavi.gateway.event"].sudo()
        headers = Headers(self.paypal.webhooks.sign(delivery))
        self.assertEqual(Event._receive(delivery.raw, headers), "stored")
        self.assertEqual(len(self.paypal.calls("webhooks.verify")), 1)
        self.assertEqual(Event._receive(delivery.raw, headers), "known")
        forged = json.dumps({**delivery.event, "id": "WH-FORGED"}).encode()
        self.assertEqual(Event._receive(forged, headers), "refused")
