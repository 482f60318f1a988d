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

    def every_state(self):
        """``{what was done: bill}``, done in March 2026."""
        with self.at("2026-03-05 12:00"):
            bills = {
                name.removeprefix("_state_").replace("_", " "): getattr(self, name)()
                for name in dir(self)
                if name.startswith("_state_")
            }
        self.env.flush_all()
        self.env.invalidate_all()
        return bills

    def _state_draft(self):
        return self.draft(40)

    def _state_new(self):
        return self.taxed()

    def _state_new_with_tax_in_the_price(self):
        return self.taxed("included", 19.99, 3)

    def _state_nothing_to_pay(self):
        return self.issued(line_ids=[Command.create({"name": "Free", "price_unit": 0})])

    def _state_surcharge_to_come(self):
        bill = self.taxed()
        self.choose(bill, self.surcharge)
        return bill

    def _state_paid(self):
        bill = self.taxed("included")
        self.pay(bill)
        return bill

    def _state_paid_in_part(self):
        bill = self.taxed()
        self.pay(bill, amount=41.7)
        return bill

    def _state_paid_with_surcharge(self):
        bill = self.taxed()
        self.pay(bill, self.surcharge)
        return bill

    def _state_paid_with_a_taxed_surcharge(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, self.taxed_surcharge)
        return bill

    def _state_paid_early(self):
        bill = self.taxed(payment_term_id=self.early.id)
        self.pay(bill)
        return bill

    def _state_rest_written_off(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, amount=97, write_off=True)
        return bill

    def _state_paid_too_much(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, amount=150)
        return bill

    def _state_paid_by_what_was_left_over(self):
        bill = self._state_paid_too_much()
        credit = self.credits.search([("bill_id", "=", bill.id)])
        other = self.issued(80, bill_date="2026-03-01")
        self.apply(credit, other)
        return other

    def _state_credited_by_goodwill(self):
        bill = self.issued(80, bill_date="2026-03-01")
        self.apply(self.credit(30), bill)
        return bill

    def _state_refunded_in_part(self):
        bill = self.taxed()
        self.pay(bill)
        self.give_back(bill, 43.21)
        return bill

    def _state_refunded(self):
        bill = self.taxed("included")
        self.pay(bill, self.surcharge)
        self.give_back(bill)
        return bill

    def _state_refunded_in_two_parts(self):
        bill = self.taxed()
        self.pay(bill, amount=46.66)
        self.pay(bill, self.surcharge)
        self.give_back(bill, 50)
        self.give_back(bill, 20.01, method_id=self.check.id)
        return bill

    def _state_changed(self):
        bill = self.issued(173, bill_date="2026-03-01")
        self.change_price(bill, 80)
        return bill

    def _state_changed_and_paid(self):
        bill = self.issued(173, bill_date="2026-03-01")
        self.change_price(bill, 200)
        self.change_price(bill, 80)
        self.pay(bill)
        return bill

    def _state_bounced(self):
        bill = self.taxed()
        self.pay(bill, self.surcharge)
        self.bounce(bill)
        return bill

    def _state_bounced_and_paid_again(self):
        bill = self._state_bounced()
        self.pay(bill)
        return bill

    def _state_canceled(self):
        bill = self.taxed()
        self.cancel(bill)
        return bill

    def _state_canceled_after_a_part(self):
        bill = self.taxed()
        self.pay(bill, amount=40)
        self.cancel(bill)
        return bill

    def _state_canceled_and_kept(self):
        bill = self.taxed()
        self.pay(bill)
        self.cancel(bill, refund_amount=100)
        return bill

    def _state_in_instalments(self):
        bill = self.issued(
            99.99, payment_term_id=self.halves.id, bill_date="2026-03-01"
        )
        self.pay(bill, amount=70)
        return bill

    def _state_credited_in_invoicing(self):
        bill = self.issued(100, bill_date="2026-03-01")
        note = self.reverse(self.invoice(bill))
        note.invoice_line_ids.write({"quantity": 1, "price_unit": 40})
        note.action_post()
        (note + self.invoice(bill)).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        return bill

    def _state_taken_off_the_books(self):
        bill = self.issued(100, bill_date="2026-03-01")
        self.invoice(bill).button_draft()
        return bill

    def _opening(self, **vals):
        return self.env["kavi.bill"]._create_opening(
            [
                {
                    "partner_id": self.account.id,
                    "company_id": self.company.id,
                    "title": "Last year",
                    "name": f"OLD-{vals['opening_due']:g}-{vals['opening_paid']:g}",
                    "bill_date": "2025-03-01",
                    "due_date": "2025-04-01",
                    **vals,
                }
            ]
        )

    def _state_history(self):
        return self._opening(
            opening_state="new", opening_total=100, opening_paid=30, opening_due=70
        )

    def _state_refunded_before(self):
        return self._opening(
            opening_state="refunded",
            opening_total=100,
            opening_paid=100,
            opening_refunded=60,
            opening_due=0,
        )

    def _state_opening_balance(self):
        bill = self._opening(
            opening_date="2026-01-01",
            opening_total=55,
            opening_paid=40,
            opening_credited=15,
            opening_due=45,
            opening_account_id=self.income.id,
            opening_journal_id=self._journal("sale").id,
        )
        bill = self.bills.browse(bill.id)
        self.pay(bill, amount=20)
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
