"""Export to accounting: all that is in the books, once (BB-16, KB-86, F-20)."""

import base64
import csv
import io
from unittest.mock import patch

import xmltodict
from lxml import etree

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.kavi_billing.tests.common import BillingCommon

from ..formats.tables import NAMESPACE
from .test_export_formats import load_schema

CRON_LOG = "odoo.addons.base.models.ir_cron"
SIGN = {"debit": 1, "credit": -1}


class ExportCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.exports = cls.as_user("administrator")["kavi.export"]

    def export(self, format_="xml", **vals):
        """Export now, as the administrator's button does."""
        wizard = self.exports.env["kavi.export.wizard"].create(
            {"format": format_, **vals}
        )
        return self.exports.browse(wizard.action_export()["res_id"])

    def parse(self, export):
        """The documents of an XML export, after a look at its schema."""
        tree = etree.fromstring(base64.b64decode(export.file))
        load_schema().assertValid(tree)
        return tree.findall(f".//{{{NAMESPACE}}}document")

    def documents(self, export):
        """{(kind, number): amount} of an XML export; a debit is positive."""
        found = {}
        for doc in self.parse(export):
            amount = doc.find(f"{{{NAMESPACE}}}amount")
            key = doc.get("kind"), doc.findtext(f"{{{NAMESPACE}}}number")
            found[key] = float(amount.text) * SIGN[amount.get("side")]
        return found

    def one_of_each(self):
        """A document of each kind, over a few bills."""
        paid, bounced = self.issued(100.0), self.issued(40.0)
        self.pay(paid)
        self.give_back(paid, 30.0)
        self.pay(bounced, self.wire)
        self.bounce(bounced)
        return paid | bounced | self.issued(5.0, purchase_order="PO <1>")


@tagged("post_install", "-at_install")
class TestExport(ExportCommon):
    def test_every_kind(self):
        """What is exported adds up to what the ledger says accounts owe."""
        bills = self.one_of_each()
        documents = self.documents(self.export())
        kinds = [kind for kind, __ in documents]
        self.assertEqual(
            {kind: kinds.count(kind) for kind in kinds},
            {"invoice": 3, "payment": 2, "credit_note": 1, "refund": 1, "reversal": 1},
        )
        self.assertAlmostEqual(sum(documents.values()), sum(bills.mapped("amount_due")))
        self.env.cr.execute(
            """SELECT SUM(amount) FROM kavi_account_ledger WHERE company_id = %s""",
            [self.company.id],
        )
        self.assertAlmostEqual(
            sum(documents.values()), float(self.env.cr.fetchone()[0])
        )

    def test_entries_balance(self):
        """The journal items of each document add up to zero, and say its amount."""
        self.one_of_each()
        for doc in self.parse(self.export()):
            entries = doc.findall(f"{{{NAMESPACE}}}entry")
            amounts = [float(entry.get("amount")) for entry in entries]
            self.assertAlmostEqual(sum(amounts), 0)
            amount = doc.find(f"{{{NAMESPACE}}}amount")
            owed = sum(
                float(entry.get("amount"))
                for entry in entries
                if entry.get("type") == "receivable"
            )
            self.assertAlmostEqual(owed, float(amount.text) * SIGN[amount.get("side")])

    def test_applied(self):
        """A payment names what it settled, by the id of that document."""
        bill = self.issued(80.0)
        self.pay(bill, payment_number="4711")
        docs = {doc.get("kind"): doc for doc in self.parse(self.export())}
        applied = docs["payment"].find(f"{{{NAMESPACE}}}applied")
        self.assertEqual(applied.get("document"), docs["invoice"].get("id"))
        self.assertEqual(applied.text, "80.00")
        for name, text in (
            ("billId", bill.name),
            ("paymentMethod", self.check.name),
            ("paymentNumber", "4711"),
        ):
            self.assertEqual(docs["payment"].findtext(f"{{{NAMESPACE}}}{name}"), text)

    def test_failure_20_once(self):
        """The next export holds what is new, and nothing else."""
        bill = self.issued(100.0)
        first = self.export()
        with self.refused("Nothing is new", "Export Again"):
            self.export()
        self.pay(bill)
        second = self.export("csv")
        self.assertEqual(first.line_ids.mapped("kind"), ["invoice"])
        self.assertEqual(second.line_ids.mapped("kind"), ["payment"])
        self.assertEqual((first | second).mapped("document_count"), [1, 1])

    def test_failure_20_once_in_the_database(self):
        """Two at once: the database holds the proof, whoever wins."""
        self.issued()
        export = self.export()
        line = export.sudo().line_ids
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(Exception) as caught,
            self.env.cr.savepoint(),
        ):
            line.copy({"reference": "another"})
            self.env.flush_all()
        self.assertIn("kavi_export_line_once", str(caught.exception))

    def test_failure_20_two_at_once(self):
        """The second one waits before it looks for what is new; and the database holds
        the proof of each reference, too."""
        self.issued()
        seen = []

        def watch(model, name):
            original = getattr(model, name)

            def call(*args, **kwargs):
                seen.append(name)
                return original(*args, **kwargs)

            return patch.object(model, name, call)

        Company, Export = type(self.company), type(self.exports)
        with watch(Company, "lock_for_update"), watch(Export, "_find_new"):
            export = self.export()
        self.assertEqual(seen, ["lock_for_update", "_find_new"])
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(Exception) as caught,
            self.env.cr.savepoint(),
        ):
            export.sudo().line_ids.copy({"move_id": False})
            self.env.flush_all()
        self.assertIn("kavi_export_line_reference_uniq", str(caught.exception))

    def test_period(self):
        """A period leaves the others for a later export."""
        self.issued(10.0, bill_date="2026-01-10")
        self.issued(20.0, bill_date="2026-02-10")
        self.issued(30.0, bill_date="2026-03-10")
        export = self.export(date_from="2026-02-01", date_to="2026-02-28")
        self.assertEqual(list(self.documents(export).values()), [20.0])
        self.assertEqual(sum(self.documents(self.export()).values()), 40.0)
        with self.refused("ends before", error=ValidationError):
            self.export(date_from="2026-02-02", date_to="2026-02-01")

    def test_failure_20_exported_again(self):
        """On purpose, as often as wanted: the same documents, ids and references."""
        bill = self.one_of_each()[-1:]
        first = self.export()
        again = self.exports.browse(first.action_export_again()["res_id"])
        self.assertEqual(again.origin_id, first)
        parts = [
            [etree.tostring(doc) for doc in self.parse(export)]
            for export in (first, again)
        ]
        self.assertEqual(parts[0], parts[1], "the same bytes")
        # what no longer stands in the books is said, not exported
        self.invoice(bill).button_draft()
        third = self.exports.browse(again.action_export_again()["res_id"])
        self.assertEqual(third.document_count, first.document_count - 1)
        self.assertIn(self.invoice(bill).name, third.note)
        self.invoice(bill).action_post()
        with self.refused("Nothing is new"):
            self.export()

    def test_whose(self):
        """Only billing's: no vendor bills, nobody who is no account, no draft, no
        other company."""
        stranger = self.env["res.partner"].create({"name": "Walk-in"})
        for kind, partner in (("out_invoice", stranger), ("in_invoice", self.account)):
            move = self.env["account.move"].create(
                {
                    "move_type": kind,
                    "partner_id": partner.id,
                    "invoice_date": "2026-01-01",
                    "invoice_line_ids": [
                        Command.create({"name": "x", "price_unit": 5, "tax_ids": []})
                    ],
                }
            )
            move.action_post()
        self.draft()
        with self.refused("Nothing is new"):
            self.export()
        self.issued(7.0)
        other = self._new_company("Elsewhere")
        with self.refused("among your companies"):
            self.exports._export(other.with_env(self.exports.env), "csv")

    def test_invoice_of_an_account(self):
        """What is invoiced in Invoicing belongs to the account all the same."""
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.account.id,
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 5, "tax_ids": []})
                ],
            }
        )
        move.action_post()
        self.assertEqual(self.documents(self.export()), {("invoice", move.name): 5.0})

    def test_references(self):
        """At most 11 characters: the Bill ID where it fits, else a code that stays."""
        self.company.billing_id_template = "$counter"
        short = self.issued()
        self.company.billing_id_template = "A-very-long-name-$counter"
        long = self.issued()
        lines = {line.bill_name: line for line in self.export("qbxml").line_ids}
        self.assertEqual(lines[short.name].reference, short.name)
        code = lines[long.name].reference
        self.assertLessEqual(len(code), 11)
        self.assertTrue(code.startswith("~"))
        self.assertNotEqual(long.name, code)
        # a bill whose amount changed has two invoices, but one Bill ID
        self.change_price(short, 50.0)
        later = self.export("qbxml")
        references = later.line_ids.mapped("reference")
        self.assertEqual(len(set(references)), len(references))
        self.assertNotIn(short.name, references)

    def test_csv(self):
        """One row a document, debits and credits in columns of their own."""
        self.account.name = "=cmd|' /C calc'!A0"
        bill = self.issued(100.0)
        self.pay(bill)
        data = base64.b64decode(self.export("csv").file).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(data, newline="")))
        self.assertEqual([row["debit"] for row in rows], ["100.00", ""])
        self.assertEqual([row["credit"] for row in rows], ["", "100.00"])
        self.assertEqual({row["account"] for row in rows}, {"'=cmd|' /C calc'!A0"})

    def test_qbxml(self):
        """Every document is a request; lines and taxes add up to the invoice."""
        tax = self.env["account.tax"].search(
            [("company_id", "=", self.company.id), ("type_tax_use", "=", "sale")],
            limit=1,
        )
        bill = self.issued(
            line_ids=[
                Command.create({"name": "Fee", "price_unit": 100.0, "tax_ids": tax.ids})
            ]
        )
        self.pay(bill)
        data = base64.b64decode(self.export("qbxml").file)
        self.assertIn(b'"utf-8"?>\n<?qbxml version="13.0"?>\n<QBXML>', data)
        body = xmltodict.parse(data)["QBXML"]["QBXMLMsgsRq"]
        invoice = body["InvoiceAddRq"]["InvoiceAdd"]
        amounts = [float(line["Amount"]) for line in invoice["InvoiceLineAdd"]]
        self.assertEqual(len(amounts), 2)
        self.assertAlmostEqual(sum(amounts), bill.amount_total)
        payment = body["ReceivePaymentAddRq"]["ReceivePaymentAdd"]
        self.assertAlmostEqual(float(payment["TotalAmount"]), bill.amount_total)
        self.assertEqual(payment["CustomerRef"]["FullName"], "Acme Ltd")

    def test_write_off(self):
        """A payment that wrote off a rest is more than money: a journal entry."""
        self.allow_write_off(5.0)
        bill = self.issued(100.0)
        self.pay(bill, amount=98.0, write_off=True)
        data = base64.b64decode(self.export("qbxml").file)
        body = xmltodict.parse(data)["QBXML"]["QBXMLMsgsRq"]
        entry = body["JournalEntryAddRq"]["JournalEntryAdd"]
        self.assertEqual(entry["JournalCreditLine"]["Amount"], "100.00")
        amounts = sorted(line["Amount"] for line in entry["JournalDebitLine"])
        self.assertEqual(amounts, ["2.00", "98.00"])

    def test_totals(self):
        self.one_of_each()
        export = self.export("xlsx")
        totals = {
            kind: (count, amount) for kind, __, count, amount in export._get_totals()
        }
        self.assertEqual(totals["invoice"], (3, 145.0))
        self.assertEqual(totals["payment"], (2, 140.0))
        self.assertIn("145.00", export.totals)
        self.assertTrue(export.name.endswith(".xlsx"))

    def test_query_count(self):
        """As many queries for thirty documents as for ten."""
        counts = []
        for number in (10, 30):
            bills = self.bills.create(
                [
                    {"partner_id": self.account.id, "title": "x", "amount": 10}
                    for __ in range(number)
                ]
            )
            bills.action_issue()
            self.pay(bills)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.export("xml")
            counts.append(self.env.cr.sql_log_count - before)
        # lines are inserted by the hundred
        self.assertLessEqual(counts[1] - counts[0], 3, counts)

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_access(self):
        """Administrators export; accountants read; others see nothing."""
        self.issued()
        export = self.export()
        for role in ("user", "officer", "accountant"):
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.export.wizard", "create", [{"format": "csv"}])
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.export", "action_export_again", export.ids)
        for role in ("administrator", "accountant"):
            self.assertTrue(self.rpc(role, "kavi.export", "read", export.ids, ["file"]))
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.export", "write", export.ids, {"name": "x"})
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.export.line", "unlink", export.line_ids.ids)
        for role in ("user", "officer"):
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.export", "read", export.ids, ["file"])
        other = self._new_company("Elsewhere")
        stranger = self._new_user(
            "elsewhere",
            "kavi_billing.group_billing_administrator",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            export.with_user(stranger).with_context(
                allowed_company_ids=other.ids
            ).action_export_again()


@tagged("post_install", "-at_install")
class TestNightlyExport(ExportCommon):
    @mute_logger(CRON_LOG)
    def run_cron(self):
        self.env.flush_all()
        cron = self.env.ref("kavi_billing_export.cron_export")
        with self.enter_registry_test_mode():
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_nightly(self):
        """Companies that want it; nothing new, no file."""
        self.issued()
        self.run_cron()
        mine = [("company_id", "=", self.company.id)]
        self.assertFalse(self.exports.search(mine))
        self.company.billing_export_format = "xml"
        self.run_cron()
        self.run_cron()
        export = self.exports.search(mine)
        self.assertEqual(len(export), 1)
        # by a user of another company, whose codes of accounts are others
        entries = self.parse(export)[0].findall(f"{{{NAMESPACE}}}entry")
        self.assertEqual(len([e for e in entries if e.get("account")]), 2)

    def test_one_fails(self):
        """One company that fails stops no other."""
        self.issued()
        self.company.billing_export_format = "xml"
        other = self._new_company("Aaa", billing_export_format="csv")
        real = type(self.exports)._export

        def fail(exports, company, *args):
            if company == other:
                raise UserError(company.env._("This one cannot be exported."))
            return real(exports, company, *args)

        with patch.object(type(self.exports), "_export", fail):
            self.run_cron()
        self.assertTrue(self.exports.search([("company_id", "=", self.company.id)]))


@tagged("post_install", "-at_install")
class TestExportSettings(BillingCommon):
    def test_export_setting_is_of_one_company(self):
        """It is on the page, and does not reach another company."""
        other = self._new_company("Kavi Abroad Ltd")
        self.assertSettings(
            "kavi_billing_export", other, {"billing_export_format": "csv"}
        )
