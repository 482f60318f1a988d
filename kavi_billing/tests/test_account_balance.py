"""What accounts owe: several currencies, several companies, lists (KB-08)."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestBalance(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.env["res.currency.rate"].create(
            {"name": "2020-01-01", "rate": 0.8, "currency_id": cls.euro.id}
            | {"company_id": cls.company.id}
        )
        cls.other = cls._new_company("Kavi Euroland", currency_id=cls.euro.id)
        cls.env["res.currency.rate"].create(
            {
                "name": "2020-01-01",
                "rate": 1.25,
                "currency_id": cls.env.ref("base.USD").id,
            }
            | {"company_id": cls.other.id}
        )
        cls.officer.company_ids |= cls.other
        names = ("Nothing", "Little", "Much", "Paid")
        cls.nothing, cls.little, cls.much, cls.paid = cls.env["res.partner"].create(
            [{"name": name} for name in names]
        )
        cls.all = cls.nothing | cls.little | cls.much | cls.paid

    def accounts(self, *companies):
        """The accounts as the officer sees them with these companies chosen."""
        companies = [company.id for company in companies or (self.company,)]
        partners = self.as_user("officer")["res.partner"]
        return partners.with_context(allowed_company_ids=companies).browse(self.all.ids)

    def raise_bills(self):
        self.issued(10, partner_id=self.little.id)
        self.issued(70, partner_id=self.much.id)
        self.issued(30, partner_id=self.much.id)
        self.draft(500, partner_id=self.nothing.id)
        self.pay(self.issued(40, partner_id=self.paid.id))

    def assertBalances(self, accounts, *wanted):
        """The field, the search and the order agree."""
        accounts.invalidate_recordset()
        self.assertEqual(accounts.mapped("billing_balance"), list(wanted))
        ours = [("id", "in", accounts.ids)]
        for account, balance in zip(accounts, wanted, strict=True):
            same = accounts.filtered(lambda a, b=balance: a.billing_balance == b)
            more = accounts.filtered(lambda a, b=balance: a.billing_balance > b)
            less = accounts.filtered(lambda a, b=balance: a.billing_balance < b)
            for operator, found in (
                ("=", same),
                ("!=", accounts - same),
                (">", more),
                (">=", more | same),
                ("<", less),
                ("<=", less | same),
            ):
                domain = [*ours, ("billing_balance", operator, balance)]
                self.assertEqual(
                    set(accounts.search(domain).ids),
                    set(found.ids),
                    (operator, balance, account.name),
                )
        for order, descends in (("billing_balance", 0), ("billing_balance desc", 1)):
            found = accounts.search(ours, order=order).mapped("billing_balance")
            self.assertEqual(found, sorted(wanted, reverse=descends))

    def test_sum_of_what_is_outstanding(self):
        """KB-08: new and pending count; drafts, paid and canceled ones do not."""
        self.raise_bills()
        self.assertBalances(self.accounts(), 0.0, 10.0, 100.0, 0.0)
        bills = self.much.bill_ids
        self.choose(bills[0].with_user(self.officer))
        self.assertBalances(self.accounts(), 0.0, 10.0, 100.0, 0.0)
        self.register_payment(self.invoice(self.little.bill_ids), 4)
        self.cancel(
            bills.filtered(lambda b: b.amount_due == 30).with_user(self.officer)
        )
        self.assertBalances(self.accounts(), 0.0, 6.0, 70.0, 0.0)
        self.assertEqual(self.accounts().mapped("billing_open_count"), [0, 1, 1, 0])

    def test_agrees_with_the_ledger(self):
        """Σ due of the bills is what the receivable accounts say of them."""
        self.raise_bills()
        self.env.flush_all()
        for account in self.all:
            lines = self.env["account.move.line"].search(
                [
                    ("partner_id", "=", account.id),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                ]
            )
            self.assertAlmostEqual(
                account.with_company(self.company).billing_balance,
                sum(lines.mapped("balance")),
            )

    def test_currencies(self):
        """In company currency, and each currency apart."""
        self.issued(10, partner_id=self.much.id)
        self.issued(40, partner_id=self.much.id, currency_id=self.euro.id)
        self.assertBalances(self.accounts(), 0.0, 0.0, 60.0, 0.0)
        detail = self.accounts()[2].billing_balance_detail
        self.assertIn("10.00", detail)
        self.assertIn("40.00", detail)
        self.assertIn("€", detail)

    def test_companies(self):
        """The companies chosen, in the currency of the one worked in."""
        self.issued(10, partner_id=self.much.id)
        bills = self.bills.with_context(allowed_company_ids=self.other.ids)
        bill = bills.create(
            {"partner_id": self.much.id, "title": "There", "amount": 40}
        )
        bill.action_issue()
        self.assertEqual(bill.company_id, self.other)
        self.assertBalances(self.accounts(), 0.0, 0.0, 10.0, 0.0)
        self.assertBalances(self.accounts(self.other), 0.0, 0.0, 40.0, 0.0)
        both = self.accounts(self.company, self.other)
        self.assertBalances(both, 0.0, 0.0, 60.0, 0.0)
        self.assertBalances(
            self.accounts(self.other, self.company), 0.0, 0.0, 48.0, 0.0
        )

    def test_odd_rate(self):
        """What is shown is what is found, also where rates do not come out even."""
        self.env["res.currency.rate"].create(
            {"name": "2021-01-01", "rate": 1.337, "currency_id": self.euro.id}
            | {"company_id": self.company.id}
        )
        for amount, account in ((0.07, self.little), (99.99, self.much)):
            bills = self.bills.with_context(allowed_company_ids=self.other.ids)
            for __ in range(3):
                bills.create(
                    {"partner_id": account.id, "title": "X", "amount": amount}
                ).action_issue()
        both = self.accounts(self.company, self.other)
        shown = both.mapped("billing_balance")
        self.assertEqual(shown, [round(amount, 2) for amount in shown])
        self.assertGreater(shown[2], 200)
        self.assertBalances(both, *shown)

    def test_only_users_of_billing(self):
        """The field is billing's: not searched or sorted by for others."""
        self.raise_bills()
        stranger = self._new_user("stranger", "base.group_user")
        accounts = self.all.with_user(stranger)
        for what, call in {
            "read": lambda: accounts.mapped("billing_balance"),
            "search": lambda: accounts.search([("billing_balance", ">", 0)]),
            "order": lambda: accounts.search([], order="billing_balance"),
            "bills": lambda: accounts.search([("bill_ids.amount_due", ">", 0)]),
        }.items():
            with self.subTest(what), self.assertRaises(AccessError):
                call()
