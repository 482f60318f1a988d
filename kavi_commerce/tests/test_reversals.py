"""Money that the payer's bank or PayPal takes back, in whole and in part."""

from odoo.tests import tagged

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestReversals(CommerceCommon):
    def reverse_at_gateway(self, tx, amount=None):
        """Taken back, and told."""
        self.paypal.reverse(tx.paypal_capture_id, amount)
        self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))

    def read_report(self, change=None):
        """The nightly comparison, as far as its lines go.

        :param change: called with each line before
        """
        day = self.paypal.clock.now().replace(tzinfo=None)
        client = self.provider._get_paypal_client()
        for row in client.list_transactions(day.replace(hour=0, minute=0), day):
            if change:
                change(row)
            self.transactions._process_report_row(self.provider, row)
        self.env.flush_all()

    def row(self, tx, code, value, id_="2AB34567CD890123E"):
        """A line of the report about a charge."""
        return {
            "transaction_id": id_,
            "paypal_reference_id": tx.paypal_capture_id,
            "paypal_reference_id_type": "TXN",
            "transaction_event_code": code,
            "transaction_amount": {"currency_code": "USD", "value": value},
            "transaction_status": "S",
        }

    def told(self, bill):
        return len(bill.sudo().activity_ids)

    def test_failure_09_part(self):
        """A part is taken back: that much is owed again, the rest stays paid."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.reverse_at_gateway(tx, 40)
        self.assertBill(
            bill, "new", amount_due=40.0, amount_paid=60.0, is_partly_paid=True
        )
        self.assertEqual((tx.kavi_state, tx.amount_refundable), ("returned", 60))
        self.assertFalse(bill.payment_method_id)
        self.assertEqual(self.told(bill), 1)
        taken = tx.child_transaction_ids
        self.assertTrue(taken.is_chargeback)
        self.assertEqual(
            self.entries(taken.payment_id.move_id),
            {"asset_current": -40.0, "asset_receivable": 40.0},
        )
        self.assertTrue(taken.payment_id.is_reconciled)
        self.assertLedgers(bill)
        # told again, in any way: nothing more
        self.receive(*self.events())
        (event,) = self.events("PAYMENT.CAPTURE.REVERSED")
        self.receive({**event, "id": "WH-TOLD-BY-ANOTHER-EVENT"})
        self.read_report()
        self.assertEqual(len(tx.child_transaction_ids), 1)
        self.assertEqual(self.told(bill), 1)
        # it can be paid again
        self.pay_by_card(bill)
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertLedgers(bill)

    def test_failure_09_parts_until_nothing_is_left(self):
        """One part after the other."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        for amount, due in ((40, 40.0), (25, 65.0), (35, 100.0)):
            self.reverse_at_gateway(tx, amount)
            self.assertBill(bill, "new", amount_due=due)
        self.assertEqual(tx.amount_refundable, 0)
        self.assertLedgers(bill)

    def test_failure_09_what_a_refund_has_left(self):
        """Given back in part, then the rest is taken back: no cent twice."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.refund_by_card(bill, 40)
        self.reverse_at_gateway(tx)
        self.assertBill(bill, "new", amount_due=60.0, refund_amount=40.0)
        self.assertEqual(bill.amount_retained, 0)
        self.assertLedgers(bill)

    def test_failure_09_part_with_surcharge_of_several_bills(self):
        """The first bill's part first; what is left pays its surcharge first."""
        self.card.surcharge_fixed = 3
        bills = self.issued(100) | self.issued(50)
        tx = self.pay_by_card(bills)
        self.assertEqual(tx.amount, 156)
        self.reverse_at_gateway(tx, 101)
        self.assertBill(bills[0], "new", amount_paid=2.0, surcharge_booked=3.0)
        self.assertBill(bills[1], "paid", amount_paid=53.0)
        self.assertLedgers(*bills)
        self.reverse_at_gateway(tx)
        self.assertBill(bills[0], "new", amount_paid=0.0, surcharge_booked=0.0)
        self.assertBill(bills[1], "new", amount_paid=0.0, amount_due=50.0)
        self.assertLedgers(*bills)

    def test_failure_09_dispute_lost_in_part(self):
        """The outcome's amount only."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        dispute = self.paypal.open_dispute(tx.paypal_capture_id, 30)
        self.paypal.resolve_dispute(dispute)
        self.receive(*self.events())
        self.assertBill(bill, "new", amount_due=30.0, amount_paid=70.0)
        self.assertLedgers(bill)

    def test_failure_09_of_a_credit(self):
        """The money had become the account's credit: that goes, and people are told."""
        for amount in (40, None):
            with self.subTest(amount=amount):
                bill = self.issued(100)
                tx = self.start(bill)
                self.pay(bill)
                self.approve(tx)
                self.charge_elsewhere(tx)
                self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
                credit = self.env["kavi.credit"].search(
                    [("move_id", "=", tx.payment_id.move_id.id)]
                )
                self.assertEqual(credit.amount_open, 100)
                told = self.told(bill)
                self.reverse_at_gateway(tx, amount)
                self.assertEqual(credit.amount_open, 100 - (amount or 100))
                self.assertEqual(self.told(bill), told + 1)
                self.assertBill(bill, "paid")
                taken = tx.child_transaction_ids.payment_id
                self.assertEqual(taken.amount, amount or 100)

    def test_report_tells_of_a_charge_back(self):
        """A charge-back is none of PayPal's refunds: the report's own line counts."""
        bill, part = self.issued(100), self.issued(100)
        tx, other = self.pay_by_card(bill), self.pay_by_card(part)
        for paid, amount in ((tx, None), (other, 40)):
            dispute = self.paypal.open_dispute(paid.paypal_capture_id, amount)
            self.paypal.resolve_dispute(dispute)
        for __ in range(3):
            self.read_report()
        self.assertBill(bill, "new", amount_due=100.0)
        self.assertBill(part, "new", amount_due=40.0)
        self.assertLedgers(bill, part)

    def test_report_holds_fees_and_money_that_came_again(self):
        """Neither is taken back; who is told, is told once."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        for __ in range(3):
            for number, (code, value) in enumerate(
                (("T1110", "-100.00"), ("T1111", "100.00"), ("T0106", "-20.00"))
            ):
                row = self.row(tx, code, value, f"2AB34567CD890123{number}")
                self.assertTrue(
                    self.transactions._process_report_row(self.provider, row)
                )
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertEqual((tx.kavi_state, self.told(bill)), ("charged", 0))
        self.reverse_at_gateway(tx)
        told = self.told(bill)
        for __ in range(3):
            row = self.row(tx, "T1202", "100.00")
            self.transactions._process_report_row(self.provider, row)
        self.assertEqual(self.told(bill), told + 1)

    # === WON BACK === #

    def fee_entries(self, tx):
        return self.entries(tx.dispute_fee_move_ids)

    def test_won_back(self):
        """Charged back, and decided in our favour: the money is booked again and pays
        what was owed again, by the event and by the report, once."""
        self.card.write({"surcharge_fixed": 3})
        for tell in ("event", "report"):
            with self.subTest(tell=tell):
                self.paypal.reset()
                bill = self.issued(100)
                tx = self.pay_by_card(bill)
                dispute = self.paypal.open_dispute(tx.paypal_capture_id)
                self.reverse_at_gateway(tx)
                self.assertBill(bill, "new", amount_due=100.0, surcharge_booked=0.0)
                row = self.row(tx, "T1202", "103.00")
                if tell == "event":
                    self.paypal.resolve_dispute(dispute, "RESOLVED_SELLER_FAVOUR")
                    self.receive(*self.events("CUSTOMER.DISPUTE.RESOLVED"))
                for __ in range(2):
                    self.transactions._process_report_row(self.provider, row)
                    self.env.flush_all()
                won = tx.restoration_ids
                self.assertEqual((len(won), won.amount, won.state), (1, 103, "done"))
                self.assertBill(bill, "paid", amount_paid=103.0, surcharge_booked=3.0)
                self.assertEqual(won.payment_id.payment_transaction_id, won)
                # as the gateway has it, nothing of it is refunded by that charge
                self.assertEqual((won.amount_refundable, tx.amount_refundable), (0, 0))
                told = bill.sudo().activity_ids.mapped("summary")
                self.assertIn("A payment that was charged back has come in again", told)
                found = self.transactions._find_book_differences()
                self.assertFalse(found)

    def test_won_back_in_part(self):
        """A part was taken back, and a part of that has come again; never more."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.reverse_at_gateway(tx, 40)
        for number, (value, due) in enumerate(
            (("15.00", 25.0), ("15.00", 10.0), ("99.00", 0.0), ("5.00", 0.0))
        ):
            row = self.row(tx, "T1202", value, f"2AB34567CD890123{number}")
            self.transactions._process_report_row(self.provider, row)
            self.env.flush_all()
            self.assertEqual(bill.amount_due, due)
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertEqual(sum(tx.restoration_ids.mapped("amount")), 40)

    def test_won_and_nothing_had_been_taken_back(self):
        """The gateway held it, and nothing was booked: nothing is booked now."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        dispute = self.paypal.open_dispute(tx.paypal_capture_id)
        self.paypal.resolve_dispute(dispute, "RESOLVED_SELLER_FAVOUR")
        self.receive(*self.events())
        self.assertFalse(tx.restoration_ids)
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertLedgers(bill)

    def test_won_back_of_several_bills_and_of_one_that_is_paid(self):
        """Each has its own again; who has paid otherwise meanwhile has a credit."""
        bills = self.issued(100) | self.issued(50)
        tx = self.pay_by_card(bills)
        self.reverse_at_gateway(tx)
        self.pay(bills[1])
        row = self.row(tx, "T1202", "150.00")
        self.transactions._process_report_row(self.provider, row)
        self.env.flush_all()
        self.assertEqual(bills.mapped("state"), ["paid", "paid"])
        credit = self.env["kavi.credit"].search([("partner_id", "=", self.account.id)])
        self.assertEqual(credit.amount_open, 50)
        self.assertBooks(*bills)

    def test_fees_of_disputes_are_booked(self):
        """PayPal's fee of a charge-back (T0106), and that it gave it back (T1108), on
        the company's account for fees; once, and shown only without an account."""
        tx = self.pay_by_card(self.issued(100))
        for code, value, kept in (("T0106", "-20.00", 20.0), ("T1108", "20.00", 0.0)):
            row = self.row(tx, code, value, f"2AB34567CD8901{code}")
            for __ in range(2):
                self.transactions._process_report_row(self.provider, row)
            self.assertEqual(tx.dispute_fee, kept)
        first, back = tx.dispute_fee_move_ids.sorted("id")
        for move, fee in ((first, 20.0), (back, -20.0)):
            line = move.line_ids.filtered(
                lambda item: item.account_id == self.fee_account
            )
            self.assertEqual((move.state, line.balance), ("posted", fee))
        self.company.billing_gateway_fee_account_id = False
        other = self.pay_by_card(self.issued(100))
        self.transactions._process_report_row(
            self.provider, self.row(other, "T0106", "-20.00", "9XB34567CD890123E")
        )
        self.assertEqual(other.dispute_fee, 20)
        self.assertFalse(other.dispute_fee_move_ids)
