"""What a caller puts into the context opens nothing, and reaches no entry."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from .common import CommerceCommon

# Odoo's keys that change what is created, matched or checked, and one of nobody's.
HOSTILE = {
    "check_move_validity": False,
    "default_fee_move_id": 1,
    "default_is_post_processed": True,
    "default_move_type": "out_refund",
    "default_payment_type": "outbound",
    "default_provider_reference": "FORGED",
    "default_reversal_date": "2026-01-01",
    "default_state": "done",
    "dynamic_unlink": True,
    "skip_account_move_synchronization": True,
    "skip_invoice_sync": True,
    "told_by_the_caller": True,
}


@tagged("post_install", "-at_install")
class TestCardContext(CommerceCommon):
    def act(self, bills, act, method, context, **vals):
        """A wizard of the bill, as an officer's client calls it."""
        context = {
            "active_model": "kavi.bill",
            "active_ids": bills.ids,
            **context,
        }
        self.env.flush_all()
        self.env.invalidate_all()
        model = f"kavi.bill.{act}.wizard"
        wizard = self.rpc("officer", model, "create", [vals], context=context)
        result = self.rpc("officer", model, method, wizard, context=context)
        self.env.flush_all()
        self.env.invalidate_all()
        return result

    def forged(self, tx):
        """Contexts that name a transaction's ids, in whatever shape a client can."""
        line = tx.kavi_line_ids.id
        yield {"kavi_transaction_line_id": line}
        yield {"kavi_transaction_id": tx.id}
        yield {"kavi_transaction_id": tx.id, "kavi_transaction_line_id": line}
        yield {"kavi_transaction_line_id": [line]}
        yield {"kavi_transaction_line_id": {"value": line}}
        yield {"kavi_transaction_line_id": True, "kavi_act": True}

    def gateway_payments(self, txs, kind):
        return self.env["account.payment"].search(
            [("payment_transaction_id", "in", txs.ids), ("payment_type", "=", kind)]
        )

    @contextmanager
    def entries_watched(self):
        """No entry is created, posted or matched in the caller's context."""
        reached = set()

        def watch(model, name):
            original = getattr(type(self.env[model]), name)

            def watched(records, *args, **kwargs):
                if "told_by_the_caller" in records.env.context:
                    reached.add((model, name))
                return original(records, *args, **kwargs)

            return patch.object(type(self.env[model]), name, watched)

        with (
            watch("account.move", "create"),
            watch("account.move", "_post"),
            watch("account.move.line", "reconcile"),
            watch("account.payment", "create"),
            watch("account.payment", "action_post"),
            watch("payment.transaction", "create"),
        ):
            yield
        self.assertFalse(reached)

    def test_access_context_pays_no_bill_that_awaits(self):
        """An officer who names the transaction does not get past Awaiting Gateway."""
        bill = self.issued(100)
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(bill)
        self.assertEqual(tx.state, "pending")
        for context in self.forged(tx):
            with self.subTest(context=context), self.refused("Awaiting Gateway"):
                self.act(
                    bill,
                    "payment",
                    "action_complete_payment",
                    context,
                    method_id=self.check.id,
                )
        self.assertFalse(tx.kavi_line_ids.payment_id)
        self.assertBill(bill, "new", amount_paid=0.0)
        self.refresh(tx)
        self.assertBill(bill, "paid")
        self.assertLedgers(bill)

    def test_access_context_cancels_at_the_gateway_only(self):
        """Canceled with the transaction named: the gateway is asked all the same, and
        the books do not say that it has refunded."""
        for context in self.forged(self.pay_by_card(self.issued(50))):
            bill = self.issued(100)
            tx = self.pay_by_card(bill)
            if "kavi_transaction_id" in context:
                context["kavi_transaction_id"] = tx.id
            if isinstance(context.get("kavi_transaction_line_id"), int):
                context["kavi_transaction_line_id"] = tx.kavi_line_ids.id
            with self.subTest(context=context):
                self.act(bill, "cancel", "action_cancel_bills", context, reason="x")
                refund = tx.child_transaction_ids
                self.assertEqual(refund.kavi_state, "pending_return")
                self.assertFalse(self.gateway_payments(tx + refund, "outbound"))
                refund._kavi_send()
                self.assertEqual(refund.kavi_state, "returned")
                self.assertEqual(len(self.gateway_payments(refund, "outbound")), 1)

    def test_access_context_links_no_refund_to_the_gateway(self):
        """Refunded by check with the transaction named: no payment of the gateway's."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        (context, *__) = self.forged(tx)
        self.act(
            bill,
            "refund",
            "action_refund",
            context,
            method_id=self.check.id,
            amount=40,
        )
        self.assertBill(bill, "refunded", refund_amount=40.0)
        self.assertFalse(tx.child_transaction_ids)
        self.assertFalse(self.gateway_payments(tx, "outbound"))

    def test_access_hostile_context_charges_as_any(self):
        """Asked for, captured and booked as without it, the fee included."""
        plain, bill = self.issued(100), self.issued(100)
        expected = self.pay_by_card(plain)
        with self.entries_watched():
            self.act(bill, "card", "action_pay_by_card", HOSTILE)
            tx = bill.sudo().transaction_ids
            self.assertEqual((tx.state, tx.is_post_processed), ("draft", False))
            self.assertEqual(tx.provider_reference, tx.paypal_order_id)
            self.assertFalse(tx.reversal_date or tx.fee_move_id)
            self.approve(tx)
            self.rpc(
                "officer", "kavi.bill", "action_ask_gateway", bill.ids, context=HOSTILE
            )
        self.assertBill(bill, "paid", amount_paid=100.0)
        for made in ("kavi_line_ids.payment_id.move_id", "fee_move_id"):
            with self.subTest(made=made):
                self.assertEqual(
                    self.entries(tx.mapped(made)), self.entries(expected.mapped(made))
                )
        self.assertLedgers(plain, bill)

    def test_access_hostile_context_refunds_as_any(self):
        """A refund is asked for, not made; its entries are those of any refund."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        with self.entries_watched():
            self.act(bill, "refund", "action_refund", HOSTILE, amount=30)
            refund = tx.child_transaction_ids
            self.assertEqual(refund.state, "pending")
            self.rpc(
                "officer",
                "payment.transaction",
                "action_kavi_ask_gateway",
                refund.ids,
                context=HOSTILE,
            )
        self.assertEqual(refund.state, "done")
        self.assertBill(bill, "refunded", refund_amount=30.0)
        self.assertLedgers(bill)

    def test_access_hostile_context_captures_as_any(self):
        """Authorized first: Odoo's button and ours send a capture, and no more."""
        self.provider.kavi_intent = "AUTHORIZE"
        for method in ("action_capture", "action_kavi_capture"):
            bill = self.issued(100)
            tx = self.pay_by_card(bill)
            self.assertEqual(tx.state, "authorized")
            officer = self.users["officer"]
            officer.group_ids = [
                Command.link(self.env.ref("account.group_account_invoice").id)
            ]
            with self.subTest(method=method), self.entries_watched():
                self.rpc(
                    "officer", "payment.transaction", method, tx.ids, context=HOSTILE
                )
                part = tx.child_transaction_ids
                self.assertEqual(part.state, "pending")
                part._kavi_send()
                self.assertEqual(part.state, "done")
                self.assertBill(bill, "paid")
