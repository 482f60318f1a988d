"""An early-payment discount on a bill with instalments (BB-04 with BB-01): who pays the
whole within the days pays less, booked to the cent as on a bill that is due at once.
Parts get nothing."""

from datetime import date

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from . import test_discount  # its class by name would be run here, too
from .test_discount import COMPUTATIONS, DAY_AFTER, LAST_DAY

LINES = [
    Command.create({"value": "percent", "value_amount": 30, "nb_days": 0}),
    Command.create({"value": "percent", "value_amount": 30, "nb_days": 30}),
    Command.create({"value": "percent", "value_amount": 40, "nb_days": 60}),
]


@tagged("post_install", "-at_install")
class TestDiscountInstalments(test_discount.TestDiscount):
    """All that holds for a bill that is due at once, and what instalments add.

    ``odoo`` is what Odoo's own wizard books for a twin that is due at once.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.at_once = dict(cls.terms)
        for computation, term in cls.terms.items():
            several = term.create(
                {
                    "name": f"Three parts, {computation}",
                    "company_id": term.company_id.id,
                    "line_ids": [*LINES],
                    "early_discount": True,
                    "discount_percentage": term.discount_percentage,
                    "discount_days": term.discount_days,
                    "early_pay_discount_computation": computation,
                }
            )
            cls.terms[computation] = several.with_env(cls.env)

    def odoo(self, bill, day):
        computation = bill.payment_term_id.early_pay_discount_computation
        lines = [
            Command.create(
                {
                    "name": line.name,
                    "price_unit": line.price_unit,
                    "tax_ids": [Command.set(line.tax_ids.ids)],
                }
            )
            for line in bill.line_ids
        ]
        twin = self.issued(
            payment_term_id=self.at_once[computation].id,
            line_ids=lines,
            bill_date=bill.bill_date,
            currency_id=bill.currency_id.id,
        )
        self.assertEqual(twin.amount_total, bill.amount_total)
        return super().odoo(twin, day)

    def ledger(self, bill):
        """Each match is rounded by the database; three of them are a little off."""
        found = super().ledger(bill)
        return {name: round(amount, 5) for name, amount in found.items()}

    def items(self, bill):
        return bill.sudo().invoice_id.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        )

    def test_shared_to_the_cent(self):
        """Each instalment has its part of the discount; together they have all."""
        for computation, (total, early, _tax) in COMPUTATIONS.items():
            with self.subTest(computation=computation):
                items = self.items(self.bill(computation))
                self.assertEqual(len(items), 3)
                self.assertAlmostEqual(sum(items.mapped("amount_currency")), total)
                self.assertAlmostEqual(
                    sum(items.mapped("discount_amount_currency")), early
                )
                self.assertEqual(
                    set(items.mapped("discount_date")), {date(2026, 3, 11)}
                )

    def test_one_instalment_gets_nothing(self):
        """A part is a part, on the first day too; after it the rest is due in full."""
        for computation, (total, _early, _tax) in COMPUTATIONS.items():
            with self.subTest(computation=computation):
                bill = self.bill(computation)
                first = self.items(bill).sorted("date_maturity")[0].amount_currency
                bill._complete_payment(self.check, amount=first, date=date(2026, 3, 2))
                self.assertBill(
                    bill,
                    "new",
                    is_partly_paid=True,
                    amount_paid=first,
                    amount_credited=0.0,
                    amount_due=round(total - first, 2),
                )
                with self.at("2026-03-03"):
                    bill.invalidate_recordset()
                    self.assertFalse(bill.discount_date)
                    self.assertEqual(bill.amount_discounted, 0.0)

    def test_wizard_page_and_papers(self):
        """Said where the bill is paid, and told to the payer."""
        bill = self.bill()
        with self.at(LAST_DAY):
            bill.invalidate_recordset()
            self.assertEqual(bill.amount_to_pay_early, 107.8)
            self.assertIn("107.80", bill._get_discount_note())
            wizard = self.wizard(bill, "payment", {"method_id": self.check.id})
            self.assertEqual(wizard.amount, 107.8)
            self.assertIn("2.20", str(wizard.hint))
            self.assertEqual(len(bill.instalment_ids), 3)
            self.assertEqual(sum(bill.instalment_ids.mapped("amount")), 110.0)
            wizard.action_complete_payment()
        self.assertBill(bill, "paid", amount_paid=107.8, amount_credited=2.2)
        self.assertEqual(set(bill.instalment_ids.mapped("state")), {"paid"})

    def test_deposit_and_postponed(self):
        """A deposit is an instalment; a later day changes nothing of the discount."""
        term = self.terms["included"]
        term.line_ids[0].is_deposit = True
        bill = self.issued(110, payment_term_id=term.id, bill_date="2026-03-01")
        self.postpone(bill, "2026-09-01")
        self.pay(bill, date=LAST_DAY)
        self.assertBill(bill, "paid", amount_paid=107.8, amount_credited=2.2)

    def test_accountant_pays_the_whole(self):
        """Odoo's wizard books the same; a part, or one item by itself, gets nothing."""
        for computation, (total, early, tax) in COMPUTATIONS.items():
            with self.subTest(computation=computation):
                bill = self.bill(computation)
                asked = self.odoo(bill, LAST_DAY)
                payment = self.register_payment(
                    self.invoice(bill), payment_date=LAST_DAY
                )
                self.assertEqual(payment.amount, early)
                self.assertEqual(self.entry(payment), asked)
                self.assertBill(bill, "paid", amount_paid=early)
                self.assertEqual(self.tax_declared(bill), tax)
                part = self.bill(computation)
                self.register_payment(self.invoice(part), 30, payment_date=LAST_DAY)
                self.assertBill(
                    part, "new", amount_paid=30.0, amount_due=round(total - 30, 2)
                )
                one = self.bill(computation)
                item = self.items(one).sorted("date_maturity")[0]
                wizard = (
                    self.as_user("accountant")["account.payment.register"]
                    .with_context(active_model="account.move.line", active_ids=item.ids)
                    .create({"journal_id": self.bank.id, "payment_date": LAST_DAY})
                )
                self.assertEqual(wizard.amount, item.amount_currency)
                wizard._create_payments()
                self.assertBill(
                    one,
                    "new",
                    amount_paid=item.amount_currency,
                    amount_credited=0.0,
                )

    def test_invoice_that_is_no_bill(self):
        """Due in parts, without a discount that nobody could take."""
        for computation, term in self.terms.items():
            with self.subTest(computation=computation):
                invoice = self.env["account.move"].create(
                    {
                        "move_type": "out_invoice",
                        "partner_id": self.account.id,
                        "invoice_date": "2026-03-01",
                        "invoice_payment_term_id": term.id,
                        "invoice_line_ids": [
                            Command.create(
                                {
                                    "name": "Fee",
                                    "price_unit": 100,
                                    "tax_ids": [Command.set(self.taxes["on top"].ids)],
                                }
                            )
                        ],
                    }
                )
                invoice.action_post()
                self.assertEqual(invoice.amount_total, 110.0)
                items = invoice.line_ids.filtered(
                    lambda line: line.display_type == "payment_term"
                )
                self.assertEqual(len(items), 3)
                self.assertFalse(any(items.mapped("discount_date")))
                self.assertFalse(any(items.mapped("discount_amount_currency")))

    def test_terms_are_checked(self):
        """What Odoo asks of a discount and of lines, it asks of these, too."""
        term = self.terms["included"]
        for vals in (
            {"discount_percentage": 0.0, "early_discount": True},
            {"discount_days": 0, "early_discount": True},
            {"line_ids": [Command.update(term.line_ids[0].id, {"value_amount": 31})]},
        ):
            with self.subTest(vals=vals), self.assertRaises(ValidationError):
                with self.cr.savepoint():
                    term.write(vals)
                    term._check_lines()
        with self.assertRaises(ValidationError), self.cr.savepoint():
            line = self.at_once["included"].line_ids
            self.at_once["included"].line_ids = [
                Command.update(line.id, {"value_amount": 50})
            ]

    def test_changed_amount(self):
        """The new invoice has the discount of the new amount."""
        bill = self.bill()
        with self.at("2026-03-02"):
            self.change_price(bill, 200)
            bill.invalidate_recordset()
            self.assertEqual(bill.amount_discounted, 215.6)
        self.pay(bill, date=DAY_AFTER)
        self.assertBill(bill, "paid", amount_paid=220.0)
