"""Credit notes mirror what was booked, whatever was changed since the invoice was
posted. The right values are the invoice's own items, with the other sign."""

from odoo.fields import Command
from odoo.tests import tagged

from .mirror_common import PERCENT, REVERSE_CHARGE, SPLIT, MirrorCommon
from .profile import LONG, by_turns


@tagged("post_install", "-at_install")
class TestCreditNote(MirrorCommon):
    # === CHANGES OF THE SET-UP BETWEEN INVOICE AND NOTE === #

    def changes(self, tax, bill):
        """What may be changed meanwhile: ``{name: function}``."""
        invoice = bill.sudo().invoice_id
        return {
            "nothing": lambda: None,
            "rate down": lambda: tax.write({"amount": 10.0}),
            "rate up": lambda: tax.write({"amount": 20.0}),
            "price includes it": lambda: tax.write(
                {"price_include_override": "tax_included"}
            ),
            "rounding": lambda: self.company.write(
                {"tax_calculation_rounding_method": "round_globally"}
            ),
            "tax is archived": lambda: tax.write({"active": False}),
            "early discount": lambda: invoice.invoice_payment_term_id.write(
                {
                    "early_discount": True,
                    "discount_percentage": 5,
                    "early_pay_discount_computation": "mixed",
                }
            ),
            "grids": lambda: tax.invoice_repartition_line_ids.write(
                {"tag_ids": [Command.clear()]}
            ),
            "receivable account": lambda: self.account.with_company(self.company).write(
                {"property_account_receivable_id": self.other_receivable().id}
            ),
            "invoice in another account": lambda: invoice.line_ids.filtered(
                lambda item: item.display_type == "payment_term"
            ).write({"account_id": self.other_receivable().id}),
        }

    def ends(self):
        """How a bill may end with nothing kept: ``{name: function}``."""

        def part_paid(bill):
            self.pay(bill, amount=40.0)
            self.cancel(bill)

        def paid(bill):
            self.pay(bill)
            self.cancel(bill)

        def refunded_in_parts(bill):
            self.pay(bill)
            self.give_back(bill, 33.33)
            self.give_back(bill, 0.01)
            self.give_back(bill)

        def memo_first(bill):
            self.memo(bill)
            self.cancel(bill)

        def changed(bill):
            self.change_price(bill, 77.77)
            self.cancel(bill)

        return {
            "cancel": self.cancel,
            "cancel, paid in part": part_paid,
            "cancel, paid": paid,
            "refund in parts": refunded_in_parts,
            "memo, cancel": memo_first,
            "change, cancel": changed,
        }

    def walk(self, name):
        """Each end after each change: in the short profile each change before two of
        the six ends."""
        turn = list(self.ends()).index(name)
        changes = self.changes(self.env["account.tax"], self.bills)
        for change in by_turns(changes, 3, turn):
            with self.subTest(change=change, end=name), self.cr.savepoint() as point:
                tax = self.tax()
                bill = self.taxed(tax, 100.0)
                self.changes(tax, bill)[change]()
                self.ends()[name](bill)
                self.assertUndone(bill)
                point.rollback()

    def test_table_walk_cancel(self):
        self.walk("cancel")

    def test_table_walk_cancel_paid_in_part(self):
        self.walk("cancel, paid in part")

    def test_table_walk_cancel_paid(self):
        self.walk("cancel, paid")

    def test_table_walk_refund_in_parts(self):
        self.walk("refund in parts")

    def test_table_walk_memo(self):
        self.walk("memo, cancel")

    def test_table_walk_change(self):
        self.walk("change, cancel")

    # === TAXES OF ALL SHAPES === #

    def test_table_walk_taxes(self):
        """Each end, for taxes of every repartition, in and out of the price: by turns,
        all of them in the long profile."""
        modes = ("tax_excluded", "tax_included")
        shapes = (PERCENT, REVERSE_CHARGE, SPLIT, (60, 40, -100))
        for number, shape in enumerate(shapes):
            chosen = modes if LONG else [modes[number % 2]]
            for override in chosen:
                for name, end in self.ends().items():
                    with (
                        self.subTest(shape=shape, price=override, end=name),
                        self.cr.savepoint() as point,
                    ):
                        tax = self.tax(17.5, shape, price_include_override=override)
                        bill = self.taxed(tax, 59.99, 40.01)
                        end(bill)
                        self.assertUndone(bill)
                        point.rollback()

    def test_reverse_charge(self):
        """+100 % and −100 %: the payer owes 100, and a refund of 40 is a note of 40;
        the other 60 can still be given back."""
        tax = self.tax(17.5, REVERSE_CHARGE)
        bill = self.taxed(tax)
        self.assertEqual(bill.amount_total, 100.0)
        self.pay(bill)
        self.give_back(bill, 40.0)
        self.assertEqual(self.notes(bill).mapped("amount_total"), [40.0])
        self.give_back(bill, 60.0)
        self.assertBill(bill, "refunded", refund_amount=100.0)
        self.assertUndone(bill)

    def test_a_memo_under_reverse_charge(self):
        """A memo of 30 takes back 30 of income and no tax that anybody owes."""
        bill = self.taxed(self.tax(17.5, REVERSE_CHARGE))
        memo = self.memo(bill)
        note = memo.sudo().move_id
        self.assertEqual(note.amount_total, 30.0)
        taxes = note.line_ids.filtered("tax_repartition_line_id")
        self.assertEqual(sorted(taxes.mapped("balance")), [-5.25, 5.25])

    def test_a_tax_typed_by_hand(self):
        """115.01 was invoiced; 115.01 is taken back."""
        bill = self.taxed(self.tax())
        invoice = self.invoice(bill)
        invoice.button_draft()
        tax_line = invoice.line_ids.filtered("tax_repartition_line_id")
        receivable = invoice.line_ids.filtered("date_maturity")
        invoice.write(
            {
                "line_ids": [
                    Command.update(tax_line.id, {"amount_currency": -15.01}),
                    Command.update(receivable.id, {"amount_currency": 115.01}),
                ]
            }
        )
        invoice.action_post()
        self.assertBill(bill, "new", amount_due=115.01)
        self.cancel(bill)
        self.assertBill(bill, "canceled", amount_due=0.0, amount_credited=115.01)
        self.assertUndone(bill)

    def test_the_note_reads_like_the_invoice(self):
        """Price, quantity and totals on the paper are the invoice's."""
        tax = self.tax(15.0, price_include_override="tax_included")
        bill = self.taxed(tax, 115.0)
        tax.amount = 10.0
        self.cancel(bill)
        note = self.notes(bill)
        line = note.invoice_line_ids
        self.assertEqual(
            (line.quantity, line.price_unit, line.price_subtotal, line.price_total),
            (1.0, 115.0, 100.0, 115.0),
        )
        self.assertEqual(note.amount_untaxed, 100.0)
        totals = note.tax_totals
        self.assertEqual(
            (totals["base_amount_currency"], totals["tax_amount_currency"]), (100, 15)
        )

    def test_grids_of_credit_notes(self):
        """Where a tax has other grids for credit notes (Belgium), they are used."""
        tax = self.tax()
        tag = self.env["account.account.tag"].create(
            {"name": "credit notes", "applicability": "taxes"}
        )
        tax.refund_repartition_line_ids.write({"tag_ids": [Command.set(tag.ids)]})
        bill = self.taxed(tax)
        self.cancel(bill)
        items = self.notes(bill).line_ids.filtered("tax_tag_ids")
        self.assertEqual(items.tax_tag_ids, tag)
        self.assertEqual(sorted(items.mapped("balance")), [15.0, 100.0])

    def test_analytic(self):
        plan = self.env["account.analytic.plan"].create({"name": "Projects"})
        account = self.env["account.analytic.account"].create(
            {"name": "Congress", "plan_id": plan.id}
        )
        bill = self.issued(
            line_ids=[
                Command.create(
                    {
                        "name": "Fee",
                        "price_unit": 100.0,
                        "tax_ids": [Command.clear()],
                        "analytic_distribution": {str(account.id): 100},
                    }
                )
            ]
        )
        self.pay(bill)
        self.give_back(bill, 25.0)
        line = self.notes(bill).invoice_line_ids
        self.assertEqual(line.analytic_distribution, {str(account.id): 100})
        self.assertEqual(line.balance, 25.0)

    # === CURRENCIES === #

    def test_a_change_in_a_foreign_currency(self):
        """100 → 100 after the rate has moved: income stays what it was, and there is
        no gain of nothing."""
        bill = self.taxed(self.tax(), currency_id=self.euro.id, bill_date="2026-01-10")
        self.assertResult(bill, 200.0, 30.0)
        self.env["res.currency.rate"].search([]).write({"rate": 2 / 3})
        self.change_price(bill, 100.0)
        self.assertResult(bill, 200.0, 30.0)
        moves = bill.sudo().move_ids
        self.assertFalse(moves.line_ids.matched_debit_ids.exchange_move_id)
        self.cancel(bill)
        self.assertUndone(bill)

    def test_table_walk_foreign(self):
        """Each end after the rate has moved. The bill is undone at its own rate; what
        the payments were worth more or less is an exchange difference."""
        for name, end in self.ends().items():
            with self.subTest(end=name), self.cr.savepoint() as point:
                bill = self.taxed(
                    self.tax(),
                    59.99,
                    40.01,
                    currency_id=self.euro.id,
                    bill_date="2026-01-10",
                )
                self.rate("2026-02-01", 0.8)
                end(bill)
                self.assertUndone(bill)
                point.rollback()

    def test_cash_basis_in_a_foreign_currency(self):
        """A tax that waits for the money: the cancellation leaves nothing waiting."""
        transition = self.let_taxes_wait()
        tax = self.tax(
            tax_exigibility="on_payment",
            cash_basis_transition_account_id=transition.id,
        )
        for name in ("cancel", "cancel, paid in part", "cancel, paid"):
            with self.subTest(end=name), self.cr.savepoint() as point:
                bill = self.taxed(tax, currency_id=self.euro.id, bill_date="2026-01-10")
                self.rate("2026-02-01", 0.8)
                self.ends()[name](bill)
                self.assertSettled(bill)
                waiting = self.document_items(bill).filtered(
                    lambda item: item.account_id == transition
                )
                self.assertAlmostEqual(sum(waiting.mapped("balance")), 0.0, 2)
                self.assertGrids(bill)
                point.rollback()

    # === ACCOUNTS === #

    def test_contacts_merged(self):
        """The account that an invoice is in is the note's, whatever the contact has."""
        bill = self.issued(60.0)
        other = self.env["res.partner"].create({"name": "Acme Limited"})
        other.with_company(
            self.company
        ).property_account_receivable_id = self.other_receivable()
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.account | other).ids, other
        )
        self.env.invalidate_all()
        self.cancel(bill)
        self.assertBill(bill, "canceled", amount_due=0.0)
        self.assertUndone(bill)

    def test_a_credit_in_another_account(self):
        """The reason is told as it is."""
        credit = self.as_user("officer")["kavi.credit"].create(
            {"partner_id": self.account.id, "reason": "Sorry", "amount": 20.0}
        )
        credit.action_issue()
        account = self.other_receivable()
        self.account.with_company(self.company).property_account_receivable_id = account
        bill = self.issued(60.0)
        with self.refused("Doubtful debts", "accountant"):
            credit._apply(bill)

    def test_a_surcharge_taken_back(self):
        """The bounce mirrors the surcharge as it was booked."""
        tax = self.tax()
        product = self.env["product.product"].create(
            {"name": "Card fee", "taxes_id": [Command.set(tax.ids)]}
        )
        self.wire.write({"surcharge_product_id": product.id, "surcharge_fixed": 10.0})
        bill = self.issued(100.0)
        self.pay(bill, self.wire)
        charged = bill.surcharge_booked
        self.assertGreater(charged, 10.0)
        tax.amount = 5.0
        self.bounce(bill)
        self.assertBill(bill, "pending", amount_due=100.0, surcharge_booked=0.0)
        surcharges = bill.sudo().move_ids.filtered("is_kavi_replaced")
        self.assertEqual(sorted(surcharges.mapped("amount_total")), [charged] * 2)
        self.cancel(bill)
        self.assertSettled(bill)

    def test_an_act_that_cannot_settle_is_refused(self):
        """Whatever a note should settle is settled, or nothing is done."""
        bill = self.issued(100.0)
        invoice = bill.sudo().invoice_id
        count = len(bill.sudo().move_ids)
        item = invoice.line_ids.filtered("date_maturity")
        item.account_id.reconcile = True
        self.env.cr.execute(
            "UPDATE account_move_line SET partner_id = NULL WHERE id = %s", [item.id]
        )
        self.env.invalidate_all()
        self.cancel(bill)  # the partner is no matter of the match
        self.assertSettled(bill)
        self.assertEqual(len(bill.sudo().move_ids), count + 1)
