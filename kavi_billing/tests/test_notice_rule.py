"""Notices by schedule: each rule once for each instalment, ever (KB-62 ... KB-64)."""

from datetime import date
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import IntegrityError
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..models.kavi_notice_rule import BATCH
from .test_notice import NoticeCommon

CRON_LOG = "odoo.addons.base.models.ir_cron"


class RuleCommon(NoticeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.billing_notify_new_bill = False
        cls.rules = cls.as_user("administrator")["kavi.notice.rule"]
        cls.template = cls.env.ref("kavi_billing.mail_template_bill_reminder")
        # those of the demo are not asked about here
        cls.env["kavi.notice.rule"].search([]).active = False

    @classmethod
    def rule(cls, number=7, unit="days", moment="after", **vals):
        return cls.rules.create(
            {
                "name": f"{number} {unit} {moment}",
                "interval_number": number,
                "interval_unit": unit,
                "trigger": moment,
                "start_date": "2026-01-01",
                "template_id": cls.template.id,
                **vals,
            }
        )

    def due(self, day, issued="2026-01-02", amount=100.0, **vals):
        """A bill that is due on that day."""
        vals = {"partner_id": self.person.id, "payment_term_id": False, **vals}
        return self.issued(amount, bill_date=issued, due_date=day, **vals)

    @mute_logger(CRON_LOG)
    def run_cron(self, day):
        """The scheduled action, by its own user, on that day."""
        self.env.flush_all()
        cron = self.env.ref("kavi_billing.cron_send_notices")
        with self.at(f"{day} 03:00:00"), self.enter_registry_test_mode():
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()

    def sent(self, bills):
        """What was queued by rules: (bill, rule, instalment), oldest first."""
        return [
            (notice.bill_id, notice.rule_id, notice.instalment)
            for notice in self.notices(bills)
            if notice.rule_id and notice.state == "queued"
        ]

    def states(self, bill):
        return {n.rule_id: n.state for n in self.notices(bill) if n.rule_id}


@tagged("post_install", "-at_install")
class TestNoticeRule(RuleCommon):
    def test_before_on_and_after(self):
        """KB-62: each on its day and not a day sooner."""
        before, on = self.rule(1, "weeks", "before"), self.rule(0, moment="on")
        after = self.rule(10)
        bill = self.due("2026-03-10")
        for day, rules in (
            ("2026-03-02", []),
            ("2026-03-03", [before]),
            ("2026-03-09", [before]),
            ("2026-03-10", [before, on]),
            ("2026-03-19", [before, on]),
            ("2026-03-20", [before, on, after]),
            ("2026-12-31", [before, on, after]),
        ):
            self.run_cron(day)
            self.assertEqual([rule for __, rule, __ in self.sent(bill)], rules, day)
        notice = self.notices(bill)[-1]
        self.assertEqual(notice.due_date, date(2026, 3, 10))
        self.assertEqual(notice.amount, 100.0)
        body = str(notice.message_id.body)
        for text in ("100.00", "03/10/2026", "Jane Doe"):
            self.assertIn(text, body.replace("\xa0", " "))
        self.assertIn(bill._get_pay_url(), notice.sudo().mail_id.body_html)

    def test_months_at_their_ends(self):
        """Months differ in length; nothing is forgotten and nothing comes twice."""
        rule = self.rule(1, "months")
        for due, day in (
            ("2026-01-28", date(2026, 2, 28)),
            ("2026-01-31", date(2026, 2, 28)),
            ("2026-02-28", date(2026, 3, 28)),
            ("2026-03-31", date(2026, 4, 30)),
            ("2028-01-31", date(2028, 2, 29)),
        ):
            self.assertEqual(rule._get_day(date.fromisoformat(due)), day)
        self.assertEqual(rule._get_last_due(date(2026, 2, 28)), date(2026, 1, 31))
        self.assertEqual(rule._get_last_due(date(2026, 2, 27)), date(2026, 1, 27))
        self.assertEqual(rule._get_last_due(date(2026, 3, 31)), date(2026, 2, 28))
        bill = self.due("2026-01-31")
        self.run_cron("2026-02-27")
        self.assertFalse(self.sent(bill))
        self.run_cron("2026-02-28")
        self.assertEqual(len(self.sent(bill)), 1)

    def test_failure_18_late_and_run_twice(self):
        """Run twice, hourly, and after a week off: one notice for each level, and the
        latest of those that were missed."""
        first, second = self.rule(3), self.rule(10)
        third, before = self.rule(17), self.rule(2, moment="before")
        bill, young = self.due("2026-03-10"), self.due("2026-03-20")
        self.run_cron("2026-03-08")
        self.assertEqual(self.sent(bill), [(bill, before, 1)])
        # the job was off from the 9th to the 27th
        for __ in range(3):
            self.run_cron("2026-03-27")
        self.assertEqual(self.sent(bill), [(bill, before, 1), (bill, third, 1)])
        self.assertEqual(
            self.states(bill),
            {
                before: "queued",
                first: "superseded",
                second: "superseded",
                third: "queued",
            },
        )
        self.assertEqual(self.sent(young), [(young, first, 1)])
        # too late to say that it will be due
        self.assertEqual(self.states(young)[before], "superseded")
        mails = self.notices(bill | young).sudo().mail_id
        self.assertEqual(len(mails), 3)

    def test_failure_18_each_guard_alone(self):
        """What was written is not found again; and what another worker has found in
        the same moment is claimed once, whoever comes second."""
        rule, bill = self.rule(3), self.due("2026-03-10")
        Rule, today = type(rule), date(2026, 3, 20)
        company = type(rule.company_id)
        with patch.object(company, "_billing_today", lambda *args: today):
            rows = rule.sudo()._find_due()
            self.assertEqual([row["bill_id"] for row in rows], bill.ids)
            with patch.object(Rule, "_find_due", lambda *args: rows):
                # both have looked before either of them wrote
                first, second = (rule.sudo()._send_batch(bill.ids) for __ in "ab")
            self.assertFalse(first | second, "nothing has failed")
            self.assertEqual(len(self.notices(bill)), 1)
            self.assertFalse(rule.sudo()._find_due(), "found though it was written")
        self.assertEqual(len(self.notices(bill).sudo().mail_id), 1)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.notices(bill).sudo().copy({"rule_id": rule.id, "instalment": 1})

    def test_failure_17_one_bad_bill_among_many(self):
        """One bad bill in a batch: the others are written to, it is flagged, once."""
        rule = self.rule(7)
        bills = self.bills.union(
            *(self.due("2026-03-01", title=f"No {n}") for n in range(12))
        )
        with patch.object(type(self.template), "_check_can_be_rendered"):
            self.template.body_html = (
                """<p t-out="1 / (0 if object.title == 'No 5' else 1)" />"""
            )
        for __ in range(3):
            self.run_cron("2026-03-20")
        notices = self.notices(bills)
        self.assertEqual(len(notices), 12)
        failed = notices.filtered(lambda notice: notice.state == "failed")
        self.assertEqual(failed.bill_id.title, "No 5")
        self.assertIn("zero", failed.reason)
        self.assertEqual(len(self.sent(bills)), 11)
        activities = bills.sudo().activity_ids
        self.assertEqual(activities.mapped("res_id"), failed.bill_id.ids)
        self.assertEqual(activities.user_id, self.users["administrator"])
        self.assertIn(rule.name, activities.summary)

    def test_failure_17_half_made(self):
        """It fails when its mail is there already: nothing of that stays, and the mails
        of the others are there once."""
        self.rule(7)
        bills = self.bills.union(
            *(self.due("2026-03-01", title=f"No {n}") for n in range(4))
        )
        model = type(self.env["kavi.notice"])
        queue = model._queue_mails

        def fail(notices, *args):
            queue(notices, *args)
            if "No 2" in notices.bill_id.mapped("title"):
                raise ValueError("a broken bill")

        with patch.object(model, "_queue_mails", fail):
            self.run_cron("2026-03-20")
        # those to the account, not what administrators are told
        mails = self.env["mail.mail"].sudo().search([("email_to", "!=", False)])
        mailed = [mail.res_id for mail in mails if mail.res_id in bills.ids]
        good = bills.filtered(lambda bill: bill.title != "No 2")
        self.assertEqual(sorted(mailed), sorted(good.ids))
        self.assertEqual(len(self.sent(bills)), 3)

    def test_more_than_a_batch(self):
        self.assertGreater(BATCH, 1)
        self.rule(7)
        bills = self.bills.union(*(self.due("2026-03-01") for __ in range(5)))
        with patch("odoo.addons.kavi_billing.models.kavi_notice_rule.BATCH", 2):
            self.run_cron("2026-03-20")
        self.assertEqual(len(self.sent(bills)), 5)

    def test_who_is_passed_over(self):
        """KB-64: paid, canceled, refunded, disputed and frozen bills, and drafts."""
        self.rule(7)
        names = ("open", "paid", "canceled", "refunded", "disputed", "frozen", "part")
        bills = {name: self.due("2026-03-01") for name in names}
        self.pay(bills["paid"] | bills["refunded"], notify=False)
        self.give_back(bills["refunded"], 5, notify=False)
        self.cancel(bills["canceled"], notify=False)
        self.dispute(bills["disputed"])
        self.pay(bills["part"], amount=30, notify=False)
        bills["frozen"].sudo()._write_facts({"is_frozen": True})
        self.draft(partner_id=self.person.id, due_date="2026-03-01")
        self.run_cron("2026-03-20")
        for name, bill in bills.items():
            written = bool(self.sent(bill))
            self.assertEqual(written, name in ("open", "part"), name)
        self.assertIn("70.00", str(self.notices(bills["part"])[-1:].message_id.body))
        # it is written to as soon as the dispute is over
        self.resolve_dispute(bills["disputed"])
        self.run_cron("2026-03-21")
        self.assertEqual(len(self.sent(bills["disputed"])), 1)

    def test_nothing_is_scheduled_by_itself(self):
        """KB-64: a new company has no rules."""
        company = self._new_company("Fresh Ltd")
        found = self.rules.sudo().search([("company_id", "=", company.id)])
        self.assertFalse(found)
        bill = self.due("2026-03-01")
        self.run_cron("2026-12-01")
        self.assertFalse(self.notices(bill))

    def test_new_rule_leaves_old_debts_alone(self):
        """A rule starts on its day: no flood about everything that is overdue."""
        old, new = self.due("2026-03-01"), self.due("2026-03-10")
        self.rule(7, start_date="2026-03-15")
        self.run_cron("2026-03-20")
        self.assertFalse(self.notices(old))
        self.assertEqual(len(self.sent(new)), 1)

    def test_issued_after_its_day(self):
        """Two weeks before, of a bill that is due in three days: the bill itself says
        so."""
        self.rule(2, "weeks", "before")
        bill = self.due("2026-03-10", issued="2026-03-07")
        self.run_cron("2026-03-07")
        self.assertFalse(self.sent(bill))

    def test_instalments(self):
        """Each part has its own notices, with its own amount; a changed amount does
        not start them again."""
        half = {"value": "percent", "value_amount": 50.0}
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "company_id": self.company.id,
                "line_ids": [
                    Command.create({**half, "nb_days": 30}),
                    Command.create({**half, "nb_days": 60}),
                ],
            }
        )
        rule = self.rule(5)
        bill = self.issued(
            100,
            partner_id=self.person.id,
            bill_date="2026-01-02",
            payment_term_id=term.id,
        )
        self.run_cron("2026-02-10")
        self.assertEqual(self.sent(bill), [(bill, rule, 1)])
        self.assertIn("50.00", str(self.notices(bill).message_id.body))
        self.change_price(bill, 80, notify=False)
        self.run_cron("2026-02-11")
        self.assertEqual(self.sent(bill), [(bill, rule, 1)])
        self.run_cron("2026-03-20")
        self.assertEqual(self.sent(bill), [(bill, rule, 1), (bill, rule, 2)])
        self.assertIn("40.00", str(self.notices(bill)[-1:].message_id.body))

    def test_both_parts_at_once(self):
        """One mail for each part that is due, though a template is made once a bill."""
        half = {"value": "percent", "value_amount": 50.0}
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "company_id": self.company.id,
                "line_ids": [
                    Command.create({**half, "nb_days": 1}),
                    Command.create({**half, "nb_days": 2}),
                ],
            }
        )
        self.rule(5)
        bill = self.issued(
            100,
            partner_id=self.person.id,
            bill_date="2026-01-02",
            payment_term_id=term.id,
        )
        self.run_cron("2026-02-10")
        notices = self.notices(bill).sorted("instalment")
        texts = [str(notice.message_id.body) for notice in notices]
        self.assertEqual(len(texts), 2)
        self.assertIn("01/03/2026", texts[0])
        self.assertIn("01/04/2026", texts[1])

    def test_postponed(self):
        """A rule that has written does not write again of the new date."""
        rule, later = self.rule(3), self.rule(10)
        bill = self.due("2026-03-01")
        self.run_cron("2026-03-05")
        with self.at("2026-03-05"):
            self.postpone(bill, "2026-04-01", notify=False)
        self.run_cron("2026-03-20")
        self.run_cron("2026-04-20")
        self.assertEqual(self.sent(bill), [(bill, rule, 1), (bill, later, 1)])

    def test_kinds(self):
        kind, other = self.env["kavi.bill.kind"].create(
            [{"name": "Notice kind"}, {"name": "Other kind"}]
        )
        some, every = self.rule(3, kind_ids=kind.ids), self.rule(3)
        bill = self.due("2026-03-01", kind_id=kind.id)
        strange = self.due("2026-03-01", kind_id=other.id)
        plain = self.due("2026-03-01")
        self.run_cron("2026-03-20")
        self.assertEqual(set(self.states(bill)), {some, every})
        self.assertEqual(set(self.states(strange)), {every})
        self.assertEqual(set(self.states(plain)), {every})

    def test_recipients(self):
        """KB-63: all contacts of a type, administrators, addresses; nobody twice."""
        people = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "parent_id": self.account.id,
                    "email": f"{name}@acme.example",
                    "type": "invoice" if name == "ivy" else "contact",
                }
                for name in ("bo", "pat", "ann", "abe", "ivy")
            ]
        )
        bo, pat, ann, abe, __ = people
        self.account.write(
            {
                "billing_contact_id": bo.id,
                "primary_contact_id": pat.id,
                "billing_admin_ids": [Command.set((ann | abe | bo).ids)],
            }
        )
        self.users["administrator"].partner_id.email = "chief@kavi.example"
        bill = self.due("2026-03-01", partner_id=self.account.id)
        nobody = {"to_billing_contact": False}
        for vals, names in (
            ({}, ["bo@acme"]),
            ({"to_company_administrators": True}, ["bo@acme", "ann@acme", "abe@acme"]),
            ({**nobody, "to_primary_contact": True}, ["pat@acme"]),
            ({**nobody, "to_invoice_contacts": True}, ["ivy@acme"]),
            ({**nobody, "to_billing_administrators": True}, ["chief@kavi"]),
            (
                {"extra_emails": "x@else.example, bo@acme.example"},
                ["bo@acme", "x@else"],
            ),
        ):
            with self.subTest(vals=vals):
                found = self.rule(**vals).sudo()._get_recipients(bill.sudo())
                self.assertEqual(len(found), len(names), found)
                for name in names:
                    self.assertTrue([a for a in found if name in a], (name, found))

    def test_undeliverable(self):
        """An account without an address is listed, not silently skipped."""
        self.rule(3)
        bill = self.due("2026-03-01", partner_id=self.account.id)
        self.run_cron("2026-03-20")
        notice = self.notices(bill)
        self.assertEqual((notice.state, notice.event), ("undeliverable", "reminder"))
        self.account.email = "office@acme.example"
        notice.with_env(self.as_user("officer")).action_send_again()
        again = self.notices(bill)[-1:]
        self.assertEqual((again.state, again.event), ("queued", "reminder"))
        self.assertFalse(again.rule_id)

    def test_rule_and_template_in_use_stay(self):
        """KB-59: archived, not deleted; so is what a rule sends."""
        rule = self.rule(3)
        custom = self.template.copy()
        unused = self.rule(4, template_id=custom.id)
        with self.refused("what the notice rule"):
            custom.unlink()
        unused.unlink()
        custom.unlink()
        self.due("2026-03-01")
        self.run_cron("2026-03-20")
        with self.refused("archive it instead"):
            rule.unlink()
        rule.active = False
        late = self.due("2026-03-15")
        self.run_cron("2026-04-01")
        self.assertFalse(self.notices(late))

    def test_bad_input_rules(self):
        for vals in (
            {"extra_emails": "jane"},
            {"to_billing_contact": False},
        ):
            with self.assertRaises(ValidationError):
                self.rule(**vals)
        other = self.env["mail.template"].search(
            [("model", "!=", "kavi.bill")], limit=1
        )
        with self.assertRaises(ValidationError):
            self.rule(template_id=other.id)
        for vals in ({"interval_number": 0}, {"interval_number": -1}):
            with (
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.rule(**vals)

    def test_access_rules(self):
        """Administrators configure, the others see; no payer does."""
        rule = self.rule(3)
        for role in ("user", "officer"):
            known = rule.with_env(self.as_user(role))
            self.assertTrue(known.read(["name"]))
            for act in (lambda k=known: k.write({"interval_number": 1}), known.unlink):
                with self.assertRaises(AccessError):
                    act()
        portal = self._new_user("rule_portal", "base.group_portal")
        with self.assertRaises(AccessError):
            rule.with_env(self.as_user(portal)).read(["name"])

    def test_other_company_is_left_alone(self):
        """A rule writes about the bills of its own company."""
        other = self._new_company("Elsewhere Ltd")
        rule = self.rule(3)
        self.rules.sudo().create(
            {
                "name": "Theirs",
                "company_id": other.id,
                "template_id": self.template.id,
                "start_date": "2026-01-01",
            }
        )
        bill = self.due("2026-03-01")
        self.run_cron("2026-03-20")
        self.assertEqual(set(self.states(bill)), {rule})


@tagged("post_install", "-at_install")
class TestPropertyNoticeRule(TransactionCase):
    @given(
        due=st.dates(date(2024, 1, 1), date(2032, 1, 1)),
        number=st.integers(1, 40),
        unit=st.sampled_from(["days", "weeks", "months"]),
        moment=st.sampled_from(["before", "on", "after"]),
    )
    def test_property_last_due_is_the_inverse_of_the_day(
        self, due, number, unit, moment
    ):
        """What the index is asked for is exactly what a rule's day has come for."""
        rule = self.env["kavi.notice.rule"].new(
            {
                "interval_number": number,
                "interval_unit": unit,
                "trigger": moment,
            }
        )
        day = rule._get_day(due)
        last = rule._get_last_due(day)
        self.assertGreaterEqual(last, due)
        self.assertLessEqual(rule._get_day(last), day)
        following = date.fromordinal(last.toordinal() + 1)
        self.assertGreater(rule._get_day(following), day)
