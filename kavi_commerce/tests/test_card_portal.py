"""The payer's way by HTTP: the page, the gateway, and back."""

import re

from odoo.tests import HttpCase, tagged

from .common import TEST_URL, CommerceCommon


@tagged("post_install", "-at_install")
class TestCardPortal(HttpCase, CommerceCommon):
    def setUp(self):
        super().setUp()
        self.bill = self.issued(100)
        self.token = self.bill.sudo()._portal_ensure_token()
        self.path = f"/my/bills/{self.bill.id}/pay"
        self.env.flush_all()

    def page(self, path=None, **query):
        query = "&".join(f"{key}={value}" for key, value in query.items())
        return self.url_open(f"{path or self.path}?{query}")

    def post(self, token=None, **vals):
        """Press the button of the page that the payer sees."""
        page = self.page(access_token=token or self.token)
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        vals = {
            "csrf_token": csrf and csrf[1],
            "access_token": token or self.token,
            **vals,
        }
        answer = self.url_open(self.path, data=vals, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def transaction(self):
        return self.bill.sudo().transaction_ids.sorted("id")[-1:]

    def test_payer_pays_by_the_link(self):
        """From the bill's page to the gateway's, and back: paid."""
        page = self.page(f"/my/bills/{self.bill.id}", access_token=self.token)
        self.assertIn("by card", page.text)
        answer = self.post()
        self.assertEqual(answer.status_code, 303)
        tx = self.transaction()
        self.assertEqual(answer.headers["Location"], tx.approve_url)
        self.approve(tx)
        answer = self.page("/kavi/paypal/return", **self.way_back(tx))
        self.assertIn(f"/my/bills/{self.bill.id}", answer.url)
        self.assertIn("Paid", answer.text)
        self.env.invalidate_all()
        self.assertBill(self.bill, "paid")
        # back again, reloaded: nothing more happens
        self.page("/kavi/paypal/return", **self.way_back(tx))
        self.env.invalidate_all()
        self.assertLedgers(self.bill)

    def test_payer_is_declined_and_turns_back(self):
        """The page says so; the bill is open again."""
        self.post()
        tx = self.transaction()
        self.approve(tx, "declined")
        answer = self.page("/kavi/paypal/return", **self.way_back(tx))
        self.assertIn("declined", answer.text)
        self.post()
        tx = self.transaction()
        self.page("/kavi/paypal/cancel", **self.way_back(tx))
        self.env.invalidate_all()
        self.assertEqual(tx.state, "cancel")
        self.assertBill(self.bill, "new", amount_due=100.0)

    def test_part_and_email(self):
        """A part of the bill, with the payer's address where it is collected."""
        self.company.billing_gateway_collect_email = True
        self.assertIn("e-mail address", self.post(amount="40", email="x").text)
        self.assertFalse(self.transaction())
        self.post(amount="40", email="payer@example.com")
        tx = self.transaction()
        self.assertEqual((tx.amount, tx.payer_email), (40, "payer@example.com"))

    def test_help_for_payers(self):
        """KC-20: the security code, refused cards, an amount that shows twice."""
        page = self.page(access_token=self.token)
        for question in (
            "Where is the security code?",
            "Why was my card declined?",
            "Why is an amount on my statement twice?",
        ):
            self.assertIn(question, page.text)

    def test_bad_input_by_http(self):
        """Wrong amounts, a foreign bill, a wrong token, an order that is nobody's."""
        for amount in ("-5", "0", "0.001", "101", "99999", "nan", "inf", "x"):
            with self.subTest(amount=amount):
                answer = self.post(amount=amount)
                self.assertEqual(answer.status_code, 200)
                self.assertIn("alert-danger", answer.text)
        self.assertFalse(self.transaction())
        for query in ({}, {"access_token": "wrong"}):
            self.assertNotIn("Continue to payment", self.page(**query).text)
        for token in ("", "NOBODYS", "x" * 200, "'"):
            for name in ("return", "cancel"):
                answer = self.page(f"/kavi/paypal/{name}", token=token)
                self.assertLess(answer.status_code, 400)
        self.provider.state = "disabled"
        self.env.flush_all()
        self.assertIn("not offered", self.page(access_token=self.token).text)
        page = self.page(f"/my/bills/{self.bill.id}", access_token=self.token)
        self.assertNotIn("by card", page.text)

    def test_bad_input_unapproved_return(self):
        """Who types the return address without paying gets nothing for it."""
        self.post()
        tx = self.transaction()
        self.page("/kavi/paypal/return", **self.way_back(tx))
        self.env.invalidate_all()
        self.assertEqual(tx.state, "draft")
        self.assertBill(self.bill, "new", amount_due=100.0)
        self.assertFalse(self.paypal.ledger.entries())

    def order(self, path=None, **params):
        """What PayPal's button asks our server for."""
        answer = self.url_open(
            f"{path or self.path}/order", json={"params": params}, method="POST"
        )
        self.env.invalidate_all()
        return answer.json()

    def test_buttons(self):
        """PayPal's script only where its buttons are; the order is made by us."""
        self.assertNotIn("/sdk/js", self.page(access_token=self.token).text)
        self.assertIn("Reload", self.order(access_token=self.token)["result"]["error"])
        self.provider.kavi_checkout_flow = "buttons"
        self.env["ir.config_parameter"].set_param(TEST_URL, False)
        page = self.page(access_token=self.token).text
        self.assertIn("https://www.paypal.com/sdk/js?client-id=", page)
        self.env["ir.config_parameter"].set_param(TEST_URL, self.paypal.url)
        page = self.page(access_token=self.token).text
        self.assertIn(f"{self.paypal.url}/sdk/js?client-id=", page)
        order = self.order(access_token=self.token, amount="40")["result"]
        tx = self.transaction()
        self.assertEqual(order["order_id"], tx.paypal_order_id)
        self.assertEqual((tx.amount, tx.operation), (40, "online_direct"))
        # pressed again: the same order
        self.assertEqual(
            self.order(access_token=self.token, amount="40")["result"], order
        )

    def test_manual_mode_gives_way(self):
        """Where a gateway is, nobody is sent to manual mode, whatever its place."""
        self._provider("kavi_manual", self.company, sequence=-1)
        self.assertEqual(self.bill._get_card_provider(), self.provider)
        self.provider.state = "disabled"
        manual = self.bill._get_card_provider()
        self.assertEqual(manual._get_bill_flow(), "manual")

    def test_bad_input_buttons(self):
        """No order for a foreign bill, a wrong amount, nor what is no list of bills."""
        self.provider.kavi_checkout_flow = "buttons"
        for params in ({}, {"access_token": "wrong"}, {"access_token": ["x"]}):
            with self.subTest(**params):
                self.assertIn("does not exist", self.order(**params)["result"]["error"])
        for amount in ("-5", "nan", "101", "x", [1], {"x": 1}):
            with self.subTest(amount=amount):
                answer = self.order(access_token=self.token, amount=amount)
                self.assertTrue(answer["result"]["error"])
        path = "/my/billing/pay/card"
        self.assertIn("error", self.order(path, bill=[self.bill.id]))  # no log-in
        self._new_user("stranger", "base.group_portal")
        self.authenticate("kavi_stranger", "kavi_stranger")
        for bill in ([self.bill.id], [], "x", None, [[1]], [{}], [str(10**20)]):
            with self.subTest(bill=bill):
                answer = self.order(path, bill=bill)
                self.assertIn("Choose", answer["result"]["error"])
        self.assertFalse(self.transaction())
        self.assertFalse(self.paypal.calls("orders.create"))
