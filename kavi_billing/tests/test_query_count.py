"""Lists and forms cost a constant number of queries (D-15)."""

from lxml import etree

from odoo.tests import tagged
from odoo.tools import SQL

from .common import BillingCommon

FEW, MANY = 10, 1000
ALL_OF_ONE = 5000


@tagged("post_install", "-at_install")
class TestQueryCount(BillingCommon):
    """The screens as the web client asks for them, with 10 and with 1,000 records."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Member {n}", "is_billing_account": True} for n in range(MANY)]
        )
        cls.first = cls.issued(partner_id=cls.partners[0].id, bill_date="2026-03-01")
        cls.choose(cls.first)
        cls.many = cls._clone(cls.first, cls.partners[1:].ids) | cls.first
        cls.few = cls.many[:FEW]
        cls._clone(cls.first, cls.account.ids * FEW)
        cls.env.invalidate_all()

    @classmethod
    def _clone(cls, bill, partner_ids):
        """Copies of an issued bill for these accounts, in plain SQL: for reading."""
        cls.env.flush_all()
        columns = SQL(", ").join(
            SQL.identifier(name)
            for name, field in bill._fields.items()
            if field.store
            and field.column_type
            and name not in ("id", "name", "partner_id")
        )
        rows = cls.env.execute_query(
            SQL(
                """
                INSERT INTO kavi_bill (name, partner_id, %(columns)s)
                     SELECT 'C-' || nextval('kavi_bill_id_seq'), partner.id, %(columns)s
                       FROM kavi_bill, UNNEST(%(partner_ids)s) AS partner (id)
                      WHERE kavi_bill.id = %(bill_id)s
                  RETURNING id
                """,
                columns=columns,
                partner_ids=partner_ids,
                bill_id=bill.id,
            )
        )
        return cls.bills.browse([id_ for (id_,) in rows])

    def specification(self, records, view_type, view_id=False):
        """The fields that a view asks for, with the names of what they point to."""
        view = records.get_views([(view_id, view_type)])["views"][view_type]
        specification = {}
        for node in etree.fromstring(view["arch"]).iter("field"):
            if any(parent.tag == "field" for parent in node.iterancestors()):
                continue  # of a list within the form
            field = records._fields[node.get("name")]
            names = {"fields": {"display_name": {}}} if field.relational else {}
            if field.type in ("one2many", "many2many"):
                names["limit"] = 40
            specification[field.name] = names
        self.assertGreater(len(specification), 5)
        return specification

    def queries(self, call):
        """How many queries a call takes on an empty cache, once all is warm."""
        for __ in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            call()
        return self.cr.sql_log_count - before

    def assertSameCount(self, few, many):
        """As many queries for many records as for few."""
        count = self.queries(few)
        self.queries(many)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(count):
            many()
        return count

    def assertListCost(self, few, many, view_type, most, view_id=False):
        specification = self.specification(few, view_type, view_id)

        def read(records):
            found = records.web_search_read(
                [("id", "in", records.ids)], specification, limit=None
            )
            self.assertEqual(found["length"], len(records))

        count = self.assertSameCount(lambda: read(few), lambda: read(many))
        self.assertLessEqual(count, most)

    def test_bill_list(self):
        self.assertListCost(self.few, self.many, "list", 10)

    def test_bill_kanban(self):
        self.assertListCost(self.few, self.many, "kanban", 10)

    def test_bill_list_for_a_user(self):
        user = self.users["user"]
        self.assertListCost(
            self.few.with_user(user), self.many.with_user(user), "list", 12
        )

    def test_overdue_filter(self):
        """Finding what is overdue, and counting it, among few and among all."""

        def search(bills):
            domain = [("id", "in", bills.ids), ("is_overdue", "=", True)]
            with self.at("2026-06-01"):
                self.assertEqual(self.bills.search_count(domain), len(bills))

        self.assertSameCount(lambda: search(self.few), lambda: search(self.many))

    def test_account_list(self):
        """With the balance of each account (KB-08)."""
        view = self.env.ref("kavi_billing.view_billing_account_list")
        accounts = self.as_user("officer")["res.partner"]
        self.assertListCost(
            accounts.browse(self.partners[:FEW].ids),
            accounts.browse(self.partners.ids),
            "list",
            10,
            view.id,
        )

    def test_account_list_by_balance(self):
        accounts = self.as_user("officer")["res.partner"]

        def search(partners):
            domain = [("id", "in", partners.ids), ("billing_balance", ">", 0)]
            found = accounts.search(domain, order="billing_balance desc")
            self.assertEqual(len(found), len(partners))
            found.mapped("billing_balance")

        self.assertSameCount(
            lambda: search(self.partners[:FEW]), lambda: search(self.partners)
        )

    def test_bill_form(self):
        """One bill costs what it costs, however many there are beside it."""
        specification = self.specification(self.first, "form")
        counts = [
            self.queries(lambda bill=bill: bill.web_read(specification))
            for bill in (self.few[0], self.many[MANY // 2], self.many[-1])
        ]
        # all but the bill that has an invoice are copies without one
        self.assertEqual(counts[0], counts[1])
        # one of them counts its notices, one its card transactions
        self.assertLessEqual(max(counts), 24)

    def test_account_form(self):
        """An account with 10 bills and a credit, and then with 5,000 bills."""
        view = self.env.ref("kavi_billing.view_billing_account_form")
        account = self.as_user("officer")["res.partner"].browse(self.account.id)
        specification = self.specification(account, "form", view.id)
        line = {"fields": dict.fromkeys(("name", "state", "amount_due"), {})}
        specification["bill_ids"] = {**line, "limit": 20}

        def read():
            (values,) = account.web_read(specification)
            self.assertGreaterEqual(len(values["bill_ids"]), FEW)

        vals = {"partner_id": account.id, "reason": "Thanks", "amount": 5}
        self.as_user("officer")["kavi.credit"].create(vals).action_issue()
        few = self.queries(read)
        self.assertLessEqual(few, 40)
        self._clone(self.first, self.account.ids * (ALL_OF_ONE - FEW))
        self.env.invalidate_all()
        self.assertEqual(account.billing_open_count, ALL_OF_ONE)
        self.assertEqual(self.queries(read), few)
        self.env.invalidate_all()
        with self.assertQueryCount(few):
            read()

    def test_issue_in_batches(self):
        """Issuing is not one by one: ten bills cost far less than ten times one."""

        def issue(count):
            bills = self.bills.create(
                [
                    {"partner_id": self.account.id, "title": "Fee", "amount": 5}
                    for __ in range(count)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            bills.action_issue()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        issue(1)
        one, ten = issue(1), issue(10)
        self.assertLess(ten, one * 4)
