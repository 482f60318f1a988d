"""A bill from draft to issue: its fields, what it asks, what becomes of it in the
books (KB-12 ... KB-19, KB-28 ... KB-30)."""

from datetime import date

from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BillingCommon

# Names that exports use and that other addons read (D-01).
BILL_FIELDS = """
    name title partner_id kind_id state bill_date due_date description line_ids
    amount_untaxed amount_tax amount_total amount_paid amount_due refund_amount
    amount_retained payment_method_id payment_number payment_date refund_date
    cancel_date created_by invoice_number purchase_order item_key payment_term_id
    is_overdue is_partly_paid is_disputed is_frozen move_ids company_id currency_id
""".split()


@tagged("post_install", "-at_install")
class TestBill(BillingCommon):
    def test_fields_of_the_original(self):
        """KB-12: every field that the design names is there."""
        self.assertLessEqual(set(BILL_FIELDS), set(self.bills._fields))

    def test_draft(self):
        """A draft has no ID and no entries, owes nothing, and may be deleted."""
        bill = self.draft(100)
        self.assertBill(bill, "draft", name=False, amount_total=100.0, amount_due=0.0)
        self.assertFalse(bill.sudo().move_ids)
        self.assertIn("Draft", bill.display_name)
        self.assertEqual(bill.created_by, "Kavi Billing")
        bill.unlink()
        self.assertFalse(bill.exists())

    def test_issue(self):
        """KB-29: one posted invoice, with the bill's lines, names and dates."""
        bill = self.draft(
            bill_date="2026-03-01",
            purchase_order="PO 7",
            line_ids=[
                Command.create({"name": "Fee", "quantity": 2, "price_unit": 30}),
                Command.create({"name": "Badge", "price_unit": 40}),
            ],
        )
        bill.action_issue()
        self.assertBill(bill, "new", amount_total=100.0, amount_due=100.0)
        move = bill.sudo().move_ids
        self.assertEqual(move, bill.sudo().invoice_id)
        self.assertEqual((move.state, move.move_type), ("posted", "out_invoice"))
        self.assertEqual(move.journal_id, self._journal("sale"))
        self.assertEqual(move.partner_id, self.account)
        self.assertEqual(move.invoice_date, date(2026, 3, 1))
        self.assertEqual(move.invoice_date_due, date(2026, 3, 31))
        self.assertEqual(move.payment_reference, bill.name)
        self.assertEqual(move.ref, "PO 7")
        self.assertEqual(
            move.invoice_line_ids.mapped(
                lambda line: (line.name, line.quantity, line.price_unit)
            ),
            [("Fee", 2.0, 30.0), ("Badge", 1.0, 40.0)],
        )
        self.assertEqual(bill.display_name, f"{bill.name}: Membership")

    def test_issue_many(self):
        """A selection is issued as a whole; each gets its own ID and invoice."""
        bills = self.draft(10) | self.draft(20) | self.draft(30)
        bills.action_issue()
        self.assertEqual(len(set(bills.mapped("name"))), 3)
        self.assertEqual(sorted(bills.mapped("amount_due")), [10, 20, 30])
        self.assertEqual(len(bills.sudo().move_ids), 3)
        self.assertBooks(*bills)

    def test_issue_what_can_be_issued(self):
        """One that cannot be issued stays a draft, and is named; the others are."""
        good, bad = self.draft(10), self.draft(-5, title="Wrong one")
        action = (good | bad).action_issue()
        report = self.env[action["res_model"]].browse(action["res_id"])
        self.assertIn("negative", str(report.read()))
        self.assertBill(good, "new")
        self.assertBill(bad, "draft", name=False)
        self.assertFalse(bad.sudo().move_ids)
        with self.refused("Wrong one", "negative"):
            bad.action_issue()

    def test_zero_is_paid_at_once(self):
        """D-08: nothing is owed, so nothing is waited for."""
        bill = self.issued(line_ids=[Command.create({"name": "Free", "price_unit": 0})])
        self.assertBill(bill, "paid", amount_total=0.0, amount_due=0.0)
        self.assertTrue(bill.name)
        self.assertEqual(bill.sudo().invoice_id.state, "posted")
        discounted = self.draft(
            line_ids=[
                Command.create({"name": "Fee", "price_unit": 40}),
                Command.create({"name": "Scholarship", "price_unit": -40}),
            ]
        )
        discounted.action_issue()
        self.assertBill(discounted, "paid", amount_due=0.0)

    def test_description(self):
        """KB-16: HTML or plain text; scripts are taken out, the rest stays."""
        bill = self.draft(
            description="<p onclick='x()'>For <b>you</b><script>alert(1)</script>"
            "<a href='javascript:x()'>here</a></p>"
        )
        self.assertIn("<b>you</b>", bill.description)
        for danger in ("script", "onclick", "alert"):
            self.assertNotIn(danger, bill.description)
        bill.action_issue()
        bill.description = "Plain & simple"
        self.assertIn("Plain &amp; simple", bill.description)

    def test_created_by(self):
        """KB-17: the raising application is shown, and stays."""
        vals = {"partner_id": self.account.id, "title": "Renewal", "amount": 5}
        bill = self.bills._raise_bills([vals], application="Kavi Members")
        self.assertEqual(bill.created_by, "Kavi Members")
        with self.refused("can no longer be changed"):
            bill.created_by = "Somebody"

    def test_outside_numbers(self):
        """KB-18, KB-19: the payer's own numbers, editable after issue."""
        bill = self.issued(purchase_order="PO 1")
        bill.write({"purchase_order": "PO 2", "invoice_number": "INV 9"})
        self.assertEqual((bill.purchase_order, bill.invoice_number), ("PO 2", "INV 9"))

    def test_what_is_fixed(self):
        """KB-14, KB-31: what was issued is fixed, but for a few words and the date."""
        bill = self.issued()
        fixed = {
            "bill_date": "2020-01-01",
            "partner_id": self.person.id,
            "currency_id": self.env.ref("base.EUR").id,
            "company_id": self.env.company.id,
            "amount": 5,
            "payment_term_id": False,
            "kind_id": False,
            "line_ids": [Command.create({"name": "More", "price_unit": 5})],
            "fiscal_position_id": False,
            "created_by": "X",
            "item_key": "X",
        }
        for name, value in fixed.items():
            with self.subTest(name=name), self.refused("can no longer be changed"):
                bill.write({name: value})
        line = bill.line_ids
        with self.refused("is issued"):
            line.write({"price_unit": 1})
        with self.refused("is issued"):
            line.unlink()
        with self.refused("is issued"):
            line.create({"bill_id": bill.id, "name": "More", "price_unit": 5})
        with self.refused("is issued"):
            self.draft().line_ids.write({"bill_id": bill.id})
        self.assertBill(bill, "new", amount_total=100.0)

    def test_bill_date_never_changes(self):
        """KB-14: not by the act, the accountant, or the day."""
        bill = self.issued(bill_date="2026-03-01")
        move = self.invoice(bill)
        move.button_draft()
        move.invoice_date = "2026-04-01"
        move.action_post()
        self.pay(bill)
        self.assertEqual(bill.bill_date, date(2026, 3, 1))

    def test_copy(self):
        """A copy is a draft of the same, with nothing of what happened."""
        bill = self.issued(purchase_order="PO 1")
        self.pay(bill)
        copy = bill.copy()
        self.assertBill(copy, "draft", name=False, amount_total=100.0)
        self.assertFalse(copy.payment_method_id)
        self.assertFalse(copy.bill_date)
        copy.action_issue()
        self.assertNotEqual(copy.name, bill.name)

    def test_history(self):
        """Who did what: one note for each act, by the user who did it."""
        bill = self.issued()
        self.choose(bill)
        self.pay(bill, payment_number="4711")
        self.cr.precommit.run()  # where changes are tracked
        notes = bill.sudo().message_ids.sorted("id")
        for act in ("Issue", "Choose", "Complete"):
            told = notes.filtered(lambda note, act=act: act in str(note.body))
            self.assertEqual(len(told), 1, act)
            self.assertEqual(told.author_id, self.officer.partner_id)
        self.assertTrue(notes.filtered(lambda note: "4711" in str(note.body)))

    def test_search(self):
        """KB-28: by ID, account, name, state, numbers; all of them together."""
        bill = self.issued(title="Renewal 2026", purchase_order="PO-77")
        self.issued(title="Event")
        for words in (bill.name, "renewal", "PO-77"):
            found = self.bills.name_search(words, [("id", "=", bill.id)])
            self.assertEqual([id_ for id_, __ in found], bill.ids, words)
        domain = [
            ("name", "=", bill.name),
            ("partner_id", "ilike", "acme"),
            ("title", "ilike", "RENEW"),
            ("state", "=", "new"),
        ]
        self.assertEqual(self.bills.search(domain), bill)

    def test_search_by_method_hides_unpaid(self):
        """KB-28: what has no method yet is not found by method."""
        new, pending, paid = self.issued(), self.issued(), self.issued()
        self.choose(pending)
        self.pay(paid)
        domain = [("payment_method_id", "=", self.check.id)]
        domain += [("id", "in", (new | pending | paid).ids)]
        self.assertEqual(self.bills.search(domain), pending | paid)


@tagged("post_install", "-at_install")
class TestAmount(BillingCommon):
    """What a bill asks is what its invoice asks."""

    def test_title_and_amount(self):
        """KB-16: no lines needed; the amount is what is asked."""
        bill = self.draft(12.5)
        line = bill.line_ids
        self.assertEqual((line.name, line.price_unit), ("Membership", 12.5))
        self.assertFalse(line.tax_ids)
        bill.amount = 20
        self.assertEqual(bill.line_ids, line)
        self.assertBill(bill, "draft", amount=20.0, amount_total=20.0)

    def test_amount_of_a_bill_without_lines(self):
        bill = self.bills.create({"partner_id": self.account.id, "title": "Fee"})
        self.assertEqual(bill.amount, 0.0)
        bill.amount = 7
        self.assertEqual(bill.line_ids.price_unit, 7.0)

    def test_amount_of_several_lines(self):
        """With several lines it is not clear which one is meant."""
        bill = self.draft(
            line_ids=[
                Command.create({"name": "A", "price_unit": 1}),
                Command.create({"name": "B", "price_unit": 2}),
            ]
        )
        self.assertEqual(bill.amount, 3.0)
        with self.refused("several lines"):
            bill.amount = 5
        self.assertEqual(bill.line_ids.mapped("price_unit"), [1.0, 2.0])

    def test_form(self):
        """KB-29: typed on the screen."""
        with Form(self.bills) as form:
            form.partner_id = self.account
            form.title = "Fee"
            form.amount = 15
        bill = form.record
        self.assertBill(bill, "draft", amount_total=15.0)
        bill.action_issue()
        with Form(bill) as form:
            form.title = "Fee 2026"
        self.assertEqual(bill.title, "Fee 2026")

    def test_kind_names_the_product(self):
        """The kind's product brings its income account and taxes."""
        tax = self.company.account_sale_tax_id
        product = self.env["product.product"].create(
            {"name": "Fee", "list_price": 55, "taxes_id": [Command.set(tax.ids)]}
        )
        kind = self.env["kavi.bill.kind"].create(
            {"name": "Fees", "product_id": product.id}
        )
        bill = self.issued(100, kind_id=kind.id)
        self.assertEqual(bill.line_ids.product_id, product)
        self.assertEqual(bill.line_ids.tax_ids, tax)
        self.assertBill(bill, "new", amount_untaxed=100.0)
        self.assertGreater(bill.amount_tax, 0.0)
        self.assertEqual(bill.sudo().invoice_id.invoice_line_ids.tax_ids, tax)

    def test_product_line(self):
        """Price, text, taxes by the account's fiscal position, analytic."""
        tax, other = self.company.account_sale_tax_id, self._tax(5)
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        other.write(
            {
                "fiscal_position_ids": [Command.set(position.ids)],
                "original_tax_ids": [Command.set(tax.ids)],
            }
        )
        self.account.with_company(self.company).property_account_position_id = position
        plan = self.env["account.analytic.plan"].create({"name": "Projects"})
        analytic = self.env["account.analytic.account"].create(
            {"name": "Conference", "plan_id": plan.id}
        )
        product = self.env["product.product"].create(
            {
                "name": "Seat",
                "list_price": 80,
                "taxes_id": [Command.set(tax.ids)],
                "description_sale": "In the first row",
            }
        )
        bill = self.draft(
            line_ids=[
                Command.create(
                    {
                        "product_id": product.id,
                        "analytic_distribution": {str(analytic.id): 100},
                    }
                )
            ]
        )
        line = bill.line_ids
        self.assertEqual(line.price_unit, 80.0)
        self.assertIn("In the first row", line.name)
        self.assertEqual(line.tax_ids, other)
        bill.action_issue()
        self.assertBill(bill, "new", amount_total=84.0, amount_tax=4.0)
        entry = bill.sudo().invoice_id.invoice_line_ids
        self.assertEqual(entry.analytic_distribution, {str(analytic.id): 100})
        self.assertEqual(bill.sudo().invoice_id.fiscal_position_id, position)

    def test_draft_asks_what_the_invoice_will(self):
        """Taxes in and on top, several lines, currencies with 0, 2 and 3 decimals:
        the draft's sums are the invoice's to the last unit."""
        taxes = {
            "none": self.env["account.tax"],
            "on top": self._tax(7.7),
            "included": self._tax(19, price_include_override="tax_included"),
            "both": self._tax(8.1) | self._tax(2.5),
        }
        prices = (0.01, 33.33, 99.995, 1234.567, 0.005)
        for code in ("USD", "JPY", "KWD"):
            currency = self.env["res.currency"].with_context(active_test=False)
            currency = currency.search([("name", "=", code)])
            currency.active = True
            for name, tax in taxes.items():
                with self.subTest(currency=code, taxes=name):
                    bill = self.draft(
                        currency_id=currency.id,
                        line_ids=[
                            Command.create(
                                {
                                    "name": "Part",
                                    "quantity": quantity,
                                    "price_unit": price,
                                    "tax_ids": [Command.set(tax.ids)],
                                }
                            )
                            for quantity, price in enumerate(prices, start=1)
                        ],
                    )
                    sums = ("amount_untaxed", "amount_tax", "amount_total")
                    asked = [bill[name] for name in sums]
                    self.assertGreater(asked[2], 0)
                    bill.action_issue()
                    move = bill.sudo().invoice_id
                    for field, amount in zip(sums, asked, strict=True):
                        self.assertEqual(
                            currency.compare_amounts(bill[field], amount), 0
                        )
                        self.assertEqual(
                            currency.compare_amounts(move[field], amount), 0
                        )
                    self.assertBooks(bill)

    def _tax(self, amount, **vals):
        vals = {
            "name": f"{amount} % {vals}",
            "amount": amount,
            "company_id": self.company.id,
            "country_id": self.company.account_fiscal_country_id.id,
            **vals,
        }
        return self.env["account.tax"].create(vals)
