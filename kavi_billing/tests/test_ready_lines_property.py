"""Invoices whose lines are made ready are, row for row and field by field, what plain
Odoo makes of the same input: whatever the taxes, terms, currencies and accounts.

The right values come from Odoo: its own ``create`` and ``_post``, from the same values,
in a savepoint that is rolled back.
"""

import os
from unittest.mock import patch

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from .mirror_common import PERCENT, REVERSE_CHARGE, SPLIT, MirrorCommon
from .profile import LONG

EXAMPLES = int(os.environ.get("KAVI_EXAMPLES", 0)) or (200 if LONG else 12)
# To shorten what fails takes minutes.
PHASES = [
    phase for phase in Phase if LONG or phase.name in ("explicit", "reuse", "generate")
]
# Ids, and when and by what secret a row was written: not of two rows alike.
OWN = {"id", "move_id", "create_date", "write_date", "access_token"}
RELATIONS = {
    "account_move_line_account_tax_rel": ("account_move_line_id", "account_tax_id"),
    "account_account_tag_account_move_line_rel": (
        "account_move_line_id",
        "account_account_tag_id",
    ),
}

SHAPES = st.fixed_dictionaries(
    {
        "partner": st.integers(0, 4),
        "currency": st.integers(0, 2),
        "term": st.integers(0, 8),
        "lines": st.lists(
            st.fixed_dictionaries(
                {
                    "product": st.sampled_from([None, None, 0, 1]),
                    "taxes": st.sets(st.integers(0, 10), max_size=3),
                    "price": st.integers(-2000, 99999).map(lambda cents: cents / 100),
                    "quantity": st.sampled_from([1, 1, 2, 3, 0.33, 12.5]),
                    "charge": st.sampled_from(["goods", "goods", "shipping", "fee"]),
                    "analytic": st.sampled_from([False, False, True]),
                }
            ),
            min_size=1,
            max_size=4,
        ),
    }
)


@tagged("post_install", "-at_install")
class TestReadyLinesProperty(MirrorCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.yen = cls.env.ref("base.JPY")
        cls.yen.active = True
        cls.env["res.currency.rate"].create(
            {
                "name": "2020-01-01",
                "rate": 151.37,
                "currency_id": cls.yen.id,
                "company_id": cls.company.id,
            }
        )
        cls.currencies = [cls.company.currency_id, cls.euro, cls.yen]
        group = {"amount_type": "group", "amount": 0, "type_tax_use": "sale"}
        cls.taxes = [
            cls.tax(15.0),
            cls.tax(7.7, sequence=2),
            cls.tax(19.0, price_include_override="tax_included"),
            cls.tax(20.0, REVERSE_CHARGE),
            cls.tax(10.0, SPLIT, include_base_amount=True, sequence=1),
            cls.tax(1.5, PERCENT, amount_type="fixed"),
            cls.tax(8.0, PERCENT, amount_type="division"),
            cls.tax(5.0, PERCENT, analytic=True),
            cls.env["account.tax"].create(
                {
                    "name": "Group",
                    "company_id": cls.company.id,
                    "children_tax_ids": [
                        Command.set((cls.tax(3.0) | cls.tax(4.0)).ids)
                    ],
                    **group,
                }
            ),
            cls.tax(
                6.0,
                tax_exigibility="on_payment",
                cash_basis_transition_account_id=cls.let_taxes_wait().id,
            ),
            cls.tax(0.0),
        ]
        # an account of its own for what no repartition line names one
        cls.taxes[1].invoice_repartition_line_ids.account_id = False
        cls.analytic = cls._make_analytic_account()
        cls.products = cls._make_products()
        cls.partners = cls._make_partners()
        cls.terms = cls._make_terms()
        cls.journal = cls.company._get_billing_journal()

    @classmethod
    def _make_analytic_account(cls):
        plan = cls.env["account.analytic.plan"].create({"name": "Projects"})
        return cls.env["account.analytic.account"].create(
            {"name": "Annual meeting", "plan_id": plan.id}
        )

    @classmethod
    def _make_products(cls):
        other = cls.env["account.account"].create(
            {
                "name": "Other income",
                "code": "400999",
                "account_type": "income",
                "company_ids": [Command.set(cls.company.ids)],
            }
        )
        return cls.env["product.product"].create(
            [
                {"name": "Membership", "type": "service"},
                {
                    "name": "Stand",
                    "type": "service",
                    "property_account_income_id": other.id,
                },
            ]
        )

    @classmethod
    def _make_partners(cls):
        cls.person.is_billing_account = True
        other = cls.other_receivable()
        income = cls.products[1].property_account_income_id
        elsewhere = cls.env["account.account"].create(
            {
                "name": "Income abroad",
                "code": "400998",
                "account_type": "income",
                "company_ids": [Command.set(cls.company.ids)],
            }
        )
        position = cls.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "company_id": cls.company.id,
                "account_ids": [
                    Command.create(
                        {"account_src_id": source.id, "account_dest_id": target.id}
                    )
                    for source, target in (
                        (income, elsewhere),
                        (cls.account.property_account_receivable_id, other),
                    )
                ],
            }
        )
        partners = cls.env["res.partner"].create(
            [
                {"name": "Abroad GmbH", "property_account_position_id": position.id},
                {"name": "Doubtful", "property_account_receivable_id": other.id},
                {"name": "Usual", "lang": "en_US"},
            ]
        )
        partners.is_billing_account = True
        # two years of bills on another account: Odoo guesses it from then on
        moves = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partners[2].id,
                "company_id": cls.company.id,
                "invoice_date": "2026-01-31",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "x", "price_unit": 1, "account_id": elsewhere.id}
                    )
                ],
            }
        )
        moves._post(soft=False)
        return cls.account | cls.person | partners

    @classmethod
    def _make_terms(cls):
        def lines(*rows):
            return [
                Command.create(
                    {"value": kind, "value_amount": amount, "nb_days": days, **more}
                )
                for kind, amount, days, more in rows
            ]

        quarters = lines(*(("percent", 25, 30 * n, {}) for n in range(4)))
        early = {"early_discount": True, "discount_percentage": 2, "discount_days": 10}
        return cls.env["account.payment.term"].browse() + cls.env[
            "account.payment.term"
        ].create(
            [
                {"name": "At once", "line_ids": lines(("percent", 100, 0, {}))},
                {"name": "Month", "line_ids": lines(("percent", 100, 30, {}))},
                {"name": "Four", "line_ids": quarters},
                {
                    "name": "Deposit",
                    "fee_collection": "first",
                    "shipping_collection": "last",
                    "line_ids": lines(
                        ("fixed", 30, 0, {"is_deposit": True}),
                        ("percent", 50, 14, {}),
                        ("percent", 50, 40, {}),
                    ),
                },
                {
                    "name": "Twice a day",
                    "line_ids": lines(("percent", 40, 7, {}), ("percent", 60, 7, {})),
                },
                {
                    "name": "Early",
                    "early_pay_discount_computation": "included",
                    **early,
                },
                {"name": "Net", "early_pay_discount_computation": "excluded", **early},
                {"name": "Mixed", "early_pay_discount_computation": "mixed", **early},
            ]
        )

    # === WHAT IS COMPARED === #

    def bill(self, shape):
        """A bill with its Bill ID, not yet booked; None for what no bill can be."""
        number = shape["term"]
        term = self.terms[number - 1] if number else self.terms.browse()
        lines = []
        for line in shape["lines"]:
            product = line["product"]
            taxes = [self.taxes[n].id for n in sorted(line["taxes"])]
            lines.append(
                Command.create(
                    {
                        "name": "Fee",
                        "product_id": product is not None and self.products[product].id,
                        "price_unit": line["price"],
                        "quantity": line["quantity"],
                        "charge_kind": line["charge"],
                        "tax_ids": [Command.set(taxes)],
                        "analytic_distribution": line["analytic"]
                        and {str(self.analytic.id): 100},
                    }
                )
            )
        bill = self.bills.sudo().create(
            {
                "partner_id": self.partners[shape["partner"]].id,
                "title": "Membership",
                "company_id": self.company.id,
                "currency_id": self.currencies[shape["currency"]].id,
                "payment_term_id": term.id,
                "bill_date": "2026-03-02",
                **({} if term else {"due_date": "2026-04-15"}),
                "line_ids": lines,
            }
        )
        return bill if bill.amount_total >= 0 else bill.browse()

    def rows(self, moves):
        """All that the tables hold of entries, without what differs by chance."""
        self.env.flush_all()
        place = {move.id: index for index, move in enumerate(moves)}
        found = []
        for table, key in (("account_move", "id"), ("account_move_line", "move_id")):
            self.env.cr.execute(
                f"SELECT * FROM {table} WHERE {key} = ANY(%s) ORDER BY id",  # noqa: S608
                [moves.ids],
            )
            for row in self.env.cr.dictfetchall():
                values = {name: value for name, value in row.items() if name not in OWN}
                if table == "account_move_line":
                    for relation, (own, other) in RELATIONS.items():
                        self.env.cr.execute(
                            f"SELECT {other} FROM {relation} "  # noqa: S608
                            f"WHERE {own} = %s ORDER BY 1",
                            [row["id"]],
                        )
                        values[relation] = self.env.cr.fetchall()
                found.append((place[row[key]], table, values))
        # items of one entry in the order of their ids, entries in their own
        found.sort(key=lambda row: row[:2])
        self.env.cr.execute(
            "SELECT amount, general_account_id, partner_id, name, date, ref "
            "FROM account_analytic_line WHERE move_line_id = ANY(%s) ORDER BY 1, 2, 3",
            [moves.line_ids.ids],
        )
        return found, self.env.cr.fetchall(), moves.partner_id.mapped("customer_rank")

    def plainly(self, vals_list):
        with self.env.cr.savepoint() as savepoint:
            moves = self.moves.create([dict(vals) for vals in vals_list])
            moves._post(soft=False)
            rows = self.rows(moves)
            savepoint.rollback()
        return rows

    def compare(self, shapes, ready=None):
        """Both ways, from the same bills.

        :param bool ready: whether the lines must have been made ready, or must not
        :return: how many invoices had ready lines
        """
        with self.env.cr.savepoint() as savepoint:
            bills = self.bills.sudo().browse()
            for shape in shapes:
                bills += self.bill(shape)
            if not bills:
                savepoint.rollback()
                return 0
            bills = bills._for_books().with_company(self.company)
            bills._assign_bill_ids()
            vals_list = [bill._prepare_invoice_vals(self.journal) for bill in bills]
            self.env.flush_all()
            count = self.compare_values(vals_list, ready)
            savepoint.rollback()
        return count

    def compare_values(self, vals_list, ready=None):
        self.moves = self.env["account.move"].with_context(
            tracking_disable=True, mail_create_nolog=True, mail_notrack=True
        )
        self.moves = self.moves.sudo().with_company(self.company)
        wanted = self.plainly(vals_list)
        made = []
        create_ready = type(self.moves)._create_ready

        def count(records, pairs):
            moves = create_ready(records, pairs)
            self.assertTrue(moves, "Odoo needs other lines than these")
            made.extend(moves.ids)
            return moves

        with patch.object(type(self.moves), "_create_ready", count):
            moves, all_ready = self.moves._create_invoices(vals_list)
        moves._post_invoices(all_ready)
        found = self.rows(moves)
        for want, have in zip(wanted[0], found[0], strict=True):
            self.assertEqual(have, want)
        self.assertEqual(found[1:], wanted[1:])
        if ready is not None:
            self.assertEqual(len(made), len(vals_list) if ready else 0)
        return len(made)

    @staticmethod
    def shape(*prices, partner=0, currency=0, term=0, taxes=(), **line):
        common = {"product": None, "quantity": 1, "charge": "goods", "analytic": False}
        return {
            "partner": partner,
            "currency": currency,
            "term": term,
            "lines": [
                {**common, "taxes": set(taxes), "price": price, **line}
                for price in prices
            ],
        }

    # === CASES === #

    def test_axes(self):
        """Each axis by itself: lines are made ready, and are Odoo's."""
        shape = self.shape
        self.compare(
            [
                *(shape(99.99, 0.01, 33.33, taxes=[n]) for n in (0, 1, 2, 3, 4, 5, 6)),
                shape(10.05, 20.15, taxes=[8]),
                shape(0.05, taxes=[0, 1, 4]),
                shape(100, taxes=[10]),
                *(shape(120.01, partner=n, taxes=[0]) for n in range(5)),
                *(shape(77.77, currency=n, taxes=[0, 2]) for n in range(3)),
                *(shape(100.03, term=n, taxes=[1]) for n in range(7)),
                shape(64.13, term=7, taxes=[0]),
                shape(0.0),
                shape(0.0, 0.0, term=3, taxes=[0]),
                shape(12.5, product=1, analytic=True, taxes=[0]),
                shape(50, 60, analytic=True, taxes=[1, 7]),
                shape(50, product=0, partner=2),
                shape(0.01, term=3),
                shape(50, -20, taxes=[0], quantity=0.33),
            ],
            ready=True,
        )

    def test_both_roundings(self):
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            self.compare(
                [
                    self.shape(0.07, 0.07, 0.07, taxes=[0, 1], currency=n, term=3)
                    for n in range(3)
                ],
                ready=True,
            )

    def test_plain_way(self):
        """What is not known to come out alike, Odoo makes."""
        self.compare([self.shape(100, taxes=[7], analytic=True)], ready=True)
        self.env["account.analytic.distribution.model"].create(
            {
                "analytic_distribution": {str(self.analytic.id): 100},
                "company_id": self.company.id,
            }
        )
        self.compare([self.shape(100, taxes=[0])], ready=True)
        for shape in (
            self.shape(100, taxes=[7]),  # its items have what a rule gives the lines
            self.shape(100, taxes=[9]),  # tax that is due with the payment
            self.shape(100, taxes=[0], term=8),  # items of a discount, taxes let off
        ):
            self.compare([shape], ready=False)

    def test_mixed_batch(self):
        """Numbers go by the order of the bills, whichever way each one takes."""
        self.compare(
            [
                self.shape(1, taxes=[0]),
                self.shape(2, taxes=[9]),
                self.shape(3, taxes=[0]),
                self.shape(4),
            ]
        )

    def test_what_bills_do_not_say(self):
        """Cash rounding, discounts on lines and unknown values take the plain way."""
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "5 cents",
                "rounding": 0.05,
                "strategy": "biggest_tax",
                "rounding_method": "HALF-UP",
            }
        )
        bill = self.bill(self.shape(99.99, taxes=[0]))
        bill = bill._for_books().with_company(self.company)
        bill._assign_bill_ids()
        vals = bill._prepare_invoice_vals(self.journal)
        self.compare_values(
            [{**vals, "invoice_cash_rounding_id": rounding.id}], ready=False
        )
        _create, _id, line = vals["invoice_line_ids"][0]
        vals["invoice_line_ids"] = [Command.create({**line, "discount": 10.0})]
        self.compare_values([vals], ready=False)

    def test_unknown_override(self):
        """An addon that has a word in what becomes of the lines: Odoo makes them."""
        move_class = type(self.env["account.move"])
        with patch.object(
            move_class, "_get_known_modules", lambda self: {"account", "kavi_billing"}
        ):
            self.assertFalse(self.env["account.move"]._are_methods_known())
            self.compare([self.shape(100, taxes=[0])], ready=False)

    def test_lines_that_odoo_does_not_need(self):
        """Were the rows made ready not those that Odoo needs, they would be dropped."""
        shape = self.shape(100, taxes=[0], term=3)
        bill = self.bill(shape)._for_books().with_company(self.company)
        bill._assign_bill_ids()
        vals = bill._prepare_invoice_vals(self.journal)
        moves = self.env["account.move"].sudo().with_company(self.company)
        spread = type(moves)._prepare_ready_terms

        def one_term(records, *args):
            (key, values), *others = spread(records, *args).items()
            for _key, more in others:
                values["balance"] += more["balance"]
                values["amount_currency"] += more["amount_currency"]
            return {key: values}

        with patch.object(type(moves), "_prepare_ready_terms", one_term):
            move, all_ready = moves._create_invoices([vals])
        self.assertFalse(all_ready)
        items = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(len(items), 4)

    def test_whatever(self):
        made = []

        @settings(max_examples=EXAMPLES, deadline=None, phases=PHASES)
        @given(st.lists(SHAPES, min_size=1, max_size=4))
        def check(shapes):
            made.append(self.compare(shapes))

        check()
        self.assertGreater(sum(made), EXAMPLES / 4, "most take the plain way")
