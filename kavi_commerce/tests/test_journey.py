"""In a browser, through the gateway's page and back."""

import json
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from .common import CommerceCommon

CLOSED = "the payer has closed the window"
# On the gateway's pages the payer does one of the acts after the other: card, button.
PAYER = """
    addEventListener("DOMContentLoaded", () => {
        if (location.origin !== %(gateway)s) return;
        const form = document.querySelector("form");
        if (!form) return console.log(%(closed)s);
        const number = Number(sessionStorage.number || 0);
        sessionStorage.number = number + 1;
        const [card, act] = %(acts)s[number];
        form.querySelector(`[name=source][value=${card}]`).click();
        form.querySelector(`[name=act][value=${act}]`).click();
    });
"""


class JourneyCase(HttpCase, CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer = cls._new_user("payer", "base.group_portal")
        cls.payer.partner_id.parent_id = cls.account
        cls.account.billing_admin_ids = cls.payer.partner_id

    def setUp(self):
        super().setUp()
        self.acts = [("visa", "approve")]

    def authenticate(self, *args, browser=None, **kwargs):
        result = super().authenticate(*args, browser=browser, **kwargs)
        if browser:
            script = PAYER % {
                "gateway": json.dumps(self.paypal.url),
                "closed": json.dumps(CLOSED),
                "acts": json.dumps(self.acts),
            }
            browser._websocket_request(
                "Page.addScriptToEvaluateOnNewDocument", params={"source": script}
            )
        return result

    def walk(self, bill, tour, **kwargs):
        """As who has the link in the mail."""
        tour = f"kavi_commerce_journey_{tour}"
        self.start_tour(self.payer_path(bill), tour, **kwargs)
        self.env.invalidate_all()

    def transactions_of(self, bill):
        return bill.sudo().transaction_ids.sorted("id")

    def pay_by_link(self):
        self.card.surcharge_fixed = 3.0
        bill = self.issued(100)
        self.walk(bill, "link")
        self.assertBill(bill, "paid", surcharge_booked=3.0)
        self.assertEqual(bill.payment_method_id, self.card)
        self.assertLedgers(bill)

    def issue_two(self):
        sails = self.issued(110, title="New sails")
        return sails | self.issued(40, title="Berth")

    def assertPaidTogether(self, bills):
        self.env.invalidate_all()
        for bill in bills:
            self.assertBill(bill, "paid")
        self.assertEqual(len(bills.sudo().transaction_ids), 1)
        self.assertLedgers(*bills)


@tagged("post_install", "-at_install")
class TestCardJourney(JourneyCase):
    def test_journey_by_link(self):
        """KC-01, KC-20: with a surcharge, to the gateway's page, back: the receipt."""
        self.pay_by_link()

    def test_journey_declined_then_other_card(self):
        """Refused on the gateway's page, then when charged; the third one goes."""
        self.acts = [("visa", "refuse"), ("declined", "approve"), ("visa", "approve")]
        bill = self.issued(100)
        self.walk(bill, "declined")
        self.assertEqual(self.transactions_of(bill).mapped("state"), ["error", "done"])
        self.assertEqual(len(set(self.transactions_of(bill).mapped("order_id"))), 1)
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)

    def test_journey_window_closed_after_approval(self):
        """F-04: nobody comes back; the resolver takes what was agreed to."""
        self.acts = [("visa", "close")]
        bill = self.issued(100)
        self.browser_js(
            self.payer_path(bill).replace("?", "/pay?"),
            "document.querySelector('.o_kavi_billing form button').click()",
            ready="Boolean(document.querySelector('.o_kavi_billing form button'))",
            success_signal=CLOSED,
        )
        self.env.invalidate_all()
        tx = self.transactions_of(bill)
        self.assertEqual(tx.state, "draft")
        self.assertBill(bill, "new", amount_due=100.0)
        self.refresh(tx)
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)
        self.walk(bill, "paid")

    def test_journey_two_bills(self):
        """Both by one payment, with a log-in."""
        bills = self.issue_two()
        self.start_tour(
            "/my/billing", "kavi_commerce_journey_two_bills", login="kavi_payer"
        )
        self.assertPaidTogether(bills)

    def test_journey_refund(self):
        """An officer refunds the bill; the gateway gives it back, the bill shows it."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        # a test's transaction is never committed: what comes after that, comes at once
        send = patch.object(
            type(self.transactions),
            "_kavi_send_after_commit",
            lambda txs: txs.sudo()._kavi_send(),
        )
        self.env.flush_all()
        with send:
            self.start_tour(
                f"/odoo/kavi-bills/{bill.id}",
                "kavi_commerce_journey_refund",
                login="kavi_officer",
            )
        self.env.invalidate_all()
        self.assertBill(bill, "refunded", refund_amount=40.0)
        refunds = self.paypal.ledger.entries(kind="refund")
        self.assertEqual([float(entry.gross) for entry in refunds], [-40.0])
        self.assertLedgers(bill)


@tagged("post_install", "-at_install")
class TestCardJourneyPhone(JourneyCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_journey_on_a_phone_by_link(self):
        """The same at 390 pixels, nothing of it out of the window."""
        self.pay_by_link()


@tagged("post_install", "-at_install")
class TestButtonsJourney(JourneyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.kavi_checkout_flow = "buttons"

    def test_journey_with_buttons(self):
        """Too much, window closed, declined, then paid; captured by the server only."""
        bill = self.issued(100)
        self.walk(bill, "buttons")
        txs = self.transactions_of(bill)
        self.assertEqual(set(txs.mapped("operation")), {"online_direct"})
        self.assertEqual(txs.mapped("state")[-1], "done")
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)
        captures = self.paypal.ledger.entries(kind="capture")
        self.assertEqual(len(captures), 1)

    def test_journey_with_buttons_two_bills(self):
        """Both by one payment, with a log-in."""
        bills = self.issue_two()
        self.start_tour(
            "/my/billing",
            "kavi_commerce_journey_buttons_two_bills",
            login="kavi_payer",
        )
        self.assertPaidTogether(bills)
