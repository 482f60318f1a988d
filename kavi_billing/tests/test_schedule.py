"""Terms, and the instalments that follow from them: preview, books, what is paid and
overdue (BB-01 ... BB-03, BB-09)."""

from datetime import date

from odoo.exceptions import AccessError, ValidationError
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
        return [tuple(part[name] for name in names) for part in bill._get_schedule()]

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
        self.assertEqual(bill._get_schedule(), [])
        bill.action_issue()
        self.assertEqual(bill._get_schedule(), [])
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


@tagged("post_install", "-at_install")
class TestInstalmentStates(TermsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.issued(
            99, payment_term_id=cls.thirds.id, bill_date="2026-03-01"
        )  # due on 03-01, 03-31, 04-30

    def states(self, moment, bill=None):
        """The states of the instalments, by field and by search."""
        bill = bill or self.bill
        with self.at(moment):
            self.env.invalidate_all()
            parts = bill.instalment_ids
            found = parts.mapped("state")
            for state in ("paid", "due", "overdue", "to_come", "canceled"):
                domain = [("bill_id", "=", bill.id), ("state", "=", state)]
                self.assertEqual(
                    parts.search(domain),
                    parts.filtered(lambda part, state=state: part.state == state),
                    state,
                )
            return found

    def test_by_day(self):
        self.assertEqual(self.states("2026-03-01"), ["due", "to_come", "to_come"])
        self.assertEqual(self.states("2026-03-02"), ["overdue", "to_come", "to_come"])
        self.assertEqual(self.states("2026-03-31"), ["overdue", "due", "to_come"])
        self.assertEqual(self.states("2026-05-01"), ["overdue"] * 3)

    def test_oldest_first(self):
        """A payment fills the oldest; what it begins is due, if not overdue."""
        self.pay(self.bill, amount=40)
        self.assertEqual(self.states("2026-03-01"), ["paid", "due", "to_come"])
        self.assertEqual(
            self.schedule(self.bill, "amount_paid", "amount_due"),
            [(33.0, 0.0), (7.0, 26.0), (0.0, 33.0)],
        )
        with self.at("2026-04-01"):
            self.assertBill(self.bill, "new", amount_overdue=26.0, is_overdue=True)
        self.pay(self.bill)
        self.assertEqual(self.states("2026-03-01"), ["paid"] * 3)

    def test_overdue_as_soon_as_one_is(self):
        """KB-22: the bill follows the first instalment, not the last."""
        for moment, amount in (
            ("2026-03-01", 0.0),
            ("2026-03-02", 33.0),
            ("2026-04-01", 66.0),
            ("2026-05-01", 99.0),
        ):
            with self.at(moment):
                self.env.invalidate_all()
                self.assertEqual(self.bill.amount_overdue, amount)
                self.assertEqual(self.bill.is_overdue, bool(amount))
                found = self.bills.search(
                    [("id", "=", self.bill.id), ("is_overdue", "=", True)]
                )
                self.assertEqual(bool(found), bool(amount))
        # the first is paid: not overdue until the second is
        self.pay(self.bill, amount=33)
        with self.at("2026-03-15"):
            self.env.invalidate_all()
            self.assertFalse(self.bill.is_overdue)
            self.assertEqual(self.bill.next_due_date, date(2026, 3, 31))

    def test_company_time_zone(self):
        for zone, moment, expected in (
            ("Pacific/Auckland", "2026-03-30 10:59", "to_come"),  # UTC+13 in March
            ("Pacific/Auckland", "2026-03-30 11:00", "due"),
            ("Pacific/Auckland", "2026-03-31 11:00", "overdue"),
            ("America/Los_Angeles", "2026-03-31 06:59", "to_come"),  # UTC-7
            ("America/Los_Angeles", "2026-03-31 07:00", "due"),
            ("America/Los_Angeles", "2026-04-01 06:59", "due"),
            ("America/Los_Angeles", "2026-04-01 07:00", "overdue"),
        ):
            self.company.partner_id.tz = zone
            self.assertEqual(self.states(moment)[1], expected, (zone, moment))

    def test_canceled_and_credited(self):
        self.cancel(self.bill)
        self.assertEqual(self.states("2026-06-01"), ["canceled"] * 3)
        self.assertEqual(self.bill.amount_overdue, 0.0)

    def test_payment_reset_to_draft(self):
        """Odoo keeps such a match; it paid nothing."""
        self.pay(self.bill, amount=33)
        self.payments(self.bill).action_draft()
        self.assertEqual(self.states("2026-03-02"), ["overdue", "to_come", "to_come"])
        self.assertBooks(self.bill)

    def test_replaced_invoice(self):
        """Only the invoice that stands for the bill now."""
        self.change_price(self.bill, 30)
        self.assertEqual(self.amounts(self.bill), [10.0, 10.0, 10.0])
        self.assertEqual(self.bill.instalment_ids.mapped("number"), [1, 2, 3])

    def test_access(self):
        """Billing users and accountants read, others don't, nobody writes."""
        for role in ("user", "officer", "administrator", "accountant"):
            parts = self.as_user(role)["kavi.bill.instalment"].search(
                [("bill_id", "=", self.bill.id)]
            )
            self.assertEqual(len(parts), 3, role)
            with self.assertRaises(AccessError):
                parts.write({"amount": 1})
        stranger = self._new_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.as_user(stranger)["kavi.bill.instalment"].search([])

    def test_access_of_portal_users(self):
        mine = self.issued(10, partner_id=self.person.id)
        user = self._new_user("portal", "base.group_portal", partner_id=self.person.id)
        portal = self.as_user(user)
        found = portal["kavi.bill.instalment"].search([])
        self.assertEqual(found.bill_id.ids, mine.ids)
        bill = portal["kavi.bill"].browse(mine.id)
        self.assertEqual([part["amount"] for part in bill._get_schedule()], [10.0])
        with self.assertRaises(AccessError):
            portal["kavi.bill"].browse(self.bill.id)._get_schedule()

    def test_access_of_another_company(self):
        other = self._new_company("Kavi Abroad")
        user = self._new_user(
            "abroad",
            "kavi_billing.group_billing_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        env = self.env(user=user, su=False, context={"allowed_company_ids": other.ids})
        self.assertFalse(env["kavi.bill.instalment"].search([]))


@tagged("post_install", "-at_install")
class TestTerms(TermsCommon):
    def test_bad_input_terms(self):
        """Refused where they are made."""
        for words, lines in (
            ("100%", [(50, 0), (49, 30)]),
            ("negative", [(-5, 0, {"value": "fixed"}), (100, 30)]),
            ("negative", [(110, 0), (-10, 30)]),
            ("before the bill is issued", [(100, -1)]),
            ("nothing remains", [(100, 0, {"is_deposit": True})]),
            ("nothing remains", [(100, 0, {"is_deposit": True}), (0, 30)]),
            ("before the rest", [(50, 0), (50, 30, {"is_deposit": True})]),
            (
                "deposit of nothing",
                [(0, 0, {"is_deposit": True}), (100, 30)],
            ),
        ):
            with self.subTest(words=words), self.refused(words, error=ValidationError):
                self.term(*lines)

    def test_methods_of_another_company(self):
        other = self._new_company("Kavi Abroad")
        theirs = self.env["kavi.payment.method"].search(
            [("company_id", "=", other.id)], limit=1
        )
        methods = [Command.set(theirs.ids)]
        with self.refused(other.name, error=ValidationError):
            self.term((100, 0), company_id=self.company.id, billing_method_ids=methods)
        shared = self.term((100, 0), billing_method_ids=methods)
        with self.refused(other.name, error=ValidationError):
            shared.company_id = self.company
        # shared terms restrict the companies whose methods they name
        bill = self.issued(5, payment_term_id=shared.id)
        self.assertEqual(bill._get_offered_methods(), self.check | self.wire)

    def test_allowed_methods(self):
        """BB-02: what the payer is offered, and what is refused on any path."""
        term = self.term((100, 0), billing_method_ids=[Command.set(self.wire.ids)])
        bill = self.issued(5, payment_term_id=term.id)
        self.assertEqual(bill._get_offered_methods(), self.wire)
        with self.refused("Wire Transfer"):
            self.choose(bill, self.check)
        self.choose(bill, self.wire)
        self.assertBill(bill, "pending", payment_method_id=self.wire)
        # money that came all the same is recorded
        self.pay(bill, self.check)
        self.assertBill(bill, "paid")
        self.wire.active = False
        bill = self.issued(5, payment_term_id=term.id)
        self.assertFalse(bill._get_offered_methods())

    def test_without_lines(self):
        term = self.term((100, 0))
        draft = self.draft(5, payment_term_id=term.id)
        term.line_ids.unlink()
        with self.refused("have no lines", error=ValidationError):
            self.draft(5, payment_term_id=term.id)
        with self.refused("have no lines"):
            draft.action_issue()

    def test_due_before_the_issue(self):
        """Terms whose days can only be told on the day."""
        line = {"delay_type": "days_after_end_of_month", "nb_days": -20}
        term = self.term((50, 0, line), (50, 60))
        with self.at("2026-03-31 12:00"):
            draft = self.draft(5, payment_term_id=term.id)
            with self.refused("03/11/2026", "03/31/2026"):
                draft.action_issue()
        with self.at("2026-03-05 12:00"):
            draft.action_issue()
        self.assertEqual(self.items(draft)[0][0], date(2026, 3, 11))

    def test_used_terms_are_archived(self):
        term = self.term((100, 0))
        self.draft(5, payment_term_id=term.id)
        with self.refused("archive"):
            term.unlink()
        term.active = False

    def test_administrator_makes_terms(self):
        env = self.as_user("administrator")
        term = env["account.payment.term"].create({"name": "Own"})
        term.line_ids.is_deposit = False
        term.billing_method_ids = self.check.with_env(env)
        with self.assertRaises(AccessError):
            self.as_user("officer")["account.payment.term"].create({"name": "Own"})

    def test_terms_changed_after_the_issue(self):
        """What was issued stays as it was agreed, also when it is paid."""
        bill = self.issued(100, payment_term_id=self.deposit.id, bill_date="2026-03-01")
        before = self.items(bill)
        self.deposit.line_ids[0].write({"nb_days": 10})
        self.deposit.goods_collection = "last"
        self.pay(bill, amount=10)
        self.postpone_last(bill)
        self.pay(bill, amount=10)
        self.assertEqual(self.items(bill)[0], before[0])
        self.assertEqual([amount for _d, amount in self.items(bill)], [30.0, 70.0])

    def postpone_last(self, bill):
        part = bill.instalment_ids[-1]
        bill._postpone(date(2036, 1, 1), "asked for", part)
