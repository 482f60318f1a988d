"""The payment terms say by which methods a bill is paid; they bind officers, too."""

from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestTermsBind(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by_wire = cls.env["account.payment.term"].create(
            {"name": "By wire", "billing_method_ids": [Command.set(cls.wire.ids)]}
        )
        cls.bound = cls.issued(100, payment_term_id=cls.by_wire.id)
        cls.free = cls.issued(100)

    def test_choosing_another_method_is_refused(self):
        with self.refused("not offered", self.wire.name):
            self.choose(self.bound, self.check)
        self.choose(self.bound, self.wire)

    def test_completing_by_another_method_takes_a_tick(self):
        """Refused in the model, for each bill of several; with the tick it is booked,
        for the money is there."""
        for bills in (self.bound, self.bound | self.free):
            with self.refused("terms", self.bound.name, self.wire.name, "say so"):
                self.pay(bills, self.check)
            with self.refused("terms"):
                bills._complete_payment(self.check)
        self.assertBill(self.bound, "new", amount_paid=0.0)
        self.pay(self.bound | self.free, self.check, off_terms=True)
        self.assertBill(self.bound, "paid", amount_paid=100.0)
        self.assertBill(self.free, "paid", amount_paid=100.0)

    def test_completing_by_their_method_asks_nothing(self):
        self.pay(self.bound, self.wire)
        self.pay(self.free, self.check)
        self.assertBill(self.bound, "paid")
        self.assertBill(self.free, "paid")

    def test_the_wizard_warns(self):
        """On the screen: the tick is there when it is needed, and only then."""
        Wizard = self.bound.env["kavi.bill.payment.wizard"].with_context(
            active_model="kavi.bill", active_ids=self.bound.ids
        )
        with Form(Wizard) as form:
            form.method_id = self.wire
            self.assertFalse(form.off_terms_hint)
            form.method_id = self.check
            self.assertIn(self.check.name, form.off_terms_hint)
            form.off_terms = True
        form.record.action_complete_payment()
        self.assertBill(self.bound, "paid")

    def test_terms_of_another_company(self):
        """Methods of others in a term that several companies share bind nobody here."""
        other = self._new_company("Another")
        method = self.env["kavi.payment.method"].search(
            [("company_id", "=", other.id), ("kind", "=", "manual")], limit=1
        )
        self.by_wire.billing_method_ids = method
        self.pay(self.bound, self.check)
        self.assertBill(self.bound, "paid")
