"""Property: one payment is shared among debts, to the cent; and what somebody types
into a search box is read as an amount. No database."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged
from odoo.tools import float_compare, float_is_zero, float_round

from ..tools.numbers import read_amounts
from ..tools.payment_quote import Debt, distribute


class Money:
    """A currency, as far as sharing needs one."""

    def __init__(self, rounding):
        self.rounding = rounding

    def round(self, amount):
        return float_round(amount, precision_rounding=self.rounding)

    def is_zero(self, amount):
        return float_is_zero(amount, precision_rounding=self.rounding)

    def compare_amounts(self, first, second):
        return float_compare(first, second, precision_rounding=self.rounding)


@st.composite
def cases(draw):
    """A currency, debts with and without an early discount, and what came."""
    money = Money(draw(st.sampled_from([1.0, 0.01, 0.001, 0.05])))
    debts = []
    for __ in range(draw(st.integers(1, 6))):
        units = draw(st.integers(1, 10**6))
        settling = draw(st.integers(1, units)) if draw(st.booleans()) else units
        debts.append(
            Debt(
                money.round(units * money.rounding),
                money.round(settling * money.rounding),
                draw(st.booleans()),
            )
        )
    total = sum(debt.payable for debt in debts)
    came = draw(st.integers(1, round(total / money.rounding) * 2))
    return money, debts, money.round(came * money.rounding)


@tagged("post_install", "-at_install")
class TestPaymentQuote(BaseCase):
    @given(cases())
    def test_property_of_sharing(self, case):
        """Never more than came, never more than is due; nothing is kept back that a
        debt could take; the oldest first."""
        money, debts, came = case
        amounts = distribute(came, debts, money)
        self.assertEqual(len(amounts), len(debts))
        left = money.round(came - sum(amounts))
        self.assertGreaterEqual(money.compare_amounts(left, 0.0), 0)
        for amount, debt in zip(amounts, debts, strict=True):
            self.assertGreaterEqual(money.compare_amounts(amount, 0.0), 0)
            self.assertLessEqual(money.compare_amounts(amount, debt.payable), 0)
            self.assertEqual(amount, money.round(amount))
            settles = money.compare_amounts(amount, debt.settling) >= 0
            if not debt.in_parts:
                self.assertTrue(settles or money.is_zero(amount))
            if not settles:
                # nothing is left over that it could have taken
                self.assertTrue(
                    money.is_zero(left)
                    if debt.in_parts
                    else money.compare_amounts(left, debt.settling) < 0
                )
        takers = [
            (amount, debt)
            for amount, debt in zip(amounts, debts, strict=True)
            if debt.in_parts
        ]
        for (amount, debt), (later, _debt) in zip(takers, takers[1:], strict=False):
            if money.compare_amounts(amount, debt.settling) < 0:
                self.assertTrue(money.is_zero(later), "a newer one came first")
        if not money.is_zero(left) and all(debt.in_parts for debt in debts):
            self.assertEqual(amounts, [debt.payable for debt in debts])

    def test_sharing(self):
        """Values worked out by hand."""
        cents = Money(0.01)
        for came, debts, wanted in (
            (952.0, [(500, 500), (452, 452)], [500.0, 452.0]),
            (600.0, [(500, 500), (452, 452)], [500.0, 100.0]),
            (1000.0, [(500, 500), (452, 452)], [500.0, 452.0]),
            # 2 % off the first: 98 settle it, the rest is the second's
            (150.0, [(100, 98), (100, 100)], [98.0, 52.0]),
            (199.0, [(100, 98), (100, 100)], [99.0, 100.0]),
            (97.0, [(100, 98), (100, 100)], [97.0, 0.0]),
        ):
            debts = [
                Debt(float(payable), float(settling)) for payable, settling in debts
            ]
            self.assertEqual(distribute(came, debts, cents), wanted)
        debts = [Debt(300.0, 300.0, False), Debt(200.0, 200.0, False)]
        self.assertEqual(distribute(250.0, debts, cents), [0.0, 200.0])

    def test_typed_amounts(self):
        for typed, signs, wanted in (
            ("952", (".", ","), {952.0}),
            ("952.00", (".", ","), {952.0}),
            ("1,234.56", (".", ","), {1234.56}),
            ("$ 1,234.56", (".", ","), {1234.56}),
            ("1.234,56 €", (",", "."), {1234.56}),
            ("1 234,56", (",", "\N{NO-BREAK SPACE}"), {1234.56}),
            ("1234.5", (",", "."), {12345.0, 1234.5}),
            ("-30", (".", ","), {-30.0}),
            ("2026-00012", (".", ","), set()),
            ("INV/2026/00012", (".", ","), set()),
            ("gala", (".", ","), set()),
            ("", (".", ","), set()),
            ("1.2.3", (".", ","), set()),
            ("9" * 400, (".", ","), set()),
        ):
            self.assertEqual(read_amounts(typed, *signs), wanted, typed)
