"""Each way in by HTTP refuses what may not be paid: nothing is started, and the gateway
is not asked."""

from odoo import http
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import CommerceCommon

SEVERAL = "/my/billing/pay/card"
EVIL = "https://evil.example/x"


@tagged("post_install", "-at_install")
class TestCardRoutes(HttpCase, CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer = cls._new_user("payer", "base.group_portal")
        cls.payer.partner_id.parent_id = cls.account
        cls.account.billing_admin_ids = cls.payer.partner_id
        cls.env["ir.config_parameter"].set_param(
            "account_payment.enable_portal_payment", "True"
        )

    def setUp(self):
        super().setUp()
        self.bill, self.other = self.issued(100), self.issued(50)

    def post(self, path, **vals):
        csrf = http.Request.csrf_token(self)
        return self.url_open(
            path, data={"csrf_token": csrf, **vals}, allow_redirects=False
        )

    def call(self, path, **params):
        """What a JSON route answers; {"error": ...} where it raises."""
        with mute_logger("odoo.http"):
            try:
                return self.make_jsonrpc_request(path, params)
            except JsonRpcException as error:
                return {"error": str(error)}

    def ways_in(self, bill):
        """Each route by which the payment of a bill, alone and with another one, can be
        asked for; called with what the payer sends besides."""
        pair = [bill.id, self.other.id]
        return {
            "pay": lambda **vals: self.post(f"/my/bills/{bill.id}/pay", **vals),
            "order": lambda **vals: self.call(f"/my/bills/{bill.id}/pay/order", **vals),
            "several": lambda **vals: self.post(SEVERAL, bill=pair, **vals),
            "several order": lambda **vals: self.call(
                f"{SEVERAL}/order", bill=pair, **vals
            ),
        }

    def assertRefused(self, bill, routes=None, **vals):
        """On every way, in both flows."""
        known = self.transactions.search([])
        for name, ask in self.ways_in(bill).items():
            if routes and name not in routes:
                continue
            # the buttons' routes are open where the provider has them only
            flow = "buttons" if "order" in name else "redirect"
            self.provider.kavi_checkout_flow = flow
            self.env.flush_all()
            with self.subTest(route=name, **vals):
                answer = ask(**vals)
                if isinstance(answer, dict):
                    self.assertTrue(answer["error"])
                else:
                    self.assertIn(answer.status_code, (200, 303, 404))
                    self.assertNotIn("/checkoutnow", answer.headers.get("Location", ""))
                self.env.invalidate_all()
                self.assertEqual(self.transactions.search([]), known)
        self.assertFalse(self.paypal.calls("orders.create"))

    def test_bad_input_bills_on_every_route(self):
        """KC-38: what is not open, or not the payer's."""
        self.authenticate("kavi_payer", "kavi_payer")
        paid, canceled, frozen = (self.issued(100) for __ in range(3))
        self.pay(paid | frozen)
        frozen._freeze()
        self.cancel(canceled)
        foreign = self.issued(
            100,
            partner_id=self.env["res.partner"]
            .create({"name": "Stranger", "is_billing_account": True})
            .id,
        )
        for name, bill in (
            ("paid", paid),
            ("canceled", canceled),
            ("frozen", frozen),
            ("draft", self.draft(100)),
            ("foreign", foreign),
        ):
            with self.subTest(bill=name):
                self.assertRefused(bill)
        # the same routes take what is open
        for name, ask in self.ways_in(self.bill).items():
            if "order" not in name:
                self.provider.kavi_checkout_flow = "redirect"
                self.env.flush_all()
                self.assertIn("/checkoutnow", ask().headers["Location"], name)

    def test_bad_input_amounts_on_every_route(self):
        """Of one bill only: several are paid whole, whatever is sent."""
        self.authenticate("kavi_payer", "kavi_payer")
        for amount in ("-5", "0", "0.001", "100.01", "99999", "nan", "1e400", "x"):
            self.assertRefused(self.bill, routes=("pay", "order"), amount=amount)
        self.provider.kavi_checkout_flow = "redirect"
        self.env.flush_all()
        self.ways_in(self.bill)["several"](amount="1")
        self.env.invalidate_all()
        self.assertEqual(self.bill.sudo().transaction_ids.amount, 150)

    def test_bad_input_provider_on_every_route(self):
        """Disabled, not published, of another company; the payer names none."""
        self.authenticate("kavi_payer", "kavi_payer")
        foreign = self._provider("paypal", self._new_company("Other Ltd"))
        for vals in (
            {"state": "disabled", "is_published": False},
            {"state": "test", "is_published": False},
        ):
            self.provider.write(vals)
            self.assertRefused(self.bill, provider_id=str(foreign.id))
        self.provider.write({"is_published": True})
        self.provider.maximum_amount = 20
        self.assertRefused(self.bill)

    def test_bad_input_landing_route_on_every_route(self):
        """One comes back to the page of the bill, whatever is asked for."""
        self.authenticate("kavi_payer", "kavi_payer")
        for name, ask in self.ways_in(self.bill).items():
            flow = "buttons" if "order" in name else "redirect"
            self.provider.kavi_checkout_flow = flow
            self.env.flush_all()
            with self.subTest(route=name):
                ask(landing_route=EVIL, return_url=EVIL)
                self.env.invalidate_all()
                tx = self.bill.sudo().transaction_ids.sorted("id")[-1]
                self.assertTrue(tx.sudo().landing_route.startswith("/my/bill"))
                self.assertNotIn("evil", str(tx._prepare_order()))
                answer = self.url_open(
                    "/kavi/paypal/cancel",
                    params={**self.way_back(tx), "landing_route": EVIL},
                    allow_redirects=False,
                )
                self.assertNotIn("evil", answer.headers["Location"])

    def test_bad_input_when_coming_back(self):
        """Paid, canceled or switched off since, or another's order: not captured, by
        the redirect's route nor by the buttons'."""
        self.authenticate(None, None)
        for flow in ("redirect", "buttons"):
            for name in ("paid", "canceled", "disabled"):
                bill = self.issued(100)
                tx = self.start(bill, flow=flow)
                self.approve(tx)
                if name == "paid":
                    self.register_payment(self.invoice(bill))
                elif name == "canceled":
                    self.reverse(self.invoice(bill), modify=True)
                else:
                    self.provider.state = "disabled"
                self.env.flush_all()
                with self.subTest(flow=flow, bill=name):
                    if flow == "redirect":
                        self.url_open("/kavi/paypal/return", params=self.way_back(tx))
                    else:
                        self.complete(tx.paypal_order_id, tx.reference)
                    self.env.invalidate_all()
                    self.assertEqual(tx.state, "cancel")
                    self.assertIn("Nothing was charged", tx.state_message)
                self.provider.state = "test"
        tx, other = self.start(self.bill), self.start(self.other)
        self.approve(tx)
        self.env.flush_all()
        self.complete(other.paypal_order_id, tx.reference)
        self.complete("NOBODYS", tx.reference)
        self.env.invalidate_all()
        self.assertEqual(tx.state, "draft")
        self.assertFalse(self.paypal.ledger.entries())

    def complete(self, order_id, reference):
        return self.call(
            "/payment/paypal/complete_order", order_id=order_id, reference=reference
        )

    def test_bad_input_invoice_of_a_bill(self):
        """Odoo's own ways to pay an invoice lead past the bill's guards: they are shut
        for the invoices of bills, and open for all others."""
        invoice = self.invoice(self.bill)
        self.assertFalse(invoice._has_to_be_paid())
        self.assertIn(self.bill.name, invoice._get_online_payment_error())
        self.authenticate("kavi_payer", "kavi_payer")
        known = self.transactions.search([])
        asked = {
            "provider_id": self.provider.id,
            "payment_method_id": self.provider._get_card_payment_method().id,
            "token_id": None,
            "amount": 100.0,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": "/my",
        }
        token = invoice._portal_ensure_token()
        path = f"/invoice/transaction/{invoice.id}"
        self.env.flush_all()
        answer = self.call(path, access_token=token, **asked)
        self.assertTrue(answer["error"])
        self.env.invalidate_all()
        self.assertEqual(self.transactions.search([]), known)
        with self.refused(self.bill.name, error=ValidationError):
            self.transactions.create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": asked["payment_method_id"],
                    "reference": "X-1",
                    "amount": 100,
                    "currency_id": invoice.currency_id.id,
                    "partner_id": self.account.id,
                    "invoice_ids": [Command.set(invoice.ids)],
                }
            )

    def test_bad_input_overdue_invoices(self):
        """Those that Odoo's portal has paid together are not those of bills."""
        person = self._new_user("person", "base.group_portal").partner_id
        with self.at("2020-01-01 12:00:00"):
            bill = self.issued(100, partner_id=person.id)
        invoice = self.invoice(bill)
        plain = invoice.copy({"invoice_date": "2020-01-01"})
        plain.action_post()
        self.assertEqual(plain.partner_id, person)
        self.env.flush_all()
        self.authenticate("kavi_person", "kavi_person")
        page = self.url_open("/my/invoices/overdue").text
        self.assertIn(plain.name, page)
        self.assertNotIn(invoice.name, page)

    def test_access_context_by_json_rpc(self):
        """A client that names the transaction in its context is refused, and pays
        nothing."""
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(self.bill)
        login = self.users["officer"].login
        self.authenticate(login, login)
        context = {
            "active_model": "kavi.bill",
            "active_ids": self.bill.ids,
            "kavi_transaction_id": tx.id,
            "kavi_transaction_line_id": tx.kavi_line_ids.id,
        }

        def act(method, *args):
            return self.call(
                "/web/dataset/call_kw",
                model="kavi.bill.payment.wizard",
                method=method,
                args=args,
                kwargs={"context": context},
            )

        wizard = act("create", {"method_id": self.check.id})
        if not isinstance(wizard, dict):
            wizard = act("action_complete_payment", [wizard])
        self.assertIn("UserError", wizard["error"])
        self.env.invalidate_all()
        self.assertEqual(tx.state, "pending")
        self.assertBill(self.bill, "new", amount_paid=0.0)
        self.refresh(tx)
        self.assertBill(self.bill, "paid")
