"""The page of an account in the portal (KB-38, KB-43)."""

from lxml import html

from odoo.tests import tagged

from .test_portal_access import PortalCase


class PageCase(PortalCase):
    def page(self, path, **query):
        answer = self.open(path, **query)
        self.assertEqual(answer.status_code, 200, path)
        return html.fromstring(answer.text)

    def bill_page(self, bill, **query):
        return self.page(f"/my/bills/{bill.id}", **query)

    def post(self, bill, act, **data):
        answer = self.open(f"/my/bills/{bill.id}/{act}", data)
        self.env.invalidate_all()
        return answer

    @staticmethod
    def text(page, path="//div[@id='wrap']"):
        return " ".join(" ".join(page.xpath(path + "//text()")).split())

    @staticmethod
    def rows(page):
        return [
            " ".join(row.text_content().split())
            for row in page.xpath("//table[contains(@class, 'doc_table')]/tbody/tr")
        ]


@tagged("post_install", "-at_install")
class TestPortalAccount(PageCase):
    def test_my_account(self):
        """KB-08, KB-43: balance per currency, credits, bills with their status."""
        self.env.ref("base.EUR").active = True
        self.issued(12.5, currency_id=self.env.ref("base.EUR").id, title="In euros")
        credit = self.as_user("officer")["kavi.credit"].create(
            {"partner_id": self.account.id, "amount": 7.0, "reason": "Sorry"}
        )
        credit.action_issue()
        self.env.flush_all()
        self.log_in("contact")
        page = self.page("/my/billing")
        text = self.text(page)
        for part in ("Acme Ltd", "$ 100.00", "12.50 €", "$ 7.00", self.bill.name):
            self.assertIn(part, text.replace("\xa0", " "))
        self.assertEqual(len(self.rows(page)), 2)
        page = self.page("/my/billing/credits")
        self.assertIn("Sorry", self.text(page))
        page = self.page("/my/billing/statement")
        self.assertIn(self.bill.name, self.text(page))

    def test_statement_begins_and_ends_with_a_balance(self):
        """The running balances of a period start from what was owed before it."""
        self.issued(12, bill_date="2020-01-05")
        self.pay(self.bill, amount=30)
        self.env.flush_all()
        self.log_in("contact")
        page = self.page("/my/billing/statement", date_from="2020-01-01")
        text = self.text(page).replace("\xa0", " ")
        self.assertNotIn("Opening balance", text)
        self.assertIn("Closing balance $ 82.00", text)
        page = self.page("/my/billing/statement", date_from="2020-02-01")
        text = self.text(page).replace("\xa0", " ")
        self.assertIn("Opening balance $ 12.00", text)
        self.assertIn("Closing balance $ 82.00", text)

    def test_statement_on_paper(self):
        self.log_in("contact")
        url = "/my/billing/statement/pdf"
        answer = self.open(url, account=self.account.id)
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        self.assertIn(self.bill.name.encode(), answer.content)
        self.assertIn(url, self.open("/my/billing/statement").text)
        # of nobody else, nor of a period that ends before it starts
        for query in (
            {"account": self.own_bill.partner_id.id},
            {"date_from": "2030-01-01", "date_to": "2029-01-01"},
        ):
            self.assertEqual(self.open(url, **query).status_code, 303)

    def test_filters_search_and_pages(self):
        bills = self.bills.create(
            [
                {"partner_id": self.account.id, "title": f"Fee {n:02}", "amount": n}
                for n in range(1, 26)
            ]
        )
        bills.action_issue()
        self.pay(bills[:3], self.wire)
        self.cancel(bills[3])
        self.env.flush_all()
        self.log_in("admin")
        self.assertEqual(len(self.rows(self.page("/my/billing"))), 20)
        self.assertEqual(len(self.rows(self.page("/my/billing/page/2"))), 2)
        paid = self.page("/my/billing", filterby="paid")
        self.assertEqual(len(self.rows(paid)), 3)
        self.assertNotIn("Pay the chosen bills", self.text(paid))
        # KB-38: the canceled one is in no list, but its page tells
        found = self.page("/my/billing", filterby="all", search="Fee 04")
        self.assertFalse(self.rows(found))
        self.assertIn("Canceled on", self.text(self.bill_page(bills[3])))
        found = self.page("/my/billing", filterby="all", search="fee 2")
        self.assertEqual(len(self.rows(found)), 6)
        rows = self.rows(self.page("/my/billing", sortby="amount"))
        self.assertIn("100.00", rows[0])
        self.assertIn("25.00", rows[1])
        # what nobody offers changes nothing
        page = self.page("/my/billing", sortby="x", filterby="y", account="-1")
        self.assertEqual(len(self.rows(page)), 20)
        # what no browser sends is refused, and what is a pattern in a database, or
        # longer than anything, is just not found
        for search in ("\x00", "fee\x00 2"):
            self.assertEqual(self.open("/my/billing", search=search).status_code, 400)
        for search in ("%' OR 1=1", "x" * 5000):
            page = self.page("/my/billing", search=search)
            self.assertTrue(page.xpath("//h1[text()='Billing']"))

    def test_two_accounts(self):
        """KB-43: a person's own account, and the company's they look after."""
        owner = self.people["owner"]
        self.account.billing_contact_id = owner.partner_id
        self.env.flush_all()
        self.log_in("owner")
        page = self.page("/my/billing")
        self.assertEqual(len(self.rows(page)), 2)
        page = self.page("/my/billing", account=self.account.id)
        self.assertEqual(len(self.rows(page)), 1)
        self.assertIn(self.bill.name, self.rows(page)[0])
        # bills of two accounts are not paid at once
        both = f"bill={self.bill.id}&bill={self.own_bill.id}"
        answer = self.open(f"/my/billing/pay?{both}")
        self.assertIn("one account", answer.text)
        self.assertNotIn('name="method_id"', answer.text)
        self.open(
            "/my/billing/pay",
            {
                "bill": [self.bill.id, self.own_bill.id],
                "method_id": self.wire.id,
            },
        )
        self.assertFalse((self.bill | self.own_bill).payment_method_id)

    def test_member_who_works_here(self):
        """Whoever has an account sees it, also if they have no billing role."""
        clerk = self._new_user("clerk", "base.group_user")
        bill = self.issued(partner_id=clerk.partner_id.id)
        self.people["clerk"] = clerk
        self.env.flush_all()
        self.log_in("clerk")
        self.assertEqual(len(self.rows(self.page("/my/billing"))), 1)
        self.post(bill, "method", method_id=self.wire.id)
        self.assertEqual(bill.state, "pending")

    def test_who_bills_looks_only(self):
        """A billing user sees the page as the payer does, and does nothing there."""
        self.people["user"] = self.users["user"]
        self.log_in("user")
        page = self.bill_page(self.bill)
        self.assertFalse(page.xpath("//form[contains(@action, '/my/bills/')]"))
        answer = self.post(self.bill, "method", method_id=self.wire.id)
        self.assertIn("Your role", answer.text)
        self.assertEqual(self.bill.state, "new")
        self.assertFalse(self.rows(self.page("/my/billing")))

    def test_queries_are_constant(self):
        """Twenty bills cost no more queries than two."""
        self.issued()
        self.env.flush_all()
        self.log_in("admin")
        counts = []
        for more in (0, 0, 17):
            if more:
                self.bills.create(
                    [{"partner_id": self.account.id, "title": "X", "amount": 5}] * more
                ).action_issue()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            rows = self.rows(self.page("/my/billing"))
            counts.append((len(rows), self.cr.sql_log_count - before))
        (_few, _cold), (few, warm), (many, queries) = counts
        self.assertEqual((few, many), (2, 19))
        self.assertLessEqual(queries, warm + 3, counts)

    def test_home(self):
        """The card is there for whoever has an account, with the open bills' count."""
        self.log_in("admin")
        self.assertIn("/my/billing", self.open("/my/home").text)
        answer = self.url_open(
            "/my/counters",
            json={"params": {"counters": ["kavi_open_bill_count"]}},
        ).json()
        self.assertEqual(answer["result"], {"kavi_open_bill_count": 1})
        self.log_in("employee")
        self.assertNotIn("/my/billing", self.open("/my/home").text)
