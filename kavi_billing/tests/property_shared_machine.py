"""The machine of test_property, with one payment for several bills among its acts."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from odoo import fields

from .property_credit_machine import CreditOffice
from .property_machine import days, which


class SharedOffice(CreditOffice):
    """An account pays all that it owes, or a part of it, or more, by one check."""

    @precondition(lambda self: self.bills)
    @rule(
        number=which,
        day=days,
        method=which,
        part=st.sampled_from([0.1, 1 / 3, 0.5, 0.9, 1, 1.5]),
    )
    def complete_several(self, number, day, method, part):
        """One payment for all that an account owes in a currency: never more than is
        due, the oldest first, and all that came is somewhere."""
        one = self.one(number)
        bills = self.bills.filtered(
            lambda bill: (
                self.is_open(bill)
                and bill.is_posted
                and (bill.partner_id, bill.currency_id)
                == (one.partner_id, one.currency_id)
                and bill._get_payable() > 0
            )
        )
        if len(bills) < 2:
            return
        case, currency = self.case, one.currency_id
        method = case.methods[method % len(case.methods)]
        due = {bill: bill._get_payable() for bill in bills}
        received = currency.round(sum(due.values()) * part)
        least = method._get_surcharge(
            currency.rounding, currency, fields.Date.to_date(day)
        )
        if received <= least["total"] + currency.rounding:
            return
        payment = bills._complete_payment(
            method, date=fields.Date.to_date(day), received=received
        )
        case.assertEqual(len(payment), 1)
        case.assertEqual(currency.compare_amounts(payment.amount, received), 0)
        given = [
            currency.round(due[bill] - max(bill.amount_due, 0.0))
            for bill in bills._sort_by_age()
        ]
        for bill in bills:
            case.assertGreaterEqual(currency.compare_amounts(bill.amount_due, 0.0), 0)
        open_ = [bill for bill in bills if not currency.is_zero(bill.amount_due)]
        touched = [bill for bill in open_ if due[bill] > bill.amount_due]
        case.assertLessEqual(len(touched), 1, f"more than one part: {given}")
