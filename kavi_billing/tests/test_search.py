"""Search: what each box, filter and grouping of the search views finds.

KB-28 (the original's criteria), BB-20 (fast search and filters, saved searches). Every
filter is taken from the view as the web client gets it, so a filter that is renamed or
broken is noticed here.
"""

from lxml import etree

from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .test_credit import CreditCommon

DAY = "2026-04-15"


class SearchCommon(CreditCommon):
    def view(self, model, xmlid):
        """The search view as the user's web client gets it."""
        view = self.env.ref(f"kavi_billing.{xmlid}")
        arch = self.as_user("user")[model].get_view(view.id, "search")["arch"]
        return etree.fromstring(arch)

    def find(self, model, xmlid, records, name, typed=None):
        """What a filter, or with ``typed`` a field, of the view finds of these."""
        kind = "filter" if typed is None else "field"
        label = "name" if typed is None else "string"
        nodes = self.view(model, xmlid).xpath(f"//{kind}[@{label}='{name}']")
        self.assertEqual(len(nodes), 1, name)
        domain = nodes[0].get("domain" if typed is None else "filter_domain")
        domain = safe_eval(domain, {"self": typed, "uid": self.env.uid})
        found = self.as_user("user")[model].search(domain)
        return found & records.with_env(found.env)


@tagged("post_install", "-at_install")
class TestBillSearch(SearchCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create(
            {
                "name": "Zebra Works",
                "is_company": True,
                "email": "office@zebra.example",
                "ref": "Z-900",
                "child_ids": [
                    (0, 0, {"name": "Otto", "email": "otto@elsewhere.example"})
                ],
            }
        )
        with cls._at(DAY):
            cls.draft_bill = cls.draft(title="Unsent")
            cls.new = cls.issued(
                title="Gala dinner",
                purchase_order="PO-5501",
                invoice_number="EXT-88",
                partner_id=cls.other.id,
            )
            cls.late = cls.issued(bill_date="2026-01-05")
            cls.pending = cls.issued()
            cls.choose(cls.pending)
            cls.part = cls.issued()
            cls.pay(cls.part, amount=40)
            cls.paid = cls.issued()
            cls.pay(cls.paid)
            cls.refunded = cls.issued()
            cls.pay(cls.refunded, cls.wire)
            cls.give_back(cls.refunded, 30)
            cls.canceled = cls.issued()
            cls.cancel(cls.canceled)
            cls.disputed = cls.issued()
            cls.dispute(cls.disputed)
            cls.frozen = cls.issued()
            cls.pay(cls.frozen)
            cls.frozen.sudo()._write_facts({"is_frozen": True})
        cls.all = cls.env["kavi.bill"].search([("company_id", "=", cls.company.id)])

    @classmethod
    def _at(cls, moment):
        return cls.at(moment)

    def found(self, name, typed=None):
        return self.find(
            "kavi.bill", "view_kavi_bill_search", self.all, name, typed
        ).with_env(self.env)

    def test_one_box(self):
        """KB-28, BB-20: Bill ID, PO and invoice number, title, account."""
        for typed in (
            self.new.name,
            "PO-5501",
            "ext-88",
            "gala",
            "zebra",
            "office@zebra",
            "Z-900",
            "otto@elsewhere",  # one of the account's people
        ):
            self.assertEqual(self.found("Bill", typed), self.new, typed)
        self.assertFalse(self.found("Bill", "nothing is called this"))

    def test_one_box_finds_numbers_and_amounts(self):
        """All check numbers, the numbers of the ledger, and amounts."""
        bill = self.issued(952.37)
        self.pay(bill, amount=400, payment_number="CHK-4711")
        self.pay(bill, amount=52.37, payment_number="CHK-4712")
        self.change = self.issued(77.01)
        self.change_price(self.change, 78.02)
        numbers = self.change.sudo().move_ids.mapped("name")
        self.assertEqual(len(numbers), 3)
        found = lambda typed: self.bills.search(  # noqa: E731
            [("display_name", "ilike", typed), ("company_id", "=", self.company.id)]
        )
        for typed in (
            "CHK-4711",
            "chk-4712",
            bill.sudo().invoice_id.name,
            "952.37",  # asked
            "452.37",  # paid
            "$ 452.37",
        ):
            self.assertEqual(found(typed), bill, typed)
        self.assertIn(bill, found("500"))  # due
        for number in numbers:
            self.assertEqual(found(number), self.change, number)
        self.assertEqual(
            [id_ for id_, _name in self.bills.name_search("CHK-4711")], bill.ids
        )
        self.bounce(bill, self.payments(bill)[0])
        self.assertEqual(found("CHK-4711"), bill, "also when it bounced")
        self.assertFalse(found("999.99"))
        # each box of the view
        view = self.view("kavi.bill", "view_kavi_bill_search")
        node = view.xpath("//field[@string='Amount']")[0]
        domain = safe_eval(node.get("filter_domain"), {"self": 952.37})
        self.assertEqual(self.bills.search(domain) & (bill | self.all), bill)
        for name, typed in (
            ("payment_number", "4712"),
            ("document_numbers", numbers[0]),
        ):
            self.assertTrue(view.xpath(f"//field[@name='{name}']"))
            self.assertTrue(self.bills.search([(name, "ilike", typed)]))

    def test_whole_amount_of_a_shared_check(self):
        """Who has the check in hand types what it says: it finds all its bills, also
        when it bounced, and those of a payment that an accountant made for two."""
        bills = self.issued(500.11) | self.issued(452.22)
        self.pay(bills)
        found = lambda text: self.bills.search(  # noqa: E731
            [("display_name", "ilike", text), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(found("952.33"), bills)
        self.assertEqual(found("$ 452.22"), bills[1])
        view = self.view("kavi.bill", "view_kavi_bill_search")
        node = view.xpath("//field[@string='Amount']")[0]
        domain = safe_eval(node.get("filter_domain"), {"self": 952.33})
        seen = self.as_user("user")["kavi.bill"].search(domain)
        self.assertEqual(set(seen.ids), set(bills.ids))
        negative = [("display_name", "not ilike", "952.33")]
        self.assertFalse(self.bills.search(negative) & bills)
        self.bounce(bills[0])
        self.assertEqual(found("952.33"), bills)
        others = self.issued(70.01) | self.issued(80.02)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=others.sudo().invoice_id.ids
        ).create({"group_payment": True})._create_payments()
        self.assertEqual(found("150.03"), others)
        portal = self._new_user("amount_portal", "base.group_portal")
        theirs = self.as_user(portal)["kavi.bill"]
        self.assertFalse(theirs.search([("display_name", "ilike", "952.33")]))

    def test_one_box_negated(self):
        """Not like: neither the bill nor its account."""
        domain = [("display_name", "not ilike", "zebra")]
        found = self.bills.search(domain) & self.all
        self.assertEqual(found, self.all - self.new)
        self.assertEqual(self.bills.search([("display_name", "ilike", "")]), self.all)

    def test_box_of_portal_user(self):
        """Typing another account's name shows a portal user nothing of it."""
        portal = self._new_user("search_portal", "base.group_portal")
        bills = self.as_user(portal)["kavi.bill"]
        self.assertFalse(bills.search([("display_name", "ilike", "zebra")]))

    def test_states_and_badges(self):
        """KB-28: each state, each badge, Overdue included, is a filter."""
        with self._at(DAY):
            expected = {
                "draft": self.draft_bill,
                "paid": self.paid | self.frozen,
                "refunded": self.refunded,
                "canceled": self.canceled,
                "overdue": self.late,
                "partly_paid": self.part,
                "disputed": self.disputed,
                "frozen": self.frozen,
            }
            for name, bills in expected.items():
                self.assertEqual(self.found(name), bills, name)
            for state in ("new", "pending"):
                bills = self.all.filtered(lambda b, state=state: b.state == state)
                self.assertTrue(bills)
                self.assertEqual(self.found(state), bills)
            self.assertEqual(self.found("open"), self.found("new") | self.pending)

    def test_method(self):
        """KB-28: by method; 'Paid By' hides what is not paid."""
        by_method = [("payment_method_id", "ilike", self.check.name)]
        chosen = self.bills.search(by_method) & self.all
        self.assertIn(self.pending, chosen)
        self.assertNotIn(self.new, chosen)
        self.assertEqual(
            self.found("Paid By", self.check.name), self.paid | self.frozen
        )
        self.assertEqual(self.found("Paid By", self.wire.name), self.refunded)

    def test_dates_and_groups(self):
        """BB-20: by issue, due, paid, refund and cancel date; by every dimension."""
        view = self.view("kavi.bill", "view_kavi_bill_search")
        self.assertEqual(
            set(view.xpath("//filter/@date")),
            {"bill_date", "due_date", "payment_date", "refund_date", "cancel_date"},
        )
        bills = self.as_user("user")["kavi.bill"]
        contexts = view.xpath("//group/filter/@context")
        self.assertGreater(len(contexts), 8)
        for context in contexts:
            field = safe_eval(context)["group_by"]
            if bills._fields[field].type == "date":
                field += ":month"  # what the client asks for first
            groups = bills.formatted_read_group(
                [("id", "in", self.all.ids)], [field], ["__count"]
            )
            self.assertEqual(sum(g["__count"] for g in groups), len(self.all), field)

    def test_favourites(self):
        """BB-20: a search is saved, and is there again."""
        filters = self.as_user("user")["ir.filters"]
        filters.create_filter(
            {
                "name": "Zebra, by state",
                "model_id": "kavi.bill",
                "domain": "[('partner_id', 'ilike', 'zebra')]",
                "context": "{'group_by': ['state']}",
                "user_ids": [self.users["user"].id],
                "is_default": False,
            }
        )
        saved = filters.get_filters("kavi.bill")
        self.assertIn("Zebra, by state", [each["name"] for each in saved])
        found = self.as_user("user")["kavi.bill"].search(safe_eval(saved[-1]["domain"]))
        self.assertEqual(found & self.all, self.new)

    def test_box_uses_indexes(self):
        """BB-20: each part of what the box asks has an index, and none is a subquery,
        beside which PostgreSQL would use none of them."""
        query = self.bills._search([("display_name", "ilike", "acme")])
        self.assertEqual(query.select().code.count("SELECT"), 1)
        self.assertIn("partner_id", query.select().code)
        self.env.cr.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'kavi_bill'"
        )
        indexes = [row[0] for row in self.env.cr.fetchall()]
        for column in (
            "name",
            "title",
            "purchase_order",
            "invoice_number",
            "payment_number",
            "document_numbers",
        ):
            self.assertTrue(
                any("gin" in index and f"({column} " in index for index in indexes),
                column,
            )
        for column in ("partner_id", "amount_total", "amount_paid", "amount_due"):
            self.assertTrue(any(f"btree ({column}" in index for index in indexes))


@tagged("post_install", "-at_install")
class TestAccountSearch(SearchCommon):
    def test_accounts(self):
        """KB-28: an account by name, e-mail, number, its people; owing, overdue."""
        account = self.env["res.partner"].create(
            {
                "name": "Zebra Works",
                "is_company": True,
                "is_billing_account": True,
                "email": "office@zebra.example",
                "ref": "Z-900",
                "child_ids": [
                    (0, 0, {"name": "Otto", "email": "otto@elsewhere.example"})
                ],
            }
        )
        self.issued(partner_id=account.id, bill_date="2026-01-05")
        both = account | self.account
        search = ("res.partner", "view_billing_account_search", both)
        for typed in ("zebra", "office@zebra", "Z-900", "otto@else"):
            found = self.find(*search, "Account", typed)
            self.assertEqual(found.ids, account.ids, typed)
        self.assertEqual(self.find(*search, "owing").ids, account.ids)
        with self.at("2026-01-10"):
            self.assertFalse(self.find(*search, "overdue"))
        with self.at(DAY):
            self.assertEqual(self.find(*search, "overdue").ids, account.ids)
        self.assertEqual(self.find(*search, "type_company"), both)


@tagged("post_install", "-at_install")
class TestCreditSearch(SearchCommon):
    def test_credits(self):
        """BB-20: credits by number, reason, account and state."""
        draft = self.credit_draft()
        given = self.credit(50, reason="Late delivery")
        used = self.credit(20)
        self.apply(used, self.issued(20))
        out = self.credit(10)
        self.refund_credit(out)
        credits = draft | given | used | out
        search = ("kavi.credit", "view_kavi_credit_search", credits)
        expected = {"draft": draft, "open": given, "used": used, "paid_out": out}
        for name, records in expected.items():
            self.assertEqual(self.find(*search, name).ids, records.ids, name)
        self.assertEqual(set(self.find(*search, "closed").ids), {used.id, out.id})
        self.assertFalse(self.find(*search, "expired") | self.find(*search, "canceled"))
        for typed in (given.name, "late deliv"):
            self.assertEqual(self.find(*search, "Credit", typed).ids, given.ids)
        self.assertEqual(
            set(self.find(*search, "Credit", "acme").ids), set(credits.ids)
        )


@tagged("post_install", "-at_install")
class TestPaymentSearch(SearchCommon):
    def test_ledger(self):
        """BB-20: payments, refunds, invoices and credits in the ledger."""
        bill = self.issued(100)
        self.pay(bill)
        self.give_back(bill, 30)
        ledger = self.as_user("user")["kavi.account.ledger"]
        lines = ledger.search([("partner_id", "=", self.account.id)])
        search = ("kavi.account.ledger", "view_kavi_account_ledger_search", lines)
        for name, kind in (
            ("payments", "payment"),
            ("refunds", "refund"),
            ("invoices", "invoice"),
            ("credit_notes", "credit_note"),
        ):
            found = self.find(*search, name)
            self.assertEqual(found.mapped("kind"), [kind], name)
        payment = lines.filtered(lambda line: line.kind == "payment")
        self.assertEqual(self.find(*search, "Document", payment.reference), payment)
        self.assertEqual(self.find(*search, "Document", "acme"), lines)
        self.assertFalse(self.find(*search, "open"))
