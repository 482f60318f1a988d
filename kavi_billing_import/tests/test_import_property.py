"""Whatever bills a file holds, they come in as they were, and the books agree."""

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from odoo.addons.kavi_billing.tools.bill_rules import OPEN, STATES

from .common import ImportCommon
from .test_import_rules import bills

FIELDS = {
    "amount_total": "total",
    "amount_paid": "amount_paid",
    "amount_credited": "amount_credited",
    "refund_amount": "refund_amount",
    "amount_retained": "amount_retained",
}


@tagged("post_install", "-at_install")
class TestImportProperty(ImportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.numbers = count(1)

    def row(self, bill):
        state, amounts = bill
        return {
            "bill_id": f"X{next(self.numbers)}",
            "account": "Acme Ltd",
            "bill_state": STATES[state],
            "bill_date": "2024-01-05",
            "payment_type": "Check" if state == "pending" else "",
            **{name: str(amount) for name, amount in amounts.items()},
        }

    @given(st.lists(bills(), min_size=1, max_size=6), st.booleans())
    @settings(deadline=None, max_examples=12)
    def test_property_round_trip(self, found, books):
        """Total, paid, credited, refunded and state are the file's; what is due is in
        the ledger, or nowhere if nothing was to be booked."""
        rows = [self.row(bill) for bill in found]
        record = self.imported(rows, mode="opening" if books else "history")
        self.assertResults(record, created=len(rows))
        for (state, amounts), line in zip(found, record.line_ids, strict=True):
            bill = line.bill_id.sudo()
            for field, name in FIELDS.items():
                self.assertAlmostEqual(bill[field], float(amounts[name]), 6, field)
            due = float(amounts["amount_due"]) if books else 0.0
            self.assertBill(bill, state, amount_due=due)
            self.assertEqual(bool(bill.invoice_id), books and state in OPEN)
        again = self.imported(rows)
        self.assertResults(again, matched=len(rows))
