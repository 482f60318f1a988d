"""Every state and flag of a bill against every act, on every path in.

Open bills carry each flag alone, none and all of them; with KAVI_LONG all combinations.

What is allowed is asked of the table's data here, not of the function that the guards
ask; each allowed act is done, and has to end where the table says (KB-20 ... KB-27).
"""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from ..tools.bill_rules import ACTS, FLAGS, OPEN, STATES
from .common import BillingCommon
from .profile import LONG
from .test_table_rules import every_combination

# Acts that a bill with nothing in the books, or without a payment or a credit, refuses
# although the table allows them: test_bad_input_acts has the sentences.
BOOKED = ("complete_payment", "write_off", "change_amount", "postpone")
BOOKED += ("apply_credit", "unapply_credit")
UNBOOKED = "invoice reset to draft"
MARKS = [*every_combination(("overdue", "partly_paid", "disputed", "frozen"))]
if not LONG:
    MARKS = [flags for flags in MARKS if len(flags) not in (2, 3)]


class BillsInEveryState(BillingCommon):
    """One bill in every state, with every set of flags that its facts allow.

    States come from real acts, and from what an accountant does to the invoice.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.zoo = {}
        cls._make_open_bills()
        settled = ((), ("frozen",))  # an end ends the dispute
        paid, refunded, canceled = (cls._issue({} for __ in settled) for __ in "123")
        for bill in paid | refunded:
            cls.pay(bill)  # by a payment of its own
        cls.cancel(canceled)
        for bill in refunded:
            cls.refund(bill, 30)
        for state, bills in (("paid", paid), ("refunded", refunded)):
            cls._keep_all(state, settled, bills)
        cls._keep_all("canceled", settled, canceled)
        cls._keep("draft", (), cls.draft())
        voided, unbooked = cls._issue([{}, {}])
        cls.reverse(cls.invoice(voided), modify=True)
        cls._keep("canceled", (), voided, "by the accountant")
        cls.invoice(unbooked).button_draft()
        cls._keep("new", (), unbooked, UNBOOKED)
        cls._make_credited_bills()
        cls.allow_write_off(5)
        cls.env.flush_all()

    @classmethod
    def _make_credited_bills(cls):
        """Bills that a credit settled, wholly or in part."""
        whole, part, promised = cls._issue([{}, {}, {}])
        cls.choose(promised)
        cls.credit = cls.as_user("officer")["kavi.credit"].create(
            {"partner_id": cls.account.id, "reason": "Goodwill", "amount": 500}
        )
        cls.credit.action_issue()
        cls.credit._apply(whole)
        cls.credit._apply(part, 40)
        cls.credit._apply(promised, 40)
        cls._keep("paid", (), whole, "by a credit")
        cls._keep("new", ("partly_paid",), part, "by a credit")
        cls._keep("pending", ("partly_paid",), promised, "by a credit")

    @classmethod
    def _make_open_bills(cls):
        for state in ("new", "pending"):
            bills = cls._issue(
                {"bill_date": "2020-01-01"} if "overdue" in flags else {}
                for flags in MARKS
            )
            if state == "pending":
                cls.choose(bills)
            cls._pay_in_part(
                [
                    bill
                    for bill, flags in zip(bills, MARKS, strict=True)
                    if "partly_paid" in flags
                ]
            )
            # last, for nothing is paid of a frozen bill
            cls._keep_all(state, MARKS, bills)

    @classmethod
    def _pay_in_part(cls, bills):
        """Payments of 40, matched with the invoices: together, which saves time."""
        vals = {
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": cls.account.id,
            "journal_id": cls.bank.id,
            "amount": 40,
        }
        payments = cls.as_user("accountant")["account.payment"].create(
            [vals] * len(bills)
        )
        payments.action_post()
        for payment, bill in zip(payments, bills, strict=True):
            lines = (payment.move_id | cls.invoice(bill)).line_ids
            lines.filtered(
                lambda line: line.account_id.account_type == "asset_receivable"
            ).reconcile()

    @classmethod
    def _issue(cls, vals_list):
        bills = cls.bills.browse().union(*(cls.draft(**vals) for vals in vals_list))
        bills.action_issue()
        return bills

    @classmethod
    def _keep_all(cls, state, marks, bills):
        for bill, flags in zip(bills, marks, strict=True):
            cls._keep(state, flags, bill)

    @classmethod
    def _keep(cls, state, flags, bill, how=""):
        facts = {f"is_{name}": True for name in flags if name in ("disputed", "frozen")}
        if facts:
            bill.sudo()._write_facts(facts)
        cls.zoo[state, flags, how] = bill

    # === THE WALK === #

    def _walk(self, **paths):
        done = set()
        for (state, flags, how), bill in self.zoo.items():
            for act, path in paths.items():
                if self._lacks(act, bill, how):
                    continue
                with self.subTest(act=act, state=state, flags=flags, how=how):
                    if self._is_allowed(act, state, flags):
                        self._do(act, path, bill)
                        done.add(act)
                    else:
                        self._refuse(act, path, bill)
        self.assertEqual(done, set(paths), "an act that was never allowed")

    def _lacks(self, act, bill, how):
        """The books lack what the act takes."""
        if act == "unapply_credit":
            return how != "by a credit"
        if act == "reverse_payment":
            return not self.payments(bill)
        if act == "refund" and bill.state == "paid":
            return not bill.amount_retained
        return act in BOOKED and how == UNBOOKED

    def _is_allowed(self, act, state, flags):
        rule = self.bills._get_acts()[act]
        return (
            state in rule.leads
            and not {*rule.refused} & {state, *flags}
            and set(rule.needs) <= set(flags)
        )

    def _do(self, act, path, bill):
        """Do an act, look where it ends, and undo it."""
        state, flags = bill.state, bill._get_flags()
        savepoint = self.cr.savepoint()
        path(bill)
        self.env.flush_all()
        if bill.exists():
            self.assertIn(bill.state, ACTS[act].leads[state])
            if bill.state != "draft":
                self.assertBooks(bill)
            # nobody loses a mark by an act that is about something else, unless the
            # act ends the bill
            is_kept = act != "resolve_dispute" and bill.state in OPEN
            kept = {"disputed"} & flags if is_kept else set()
            self.assertLessEqual(kept, bill._get_flags())
            if bill.state not in OPEN:
                self.assertFalse(bill.is_disputed)
        else:
            self.assertEqual(ACTS[act].leads[state], ())
        savepoint.close()
        self.assertEqual(bill.state, state)

    def _refuse(self, act, path, bill):
        before = self._facts(bill)
        with self.assertRaises(UserError) as caught:
            path(bill)
        self.assertGreater(len(str(caught.exception).split()), 5)
        self.assertEqual(self._facts(bill), before)

    def _facts(self, bill):
        bill = bill.sudo()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertTrue(bill.exists())
        moves = bill.move_ids.sorted("id")
        return (
            bill.read(["state", "title", "amount_total", "amount_due", "name"]),
            bill.payment_method_id,
            len(bill.message_ids),
            moves.mapped(lambda move: (move.id, move.state, move.amount_residual)),
        )

    # === THE PATHS === #

    def _call(self, bill, method, *args, **kwargs):
        return self.rpc("officer", "kavi.bill", method, bill.ids, *args, **kwargs)

    def _change_price(self, bill):
        if bill.state == "draft":
            lines = bill.line_ids.ids
            self.rpc("officer", "kavi.bill.line", "write", lines, {"price_unit": 50})
        else:
            self.change_price(bill, 50)
        self.assertEqual(bill.amount_total, 50)

    def _change_price_by_rpc(self, bill):
        if bill.state == "draft":
            self._call(bill, "write", {"amount": 50}, context={"kavi_act": 1})
            return
        line = Command.create({"name": "New", "price_unit": 50})
        self._call_wizard(bill, "amount", "action_change_amount", line_ids=[line])

    def _change_lines(self, bill):
        if bill.state == "draft":
            bill.line_ids.price_unit = 50
        else:
            bill._change_lines([Command.update(bill.line_ids.id, {"price_unit": 50})])

    def _call_payment(self, bill, rest, write_off):
        self._call_wizard(
            bill,
            "payment",
            "action_complete_payment",
            method_id=self.check.id,
            amount=bill.amount_due - rest,
            write_off=write_off,
        )

    def _reverse_by_rpc(self, bill):
        lines = [
            Command.create({"payment_id": payment.id, "is_chosen": True})
            for payment in self.payments(bill)
        ]
        self._call_wizard(bill, "reverse", "action_reverse_payment", line_ids=lines)

    def _call_credit(self, bill, act, **vals):
        wizard = (
            self.credit.env[f"kavi.credit.{act}.wizard"]
            .with_context(active_model="kavi.credit", active_ids=self.credit.ids)
            .create({"bill_ids": [Command.set(bill.ids)], **vals})
        )
        wizard.action_apply_credits()

    def _call_wizard(self, bill, act, method, **vals):
        model = f"kavi.bill.{act}.wizard"
        vals["bill_ids"] = [(6, 0, bill.ids)]
        id_ = self.rpc("officer", model, "create", vals)
        self.rpc("officer", model, method, [id_], context={"kavi_act": 1})

    def _import(self, bill, field, value):
        answer = self.rpc(
            "officer", "kavi.bill", "load", [".id", field], [[str(bill.id), value]]
        )
        for message in answer["messages"]:
            raise UserError(message["message"])


@tagged("post_install", "-at_install")
class TestTableWalk(BillsInEveryState):
    def test_table_walk_buttons(self):
        """Buttons and wizards, as the officer clicks them."""
        self._walk(
            issue=lambda bill: self._call(bill, "action_issue"),
            delete=lambda bill: self._call(bill, "unlink"),
            edit=lambda bill: self._call(bill, "web_save", {"title": "New"}, {}),
            change_amount=self._change_price,
            postpone=lambda bill: self.postpone(bill, "2036-01-01"),
            choose_method=lambda bill: self.choose(bill, self.wire),
            complete_payment=self.pay,
            write_off=lambda bill: self.pay(
                bill, amount=bill.amount_due - 3, write_off=True
            ),
            apply_credit=lambda bill: self._call_credit(bill, "apply", amount=10),
            unapply_credit=lambda bill: self.credit._unapply(bill),
            reverse_payment=self.bounce,
            refund=lambda bill: self.give_back(bill, 7),
            cancel=self.cancel,
            dispute=self.dispute,
            resolve_dispute=self.resolve_dispute,
            send_notice=self.send,
        )

    def test_buttons_shown_are_the_acts_allowed(self):
        """KB-30: the form asks the field that holds the table's answer."""
        for (state, flags, how), bill in self.zoo.items():
            shown = set(bill.allowed_acts or ())
            acts = bill._get_acts()
            wanted = {act for act in acts if self._is_allowed(act, state, flags)}
            self.assertEqual(shown, wanted, (state, flags, how))

    def test_bills_are_in_the_state_they_were_made_for(self):
        """KB-21: flags stand beside the state, in any combination."""
        for (state, flags, how), bill in self.zoo.items():
            wanted = set(flags)
            self.assertEqual(bill.state, state, (flags, how))
            self.assertEqual(bill._get_flags(), wanted, (state, how))
            marks = set(filter(None, (bill.flag_label or "").split(" · ")))
            self.assertEqual(marks, {FLAGS[flag] for flag in wanted})
        self.assertEqual({state for state, *__ in self.zoo}, set(STATES))

    def test_acts_of_other_addons_are_theirs(self):
        """Acts that another addon brings are in its own table: where it is not
        installed, nothing allows them, and asking for them is an error."""
        brought = set(self.bills._get_acts()) - set(ACTS)
        # as it is where nothing else is installed
        patcher = patch.object(type(self.bills), "_get_acts", lambda bill: ACTS)
        patcher.start()
        self.addCleanup(patcher.stop)
        for act in {*brought, "no_such_act"}:
            for (state, flags, how), bill in self.zoo.items():
                with self.subTest(act=act, state=state, flags=flags, how=how):
                    self.assertNotIn(act, bill.allowed_acts or ())
                    with self.assertRaises(KeyError):
                        bill._check_act(act)

    def test_acts_take_the_role_of_the_table(self):
        """A Billing User sees the bill and may do nothing with it."""
        for (state, flags, __), bill in self.zoo.items():
            as_user = bill.with_user(self.users["user"])
            as_user.check_access("read")
            for act in bill._get_acts():
                if self._is_allowed(act, state, flags):
                    with self.refused("Officer", error=AccessError):
                        as_user._check_act(act)


@tagged("post_install", "-at_install")
class TestTableWalkRpc(BillsInEveryState):
    def test_table_walk_rpc(self):
        """Crafted calls: wizards that were never opened on the bill, and that claim
        to act for somebody else."""
        crafted = {"kavi_act": 1, "default_state": "paid", "tracking_disable": True}
        self._walk(
            issue=lambda bill: self._call(bill, "action_issue", context=crafted),
            delete=lambda bill: self._call(bill, "unlink", context=crafted),
            edit=lambda bill: self._call(
                bill, "write", {"title": "New"}, context=crafted
            ),
            change_amount=self._change_price_by_rpc,
            postpone=lambda bill: self._call_wizard(
                bill, "postpone", "action_postpone", date="2036-01-01"
            ),
            choose_method=lambda bill: self._call_wizard(
                bill, "method", "action_choose_method", method_id=self.check.id
            ),
            complete_payment=lambda bill: self._call_payment(bill, 0, False),
            write_off=lambda bill: self._call_payment(bill, 3, True),
            reverse_payment=self._reverse_by_rpc,
            refund=lambda bill: self._call_wizard(bill, "refund", "action_refund"),
            cancel=lambda bill: self._call_wizard(
                bill, "cancel", "action_cancel_bills", refund_amount=0
            ),
            dispute=lambda bill: self._call_wizard(bill, "dispute", "action_dispute"),
            resolve_dispute=lambda bill: self._call_wizard(
                bill, "resolve", "action_resolve_dispute"
            ),
            send_notice=lambda bill: self._call_wizard(
                bill,
                "send",
                "action_send",
                template_id=self.env.ref("kavi_billing.mail_template_bill_new").id,
                recipients="jane@doe.example",
            ),
        )

    def test_state_is_written_on_no_path(self):
        """Whatever the state: nobody writes what follows from acts and books."""
        values = {
            "state": "paid",
            "name": "2020-00001",
            "is_canceled": True,
            "is_disputed": True,
            "is_frozen": False,
            "amount_due": 0.0,
            "amount_paid": 100.0,
            "payment_method_id": self.wire.id,
            "payment_number": "1",
            "move_ids": [],
        }
        for (state, flags, how), bill in self.zoo.items():
            before = self._facts(bill)
            for name, value in values.items():
                with self.subTest(state=state, flags=flags, how=how, name=name):
                    with self.refused("cannot be set by hand"):
                        self._call(bill, "write", {name: value})
                    with self.refused("cannot be set by hand"):
                        # together with what may be written
                        self._call(bill, "write", {"title": "New", name: value})
            with self.refused("cannot be set by hand"):
                self._import(bill, "state", "Paid")
            self.assertEqual(self._facts(bill), before)


@tagged("post_install", "-at_install")
class TestTableWalkMethods(BillsInEveryState):
    def test_table_walk_methods(self):
        """What other addons call, as an officer: the guard is in the method itself."""
        self._walk(
            issue=lambda bill: bill._issue(),
            change_amount=self._change_lines,
            postpone=lambda bill: bill._postpone(date(2036, 1, 1)),
            choose_method=lambda bill: bill._choose_method(self.wire),
            complete_payment=lambda bill: bill._complete_payment(self.check),
            write_off=lambda bill: bill._complete_payment(
                self.check, amount=bill.amount_due - 3, write_off=True
            ),
            apply_credit=lambda bill: self.credit._apply(bill, 10),
            reverse_payment=lambda bill: bill._reverse_payment(self.payments(bill)[:1]),
            refund=lambda bill: bill._refund(),
            cancel=lambda bill: bill._cancel(
                refund_amount=1 if bill.amount_retained else None
            ),
            dispute=lambda bill: bill._dispute(),
            resolve_dispute=lambda bill: bill._resolve_dispute(),
        )

    def test_table_walk_import(self):
        """A file that is imported over existing bills: it edits, and changes amounts
        of drafts only."""
        self._walk(edit=lambda bill: self._import(bill, "title", "New"))
        for (state, flags, how), bill in self.zoo.items():
            with self.subTest(state=state, flags=flags, how=how):
                if state == "draft":
                    self._do(
                        "change_amount",
                        lambda bill: self._import(bill, "amount", "50"),
                        bill,
                    )
                else:
                    self._refuse(
                        "change_amount",
                        lambda bill: self._import(bill, "amount", "50"),
                        bill,
                    )
