"""What the nightly check finds when a guard fails: too much as well as too little, in
both currencies, on any receivable account (D-05). Each case is made behind the addon's
back, in the database; the right value is what the entries of the same case are."""

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestBookCheckCases(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.env["res.currency.rate"].create(
            {"currency_id": cls.euro.id, "company_id": cls.company.id, "rate": 0.5}
        )
        cls.tax = cls.env["account.tax"].search(
            [("company_id", "=", cls.company.id), ("type_tax_use", "=", "sale")],
            limit=1,
        )

    def taxed(self, **vals):
        line = {
            "name": "Fee",
            "price_unit": 100,
            "tax_ids": [Command.set(self.tax.ids)],
        }
        return self.issued(line_ids=[Command.create(line)], **vals)

    def tamper(self, table, row, **vals):
        for name, value in vals.items():
            self.env.execute_query(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id = %s RETURNING id",
                    SQL.identifier(table),
                    SQL.identifier(name),
                    value,
                    row.id,
                )
            )
        self.env.invalidate_all()

    def found(self, bill, find):
        """What the check says of a bill, by one of its comparisons."""
        Bill = self.env["kavi.bill"].sudo()
        self.env.flush_all()
        found = getattr(Bill, find)()
        self.assertLessEqual(set(found), {bill})
        if found:
            # the check as a whole has it, too
            self.assertIn(found[bill], Bill._find_book_differences()[bill])
        return found.get(bill, "")

    def receivable(self, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def test_amounts_too_much_and_too_little(self):
        """Refunded, retained and credited, which nothing of the debt says."""
        bill = self.taxed()
        self.pay(bill)
        self.give_back(bill, 40)
        self.assertFalse(self.found(bill, "_find_amount_differences"))
        for name in ("refund_amount", "amount_retained", "amount_credited"):
            for cents in (0.01, -0.01):
                if name == "amount_credited" and cents < 0:
                    continue  # no note has credited anything of what is due
                with self.subTest(name=name, cents=cents):
                    savepoint = self.cr.savepoint()
                    self.tamper("kavi_bill", bill, **{name: bill[name] + cents})
                    text = self.found(bill, "_find_amount_differences")
                    self.assertIn("40.00", text)
                    savepoint.close()
                    self.env.invalidate_all()

    def test_more_was_refunded_than_had_come(self):
        """145 of 115 went out: both say so, and that alone is found."""
        bill = self.taxed()
        self.pay(bill)
        self.give_back(bill, 40)
        (payment,) = self.payments(bill, "outbound")
        (match,) = self.receivable(payment.move_id).matched_credit_ids
        self.tamper(
            "account_partial_reconcile",
            match,
            credit_amount_currency=bill.amount_paid + 30,
        )
        self.tamper("kavi_bill", bill, refund_amount=bill.amount_paid + 30)
        self.tamper("kavi_bill", bill, amount_retained=-30)
        self.assertTrue(self.found(bill, "_find_amount_differences"))

    def test_check_that_bounces_after_a_refund(self):
        """What was refunded is more than what stays: the debt is open again, and that
        is no difference."""
        bill = self.taxed()
        self.pay(bill)
        self.give_back(bill, 40)
        self.bounce(bill)
        self.assertFalse(self.found(bill, "_find_amount_differences"))

    def test_canceled_with_something_open(self):
        """On the invoice or on the note, in the bill's or in company currency."""
        bill = self.taxed(currency_id=self.euro.id)
        self.cancel(bill)
        self.assertFalse(self.found(bill, "_find_open_ends"))
        (match,) = self.receivable(bill.sudo().invoice_id).matched_credit_ids
        for name in ("debit_amount_currency", "credit_amount_currency", "amount"):
            for cents in (5, -5):
                with self.subTest(name=name, cents=cents):
                    savepoint = self.cr.savepoint()
                    self.tamper(
                        "account_partial_reconcile",
                        match,
                        **{name: match[name] - cents},
                    )
                    text = self.found(bill, "_find_open_ends")
                    # in company currency, on the invoice and on the note
                    self.assertIn("10.00" if name == "amount" else "5.00", text)
                    savepoint.close()
                    self.env.invalidate_all()

    def test_canceled_and_the_note_in_another_account(self):
        """60 on the one account and -60 on the other: the match is gone."""
        bill = self.taxed()
        self.cancel(bill)
        (match,) = self.receivable(bill.sudo().invoice_id).matched_credit_ids
        self.env.execute_query(
            SQL(
                "DELETE FROM account_partial_reconcile WHERE id = %s RETURNING id",
                match.id,
            )
        )
        other = self.receivable(bill.sudo().invoice_id).account_id.copy()
        (note,) = self.notes(bill)
        self.tamper("account_move_line", self.receivable(note), account_id=other.id)
        text = self.found(bill, "_find_open_ends")
        # the two items do not make up for each other
        self.assertIn("%.2f" % (2 * bill.amount_total), text)

    def test_refunded_in_full_with_a_note_of_more(self):
        """Refund all: a note of 117.65 where 100 went out leaves 17.65 open."""
        bill = self.taxed()
        self.pay(bill)
        self.give_back(bill)
        self.assertFalse(self.found(bill, "_find_open_ends"))
        item = self.receivable(self.notes(bill))
        self.tamper(
            "account_move_line", item, amount_currency=item.amount_currency - 17.65
        )
        self.assertIn("17.65", self.found(bill, "_find_open_ends"))

    def test_replaced_with_something_open(self):
        """Change of the amount: what it replaced is settled, though the bill lives."""
        bill = self.taxed()
        self.change_price(bill, 80)
        self.assertFalse(self.found(bill, "_find_open_ends"))
        (note,) = self.notes(bill)
        item = self.receivable(note)
        self.tamper("account_move_line", item, balance=item.balance - 1)
        self.assertIn("1.00", self.found(bill, "_find_open_ends"))

    def test_note_that_does_not_mirror(self):
        """Base on another account, tax of another rate, another rate of exchange."""
        for settle in ("cancel", "refund", "change"):
            bill = self.taxed(currency_id=self.euro.id)
            if settle == "refund":
                self.pay(bill)
                self.give_back(bill)
            elif settle == "change":
                self.change_price(bill, 80)
            else:
                self.cancel(bill)
            self.assertFalse(self.found(bill, "_find_false_notes"))
            (note,) = self.notes(bill)
            base = note.line_ids.filtered(lambda line: line.display_type == "product")
            tax = note.line_ids.filtered(lambda line: line.display_type == "tax")
            other = base.account_id.copy()
            cases = (
                [(base, {"account_id": other.id})],
                [
                    (base, {"amount_currency": base.amount_currency + 5}),
                    (tax, {"amount_currency": tax.amount_currency - 5}),
                ],
                [(base, {"balance": base.balance + 50})],
                [(tax, {"balance": tax.balance - 0.01})],
            )
            for number, case in enumerate(cases):
                with self.subTest(settle=settle, case=number):
                    savepoint = self.cr.savepoint()
                    for line, vals in case:
                        self.tamper("account_move_line", line, **vals)
                    self.assertIn(
                        "do not mirror", self.found(bill, "_find_false_notes")
                    )
                    savepoint.close()
                    self.env.invalidate_all()

    def test_part_of_more_tax_than_was_charged(self):
        """Tax parts of +100 % and -100 %: each counts for itself; and a tax that was
        never charged."""
        bill = self.taxed()
        self.pay(bill)
        self.give_back(bill, 40)
        self.assertFalse(self.found(bill, "_find_false_notes"))
        tax = self.notes(bill).line_ids.filtered(
            lambda line: line.display_type == "tax"
        )
        charged = bill.amount_tax
        other = self.tax.copy({"name": "Another"})
        negative = self.tax.invoice_repartition_line_ids.filtered(
            lambda part: part.repartition_type == "tax"
        ).copy({"factor_percent": -100})
        for vals in (
            {"amount_currency": charged + 0.01},
            {"tax_line_id": other.id},
            {"tax_repartition_line_id": negative.id},
        ):
            with self.subTest(vals=vals):
                savepoint = self.cr.savepoint()
                self.tamper("account_move_line", tax, **vals)
                self.assertIn("do not mirror", self.found(bill, "_find_false_notes"))
                savepoint.close()
                self.env.invalidate_all()

    def test_one_comparison_that_fails_stops_no_other(self):
        """The administrators are told of what is known."""
        from unittest.mock import patch

        from odoo.tools import mute_logger

        bill = self.issued()
        self.tamper("kavi_bill", bill, amount_due=99)
        Credit = type(self.env["kavi.credit"])
        cron = self.env.ref("kavi_billing.cron_check_books")
        with (
            patch.object(Credit, "_find_book_differences", side_effect=ValueError("x")),
            mute_logger("odoo.addons.kavi_billing.models.kavi_bill.ledger_check"),
            self.enter_registry_test_mode(),
        ):
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertTrue(bill.sudo().activity_ids)
