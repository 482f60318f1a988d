"""Instalments to the cent: the arithmetic without a database, and real invoices."""

from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import BaseCase, tagged

from ..tools.instalments import COLLECTIONS, share, split
from .test_schedule import TermsCommon

UNITS = ("1", "0.01", "0.001", "0.05")


@st.composite
def terms(draw):
    """Lines of terms as ``split`` takes them: percents of 100, fixed amounts."""
    count = draw(st.integers(1, 13))
    cut = st.integers(0, 10_000)
    cuts = sorted(draw(st.lists(cut, min_size=count - 1, max_size=count - 1)))
    percents = [
        Decimal(after - before) / 100
        for before, after in zip([0, *cuts], [*cuts, 10_000], strict=True)
    ]
    lines = [("percent", percent) for percent in percents]
    for place in draw(st.lists(st.integers(0, count), max_size=2)):
        fixed = draw(st.integers(0, 10**6))
        lines.insert(place, ("fixed", Decimal(fixed) / 100))
    lines[draw(st.integers(0, len(lines) - 1))] = ("balance", None)
    return lines


@st.composite
def asked(draw, low=0):
    """What is collected when, in whole units of a currency, and the unit."""
    unit = Decimal(draw(st.sampled_from(UNITS)))
    amounts = st.integers(low, 10**9) | st.integers(max(low, -20), 20)
    charges = {name: draw(amounts) * unit for name in COLLECTIONS}
    return charges, unit


@tagged("post_install", "-at_install")
class TestInstalmentProperty(BaseCase):
    @given(asked(low=-(10**6)), terms())
    def test_property_sum_is_the_total(self, asked, lines):
        """For any split, any charges, in any currency; in whole units, and never of
        another sign than the total."""
        charges, unit = asked
        total = sum(charges.values())
        amounts = split(total, charges, lines, unit)
        self.assertEqual(len(amounts), len(lines))
        self.assertEqual(sum(amounts), total)
        for amount in amounts:
            self.assertEqual(amount % unit, 0)
            self.assertGreaterEqual(amount * total, 0)

    @given(asked(), terms())
    def test_property_charges_come_when_they_should(self, asked, lines):
        """The first instalment holds all that is collected first; before the last one
        nothing is asked of what is collected last."""
        charges, unit = asked
        total = sum(charges.values())
        amounts = split(total, charges, lines, unit)
        if len(lines) > 1:
            self.assertGreaterEqual(amounts[0], charges["first"])
        self.assertGreaterEqual(amounts[-1], charges["last"])

    @given(asked(), terms())
    def test_property_credit_notes_mirror(self, asked, lines):
        charges, unit = asked
        total = sum(charges.values())
        minus = {name: -amount for name, amount in charges.items()}
        self.assertEqual(
            split(-total, minus, lines, unit),
            [-amount for amount in split(total, charges, lines, unit)],
        )

    @given(
        st.integers(1, 10**9),
        st.integers(1, 12),
        st.sampled_from(UNITS[:3]),
    )
    def test_property_even_split_is_even(self, units, count, unit):
        """Equal percents differ by half a unit for each instalment at most."""
        unit = Decimal(unit)
        percent = Decimal(100) / count
        lines = [("percent", percent)] * (count - 1) + [("balance", None)]
        total = units * unit
        amounts = split(total, {}, lines, unit)
        for amount in amounts[:-1]:
            self.assertLessEqual(abs(amount - total / count), unit)

    @given(
        st.integers(-(10**9), 10**9),
        st.lists(st.integers(0, 10**6), min_size=1, max_size=13),
        st.sampled_from(UNITS),
    )
    def test_property_company_currency(self, units, weights, unit):
        """The balances in company currency sum to the invoice's, too."""
        unit = Decimal(unit)
        shares = share(units * unit, weights, unit)
        if any(weights):
            self.assertEqual(sum(shares), units * unit)
        for amount in shares:
            self.assertGreaterEqual(amount * units, 0)

    def test_as_odoo_has_it(self):
        """Where Odoo's own rounding goes wrong nowhere, it is the same."""
        percents = [("percent", Decimal("8.33"))] * 11 + [("balance", None)]
        self.assertEqual(
            split(100, {}, percents, "0.01"),
            [Decimal("8.33")] * 11 + [Decimal("8.37")],
        )
        thirds = [("percent", Decimal("33.33"))] * 2 + [("balance", None)]
        self.assertEqual(split(99, {}, thirds, "0.01"), [33, 33, 33])


CODES = ("USD", "JPY", "KWD")


@tagged("post_install", "-at_install")
class TestInvoiceInstalmentProperty(TermsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Currency = cls.env["res.currency"].with_context(active_test=False)
        cls.currencies = {
            code: Currency.search([("name", "=", code)]) for code in CODES
        }
        for code, rate in (("JPY", 151.37), ("KWD", 0.30719)):
            currency = cls.currencies[code]
            currency.active = True
            cls.env["res.currency.rate"].create(
                {
                    "name": "2026-01-01",
                    "rate": rate,
                    "currency_id": currency.id,
                    "company_id": cls.company.id,
                }
            )
        tax = {"company_id": cls.company.id, "amount": 7.7, "name": "On top"}
        taxes = cls.env["account.tax"].create(
            [
                tax,
                {
                    **tax,
                    "amount": 19,
                    "name": "Included",
                    "price_include_override": "tax_included",
                },
            ]
        )
        cls.taxes = [cls.env["account.tax"], taxes[0], taxes[1], taxes]

    @settings(deadline=None, max_examples=12)
    @given(
        code=st.sampled_from(CODES),
        terms=st.lists(st.integers(0, 100), min_size=1, max_size=4),
        collections=st.lists(
            st.sampled_from(sorted(COLLECTIONS)), min_size=3, max_size=3
        ),
        lines=st.lists(
            st.tuples(
                st.sampled_from(("goods", "shipping", "fee")),
                st.integers(-300, 10**6),
                st.integers(0, 3),
            ),
            min_size=1,
            max_size=4,
        ),
        rounding=st.sampled_from(("round_per_line", "round_globally")),
    )
    @example(
        code="USD",
        terms=[10] * 4,
        collections=["first", "spread", "last"],
        lines=[("goods", 7, 1), ("shipping", 1, 3), ("fee", -2, 0)],
        rounding="round_globally",
    )
    def test_property_of_real_invoices(self, code, terms, collections, lines, rounding):
        """What a draft shows is what is posted, and it sums to the total: in the bill's
        currency, in the company's, with any taxes."""
        with self.env.cr.savepoint() as savepoint:
            self._check_invoice(code, terms, collections, lines, rounding)
            savepoint.rollback()
        self.env.invalidate_all()

    def _check_invoice(self, code, terms, collections, lines, rounding):
        self.company.tax_calculation_rounding_method = rounding
        currency = self.currencies[code]
        whole = sum(terms) or 1
        percents = [part * 10_000 // whole / 100 for part in terms[:-1]]
        percents.append(round(100 - sum(percents), 2))
        term = self.term(
            *((percent, 15 * n) for n, percent in enumerate(percents)),
            goods_collection=collections[0],
            shipping_collection=collections[1],
            fee_collection=collections[2],
        )
        bill = self.draft(
            currency_id=currency.id,
            payment_term_id=term.id,
            bill_date="2026-03-01",
            line_ids=[
                Command.create(
                    {
                        "name": kind,
                        "charge_kind": kind,
                        "price_unit": amount * currency.rounding,
                        "tax_ids": [Command.set(self.taxes[tax].ids)],
                    }
                )
                for kind, amount, tax in lines
            ],
        )
        if currency.compare_amounts(bill.amount_total, 0.0) < 0:
            return  # is not issued
        preview = self.schedule(bill, "due_date", "amount")
        bill.action_issue()
        self.assertEqual(self.schedule(bill, "due_date", "amount"), preview)
        self.assertAlmostEqual(
            sum(amount for _day, amount in preview), bill.amount_total, 6
        )
        self.assertTrue(all(amount > 0 for _day, amount in preview))
        move = bill.sudo().invoice_id
        items = move.line_ids.filtered("date_maturity")
        balance = sum(items.mapped("balance"))
        self.assertAlmostEqual(balance, move.amount_total_signed, 6)
        self.assertAlmostEqual(sum(move.line_ids.mapped("balance")), 0.0, 6)
        self.assertFalse([item for item in items if item.balance < 0])
        self.assertBooks(bill)
