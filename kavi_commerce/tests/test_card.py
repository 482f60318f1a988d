"""Paying bills by card: from the button to the entries (issue part 1, 5)."""

from lxml import etree

from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestCard(CommerceCommon):
    def test_bill_is_paid_by_card(self):
        """KC-11, KC-12: a bill in full; state, entries, fee and ids."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.assertEqual(tx.state, "draft")
        self.assertTrue(tx.order_id)
        self.assertEqual(bill.order_id, tx.order_id)
        self.assertIn(tx.paypal_order_id, tx.approve_url)
        self.assertBill(bill, "new", gateway_status=False)
        self.approve(tx)
        self.come_back(tx)
        self.assertEqual((tx.state, tx.kavi_state), ("done", "charged"))
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertEqual(bill.payment_method_id, self.card)
        self.assertNotEqual(tx.paypal_capture_id, tx.paypal_order_id)
        self.assertEqual(tx.card_last_digits, "1111")
        self.assertLedgers(bill)
        payment = self.payments(bill)
        self.assertEqual(payment.payment_transaction_id, tx)
        self.assertEqual(payment.journal_id, self.provider.journal_id)
        # the entries: 100 outstanding, 3.20 of it the gateway's
        self.assertAlmostEqual(tx.gateway_fee, 3.20)
        self.assertEqual(
            self.entries(payment.move_id | tx.fee_move_id),
            {"asset_current": 96.8, "asset_receivable": -100.0, "expense": 3.2},
        )
        self.assertEqual(float(self.paypal.ledger.net("USD")), 96.8)

    def test_receipt_at_once(self):
        """KC-12: as soon as the money is there, once, however often it is told."""
        self.account.email = "office@acme.example"
        self.company.billing_email_from = "billing@kavi.example"
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        self.paypal.fail("orders.capture", "drop_after")
        self.come_back(tx)
        notices = self.env["kavi.notice"].search([("bill_id", "=", bill.id)])
        self.assertNotIn("receipt", notices.mapped("event"))
        self.refresh(tx)
        self.receive(*self.events())
        notices = self.env["kavi.notice"].search(
            [("bill_id", "=", bill.id), ("event", "=", "receipt")]
        )
        self.assertEqual(notices.mapped("state"), ["queued"])

    def test_officer_pays_for_an_account(self):
        """By the window of the bill, or of several in the list: on to the gateway, and
        back to where the officer was."""
        bills = self.issued(100) | self.issued(50)
        for chosen, amount, landing in (
            (bills[0], 40, f"/odoo/kavi-bills/{bills[0].id}"),
            (bills, None, "/odoo/kavi-bills"),
        ):
            vals = {"bill_ids": [Command.set(chosen.ids)]}
            if amount:
                vals["amount"] = amount
            wizard = (
                self.as_user("officer")["kavi.bill.card.wizard"]
                .with_context(active_model="kavi.bill", active_ids=chosen.ids)
                .create(vals)
            )
            self.assertTrue(wizard.is_test)
            action = wizard.action_pay_by_card()
            tx = chosen.sudo().transaction_ids.sorted("id")[-1]
            self.assertEqual(action["url"], tx.approve_url)
            self.assertEqual(tx.sudo().landing_route, landing)
            self.assertEqual(tx.amount, amount or 110)
            self.approve(tx)
            self.come_back(tx)
        self.assertEqual(set(bills.mapped("state")), {"paid"})
        self.assertLedgers(*bills)
        with self.refused():
            wizard.action_pay_by_card()

    def test_table_of_moves(self):
        """KC-02: from each of the seven states, only the moves of the table."""
        moves = {
            "draft": {"pending", "authorized", "done", "cancel", "error"},
            "pending": {"authorized", "done", "cancel", "error"},
            "authorized": {"done", "cancel", "error"},
            "done": set(),
            "cancel": set(),
            "error": {"done"},  # the money came all the same
        }
        tx = self.start(self.issued(100))
        vals = tx.copy_data()[0]
        setters = {
            "pending": lambda tx: tx._set_pending(),
            "authorized": lambda tx: tx._set_authorized(),
            "done": lambda tx: tx._set_done(),
            "cancel": lambda tx: tx._set_canceled(),
            "error": lambda tx: tx._set_error("x"),
        }
        for state, allowed in moves.items():
            for target, setter in setters.items():
                line = {"bill_id": tx.bill_ids.id, "amount": 100}
                other = self.transactions.create(
                    {
                        **vals,
                        "reference": f"{state}-{target}",
                        "state": state,
                        "kavi_line_ids": [Command.create(line)],
                    }
                )
                with mute_logger("odoo.addons.payment.models.payment_transaction"):
                    setter(other)
                with self.subTest(state=state, target=target):
                    self.assertEqual(
                        other.state, target if target in allowed else state
                    )

    def test_notes_join_the_messages(self):
        """KC-09: an officer's, scrubbed; nobody writes an empty one."""
        tx = self.pay_by_card(self.issued(100))
        Wizard = self.as_user("officer")["kavi.transaction.note.wizard"]
        note = "Card 4111 1111 1111 1111 was charged twice"
        Wizard.create({"transaction_id": tx.id, "note": note}).action_note()
        message = tx.gateway_message_ids.sorted("id")[-1]
        self.assertEqual((message.direction, message.status), ("note", "Charged"))
        self.assertNotIn("4111 1111", message.text)
        self.assertEqual(message.user_id, self.officer)
        with self.refused():
            Wizard.create({"transaction_id": tx.id, "note": " "}).action_note()
        with self.refused(error=AccessError):
            self.as_user("user")["kavi.transaction.note.wizard"].create(
                {"transaction_id": tx.id, "note": "x"}
            ).action_note()

    def test_search_of_transactions(self):
        """KC-07, KC-21: by a part of any of the ids, holder and account; all of it
        together."""
        tx, other = self.pay_by_card(self.issued(100)), self.start(self.issued(50))
        view = self.env.ref("kavi_commerce.view_kavi_transaction_search").arch
        Transaction = self.as_user("user")["payment.transaction"]
        for field, text in (
            ("order_id", tx.order_id[3:]),
            ("provider_reference", tx.paypal_capture_id[2:9]),
            ("provider_reference", tx.paypal_order_id[2:9].lower()),
            ("payer_name", tx.payer_name[1:5]),
            ("payer_name", "payer@"),
            ("kavi_line_ids", tx.bill_ids.name[-4:]),
            ("card_last_digits", "111"),
        ):
            (node,) = etree.fromstring(view).xpath(f"//field[@name='{field}']")
            domain = node.get("filter_domain")
            domain = (
                safe_eval(domain, {"self": text})
                if domain
                else [(field, "ilike", text)]
            )
            with self.subTest(field=field, text=text):
                self.assertEqual(
                    Transaction.search(
                        Domain(domain) & Domain("id", "in", (tx | other).ids)
                    ),
                    tx,
                )

    def test_bills_paid_together(self):
        """Several bills in one checkout, each in its books."""
        bills = self.issued(100) | self.issued(50.5)
        tx = self.pay_by_card(bills)
        self.assertEqual(tx.amount, 150.5)
        self.assertEqual(set(bills.mapped("state")), {"paid"})
        self.assertEqual(set(bills.mapped("order_id")), {tx.order_id})
        self.assertLedgers(*bills)

    def test_part_is_paid(self):
        """A part of a bill; then the rest, in an order of its own."""
        bill = self.issued(100)
        first = self.pay_by_card(bill, {bill: 40})
        self.assertBill(bill, "new", is_partly_paid=True, amount_due=60.0)
        second = self.pay_by_card(bill)
        self.assertEqual(second.amount, 60)
        self.assertNotEqual(first.order_id, second.order_id)
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertLedgers(bill)

    def test_surcharge_is_charged_and_booked(self):
        """KB-53: the surcharge is in the order, and in the books as it was agreed."""
        self.card.surcharge_percent = 3
        bill = self.issued(100)
        tx = self.start(bill)
        self.assertEqual(tx.amount, 103)
        self.assertEqual(
            (tx.kavi_line_ids.amount, tx.kavi_line_ids.surcharge), (100, 3)
        )
        self.card.surcharge_percent = 10  # changed meanwhile
        self.approve(tx)
        self.come_back(tx)
        self.assertBill(bill, "paid", amount_paid=103.0, surcharge_booked=3.0)
        self.assertLedgers(bill)

    def test_declined_then_another_card(self):
        """KC-03, KC-13, KC-15: Failed Charge is final; a new try is a new transaction
        of the same order."""
        bill = self.issued(100)
        first = self.pay_by_card(bill, source="declined")
        self.assertEqual((first.state, first.kavi_state), ("error", "failed_charge"))
        self.assertIn("declined", first.state_message)
        self.assertBill(bill, "new", gateway_status="failed")
        self.assertIn("failed_gateway", bill._get_flags())
        self.assertIn(bill, self.bills.search([("gateway_status", "=", "failed")]))
        second = self.pay_by_card(bill)
        self.assertNotEqual(first, second)
        self.assertEqual(first.order_id, second.order_id)
        self.assertBill(bill, "paid", gateway_status=False)
        self.assertLedgers(bill)

    def test_pending_bill_is_new_while_its_card_is_undecided(self):
        """D-13: what was promised before is New underneath."""
        bill = self.issued(100)
        self.choose(bill)
        self.assertBill(bill, "pending")
        self.paypal.fail("orders.capture", "pending")
        self.pay_by_card(bill)
        self.assertBill(bill, "new", gateway_status="awaiting")
        self.assertIn("awaiting_gateway", bill._get_flags())

    def test_turning_back(self):
        """The payer turns back at the gateway: nothing is charged, all is open."""
        bill = self.issued(100)
        tx = self.start(bill)
        tx._kavi_cancel_checkout()
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "new", gateway_status=False)
        self.choose(bill)
        self.assertBill(bill, "pending")

    def test_another_way_closes_the_checkout(self):
        """What is settled otherwise is not charged when the payer comes back."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        self.pay(bill)
        self.come_back(tx)
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertFalse(self.paypal.ledger.entries())

    def test_messages_are_kept(self):
        """KC-08: direction, status, debug id; nothing secret among them."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        messages = tx.gateway_message_ids
        self.assertLessEqual({"sent", "received"}, set(messages.mapped("direction")))
        self.assertTrue(any(messages.mapped("debug_id")))
        self.assertIn("Charged", messages.mapped("status"))
        everything = " ".join(filter(None, messages.mapped("detail")))
        self.assertNotIn(self.paypal.client_secret, everything)
        self.assertNotIn("Bearer", everything)

    def test_manual_mode(self):
        """KC-29, KC-30: an administrator plays the gateway; nothing goes back by it."""
        self.provider.state = "disabled"
        manual = self._provider("kavi_manual", self.company)
        bill = self.issued(100)
        tx = bill._pay_by_card(manual)
        self.assertEqual(tx._kavi_open_checkout(), "")
        self.assertEqual(tx.kavi_state, "pending_charge")
        self.assertIn("awaiting_gateway", bill._get_flags())
        administrator = self.as_user("administrator")["payment.transaction"]
        administrator.browse(tx.id)._kavi_complete(False, "No funds")
        self.assertEqual(tx.kavi_state, "failed_charge")
        second = bill._pay_by_card(manual)
        second._kavi_open_checkout()
        administrator.browse(second.id)._kavi_complete(True)
        self.assertBill(bill, "paid", amount_paid=100.0)
        with self.refused("manual mode"):
            second._kavi_refund(10)
        # on the bill, it is a manual refund
        self.give_back(bill, 30)
        self.assertBill(bill, "refunded", refund_amount=30.0)
        with self.refused("test mode"), self.cr.savepoint():
            manual.state = "enabled"

    def test_authorize_then_capture_in_parts(self):
        """Authorized first; a part is captured, the rest is given up."""
        self.provider.kavi_intent = "AUTHORIZE"
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.assertEqual((tx.state, tx.kavi_state), ("authorized", "pending_charge"))
        self.assertIn("awaiting_gateway", bill._get_flags())
        part = tx._capture(60)
        part._kavi_send()
        self.assertEqual(part.state, "done")
        rest = tx._void(40)
        rest._kavi_send()
        self.env.flush_all()
        self.assertEqual((rest.state, tx.state), ("cancel", "done"))
        self.assertBill(bill, "new", amount_paid=60.0, gateway_status=False)
        self.assertLedgers(bill)
