"""Methods with every kind of surcharge, and what each has to come to, in Decimals."""

from decimal import ROUND_HALF_UP, Decimal

from .common import BillingCommon
from .profile import LONG

# Fixed, percent, at least, at most.
SURCHARGES = {
    "none": (0, 0, 0, 0),
    "fixed": (2.5, 0, 0, 0),
    "percent": (0, 3, 0, 0),
    "both": (0.3, 2.9, 0, 0),
    "minimum": (0, 1, 4, 0),
    "maximum": (1, 10, 0, 5.55),
}
# Their taxes, 10 percent: none, on top, in the price.
TAXES = ("untaxed", "on top", "included")


class SurchargeCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        on_top = {
            "name": "On top",
            "amount": 10,
            "company_id": cls.company.id,
            "country_id": cls.company.account_fiscal_country_id.id,
        }
        included = {"name": "Included", "price_include_override": "tax_included"}
        taxes = cls.env["account.tax"].create([on_top, on_top | included])
        cls.taxes = {"untaxed": taxes[:0], "on top": taxes[0], "included": taxes[1]}
        cls.income = cls.env["account.account"].create(
            {
                "name": "Payment surcharges",
                "code": "409900",
                "account_type": "income_other",
                "company_ids": cls.company.ids,
            }
        )
        cls.methods = {
            (kind, tax): cls.new_method(kind, tax)
            for kind in SURCHARGES
            for tax in TAXES
            if kind != "none" or tax == "untaxed"
        }

    @classmethod
    def new_method(cls, kind="both", tax="untaxed", **vals):
        fixed, percent, least, most = SURCHARGES[kind]
        vals = {
            "name": f"{kind}, {tax}",
            "company_id": cls.company.id,
            "surcharge_fixed": fixed,
            "surcharge_percent": percent,
            "surcharge_min": least,
            "surcharge_max": most,
            "surcharge_account_id": cls.income.id,
            "surcharge_tax_ids": cls.taxes[tax].ids,
            **vals,
        }
        return cls.env["kavi.payment.method"].create(vals)

    def expected(self, key, amount):
        """What a method charges on an amount in company currency, by hand.

        :return: (untaxed, total), floats
        """
        kind, tax = key
        fixed, percent, least, most = (Decimal(str(x)) for x in SURCHARGES[kind])
        cent = Decimal("0.01")
        price = max(fixed + Decimal(str(amount)) * percent / 100, least)
        price = min(price, most or price).quantize(cent, ROUND_HALF_UP)
        if not amount:
            price = Decimal()
        untaxed = total = price
        if tax == "on top":
            total = price + (price / 10).quantize(cent, ROUND_HALF_UP)
        elif tax == "included":
            untaxed = price - (price / 11).quantize(cent, ROUND_HALF_UP)
        return float(untaxed), float(total)

    def surcharges(self, bill):
        """The surcharge invoices of a bill that stand, oldest first."""
        return bill.sudo()._get_surcharge_moves().sorted("id")

    def assertCharged(self, bill, key, *amounts):
        """One invoice a payment of these amounts, over what its method charges."""
        expected = [self.expected(key, amount) for amount in amounts]
        expected = [pair for pair in expected if pair[1]]
        moves = self.surcharges(bill)
        self.assertEqual(
            [(move.amount_untaxed, move.amount_total) for move in moves], expected
        )
        self.assertEqual(set(moves.mapped("state")), {"posted"} if moves else set())
        self.assertEqual(moves.mapped("amount_residual"), [0.0] * len(moves))
        lines = moves.invoice_line_ids
        self.assertEqual(lines.account_id, self.income if moves else lines.account_id)
        self.assertEqual(lines.tax_ids, self.taxes[key[1]] if moves else lines.tax_ids)
        total = round(sum(pair[1] for pair in expected), 2)
        self.assertEqual(bill.surcharge_booked, total)
        return total

    def each_method(self, amount=100.0, **vals):
        """A bill for each method, one after the other, as sub-tests: each surcharge and
        each tax at least once, each with each in the long profile."""
        methods = self.tried()
        bills = self.bills.create(
            [
                {
                    "partner_id": self.account.id,
                    "title": "Membership",
                    "amount": amount,
                    **vals,
                }
                for _key in methods
            ]
        )
        bills.action_issue()
        for bill, (key, method) in zip(bills, methods.items(), strict=True):
            with self.subTest(surcharge=key[0], tax=key[1]):
                yield bill, key, method

    def tried(self):
        """The methods of :meth:`each_method`."""
        if LONG:
            return self.methods
        pairs = self._pair_by_turns(self.methods)
        return {key: self.methods[key] for key in pairs}

    @staticmethod
    def _pair_by_turns(methods):
        kinds, taxes = (
            list(dict.fromkeys(part)) for part in zip(*methods, strict=True)
        )
        count = max(len(kinds), len(taxes))
        pairs = [
            (kinds[number % len(kinds)], taxes[number % len(taxes)])
            for number in range(count)
        ]
        # a surcharge of nothing has no tax
        rest = [key for key in methods if key[0] not in {kind for kind, _tax in pairs}]
        pairs = [key for key in [*pairs, *rest] if key in methods]
        missing = set(taxes) - {tax for _kind, tax in pairs}
        return pairs + [("both", tax) for tax in sorted(missing)]
