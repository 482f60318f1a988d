"""The nightly check that compares bills and credits with the books (D-05)."""

from odoo.tests import tagged
from odoo.tools import SQL

from .common import BillingCommon
from .test_credit import CreditCommon


@tagged("post_install", "-at_install")
class TestBookCheck(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.users["administrator"]
        cls.bill = cls.issued()
        cls.paid = cls.issued()
        cls.pay(cls.paid)

    def run_check(self):
        """The scheduled action, by its own user, as the scheduler runs it."""
        cron = self.env.ref("kavi_billing.cron_check_books")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def tamper(self, column, value, bill):
        """What no path of the addon does: a bill that says something of its own."""
        self.env.flush_all()
        query = {
            "amount_due": "UPDATE kavi_bill SET amount_due = %s WHERE id = %s",
            "amount_due_company": (
                "UPDATE kavi_bill SET amount_due_company = %s WHERE id = %s"
            ),
            "state": "UPDATE kavi_bill SET state = %s WHERE id = %s",
        }[column]
        self.env.cr.execute(query, [value, bill.id])
        self.env.invalidate_all()

    def find(self):
        return self.env["kavi.bill"]._find_book_differences()

    def test_every_bill_of_this_database_agrees(self):
        """Those of the demo too: each is what our own reading of the ledger says."""
        bills = self.env["kavi.bill"].search([("name", "!=", False)])
        self.assertLessEqual(self.bill | self.paid, bills)
        self.assertBooks(*bills)
        self.assertFalse(self.find())

    def test_differences_are_found(self):
        for column, value, bill in (
            ("amount_due", 99.99, self.bill),
            ("amount_due", 0.01, self.paid),
            ("amount_due_company", 50, self.bill),
            ("state", "paid", self.bill),
            ("state", "canceled", self.bill),
        ):
            with self.subTest(column=column, value=value):
                savepoint = self.cr.savepoint()
                self.tamper(column, value, bill)
                found = self.find()
                self.assertEqual(list(found), [bill])
                self.assertIn("ledger", found[bill])
                savepoint.close()
        self.assertFalse(self.find())

    def test_mended_is_taken_off(self):
        """Who was told that a bill differs is not left with it once it agrees."""
        self.tamper("amount_due", 99.99, self.bill)
        self.run_check()

        def told():
            return self.bill.activity_ids.filtered(
                lambda activity: activity.user_id == self.administrator
            )

        self.assertEqual(told().summary, "Bill and books differ")
        self.bill.activity_schedule(
            "mail.mail_activity_data_todo",
            summary="Call them",
            user_id=self.administrator.id,
        )
        self.tamper("amount_due", 100, self.bill)
        self.run_check()
        self.assertEqual(told().mapped("summary"), ["Call them"])

    def test_drafts_are_no_concern(self):
        self.draft()
        self.assertFalse(self.find())

    def test_administrators_are_told_once(self):
        """An activity for each billing administrator of the company, not one a
        night; nobody else is bothered."""
        self.run_check()
        self.assertFalse((self.bill | self.paid).sudo().activity_ids)
        self.tamper("amount_due", 99, self.bill)
        for __ in range(2):
            self.run_check()
            activities = self.bill.sudo().activity_ids
            told = activities.user_id
            self.assertIn(self.administrator, told)
            self.assertEqual(len(activities), len(told))
            self.assertNotIn(self.officer, told)
            self.assertLessEqual({self.company}, set(told.company_ids))
            note = str(activities[0].note)
            self.assertIn("99.00", note)
            self.assertIn("100.00", note)
        self.assertFalse(self.paid.sudo().activity_ids)


@tagged("post_install", "-at_install")
class TestCreditCheck(CreditCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.open, cls.used = cls.credit(50), cls.credit(30)
        cls.used._apply(cls.issued(30))

    def tamper(self, credit, **vals):
        """What no path of the addon does: a credit that says something of its own."""
        self.env.flush_all()
        for name, value in vals.items():
            self.env.execute_query(
                SQL(
                    "UPDATE kavi_credit SET %s = %s WHERE id = %s RETURNING id",
                    SQL.identifier(name),
                    value,
                    credit.id,
                )
            )
        self.env.invalidate_all()

    def find(self):
        return self.env["kavi.credit"]._find_book_differences()

    def test_every_credit_of_this_database_agrees(self):
        """Those of the demo too, whatever became of them."""
        drafts = self.credit_draft()
        self.credit(10)._expire()
        self.credit(10)._refund_in_money(self.check)
        bill, part = self.issued(40), self.credit(10)
        part._apply(bill)
        self.invoice(bill).button_draft()
        gone = self.credit(10)
        gone.sudo().move_id.button_draft()
        self.assertEqual((part.state, gone.state), ("open", "canceled"))
        payment = self.register_payment(self.invoice(self.issued(10)), 15)
        self.credits._record_overpayments(payment)
        self.assertEqual(drafts.state, "draft")
        self.assertFalse(self.find())

    def test_differences_are_found(self):
        for credit, vals in (
            (self.open, {"amount_open": 49.99}),
            (self.open, {"amount_open_company": 1}),
            (self.open, {"amount": 60}),
            (self.open, {"state": "used"}),
            (self.open, {"partner_id": self.person.id}),
            (self.used, {"amount_open": 30, "state": "open"}),
            (self.used, {"state": "draft"}),
        ):
            with self.subTest(vals), self.cr.savepoint() as savepoint:
                self.tamper(credit, **vals)
                found = self.find()
                self.assertEqual(list(found), [credit])
                self.assertIn("ledger", found[credit])
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertFalse(self.find())

    def test_administrators_are_told(self):
        """By the same job, in the same way as of bills."""
        self.tamper(self.open, amount_open=49)
        cron = self.env.ref("kavi_billing.cron_check_books")
        for __ in range(2):
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
            self.env.invalidate_all()
            activities = self.open.sudo().activity_ids
            self.assertIn(self.users["administrator"], activities.user_id)
            self.assertEqual(len(activities), len(activities.user_id))
            self.assertIn("49.00", str(activities[0].note))
            self.assertIn("50.00", str(activities[0].note))
        self.assertFalse(self.used.sudo().activity_ids)

    def test_one_query(self):
        """However many credits there are."""
        for __ in range(20):
            self.credit(1)
        self.find()
        with self.assertQueryCount(1):
            self.find()
