"""Other applications raise bills, and hear what becomes of them (KB-17, KB-80)."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BillingCommon

EVENTS = ("paid", "refunded", "canceled", "reopened", "disputed", "deleted")


@tagged("post_install", "-at_install")
class TestRaiseBills(BillingCommon):
    def vals(self, *amounts, **more):
        return [
            {"partner_id": self.account.id, "title": f"Fee {amount}", "amount": amount}
            | more
            for amount in amounts
        ]

    def test_raise(self):
        """Issued at once, in order, with an account opened where there is none."""
        values = self.vals(10, 20, 30)
        values[1]["partner_id"] = self.person.id
        bills = self.bills._raise_bills(values, application="Kavi Members")
        self.assertEqual(bills.mapped("amount_due"), [10.0, 20.0, 30.0])
        self.assertEqual(set(bills.mapped("created_by")), {"Kavi Members"})
        self.assertEqual(bills.mapped("title"), ["Fee 10", "Fee 20", "Fee 30"])
        self.assertTrue(self.person.is_billing_account)
        self.assertBooks(*bills)

    def test_raise_drafts(self):
        bills = self.bills._raise_bills(self.vals(10), issue=False)
        self.assertBill(bills, "draft", name=False)

    def test_all_or_none(self):
        """One that cannot be issued: none is raised, and the message names it."""
        count = self.env["kavi.bill"].search_count([])
        with self.refused("Fee -20", "negative"):
            self.bills._raise_bills(self.vals(10, -20))
        self.assertEqual(self.env["kavi.bill"].search_count([]), count)

    def test_keys(self):
        """What the application needs to find its bill again."""
        bill = self.bills._raise_bills(
            self.vals(10, item_key="M-7", origin_model="res.partner", origin_id=5)
        )
        self.assertEqual(self.bills.search([("item_key", "=", "M-7")]), bill)
        self.assertEqual((bill.origin_model, bill.origin_id), ("res.partner", 5))

    def test_takes_the_officer_role(self):
        bills = self.as_user("user")["kavi.bill"]
        with self.assertRaises(UserError):
            bills._raise_bills(self.vals(10))

    def test_an_application_without_rights_of_its_user(self):
        """An applicant's form raises the bill with superuser rights."""
        portal = self._new_user("applicant", "base.group_portal")
        bills = self.env(user=portal)["kavi.bill"].sudo()
        bill = bills._raise_bills(self.vals(10))
        self.assertBill(bill, "new", amount_due=10.0)


@tagged("post_install", "-at_install")
class TestCallbacks(BillingCommon):
    """The contract of kavi.billable.mixin, with res.partner as an application."""

    def setUp(self):
        super().setUp()
        self.calls = []
        for event in EVENTS:
            patcher = patch.object(
                type(self.env["res.partner"]),
                f"_kavi_bills_{event}",
                self._callback(event),
                create=True,
            )
            self.startPatcher(patcher)
        self.origin = self.env["res.partner"].create({"name": "The application"})
        self.bill = self._raise()

    def _callback(self, event):
        def called(origins, bills):
            self.calls.append((event, origins, bills, origins.env.su))

        return called

    def _raise(self, amount=100.0):
        vals = {
            "partner_id": self.account.id,
            "title": "Renewal",
            "amount": amount,
            "origin_model": "res.partner",
            "origin_id": self.origin.id,
        }
        bill = self.bills._raise_bills([vals], application="Members")
        self.commit()
        return bill

    def commit(self):
        """What the commit would do first."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def assertCalled(self, *events):
        """These callbacks, each once, on the origin, with the bill, as superuser."""
        self.commit()
        self.commit()  # and never again
        self.assertEqual([event for event, *__ in self.calls], list(events))
        for __, origins, bills, su in self.calls:
            self.assertEqual(origins, self.origin)
            self.assertEqual(bills, self.bill)
            self.assertTrue(su)
        self.calls.clear()

    def test_issued(self):
        """Nothing has become of it yet."""
        self.assertCalled()

    def test_by_acts(self):
        self.choose(self.bill)
        self.assertCalled()
        self.pay(self.bill)
        self.assertCalled("paid")

    def test_canceled(self):
        self.cancel(self.bill)
        self.assertCalled("canceled")

    def test_zero_is_paid_at_once(self):
        self.bill = self._raise(0)
        self.assertCalled("paid")

    def test_paid_outside(self):
        """The accountant's payment is heard of like any other."""
        self.register_payment(self.invoice(self.bill), 40)
        self.assertCalled()
        payment = self.register_payment(self.invoice(self.bill))
        self.assertCalled("paid")
        payment.action_cancel()
        self.assertCalled("reopened")
        self.register_payment(self.invoice(self.bill))
        self.assertCalled("paid")

    def test_refunded_outside(self):
        self.pay(self.bill)
        self.assertCalled("paid")
        note, payment = self.refund(self.bill, 30)
        self.assertCalled("refunded")
        payment.action_cancel()
        self.assertCalled("paid")

    def test_refunded_once_more(self):
        """The bill is refunded already, and more of it is: that is heard, too."""
        self.pay(self.bill)
        self.assertCalled("paid")
        for amount in (30, 20, 50):
            self.give_back(self.bill, amount)
            self.assertCalled("refunded")
        self.assertBill(self.bill, "refunded", amount_retained=0.0)

    def test_disputed(self):
        """Opened, resolved, and ended by what ends the bill."""
        self.dispute(self.bill)
        self.assertCalled("disputed")
        self.resolve_dispute(self.bill)
        self.assertCalled("disputed")
        self.dispute(self.bill)
        self.assertCalled("disputed")
        self.register_payment(self.invoice(self.bill))
        self.assertCalled("disputed", "paid")

    def test_draft_deleted(self):
        """Told just before, while the draft can still be read."""
        vals = {
            "partner_id": self.account.id,
            "title": "Draft",
            "amount": 5.0,
            "origin_model": "res.partner",
            "origin_id": self.origin.id,
        }
        draft = self.bills._raise_bills([vals], application="Members", issue=False)
        draft.unlink()
        ((event, origins, bills, su),) = self.calls
        self.assertEqual(
            (event, origins, bills, su), ("deleted", self.origin, draft, True)
        )

    def test_canceled_outside(self):
        self.reverse(self.invoice(self.bill), modify=True)
        self.assertCalled("canceled")

    def test_invoice_reset_outside(self):
        self.pay(self.bill)
        self.assertCalled("paid")
        self.invoice(self.bill).button_draft()
        self.assertCalled("reopened")

    def test_there_and_back_before_the_commit(self):
        """What was undone before anybody could see it did not happen."""
        payments = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.account.id,
                "journal_id": self.bank.id,
                "amount": 100,
            }
        )
        payments.action_post()
        lines = (payments.move_id | self.bill.sudo().invoice_id).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.commit()
        lines.reconcile()
        self.env.flush_all()
        self.assertEqual(self.bill.state, "paid")
        lines.remove_move_reconcile()
        self.assertCalled()

    def test_rolled_back(self):
        """A payment that failed was none."""
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            self.register_payment(self.invoice(self.bill))
            raise ZeroDivisionError
        self.assertCalled()
        self.assertBill(self.bill, "new")

    def test_origin_deleted(self):
        """Nobody is left to be told; the payment counts all the same."""
        self.origin.unlink()
        self.pay(self.bill)
        self.commit()
        self.assertFalse(self.calls)
        self.assertBill(self.bill, "paid")

    def test_application_uninstalled(self):
        vals = {"partner_id": self.account.id, "title": "X", "amount": 5}
        vals |= {"origin_model": "no.such.model", "origin_id": 1}
        bill = self.bills._raise_bills([vals])
        self.pay(bill)
        self.commit()
        self.assertBill(bill, "paid")

    def test_several_bills_at_once(self):
        """One call for what happened together."""
        bills = self.bill | self._raise() | self._raise()
        self.pay(bills)
        self.commit()
        (call,) = self.calls
        self.assertEqual(call[:3], ("paid", self.origin, bills))

    def test_callback_fails(self):
        """The money was received, whatever the application says; somebody is told."""

        def fail(origins, bills):
            origins.name = "half done"
            raise ValueError("the member is gone")

        logger = "odoo.addons.kavi_billing.models.kavi_bill.workflow"
        with patch.object(type(self.origin), "_kavi_bills_paid", fail):
            with mute_logger(logger):
                self.pay(self.bill)
                self.commit()
        self.assertBill(self.bill, "paid", amount_paid=100.0)
        self.assertEqual(self.origin.name, "The application")
        activity = self.bill.sudo().activity_ids
        self.assertTrue(activity)
        self.assertIn("the member is gone", activity[0].note)
        self.assertIn("Members", activity[0].note)

    def test_callback_fails_in_the_database(self):
        """The same where the database refused: the transaction goes on."""

        def fail(origins, bills):
            origins.env.cr.execute("SELECT 1 / 0")

        loggers = ("odoo.sql_db", "odoo.addons.kavi_billing.models.kavi_bill.workflow")
        with patch.object(type(self.origin), "_kavi_bills_paid", fail):
            with mute_logger(*loggers):
                self.register_payment(self.invoice(self.bill))
                self.commit()
        self.assertBill(self.bill, "paid", amount_paid=100.0)
        self.assertTrue(self.bill.sudo().activity_ids)
