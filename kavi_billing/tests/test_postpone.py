"""Due dates are postponed, of a bill or of instalments, and stay where they were put
(BB-12, KB-85); when they are due, at the ends of months and years (KB-15)."""

from datetime import date

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillingCommon
from .test_schedule import TermsCommon

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 30)


@tagged("post_install", "-at_install")
class TestPostpone(BillingCommon):
    def test_postpone(self):
        """KB-85: bill, invoice and journal item; the history has both dates."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.assertTrue(bill.is_overdue)
        self.postpone(bill, "2036-05-06", reason="asked for")
        self.assertBill(
            bill, "new", due_date=date(2036, 5, 6), next_due_date=date(2036, 5, 6)
        )
        self.assertFalse(bill.is_overdue)
        invoice = bill.sudo().invoice_id
        self.assertEqual(invoice.invoice_date_due, date(2036, 5, 6))
        maturity = invoice.line_ids.filtered("date_maturity").date_maturity
        self.assertEqual(maturity, date(2036, 5, 6))
        self.assertEqual(bill.bill_date, date(2026, 3, 1))
        history = " ".join(str(m.body) for m in self.messages(bill))
        for word in ("03/31/2026", "05/06/2036", "asked for"):
            self.assertIn(word, history)
        # and back, on the day of issue at the earliest
        self.postpone(bill, "2026-03-01")
        self.assertTrue(bill.is_overdue)
        with self.refused("before it was issued", bill.name):
            self.postpone(bill, "2026-02-28")

    def test_many(self):
        bills = self.issued(1) | self.issued(2) | self.issued(3)
        self.choose(bills[1])
        self.pay(bills[2], amount=1)
        self.postpone(bills, "2036-05-06")
        for bill in bills:
            self.assertBill(bill, bill.state, due_date=date(2036, 5, 6))

    def test_kept_by_what_follows(self):
        """Part payments, their reversal and the nightly jobs leave the date alone."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.postpone(bill, "2036-05-06")
        for step in (
            lambda bill: self.pay(bill, amount=40),
            self.bounce,
            self.choose,
            self.dispute,
        ):
            step(bill)
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(bill.due_date, date(2036, 5, 6))
            self.assertEqual(bill.next_due_date, date(2036, 5, 6))
            self.assertFalse(bill.is_overdue)

    def test_paid_refuses(self):
        bill, paid = self.issued(1), self.issued(2)
        self.pay(paid)
        due = bill.due_date
        with self.refused("Postpone", paid.display_name):
            (bill | paid)._postpone(date(2036, 5, 6))
        self.assertBill(bill, "new", due_date=due)
        canceled = self.issued(3)
        self.cancel(canceled)
        with self.refused("Postpone", "canceled"):
            canceled._postpone(date(2036, 5, 6))
        # the form offers no more than the table
        for settled in (paid, canceled):
            with self.assertRaisesRegex(AssertionError, "readonly"):
                Form(settled).due_date = date(2036, 5, 6)
        with Form(bill) as form:
            form.due_date = date(2036, 5, 6)
        self.assertBill(bill, "new", due_date=date(2036, 5, 6))

    def test_instalments(self):
        halves = {"value_amount": 50, "nb_days": 0}, {"value_amount": 50, "nb_days": 30}
        term = self.env["account.payment.term"].create(
            {"name": "Halves", "line_ids": [Command.create(half) for half in halves]}
        )
        bill = self.issued(100, payment_term_id=term.id)
        with self.refused("instalments", "Postpone"):
            bill.due_date = "2036-05-06"
        first, last = bill.instalment_ids
        self.postpone(bill, "2036-05-06", instalment_id=last.id)
        self.assertBill(bill, "new", due_date=date(2036, 5, 6))
        self.assertEqual(bill.next_due_date, first.due_date)

    def test_without_a_date(self):
        bill = self.issued(100)
        with self.refused(bill.name):
            bill._postpone(None)

    def test_after_the_amount_was_changed(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.postpone(bill, "2036-05-06")
        self.change_price(bill, 60)
        self.assertBill(bill, "new", due_date=date(2036, 5, 6), amount_due=60.0)
        self.postpone(bill, "2036-07-08")
        self.assertBill(bill, "new", next_due_date=date(2036, 7, 8))


@tagged("post_install", "-at_install")
class TestPostponeInstalments(TermsCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.issued(99, payment_term_id=cls.thirds.id, bill_date=MARCH)

    def days(self, bill=None):
        bill = bill or self.bill
        days = [day for (day,) in self.schedule(bill, "due_date")]
        # the books say the same, and Odoo's own due date is the last of them
        self.assertEqual(days, [day for day, _amount in self.items(bill)])
        self.assertEqual(bill.sudo().invoice_id.invoice_date_due, days[-1])
        self.assertEqual(bill.due_date, days[-1])
        return days

    def part(self, number):
        return self.bill.instalment_ids.filtered(lambda part: part.number == number)

    def test_one(self):
        self.assertEqual(self.days(), [MARCH, APRIL, MAY])
        self.postpone(
            self.bill,
            "2026-03-20",
            scope="one",
            instalment_id=self.part(1).id,
            reason="asked for",
        )
        self.assertEqual(self.days(), [date(2026, 3, 20), APRIL, MAY])
        self.assertBill(self.bill, "new", next_due_date=date(2026, 3, 20))
        history = str(self.messages(self.bill).mapped("body"))
        for word in ("Instalment 1", "03/01/2026", "03/20/2026", "asked for"):
            self.assertIn(word, history)
        # and earlier again, on the day of the issue at the earliest
        self.bill._postpone(MARCH, None, self.part(1))
        with self.refused("before it was issued"):
            self.bill._postpone(date(2026, 2, 28), None, self.part(1))
        self.assertEqual(self.days(), [MARCH, APRIL, MAY])

    def test_all_by_days(self):
        wizard = self.wizard(self.bill, "postpone", {"days": 10})
        self.assertTrue(wizard.has_instalments)
        self.assertEqual(wizard.scope, "all")
        wizard.action_postpone()
        moved = [date(2026, 3, 11), date(2026, 4, 10), date(2026, 5, 10)]
        self.assertEqual(self.days(), moved)
        self.bill._postpone(days=-10)
        self.assertEqual(self.days(), [MARCH, APRIL, MAY])
        with self.refused("before it was issued"):
            self.bill._postpone(days=-1)

    def test_all_to_a_date(self):
        """The last one is due then, the others move by as many days."""
        self.bill._postpone(date(2026, 5, 10))
        moved = [date(2026, 3, 11), date(2026, 4, 10), date(2026, 5, 10)]
        self.assertEqual(self.days(), moved)

    def test_order_is_kept(self):
        with self.refused("instalment 1", "Instalment 2", "03/31/2026"):
            self.bill._postpone(date(2026, 4, 1), None, self.part(1))
        with self.refused("order"):
            self.bill._postpone(date(2026, 3, 30), None, self.part(3))
        # on the same day: two instalments still
        self.bill._postpone(APRIL, None, self.part(1))
        self.assertEqual(self.days(), [APRIL, APRIL, MAY])
        self.assertEqual(self.amounts(self.bill), [33.0, 33.0, 33.0])
        self.pay(self.bill, amount=33)
        self.assertEqual(self.days(), [APRIL, APRIL, MAY])
        # two of them at once
        self.bill._postpone(MAY, None, self.part(2) | self.part(3))
        self.assertEqual(self.days(), [APRIL, MAY, MAY])

    def test_only_what_is_open(self):
        """What is settled stays, and is no bound for what follows."""
        self.pay(self.bill, amount=33)
        with self.refused("still open"):
            self.bill._postpone(date(2026, 3, 20), None, self.part(1))
        self.bill._postpone(days=10)
        self.assertEqual(self.days(), [MARCH, date(2026, 4, 10), date(2026, 5, 10)])

    def test_kept_by_what_follows(self):
        """Days and amounts survive part payment, credit, bounce, refund, disputes, and
        Odoo, which would take the days from the terms again."""
        moved = [MARCH, date(2026, 4, 20), date(2036, 1, 1)]
        self.bill._postpone(moved[1], None, self.part(2))
        self.bill._postpone(moved[2], None, self.part(3))
        note = self.reverse(self.invoice(self.bill))

        def credit_note(bill):
            note.invoice_line_ids.write({"quantity": 1, "price_unit": 5})
            note.action_post()

        for step in (
            lambda bill: self.pay(bill, amount=40),
            lambda bill: self.thirds.line_ids.write({"nb_days": 7}),
            self.bounce,
            self.choose,
            credit_note,
            lambda bill: self.register_payment(self.invoice(bill), 20),
            self.dispute,
            self.resolve_dispute,
            lambda bill: self.invoice(bill).write({"ref": "PO 7"}),
            lambda bill: bill.write({"purchase_order": "PO 8"}),
            self.pay,
            self.give_back,
        ):
            step(self.bill)
            self.assertEqual(self.days(), moved)
            self.assertEqual(self.amounts(self.bill), [33.0, 33.0, 33.0])
            self.assertBooks(self.bill)

    def test_kept_when_the_amount_changes(self):
        self.bill._postpone(date(2026, 4, 20), None, self.part(2))
        self.bill._postpone(date(2036, 1, 1), None, self.part(3))
        self.change_price(self.bill, 60)
        self.assertEqual(self.days(), [MARCH, date(2026, 4, 20), date(2036, 1, 1)])
        self.assertEqual(self.amounts(self.bill), [20.0, 20.0, 20.0])

    def test_due_date_is_not_edited(self):
        with self.refused("instalments", "Postpone"):
            self.bill.due_date = "2036-01-01"

    def test_of_other_bills(self):
        other = self.issued(50, payment_term_id=self.deposit.id)
        with self.refused("still open"):
            self.bill._postpone(date(2036, 1, 1), None, other.instalment_ids)
        with self.refused("Choose the instalment"):
            self.bill._postpone(date(2036, 1, 1), None, other.instalment_ids[:0])
        wizard = self.wizard(self.bill, "postpone", {"scope": "one", "date": MAY})
        with self.refused("Choose the instalment"):
            wizard.action_postpone()

    def test_many_bills(self):
        """Bills with one instalment and with several, in one go."""
        other = self.issued(50, payment_term_id=False, bill_date=MARCH)
        both = self.bill | other
        self.wizard(both, "postpone", {"days": 10}).action_postpone()
        self.assertEqual(self.days()[0], date(2026, 3, 11))
        self.assertEqual(self.days(other), [date(2026, 3, 11)])

    def test_notice(self):
        self.person.email = "jane@doe.example"
        bill = self.issued(
            99,
            partner_id=self.person.id,
            payment_term_id=self.thirds.id,
            bill_date=MARCH,
        )
        last = bill.instalment_ids[-1]
        for vals, words in (
            (
                {"instalment_id": last.id, "date": "2036-01-01"},
                ("part 3", "01/01/2036"),
            ),
            ({"days": 10}, ("10 days later",)),
        ):
            wizard = self.wizard(bill, "postpone", {**vals, "notify": True})
            wizard.action_postpone()
            mail = self.messages(bill).filtered("partner_ids")[:1]
            for word in words:
                self.assertIn(word, str(mail.body))

    def test_access(self):
        user = self.bill.with_env(self.as_user("user"))
        with self.assertRaises(AccessError):
            user._postpone(date(2036, 1, 1), None, user.instalment_ids[-1])


@tagged("post_install", "-at_install")
class TestDays(TermsCommon):
    """The days of terms: ends of months and years, 29 February, time zones."""

    END = {"delay_type": "days_after_end_of_month"}
    NEXT = {"delay_type": "days_after_end_of_next_month"}
    LAST = {"delay_type": "days_end_of_month_on_the", "days_next_month": "0"}
    ON_31 = {"delay_type": "days_end_of_month_on_the", "days_next_month": "31"}

    def due(self, issued, *lines):
        bill = self.draft(100, payment_term_id=self.term(*lines).id, bill_date=issued)
        preview = [day for (day,) in self.schedule(bill, "due_date")]
        bill.action_issue()
        days = [day for day, _amount in self.items(bill)]
        self.assertEqual(days, preview)
        self.assertEqual(bill.due_date, days[-1])
        self.assertBooks(bill)
        return [day.isoformat() for day in days]

    def test_ends(self):
        for issued, line, expected in (
            ("2028-01-30", (100, 30, {}), "2028-02-29"),
            ("2028-02-29", (100, 365, {}), "2029-02-28"),
            ("2026-12-31", (100, 1, {}), "2027-01-01"),
            ("2026-01-31", (100, 0, self.END), "2026-01-31"),
            ("2028-02-01", (100, 0, self.END), "2028-02-29"),
            ("2026-02-01", (100, 0, self.END), "2026-02-28"),
            ("2026-12-05", (100, 15, self.END), "2027-01-15"),
            ("2028-01-31", (100, 0, self.NEXT), "2028-02-29"),
            ("2026-12-31", (100, 0, self.NEXT), "2027-01-31"),
            ("2026-01-31", (100, 30, self.LAST), "2026-03-31"),
            ("2026-01-31", (100, 0, self.ON_31), "2026-02-28"),
            ("2027-12-31", (100, 0, self.ON_31), "2028-01-31"),
        ):
            with self.subTest(issued=issued, line=line):
                self.assertEqual(self.due(issued, line), [expected])

    def test_schedule_over_the_year(self):
        lines = [(25, 30 * n, self.LAST) for n in range(4)]
        self.assertEqual(
            self.due("2027-11-15", *lines),
            ["2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29"],
        )

    def test_months_that_fall_together(self):
        """30 days on from 1 January is in January still: one instalment of both."""
        term = self.term((50, 0, self.LAST), (50, 30, self.LAST))
        bill = self.draft(10, payment_term_id=term.id, bill_date="2026-01-01")
        found = self.schedule(bill, "due_date", "amount")
        self.assertEqual(found, [(date(2026, 1, 31), 10.0)])
        bill.action_issue()
        self.assertEqual(self.schedule(bill, "due_date", "amount"), found)

    def test_time_zones(self):
        """Terms count from the company's day, whatever the user's and the server's."""
        self.officer.tz = "Asia/Tokyo"
        for zone, moment, first in (
            ("Pacific/Auckland", "2026-02-28 10:59", date(2026, 2, 28)),
            ("Pacific/Auckland", "2026-02-28 11:00", date(2026, 3, 1)),
            ("America/Los_Angeles", "2027-01-01 07:59", date(2026, 12, 31)),
            ("America/Los_Angeles", "2027-01-01 08:00", date(2027, 1, 1)),
            ("America/Los_Angeles", "2028-03-01 07:59", date(2028, 2, 29)),
        ):
            self.company.partner_id.tz = zone
            term = self.term((50, 0), (50, 0, self.END))
            with self.subTest(zone=zone, moment=moment), self.at(moment):
                bill = self.draft(100, payment_term_id=term.id)
                preview = self.schedule(bill, "due_date", "state")
                bill.action_issue()
                self.assertEqual(self.schedule(bill, "due_date", "state"), preview)
                self.assertEqual(bill.bill_date, first)
                self.assertEqual(preview[0], (first, "due"))
                self.assertFalse(bill.is_overdue)

    def test_demo_of_twelve_months(self):
        months = [(8.33 if n < 11 else 8.37, 30 * n, {**self.LAST}) for n in range(12)]
        bill = self.issued(
            payment_term_id=self.term(*months, fee_collection="last").id,
            bill_date="2026-01-15",
            line_ids=[
                Command.create({"name": "A", "price_unit": 1200}),
                Command.create({"name": "B", "price_unit": 9, "charge_kind": "fee"}),
            ],
        )
        amounts = self.amounts(bill)
        self.assertEqual(amounts, [99.96] * 11 + [109.44])
        self.assertAlmostEqual(sum(amounts), 1209.0)
