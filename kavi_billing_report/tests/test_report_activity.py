"""Activity history and full log: who, when, from where, what (KB-67, KB-68)."""

from odoo.tests import tagged

from odoo.addons.kavi_billing.tests.test_credit import CreditCommon


@tagged("post_install", "-at_install")
class TestActivity(CreditCommon):
    def activities(self, record, link="bill_id"):
        """What the history says of a record, oldest first."""
        self.env.flush_all()
        self.cr.precommit.run()  # where changes are noticed
        self.env.invalidate_all()
        return (
            self.as_user("user")["kavi.activity"]
            .search([(link, "=", record.id)])
            .sorted("id")
        )

    def test_each_act(self):
        """KB-67: each act is a row: who, when, what, and what became of the bill."""
        with self.at("2026-03-01 10:20:30"):
            bill = self.issued(100)
            for act in (self.choose, self.pay, self.give_back):
                self.activities(bill)  # each in a transaction of its own
                act(bill)
        rows = self.activities(bill)
        self.assertEqual(
            rows.mapped("act"), ["issue", "choose_method", "complete_payment", "refund"]
        )
        self.assertEqual(
            [(row.old_state, row.new_state) for row in rows][1:],
            [("new", "pending"), ("pending", "paid"), ("paid", "refunded")],
        )
        self.assertEqual(rows[0].new_state, "new")
        self.assertEqual(set(rows.mapped("origination")), {"billing"})
        self.assertEqual(rows.user_id, self.officer)
        self.assertEqual(set(rows.mapped("login")), {self.officer.login})
        self.assertEqual(rows.partner_id, self.account)
        self.assertEqual(set(rows.mapped("reference")), {bill.name})
        self.assertEqual(str(rows[0].date), "2026-03-01 10:20:30")
        self.assertIn("100.00", rows[0].details)

    def test_batch(self):
        """One row a bill, however many are issued at once."""
        bills = self.draft() | self.draft() | self.draft()
        bills.action_issue()
        self.env.flush_all()
        for bill in bills:
            self.assertEqual(self.activities(bill).mapped("act"), ["issue"])

    def test_origination(self):
        """KB-67: another application, the billing staff, the payer online."""
        vals = {"partner_id": self.account.id, "title": "Gala", "amount": 10}
        raised = self.bills._raise_bills([vals], application="Events")
        self.assertEqual(self.activities(raised).mapped("origination"), ["automated"])
        own = self.bills._raise_bills([vals])
        self.assertEqual(self.activities(own).mapped("origination"), ["billing"])
        payer = self._new_user("payer", "base.group_portal")
        bill = own.with_env(self.as_user(payer)).sudo()
        bill._log_act("choose_method", {bill.id: "Check"})
        row = self.activities(own)[-1]
        self.assertEqual((row.origination, row.user_id), ("manual", payer))

    def test_edits(self):
        """KB-68: what is edited is told, with old and new value."""
        bill = self.issued(100, title="Before")
        self.activities(bill)
        bill.with_env(self.as_user("officer")).write(
            {"title": "After", "purchase_order": "PO-9"}
        )
        row = self.activities(bill)[-1]
        self.assertEqual((row.act, row.user_id), ("edit", self.officer))
        self.assertIn("Title", row.details)
        self.assertIn("PO Number", row.details)
        log = self.as_user("user")["kavi.log.report"]
        values = {
            each.field_name: (each.old_value, each.new_value, each.act)
            for each in log.search([("bill_id", "=", bill.id), ("act", "=", "edit")])
            if each.field_name
        }
        self.assertEqual(values["title"], ("Before", "After", "edit"))
        self.assertEqual(values["purchase_order"][1], "PO-9")

    def test_log_of_states(self):
        """KB-68: the state before and after each act."""
        bill = self.issued(100)
        self.pay(bill)
        self.activities(bill)
        log = self.as_user("user")["kavi.log.report"].search(
            [("bill_id", "=", bill.id), ("act", "=", "complete_payment")]
        )
        self.assertEqual((log.old_value, log.new_value), ("New", "Paid"))
        self.assertEqual(log.field_label, "State")

    def test_in_the_books(self):
        """What an accountant does with the invoice is told, too."""
        bill = self.issued(100)
        self.activities(bill)
        self.register_payment(self.invoice(bill))
        row = self.activities(bill)[-1]
        self.assertEqual(
            (row.act, row.old_state, row.new_state), ("outside", "new", "paid")
        )

    def test_deleted_draft(self):
        """KB-67: of what was deleted, the log remains."""
        draft = self.draft(title="A mistake")
        draft.unlink()
        rows = self.activities(self.account, "partner_id")
        row = rows.filtered(lambda each: each.act == "delete")
        self.assertEqual((row.details, row.bill_id.id), ("A mistake", False))
        self.assertIn("A mistake", row.reference)

    def test_credits_and_accounts(self):
        """Credits and the opening of accounts are activities."""
        credit = self.credit(15)
        row = self.activities(credit, "credit_id")[-1:]
        self.assertEqual((row.act, row.reference), ("credit", credit.name))
        self.person.with_env(self.as_user("officer"))._open_billing_account()
        row = self.activities(self.person, "partner_id")
        self.assertEqual(row.mapped("act"), ["account"])

    def test_rolled_back(self):
        """An act that was taken back leaves no row."""
        bill = self.issued(100)
        before = self.activities(bill)
        try:
            with self.env.cr.savepoint():
                self.choose(bill)
                raise ZeroDivisionError
        except ZeroDivisionError:
            self.env.invalidate_all()
        self.pay(bill)
        acts = self.activities(bill) - before
        self.assertEqual(acts.mapped("act"), ["complete_payment"])
