"""The card page proposes what is due now, and says what became of an approval.

The right amounts are those of the bill's schedule: a deposit of 120 on 430 that is due
today is 120, whatever is due later.
"""

import re

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import CommerceCommon


class DueNowCommon(CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deposit = cls.env["account.payment.term"].create(
            {
                "name": "Deposit of 120",
                "line_ids": [
                    Command.create(
                        {"value": "fixed", "value_amount": 120, "nb_days": 0}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": 30}
                    ),
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": 60}
                    ),
                ],
            }
        )
        cls.card = cls.env["kavi.payment.method"].sudo()._get_card_method(cls.company)

    def in_parts(self, amount=430, **vals):
        return self.issued(
            amount,
            payment_term_id=self.deposit.id,
            bill_date="2026-03-01",
            **vals,
        )


@tagged("post_install", "-at_install")
class TestDueNow(DueNowCommon):
    def due(self, bill):
        bill.invalidate_recordset()
        return bill.sudo()._get_next_payment()

    def test_next_payment_by_day(self):
        """What is due until today, or else the next part."""
        with self.at("2026-03-01 12:00"):
            bill = self.in_parts()
            parts = bill.sudo().instalment_ids.mapped("amount")
            self.assertEqual(parts[0], 120.0)
            self.assertEqual(self.due(bill), 120.0)
        with self.at("2026-03-31 12:00"):  # the second is due today
            self.assertEqual(self.due(bill), sum(parts[:2]))
        with self.at("2026-03-10 12:00"):
            self.pay(bill, amount=100)
            self.assertEqual(self.due(bill), 20.0)
            self.pay(bill, amount=20)
            self.assertEqual(self.due(bill), parts[1])  # next, though to come
            self.pay(bill, amount=parts[1])
            self.assertEqual(self.due(bill), parts[2])
        with self.at("2026-03-01 12:00"):
            whole = self.issued(430)
            self.assertEqual(self.due(whole), 430.0)

    def test_choices(self):
        with self.at("2026-03-01 12:00"):
            bill, whole = self.in_parts().sudo(), self.issued(50).sudo()
            both = bill | whole
            self.assertEqual(
                both._get_card_choices(),
                {"due": {bill: 120.0, whole: 50.0}, "all": {bill: 430.0, whole: 50.0}},
            )
            self.assertEqual(whole._get_card_choices(), {"all": {whole: 50.0}})
            self.assertEqual(both._quote_card_payment()["total"], 170.0)
            self.card.surcharge_percent = 2
            self.assertEqual(bill._quote_card_payment()["total"], 122.4)
            self.assertIn("122.40", bill._get_card_label())

    def test_officer_is_proposed_the_same(self):
        with self.at("2026-03-01 12:00"):
            bill = self.in_parts()
            wizard = self.wizard(bill, "card", {})
            self.assertEqual(wizard.amount, 120.0)
            self.assertEqual(self.wizard(self.issued(50), "card", {}).amount, 50.0)


@tagged("post_install", "-at_install")
class TestDueNowPage(HttpCase, DueNowCommon):
    def setUp(self):
        super().setUp()
        # as of now: requests are answered at today's date
        self.bill = self.issued(430, payment_term_id=self.deposit.id)
        self.token = self.bill.sudo()._portal_ensure_token()
        self.path = f"/my/bills/{self.bill.id}/pay"
        self.env.flush_all()

    def open(self, path, **query):
        query = "&".join(f"{key}={value}" for key, value in query.items())
        answer = self.url_open(f"{path}?{query}")
        self.env.invalidate_all()
        return " ".join(re.sub("<[^>]+>", " ", answer.text).split()).replace(
            "\xa0", " "
        )

    def post(self, **vals):
        page = self.url_open(f"{self.path}?access_token={self.token}")
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        vals |= {"csrf_token": csrf[1], "access_token": self.token}
        answer = self.url_open(self.path, data=vals, allow_redirects=False)
        self.env.invalidate_all()
        return answer

    def transaction(self):
        return self.bill.sudo().transaction_ids.sorted("id")[-1:]

    def test_deposit(self):
        """120 is proposed, 430 is the other choice, any part may be typed."""
        text = self.open(f"/my/bills/{self.bill.id}", access_token=self.token)
        self.assertIn("Pay $ 120.00 by card", text)
        text = self.open(self.path, access_token=self.token)
        self.assertIn("What is due now of $ 430.00", text)
        self.assertIn("To pay $ 120.00", text)
        self.assertIn("All that is open: $ 430.00", text)
        for vals, amount in (
            ({}, 120),
            ({"share": "due"}, 120),
            ({"share": "all"}, 430),
            ({"share": "nonsense"}, 120),
            ({"share": "all", "amount": "77.5"}, 77.5),
        ):
            with self.subTest(**vals):
                self.assertEqual(self.post(**vals).status_code, 303)
                self.assertEqual(self.transaction().amount, amount)
        # the payer goes on with the deposit
        self.post()
        tx = self.transaction()
        self.approve(tx)
        self.open("/kavi/paypal/return", **self.way_back(tx))
        self.assertBill(self.bill, "new", amount_paid=120.0, amount_due=310.0)

    def test_bill_without_parts_has_no_choice(self):
        bill = self.issued(430)
        token = bill.sudo()._portal_ensure_token()
        self.env.flush_all()
        text = self.open(f"/my/bills/{bill.id}/pay", access_token=token)
        self.assertIn("To pay $ 430.00", text)
        self.assertNotIn("due now", text)

    def test_bill_was_changed_while_they_approved(self):
        """Who approved 430 reads that nothing was charged, and what is open now."""
        bill = self.issued(430)
        tx = self.start(bill)
        self.approve(tx)
        self.change_price(bill, 80)
        self.env.flush_all()
        text = self.open("/kavi/paypal/return", **self.way_back(tx))
        # a token of the link is part of the landing page's address
        self.assertIn("Nothing was charged", text)
        self.assertIn("$ 430.00", text)
        self.assertIn("$ 80.00 is open now", text)
        self.assertBill(bill, "new", amount_due=80.0)
        self.assertFalse(self.paypal.ledger.entries())
        # paid since: nothing is left to be said
        self.pay_by_card(bill)
        self.assertFalse(bill._get_gateway_notice())
        self.assertLedgers(bill)

    def test_bill_was_settled_while_they_approved(self):
        for end, state in ((self.cancel, "Canceled"), (self.pay, "Paid")):
            with self.subTest(state):
                bill = self.issued(430)
                tx = self.start(bill)
                self.approve(tx)
                end(bill)
                self.env.flush_all()
                text = self.open("/kavi/paypal/return", **self.way_back(tx))
                self.assertIn("Nothing was charged", text)
                self.assertIn(f"It is {state} now", text)

    def test_the_accountant_credited_while_they_approved(self):
        """Not by an act of the bill: seen when the money is to be taken."""
        bill = self.issued(430)
        tx = self.start(bill)
        self.approve(tx)
        note = self.reverse(self.invoice(bill))
        note.invoice_line_ids.write({"quantity": 1, "price_unit": 400})
        note.action_post()
        (note + self.invoice(bill)).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.env.flush_all()
        text = self.open("/kavi/paypal/return", **self.way_back(tx))
        self.assertIn("Nothing was charged", text)
        self.assertIn("$ 30.00 is open now", text)

    def test_said_for_an_hour_only(self):
        bill = self.issued(430)
        tx = self.start(bill)
        self.approve(tx)
        self.change_price(bill, 80)
        self.come_back(tx)
        self.assertFalse(bill._get_gateway_notice())
        tx.sudo()._kavi_note_return()
        self.assertEqual(bill._get_gateway_notice()[0], "warning")
        tx.sudo().outdated_at = "2026-01-01 12:00:00"
        self.assertFalse(bill._get_gateway_notice())
