"""A bill in every state, and a reading of its papers that owes nothing to their code.

The amounts are read off the printed text: a sum that cannot be followed on paper is
none, whatever the values behind it are.
"""

import re
from decimal import Decimal

from lxml import html

from odoo.fields import Command

from .surcharge_common import SurchargeCommon
from .test_bill_documents import DocumentCommon
from .test_credit import CreditCommon

AMOUNT = re.compile(r"^(\N{MINUS SIGN}?)\$ ([\d,]+\.\d\d)$")


class PapersCommon(SurchargeCommon, CreditCommon, DocumentCommon):
    """Names of the states are what was done with the bill."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        half = {"value": "percent", "value_amount": 50}
        cls.halves, cls.early = cls.env["account.payment.term"].create(
            [
                {
                    "name": "Half and half",
                    "line_ids": [
                        Command.create({**half, "nb_days": days}) for days in (0, 30)
                    ],
                },
                {
                    "name": "2 percent in 10 days",
                    "early_discount": True,
                    "discount_percentage": 2,
                    "discount_days": 10,
                    "early_pay_discount_computation": "included",
                },
            ]
        )
        cls.surcharge = cls.methods["both", "untaxed"]
        cls.taxed_surcharge = cls.methods["percent", "on top"]
        cls.allow_write_off(5)
        cls.company.billing_allow_part_payment = True

    @classmethod
    def taxed(cls, tax="on top", price=100.0, quantity=1, **vals):
        """A bill with a tax, issued on the first of March."""
        lines = [
            {"name": "Seat", "price_unit": price, "quantity": quantity},
            {"name": "Lunch", "price_unit": 33.33, "quantity": 1},
        ]
        return cls.issued(
            line_ids=[
                Command.create({**line, "tax_ids": [Command.set(cls.taxes[tax].ids)]})
                for line in lines
            ],
            **{"bill_date": "2026-03-01", **vals},
        )

    # === A BILL IN EVERY STATE === #

    @classmethod
    def every_state(cls):
        """``{what was done: bill}``, done in March 2026."""
        with cls.at("2026-03-05 12:00"):
            bills = {
                name.removeprefix("_state_").replace("_", " "): getattr(cls, name)()
                for name in dir(cls)
                if name.startswith("_state_")
            }
        cls.env.flush_all()
        cls.env.invalidate_all()
        return bills

    @classmethod
    def _state_draft(cls):
        return cls.draft(40)

    @classmethod
    def _state_new(cls):
        return cls.taxed()

    @classmethod
    def _state_new_with_tax_in_the_price(cls):
        return cls.taxed("included", 19.99, 3)

    @classmethod
    def _state_nothing_to_pay(cls):
        return cls.issued(line_ids=[Command.create({"name": "Free", "price_unit": 0})])

    @classmethod
    def _state_surcharge_to_come(cls):
        bill = cls.taxed()
        cls.choose(bill, cls.surcharge)
        return bill

    @classmethod
    def _state_paid(cls):
        bill = cls.taxed("included")
        cls.pay(bill)
        return bill

    @classmethod
    def _state_paid_in_part(cls):
        bill = cls.taxed()
        cls.pay(bill, amount=41.7)
        return bill

    @classmethod
    def _state_paid_with_surcharge(cls):
        bill = cls.taxed()
        cls.pay(bill, cls.surcharge)
        return bill

    @classmethod
    def _state_paid_with_a_taxed_surcharge(cls):
        bill = cls.issued(100, bill_date="2026-03-01")
        cls.pay(bill, cls.taxed_surcharge)
        return bill

    @classmethod
    def _state_paid_early(cls):
        bill = cls.taxed(payment_term_id=cls.early.id)
        cls.pay(bill)
        return bill

    @classmethod
    def _state_rest_written_off(cls):
        bill = cls.issued(100, bill_date="2026-03-01")
        cls.pay(bill, amount=97, write_off=True)
        return bill

    @classmethod
    def _state_paid_too_much(cls):
        bill = cls.issued(100, bill_date="2026-03-01")
        cls.pay(bill, amount=150)
        return bill

    @classmethod
    def _state_paid_by_what_was_left_over(cls):
        bill = cls._state_paid_too_much()
        credit = cls.credits.search([("bill_id", "=", bill.id)])
        other = cls.issued(80, bill_date="2026-03-01")
        cls.apply(credit, other)
        return other

    @classmethod
    def _state_credited_by_goodwill(cls):
        bill = cls.issued(80, bill_date="2026-03-01")
        cls.apply(cls.credit(30), bill)
        return bill

    @classmethod
    def _state_refunded_in_part(cls):
        bill = cls.taxed()
        cls.pay(bill)
        cls.give_back(bill, 43.21)
        return bill

    @classmethod
    def _state_refunded(cls):
        bill = cls.taxed("included")
        cls.pay(bill, cls.surcharge)
        cls.give_back(bill)
        return bill

    @classmethod
    def _state_refunded_in_two_parts(cls):
        bill = cls.taxed()
        cls.pay(bill, amount=46.66)
        cls.pay(bill, cls.surcharge)
        cls.give_back(bill, 50)
        cls.give_back(bill, 20.01, method_id=cls.check.id)
        return bill

    @classmethod
    def _state_changed(cls):
        bill = cls.issued(173, bill_date="2026-03-01")
        cls.change_price(bill, 80)
        return bill

    @classmethod
    def _state_changed_and_paid(cls):
        bill = cls.issued(173, bill_date="2026-03-01")
        cls.change_price(bill, 200)
        cls.change_price(bill, 80)
        cls.pay(bill)
        return bill

    @classmethod
    def _state_bounced(cls):
        bill = cls.taxed()
        cls.pay(bill, cls.surcharge)
        cls.bounce(bill)
        return bill

    @classmethod
    def _state_bounced_and_paid_again(cls):
        bill = cls._state_bounced()
        cls.pay(bill)
        return bill

    @classmethod
    def _state_canceled(cls):
        bill = cls.taxed()
        cls.cancel(bill)
        return bill

    @classmethod
    def _state_canceled_after_a_part(cls):
        bill = cls.taxed()
        cls.pay(bill, amount=40)
        cls.cancel(bill)
        return bill

    @classmethod
    def _state_canceled_and_kept(cls):
        bill = cls.taxed()
        cls.pay(bill)
        cls.cancel(bill, refund_amount=100)
        return bill

    @classmethod
    def _state_in_instalments(cls):
        bill = cls.issued(99.99, payment_term_id=cls.halves.id, bill_date="2026-03-01")
        cls.pay(bill, amount=70)
        return bill

    @classmethod
    def _state_credited_in_invoicing(cls):
        bill = cls.issued(100, bill_date="2026-03-01")
        note = cls.reverse(cls.invoice(bill))
        note.invoice_line_ids.write({"quantity": 1, "price_unit": 40})
        note.action_post()
        (note + cls.invoice(bill)).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        return bill

    @classmethod
    def _state_taken_off_the_books(cls):
        bill = cls.issued(100, bill_date="2026-03-01")
        cls.invoice(bill).button_draft()
        return bill

    @classmethod
    def _opening(cls, **vals):
        return cls.env["kavi.bill"]._create_opening(
            [
                {
                    "partner_id": cls.account.id,
                    "company_id": cls.company.id,
                    "title": "Last year",
                    "name": f"OLD-{vals['opening_due']:g}-{vals['opening_paid']:g}",
                    "bill_date": "2025-03-01",
                    "due_date": "2025-04-01",
                    **vals,
                }
            ]
        )

    @classmethod
    def _state_history(cls):
        return cls._opening(
            opening_state="new", opening_total=100, opening_paid=30, opening_due=70
        )

    @classmethod
    def _state_refunded_before(cls):
        return cls._opening(
            opening_state="refunded",
            opening_total=100,
            opening_paid=100,
            opening_refunded=60,
            opening_due=0,
        )

    @classmethod
    def _state_opening_balance(cls):
        bill = cls._opening(
            opening_date="2026-01-01",
            opening_total=55,
            opening_paid=40,
            opening_credited=15,
            opening_due=45,
            opening_account_id=cls.income.id,
            opening_journal_id=cls._journal("sale").id,
        )
        bill = cls.bills.browse(bill.id)
        cls.pay(bill, amount=20)
        return bill

    # === WHAT IS ON PAPER === #

    def read_amount(self, text):
        """An amount as printed, or ``None``."""
        found = AMOUNT.match(text.replace("\xa0", " ").strip())
        if not found:
            return None
        return Decimal(f"{found[1] and '-'}{found[2].replace(',', '')}")

    def paper(self, report, bill):
        """The tables of a document, in their order: lists of rows of texts."""
        page = html.fromstring(self.html(report, bill))
        tables = []
        for table in page.xpath("//table[contains(@class, 'kb-')]"):
            rows = [
                [" ".join(cell.text_content().split()) for cell in row.xpath("th|td")]
                for row in table.xpath(".//tr")
            ]
            tables.append((table.get("class").split(), rows))
        return tables

    def table(self, tables, name, column=None):
        """The amounts at the end of the rows of one table: pairs of label and amount.

        :param str column: its first header, where several are of that kind
        """
        found = []
        for classes, rows in tables:
            if name in classes and (not column or rows[0][1:2] == [column]):
                found += [
                    (row[0], amount)
                    for row in rows
                    if (amount := self.read_amount(row[-1])) is not None
                ]
        return found

    def walk(self, rows, start, sums):
        """Add rows up; each sum among them is that of the rows before it."""
        total = start
        for label, amount in rows:
            if label in sums:
                self.assertEqual(amount, total, (label, rows))
            else:
                total += amount
        return total


class EveryStateCommon(PapersCommon):
    """Those bills, made once for the class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.states = cls.every_state()
