"""Instalments of an issued bill: paid, open and overdue (BB-09)."""

from datetime import date

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .test_schedule import TermsCommon


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
        (part,) = bill._get_schedules()[bill]
        self.assertEqual(part["amount"], 10.0)
        with self.assertRaises(AccessError):
            portal["kavi.bill"].browse(self.bill.id)._get_schedules()

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
