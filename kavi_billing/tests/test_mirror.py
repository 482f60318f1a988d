"""What a credit note takes back of posted items: no database."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.mirror import BASE, Item, left_of, part_of

TAXES = ("tax 1", "tax 2", "reverse charge")
ONE = Decimal(1)


def total(items, name="amount"):
    return sum((getattr(item, name) for item in items), Decimal())


@st.composite
def documents(draw):
    """Posted items that charge more than nothing, and the decimals of two currencies:
    bases and taxes of any sign, taxes of +100 % and −100 %, lines that sum to nothing.
    """
    places = draw(st.sampled_from([0, 2, 3]))
    rate = draw(st.sampled_from(["1", "2", "0.3571", "117.03"]))

    def item(key, kind, units):
        amount = Decimal(units).scaleb(-places)
        balance = (amount * Decimal(rate)).quantize(Decimal("0.01"))
        return Item(key, kind, amount, balance)

    units = st.integers(-(10**6), 10**7)
    items = []
    for _line in range(draw(st.integers(1, 5))):
        key = draw(st.sampled_from(["sales", "services", "fees"]))
        items.append(item(key, BASE, draw(units)))
    for tax in sorted(draw(st.sets(st.sampled_from(TAXES)))):
        amount = draw(units)
        items.append(item((tax, 1), (tax, 1), amount))
        if tax == "reverse charge":
            items.append(item((tax, -1), (tax, -1), -amount))
    if draw(st.booleans()):
        amounts = draw(st.lists(units, min_size=1, max_size=3))
        items += [item(("epd", n), "epd", a) for n, a in enumerate(amounts)]
        items.append(item(("epd", "back"), "epd", -sum(amounts)))
    if total(items) <= 0:  # nobody owes such a bill
        more = ONE.scaleb(-places) - total(items)
        items.append(item("sales", BASE, int(more.scaleb(places))))
    return items, places


def take(items, taken, parts):
    """The notes so far, with one more."""
    taken = dict(taken)
    for item, pair in zip(items, parts, strict=True):
        known = taken.get(item.key, (Decimal(), Decimal()))
        taken[item.key] = tuple(map(sum, zip(known, pair, strict=True)))
    return taken


@tagged("post_install", "-at_install")
class TestMirror(BaseCase):
    @given(documents(), st.data())
    @settings(deadline=None, max_examples=200)
    def test_property_notes_in_any_parts(self, document, data):
        """Each note sums to its amount, in both currencies to the cent; all of them
        take back every account and tax exactly."""
        items, places = document
        whole = total(items)
        units = int(whole.scaleb(places))
        stops = sorted(data.draw(st.sets(st.integers(1, units), max_size=5)) | {units})
        taken, reached = {}, Decimal()
        for stop in stops:
            amount = Decimal(stop).scaleb(-places) - reached
            left = left_of(items, taken)
            self.assertEqual(total(left), whole - reached)
            parts = part_of(left, amount, places, 2)
            self.assertEqual(sum(part[0] for part in parts), amount)
            for number, balance in parts:
                self.assertEqual(number, round(number, places))
                self.assertEqual(balance, round(balance, 2))
            taken, reached = take(items, taken, parts), reached + amount
        keys = {item.key for item in items}
        for place, name in enumerate(("amount", "balance")):
            for key in keys:
                booked = total([item for item in items if item.key == key], name)
                self.assertEqual(taken[key][place], booked)

    @given(documents(), st.data())
    @settings(deadline=None, max_examples=200)
    def test_property_what_sums_to_nothing_still_does(self, document, data):
        """Reverse charge owes nothing, whatever part of it is taken back."""
        items, places = document
        units = int(total(items).scaleb(places))
        amount = Decimal(data.draw(st.integers(1, units))).scaleb(-places)
        parts = dict(
            zip(
                [(item.key, n) for n, item in enumerate(items)],
                part_of(items, amount, places, 2),
                strict=True,
            )
        )
        for kinds in ({("reverse charge", 1), ("reverse charge", -1)}, {"epd"}):
            found = [
                parts[item.key, n] for n, item in enumerate(items) if item.kind in kinds
            ]
            self.assertEqual(sum(part[0] for part in found), 0)

    def test_a_note_of_somebody_else(self):
        """30 taken back from an account that the invoice does not have is taken off
        all that is charged."""
        items = [
            Item("sales", BASE, Decimal(100), Decimal(100)),
            Item("fees", BASE, Decimal(50), Decimal(50)),
        ]
        left = left_of(items, {"other": (Decimal(30), Decimal(30))})
        self.assertEqual([item.amount for item in left], [80, 40])

    def test_reverse_charge(self):
        """The bill is 100; a note of 40 carries 40 of the charge and no tax owed."""
        items = [
            Item("sales", BASE, Decimal(100), Decimal(100)),
            Item("+", "+", Decimal("17.50"), Decimal("17.50")),
            Item("-", "-", Decimal("-17.50"), Decimal("-17.50")),
        ]
        parts = part_of(items, Decimal(40), 2, 2)
        self.assertEqual([part[0] for part in parts], [40, 7, -7])

    def test_a_rest_at_another_balance(self):
        """Payments have left 33.34 of the debt in company currency, not 33.33: the
        note takes back that, or an exchange difference would be left."""
        items = [Item("sales", BASE, Decimal(10), Decimal("33.33"))]
        parts = part_of(items, Decimal(10), 2, 2, Decimal("33.34"))
        self.assertEqual(parts, [(Decimal(10), Decimal("33.34"))])
