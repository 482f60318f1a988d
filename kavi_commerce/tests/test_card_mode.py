"""Test and live are two worlds: fixed when a payment is begun, and asked at each use.

No money moves in test mode. So whatever was begun in test and not booked when the
company goes live comes to nothing: the bill is owed as before, and what is right is the
bill's own amount.
"""

from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from .common import TEST_URL, CommerceCommon

LIVE = "https://api-m.paypal.com"


@tagged("post_install", "-at_install")
class TestCardMode(HttpCase, CommerceCommon):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param(
            "web.base.url", "https://billing.example.com"
        )
        self.bill = self.issued(100)

    def go(self, state):
        self.provider.state = state
        self.env.flush_all()

    def asked(self):
        """How many requests the gateway on this machine has got."""
        return len(self.paypal.calls())

    def come_home(self, tx, way="return"):
        """The payer's browser, back from the gateway."""
        answer = self.url_open(f"/kavi/paypal/{way}", params=self.way_back(tx))
        self.env.invalidate_all()
        return answer.text

    # === A TEST, AND THE PROVIDER GOES LIVE === #

    def test_approved_in_test_and_come_back_live(self):
        """The order ends, a person reads why, nobody on this machine is asked, and the
        bill is owed: by the payer's browser."""
        tx = self.start(self.bill)
        self.approve(tx)
        self.go("enabled")
        asked = self.asked()
        text = self.come_home(tx)
        self.assertIn("this was a test", text)
        self.assertEqual(tx.state, "cancel")
        self.assertEqual(self.asked(), asked)
        self.assertBill(self.bill, "new", amount_due=100.0, amount_paid=0.0)

    def test_each_use_asks_for_the_mode(self):
        """Not by going live alone: an attempt that somebody else worked on at that
        moment, so that it did not end, is refused at each use."""
        uses = {
            "return": lambda tx: tx._paypal_process_order(),
            "capture": lambda tx: tx._paypal_capture_order({"status": "APPROVED"}),
            "job": lambda tx: tx._try_refresh_from_gateway(),
            "checkout": self.refused_checkout,
        }
        for name, use in uses.items():
            bill = self.issued(100)
            tx = self.start(bill)
            self.approve(tx)
            with patch.object(type(tx), "_end_with_mode", lambda self: self.browse()):
                self.go("enabled")
            self.assertEqual(tx.state, "draft")
            asked = self.asked()
            with self.subTest(use=name):
                use(tx)
                self.assertEqual(tx.state, "cancel")
                self.assertEqual(self.asked(), asked)
                self.assertBill(bill, "new", amount_due=100.0)
            self.go("test")

    def refused_checkout(self, tx):
        with self.assertRaisesRegex(Exception, "this was a test"):
            tx._kavi_open_checkout()

    def test_pending_in_test(self):
        """Its capture was asked for in test: it ends, and the job asks nobody."""
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(self.bill)
        self.assertEqual(tx.state, "pending")
        self.go("enabled")
        asked = self.asked()
        self.assertEqual(tx.state, "cancel")
        self.refresh(tx)
        self.assertEqual(self.asked(), asked)
        self.assertFalse(tx.next_check_date)
        self.assertBill(self.bill, "new", amount_due=100.0)

    def test_charged_in_test_and_not_booked(self):
        """Done at the gateway, its entries not made yet: none are made."""
        with patch.object(type(self.transactions), "_try_post_process"):
            tx = self.pay_by_card(self.bill)
        self.assertEqual((tx.state, tx.is_post_processed), ("done", False))
        with patch.object(type(tx), "_end_with_mode", lambda self: self.browse()):
            self.go("enabled")
        tx._cron_post_process()
        self.assertEqual(tx.state, "cancel")
        self.assertFalse(tx.kavi_line_ids.payment_id)
        self.assertBill(self.bill, "new", amount_due=100.0)

    def test_event_of_a_test(self):
        """An event about a test moves nothing when live, whoever it was signed by."""
        tx = self.start(self.bill)
        self.approve(tx)
        self.charge_elsewhere(tx)
        self.go("enabled")
        self.receive(*self.events())
        self.assertEqual(tx.state, "cancel")
        self.assertBill(self.bill, "new", amount_due=100.0)
        found = self.env["kavi.gateway.event"].sudo().search([])
        self.assertEqual(set(found.mapped("state")), {"ignored"})

    def test_manual_mode_of_a_live_company(self):
        """Manual processing is a test, too: over once a gateway is live."""
        manual = self._provider("kavi_manual", self.company)
        tx = self.bill._pay_by_card(manual)
        tx._kavi_open_checkout()
        with patch.object(type(tx), "_end_with_mode", lambda self: self.browse()):
            self.go("enabled")
        self.assertEqual(tx.state, "pending")
        with self.refused("this was a test"):
            tx._kavi_complete(True)
        self.go("test")
        self.go("enabled")
        self.assertEqual(tx.state, "cancel")
        self.assertBill(self.bill, "new", amount_due=100.0)

    def test_refund_of_a_test(self):
        """Nothing goes back that never came."""
        tx = self.pay_by_card(self.bill)
        self.go("enabled")
        with self.refused("charged in test mode"):
            tx._kavi_refund(10)

    # === THE OTHER WAY ROUND === #

    def test_live_and_the_provider_goes_to_test(self):
        """An open live order ends; one whose capture was asked for is still looked up,
        for its money may have moved, and live."""
        self.go("enabled")
        other = self.issued(50)
        with patch.object(type(self.transactions), "_kavi_open_checkout"):
            draft = self.bill._pay_by_card(self.provider)
            pending = other._pay_by_card(self.provider)
        pending._set_pending()
        self.assertTrue(draft.is_live and pending.is_live)
        self.go("test")
        self.assertEqual((draft.state, pending.state), ("cancel", "pending"))
        self.assertIn("live payment", draft.payer_message)
        self.assertEqual(pending._get_paypal_client().base_url, LIVE)
        # what belongs to it is live, whatever the provider is today
        child = pending._create_child_transaction(10, is_refund=True)
        self.assertTrue(child.is_live)

    def test_take_up(self):
        """The payer who begins again when live gets a live order, not the test's."""
        test = self.bill._pay_by_card(self.provider)
        with patch.object(type(test), "_end_with_mode", lambda self: self.browse()):
            self.go("enabled")
        live = self.bill._pay_by_card(self.provider)
        self.assertNotEqual(live, test)
        self.assertTrue(live.is_live)
        self.assertEqual(test.state, "cancel")

    # === CREDENTIALS === #

    def test_live_credentials_go_to_paypal_only(self):
        """Whatever the parameter says, in each state after live; and the token that
        PayPal gave to live credentials is forgotten with the mode."""
        self.provider._store_paypal_token("SANDBOX-TOKEN", 900)
        self.go("enabled")
        self.assertFalse(self.provider.paypal_access_token)
        self.assertTrue(self.env["ir.config_parameter"].get_param(TEST_URL))
        asked = self.asked()
        self.assertEqual(self.provider._get_paypal_client().base_url, LIVE)
        self.go("disabled")
        self.assertEqual(self.provider._get_paypal_client().base_url, LIVE)
        self.go("enabled")
        # PayPal has taken them as live ones
        self.provider._store_paypal_token("LIVE-TOKEN", 900)
        self.go("test")
        self.assertFalse(self.provider.paypal_access_token)
        with self.refused("credentials of live payments"):
            self.provider._get_paypal_client()
        self.assertEqual(self.asked(), asked)
        # the sandbox's own
        self.provider.paypal_client_id = "sandbox"
        self.assertEqual(self.provider._get_paypal_client().base_url, self.paypal.url)
