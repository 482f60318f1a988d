"""Guards of the failures between the gateway's answer and the books, each alone: see
``test_failure_guards`` (F-13 to F-16)."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.fields import Command
from odoo.tests import tagged

from ..models.payment_transaction.base import PaymentTransaction
from ..models.payment_transaction.sync import RETRY_DELAYS
from ..models.payment_transaction.turn import PaymentTransaction as Turn
from .test_failure_books import ACCOUNTING, BooksCommon


@tagged("post_install", "-at_install")
class TestBookingGuards(BooksCommon):
    def broken(self, after=False):
        """Booking fails, before anything is made or after all is."""
        model = type(self.bills)
        original = model._post_payments

        def fail(*args, **kwargs):
            if after:
                original(*args, **kwargs)
            raise ValueError("a broken journal")

        return patch.object(model, "_post_payments", fail)

    def test_failure_13_all_entries_or_none(self):
        """It fails in the midst: nothing of it stays, and it is told once."""
        self.card.surcharge_fixed = 3
        bill = self.issued(100)
        moves = self.env["account.move"].search_count([])
        with self.broken(after=True), self.quiet(ACCOUNTING):
            tx = self.pay_by_card(bill)
            for __ in range(2):
                self.refresh(tx)
        self.assertEqual(self.env["account.move"].search_count([]), moves)
        self.assertEqual(self.told(bill), ["A card payment is not booked yet"])
        self.assertEqual(self.alerts(tx), self.told(bill))
        self.assertBill(bill, "new", gateway_status="awaiting", amount_due=100.0)
        # nobody is charged again, nor is it given back: by whatever way they come
        order = tx._get_paypal_client().get_order(tx.paypal_order_id)
        with self.broken(), self.quiet(ACCOUNTING):
            asked = len(self.paypal.calls("orders.get"))
            self.come_back(tx)
            self.assertEqual(len(self.paypal.calls("orders.get")), asked)
            tx._paypal_capture_order(order, again=True)
        self.assertEqual(len(self.paypal.calls("orders.capture")), 1)
        for act in ("pay_by_card", "complete_payment", "cancel", "refund"):
            with self.subTest(act=act), self.refused("Awaiting Gateway"):
                bill._check_act(act)

    def test_failure_13_whoever_comes_next_books_it(self):
        """The payer's return, a look-up, another one of the same charge; each once."""
        for way in ("return", "look", "family"):
            with self.subTest(way=way):
                bill = self.issued(100)
                with self.broken(), self.quiet(ACCOUNTING):
                    tx = self.pay_by_card(bill)
                if way == "return":
                    self.come_back(tx)
                elif way == "look":
                    self.refresh(tx)
                else:
                    child = tx._create_child_transaction(10, is_refund=True)
                    child._commit_and_post_process()
                self.assertBill(bill, "paid", amount_paid=100.0)
                tx.is_post_processed = False
                tx._commit_and_post_process()
                self.assertEqual(self.payments_of(tx), 1)

    def payments_of(self, tx):
        """How many payments it became, credits among them."""
        return self.env["account.payment"].search_count(
            [("payment_transaction_id", "=", tx.id)]
        )

    def test_failure_10_refund_is_booked_once(self):
        """However often it is gone through, like a charge."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        refund = self.refund_by_card(bill, 30)
        refund.is_post_processed = False
        refund._commit_and_post_process()
        self.assertEqual(self.payments_of(refund), 1)
        self.assertBill(bill, "refunded", refund_amount=30.0)

    def test_failure_13_told_again_when_it_is_long(self):
        """After the last of the first tries; and it is tried daily from then on."""
        bill = self.issued(100)
        with self.broken(), self.quiet(ACCOUNTING):
            tx = self.pay_by_card(bill)
            for __ in range(len(RETRY_DELAYS) + 3):
                self.refresh(tx)
                self.assertTrue(tx.next_check_date)
        self.assertEqual(
            self.told(bill),
            ["A card payment is not booked yet", "Card money is still not booked"],
        )

    def test_failure_13_others_at_work_are_no_failure(self):
        """A conflict is tried again at once, and by the job where it lasts: nobody is
        alarmed."""
        bill, other = self.issued(100), self.issued(50)
        model = type(bill)
        original, conflicts = model._post_payments, [1]

        def conflict(*args, **kwargs):
            if conflicts and conflicts.pop():
                raise SerializationFailure("somebody else")
            return original(*args, **kwargs)

        with patch.object(model, "_post_payments", conflict):
            self.pay_by_card(bill)
        self.assertBill(bill, "paid")
        conflicts[:] = [1] * 20
        sleep = "odoo.addons.kavi_commerce.models.payment_transaction.accounting.time"
        with patch.object(model, "_post_payments", conflict), patch(sleep):
            tx = self.pay_by_card(other)
        self.assertEqual((tx.state, tx.is_post_processed), ("done", False))
        self.assertFalse(tx.post_process_error or self.told(other))
        self.assertIn(tx, tx.search(tx._get_due_domain()))

    def test_failure_13_state_is_committed_before_booking(self):
        """What the gateway has answered outlives whatever booking does."""
        tx = self.start(self.issued(100))
        self.approve(tx)
        model, seen = type(tx), []
        original = model._post_process

        def commit(txs):
            txs.env.flush_all()
            seen.append((tx.state, "commit"))

        def book(txs):
            seen.append((tx.state, "book"))
            return original(txs)

        with (
            patch.object(model, "_kavi_commit", commit),
            patch.object(model, "_post_process", book),
        ):
            self.come_back(tx)
        first = seen.index(("done", "book"))
        self.assertIn(("done", "commit"), seen[:first])


@tagged("post_install", "-at_install")
class TestCommitGuards(BooksCommon):
    def commits(self, act, *endpoints):
        """Which of the two commits came with what state before each call of ``act``."""
        found, last = {}, {}
        client = type(self.provider._get_paypal_client())
        model = type(self.transactions)

        def noted(name):
            def commit(txs):
                txs.env.flush_all()
                txs.env.invalidate_all()
                last[name] = txs[:1].state
                last["order"] = [*last.get("order", ()), name]

            return patch.object(model, name, commit)

        def watched(name):
            original = getattr(client, name)

            def call(*args, **kwargs):
                found[name] = dict(last)
                return original(*args, **kwargs)

            return patch.object(client, name, call)

        with noted("_kavi_commit"), noted("_kavi_see_anew"):
            patches = [watched(name) for name in endpoints]
            for each in patches:
                each.start()
            try:
                act()
            finally:
                for each in patches:
                    each.stop()
        return found

    def test_failure_14_both_commits_before_the_call(self):
        """The intent is committed before the order is made, and before its money is
        asked for: there by itself, and by the end of the turn."""
        bill = self.issued(100)
        tx = bill._pay_by_card(self.provider)
        found = self.commits(tx._kavi_open_checkout, "create_order")["create_order"]
        self.assertEqual(found["_kavi_commit"], "draft")
        self.approve(tx)
        found = self.commits(tx._paypal_process_order, "capture_order")
        found = found["capture_order"]
        self.assertEqual(found["_kavi_commit"], "pending")
        self.assertEqual(found["_kavi_see_anew"], "pending")
        self.assertEqual(found["order"][-2:], ["_kavi_commit", "_kavi_see_anew"])

    def test_failure_14_commits_are_commits(self):
        """Flushed and committed, in both ways; not where an act is one database
        transaction as any other."""
        tx = self.start(self.issued(100))
        steps = []
        cron, env = type(self.env["ir.cron"]), type(self.env)
        flush = env.flush_all

        def flushed(env):
            steps.append("flush")
            return flush(env)

        def committed(*args, **kwargs):
            steps.append("commit")

        with (
            patch.object(cron, "_commit_progress", committed),
            patch.object(env, "flush_all", flushed),
        ):
            for commit in (PaymentTransaction._kavi_commit, Turn._kavi_see_anew):
                steps.clear()
                commit(tx)
                self.assertEqual(steps[:2], ["flush", "commit"])
            manual = self._provider("kavi_manual", self.company)
            bill = self.issued(100)
            other = bill._pay_by_card(manual)
            steps.clear()
            PaymentTransaction._kavi_commit(other)
            self.assertNotIn("commit", steps)

    def test_failure_14_whoever_dies_is_followed_by_the_job(self):
        """A refund or capture whose sender dies after the commit is in the job's list;
        so is a charge whose answer is never read."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.give_back(bill, 10)
        refund = tx.child_transaction_ids
        self.provider.kavi_intent = "AUTHORIZE"
        authorized = self.pay_by_card(self.issued(100))
        child = authorized._capture(70)
        self.provider.kavi_intent = "CAPTURE"
        asked = self.start(self.issued(100))
        self.approve(asked)
        asked.next_check_date = False
        self.paypal.fail("orders.capture", "drop_after")
        self.come_back(asked)
        self.assertFalse(self.paypal.calls("authorizations.capture"))
        self.assertFalse(self.paypal.calls("captures.refund"))
        with self.at("2100-01-01"):
            due = tx.search(tx._get_due_domain())
        for one in (refund, child, asked):
            self.assertEqual(one.state, "pending")
            self.assertIn(one, due)


@tagged("post_install", "-at_install")
class TestCurrencyGuards(BooksCommon):
    def currency(self, code):
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", code)])
        currency.active = True
        return currency

    def test_failure_15_three_decimals(self):
        """PayPal takes no dinars: not offered, not begun, not written."""
        dinar = self.currency("KWD")
        bill = self.issued(100, currency_id=dinar.id)
        for names_them in (True, False):
            if not names_them:  # the provider takes whatever PayPal takes
                self.provider.available_currency_ids = False
            self.assertFalse(bill._get_card_provider())
            with self.refused("does not take KWD"):
                bill._pay_by_card(self.provider)
        with self.refused("KWD"):
            self.provider._format_paypal_amount(1.5, dinar)
        self.assertFalse(self.paypal.calls())

    def test_failure_15_currencies_of_the_provider(self):
        """Fewer than PayPal takes, where somebody says so."""
        self.provider.available_currency_ids = self.currency("EUR")
        with self.refused("does not take USD"):
            self.issued(100)._pay_by_card(self.provider)

    def test_failure_15_each_request_by_the_table(self):
        """Also parts of what was authorized, and refunds."""
        yen = self.currency("JPY")
        bill = self.issued(1000, currency_id=yen.id)
        self.pay_by_card(bill)
        self.refund_by_card(bill, 400)
        self.assertBill(bill, "refunded", refund_amount=400.0)
        self.provider.kavi_intent = "AUTHORIZE"
        authorized = self.pay_by_card(self.issued(1000, currency_id=yen.id))
        child = authorized._capture(700)
        child._kavi_send()
        self.assertEqual(child.state, "done")
        for endpoint, value in (
            ("orders.create", "1000"),
            ("captures.refund", "400"),
            ("authorizations.capture", "700"),
        ):
            body = self.paypal.calls(endpoint)[0].request
            money = body.get("amount") or body["purchase_units"][0]["amount"]
            self.assertEqual(money, {"currency_code": "JPY", "value": value})


@tagged("post_install", "-at_install")
class TestSurchargeGuards(BooksCommon):
    def test_failure_16_another_surcharge_is_another_attempt(self):
        """The payer agrees to a sum: one that has changed is asked anew."""
        self.card.surcharge_fixed = 3
        bill = self.issued(100)
        first = self.start(bill)
        self.card.surcharge_fixed = 4
        other = self.start(bill)
        self.assertNotEqual(first, other)
        self.assertEqual((first.state, other.amount), ("cancel", 104))

    def test_failure_16_taxes_as_agreed(self):
        """What was charged had a tax, which the method has no more: it is booked."""
        tax = self.env["account.tax"].create(
            {
                "name": "On top",
                "amount": 10,
                "company_id": self.company.id,
                "country_id": self.company.account_fiscal_country_id.id,
            }
        )
        self.card.write(
            {"surcharge_fixed": 10, "surcharge_tax_ids": [Command.set(tax.ids)]}
        )
        bill = self.issued(100)
        tx = self.start(bill)
        self.assertEqual(tx.amount, 111)
        self.card.surcharge_tax_ids = False
        self.approve(tx)
        self.come_back(tx)
        self.assertBill(bill, "paid", amount_paid=111.0)
        surcharge = bill.sudo()._get_surcharge_moves()
        self.assertEqual((surcharge.amount_untaxed, surcharge.amount_tax), (10, 1))
