"""Unknown is a state: asked again on a ladder, until it is known or a person looks."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import LockError, UserError
from odoo.fields import Command
from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.payment_transaction import turn
from ..models.payment_transaction.sync import RETRY_DELAYS
from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestResolver(CommerceCommon):
    def run_cron(self, name="resolve"):
        cron = self.env.ref(f"kavi_commerce.cron_{name}")
        with (
            self.enter_registry_test_mode(),
            mute_logger("odoo.addons.base.models.ir_cron"),
        ):
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()

    def make_due(self, txs):
        txs.next_check_date = "2020-01-01 00:00:00"
        self.env.flush_all()

    def test_ladder(self):
        """After 5 minutes, 1 hour, then daily for 5 days; then people are told."""
        self.assertEqual(RETRY_DELAYS, (5, 60, *[1440] * 5))
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(bill)
        self.paypal.fail("orders.get", 503, count=None)
        for step in range(1, len(RETRY_DELAYS)):
            self.make_due(tx)
            self.run_cron()
            self.assertEqual((tx.state, tx.check_step), ("pending", step))
            self.assertTrue(tx.next_check_date)
            self.assertFalse(bill.sudo().activity_ids)
        self.make_due(tx)
        self.run_cron()
        self.assertFalse(tx.next_check_date)
        self.assertTrue(bill.sudo().activity_ids)
        self.assertBill(bill, "new", gateway_status="awaiting")
        # a person asks, when the gateway is there again
        self.paypal.heal()
        tx.with_user(self.officer).action_kavi_ask_gateway()
        self.env.flush_all()
        self.assertBill(bill, "paid", gateway_status=False)
        self.assertLedgers(bill)

    def test_each_kind_of_unknown_is_resolved(self):
        """Charges, refunds, captures and voids of what was authorized."""
        charged, refunded, parts = (self.issued(100) for __ in range(3))
        self.paypal.fail("orders.capture", "drop_after")
        txs = self.pay_by_card(charged)
        whole = self.pay_by_card(refunded)
        self.paypal.fail("captures.refund", "drop_after")
        txs |= self.refund_by_card(refunded, 30)
        self.provider.kavi_intent = "AUTHORIZE"
        authorized = self.pay_by_card(parts)
        for act, amount in (("capture", 70), ("void", 30)):
            self.paypal.fail(f"authorizations.{act}", "drop_after")
            child = getattr(authorized, f"_{act}")(amount)
            child._kavi_send()
            txs |= child
        self.assertEqual(set(txs.mapped("state")), {"pending"})
        self.make_due(txs)
        self.run_cron()
        self.assertEqual([tx.state for tx in txs], ["done", "done", "done", "cancel"])
        self.assertEqual((whole.kavi_state, authorized.state), ("returned", "done"))
        self.assertBill(charged, "paid")
        self.assertBill(refunded, "refunded", refund_amount=30.0)
        self.assertBill(parts, "new", amount_paid=70.0)
        self.assertLedgers(charged, refunded, parts)

    def test_failure_13_job_of_odoo_books_in_turn(self):
        """Odoo's own job takes what is decided and not booked, as ours does; what the
        gateway has not answered it leaves alone, and a shop's is Odoo's."""
        booked, waiting = self.issued(100), self.issued(50)
        broken = patch.object(
            type(booked), "_post_payments", side_effect=ValueError("a broken journal")
        )
        with broken, self.quiet("models.payment_transaction.accounting"):
            tx = self.pay_by_card(booked)
        open_ = self.start(waiting)
        shop = open_.copy({"reference": "SHOP-2"})
        self.assertFalse(shop.kavi_line_ids)
        (tx | open_ | shop).last_state_change = fields.Datetime.now()
        with patch.object(self.cr, "commit", self.env.flush_all):
            self.transactions._cron_post_process()
        self.assertBill(booked, "paid")
        self.assertFalse(tx.post_process_error or open_.is_post_processed)
        self.assertTrue(shop.is_post_processed)

    def test_a_bad_one_is_set_aside(self):
        """One that cannot be resolved stops nobody else."""
        bills = [self.issued(100), self.issued(50)]
        self.paypal.fail("orders.capture", "drop_after", count=2)
        bad, good = (self.pay_by_card(bill) for bill in bills)
        self.make_due(bad | good)
        original = type(bad)._refresh_from_gateway

        def look_up(txs, again=False):
            if bad.id in txs.ids:
                raise ValueError("a broken record")
            return original(txs, again)

        with (
            patch.object(type(bad), "_refresh_from_gateway", look_up),
            self.quiet("models.payment_transaction.sync"),
        ):
            self.run_cron()
        self.assertEqual((bad.state, good.state), ("pending", "done"))
        self.assertEqual(bad.check_step, 1)

    def test_a_thousand_due_with_bad_ones(self):
        """Bad ones, even such as cannot be set aside, stop none of a thousand."""
        tx = self.start(self.issued(100))
        (vals,) = tx.copy_data()
        line = {"bill_id": tx.bill_ids.id, "amount": 100}
        many = self.transactions.create(
            [
                {
                    **vals,
                    "reference": f"MANY-{number}",
                    "next_check_date": "2020-01-01",
                    "kavi_line_ids": [Command.create(line)],
                }
                for number in range(1000)
            ]
        )
        looked_up, model = set(), type(tx)
        bad, worse, climb = many[3], many[500], model._schedule_next_check

        def look_up(txs, again=False):
            looked_up.update(txs.ids)
            if txs in bad | worse:
                raise ValueError("a broken record")

        def climb_or_fail(txs):
            if txs == worse:
                raise ValueError("a very broken record")
            return climb(txs)

        def go_on(*args, **kwargs):
            return 1.0  # seconds left for the job

        with (
            patch.object(model, "_refresh_from_gateway", look_up),
            patch.object(model, "_schedule_next_check", climb_or_fail),
            patch.object(model, "_rollback_to_known_state", lambda txs: None),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", go_on),
            self.quiet("models.payment_transaction.sync"),
        ):
            self.transactions._cron_resolve()
        self.assertGreaterEqual(looked_up, set(many.ids))
        self.assertEqual(set((many - worse).mapped("check_step")), {1})
        self.assertEqual(worse.check_step, 0)

    def test_failure_04_found_by_the_job(self):
        """Five minutes after the attempt, and anew after its order, the job looks."""
        bill = self.issued(100)
        with self.at("2026-03-01 10:00:00"):
            tx = bill._pay_by_card(self.provider)
        self.assertEqual(str(tx.next_check_date), "2026-03-01 10:05:00")
        with self.at("2026-03-01 10:04:00"):
            tx._kavi_open_checkout()
        self.assertEqual(str(tx.next_check_date), "2026-03-01 10:09:00")
        self.approve(tx)
        for minute, state in (("08", "draft"), ("10", "done")):
            with self.at(f"2026-03-01 10:{minute}:00"):
                self.env.flush_all()
                self.run_cron()
            self.assertEqual(tx.state, state)
        self.assertBill(bill, "paid")

    def test_failure_04_no_answer_closes_nothing(self):
        """Hours without the gateway: an order that the payer has approved meanwhile is
        captured when it is there again, not closed unseen."""
        for kind in (503, 401, "drop_before", "malformed"):
            with self.subTest(kind=kind):
                bill = self.issued(100)
                tx = self.start(bill)
                self.approve(tx)
                self.paypal.fail("orders.get", kind, count=None)
                for __ in range(4):
                    self.refresh(tx)
                    self.assertEqual(tx.state, "draft")
                self.paypal.heal()
                self.refresh(tx)
                self.assertBill(bill, "paid")

    def test_failure_05_money_on_its_way_for_what_was_given_up(self):
        """A capture that is pending for a checkout that was closed: awaited again; and
        the report finds what no event told."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        tx._kavi_cancel_checkout()
        self.paypal.fail("orders.capture", "pending", reason="ECHECK")
        self.charge_elsewhere(tx)
        self.receive(*self.events("PAYMENT.CAPTURE.PENDING"))
        self.assertEqual(tx.state, "pending")
        self.assertTrue(tx.next_check_date)
        self.assertBill(bill, "new", gateway_status="awaiting")
        # given up all the same, and nothing was told since
        tx.write({"state": "cancel", "next_check_date": False})
        self.paypal.settle(tx.paypal_capture_id)
        self.run_cron("compare_report")
        self.assertEqual(tx.kavi_state, "charged")
        self.assertLedgers(bill)

    def test_failure_13_busy_bill_is_booked_later(self):
        """Somebody else holds the bill: no alarm, and booked at the next look."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)

        def busy(bills, *args, **kwargs):
            raise UserError(bills.env._("Somebody is at it.")) from LockError("x")

        with patch.object(type(bill), "_complete_payment", busy):
            self.come_back(tx)
        self.assertEqual((tx.state, tx.is_post_processed), ("done", False))
        self.assertFalse(tx.post_process_error or bill.sudo().activity_ids)
        self.make_due(tx)
        self.run_cron()
        self.assertBill(bill, "paid")

    def test_concurrency_whose_turn_it_is(self):
        """Somebody else talks to the gateway about this charge for too long: a
        sentence, with a lock as its cause, so that it is tried again, without alarm."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        key = [turn.TURN, tx.id]
        with (
            db_connect(self.env.cr.dbname).cursor() as other,
            patch.object(turn, "PATIENCE", 0),
        ):
            other.execute("SELECT pg_advisory_lock(%s, %s)", key)
            with self.assertRaises(UserError) as refused:
                tx._refresh_from_gateway()
            self.assertIsInstance(refused.exception.__cause__, LockError)
            other.execute("SELECT pg_advisory_unlock(%s, %s)", key)
        tx._refresh_from_gateway()
        self.env.flush_all()
        self.assertBill(bill, "paid")

    def test_alert_is_mailed(self):
        """KC-32: to the alert address, else to billing's; nothing in it is markup."""
        tx = self.pay_by_card(self.issued(100))
        self.company.billing_email_from = "billing@example.com"
        tx._kavi_alert("Look", "<b>at this</b>")
        mails = self.env["mail.mail"].sudo()
        mail = mails.search([("subject", "=", "Look")])
        self.assertEqual(mail.email_to, "billing@example.com")
        self.assertNotIn("<b>at", str(mail.body_html))
        self.company.billing_gateway_alert_email = "treasurer@example.com"
        tx._kavi_alert("Look again", "please")
        mail = mails.search([("subject", "=", "Look again")])
        self.assertEqual(mail.email_to, "treasurer@example.com")

    def test_jobs_of_the_night(self):
        """Report and purge run as the jobs that they are."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(bill)
        self.run_cron("compare_report")
        self.assertBill(bill, "paid")
        self.env.cr.execute(
            "UPDATE payment_transaction SET last_state_change = '2020-01-01'"
            " WHERE id = %s",
            [tx.id],
        )
        self.env.invalidate_all()
        self.company.billing_gateway_purge_months = 0
        self.env.flush_all()
        self.run_cron("purge")
        self.assertFalse(tx.is_purged)
        self.company._set_purge_months(18, agreed=True)
        self.env.flush_all()
        self.run_cron("purge")
        self.assertTrue(tx.is_purged and bill.is_frozen)
        self.run_cron("events")

    def test_events_that_are_nobodys_are_purged(self):
        """They tell of payers too."""
        event = {"id": "WH-1", "event_type": "PAYMENT.SALE.COMPLETED", "resource": {}}
        self.receive(event)
        stored = self.env["kavi.gateway.event"].sudo().search([])
        self.assertEqual(stored.state, "ignored")
        self.run_cron("purge")
        self.assertTrue(stored.payload)
        self.env.cr.execute("UPDATE kavi_gateway_event SET create_date = '2020-01-01'")
        self.env.invalidate_all()
        self.run_cron("purge")
        self.assertFalse(stored.payload)

    def test_failure_04_gone_order_that_was_asked_for(self):
        """An order that is gone was never approved; not so, when its money was asked
        for already: then people look, and say so (D-14: unknown is a state)."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(bill)
        self.paypal.fail("orders.get", 404, issue="INVALID_RESOURCE_ID", count=None)
        with self.refused("still asked"):
            tx.action_kavi_give_up()
        for __ in RETRY_DELAYS:
            self.assertEqual(tx.state, "pending")
            self.refresh(tx)
        self.assertTrue(bill.sudo().activity_ids)
        self.assertTrue(tx.may_be_given_up)
        tx.with_user(self.users["administrator"]).action_kavi_give_up()
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "new", gateway_status=False)
        # they were wrong: the money is there, and nobody is charged again
        self.paypal.heal()
        self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)

    def test_failure_10_too_old_to_be_asked_for_again(self):
        """PayPal forgets the key of a refund: it would be given back twice."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.paypal.fail("captures.refund", "drop_after")
        refund = self.refund_by_card(bill, 30)
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '41 d'"
            " WHERE id = %s",
            [refund.id],
        )
        self.env.invalidate_all()
        for __ in RETRY_DELAYS:
            self.refresh(refund)
        self.assertEqual(len(self.paypal.calls("captures.refund")), 1)
        self.assertEqual(refund.state, "pending")
        refund.with_user(self.users["administrator"]).action_kavi_give_up()
        self.assertEqual(refund.kavi_state, "failed_return")
        self.assertBill(bill, "paid", gateway_status="failed")

    def test_failure_10_locked_out(self):
        """Credentials that are refused say nothing of what was asked before."""
        bill, other = self.issued(100), self.issued(100)
        self.pay_by_card(bill)
        self.paypal.fail("captures.refund", "drop_after")
        refund = self.refund_by_card(bill, 30)
        tx = self.start(other)
        self.approve(tx)
        for status in (401, 403):
            with self.subTest(status=status):
                self.paypal.fail("captures.refund", status, count=None)
                self.paypal.fail("orders.capture", status, count=None)
                self.come_back(tx)
                self.refresh(refund | tx)
                self.assertEqual((refund.state, tx.state), ("pending", "pending"))
                self.paypal.heal()
        self.assertEqual(len(other.sudo().activity_ids), 1)
        self.refresh(refund | tx)
        self.assertBill(bill, "refunded", refund_amount=30.0)
        self.assertBill(other, "paid")
        self.assertLedgers(bill, other)

    def test_asked_where_it_was_made(self):
        """A live payment is not sought in the sandbox when the provider is switched off
        or put to test; nor the other way round: nobody is asked about a test then."""
        tx = self.start(self.issued(100))
        self.assertEqual(tx._get_paypal_client().base_url, self.paypal.url)
        # the stand-in counts in test mode only
        self.provider.state = "disabled"
        self.assertIn("sandbox.paypal.com", tx._get_paypal_client().base_url)
        self.provider.state = "enabled"
        with self.refused("was a test"):
            tx._get_paypal_client()
        with patch.object(type(tx), "_kavi_open_checkout", lambda tx: ""):
            live = self.issued(100)._pay_by_card(self.provider)
        for state in ("disabled", "test", "enabled"):
            self.provider.state = state
            self.assertEqual(
                live._get_paypal_client().base_url, "https://api-m.paypal.com"
            )

    def test_failure_10_refund_fails_after_all(self):
        """Made, booked, and then it fails: people are told, once."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        refund = self.refund_by_card(bill, 30)
        answer = refund._get_paypal_client().get_refund(refund.paypal_refund_id)
        for __ in range(3):
            refund._paypal_apply_refund({**answer, "status": "FAILED"})
        self.assertEqual(refund.state, "done")
        self.assertEqual(len(bill.sudo().activity_ids), 1)

    def test_concurrency_same_refund_by_two(self):
        """An event and the report tell of the same refund at once: the second one meets
        the first one's, whatever it has seen."""
        tx = self.pay_by_card(self.issued(100))
        vals = {"paypal_refund_id": "5AB12345CD678901E"}
        tx._create_child_transaction(10, is_refund=True, **vals)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            tx._create_child_transaction(10, is_refund=True, **vals)

    def test_report_from_where_it_was_read_last(self):
        """Not to be had for weeks: then from there; lines that fail are read again."""
        self.pay_by_card(self.issued(100))
        asked = []

        def listed(client, start, end):
            asked.append((end - start).days)
            return iter([{"transaction_id": "X"}])

        client = type(self.provider._get_paypal_client())
        with (
            patch.object(client, "list_transactions", listed),
            patch.object(
                type(self.transactions), "_find_reported_charge", lambda *args: ()
            ),
        ):
            self.transactions._cron_compare_report()
            now = self.provider.kavi_report_date
            self.assertTrue(now)
            self.provider.kavi_report_date = now - timedelta(days=20)
            with (
                patch.object(client, "list_transactions", listed),
                patch.object(
                    type(self.transactions),
                    "_find_reported_charge",
                    side_effect=ValueError("a broken line"),
                ),
                patch.object(
                    type(self.transactions), "_rollback_to_known_state", lambda tx: 0
                ),
                self.quiet("models.payment_transaction.paypal_report"),
            ):
                self.transactions._cron_compare_report()
            self.assertEqual(self.provider.kavi_report_date, now - timedelta(days=20))
            self.transactions._cron_compare_report()
            self.assertGreaterEqual(self.provider.kavi_report_date, now)
        self.assertEqual(asked, [3, 23, 23])

    def test_authorized_ones_are_looked_at(self):
        """What was authorized and has run out is not waited for."""
        self.provider.kavi_intent = "AUTHORIZE"
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        client = tx._get_paypal_client()
        client.void_authorization(tx.paypal_authorization_id, "on PayPal's site")
        self.run_cron("compare_report")
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "new", gateway_status=False)
