"""Several officers of one company in a database of their own, at once."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.service.model import call_kw, retrying
from odoo.tools import mute_logger

WRITERS = 8


BILLS_EACH = 4


ROUNDS = 3


class Office:
    """Officers of one company, and what they do over RPC."""

    def __init__(self, scratch):
        self.scratch = scratch
        with scratch.env() as env:
            company = env["res.company"].create({"name": "Crowded Ltd"})
            env["account.chart.template"].try_loading(
                "generic_coa", company=company, install_demo=False
            )
            self.company = company.id
            self.officers = self._new_officers(env).ids
            self.account = env["res.partner"].create({"name": "Acme Ltd"}).id
            methods = env["kavi.payment.method"].search(
                [("company_id", "=", company.id)]
            )
            self.check = methods[0].id

    def _new_officers(self, env):
        groups = env.ref("kavi_billing.group_billing_officer")
        groups |= env.ref("account.group_account_user")  # some keep the books as well
        return (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "name": f"Officer {number}",
                        "login": f"officer{number}",
                        "company_id": self.company,
                        "company_ids": [Command.set([self.company])],
                        "group_ids": [Command.set(groups.ids)],
                    }
                    for number in range(WRITERS)
                ]
            )
        )

    def call(self, env, officer, model, method, *args, **kwargs):
        """A call as it comes in over RPC: tried again when others were in the way,
        committed when it went well."""
        env = env(user=self.officers[officer], su=False)
        env.cr.rollback()  # each call sees what was committed before it
        env.transaction.reset()
        return retrying(lambda: call_kw(env[model], method, list(args), kwargs), env)

    # Each act is prepared, as a screen that is open, and done when it is called.

    def wizard(self, officer, model, action, vals, **context):
        with self.scratch.env(user=self.officers[officer]) as env:
            wizard = env[model].with_context(**context).create(vals).id
        return lambda env: self.call(
            env, officer, model, action, [wizard], context=context
        )

    def pay(self, officer, bill):
        vals = {"bill_ids": [Command.set([bill])], "method_id": self.check}
        model, action = "kavi.bill.payment.wizard", "action_complete_payment"
        return self.wizard(officer, model, action, vals)

    def cancel(self, officer, bill):
        vals = {"bill_ids": [Command.set([bill])]}
        model, action = "kavi.bill.cancel.wizard", "action_cancel_bills"
        return self.wizard(officer, model, action, vals)

    def opened(self, officer, bill, act, action, **vals):
        """A window that was opened on the bill, as it is now."""
        context = {"active_model": "kavi.bill", "active_ids": [bill]}
        model = f"kavi.bill.{act}.wizard"
        return self.wizard(officer, model, f"action_{action}", vals, **context)

    def complete(self, officer, bill, **vals):
        vals["method_id"] = self.check
        return self.opened(officer, bill, "payment", "complete_payment", **vals)

    def credit(self, amount):
        """An open credit of the account."""
        with self.scratch.env(user=self.officers[0]) as env:
            credit = env["kavi.credit"].create(
                {
                    "partner_id": self.account,
                    "reason": "For the trouble",
                    "amount": amount,
                }
            )
            credit.action_issue()
            return credit.id

    def apply(self, officer, credit, bill, amount):
        """The wizard on the credit, with the bill and amount chosen."""
        context = {"active_model": "kavi.credit", "active_ids": [credit]}
        vals = {"bill_ids": [Command.set([bill])], "amount": amount}
        model, action = "kavi.credit.apply.wizard", "action_apply_credits"
        return self.wizard(officer, model, action, vals, **context)

    def pay_out(self, officer, credit):
        context = {"active_model": "kavi.credit", "active_ids": [credit]}
        vals = {"method_id": self.check}
        model, action = "kavi.credit.refund.wizard", "action_refund_credits"
        return self.wizard(officer, model, action, vals, **context)

    def give_back(self, officer, bill, **vals):
        return self.opened(officer, bill, "refund", "refund", **vals)

    def reverse(self, officer, bill):
        return self.opened(officer, bill, "reverse", "reverse_payment")

    def register(self, officer, bill):
        """The accountant's way, on the invoice."""
        with self.scratch.env() as env:
            invoice = env["kavi.bill"].browse(bill).invoice_id.id
        context = {"active_model": "account.move", "active_ids": [invoice]}
        model, action = "account.payment.register", "action_create_payments"
        return self.wizard(officer, model, action, {}, **context)

    def issue(self, officer, *bills):
        """One after the other, each in a transaction of its own."""

        def issue_all(env):
            for bill in bills:
                self.call(env, officer, "kavi.bill", "action_issue", [bill])

        return issue_all

    def drafts(self, count):
        with self.scratch.env(user=self.officers[0]) as env:
            bills = env["kavi.bill"].create(
                [
                    {"partner_id": self.account, "title": f"Fee {n}", "amount": 10 + n}
                    for n in range(count)
                ]
            )
            return bills.ids

    def issued(self, count):
        bills = self.drafts(count)
        with self.scratch.env(user=self.officers[0]) as env:
            env["kavi.bill"].browse(bills).action_issue()
        return bills

    def paid(self, count):
        bills = self.issued(count)
        with self.scratch.env(user=self.officers[0]) as env:
            method = env["kavi.payment.method"].browse(self.check)
            for bill in env["kavi.bill"].browse(bills):
                bill._complete_payment(method)  # by a payment of its own
        return bills

    def at_once(self, acts):
        """Do the prepared acts, ``{name: act}``, at the same time.

        :return: the names of those that were done, and what the others were told
        """
        with mute_logger("odoo.sql_db"):  # Odoo logs each attempt that met another
            answers = self.scratch.in_threads(*acts.values())
        failed = [answer for answer in answers if isinstance(answer, Exception)]
        done = [
            name
            for name, answer in zip(acts, answers, strict=True)
            if not isinstance(answer, Exception)
        ]
        for error in failed:  # in a sentence, and not by a stack of code
            assert isinstance(error, UserError), error
            assert len(str(error).split()) > 5, error
        return done, failed


def look(office, bills):
    """What is committed: state, due and posted payments of each bill; and that bills
    and ledger agree."""
    with office.scratch.env() as env:
        bills = env["kavi.bill"].browse(bills)
        assert not env["kavi.bill"]._find_book_differences()
        found = []
        for bill in bills:
            payments = env["account.payment"].search(
                [("memo", "like", bill.name), ("company_id", "=", office.company)]
            )
            found.append((bill.state, bill.amount_due, len(payments)))
        return found
