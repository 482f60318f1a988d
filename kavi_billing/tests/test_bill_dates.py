"""When a bill is issued, due and overdue, in the time zone of its company (KB-14,
KB-15, KB-22)."""

from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestDueDate(BillingCommon):
    def test_default_term(self):
        """KB-15: 30 days after the issue."""
        with self.at("2026-03-01 12:00"):
            bill = self.issued()
        self.assertEqual(bill.bill_date, date(2026, 3, 1))
        self.assertBill(bill, "new", due_date=date(2026, 3, 31))

    def test_terms_in_order(self):
        """The bill's own term, else the account's, else the company's."""
        term = self.env["account.payment.term"]
        days = {
            n: term.create({"name": f"{n}", "line_ids": [self._line(n)]})
            for n in (5, 10, 20)
        }
        self.company.billing_payment_term_id = days[20]
        with self.at("2026-03-01 12:00"):
            self.assertEqual(self.issued().due_date, date(2026, 3, 21))
            account = self.account.with_company(self.company)
            account.property_payment_term_id = days[10]
            self.assertEqual(self.issued().due_date, date(2026, 3, 11))
            own = self.issued(payment_term_id=days[5].id)
            self.assertEqual(own.due_date, date(2026, 3, 6))
            without = self.issued(payment_term_id=False)
            self.assertEqual(without.due_date, date(2026, 3, 1))

    def _line(self, days):
        return Command.create({"value_amount": 100, "nb_days": days})

    def test_draft_that_lay_about(self):
        """Nobody touched the due date: it counts from the day of issue."""
        with self.at("2026-03-01 12:00"):
            bill = self.draft()
            self.assertEqual(bill.due_date, date(2026, 3, 31))
        with self.at("2026-03-15 12:00"):
            bill.action_issue()
        self.assertBill(
            bill, "new", bill_date=date(2026, 3, 15), due_date=date(2026, 4, 14)
        )

    def test_draft_that_crossed_time_zones(self):
        """Drafted in the evening in New York, issued by a colleague in Tokyo: still
        nobody touched the due date."""
        self.officer.tz = "America/New_York"
        with self.at("2026-03-02 02:00"):
            bill = self.draft()
        colleague = self._new_user(
            "tokyo", "kavi_billing.group_billing_officer", tz="Asia/Tokyo"
        )
        with self.at("2026-03-15 12:00"):
            bill.with_user(colleague).action_issue()
        self.assertBill(
            bill, "new", bill_date=date(2026, 3, 15), due_date=date(2026, 4, 14)
        )

    def test_chosen_due_date(self):
        """A due date that somebody chose stays, in the books too."""
        with self.at("2026-03-01 12:00"):
            bill = self.draft(due_date="2026-03-10")
        with self.at("2026-03-05 12:00"):
            bill.action_issue()
        self.assertBill(
            bill,
            "new",
            due_date=date(2026, 3, 10),
            next_due_date=date(2026, 3, 10),
        )
        self.assertEqual(bill.sudo().invoice_id.invoice_date_due, date(2026, 3, 10))

    def test_chosen_due_date_is_past_at_issue(self):
        with self.at("2026-03-01 12:00"):
            bill = self.draft(due_date="2026-03-10")
        with self.at("2026-03-11 12:00"):
            words = ("03/10/2026", "before it is issued", "03/11/2026")
            with self.refused(*words):
                bill.action_issue()
        self.assertBill(bill, "draft", name=False)

    def test_due_before_issue(self):
        with self.refused("before it is issued"):
            self.draft(bill_date="2026-03-01", due_date="2026-02-28")
        bill = self.issued(bill_date="2026-03-01")
        with self.refused("before it is issued"):
            bill.due_date = "2026-02-28"
        self.assertBill(bill, "new", due_date=date(2026, 3, 31))

    def test_due_date_edited(self):
        """KB-15, KB-31: later or earlier, and what is overdue follows, in the books
        too."""
        bill = self.issued(bill_date="2026-03-01")
        with self.at("2026-04-10 12:00"):
            bill.invalidate_recordset()
            self.assertTrue(bill.is_overdue)
            bill.due_date = "2026-06-01"
            self.assertBill(
                bill, "new", next_due_date=date(2026, 6, 1), is_overdue=False
            )
            line = bill.sudo().invoice_id.line_ids.filtered("date_maturity")
            self.assertEqual(line.date_maturity, date(2026, 6, 1))
            bill.due_date = "2026-04-09"
            self.assertBill(
                bill, "new", next_due_date=date(2026, 4, 9), is_overdue=True
            )

    def test_due_date_emptied(self):
        """Every bill is due some day."""
        bill = self.issued(bill_date="2026-03-01")
        with self.refused("due date"):
            bill.due_date = False
        self.assertBill(bill, "new", due_date=date(2026, 3, 31))

    def test_due_date_of_instalments(self):
        """Several dates: they follow the term, and are not edited as one."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value_amount": 30, "nb_days": 0}),
                    Command.create({"value_amount": 70, "nb_days": 60}),
                ],
            }
        )
        bill = self.issued(payment_term_id=term.id)
        due = bill.due_date
        with self.refused("instalments"):
            bill.due_date = "2036-01-01"
        self.assertEqual(bill.due_date, due)

    def test_due_date_while_the_invoice_is_reset(self):
        bill = self.issued(bill_date="2026-03-01")
        self.invoice(bill).button_draft()
        with self.refused("no posted invoice"):
            bill.due_date = "2026-06-01"


@tagged("post_install", "-at_install")
class TestOverdue(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls.issued(bill_date="2026-03-01", due_date="2026-03-10")

    def overdue(self, bill, moment):
        """Whether a bill is overdue, by its field and by search, in both senses."""
        with self.at(moment):
            bill.invalidate_recordset()
            one = ("id", "=", bill.id)
            search = self.bills.search
            is_overdue = bill.is_overdue
            for domain in (
                [("is_overdue", "=", is_overdue)],
                [("is_overdue", "!=", not is_overdue)],
                [("is_overdue", "in", [is_overdue])],
                ["!", ("is_overdue", "=", not is_overdue)],
            ):
                self.assertEqual(search([one, *domain]), bill, domain)
            self.assertFalse(search([one, ("is_overdue", "=", not is_overdue)]))
            self.assertEqual(search([one, ("is_overdue", "in", [True, False])]), bill)
            self.assertEqual("Overdue" in (bill.flag_label or ""), is_overdue)
            return is_overdue

    def test_due_today_is_not_overdue(self):
        """KB-22: overdue is what was due yesterday or before."""
        self.assertFalse(self.overdue(self.bill, "2026-03-09 12:00"))
        self.assertFalse(self.overdue(self.bill, "2026-03-10 00:00"))
        self.assertFalse(self.overdue(self.bill, "2026-03-10 23:59"))
        self.assertTrue(self.overdue(self.bill, "2026-03-11 00:00"))

    def test_only_open_bills(self):
        """Drafts, paid and canceled bills are never overdue (KB-22, KB-27)."""
        draft = self.draft(bill_date="2026-03-01", due_date="2026-03-10")
        self.choose(self.bill)
        self.assertTrue(self.overdue(self.bill, "2026-04-01"))
        self.pay(self.bill)
        canceled = self.issued(bill_date="2026-03-01")
        self.cancel(canceled)
        for bill in (draft, self.bill, canceled):
            self.assertFalse(self.overdue(bill, "2036-01-01"), bill.state)

    def test_company_time_zone(self):
        """Today is where the company is, whoever asks from wherever."""
        self.officer.tz = "Pacific/Honolulu"
        self.company.partner_id.tz = "Pacific/Kiritimati"  # 14 hours before UTC
        self.assertFalse(self.overdue(self.bill, "2026-03-10 09:59"))
        self.assertTrue(self.overdue(self.bill, "2026-03-10 10:00"))
        self.company.partner_id.tz = "America/Los_Angeles"  # 7 behind, in summer
        self.assertFalse(self.overdue(self.bill, "2026-03-11 06:59"))
        self.assertTrue(self.overdue(self.bill, "2026-03-11 07:00"))

    def test_issue_date_in_the_company_time_zone(self):
        """KB-14: issued on the company's day, and due from that day."""
        for zone, day in (("Pacific/Kiritimati", 2), ("America/Los_Angeles", 1)):
            self.company.partner_id.tz = zone
            with self.at("2026-03-02 02:00"):
                bill = self.issued()
            self.assertBill(bill, "new", bill_date=date(2026, 3, day))
            self.assertEqual(bill.sudo().invoice_id.invoice_date, bill.bill_date)
            self.assertEqual((bill.due_date - bill.bill_date).days, 30)

    def test_two_companies(self):
        """Each by its own day, in one search."""
        other = self._new_company("Kavi Abroad")
        self.officer.company_ids |= other
        bills = self.bills.with_context(allowed_company_ids=[self.company.id, other.id])
        there = bills.create(
            {
                "partner_id": self.account.id,
                "title": "There",
                "amount": 5,
                "company_id": other.id,
                "bill_date": "2026-03-01",
                "due_date": "2026-03-10",
            }
        )
        there.action_issue()
        other.partner_id.tz = "Pacific/Kiritimati"
        both = there | self.bill
        with self.at("2026-03-10 12:00"):
            both.invalidate_recordset(["is_overdue"])
            self.assertEqual(both.filtered("is_overdue"), there)
            domain = [("id", "in", both.ids), ("is_overdue", "=", True)]
            self.assertEqual(bills.search(domain), there)
            domain = [("id", "in", both.ids), ("is_overdue", "=", False)]
            self.assertEqual(bills.search(domain), self.bill.with_env(bills.env))
