"""Acts on many bills: what can be done is done, the rest is reported by bill."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon


@tagged("post_install", "-at_install")
class TestBulk(BillingCommon):
    def assertReported(self, answer, *bills):
        """The window that answers lists just these bills, each with its reason."""
        self.assertEqual(answer["res_model"], "kavi.bulk.report")
        report = self.bills.env["kavi.bulk.report"].browse(answer["res_id"])
        self.assertEqual(report.res_ids, [bill.id for bill in bills])
        self.assertEqual(report.refused_count, len(bills))
        for bill in bills:
            self.assertIn(bill.display_name, report.refused)
        opened = report.action_open_records()
        self.assertEqual(opened["res_model"], "kavi.bill")
        return report

    def test_issue(self):
        """One draft has no amount, one bill is issued: the other two are issued."""
        good, other = self.draft(10), self.draft(20)
        empty = self.bills.create({"partner_id": self.account.id, "title": "Empty"})
        done = self.issued(5)
        answer = (good | empty | done | other).action_issue()
        report = self.assertReported(answer, done, empty)
        self.assertEqual(report.done_count, 2)
        self.assertIn("no amount", report.refused)
        for bill in good | other:
            self.assertBill(bill, "new")
        self.assertBill(empty, "draft", name=False)
        with self.refused("no amount"):
            empty.action_issue()

    def test_issue_when_all_can_be(self):
        bills = self.draft(10) | self.draft(20)
        self.assertIs(bills.action_issue(), True)

    def test_issue_when_none_can_be(self):
        bills = self.bills.create(
            [{"partner_id": self.account.id, "title": title} for title in ("A", "B")]
        )
        with self.refused("A: the bill has no amount", "B: the bill has no amount"):
            bills.action_issue()

    def test_failure_17_one_by_one_only_where_it_is_refused(self):
        """All at once first: good bills are not done one by one; what was begun of the
        bad one is undone."""
        bills = self.bills.concat(*(self.draft(10) for __ in range(8)))
        bad = self.bills.create({"partner_id": self.account.id, "title": "Empty"})
        calls = []

        def issue(drafts):
            calls.append(len(drafts))
            drafts.write({"title": "Begun"})
            drafts._issue()

        done, refused = (bills | bad)._act_in_bulk(issue)
        self.assertEqual(done, bills)
        self.assertEqual(list(refused), [bad])
        self.assertEqual(bad.title, "Empty")
        # 9, the first half, the second, and so on down to the one
        self.assertEqual(calls, [9, 4, 5, 2, 3, 1, 2, 1, 1])

    def test_wizards_leave_out(self):
        """The window opens on what it can be done with, and says the rest."""
        new, paid, canceled = self.issued(10), self.issued(20), self.issued(30)
        self.pay(paid)
        self.cancel(canceled)
        selected = new | paid | canceled
        for act, left_out in (
            ("payment", paid | canceled),
            ("method", paid | canceled),
            ("postpone", paid | canceled),
            ("dispute", paid | canceled),
            ("cancel", canceled),
            ("refund", new | canceled),
        ):
            with self.subTest(act=act):
                vals = (
                    {"method_id": self.check.id} if act in ("payment", "method") else {}
                )
                wizard = self.wizard(selected, act, vals)
                self.assertEqual(wizard.bill_ids, selected - left_out)
                for bill in selected:
                    is_named = bill.name in (wizard.left_out or "")
                    self.assertEqual(is_named, bill in left_out, bill.name)
        with self.refused(paid.name, canceled.name):
            self.wizard(paid | canceled, "method", {"method_id": self.check.id})
        with self.refused(canceled.name):
            self.wizard(canceled, "cancel", {})

    def test_cancel(self):
        """One of three is being worked on by somebody: in Invoicing its draft credit
        note waits; whatever it is, the others are canceled."""
        first, bad, last = self.issued(10), self.issued(20), self.issued(30)
        self._refuse(bad, "_credit_open", "the reason of this one")
        wizard = self.wizard(first | bad | last, "cancel", {"reason": "asked for"})
        report = self.assertReported(wizard.action_cancel_bills(), bad)
        self.assertIn("the reason of this one", report.refused)
        self.assertBill(first, "canceled")
        self.assertBill(last, "canceled")
        self.assertBill(bad, "new", amount_due=20.0)

    def _refuse(self, bad, method, reason):
        """Let a step of an act fail for one bill, as the books of some do."""
        Bill = type(self.env["kavi.bill"])
        original = getattr(Bill, method)

        def refuse(bills, *args, **kwargs):
            if bad.id in bills.ids:
                raise UserError(reason)
            return original(bills, *args, **kwargs)

        self.patch(Bill, method, refuse)

    def test_refund(self):
        """Nothing is left on one of them."""
        paid, given = self.issued(10), self.issued(20)
        self.pay(paid)
        self.pay(given)
        self.give_back(given)
        wizard = self.wizard(paid | given, "refund", {})
        self.assertReported(wizard.action_refund(), given)
        self.assertBill(paid, "refunded", refund_amount=10.0)

    def test_choose_method(self):
        """A kind that is paid by wire only."""
        kind = self.env["kavi.bill.kind"].create(
            {
                "name": "By wire",
                "company_id": self.company.id,
                "method_ids": [Command.set(self.wire.ids)],
            }
        )
        free, bound = self.issued(10), self.issued(20, kind_id=kind.id)
        wizard = self.wizard(free | bound, "method", {"method_id": self.check.id})
        self.assertReported(wizard.action_choose_method(), bound)
        self.assertBill(free, "pending")
        self.assertBill(bound, "new")

    def test_send(self):
        """Drafts are left out; the others are told."""
        self.person.email = "jane@doe.example"
        sent = self.issued(10, partner_id=self.person.id)
        draft = self.draft(20)
        template = self.env.ref("kavi_billing.mail_template_bill_reminder")
        wizard = self.wizard(sent | draft, "send", {"template_id": template.id})
        wizard.action_send()
        notices = self.env["kavi.notice"].search([("event", "=", "custom")])
        self.assertIn(sent, notices.bill_id)
        self.assertNotIn(draft, notices.bill_id)

    def test_payment_of_several_accounts(self):
        """What one account's check cannot be booked for, does not hold up another's."""
        other = self.env["res.partner"].create({"name": "Other"})
        mine = self.issued(10) | self.issued(20)
        theirs = self.issued(5, partner_id=other.id)
        self._refuse(mine[1], "_get_open_lines", "its entry is being repaired")
        wizard = self.wizard(mine | theirs, "payment", {"method_id": self.check.id})
        report = self.assertReported(wizard.action_complete_payment(), *mine)
        self.assertEqual(report.done_count, 1)
        self.assertBill(theirs, "paid")
        for bill in mine:
            self.assertBill(bill, "new", amount_paid=0.0)

    def test_somebody_paid_one_meanwhile(self):
        """While the window was open: that one is left, the others are done."""
        other = self.env["res.partner"].create({"name": "Other"})
        mine, theirs = self.issued(10), self.issued(5, partner_id=other.id)
        wizard = self.wizard(mine | theirs, "payment", {"method_id": self.check.id})
        mine._complete_payment(self.check, amount=4)
        report = self.assertReported(wizard.action_complete_payment(), mine)
        self.assertIn("since you opened", report.refused)
        self.assertBill(mine, "new", amount_due=6.0)
        self.assertBill(theirs, "paid")

    def test_of_two_companies(self):
        """Each has its own methods: those of the user's company are done."""
        second = self._new_company("Second Ltd")
        self.officer.company_ids |= second
        here = self.issued(10)
        there = self.bills.with_company(second).create(
            {
                "partner_id": self.account.id,
                "title": "There",
                "amount": 5,
                "company_id": second.id,
            }
        )
        allowed = [self.company.id, second.id]
        there.with_context(allowed_company_ids=allowed).action_issue()
        both = (here | there).with_context(allowed_company_ids=allowed)
        wizard = self.wizard(both, "method", {"method_id": self.check.id})
        self.assertEqual(wizard.bill_ids, here)
        self.assertIn("Second Ltd", wizard.left_out)
        wizard.action_choose_method()
        self.assertBill(here, "pending")

    def test_apply_credit(self):
        """A canceled bill among those that are chosen takes none; the others do."""
        credit = self.bills.env["kavi.credit"].create(
            {"partner_id": self.account.id, "reason": "Thanks", "amount": 15}
        )
        self.company.billing_apply_credits_automatically = False
        bill, canceled = self.issued(20), self.issued(30)
        self.cancel(canceled)
        credit.action_issue()
        selected = bill | canceled
        context = {"active_model": "kavi.bill", "active_ids": selected.ids}
        wizard = bill.env["kavi.credit.apply.wizard"].with_context(**context).create({})
        self.assertEqual(wizard.bill_ids, bill)
        self.assertIn(canceled.name, wizard.left_out)
        wizard.action_apply_credits()
        self.assertBill(bill, "new", amount_due=5.0)

    def test_issue_credits(self):
        """The same with credits: one has expired already."""
        Credit = self.bills.env["kavi.credit"]
        vals = {"partner_id": self.account.id, "reason": "Thanks", "amount": 5}
        old = {"date": "2026-01-01", "expiry_date": "2026-01-02"}
        credits = Credit.create([vals, vals | old])
        with self.at("2026-03-01 12:00:00"):
            answer = credits.action_issue()
        self.assertEqual(credits.mapped("state"), ["open", "draft"])
        report = Credit.env["kavi.bulk.report"].browse(answer["res_id"])
        self.assertIn("expired", report.refused)
        self.assertEqual(report.res_ids, credits[1].ids)

    def test_a_user_may_not(self):
        bills = self.draft(10) | self.draft(20)
        with self.refused("Officer role"):
            bills.with_env(self.as_user("user")).action_issue()
