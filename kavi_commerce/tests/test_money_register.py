"""The register of payments has what left no entry, too (BB-15); and the gateway's own
report is compared with the books in both directions (D-05)."""

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestMoneyRegister(CommerceCommon):
    def register(self, bill, role="user"):
        """What the register has of a bill: kinds and amounts, oldest first."""
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.as_user(role)["kavi.payment.report"].search(
            [("bill_id", "=", bill.id)]
        )
        return {
            row.kind: (row.amount_event or row.amount, row.order_id) for row in rows
        }

    def test_failed_charge(self):
        bill = self.issued(100)
        tx = self.pay_by_card(bill, source="declined")
        self.assertEqual(self.register(bill), {"failed_charge": (100.0, tx.order_id)})
        # the books have nothing of it
        rows = self.env["kavi.payment.report"].search([("bill_id", "=", bill.id)])
        self.assertEqual(sum(rows.mapped("amount")), 0)
        self.assertIn("declined", rows.label)
        self.assertFalse(self.env["account.move.line"].browse(rows.ids).exists())

    def test_failed_return(self):
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.paypal.fail("captures.refund", 422, issue="TRANSACTION_DISPUTED")
        self.refund_by_card(bill, 30)
        self.assertEqual(
            self.register(bill),
            {"payment": (100.0, tx.order_id), "failed_return": (30.0, tx.order_id)},
        )

    def test_voids(self):
        """By an officer, at the gateway, and of money that was held: each once."""
        own, outside, held = (self.issued(100) for __ in range(3))
        self.provider.kavi_intent = "AUTHORIZE"
        tx = self.pay_by_card(own)
        tx._void(100)._kavi_send()
        self.receive(*self.events("PAYMENT.AUTHORIZATION.VOIDED"))
        other = self.pay_by_card(outside)
        client = other._get_paypal_client()
        client.void_authorization(other.paypal_authorization_id, "on PayPal's site")
        self.refresh(other)
        for bill in (own, outside):
            self.assertEqual(set(self.register(bill)), {"void"})
            events = self.env["kavi.money.event"].sudo()
            found = events.search([("bill_id", "=", bill.id)])
            self.assertEqual(found.mapped("amount"), [100])
        # a payer who turns back has not moved anything
        self.provider.kavi_intent = "CAPTURE"
        self.start(held)._kavi_cancel_checkout()
        self.assertFalse(self.register(held))

    def test_dispute(self):
        """Opened and decided: a line each."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        dispute = self.paypal.open_dispute(tx.paypal_capture_id, 40)
        for __ in range(2):
            self.receive(*self.events())
        self.paypal.resolve_dispute(dispute, "RESOLVED_SELLER_FAVOUR")
        self.receive(*self.events())
        self.assertEqual(
            self.register(bill),
            {"payment": (100.0, tx.order_id), "dispute": (40.0, tx.order_id)},
        )
        rows = self.env["kavi.payment.report"].search(
            [("bill_id", "=", bill.id), ("kind", "=", "dispute")]
        )
        self.assertEqual(len(rows), 2)

    def test_charge_that_nobody_asked_for(self):
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        capture = tx._get_paypal_client().get_capture(tx.paypal_capture_id)
        for __ in range(2):
            tx._paypal_apply_capture({**capture, "id": "2AB34567CD890123E"})
        self.assertEqual(
            self.register(bill),
            {"payment": (100.0, tx.order_id), "unasked_charge": (100.0, tx.order_id)},
        )

    def test_access_to_the_register(self):
        """Found by order, downloaded, of one's own companies, written by nobody."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill, source="declined")
        self.env.flush_all()
        rows = self.as_user("user")["kavi.payment.report"].search(
            [("order_id", "=", tx.order_id)]
        )
        self.assertEqual(rows.kind, "failed_charge")
        columns = rows._get_report_columns()
        (line,) = rows._iter_report_rows([("id", "in", rows.ids)], columns)
        headers = [column.header for column in columns]
        found = dict(zip(headers, line, strict=True))
        self.assertEqual(found["Not Booked"], 100)
        self.assertEqual(found["Order ID"], tx.order_id)
        event = self.as_user("administrator")["kavi.money.event"].search(
            [("bill_id", "=", bill.id)]
        )
        with self.assertRaises(AccessError):
            event.copy()
        with self.assertRaises(AccessError):
            event.amount = 1
        company = self._new_company("Another")
        user = self._new_user(
            "elsewhere",
            "kavi_billing.group_billing_user",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        mine = self.as_user(user)
        for model in ("kavi.payment.report", "kavi.money.event"):
            self.assertFalse(
                mine[model]
                .with_context(allowed_company_ids=company.ids)
                .search([("bill_id", "=", bill.id)])
            )


@tagged("post_install", "-at_install")
class TestGatewayReport(CommerceCommon):
    """Surplus in our books: what the gateway's report does not have."""

    def setUp(self):
        super().setUp()
        self.bill = self.issued(100)
        self.tx = self.pay_by_card(self.bill)
        self.refund = self.refund_by_card(self.bill, 30)
        self.back(self.tx | self.refund)

    def back(self, txs, days=2):
        """It was so many days ago."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET"
            " create_date = create_date - %(days)s * interval '1 day',"
            " last_state_change = last_state_change - %(days)s * interval '1 day'"
            " WHERE id = ANY(%(ids)s)",
            {"days": days, "ids": txs.ids},
        )
        self.env.invalidate_all()

    def compare(self, change=None):
        """The gateway's report is compared.

        :return: what the administrators were told
        """
        now = fields.Datetime.now()
        start = fields.Datetime.subtract(now, days=3)
        rows = list(self.provider._get_paypal_client().list_transactions(start, now))
        self.assertGreaterEqual(len(rows), 2)
        rows = change(rows) if change else rows
        for __ in range(2):
            self.transactions._find_unreported(self.tx, rows, start, now)
        return self.bill.sudo().activity_ids

    def test_nothing_to_tell(self):
        self.assertFalse(self.compare())

    def test_the_report_does_not_have_it(self):
        """Charge and refund; the report of a charge of today may be late."""
        told = self.compare(lambda rows: rows[:1])
        self.assertEqual(len(told), 1)
        self.assertIn(self.refund.paypal_refund_id, told.note)
        self.assertNotIn(self.tx.paypal_capture_id, told.note)
        self.back(self.tx | self.refund, -2)
        other = self.issued(50)
        self.pay_by_card(other)
        self.compare(lambda rows: [])
        self.assertFalse(other.sudo().activity_ids)

    def test_the_report_has_another_amount(self):
        for value in ("99.99", "100.01"):

            def change(rows, value=value):
                return [
                    {
                        **row,
                        "transaction_amount": {
                            **row["transaction_amount"],
                            "value": value,
                        },
                    }
                    if row["transaction_id"] == self.tx.paypal_capture_id
                    else row
                    for row in rows
                ]

            with self.subTest(value=value):
                self.compare(change)
                notes = self.tx.gateway_message_ids.mapped("text")
                self.assertTrue([text for text in notes if text and value in text])

    def test_as_the_job_does_it(self):
        """The nightly job reads the report, and finds it."""
        capture = self.tx.paypal_capture_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET paypal_capture_id = 'GONE' WHERE id = %s",
            [self.tx.id],
        )
        self.env.invalidate_all()
        cron = self.env.ref("kavi_commerce.cron_compare_report")
        with self.enter_registry_test_mode():
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()
        notes = " ".join(
            str(note) for note in self.bill.sudo().activity_ids.mapped("note")
        )
        self.assertIn("GONE", notes)
        self.assertTrue(capture)
