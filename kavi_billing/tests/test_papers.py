"""Papers add up: every sum that a payer reads can be followed.

The right values are those of the sentence that each paper is: what was charged, less
what was credited and paid, and what was given back, is what is due. The numbers are
those of the posted entries, which an auditor compares them with.
"""

from decimal import Decimal

from odoo.tests import tagged

from .papers_common import EveryStateCommon, PapersCommon

MINUS = "\N{MINUS SIGN}"


@tagged("post_install", "-at_install")
class TestPapersAddUp(EveryStateCommon):
    """A property: for a bill in every state, each paper adds up."""

    def split(self, rows):
        """The rows of totals: up to the total, and after it."""
        labels = [label for label, _amount in rows]
        at = labels.index("Total") + 1
        return rows[:at], rows[at:]

    def check_invoice(self, bill):
        tables = self.paper("bill_invoice", bill)
        totals = self.table(tables, "kb-totals")
        before, after = self.split(totals)
        lines = [rows for classes, rows in tables if "kb-rows" in classes][0]
        listed = sum(self.read_amount(row[-1]) for row in lines[1:])
        start = Decimal(0) if before[0][0] == "Untaxed" else listed
        if before[0][0] == "Untaxed":
            self.assertEqual(before[0][1], listed)
        total = self.walk(before, start, {"Total"})
        self.walk(after, total, {"Due"})
        if bill.state == "draft":
            self.assertFalse(after)
            return
        after = dict(after)
        self.assertEqual(after["Due"], Decimal(f"{bill.amount_to_pay:.2f}"))
        zero = Decimal(0)
        moved = -after.get("Paid", zero) - after.get("Refunded", zero)
        blocks = self.blocks(tables)
        self.assertEqual(sum(blocks.get("payments", [])), moved)
        self.assertEqual(
            sum(blocks.get("credits", [])), -after.get("Credited", Decimal(0))
        )

    def blocks(self, tables):
        """The amounts of the tables of payments and credits."""
        found = {}
        names = iter(("payments", "credits"))
        for classes, rows in tables:
            if "kb-rows" in classes and rows[0][:2] == ["Date", "By"]:
                amounts = [self.read_amount(row[-1]) for row in rows[1:]]
                found[next(names)] = amounts
        if len(found) == 1 and self.only_credits:
            found = {"credits": found["payments"]}
        return found

    def check_receipt(self, bill):
        tables = self.paper("bill_receipt", bill)
        totals = self.table(tables, "kb-totals")
        labels = [label for label, _amount in totals]
        at = labels.index("Total of the bill")
        money, rest = totals[:at], totals[at:]
        self.assertEqual(money[0][0], "Received")
        kept = self.walk(money, Decimal(0), {"Retained"})
        self.assertEqual(sum(self.blocks(tables)["payments"]), kept)
        self.walk(rest, Decimal(0), {"Due"})
        rest = dict(rest)
        self.assertEqual(rest["Due"], Decimal(f"{bill.amount_due:.2f}"))
        self.assertEqual(-rest.get("Retained", rest.get("Paid", Decimal(0))), kept)

    def check_notes(self, bill):
        notes = bill.sudo()._get_credit_notes()
        text = self.text("bill_credit_note", bill)
        for note in notes:
            self.assertIn(f"Credit Note {note.name}", text)
        tables = self.paper("bill_credit_note", bill)
        totals = [
            [(row[0], self.read_amount(row[-1])) for row in rows]
            for classes, rows in tables
            if "kb-totals" in classes
        ]
        lines = [
            [self.read_amount(row[-1]) for row in rows[1:]]
            for classes, rows in tables
            if "kb-rows" in classes and rows[0][0] == "Description"
        ]
        self.assertEqual(len(totals), len(notes))
        for rows, listed, note in zip(totals, lines, notes, strict=True):
            has_taxes = rows[0][0] == "Untaxed"
            if has_taxes:
                self.assertEqual(rows[0][1], sum(listed))
            start = Decimal(0) if has_taxes else sum(listed)
            self.walk(rows, start, {"Credited"})
            self.assertEqual(rows[-1][1], Decimal(f"{note.amount_total:.2f}"))

    def check_page_and_mail(self, bill):
        currency = bill.currency_id
        sums = bill._get_settlement_sums()
        for kind, name, sign in (
            ("payment", "paid", 1),
            ("credit", "credited", 1),
            ("refund", "refunded", -1),
        ):
            rows = [row for row in bill._get_settlements() if row["kind"] == kind]
            self.assertEqual(
                currency.round(sum(row["amount"] for row in rows) * sign),
                sums[name],
                name,
            )
        rows = [
            (row["label"], self.read_amount(row["amount"]))
            for row in bill._get_notice_totals()
        ]
        self.walk(rows, Decimal(0), {"To Pay", "Due"})

    def test_property_every_paper_of_every_state(self):
        for name, bill in self.states.items():
            with self.subTest(name), self.at("2026-03-06 12:00"):
                self.assertBooks(bill)
                rows = [] if bill.state == "draft" else bill._get_settlements()
                self.only_credits = not [r for r in rows if r["kind"] != "credit"]
                self.check_invoice(bill)
                if bill.state == "draft":
                    continue
                self.check_page_and_mail(bill)
                if not bill._get_document_refusal("receipt"):
                    self.check_receipt(bill)
                if not bill._get_document_refusal("credit_note"):
                    self.check_notes(bill)

    def test_idle_is_what_nobody_owes(self):
        """Bill Data adds up: what no row of paid, credited and due explains is said."""
        bills = self.states
        idle = {name: bill.amount_idle for name, bill in bills.items()}
        self.assertEqual(
            {name: amount for name, amount in idle.items() if amount},
            {"draft": 40.0, "taken off the books": 100.0, "history": 70.0},
        )

    def test_property_statement(self):
        """Opening balance, charged, settled, closing balance: of every state."""
        statement = self.as_user("user")["kavi.account.statement.wizard"].create(
            {
                "partner_id": self.account.id,
                "company_id": self.company.id,
                "date_from": "2026-03-02",
                "date_to": "2026-12-31",
            }
        )
        (section,) = statement._get_sections()
        running = self.read_amount(section["opening"])
        self.assertTrue(running)
        charged = settled = Decimal(0)
        for row in section["rows"]:
            debit, credit = (
                self.read_amount(row[name]) if row[name] else Decimal(0)
                for name in ("debit", "credit")
            )
            running += debit - credit
            charged, settled = charged + debit, settled + credit
            self.assertEqual(self.read_amount(row["balance"]), running)
        self.assertEqual(self.read_amount(section["charged"]), charged)
        self.assertEqual(self.read_amount(section["settled"]), settled)
        self.assertEqual(self.read_amount(section["closing"]), running)
        bills = self.bills.search([("partner_id", "=", self.account.id)])
        credits = self.credits.search([("partner_id", "=", self.account.id)])
        owed = sum(bills.mapped("amount_due")) - sum(credits.mapped("amount_open"))
        self.assertEqual(running, Decimal(f"{owed:.2f}"))


@tagged("post_install", "-at_install")
class TestPapers(PapersCommon):
    """Each case in the field's words."""

    def test_invoice_number_of_the_ledger(self):
        """An auditor compares the paper with the ledger: the number of the posted
        invoice, and the Bill ID beside it."""
        bill = self.issued(100)
        invoice = self.invoice(bill)
        self.assertSays(
            self.text("bill_invoice", bill),
            f"Invoice {invoice.name}",
            f"Bill ID {bill.name}",
        )
        self.pay(bill, self.surcharge)
        surcharge = self.surcharges(bill)
        # what is charged beside the invoice has a number of its own
        self.assertSays(
            self.text("bill_invoice", bill), f"Surcharge invoice {surcharge.name}"
        )
        self.assertSays(
            self.text("bill_receipt", bill),
            f"Receipt {bill.name}",
            f"Invoice {invoice.name}",
        )

    def test_invoice_number_after_a_change(self):
        bill = self.issued(173)
        old = self.invoice(bill).name
        self.change_price(bill, 80)
        text = self.text("bill_invoice", bill)
        self.assertSays(text, f"Invoice {self.invoice(bill).name}")
        self.assertSilent(text, old)

    def test_credit_notes_have_their_own_numbers(self):
        bill = self.issued(100)
        self.pay(bill)
        self.give_back(bill, 30)
        self.give_back(bill, 20)
        text = self.text("bill_credit_note", bill)
        notes = self.notes(bill)
        self.assertEqual(len(notes), 2)
        for note, amount in zip(notes, ("$ 30.00", "$ 20.00"), strict=True):
            self.assertSays(text, f"Credit Note {note.name}", f"Credited {amount}")
        self.assertSays(
            text, f"Bill ID {bill.name}", f"For invoice {self.invoice(bill).name}"
        )
        self.assertSays(self.text("bill_invoice", bill), *notes.mapped("name"))

    def test_credit_memo_has_the_number_of_its_entry(self):
        credit = self.credit(50)
        text = self.text("credit", credit)
        self.assertSays(
            text,
            f"Credit Memo {credit.name}",
            f"Credit note {credit.sudo().move_id.name}",
        )

    def test_paid_and_refunded_in_part(self):
        """Paid 3,243.00, refunded 243.00, due 0: what was credited explains it."""
        bill = self.issued(3243)
        self.pay(bill)
        self.give_back(bill, 243)
        self.assertSays(
            self.text("bill_invoice", bill),
            "Total $ 3,243.00",
            f"Credited {MINUS}$ 243.00",
            f"Paid {MINUS}$ 3,243.00",
            "Refunded $ 243.00",
            "Due $ 0.00",
            "Partly Refunded",
        )
        self.assertSays(
            self.text("bill_receipt", bill),
            "Received $ 3,243.00",
            f"Refunded {MINUS}$ 243.00",
            "Retained $ 3,000.00",
            "Total of the bill $ 3,243.00",
            f"Credited {MINUS}$ 243.00",
            f"Retained {MINUS}$ 3,000.00",
            "Due $ 0.00",
            "Partly Refunded",
        )
        self.give_back(bill)
        text = self.text("bill_invoice", bill)
        self.assertSays(text, "Refunded")
        self.assertSilent(text, "Partly Refunded")

    def test_note_of_a_change_is_no_cancellation(self):
        """What replaced an amount says so; a cancellation is called one."""
        bill = self.issued(100)
        self.change_price(bill, 80)
        text = self.text("bill_credit_note", bill)
        self.assertSays(text, "The amount of the bill was changed")
        self.assertSilent(text, "Cancel")
        self.cancel(bill)
        self.assertSays(
            self.text("bill_credit_note", bill),
            "The amount of the bill was changed",
            "Cancellation of the bill",
        )

    def test_note_of_a_surcharge_taken_back(self):
        bill = self.issued(100)
        self.pay(bill, self.surcharge)
        self.bounce(bill)
        text = self.text("bill_credit_note", bill)
        self.assertSays(text, "Payment surcharge taken back")
        self.assertSilent(text, "Cancel", "amount of the bill was changed")

    def test_what_was_replaced_settles_nothing(self):
        """173 changed to 80: nothing was paid or credited so far."""
        bill = self.issued(173)
        self.change_price(bill, 80)
        self.assertEqual(bill._get_settlements(), [])
        self.pay(bill)
        rows = bill._get_settlements()
        self.assertEqual([(r["label"], r["amount"]) for r in rows], [("Payment", 80.0)])

    def test_discount_is_not_money(self):
        """Of 100, 98 were paid and 2 let off: each is a row."""
        with self.at("2026-03-05 12:00"):
            bill = self.issued(
                100, payment_term_id=self.early.id, bill_date="2026-03-01"
            )
            self.pay(bill)
        rows = [(row["label"], row["amount"]) for row in bill._get_settlements()]
        self.assertEqual(rows, [("Payment", 98.0), ("Discount for paying early", 2.0)])

    def test_table_of_no_documents(self):
        bill = self.issued(100)
        with self.refused("no credit note"):
            bill._get_document_pdf("credit_note")
        with self.refused("before it is issued"):
            self.draft()._get_document_pdf("credit_note")
        self.cancel(bill)
        content, name = bill._get_document_pdf("credit_note")
        self.assertEqual(name, f"Credit Note {bill.name.replace('/', '-')}.pdf")
        self.assertIn(self.notes(bill).name.encode(), content)


@tagged("post_install", "-at_install")
class TestAllocationKinds(PapersCommon):
    """What settled a bill is called what it is."""

    def kinds(self, bill):
        self.env.flush_all()
        rows = self.as_user("officer")["kavi.account.allocation"].search(
            [("bill_id", "=", bill.id)], order="id"
        )
        return [(row.kind, row.amount, bool(row.credit_id)) for row in rows]

    def test_overpaid(self):
        """150 for 100: the payment has paid the 100, its rest of 50 is a credit."""
        bill, other = self.issued(100), self.issued(80)
        self.pay(bill, amount=150)
        credit = self.credits.search([("bill_id", "=", bill.id)])
        self.apply(credit, other)
        self.assertEqual(self.kinds(bill), [("payment", 100.0, False)])
        self.assertEqual(self.kinds(other), [("credit", 50.0, True)])
        self.assertEqual(credit.allocation_ids.mapped("amount"), [50.0])
        self.assertEqual(
            [(row["label"], row["amount"]) for row in bill._get_settlements()],
            [("Payment", 100.0)],
        )
        self.assertIn("part of $\xa0150.00", bill._get_settlements()[0]["text"])
        (row,) = other._get_settlements()
        self.assertEqual((row["label"], row["amount"]), ("Credit", 50.0))
        self.assertIn(credit.name, row["text"])

    def test_overpaid_by_the_accountant_for_two_bills(self):
        """One payment of 250 for two bills of 100 in Invoicing: both are paid by it."""
        bills = self.issued(100) | self.issued(100)
        third = self.issued(70)
        invoices = self.invoice(bills[0]) | self.invoice(bills[1])
        payment = self.register_payment(invoices, 250, group_payment=True)
        credit = self.credits._record_overpayments(
            payment.with_user(self.officer).sudo(False)
        )
        self.apply(credit or self.credits.search([]), third)
        for bill in bills:
            self.assertEqual(self.kinds(bill), [("payment", 100.0, False)])
        self.assertEqual(self.kinds(third), [("credit", 50.0, True)])

    def test_payment_is_not_unapplied(self):
        bill = self.issued(100)
        self.pay(bill, amount=150)
        rows = self.as_user("officer")["kavi.account.allocation"]
        with self.refused("reverse it"):
            rows.search([("bill_id", "=", bill.id)]).action_unapply()


@tagged("post_install", "-at_install")
class TestOtherPapers(PapersCommon):
    """Credit memos and statements add up, too."""

    def every_credit(self):
        with self.at("2026-01-10 12:00"):
            bill = self.issued(1000)
            open_, used, part, paid_out = (self.credit(50) for _number in range(4))
            self.apply(used, bill)
            self.apply(part, bill, 20)
            self.refund_credit(paid_out)
            expired = self.credit(50, expiry_date="2026-02-01")
            self.apply(expired, bill, 10)
            paid = self.issued(100)
            self.pay(paid, amount=150)
            left = self.credits.search([("bill_id", "=", paid.id)])
            self.apply(left, bill, 15)
            memo = self.credit(30, kind="memo", bill_id=paid.id)
        with self.at("2026-02-02 12:00"):
            expired.action_expire()
        return {
            "open": open_,
            "used": used,
            "used in part": part,
            "paid out": paid_out,
            "expired": expired,
            "left over of a payment": left,
            "memo": memo,
        }

    def test_property_credit_memos(self):
        """What is credited, less used, refunded and expired, is in favor."""
        for name, credit in self.every_credit().items():
            with self.subTest(name):
                self.env.invalidate_all()
                rows = self.table(self.paper("credit", credit), "kb-totals")
                at = [label for label, _amount in rows].index("Credited") + 1
                lines = self.table(self.paper("credit", credit), "kb-rows")
                # without taxes, the lines are all that is credited
                listed = lines[0][1] if at == 1 else Decimal(0)
                total = self.walk(rows[:at], listed, {"Credited"})
                self.assertEqual(total, Decimal(f"{credit.amount:.2f}"))
                self.walk(rows[at:], total, {"In your favor"})
                uses = sum(use.amount_used for use in credit._get_document_uses())
                self.assertAlmostEqual(uses, credit.amount - credit.amount_open, 6)
