"""Terms, and the instalments that follow from them: preview, books, what is paid and
overdue (BB-01 ... BB-03, BB-09)."""

from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon


class TermsCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deposit = cls.term((30, 0, {"is_deposit": True}), (70, 60))
        cls.thirds = cls.term((33.33, 0), (33.33, 30), (33.34, 60))

    @classmethod
    def term(cls, *lines, **vals):
        """Terms of lines ``(value, days, other values)``; a percentage if not said."""
        return cls.env["account.payment.term"].create(
            {
                "name": "Terms",
                "line_ids": [
                    Command.create(
                        {
                            "value_amount": value,
                            "nb_days": days,
                            **(more[0] if more else {}),
                        }
                    )
                    for value, days, *more in lines
                ],
                **vals,
            }
        )

    @classmethod
    def charges(cls, **amounts):
        """Lines of a bill: one for each kind of charge."""
        return [
            Command.create({"name": kind, "price_unit": amount, "charge_kind": kind})
            for kind, amount in amounts.items()
        ]

    def items(self, bill):
        """The receivable items of a bill's invoice: ``[(day, amount)]``."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT line.date_maturity, line.amount_currency
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
             WHERE line.move_id = %s AND account.account_type = 'asset_receivable'
          ORDER BY line.date_maturity
            """,
            [bill.sudo().invoice_id.id],
        )
        return [(day, float(amount)) for day, amount in self.env.cr.fetchall()]

    def schedule(self, bill, *names):
        """What the bill's schedule says, in tuples of these names."""
        self.env.flush_all()
        self.env.invalidate_all()
        parts = bill._get_schedules()[bill]
        return [tuple(part[name] for name in names) for part in parts]

    def amounts(self, bill):
        return [amount for (amount,) in self.schedule(bill, "amount")]


@tagged("post_install", "-at_install")
class TestSchedule(TermsCommon):
    def test_preview_becomes_the_books(self):
        """What the draft shows is what is posted, to the day and the cent."""
        for term in (self.deposit, self.thirds, self.term((100, 30))):
            bill = self.draft(100.01, payment_term_id=term.id, bill_date="2026-03-01")
            names = ("number", "due_date", "amount", "is_deposit")
            preview = self.schedule(bill, *names)
            bill.action_issue()
            self.assertEqual(self.schedule(bill, *names), preview)
            self.assertEqual(
                self.items(bill), [(day, amount) for _n, day, amount, _d in preview]
            )
            self.assertBill(bill, "new", amount_total=100.01)

    def test_deposit_and_balance(self):
        with self.at("2026-03-01 12:00"):
            bill = self.issued(1000, payment_term_id=self.deposit.id)
            found = self.schedule(
                bill, "number", "due_date", "amount", "is_deposit", "state"
            )
        self.assertEqual(
            found,
            [
                (1, date(2026, 3, 1), 300.0, True, "due"),
                (2, date(2026, 4, 30), 700.0, False, "to_come"),
            ],
        )
        self.assertEqual(bill.due_date, date(2026, 4, 30))
        self.assertEqual(bill.sudo().invoice_id.invoice_date_due, date(2026, 4, 30))
        self.assertEqual(
            bill.instalment_ids.mapped("display_name"),
            [f"Instalment 1 of {bill.name}", f"Instalment 2 of {bill.name}"],
        )

    def test_up_front(self):
        """Without terms: all of it on the day of issue, also if that is past."""
        bill = self.issued(50, payment_term_id=False, bill_date="2026-03-01")
        self.assertEqual(self.items(bill), [(date(2026, 3, 1), 50.0)])
        self.assertBill(bill, "new", due_date=date(2026, 3, 1))

    def test_chosen_due_date(self):
        """A day that somebody chose for a draft stands for itself."""
        bill = self.draft(
            90,
            payment_term_id=self.thirds.id,
            bill_date="2026-03-01",
            due_date="2026-03-10",
        )
        expected = [(date(2026, 3, 10), 90.0)]
        self.assertEqual(self.schedule(bill, "due_date", "amount"), expected)
        bill.action_issue()
        self.assertEqual(self.items(bill), expected)

    def test_draft_that_lay_about(self):
        """The preview counts from the day on which the draft would be issued."""
        with self.at("2026-03-01 12:00"):
            bill = self.draft(90, payment_term_id=self.deposit.id)
        with self.at("2026-03-15 12:00"):
            days = [day for (day,) in self.schedule(bill, "due_date")]
            self.assertEqual(days, [date(2026, 3, 15), date(2026, 5, 14)])
            bill.action_issue()
            self.assertEqual([day for day, _amount in self.items(bill)], days)

    def test_preview_on_the_form(self):
        bill = self.draft(0)
        self.assertFalse(bill.schedule_preview)
        bill = self.draft(1000, payment_term_id=self.deposit.id, bill_date="2026-03-01")
        for word in ("03/01/2026", "Deposit", "300.00", "04/30/2026", "700.00"):
            self.assertIn(word, bill.schedule_preview)
        form = self.bills.new({"partner_id": self.account.id, "title": "New"})
        self.assertFalse(form.schedule_preview)
        form.payment_term_id = self.deposit
        form.line_ids = self.charges(goods=50.0)
        self.assertIn("35.00", form.schedule_preview)
        bill.action_issue()
        self.assertFalse(bill.schedule_preview)

    def test_kinds_of_charge(self):
        """BB-03: shipping first, fees last, goods as the terms say; taxes included."""
        tax = self.env["account.tax"].create(
            {"name": "On top", "amount": 10, "company_id": self.company.id}
        )
        term = self.term(
            (50, 0), (50, 30), shipping_collection="first", fee_collection="last"
        )
        lines = self.charges(goods=100.0, shipping=10.0, fee=5.0)
        for _command, _id, vals in lines[:2]:
            vals["tax_ids"] = [Command.set(tax.ids)]
        bill = self.draft(line_ids=lines, payment_term_id=term.id)
        # 55 + 11, 55 + 5
        self.assertEqual(self.amounts(bill), [66.0, 60.0])
        bill.action_issue()
        self.assertEqual(self.amounts(bill), [66.0, 60.0])
        self.assertBill(bill, "new", amount_total=126.0, amount_tax=11.0)

    def test_kind_of_charge_of_the_product(self):
        shipping = self.env["product.product"].create(
            {"name": "Parcel", "charge_kind": "shipping", "list_price": 7}
        )
        bill = self.draft(line_ids=[Command.create({"product_id": shipping.id})])
        self.assertEqual(bill.line_ids.charge_kind, "shipping")
        bill.action_issue()
        kinds = bill.sudo().invoice_id.invoice_line_ids.mapped("kavi_charge_kind")
        self.assertEqual(kinds, ["shipping"])
        # typed lines are goods, and a line without a product keeps what was said
        self.assertEqual(self.draft(5).line_ids.charge_kind, "goods")
        with self.refused("is issued"):
            bill.line_ids.charge_kind = "fee"

    def test_kinds_stay_when_the_amount_changes(self):
        term = self.term((50, 0), (50, 30), shipping_collection="first")
        bill = self.issued(
            line_ids=self.charges(goods=100.0, shipping=10.0), payment_term_id=term.id
        )
        self.change_price(bill, 60)
        self.assertEqual(self.amounts(bill), [40.0, 30.0])
        self.assertEqual(bill.line_ids.mapped("charge_kind"), ["goods", "shipping"])

    def test_discount_lines(self):
        """A discount may eat an instalment, never turn it around."""
        term = self.term((50, 0), (50, 30), shipping_collection="first")
        for amounts, expected in (
            ({"goods": 100, "fee": -20}, [40.0, 40.0]),
            ({"goods": -5, "shipping": 10}, [5.0]),
            ({"goods": 10, "shipping": -4}, [1.0, 5.0]),
            ({"goods": 10, "shipping": -8}, [2.0]),
        ):
            bill = self.issued(
                line_ids=self.charges(**amounts), payment_term_id=term.id
            )
            self.assertEqual(self.amounts(bill), expected, amounts)
            self.assertBill(bill, "new", amount_total=float(sum(amounts.values())))

    def test_nothing_to_pay(self):
        """A total of zero has no instalments, and is paid at once."""
        bill = self.draft(0, payment_term_id=self.thirds.id)
        bill.line_ids = self.charges(goods=0.0)
        self.assertEqual(bill._get_schedules()[bill], [])
        bill.action_issue()
        self.assertEqual(bill._get_schedules()[bill], [])
        self.assertBill(bill, "paid")

    def test_smaller_than_its_instalments(self):
        """Odoo would round eleven times up and give back the rest at the end."""
        term = self.term(*((8.33, 30 * n) for n in range(11)), (8.37, 330))
        bill = self.issued(0.07, payment_term_id=term.id)
        self.assertEqual(self.amounts(bill), [0.01] * 7)
        self.assertBill(bill, "new", amount_total=0.07)

    def test_fixed_deposit(self):
        term = self.term(
            (50, 0, {"value": "fixed", "is_deposit": True}),
            (100, 30),
            fee_collection="last",
        )
        bill = self.issued(200, payment_term_id=term.id)
        self.assertEqual(self.amounts(bill), [50.0, 150.0])
        # more than there is: what there is, and the fee when it is its turn
        bill = self.issued(
            line_ids=self.charges(goods=30.0, fee=5.0), payment_term_id=term.id
        )
        self.assertEqual(self.amounts(bill), [30.0, 5.0])
        self.assertBooks(bill)

    def test_terms_in_any_order_of_days(self):
        """The first instalment is the first that is due, wherever its line stands."""
        term = self.term((60, 30), (40, 0), shipping_collection="first")
        bill = self.issued(
            line_ids=self.charges(goods=100.0, shipping=9.0), payment_term_id=term.id
        )
        self.assertEqual(self.amounts(bill), [49.0, 60.0])

    def test_two_lines_on_one_day(self):
        """They are one instalment, a deposit only if all of it is."""
        term = self.term((20, 0, {"is_deposit": True}), (30, 0), (50, 30))
        for bill in (
            self.draft(100, payment_term_id=term.id),
            self.issued(100, payment_term_id=term.id),
        ):
            found = self.schedule(bill, "number", "amount", "is_deposit")
            self.assertEqual(found, [(1, 50.0, False), (2, 50.0, False)])

    def test_only_bills(self):
        """An invoice that is not a bill's is due as Odoo has it."""
        self.thirds.goods_collection = "last"
        invoice = self.as_user("accountant")["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.account.id,
                "invoice_payment_term_id": self.thirds.id,
                "invoice_line_ids": [
                    Command.create({"name": "X", "price_unit": 100, "tax_ids": False})
                ],
            }
        )
        invoice.action_post()
        dates = invoice.line_ids.filtered("date_maturity")
        amounts = sorted(dates.mapped("amount_currency"))
        self.assertEqual(amounts, [33.33, 33.33, 33.34])
        self.assertFalse(
            self.env["kavi.bill.instalment"].search([("id", "in", dates.ids)])
        )

    def test_early_discount_stays(self):
        """One instalment: Odoo's own items, with the last day of the discount."""
        term = self.term((100, 30), early_discount=True)
        bill = self.issued(100, payment_term_id=term.id, bill_date="2026-03-01")
        item = bill.sudo().invoice_id.line_ids.filtered("date_maturity")
        self.assertEqual(item.discount_date, date(2026, 3, 11))
        self.assertEqual(item.discount_amount_currency, 98.0)

    def test_constant_queries(self):
        terms = (self.deposit, self.thirds, self.term((100, 30)))
        bills = self.bills.union(
            *(self.issued(n, payment_term_id=terms[n % 3].id) for n in range(1, 10))
        )
        counts = []
        for some in (bills, bills[:2], bills):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(some._get_schedules()), len(some))
            counts.append(self.env.cr.sql_log_count - before)
        # the first fills the caches of the process
        self.assertEqual(counts[1], counts[2])
        self.assertLess(counts[2], 8)
