"""What a payment method adds (KB-53): every surcharge with every way to pay, and with
what may become of a payment."""

from datetime import date

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .surcharge_common import SurchargeCommon


@tagged("post_install", "-at_install")
class TestSurcharge(SurchargeCommon):
    def test_shown_once_the_method_is_chosen(self):
        """KB-53: part of the total, and not a cent of it in the books."""
        entries = self.env["account.move"].search_count([])
        entries += len(self.methods)
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

    def test_payment_that_bounces(self):
        """Nothing paid, nothing charged; the next payment is charged anew."""
        for bill, key, method in self.each_method():
            self.pay(bill, method)
            charged = self.surcharges(bill)
            self.bounce(bill)
            self.assertFalse(self.surcharges(bill))
            self.assertEqual(set(charged.mapped("state")) - {"posted"}, set())
            self.assertEqual(
                charged.reversal_move_ids.mapped("amount_total"),
                charged.mapped("amount_total"),
            )
            to_come = self.expected(key, 100)[1]
            self.assertBill(
                bill,
                "pending",
                amount_total=100.0,
                amount_due=100.0,
                amount_paid=0.0,
                surcharge_booked=0.0,
                amount_to_pay=100 + to_come,
            )
            self.pay(bill, method)
            self.assertCharged(bill, key, 100)
            self.assertBill(bill, "paid", amount_paid=100 + to_come)

    def test_refunded_in_part_and_whole(self):
        """Up to all that was paid, surcharge included; notes in proportion."""
        for bill, key, method in self.each_method():
            self.pay(bill, method)
            charged, paid = self.surcharges(bill), bill.amount_paid
            self.give_back(bill, 25)
            self.assertBill(
                bill, "refunded", refund_amount=25.0, amount_retained=paid - 25
            )
            with self.refused("can be refunded"):
                bill._refund(amount=round(paid - 25 + 0.01, 2))
            self.give_back(bill)
            self.assertBill(bill, "refunded", refund_amount=paid, amount_retained=0.0)
            self.assertEqual(self.payments(bill, "outbound")[-1:].amount, paid - 25)
            # over both notes, each line and tax is given back to the cent
            lines = (charged | self.notes(bill)).line_ids
            for account in (
                self.income,
                self.taxes[key[1]].mapped("invoice_repartition_line_ids.account_id"),
            ):
                items = lines.filtered(lambda line, a=account: line.account_id in a)
                self.assertAlmostEqual(sum(items.mapped("balance")), 0, 6)
            self.assertAlmostEqual(
                sum(self.notes(bill).mapped("amount_tax")),
                sum(charged.mapped("amount_tax")),
                6,
            )

    def test_canceled(self):
        """Promised only: nothing was ever charged. Paid: given back with the rest."""
        for bill, _key, method in self.each_method():
            self.choose(bill, method)
            self.cancel(bill)
            self.assertFalse(bill.sudo().move_ids.filtered("is_kavi_surcharge"))
            self.assertBill(bill, "canceled", payment_surcharge=0.0, amount_to_pay=0.0)
        for bill, _key, method in self.each_method():
            self.pay(bill, method)
            paid = bill.amount_paid
            self.cancel(bill)
            self.assertBill(bill, "canceled", refund_amount=paid, amount_retained=0.0)

    def test_canceled_when_partly_paid(self):
        for bill, _key, method in self.each_method():
            bill._complete_payment(method, amount=40)
            paid = bill.amount_paid
            self.cancel(bill)
            self.assertBill(
                bill,
                "canceled",
                refund_amount=paid,
                amount_retained=0.0,
                amount_credited=60.0,
            )
            notes = sum(self.notes(bill).mapped("amount_total"))
            self.assertAlmostEqual(notes, bill.amount_total, 6)

    def test_method_changed(self):
        """It follows the method as often as it is changed, to none and back."""
        costly, free = self.methods["both", "on top"], self.check
        bill = self.issued(100)
        for method, charged in ((costly, 3.52), (free, 0.0), (costly, 3.52)):
            self.choose(bill, method)
            self.assertBill(bill, "pending", amount_to_pay=100 + charged)
        self.pay(bill, free)
        self.assertBill(bill, "paid", amount_total=100.0, payment_method_id=free)
        # promised free, paid the costly way: what was used is charged
        bill = self.issued(100)
        self.choose(bill, free)
        self.pay(bill, costly)
        self.assertBill(bill, "paid", amount_total=103.52, surcharge_booked=3.52)

    # === BOOKS === #

    def test_books(self):
        """A debit invoice of the bill's, dated as the payment, with the payment's
        money on it although older instalments are overdue."""
        halves = [
            Command.create({"value_amount": 50, "nb_days": days}) for days in (0, 30)
        ]
        term = self.env["account.payment.term"].create(
            {"name": "Halves", "line_ids": halves}
        )
        bill = self.issued(100, payment_term_id=term.id, bill_date="2026-01-10")
        method = self.methods["percent", "on top"]
        bill._complete_payment(method, amount=20, date=date(2026, 5, 3))
        move = self.surcharges(bill)
        self.assertEqual(move.move_type, "out_invoice")
        self.assertEqual(
            (move.invoice_date, move.date, move.invoice_date_due),
            (date(2026, 5, 3),) * 3,
        )
        self.assertEqual(move.invoice_origin, bill.name)
        self.assertEqual(move.partner_id, self.account)
        self.assertEqual((move.amount_untaxed, move.amount_tax), (0.6, 0.06))
        self.assertEqual(move.payment_state, "paid")
        self.assertIn(method.name, move.invoice_line_ids.name)
        oldest, latest = bill.sudo()._get_receivable_lines(bill.sudo().invoice_id)
        self.assertEqual(oldest.amount_residual, 30.0)
        self.assertEqual(latest.amount_residual, 50.0)
        self.assertBill(bill, "new", amount_due=80.0, next_due_date=date(2026, 1, 10))
        history = str(self.messages(bill)[:1].body)
        self.assertIn("20.66", history)
        self.assertIn("0.66", history)

    def test_product_brings_account_and_taxes(self):
        product = self.env["product.product"].create(
            {
                "name": "Card fee",
                "type": "service",
                "taxes_id": self.taxes["on top"].ids,
                "property_account_income_id": self.income.id,
            }
        )
        method = self.new_method(
            "fixed", surcharge_product_id=product.id, surcharge_account_id=False
        )
        method.surcharge_tax_ids = False  # by hand, as any
        self.assertFalse(method.surcharge_tax_ids)
        method.surcharge_product_id = False
        method.surcharge_product_id = product
        self.assertEqual(method.surcharge_tax_ids, self.taxes["on top"])
        bill = self.issued(100)
        self.pay(bill, method)
        line = self.surcharges(bill).invoice_line_ids
        self.assertEqual(line.product_id, product)
        self.assertEqual(line.account_id, self.income)
        self.assertBill(bill, "paid", surcharge_booked=2.75)

    def test_account_of_the_sales_journal(self):
        method = self.new_method("fixed", surcharge_account_id=False)
        bill = self.issued(100)
        self.pay(bill, method)
        journal = self.company._get_billing_journal()
        line = self.surcharges(bill).invoice_line_ids
        self.assertEqual(line.account_id, journal.default_account_id)

    def test_fiscal_position(self):
        """Taxes and account as where the payer is."""
        abroad = self.env["account.fiscal.position"].create(
            {"name": "Abroad", "company_id": self.company.id}
        )
        mapped = self.taxes["on top"].copy(
            {
                "name": "Abroad",
                "amount": 20,
                "fiscal_position_ids": abroad.ids,
                "original_tax_ids": self.taxes["on top"].ids,
            }
        )
        other = self.income.copy({"code": "409901", "name": "Abroad"})
        abroad.account_ids = [
            Command.create(
                {"account_src_id": self.income.id, "account_dest_id": other.id}
            )
        ]
        bill = self.issued(100, fiscal_position_id=abroad.id)
        method = self.methods["fixed", "on top"]
        self.choose(bill, method)
        self.assertBill(bill, "pending", payment_surcharge=3.0)
        self.pay(bill, method)
        line = self.surcharges(bill).invoice_line_ids
        self.assertEqual((line.tax_ids, line.account_id), (mapped, other))
        self.assertBill(bill, "paid", surcharge_booked=3.0)

    def test_partner_got_another_receivable_account(self):
        """One payment settles the bill and its surcharge all the same."""
        bill = self.issued(100)
        self.account.with_company(
            self.company
        ).property_account_receivable_id = (
            self.account.property_account_receivable_id.copy({"code": "121999"})
        )
        self.pay(bill, self.methods["fixed", "on top"])
        self.assertBill(bill, "paid", amount_paid=102.75)
        self.assertEqual(len(self.payments(bill)), 1)

    # === CURRENCIES === #

    def test_foreign_currency(self):
        """Amounts are the company's money, converted on the day of the payment."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": euro.id}
                | {"company_id": self.company.id}
                for day, rate in (("2026-01-01", 0.5), ("2026-02-01", 0.8))
            ]
        )
        bill = self.issued(100, currency_id=euro.id, bill_date="2026-01-15")
        with self.at("2026-01-20"):
            self.choose(bill, self.methods["both", "untaxed"])
            # 0.30 dollars are 0.15 euro
            self.assertBill(bill, "pending", payment_surcharge=3.05)
        self.pay(bill, self.methods["both", "untaxed"], date="2026-02-15")
        self.assertBill(
            bill,
            "paid",
            surcharge_booked=3.14,
            amount_paid=103.14,
            amount_due_company=0.0,
        )

    def test_without_decimals(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2026-01-01",
                "rate": 150,
                "currency_id": yen.id,
                "company_id": self.company.id,
            }
        )
        for key, charged in {
            ("fixed", "untaxed"): 375.0,
            ("percent", "untaxed"): 30.0,
            ("both", "on top"): 82.0,  # 74 and 7 taxes, both rounded
            ("maximum", "untaxed"): 250.0,
        }.items():
            bill = self.issued(999, currency_id=yen.id, bill_date="2026-01-15")
            self.choose(bill, self.methods[key])
            asked = bill.payment_surcharge
            self.pay(bill, self.methods[key])
            self.assertEqual(asked, bill.surcharge_booked)
            self.assertAlmostEqual(bill.surcharge_booked, charged, delta=1)
            self.assertBill(bill, "paid", amount_paid=999 + asked)
            self.assertEqual(asked, int(asked))

    # === OTHER BOOKS, OTHER PEOPLE === #

    def test_paid_in_invoicing(self):
        """What an accountant books is what it is: no surcharge."""
        bill = self.issued(100)
        self.choose(bill, self.methods["both", "on top"])
        self.register_payment(self.invoice(bill))
        self.assertBill(bill, "paid", amount_paid=100.0, payment_surcharge=0.0)

    def test_payment_reset_in_invoicing(self):
        """The debt is open again with what was charged; when it is paid here, the
        old surcharge is taken back first."""
        bill = self.issued(100)
        method = self.methods["fixed", "on top"]
        self.pay(bill, method)
        self.payments(bill).action_draft()
        self.assertBill(
            bill,
            "pending",
            amount_due=102.75,
            surcharge_booked=2.75,
            surcharge_expected=0.0,
            amount_to_pay=102.75,
        )
        self.pay(bill, self.check)
        self.assertBill(
            bill, "paid", amount_total=100.0, amount_paid=100.0, surcharge_booked=0.0
        )

    def test_surcharge_that_is_left(self):
        """The accountant booked the bill's money anew, not the surcharge's: that is
        owed, and can be paid."""
        bill = self.issued(100)
        self.pay(bill, self.methods["fixed", "untaxed"])
        self.payments(bill).action_draft()
        self.invoice(bill).line_ids.remove_move_reconcile()
        self.register_payment(self.invoice(bill))
        self.assertBill(bill, "pending", amount_due=2.5, surcharge_booked=2.5)
        self.pay(bill, self.check)
        self.assertBill(bill, "paid", amount_paid=102.5, surcharge_booked=2.5)

    def test_invoice_reset_in_invoicing(self):
        """The bill is not booked, whatever its surcharge is."""
        bill = self.issued(100)
        self.pay(bill, self.methods["fixed", "untaxed"])
        self.invoice(bill).button_draft()
        self.assertBill(bill, "pending", is_posted=False, surcharge_booked=2.5)
        self.invoice(bill).action_post()
        self.assertEqual(bill.sudo().invoice_id, self.invoice(bill))
        self.assertEqual(bill.amount_total, 102.5)

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

    def test_two_companies(self):
        """Each by its own method; another company's is refused."""
        other = self._new_company("Kavi Abroad")
        theirs = self.env["kavi.payment.method"].create(
            {"name": "Theirs", "company_id": other.id, "surcharge_fixed": 9}
        )
        bill = self.issued(100)
        for act in (bill._choose_method, bill._complete_payment):
            with self.refused("Kavi Abroad", "Kavi Tests"):
                act(theirs.with_user(self.env.user))
            with self.assertRaises(AccessError):
                act(theirs.with_user(self.officer))
        self.assertBill(bill, "new", payment_surcharge=0.0)

    def test_many_bills_in_few_queries(self):
        """Ten payments with surcharge cost far less than ten times one."""
        method = self.methods["both", "on top"]

        def pay(count):
            bills = self.bills.create(
                [
                    {"partner_id": self.account.id, "title": "Fee", "amount": 50}
                    for __ in range(count)
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
