"""Early-payment discounts (BB-04): until its last day the lower amount settles the
bill, booked as Odoo's own wizard books it."""

from datetime import date

from odoo.tests import tagged

from .profile import by_turns
from .surcharge_common import SurchargeCommon

ISSUED, LAST_DAY, DAY_AFTER = "2026-03-01", "2026-03-11", "2026-03-12"
# What 100 and a tax of 10 percent come to, by the term's computation of the tax when
# 2 percent are let off: total, what settles it early, tax that stays.
COMPUTATIONS = {
    "included": (110.0, 107.8, 9.8),
    "excluded": (110.0, 108.0, 10.0),
    "mixed": (109.8, 107.8, 9.8),
}


@tagged("post_install", "-at_install")
class TestDiscount(SurchargeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.terms = {
            computation: cls.env["account.payment.term"].create(
                {
                    "name": f"2 percent in 10 days, {computation}",
                    "early_discount": True,
                    "discount_percentage": 2,
                    "discount_days": 10,
                    "early_pay_discount_computation": computation,
                }
            )
            for computation in COMPUTATIONS
        }
        cls.loss = cls.company.account_journal_early_pay_discount_loss_account_id

    def bill(self, computation="included", tax="on top", amount=100, **vals):
        line = {
            "name": "Fee",
            "price_unit": amount,
            "tax_ids": [(6, 0, self.taxes[tax].ids)],
        }
        return self.issued(
            payment_term_id=self.terms[computation].id,
            line_ids=[(0, 0, line)],
            **{"bill_date": ISSUED, **vals},
        )

    def tax_declared(self, bill):
        """What is left on tax accounts for the bill, payments included."""
        moves = bill.sudo()._get_all_moves()
        lines = moves.line_ids.filtered("tax_repartition_line_id")
        return -round(sum(lines.mapped("balance")), 2)

    def odoo(self, bill, day):
        """What Odoo's own wizard books for the same invoice, and takes back again."""
        with self.cr.savepoint() as savepoint:
            payment = self.register_payment(self.invoice(bill), payment_date=day)
            lines = self.entry(payment)
            savepoint.rollback()
        self.env.invalidate_all()
        return lines

    def entry(self, payment):
        return sorted(
            (line.account_id.code, line.amount_currency, line.balance)
            for line in payment.sudo().move_id.line_ids
        )

    def test_last_day_and_day_after(self):
        """BB-04: for each computation, with tax on top, in the price, and none."""
        for computation, (total, early, tax) in COMPUTATIONS.items():
            with self.subTest(computation=computation):
                bill = self.bill(computation)
                with self.at(LAST_DAY):
                    bill.invalidate_recordset()
                    self.assertBill(
                        bill,
                        "new",
                        amount_total=total,
                        amount_discounted=early,
                        discount_date=date(2026, 3, 11),
                    )
                with self.at(DAY_AFTER):
                    bill.invalidate_recordset()
                    self.assertBill(
                        bill, "new", amount_discounted=0.0, discount_date=False
                    )
                    self.assertEqual(
                        bill._get_settling_amount(date(2026, 3, 12)), total
                    )
                asked = self.odoo(bill, LAST_DAY)
                # the day that counts is the payment's, not the day it is entered
                with self.at("2026-04-20"):
                    self.pay(bill, date=LAST_DAY)
                self.assertEqual(self.entry(self.payments(bill)), asked)
                self.assertBill(
                    bill,
                    "paid",
                    amount_total=total,
                    amount_paid=early,
                    amount_credited=round(total - early, 2),
                    amount_retained=early,
                    discount_date=False,
                )
                self.assertEqual(self.tax_declared(bill), tax)
                late = self.bill(computation)
                with self.at("2026-04-20"):
                    self.pay(late, date=DAY_AFTER)
                self.assertBill(late, "paid", amount_paid=total, amount_credited=0.0)

    def test_draft_says_what_will_be_asked(self):
        """Also where the tax is lower from the start."""
        for computation, (total, _early, _tax) in COMPUTATIONS.items():
            bill = self.draft(
                payment_term_id=self.terms[computation].id,
                line_ids=[
                    (
                        0,
                        0,
                        {
                            "name": "Fee",
                            "price_unit": 100,
                            "tax_ids": [(6, 0, self.taxes["on top"].ids)],
                        },
                    )
                ],
            )
            self.assertEqual(bill.amount_total, total, computation)
            bill.payment_term_id = False
            self.assertEqual(bill.amount_total, 110.0, computation)

    def test_taxes_in_the_price(self):
        for computation in COMPUTATIONS:
            with self.subTest(computation=computation):
                bill = self.bill(computation, "included", 99.99)
                asked = self.odoo(bill, LAST_DAY)
                self.pay(bill, date=LAST_DAY)
                self.assertEqual(self.entry(self.payments(bill)), asked)
                self.assertBill(bill, "paid", amount_due=0.0)

    def test_discounted_amount_paid_late_is_a_part(self):
        bill = self.bill()
        bill._complete_payment(self.check, amount=107.8, date=date(2026, 3, 12))
        self.assertBill(
            bill, "new", is_partly_paid=True, amount_due=2.2, amount_credited=0.0
        )

    def test_less_is_a_part_and_ends_the_discount(self):
        """As Odoo: not on what is partly paid."""
        bill = self.bill()
        bill._complete_payment(self.check, amount=107.79, date=date(2026, 3, 5))
        self.assertBill(bill, "new", amount_due=2.21, amount_credited=0.0)
        with self.at("2026-03-06"):
            bill.invalidate_recordset()
            self.assertBill(bill, "new", amount_discounted=0.0, discount_date=False)
            self.pay(bill)
        self.assertBill(bill, "paid", amount_paid=110.0)

    def test_more_is_let_off_less(self):
        """What settles the bill is enough; only what is missing is let off."""
        for computation, (total, early, _tax) in COMPUTATIONS.items():
            with self.subTest(computation=computation):
                bill = self.bill(computation)
                paid = round((total + early) / 2, 2)
                bill._complete_payment(self.check, amount=paid, date=date(2026, 3, 11))
                self.assertBill(
                    bill,
                    "paid",
                    amount_paid=paid,
                    amount_credited=round(total - paid, 2),
                )
                whole = self.bill(computation)
                whole._complete_payment(
                    self.check, amount=total + 5, date=date(2026, 3, 11)
                )
                self.assertBill(whole, "paid", amount_paid=total, amount_credited=0.0)
        credits = self.env["kavi.credit"].search(
            [("partner_id", "=", self.account.id), ("state", "=", "open")]
        )
        self.assertEqual(credits.mapped("amount_open"), [5.0] * 3)

    def test_with_a_surcharge(self):
        """Charged on what is paid; both in one payment."""
        bill = self.bill()
        method = self.methods["percent", "on top"]
        self.choose(bill, method)
        with self.at(LAST_DAY):
            bill.invalidate_recordset()
            self.assertBill(
                bill,
                "pending",
                amount_discounted=107.8,
                amount_to_pay_early=111.35,
                amount_to_pay=113.63,
            )
        payment = bill._complete_payment(method, date=date(2026, 3, 11))
        # 3 percent of 107.80, and 10 percent of that
        self.assertEqual(payment.amount, 111.35)
        self.assertBill(
            bill,
            "paid",
            surcharge_booked=3.55,
            amount_paid=111.35,
            amount_credited=2.2,
        )
        same = self.bill()
        same._complete_payment(method, date=date(2026, 3, 11), received=111.35)
        self.assertBill(same, "paid", amount_paid=111.35, amount_credited=2.2)

    def test_refund_and_bounce(self):
        """Only the money goes back; a bounced payment takes the discount along."""
        for computation, (total, early, _tax) in COMPUTATIONS.items():
            with self.subTest(computation=computation):
                bill = self.bill(computation)
                self.pay(bill, date=LAST_DAY)
                self.give_back(bill)
                self.assertBill(
                    bill, "refunded", refund_amount=early, amount_retained=0.0
                )
                bounced = self.bill(computation)
                self.pay(bounced, date=LAST_DAY)
                self.bounce(bounced)
                self.assertBill(
                    bounced, "pending", amount_due=total, amount_credited=0.0
                )
                self.assertEqual(self.tax_declared(bounced), round(total - 100, 2))
                self.cancel(bounced)
                self.assertBill(bounced, "canceled", amount_due=0.0)
                self.assertEqual(self.tax_declared(bounced), 0.0)

    def test_many_at_once(self):
        bills = self.bill() | self.bill("mixed") | self.bill("excluded")
        bills |= self.issued(50)
        self.pay(bills, date=LAST_DAY)
        paid = bills.mapped("amount_paid")
        self.assertEqual(paid, [107.8, 107.8, 108.0, 50.0])
        self.assertBooks(*bills)

    def test_currencies(self):
        """At the rates of their days; the exchange difference is booked apart."""
        euro, yen = self.env.ref("base.EUR"), self.env.ref("base.JPY")
        (euro | yen).active = True
        self.env["res.currency.rate"].create(
            [
                {"name": day, "rate": rate, "currency_id": currency.id}
                | {"company_id": self.company.id}
                for currency, day, rate in (
                    (euro, "2026-01-01", 0.5),
                    (euro, "2026-03-05", 0.8),
                    (yen, "2026-01-01", 150),
                    (yen, "2026-03-05", 141.7),
                )
            ]
        )
        for turn, computation in enumerate(COMPUTATIONS):
            cases = ((euro, 99.99), (yen, 9999))
            for currency, amount in by_turns(cases, 2, turn):
                with self.subTest(computation=computation, currency=currency.name):
                    bill = self.bill(
                        computation, amount=amount, currency_id=currency.id
                    )
                    asked = self.odoo(bill, LAST_DAY)
                    self.pay(bill, date=LAST_DAY)
                    self.assertEqual(self.entry(self.payments(bill)), asked)
                    self.assertBill(
                        bill, "paid", amount_due=0.0, amount_due_company=0.0
                    )
                    part = self.bill(
                        computation, amount=amount, currency_id=currency.id
                    )
                    unit = currency.rounding
                    part._complete_payment(
                        self.check,
                        amount=currency.round(part.amount_total - unit),
                        date=date(2026, 3, 11),
                    )
                    self.assertBill(
                        part, "paid", amount_credited=unit, amount_due_company=0.0
                    )

    def test_no_account_for_discounts(self):
        self.company.account_journal_early_pay_discount_loss_account_id = False
        bill = self.bill()
        with self.refused("no account for early-payment discounts", "Settings"):
            bill._complete_payment(self.check, date=date(2026, 3, 11))
        self.assertBill(bill, "new", amount_due=110.0)

    def test_credit_that_was_applied_ends_the_discount(self):
        """As Odoo: something is matched already."""
        bill = self.bill()
        credit = self.env["kavi.credit"].create(
            {
                "partner_id": self.account.id,
                "kind": "goodwill",
                "reason": "Late",
                "amount": 10,
            }
        )
        credit._issue()
        if not credit.amount_open:
            self.assertEqual(bill.amount_due, 100.0)
        else:
            credit._apply(bill)
        with self.at(LAST_DAY):
            bill.invalidate_recordset()
            self.assertFalse(bill.discount_date)
            self.pay(bill)
        self.assertBill(bill, "paid", amount_paid=100.0, amount_credited=10.0)
