"""Shares of lines and taxes, to the cent, over any series of parts: no database."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.proportion import share_of_lines

TAXES = ("1", "2", "3")


@st.composite
def invoices(draw, low=-(10**6)):
    """Lines of an invoice above zero, and the decimals of its currency."""
    places = draw(st.sampled_from([0, 2, 3]))

    def money(low, high):
        whole = st.integers(low, high).map(lambda n: Decimal(n).scaleb(-places))
        return draw(whole)

    lines = []
    for _line in range(draw(st.integers(1, 6))):
        base = money(low, 10**7)
        keys = draw(st.sets(st.sampled_from(TAXES)))
        # a tax on a tax has another base than the line
        taxes = {
            key: (money(max(low, -(10**4)), 10**5), base + money(0, 10**5))
            for key in sorted(keys)
        }
        lines.append((base, taxes))
    total = total_of(lines)
    if total <= 0:  # nobody owes such a bill
        lines.append((Decimal(1) - total + money(0, 10**7), {}))
    return lines, places


def total_of(lines):
    amounts = (
        base + sum(amount for amount, _base in taxes.values()) for base, taxes in lines
    )
    return sum(amounts, Decimal())


def steps(data, total, places):
    """A series of amounts credited, from zero to all of ``total``."""
    cents = int(total.scaleb(places))
    stops = data.draw(st.sets(st.integers(0, cents), max_size=5))
    return [Decimal(n).scaleb(-places) for n in sorted({0, cents, *stops})]


def flat(lines):
    """All amounts of lines, in one row."""
    for base, taxes in lines:
        yield base
        for key in sorted(taxes):
            yield from taxes[key]


@tagged("post_install", "-at_install")
class TestProportion(BaseCase):
    @given(invoices(), st.data())
    @settings(deadline=None, max_examples=200)
    def test_any_series_of_parts(self, invoice, data):
        """Each part sums to its amount; all of them are the invoice, line by line and
        tax by tax, and no share has more decimals than the currency."""
        lines, places = invoice
        credited = [Decimal() for _amount in flat(lines)]
        stops = steps(data, total_of(lines), places)
        for before, after in zip(stops, stops[1:], strict=False):
            shares = share_of_lines(lines, before, after, places)
            self.assertEqual(total_of(shares), after - before)
            self.assertEqual([set(t) for _b, t in shares], [set(t) for _b, t in lines])
            for amount in flat(shares):
                self.assertEqual(amount, round(amount, places))
            credited = [sum(pair) for pair in zip(credited, flat(shares), strict=True)]
        self.assertEqual(credited, list(flat(lines)))

    @given(invoices(low=0), st.data())
    @settings(deadline=None, max_examples=200)
    def test_shares_are_in_proportion(self, invoice, data):
        """A line's share is off by a few cents at most, whatever came before."""
        lines, places = invoice
        total = total_of(lines)
        *__, before, after = steps(data, total, places)
        fair = (after - before) / total
        shares = share_of_lines(lines, before, after, places)
        for share, amount in zip(flat(shares), flat(lines), strict=True):
            cents = abs(share - amount * fair).scaleb(places)
            self.assertLessEqual(cents, 5)

    def test_nothing(self):
        lines = [(Decimal(100), {"1": (Decimal(10), Decimal(100))})]
        for amount in (0, 55, 110):
            self.assertFalse(any(flat(share_of_lines(lines, amount, amount, 2))))

    def test_floats_are_read_as_they_are_written(self):
        """0.1 + 0.2 is no trap: amounts come as text or short floats."""
        lines = [(0.1, {}), (0.2, {"1": (0.03, 0.2)})]
        shares = share_of_lines(lines, "0.00", "0.33", 2)
        self.assertEqual(
            list(flat(shares)), [Decimal(n) for n in ("0.1", "0.2", "0.03", "0.2")]
        )

    def test_bases_that_sum_to_zero(self):
        """Only the tax is owed; it is what is given back, and the bases with it."""
        tax = {"1": (Decimal(10), Decimal(100))}
        lines = [(Decimal(100), tax), (Decimal(-100), {})]
        half = share_of_lines(lines, 0, 5, 2)
        self.assertEqual(total_of(half), 5)
        whole = share_of_lines(lines, 0, 10, 2)
        self.assertEqual(list(flat(whole)), list(flat(lines)))
