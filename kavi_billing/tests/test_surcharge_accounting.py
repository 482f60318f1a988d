"""Where surcharges stand in the books: accounts, taxes, currencies, companies; and what
accountants do to them (KB-53)."""

from datetime import date

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .surcharge_common import SurchargeCommon


@tagged("post_install", "-at_install")
class TestSurchargeAccounting(SurchargeCommon):
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

    def test_failure_16_payment_reset_in_invoicing(self):
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
