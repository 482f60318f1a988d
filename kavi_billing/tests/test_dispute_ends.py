"""An end ends the dispute (KB-23): paid, refunded or canceled, on whatever path; the
history says so."""

from odoo.fields import Command
from odoo.tests import tagged

from .test_credit import CreditCommon
from .test_portal_access import PortalCase


@tagged("post_install", "-at_install")
class TestDisputeEnds(CreditCommon):
    def disputed(self, amount=100, **vals):
        bill = self.issued(amount, **vals)
        self.dispute(bill)
        self.assertBill(bill, "new", is_disputed=True)
        return bill

    def by_the_bank(self, bill):
        """A line of the bank statement that an accountant matches."""
        line = self.as_user("accountant")["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "amount": 100,
                "date": "2026-03-01",
                "payment_ref": "wire",
                "partner_id": self.account.id,
            }
        )
        suspense = line.move_id.line_ids.filtered(
            lambda item: item.account_id == line.journal_id.suspense_account_id
        )
        items = self.invoice(bill).line_ids
        due = items.filtered(lambda item: item.account_type == "asset_receivable")
        suspense.write({"account_id": due.account_id.id})
        (suspense | due).reconcile()

    def by_an_entry(self, bill):
        """An entry by hand: bank against receivable."""
        items = self.invoice(bill).line_ids
        due = items.filtered(lambda item: item.account_type == "asset_receivable")
        entry = due.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self._journal("general").id,
                "date": "2026-03-01",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": self.account.id,
                            "debit": debit,
                            "credit": credit,
                        }
                    )
                    for account, debit, credit in (
                        (self.bank.default_account_id, 100, 0),
                        (due.account_id, 0, 100),
                    )
                ],
            }
        )
        entry.action_post()
        mine = entry.line_ids.filtered(lambda item: item.account_id == due.account_id)
        (mine | due).reconcile()

    def by_write_off(self, bill):
        self.allow_write_off(10)
        bill._complete_payment(self.check, amount=95, write_off=True)

    def by_reset(self, bill):
        """The invoice is canceled in Invoicing: nothing is owed."""
        self.invoice(bill).button_draft()
        self.invoice(bill).button_cancel()

    def refunded(self, bill):
        """Refunded, bounced, contested, and paid once more."""
        self.resolve_dispute(bill)
        self.pay(bill)
        self.give_back(bill, 40)
        self.bounce(bill)
        self.dispute(bill)
        self.pay(bill)

    def test_every_end(self):
        """Each path to an end, and the state it leads to."""
        self.company.billing_allow_part_payment = True
        paths = {
            "payment": (self.pay, "paid"),
            "write-off": (self.by_write_off, "paid"),
            "credit": (lambda bill: self.apply(self.credit(100), bill), "paid"),
            "cancel": (self.cancel, "canceled"),
            "accountant's payment": (
                lambda bill: self.register_payment(self.invoice(bill)),
                "paid",
            ),
            "statement line": (self.by_the_bank, "paid"),
            "entry by hand": (self.by_an_entry, "paid"),
            "credit note": (
                lambda bill: self.reverse(self.invoice(bill), modify=True),
                "canceled",
            ),
            "invoice reset": (self.by_reset, "canceled"),
            "amount of nothing": (lambda bill: self.change_price(bill, 0), "paid"),
            "after a refund": (self.refunded, "refunded"),
        }
        for name, (end, state) in paths.items():
            with self.subTest(path=name):
                bill = self.disputed()
                end(bill)
                self.env.flush_all()
                self.env.cr.precommit.run()  # as before a commit
                self.env.invalidate_all()
                self.assertBill(bill, state, is_disputed=False)
                self.assertNotIn("In Dispute", bill.flag_label or "")
                self.assertNotIn("resolve_dispute", bill.allowed_acts)
                history = " ".join(str(m.body) for m in self.messages(bill))
                self.assertIn("Resolve the dispute: It ended with the bill", history)
                rows = self.env["kavi.activity"].search(
                    [("bill_id", "=", bill.id), ("act", "=", "resolve_dispute")]
                )
                self.assertIn("ended with the bill", " ".join(rows.mapped("details")))

    def test_a_part_ends_nothing(self):
        bill = self.disputed()
        self.company.billing_allow_part_payment = True
        self.pay(bill, amount=40)
        self.assertBill(bill, "new", is_disputed=True, is_partly_paid=True)

    def test_reopened_is_not_contested(self):
        """A check that bounced opens the bill, not the dispute."""
        bill = self.disputed()
        self.pay(bill)
        self.bounce(bill)
        self.assertBill(bill, "pending", is_disputed=False)
        self.dispute(bill)
        self.assertTrue(bill.is_disputed)

    def test_many(self):
        bills = self.disputed() | self.disputed() | self.issued(100)
        self.pay(bills)
        self.assertEqual(bills.mapped("is_disputed"), [False] * 3)


@tagged("post_install", "-at_install")
class TestPromiseEnds(CreditCommon):
    """A bill that ended without money does not say by which method it was paid."""

    def promised(self):
        bill = self.issued(100)
        self.choose(bill)
        self.assertBill(bill, "pending", payment_method_id=self.check)
        return bill

    def end(self, act):
        bill = self.promised()
        act(bill)
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        return bill

    def test_without_money(self):
        for act, state in (
            (self.cancel, "canceled"),
            (lambda bill: self.apply(self.credit(100), bill), "paid"),
            (lambda bill: self.reverse(self.invoice(bill), modify=True), "canceled"),
        ):
            bill = self.end(act)
            self.assertBill(bill, state, payment_method_id=False)
            found = self.bills.search([("payment_method_id", "=", self.check.id)])
            self.assertNotIn(bill, found)

    def test_with_money(self):
        """Also where an accountant enters the check that was promised."""
        for act in (
            self.pay,
            lambda bill: self.register_payment(self.invoice(bill)),
            lambda bill: (self.pay(bill), self.cancel(bill)),
        ):
            self.assertEqual(self.end(act).payment_method_id, self.check)

    def test_reopened(self):
        """What was promised is asked anew."""
        bill = self.end(lambda bill: self.apply(self.credit(100), bill))
        match = self.invoice(bill).line_ids.matched_credit_ids
        match.unlink()
        self.assertBill(bill, "new", payment_method_id=False, amount_due=100.0)


@tagged("post_install", "-at_install")
class TestDisputeEndsPortal(PortalCase):
    def test_badge(self):
        """The payer reads Paid, and not that it is contested."""
        bill = self.issued(100)
        self.dispute(bill)
        self.log_in("contact")
        page = self.url_open(f"/my/bills/{bill.id}").text
        self.assertIn("In Dispute", page)
        self.pay(bill)
        self.env.flush_all()
        for address in (f"/my/bills/{bill.id}", "/my/billing?filterby=all"):
            page = self.url_open(address).text
            self.assertIn(bill.name, page, address)
            self.assertNotIn("In Dispute", page)
