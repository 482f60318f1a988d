"""What may not be paid by card is refused, on every path."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestCardGuards(CommerceCommon):
    def test_bad_input_bills_and_amounts(self):
        """KC-38: paid, canceled, draft; wrong, negative, too much, no number."""
        paid, canceled = self.issued(100), self.issued(100)
        self.pay(paid)
        self.cancel(canceled)
        for bill in (paid, canceled, self.draft(100), self.bills.browse()):
            with self.refused():
                bill._pay_by_card(self.provider)
        bill = self.issued(100)
        for amount in (-5, 0, 0.001, 100.01, 99999, float("nan"), float("inf"), "5"):
            with self.subTest(amount=amount), self.refused():
                bill._pay_by_card(self.provider, {bill: amount})
        self.company.billing_allow_part_payment = False
        with self.refused("in full"):
            bill._pay_by_card(self.provider, {bill: 10})
        self.assertFalse(bill.sudo().transaction_ids)

    def test_bad_input_provider(self):
        """Disabled, of another company, unpublished, another currency, too much."""
        bill = self.issued(100)
        self.provider.state = "disabled"
        with self.refused("switched off"):
            bill._pay_by_card(self.provider)
        self.provider.state = "test"
        other = self._new_company("Other Ltd")
        foreign = self._provider("paypal", other)
        with self.refused("Other Ltd"):
            bill._pay_by_card(foreign)
        self.provider.is_published = False
        portal = self._new_user("payer", "base.group_portal")
        with self.refused("not offered"):
            bill.with_user(portal).sudo()._pay_by_card(self.provider)
        self.provider.is_published = True
        self.provider.maximum_amount = 50
        with self.refused("not available"):
            bill._pay_by_card(self.provider)
        self.provider.maximum_amount = 0
        dinar = self.env.ref("base.KWD")
        dinar.active = True
        with self.refused("KWD"):
            self.issued(100, currency_id=dinar.id)._pay_by_card(self.provider)

    def test_card_takes_a_certificate(self):
        """KC-37: no live card payment by http; the settings say why."""
        params = self.env["ir.config_parameter"].sudo()
        bill = self.issued(100)
        settings = self.env["res.config.settings"].create({})
        settings.company_id = self.company
        for url, state, is_offered in (
            ("http://shop.example.com", "test", True),
            ("http://shop.example.com", "enabled", False),
            ("https://shop.example.com", "enabled", True),
        ):
            params.set_param("web.base.url", url)
            self.provider.state = state
            settings.invalidate_recordset()
            with self.subTest(url=url, state=state):
                self.assertEqual(bool(bill._get_card_provider()), is_offered)
                self.assertEqual(
                    bool(settings.billing_provider_problem), not is_offered
                )
                if not is_offered:
                    with self.refused("certificate"):
                        bill._pay_by_card(self.provider)

    def test_bad_input_landing_route(self):
        """A payer does not come back to another site."""
        bill = self.issued(100)
        for route in (
            "https://evil.example/x",
            "//evil.example",
            "/\\evil.example",
            "evil",
            "javascript:alert(1)",
            "/my\nLocation: x",
        ):
            with self.subTest(route=route), self.refused("page of this site"):
                bill._pay_by_card(self.provider, landing_route=route)
        tx = bill._pay_by_card(self.provider, landing_route="/my/bills/1?x=y")
        self.assertEqual(tx.sudo().landing_route, "/my/bills/1?x=y")

    def test_access_roles(self):
        """Users see, officers pay and refund; nobody writes what the gateway says."""
        bill = self.issued(100)
        with self.refused(error=AccessError):
            bill.with_user(self.users["user"])._pay_by_card(self.provider)
        tx = self.pay_by_card(bill)
        as_user = self.as_user("user")["payment.transaction"].browse(tx.id)
        self.assertEqual(as_user.kavi_state, "charged")
        with self.refused(error=AccessError):
            as_user._kavi_refund(10)
        with self.refused(error=AccessError):
            as_user.action_kavi_ask_gateway()
        accountant = self.as_user("accountant")["payment.transaction"].browse(tx.id)
        for vals in ({"state": "cancel"}, {"amount": 1.0}, {"paypal_capture_id": "X"}):
            with self.subTest(vals=vals), self.refused("gateway"):
                accountant.write(vals)
        with self.refused(error=UserError):
            tx.unlink()
        for model, vals in (
            ("kavi.transaction.bill", {"amount": 1}),
            ("kavi.gateway.message", {"text": "x"}),
        ):
            record = self.as_user("officer")[model].search([], limit=1)
            with self.subTest(model=model), self.refused(error=AccessError):
                record.write(vals)
        with self.refused("follows"):
            self.draft(5).write({"gateway_status": "failed"})

    def test_access_other_company(self):
        """Transactions of another company are not seen."""
        tx = self.pay_by_card(self.issued(100))
        other = self._new_company("Other Ltd")
        stranger = self._new_user(
            "stranger",
            "kavi_billing.group_billing_administrator",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        found = self.env["payment.transaction"].with_user(stranger)
        self.assertNotIn(
            tx, found.with_context(allowed_company_ids=other.ids).search([])
        )

    def test_failure_12_acts_while_awaiting(self):
        """KC-16: nothing is paid, given back or canceled while it is not known."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(bill)
        self.assertEqual(tx.state, "pending")
        for act in (
            "pay_by_card",
            "complete_payment",
            "choose_method",
            "cancel",
            "change_amount",
        ):
            with self.subTest(act=act), self.refused("Awaiting Gateway"):
                bill._check_act(act)
        self.refresh(tx)
        self.assertBill(bill, "paid")
