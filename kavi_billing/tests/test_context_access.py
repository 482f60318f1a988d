"""What a caller says in the context changes nothing in the books (D-03).

Each act is done twice over RPC, as an officer, on bills that are alike: once with the
context of Odoo's own client, once with all that a hostile one may send. Entries, the
bill's facts and the activity history have to be the same.
"""

import re
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import tagged

from .common import BillingCommon
from .hostile import ODOO, SUITE
from .profile import by_turns

DUE = "2030-01-01"
# What differs between two bills that are alike, or is of the chatter.
OWN = {"id", "name", "access_token", "create_date", "write_date", "invoice_id"}


@tagged("post_install", "-at_install")
class TestContextAccess(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tax = cls.env["account.tax"].create(
            {
                "name": "VAT 20%",
                "amount": 20,
                "company_id": cls.company.id,
                "country_id": cls.company.account_fiscal_country_id.id,
            }
        )
        cls.company.account_sale_tax_id = tax
        cls.company.billing_allow_part_payment = True
        cls.allow_write_off(5)
        income = cls.env["account.account"].create(
            {
                "name": "Payment surcharges",
                "code": "409900",
                "account_type": "income_other",
                "company_ids": cls.company.ids,
            }
        )
        cls.wire.write(
            {
                "surcharge_fixed": 2.5,
                "surcharge_account_id": income.id,
                "surcharge_tax_ids": tax.ids,
            }
        )
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        today = cls.company._billing_today()
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": cls.euro.id,
                    "company_id": cls.company.id,
                    "name": fields.Date.subtract(today, days=days),
                    "rate": rate,
                }
                for days, rate in ((400, 0.5), (10, 0.8))
            ]
        )
        cls.account.email = "acme@example.com"
        cls.lines = [
            Command.create(
                {
                    "name": f"Line {price}",
                    "quantity": 1.0,
                    "price_unit": price,
                    "tax_ids": [Command.set(tax.ids)],
                }
            )
            for price in (70.0, 30.0)
        ]

    # === CONTEXTS === #

    def plain(self):
        """What Odoo's own client sends."""
        return {"lang": "en_US", "tz": "UTC", "allowed_company_ids": self.company.ids}

    def hostile(self):
        """What somebody may send who wants other entries, or none to be seen."""
        other = self.person
        expense = self.env["account.account"].search(
            [("company_ids", "=", self.company.id), ("account_type", "=", "expense")],
            limit=1,
        )
        return {
            **self.plain(),
            **ODOO,
            **SUITE,
            "journal_id": self._journal("cash").id,
            # defaults of entries, payments, activities and notices
            "default_account_id": expense.id,
            "default_act": "cancel",
            "default_currency_id": self.euro.id,
            "default_destination_account_id": expense.id,
            "default_details": "Nothing was done.",
            "default_display_type": "line_note",
            "default_invoice_date_due": "2040-01-01",
            "default_invoice_payment_term_id": self.env.ref(
                "account.account_payment_term_30days"
            ).id,
            "default_journal_id": self._journal("purchase").id,
            "default_move_type": "entry",
            "default_new_state": "paid",
            "default_old_state": "draft",
            "default_origination": "automated",
            "default_partner_bank_id": 1,
            "default_partner_id": other.id,
            "default_state": "paid",
            "default_tax_ids": [],
        }

    # === ACTS, OVER RPC === #

    def call(self, model, method, *args):
        # a request of its own: what an earlier one had in its cache is gone
        self.env.flush_all()
        self.env.invalidate_all()
        model = self.as_user("officer")[model]
        return call_kw(model, method, list(args), {"context": self.context})

    def by_wizard(self, bill, name, method, vals=(), change=None):
        """Do an act by its wizard, opened on the bill as its button does."""
        model = name if "." in name else f"kavi.bill.{name}.wizard"
        context, self.context = (
            self.context,
            {
                **self.context,
                "active_model": "kavi.bill",
                "active_ids": bill.ids,
            },
        )
        id_ = self.call(model, "create", dict(vals))
        if change:
            wizard = self.env[model].sudo().browse(id_)
            self.call(model, "write", [id_], change(wizard))
        self.call(model, method, [id_])
        self.context = context

    def pay_over_rpc(self, bill, method=None, **vals):
        vals = {"method_id": (method or self.check).id, **vals}
        self.by_wizard(bill, "payment", "action_complete_payment", vals)

    # === BILLS TO ACT ON === #

    def new(self, issue=True, **vals):
        bill = self.draft(line_ids=self.lines, **vals)
        if issue:
            bill.action_issue()
        return bill

    def paid(self, method=None, **vals):
        bill = self.new(**vals)
        self.pay(bill, method)
        return bill

    def part_paid(self):
        bill = self.new()
        self.pay(bill, amount=40.0)
        return bill

    def with_credit(self):
        bill = self.new()
        credit = self.as_user("officer")["kavi.credit"].create(
            {"partner_id": self.account.id, "reason": "Trouble", "amount": 30.0}
        )
        credit.action_issue()
        return bill

    def in_euro(self):
        """Issued at another rate than it is paid at."""
        day = fields.Date.subtract(self.company._billing_today(), days=100)
        return self.new(currency_id=self.euro.id, bill_date=day, due_date=DUE)

    def disputed(self):
        bill = self.new()
        self.dispute(bill)
        return bill

    def get_table(self):
        """Each act: name, bill to act on, and how it is done over RPC."""
        new = self.new

        def by(name, method, vals=(), change=None):
            return lambda bill: self.by_wizard(bill, name, method, vals, change)

        def pay(method=None, **vals):
            return lambda bill: self.pay_over_rpc(bill, method, **vals)

        def write(**vals):
            return lambda bill: self.call("kavi.bill", "write", bill.ids, vals)

        def reprice(wizard):
            line = wizard.line_ids[:1]
            return {"line_ids": [[1, line.id, {"price_unit": 55.0}]]}

        def unapply(bill):
            allocation = self.env["kavi.account.allocation"].search(
                [("bill_id", "=", bill.id)]
            )
            self.call("kavi.account.allocation", "action_unapply", allocation.ids)

        def applied():
            bill = self.with_credit()
            credit = self.env["kavi.credit"].search([], order="id desc", limit=1)
            credit.with_env(bill.env)._apply(bill)
            return bill

        cancel = ("cancel", "action_cancel_bills")
        return [
            ("issue", lambda: new(issue=False), self.issue_over_rpc),
            ("issue with a due date", self.draft_due, self.issue_over_rpc),
            (
                "choose a method",
                new,
                by("method", "action_choose_method", {"method_id": self.check.id}),
            ),
            ("pay", new, pay()),
            ("pay with a surcharge", new, pay(self.wire)),
            ("pay a part", new, pay(amount=40.0)),
            ("pay too much", new, pay(amount=150.0)),
            ("pay at another rate", self.in_euro, pay()),
            ("write off", new, pay(amount=117.0, write_off=True)),
            ("refund", self.paid, by("refund", "action_refund", {"reason": "late"})),
            (
                "refund a part",
                lambda: self.paid(self.wire),
                by("refund", "action_refund", {"amount": 33.33}),
            ),
            ("cancel, unpaid", new, by(*cancel, {"reason": "gone"})),
            ("cancel, part paid", self.part_paid, by(*cancel, {"reason": "gone"})),
            ("cancel, paid", self.paid, by(*cancel, {"reason": "gone"})),
            (
                "change the amount",
                new,
                by("amount", "action_change_amount", (), reprice),
            ),
            ("postpone", new, by("postpone", "action_postpone", {"date": DUE})),
            ("edit", new, write(title="Other", purchase_order="PO 7")),
            ("edit the due date", new, write(due_date=DUE)),
            (
                "reverse a payment",
                self.paid,
                by("reverse", "action_reverse_payment", {"reason": "bounced"}),
            ),
            (
                "reverse a payment with a surcharge",
                lambda: self.paid(self.wire),
                by("reverse", "action_reverse_payment", {"reason": "bounced"}),
            ),
            (
                "apply a credit",
                self.with_credit,
                by("kavi.credit.apply.wizard", "action_apply_credits"),
            ),
            ("take a credit off", applied, unapply),
            ("dispute", new, by("dispute", "action_dispute", {"reason": "no"})),
            (
                "resolve",
                self.disputed,
                by("resolve", "action_resolve_dispute", {"reason": "yes"}),
            ),
            (
                "send a notice",
                new,
                by("send", "action_send", {"recipients": "jane@doe.example"}),
            ),
        ]

    def draft_due(self):
        return self.new(issue=False, due_date=DUE)

    def issue_over_rpc(self, bill):
        self.call("kavi.bill", "action_issue", bill.ids)

    # === WHAT CAME OF IT === #

    def read_entries(self, bill):
        """Every entry that the bill has caused, without what is numbered anew."""
        moves = bill.sudo()._get_all_moves()
        found = [
            (
                move.move_type,
                move.state,
                str(move.date),
                str(move.invoice_date),
                str(move.invoice_date_due),
                move.journal_id.id,
                move.partner_id.id,
                move.currency_id.id,
                move.amount_total,
                move.amount_residual,
                move.payment_state,
                bool(move.is_kavi_replaced),
                bool(move.is_kavi_surcharge),
                bool(move.reversed_entry_id),
                move.origin_payment_id.state or "",
                sorted(
                    str(
                        (
                            line.account_id.id,
                            line.display_type,
                            line.partner_id.id,
                            line.currency_id.id,
                            line.amount_currency,
                            line.balance,
                            line.amount_residual_currency,
                            line.amount_residual,
                            bool(line.reconciled),
                            str(line.date_maturity),
                            tuple(line.tax_ids.ids),
                            line.tax_line_id.id,
                        )
                    )
                    for line in move.line_ids
                ),
            )
            for move in moves
        ]
        return sorted(found, key=str)

    def read_facts(self, bill):
        names = [
            name
            for name, field in bill._fields.items()
            if field.store
            and field.type not in ("one2many", "many2many", "html")
            and name not in OWN
            and not name.startswith(("message_", "activity_", "write_", "create_"))
        ]
        return bill.sudo().read(names, load=None)[0] | {"id": None}

    def read_history(self, bill):
        """Activities, and the notices that were sent."""
        activities = self.env["kavi.activity"].search(
            [("bill_id", "=", bill.id)], order="id"
        )
        notices = bill.sudo().notice_ids.sorted("id")
        return [
            (
                activity.act,
                activity.origination,
                activity.user_id.id,
                activity.partner_id.id,
                activity.old_state,
                activity.new_state,
                str(activity.date)[:10],
                # numbers of bills and credits are drawn once
                re.sub(r"-\d+\b", "-n", activity.details),
            )
            for activity in activities
        ], [(notice.event, notice.state, notice.recipients) for notice in notices]

    def act(self, prepare, do, context):
        """Do an act, and take all of it back.

        :return: entries, facts and history after it
        """
        with self.env.cr.savepoint() as savepoint:
            self.context = context
            bill = prepare()
            self.env.cr.flush()
            do(bill)
            # as at the end of the request: what waits for the commit is done
            self.env.cr.flush()
            self.env.invalidate_all()
            bill = bill.with_env(self.env)
            self.assertBooks(bill)
            found = (
                self.read_entries(bill),
                self.read_facts(bill),
                self.read_history(bill),
            )
            savepoint.rollback()
        return found

    def test_context_changes_nothing(self):
        """The same act leaves the same entries, facts and history, whatever the
        context holds. The short profile tries every other act."""
        for name, prepare, do in by_turns(self.get_table(), 2):
            with self.subTest(name):
                wanted = self.act(prepare, do, self.plain())
                found = self.act(prepare, do, self.hostile())
                for one, other in zip(wanted, found, strict=True):
                    self.assertEqual(other, one)
                self.assertTrue(wanted[0] or name == "issue")
                self.assertTrue(wanted[2][0], "not in the activity history")

    def test_context_is_seen_without_guard(self):
        """These contexts do change entries where they are carried into the books: the
        test above would notice."""
        Bill = type(self.env["kavi.bill"])
        table = {name: row for name, *row in self.get_table()}
        for name in ("issue", "change the amount", "pay with a surcharge", "refund"):
            with self.subTest(name):
                wanted = self.act(*table[name], self.plain())
                with patch.object(Bill, "_for_books", lambda bills: bills.sudo()):
                    try:
                        found = self.act(*table[name], self.hostile())
                    except Exception:  # whatever a half-made entry leads to
                        found = None
                self.assertNotEqual(found, wanted)

    def test_context_language_stays(self):
        """What is not dangerous is kept: the language of who acts."""
        self.env["res.lang"]._activate_lang("fr_FR")
        bill = self.new(issue=False)
        bill.with_context(lang="fr_FR", skip_invoice_sync=True).action_issue()
        books = bill.with_context(lang="fr_FR", skip_invoice_sync=True)._for_books()
        self.assertEqual(books.env.lang, "fr_FR")
        self.assertNotIn("skip_invoice_sync", books.env.context)
        self.assertTrue(books.env.su)
        self.assertBill(bill, "new", amount_total=120.0)
