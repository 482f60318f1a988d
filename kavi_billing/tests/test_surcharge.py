"""What a payment method adds (KB-53): every surcharge with every way to pay, and with
what may become of a payment."""

from odoo.tests import tagged

from .surcharge_common import SurchargeCommon


@tagged("post_install", "-at_install")
class TestSurcharge(SurchargeCommon):
    def test_shown_once_the_method_is_chosen(self):
        """KB-53: part of the total, and not a cent of it in the books."""
        entries = self.env["account.move"].search_count([])
        entries += len(self.tried())
        for bill, key, method in self.each_method():
            self.assertBill(bill, "new", payment_surcharge=0.0, amount_to_pay=100.0)
            self.choose(bill, method)
            _untaxed, charged = self.expected(key, 100)
            self.assertBill(
                bill,
                "pending",
                payment_surcharge=charged,
                surcharge_expected=charged,
                surcharge_booked=0.0,
                amount_total=100.0,
                amount_with_surcharge=100 + charged,
                amount_due=100.0,
                amount_to_pay=100 + charged,
            )
        self.assertEqual(self.env["account.move"].search_count([]), entries)

    def test_paid_in_full(self):
        for bill, key, method in self.each_method():
            self.choose(bill, method)
            asked = bill.amount_to_pay
            self.pay(bill, method)
            charged = self.assertCharged(bill, key, 100)
            self.assertBill(
                bill,
                "paid",
                amount_untaxed=100.0,
                amount_tax=0.0,
                payment_surcharge=charged,
                surcharge_expected=0.0,
                amount_total=asked,
                amount_with_surcharge=asked,
                amount_paid=asked,
                amount_due=0.0,
                amount_to_pay=0.0,
                amount_retained=asked,
            )
            payment = self.payments(bill)
            self.assertEqual(payment.mapped("amount"), [asked])
            self.assertEqual(
                payment.reconciled_invoice_ids,
                bill.sudo().invoice_id | self.surcharges(bill),
            )
            self.assertEqual(payment.state, "paid")
            self.assertTrue(payment.is_reconciled)

    def test_paid_in_parts(self):
        """Each part bears its own; three parts, one of them a third."""
        for bill, key, method in self.each_method():
            self.choose(bill, method)
            for part in (33.33, 16.67):
                bill._complete_payment(method, amount=part)
            charged = self.assertCharged(bill, key, 33.33, 16.67)
            to_come = self.expected(key, 50)[1]
            self.assertBill(
                bill,
                "pending",
                is_partly_paid=True,
                amount_due=50.0,
                amount_paid=50 + charged,
                surcharge_expected=to_come,
                amount_to_pay=50 + to_come,
                payment_surcharge=charged + to_come,
            )
            self.pay(bill, method)
            self.assertCharged(bill, key, 33.33, 16.67, 50)
            self.assertBill(bill, "paid", amount_due=0.0, is_partly_paid=False)

    def test_paid_too_much(self):
        """Charged on what was due; what is too much is the account's, whole."""
        for bill, key, method in self.each_method():
            charged = self.expected(key, 100)[1]
            self.pay(bill, method, amount=130 + charged)
            self.assertCharged(bill, key, 100)
            self.assertBill(bill, "paid", amount_paid=100 + charged)
            credit = self.env["kavi.credit"].search([("bill_id", "=", bill.id)])
            self.assertEqual((credit.state, credit.amount_open), ("open", 30.0))

    def test_rest_written_off(self):
        """Charged on what came."""
        self.allow_write_off(5)
        for bill, key, method in self.each_method():
            charged = self.expected(key, 97)[1]
            self.pay(bill, method, amount=97 + charged, write_off=True)
            self.assertCharged(bill, key, 97)
            self.assertBill(
                bill,
                "paid",
                amount_total=100 + charged,
                amount_paid=97 + charged,
                amount_credited=3.0,
                amount_retained=97 + charged,
            )

    def test_never_by_hand(self):
        """KB-53: not editable on the bill, on no path."""
        bill = self.issued(100)
        for name in (
            "payment_surcharge",
            "surcharge_booked",
            "surcharge_expected",
            "amount_to_pay",
            "amount_with_surcharge",
        ):
            with self.refused("cannot be set by hand"):
                self.rpc("officer", "kavi.bill", "write", bill.ids, {name: 5.0})
        with self.refused("not tied to a bill by hand"):
            self.invoice(bill).write({"is_kavi_surcharge": True})
        self.assertBill(bill, "new", payment_surcharge=0.0)

    def test_access_of_those_who_only_see(self):
        """Who sees the bill sees what it costs; no more of the method's settings."""
        bill = self.issued(100)
        self.choose(bill, self.methods["both", "on top"])
        seen = self.as_user("user")["kavi.bill"].browse(bill.id)
        seen.invalidate_recordset()
        self.assertEqual(seen.amount_to_pay, 103.52)

    def test_many_bills_in_few_queries(self):
        """Ten payments with surcharge cost far less than ten times one."""
        method = self.methods["both", "on top"]

        def pay(count):
            accounts = self.account.create([{"name": "Payer"}] * count)
            bills = self.bills.create(
                [
                    {"partner_id": account.id, "title": "Fee", "amount": 50}
                    for account in accounts
                ]
            )
            bills.action_issue()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            bills._complete_payment(method)
            self.env.flush_all()
            self.assertEqual(set(bills.mapped("amount_paid")), {51.93})
            return self.cr.sql_log_count - before

        pay(1)
        one, ten = pay(1), pay(10)
        self.assertLess(ten, one * 3)
