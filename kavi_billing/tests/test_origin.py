"""One click leads from a payment to its bills, from a bill to what raised it (BB-10).

With the rights of whoever clicks: what they may not see is not offered, and refused.
"""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestPaymentToBill(BillingCommon):
    def payment(self, payments, role="accountant"):
        return self.as_user(role)["account.payment"].browse(payments.ids)

    def opened(self, action):
        if action.get("res_id"):
            return self.bills.browse(action["res_id"])
        return self.bills.search(action["domain"])

    def test_payment_refund_and_reversal(self):
        paid, refunded, bounced = self.issued(), self.issued(), self.issued()
        for bill in paid, refunded, bounced:
            self.pay(bill)
        self.give_back(refunded, 30)
        payments = self.payments(bounced)
        self.bounce(bounced)
        for bill, found in (
            (paid, self.payments(paid)),
            (refunded, self.payments(refunded)),
            (refunded, self.payments(refunded, "outbound")),
            (bounced, payments),
        ):
            payment = self.payment(found)
            self.assertEqual(payment.kavi_bill_ids.ids, bill.ids)
            self.assertEqual(payment.kavi_bill_count, 1)
            self.assertEqual(self.opened(payment.action_open_kavi_bills()), bill)

    def test_one_payment_for_several_bills(self):
        bills = self.issued(100) | self.issued(50)
        payment = self.register_payment(
            self.invoice(bills[0]) | self.invoice(bills[1]), group_payment=True
        )
        self.assertEqual(payment.kavi_bill_ids.ids, bills.sorted("id").ids)
        self.assertEqual(self.opened(payment.action_open_kavi_bills()), bills)

    def test_what_was_left_over_and_applied(self):
        """A payment that was too much leads to each bill that it settled."""
        bill, other = self.issued(100), self.issued(50)
        self.pay(bill, amount=150)
        credit = self.as_user("officer")["kavi.credit"].search(
            [("bill_id", "=", bill.id)]
        )
        credit._apply(other)
        payment = self.payment(self.payments(bill))
        self.assertEqual(set(payment.kavi_bill_ids.ids), {bill.id, other.id})

    def test_payment_without_a_bill(self):
        payment = self.as_user("accountant")["account.payment"].create(
            {"partner_id": self.account.id, "amount": 5, "journal_id": self.bank.id}
        )
        self.assertFalse(payment.kavi_bill_ids or payment.kavi_bill_count)
        with self.refused("no bill"):
            payment.action_open_kavi_bills()

    def test_access(self):
        """Bills that one may not see are neither counted nor opened."""
        bill = self.issued()
        self.pay(bill)
        payment = self.payments(bill)
        stranger = self._new_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            payment.with_user(stranger).action_open_kavi_bills()
        rule = self.env["ir.rule"].create(
            {
                "name": "No bills",
                "model_id": self.env.ref("kavi_billing.model_kavi_bill").id,
                "domain_force": "[(0, '=', 1)]",
            }
        )
        self.env.invalidate_all()
        there = self.payment(payment)
        self.assertFalse(there.kavi_bill_ids)
        with self.refused("no bill"):
            there.action_open_kavi_bills()
        rule.unlink()

    def test_button(self):
        """On the form, where there is a bill."""
        arch = self.as_user("accountant")["account.payment"].get_view(
            self.env.ref("account.view_account_payment_form").id, "form"
        )["arch"]
        self.assertIn("action_open_kavi_bills", arch)


@tagged("post_install", "-at_install")
class TestBillToOrigin(BillingCommon):
    def raised(self, model, record):
        (vals,) = [
            {
                "partner_id": self.account.id,
                "title": "Fee",
                "amount": 10,
                "origin_model": model,
                "origin_id": record,
            }
        ]
        return self.bills._raise_bills([vals], application="Members")

    def test_open(self):
        bill = self.raised("res.partner", self.person.id)
        self.assertEqual(bill.origin_name, self.person.display_name)
        action = bill.action_open_origin()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("res.partner", self.person.id)
        )
        arch = self.bills.get_view(view_type="form")["arch"]
        self.assertIn("action_open_origin", arch)

    def test_nothing_to_open(self):
        """Raised by hand, gone since, or of an application that was uninstalled."""
        gone = self.env["res.partner"].create({"name": "Gone"})
        bills = [
            self.issued(10),
            self.raised("res.partner", gone.id),
            self.raised("no.such.model", 1),
            self.raised("kavi.view.mixin", 1),
        ]
        gone.unlink()
        for bill in bills:
            bill.invalidate_recordset()
            self.assertFalse(bill.origin_name)
            with self.refused("raised by hand"):
                bill.action_open_origin()

    def test_access(self):
        """What one may not see has no name here and is not opened."""
        config = self.env["ir.config_parameter"].create({"key": "kavi.x", "value": "1"})
        hidden = self.raised("ir.config_parameter", config.id)
        shown = self.raised("res.partner", self.person.id)
        both = hidden | shown
        both.invalidate_recordset()
        self.assertEqual(both.mapped("origin_name"), [False, self.person.display_name])
        with self.assertRaises(AccessError):
            hidden.action_open_origin()
        stranger = self._new_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            shown.with_user(stranger).action_open_origin()
