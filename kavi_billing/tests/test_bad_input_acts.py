"""Acts with what makes no sense: refused with a sentence, and nothing half done."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .test_bad_input_bill import BadInput

# no amounts of money: what JSON, a formula or a slip of the finger may send
NO_AMOUNTS = (0, 0.0, -0.01, -100, float("nan"), float("inf"), float("-inf"))
NO_AMOUNTS += (0.001, 33.333, 1e-9, "10")


@tagged("post_install", "-at_install")
class TestBadActs(BadInput):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._new_company("Kavi Abroad")
        cls.theirs = cls.env["kavi.payment.method"].search(
            [("company_id", "=", cls.other.id)], limit=1
        )
        cls.open_bill, cls.paid_bill = cls.issued(), cls.issued()
        cls.pay(cls.paid_bill)

    # === AMOUNTS === #

    def test_payment_of_no_amount(self):
        for amount in NO_AMOUNTS:
            with self.subTest(amount=amount), self.nothing_lost():
                self.open_bill._complete_payment(self.check, amount=amount)

    def test_refund_of_no_amount(self):
        for amount in (*NO_AMOUNTS, 100.01, 1e300):
            with self.subTest(amount=amount), self.nothing_lost():
                self.paid_bill._refund(amount=amount)

    def test_cancel_with_no_amount(self):
        """Zero keeps everything; all else is refused."""
        for amount in (*NO_AMOUNTS[2:], 100.01, 1e300):
            with self.subTest(amount=amount), self.nothing_lost():
                self.paid_bill._cancel(refund_amount=amount)

    def test_numbers_in_windows(self):
        """What a client sends to a window, as text and as numbers."""
        for act, field, bill in (
            ("payment", "amount", self.open_bill),
            ("payment", "instalments", self.open_bill),
            ("refund", "amount", self.paid_bill),
            ("cancel", "refund_amount", self.paid_bill),
            ("postpone", "days", self.open_bill),
        ):
            for number in ("NaN", "Infinity", "-inf", "ten", float("nan"), 1e18, [1]):
                with self.subTest(act=act, field=field, number=number):
                    with self.nothing_lost("enter a number"):
                        self.wizard(bill, act, {field: number})

    def test_years_that_are_slips(self):
        """0026 for 2026, or 2206: refused, for it would be booked so."""
        for day in (date(26, 3, 1), date(1, 1, 1)):
            with self.nothing_lost("look at the year"):
                self.open_bill._complete_payment(self.check, date=day)
            with self.nothing_lost("look at the year"):
                self.paid_bill._refund(date=day)
        parts = self.open_bill.instalment_ids
        for vals in (
            {"date": date(9999, 12, 31)},
            {"date": date(9999, 12, 31), "instalments": parts},
            {"days": 10**9},
            {"days": -(10**9)},
        ):
            with self.nothing_lost("look at the date"):
                self.open_bill._postpone(**vals)

    def test_payment_beyond_numbers(self):
        for amount in (1e300, 1e18):
            with self.subTest(amount=amount), self.nothing_lost():
                self.open_bill._complete_payment(self.check, amount=amount)

    def test_write_off_of_no_amount(self):
        self.allow_write_off(5)
        for amount in NO_AMOUNTS:
            with self.subTest(amount=amount), self.nothing_lost():
                self.open_bill._complete_payment(
                    self.check, amount=amount, write_off=True
                )

    def test_write_off_of_everything(self):
        """Even where the limit is above the bill, something has to be paid."""
        self.allow_write_off(1000)
        with self.nothing_lost("above zero"):
            self.open_bill._complete_payment(self.check, amount=0, write_off=True)

    def test_changed_to_no_amount(self):
        line = self.open_bill.line_ids.id
        for price in (-0.01, float("nan"), float("inf"), 1e300):
            with self.subTest(price=price), self.nothing_lost():
                self.open_bill._change_lines(
                    [Command.update(line, {"price_unit": price})]
                )
        with self.nothing_lost():
            self.open_bill._change_lines(
                [Command.update(line, {"quantity": float("nan")})]
            )

    def test_lines_of_another_bill(self):
        """Commands run with all rights: they reach this bill's lines only."""
        foreign = self.paid_bill.line_ids.id
        for command in (
            Command.update(foreign, {"price_unit": 1}),
            Command.delete(foreign),
            Command.link(foreign),
            Command.unlink(foreign),
            Command.set([foreign]),
        ):
            with self.subTest(command=command), self.nothing_lost("can be changed"):
                self.open_bill._change_lines([command])

    def test_no_lines_left(self):
        with self.nothing_lost():
            self.open_bill._change_lines([Command.clear()])

    def test_tax_of_another_company(self):
        tax = self.other.account_sale_tax_id
        with self.nothing_lost("company"):
            self.open_bill._change_lines(
                [
                    Command.clear(),
                    Command.create(
                        {
                            "name": "Fee",
                            "price_unit": 5,
                            "tax_ids": [Command.set(tax.ids)],
                        }
                    ),
                ]
            )

    # === METHODS AND JOURNALS === #

    def test_method_of_another_company(self):
        words = "Kavi Abroad", "Kavi Tests Ltd"
        with self.nothing_lost(*words):
            self.open_bill._complete_payment(self.theirs)
        with self.nothing_lost(*words):
            self.paid_bill._refund(method=self.theirs)

    def test_archived_method(self):
        self.check.active = False
        with self.nothing_lost("still offered"):
            self.open_bill._complete_payment(self.check)
        with self.nothing_lost("still offered"):
            self.paid_bill._refund(method=self.check)

    def test_method_of_the_payment_archived(self):
        """The money goes back as it came, whatever is offered today; or the sentence
        says what to do. The wizard asks for another."""
        self.check.active = False
        self.give_back(self.paid_bill, 10, method_id=self.wire.id)
        self.assertBill(self.paid_bill, "refunded", refund_amount=10.0)
        self.cancel(self.paid_bill)
        self.assertBill(self.paid_bill, "canceled", refund_amount=100.0)

    def test_archived_journal(self):
        till = self.env["account.journal"].create(
            {
                "name": "Till",
                "type": "cash",
                "code": "TILL",
                "company_id": self.company.id,
            }
        )
        self.check.journal_id = till
        till.active = False
        words = "Till", "archived", "Check"
        with self.nothing_lost(*words):
            self.open_bill._complete_payment(self.check)
        with self.nothing_lost(*words):
            self.paid_bill._refund(method=self.check)
        with self.nothing_lost(*words):
            # by the method that it was paid by
            self.paid_bill._refund()
        with self.nothing_lost(*words):
            self.paid_bill._cancel()
        self.paid_bill._cancel(refund_amount=0)
        self.assertBill(self.paid_bill, "canceled", refund_amount=0.0)

    def test_no_bank_journal(self):
        self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "bank")]
        ).active = False
        with self.nothing_lost("no bank journal", "Payment"):
            self.open_bill._complete_payment(self.check)

    def test_no_sales_journal(self):
        """The invoice's own journal is archived: its credit notes go there still, or
        the sentence says so."""
        self._journal("sale").active = False
        for act in (self.paid_bill._refund, self.open_bill._cancel):
            before = self.counts()
            try:
                with self.cr.savepoint():
                    act()
                    self.env.flush_all()
            except UserError as error:
                self.env.invalidate_all()
                self.assertGreater(len(str(error).split()), 5)
                self.assertEqual(self.counts(), before)
        with self.nothing_lost("no sales journal"):
            self.issued()._change_lines([Command.clear()])

    # === ACCOUNTS === #

    def test_archived_account(self):
        """What is owed by it is still settled."""
        self.account.active = False
        self.pay(self.open_bill, amount=40)
        self.bounce(self.open_bill)
        self.cancel(self.open_bill)
        self.give_back(self.paid_bill, 40)
        self.cancel(self.paid_bill)
        self.assertBill(self.open_bill, "canceled", amount_credited=100.0)
        self.assertBill(self.paid_bill, "canceled", refund_amount=100.0)

    # === DATES === #

    def test_days_to_come(self):
        """Money that has moved has done so."""
        for act in (
            lambda: self.open_bill._complete_payment(self.check, date=date(2036, 1, 1)),
            lambda: self.paid_bill._refund(date=date(2036, 1, 1)),
        ):
            with self.nothing_lost("still to come"):
                act()

    def test_locked_sales(self):
        """The credit note falls into the open period; the payment is free."""
        paid = self.paid_in_may()
        self.company.sale_lock_date = "2026-06-30"
        self.give_back(paid, 30, date="2026-05-05")
        note = self.notes(paid)
        self.assertGreater(note.date, date(2026, 6, 30))
        self.assertBill(paid, "refunded", refund_amount=30.0)
        self.cancel(paid, refund_amount=20)
        self.assertBill(paid, "canceled", refund_amount=50.0)

    def paid_in_may(self):
        """Money goes back after it has come."""
        bill = self.issued(100, bill_date="2026-05-01")
        self.pay(bill, date="2026-05-04")
        return bill

    def test_locked_for_good(self):
        """Booked in the open period, or refused; never half."""
        paid = self.paid_in_may()
        old = paid.sudo()._get_payments().move_id
        self.company.hard_lock_date = "2026-06-30"
        early = date(2026, 5, 5)
        for bill, act in (
            (self.open_bill, lambda: self.pay(self.open_bill, date=early)),
            (paid, lambda: self.give_back(paid, 5, date=early)),
        ):
            before = self.counts()
            try:
                with self.cr.savepoint():
                    act()
                    self.env.flush_all()
            except UserError as error:
                self.env.invalidate_all()
                self.assertIn("lock", str(error).lower())
                self.assertEqual(self.counts(), before)
                continue
            self.assertBooks(bill)
            for move in self.notes(bill) + bill.sudo()._get_payments().move_id - old:
                self.assertGreater(move.date, date(2026, 6, 30))

    # === BILLS === #

    def test_unbooked_bill(self):
        """The accountant has reset its invoice: nothing is owed in the books."""
        self.invoice(self.open_bill).button_draft()
        line = self.open_bill.line_ids.id
        for act in (
            lambda: self.open_bill._complete_payment(self.check),
            lambda: self.open_bill._change_lines(
                [Command.update(line, {"price_unit": 1})]
            ),
            lambda: self.open_bill._postpone(date(2036, 1, 1)),
        ):
            with self.nothing_lost("not posted", "accountant"):
                act()

    def test_bills_of_another_company(self):
        """An officer of one company does nothing with another's bills."""
        foreign = self.env["kavi.bill"].create(
            {
                "partner_id": self.person.id,
                "title": "Theirs",
                "amount": 5,
                "company_id": self.other.id,
            }
        )
        foreign.with_context(allowed_company_ids=self.other.ids).action_issue()
        theirs = foreign.with_env(self.bills.env)
        for act in (
            lambda: theirs._complete_payment(self.theirs),
            lambda: theirs._refund(),
            lambda: theirs._cancel(),
            lambda: theirs._dispute(),
            lambda: theirs._postpone(date(2036, 1, 1)),
            lambda: theirs._change_lines([]),
            lambda: theirs._reverse_payment(self.payments(self.paid_bill)),
        ):
            with self.nothing_lost(error=AccessError):
                act()

    def test_wizards_on_nothing(self):
        """An empty selection."""
        for act, method, vals in (
            ("refund", "action_refund", {}),
            ("dispute", "action_dispute", {}),
            ("resolve", "action_resolve_dispute", {}),
            ("postpone", "action_postpone", {"date": "2036-01-01"}),
            ("amount", "action_change_amount", {}),
            ("reverse", "action_reverse_payment", {}),
        ):
            with self.subTest(act=act):
                before = self.counts()
                try:
                    with self.cr.savepoint():
                        model = self.bills.env[f"kavi.bill.{act}.wizard"]
                        wizard = model.create({"bill_ids": [Command.set([])], **vals})
                        getattr(wizard, method)()
                except UserError as error:
                    self.assertGreater(len(str(error).split()), 3)
                self.assertEqual(self.counts(), before)

    def test_reasons(self):
        """Text is text, however long or hostile."""
        reason = "<script>alert(1)</script>" + "x" * 5000
        bill = self.issued()
        self.dispute(bill, reason=reason)
        self.resolve_dispute(bill, reason=reason)
        self.pay(bill, note=reason)
        self.give_back(bill, 5, reason=reason)
        self.cancel(bill, reason=reason)
        self.assertBill(bill, "canceled", cancel_reason=reason)
        for message in self.messages(bill):
            self.assertNotIn("<script", str(message.body))
