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

    def export(self, format_):
        """The file of what no export has held yet."""
        self.env.flush_all()
        exports = self.as_user("administrator")["kavi.export"]
        export = exports._export(self.company.with_env(exports.env), format_)
        return export, base64.b64decode(export.file)

    def test_fees_are_exported(self):
        """BB-16: what the gateway keeps, of a payment and of a dispute, in each format:
        a fee of its own, that is nobody's debt."""
        for format_ in ("csv", "xlsx", "xml", "qbxml"):
            with self.subTest(format=format_):
                tx = self.pay_by_card(self.issued(80)).sudo()
                fee = tx.gateway_fee
                self.assertGreater(fee, 0)
                tx._process_dispute_fee(f"D{format_}", 20)
                tx._process_dispute_fee(f"B{format_}", -5)
                export, file = self.export(format_)
                lines = export.sudo().line_ids.filtered(lambda line: line.kind == "fee")
                self.assertEqual(sorted(lines.mapped("amount")), sorted([fee, 20, 5]))
                self.assertEqual(
                    lines.move_id, tx.fee_move_id | tx.dispute_fee_move_ids
                )
                if format_ == "csv":
                    text = io.StringIO(file.decode("utf-8-sig"), newline="")
                    rows = [row for row in csv.DictReader(text) if row["kind"] == "fee"]
                    self.assertEqual(
                        sum(float(row["debit"] or 0) for row in rows), fee + 20
                    )
                    self.assertEqual(
                        [row["credit"] for row in rows if row["credit"]], ["5.00"]
                    )
                    self.assertEqual({row["account"] for row in rows}, {"Acme Ltd"})
                elif format_ == "qbxml":
                    self.assertEqual(file.count(b"<JournalEntryAdd>"), 3)
                elif format_ == "xml":
                    self.assertEqual(file.count(b'kind="fee"'), 4)  # with the total

    def test_fee_that_is_taken_back_is_exported(self):
        """An accountant reverses the entry."""
        tx = self.pay_by_card(self.issued(80)).sudo()
        self.export("csv")
        reversal = tx.fee_move_id._reverse_moves(cancel=True)
        export, _file = self.export("csv")
        self.assertEqual(export.sudo().line_ids.move_id, reversal)

    def test_outbox_tells_of_fees(self):
        """As they are posted, with what the account has paid."""
        outbox = self.env["kavi.outbox"].sudo()
        outbox = outbox.create({"name": "Ledger", "company_id": self.company.id})
        tx = self.pay_by_card(self.issued(80)).sudo()
        outbox._number_messages()
        messages = self.env["kavi.outbox.message"].sudo()
        message = messages.search([("move_id", "=", tx.fee_move_id.id)])
        self.assertEqual(len(message), 1)
        self.assertNotEqual(message.state, "void")
