"""The arithmetic of surcharges, over any settings and amounts (KB-53)."""

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from ..tools.payment_quote import solve_surcharge_base
from .surcharge_common import SurchargeCommon

cents = st.integers(0, 50_000).map(lambda number: number / 100)
money = st.integers(1, 20_000_000).map(lambda number: number / 100)
percents = st.integers(0, 1_000_000).map(lambda number: number / 10_000)
EXAMPLES = settings(deadline=None, max_examples=60)


@tagged("post_install", "-at_install")
class TestPropertySurcharge(SurchargeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.day = cls.company._billing_today()
        cls.method = cls.new_method()
        cls.usd = cls.company.currency_id
        cls.yen = cls.env.ref("base.JPY")

    def configure(self, fixed, percent, bounds, tax):
        least, most = sorted(bounds)
        self.method.write(
            {
                "surcharge_fixed": fixed,
                "surcharge_percent": percent,
                "surcharge_min": least,
                "surcharge_max": most,
                "surcharge_tax_ids": [Command.set(self.taxes[tax].ids)],
            }
        )
        return least, most

    def charge(self, amount, currency=None):
        return self.method._get_surcharge(amount, currency or self.usd, self.day)

    @EXAMPLES
    @given(
        cents,
        percents,
        st.tuples(cents, cents),
        st.sampled_from(["untaxed", "on top", "included"]),
        money,
        money,
    )
    def test_property_of_any_surcharge(self, fixed, percent, bounds, tax, one, two):
        """By the formula; within its bounds; untaxed and tax sum to the total; never
        less for more."""
        least, most = self.configure(fixed, percent, bounds, tax)
        # as the database keeps them
        exact = Decimal(str(fixed)) + Decimal(str(one)) * Decimal(str(percent)) / 100
        exact = max(exact, Decimal(str(least)))
        exact = min(exact, Decimal(str(most))) if most else exact
        price = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        found = self.charge(one)
        self.assertAlmostEqual(found["price"], float(price), 6)
        self.assertAlmostEqual(found["untaxed"] + found["tax"], found["total"], 6)
        if tax == "on top":
            self.assertAlmostEqual(found["untaxed"], found["price"], 6)
        else:
            self.assertAlmostEqual(found["total"], found["price"], 6)
        small, large = sorted((one, two))
        self.assertLessEqual(
            self.charge(small)["total"], self.charge(large)["total"] + 1e-9
        )
        for nothing in (0.0, -one):
            self.assertEqual(self.charge(nothing)["total"], 0.0)

    @EXAMPLES
    @given(
        cents,
        percents,
        st.tuples(cents, cents),
        st.sampled_from(["untaxed", "on top", "included"]),
        money,
        money,
        st.booleans(),
    )
    def test_property_of_what_was_received(
        self, fixed, percent, bounds, tax, due, received, is_yen
    ):
        """Whatever comes is split to the cent; what was asked is found again."""
        self.configure(fixed, percent, bounds, tax)
        currency = self.yen if is_yen else self.usd
        due = max(currency.round(due), currency.rounding)
        received = max(currency.round(received), currency.rounding)

        def charge(base):
            return self.charge(base, currency)

        def total(base):
            return currency.round(base + charge(base)["total"])

        def find(money):
            return solve_surcharge_base(money, due, charge, currency)

        compare = currency.compare_amounts
        # as it was asked, so it is found
        part = currency.round(min(received, due))
        self.assertEqual(compare(find(total(part)), part), 0)
        # all or more pays all
        self.assertEqual(compare(find(total(due) + 1), due), 0)
        # anything else: the most that it covers
        base = find(received)
        self.assertLessEqual(compare(base, due), 0)
        if base:
            self.assertLessEqual(compare(total(base), received), 0)
        if compare(base, due) < 0:
            self.assertGreater(compare(total(base + currency.rounding), received), 0)

    @settings(deadline=None, max_examples=12)
    @given(
        st.sampled_from(list(range(16))),
        st.integers(300, 30_000),
        st.integers(5, 150),
    )
    def test_property_of_payments_booked(self, number, asked, per_cent):
        """What comes in is on the payment, and the books are as the quote said."""
        with self.cr.savepoint() as savepoint:
            self.pay_and_look(number, asked, per_cent)
            savepoint.rollback()
        self.cr.precommit.clear()
        self.env.invalidate_all()

    def pay_and_look(self, number, asked, per_cent):
        method = list(self.methods.values())[number]
        bill = self.issued(asked / 100)
        received = max(round(asked * per_cent / 10_000, 2), 10)
        quote = bill._quote_payment(method, received=received)
        self.assertAlmostEqual(quote.amount_received, received, 6)
        payment = bill._complete_payment(method, received=received)
        self.assertEqual(payment.amount, received)
        self.assertAlmostEqual(bill.surcharge_booked, quote.surcharge["total"], 6)
        self.assertAlmostEqual(bill.amount_due, max(quote.residual, 0), 6)
        self.assertAlmostEqual(
            bill.amount_untaxed + bill.amount_tax + bill.surcharge_booked,
            bill.amount_total,
            6,
        )
        self.assertBooks(bill)
