"""What an officer's client may not send, and what it may call (KB-72)."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import BillingCommon
from .public_methods import OVERRIDDEN, PUBLIC_METHODS


@tagged("post_install", "-at_install")
class TestCraftedCalls(BillingCommon):
    """An officer's client that sends what no screen would."""

    CONTEXTS = (
        {"kavi_act": 1},
        {"kavi_act": True},
        {"kavi_act": "_ACT"},
        {"kavi_act": {}},
        {"kavi_act": "<object object>"},
        {"su": True, "uid": 1, "tracking_disable": True, "install_mode": True},
    )

    def test_contexts_open_nothing(self):
        bill, draft = self.issued(), self.draft()
        for context in self.CONTEXTS:
            for record in (bill, draft):
                for vals in ({"state": "paid"}, {"name": "X"}, {"is_canceled": True}):
                    with self.subTest(context=context, vals=vals):
                        with self.refused("cannot be set by hand"):
                            self.rpc(
                                "administrator",
                                "kavi.bill",
                                "write",
                                record.ids,
                                vals,
                                context=context,
                            )
        self.assertBill(bill, "new", amount_due=100.0)
        self.assertBill(draft, "draft", name=False)

    def test_nothing_is_born_issued(self):
        """By values, by defaults in the context, by a copy, by an import."""
        born = {
            "state": "paid",
            "name": "2020-00001",
            "is_canceled": True,
            "is_disputed": True,
            "is_frozen": True,
            "amount_due": 5.0,
            "amount_paid": 5.0,
            "payment_method_id": self.check.id,
            "payment_number": "7",
            "cancel_reason": "because",
            "invoice_id": 1,
        }
        vals = {"partner_id": self.account.id, "title": "X", "amount": 100}
        vals["bill_date"] = "2026-03-01"
        copied = self.draft()
        for name, value in born.items():
            with self.subTest(name=name):
                with self.refused("cannot be set by hand"):
                    self.rpc("officer", "kavi.bill", "create", {**vals, name: value})
                with self.refused("cannot be set by hand"):
                    self.rpc("officer", "kavi.bill", "copy", copied.ids, {name: value})
                self._create_by_default(vals, name, value)
        answer = self.rpc(
            "officer",
            "kavi.bill",
            "load",
            ["title", "partner_id/.id", "state"],
            [["X", str(self.account.id), "Paid"]],
        )
        self.assertIn("cannot be set by hand", answer["messages"][0]["message"])

    def _create_by_default(self, vals, name, value):
        try:
            id_ = self.rpc(
                "officer",
                "kavi.bill",
                "create",
                vals,
                context={f"default_{name}": value},
            )
        except UserError:
            return  # refused: as good
        bill = self.bills.browse(id_)
        self.assertBill(bill, "draft", name=False, amount_paid=0.0, amount_due=0.0)
        self.assertFalse(bill.sudo()[name] and name != "state", name)
        bill.action_issue()
        self.assertBill(bill, "new", amount_due=100.0)

    def test_superuser_code_is_guarded_too(self):
        """Another addon that means well."""
        bill = self.issued().sudo()
        for vals in ({"state": "paid"}, {"is_canceled": True}, {"amount_due": 0.0}):
            with self.refused("cannot be set by hand"):
                bill.write(vals)
        with self.refused("not deleted"):
            bill.unlink()
        with self.refused("is issued"):
            bill.line_ids.unlink()

    def test_quick_create_is_no_way_in(self):
        with self.assertRaises(UserError):
            self.rpc("officer", "kavi.bill", "name_create", "2026-00001")

    def test_chatter_stays_open(self):
        """Notes and activities are no edit: also on what is canceled."""
        bill = self.issued()
        self.cancel(bill)
        self.rpc("officer", "kavi.bill", "message_post", bill.ids, body="They called.")
        self.rpc(
            "officer",
            "kavi.bill",
            "message_subscribe",
            bill.ids,
            self.officer.partner_id.ids,
        )
        self.assertIn("They called.", str(bill.message_ids[0].body))

    def test_private_methods_are_out_of_reach(self):
        """What acts are made of cannot be called: neither the unguarded halves nor
        the guarded ones."""
        bill = self.issued()
        for method, args in {
            "_write_facts": [{"state": "paid"}],
            "_issue": [],
            "_complete_payment": [self.check.id],
            "_post_payments": [self.check.id, "2026-01-01"],
            "_cancel": [],
            "_credit_invoices": ["2026-01-01"],
            "_raise_bills": [[]],
            "_run_state_hooks": [],
            "_lock_for_act": ["issue"],
            "with_context": [],
            "sudo": [],
        }.items():
            with self.subTest(method=method):
                try:
                    self.rpc("administrator", "kavi.bill", method, bill.ids, *args)
                except AccessError as error:
                    self.assertIn("Private methods", str(error))
                else:
                    self.fail("it could be called")
        for model in ("res.company", "res.partner", "account.move"):
            for method in (
                "_next_bill_ids",
                "_prepare_billing",
                "_set_billing_account",
                "_settle_pending_accounts",
            ):
                with self.assertRaises(AccessError):
                    self.rpc("administrator", model, method, [1])

    def test_public_methods_are_the_known_ones(self):
        """A new method that clients can call has to be thought about here."""
        self.assertPublicMethods("kavi_billing", PUBLIC_METHODS, OVERRIDDEN)
