"""What an accounting program gets of card payments: two addons that do not know each
other meet in ``account.payment._get_external_number``."""

import base64
import csv
import io

from odoo.tests import tagged

from odoo.addons.kavi_commerce.tests.common import CommerceCommon


@tagged("post_install", "-at_install")
class TestExportByCard(CommerceCommon):
    def test_exported(self):
        """BB-16: an accounting program gets the order, and the id of PayPal's own
        statement, with each payment and refund by card."""
        bill = self.issued(80)
        tx = self.pay_by_card(bill).sudo()
        refund = self.refund_by_card(bill, 30)
        exports = self.as_user("administrator")["kavi.export"]
        export = exports._export(self.company.with_env(exports.env), "csv")
        text = base64.b64decode(export.file).decode("utf-8-sig")
        numbers = {
            row["kind"]: row["payment_number"]
            for row in csv.DictReader(io.StringIO(text, newline=""))
            if row["bill_id"] == bill.name
        }
        self.assertEqual(numbers["payment"], f"{tx.order_id} {tx.paypal_capture_id}")
        self.assertEqual(numbers["refund"], f"{tx.order_id} {refund.paypal_refund_id}")
        self.assertEqual(numbers["invoice"], "")
