"""Money in and out, against Odoo's own wizards on the same invoices."""

from .bulk import make_accounts
from .runner import Benchmark

PAYMENTS, REFUNDS = 500, 200


def raise_bills(env, number, prefix):
    accounts = make_accounts(env, number, prefix)
    return env["kavi.bill"]._raise_bills(
        [
            {"partner_id": partner.id, "title": "Annual fee", "amount": 120.0}
            for partner in accounts
        ]
    )


def get_method(env):
    return env["kavi.payment.method"].search(
        [("company_id", "=", env.company.id)], limit=1
    )


class CompletePayments(Benchmark):
    name = "payments"
    doc = f"{PAYMENTS} bills paid / {PAYMENTS} invoices by account.payment.register"
    rounds = 3

    def prepare(self, env):
        self.bills = raise_bills(env, PAYMENTS, "Bench payment").ids

    def ours(self, env):
        bills = env["kavi.bill"].browse(self.bills)
        bills._complete_payment(get_method(env))
        assert set(bills.mapped("state")) == {"paid"}

    def peer(self, env):
        invoices = env["kavi.bill"].browse(self.bills).invoice_id
        env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        ).create({"group_payment": False})._create_payments()
        assert set(invoices.mapped("payment_state")) <= {"paid", "in_payment"}


class RefundBills(Benchmark):
    name = "refunds"
    doc = (
        f"{REFUNDS} paid bills refunded / {REFUNDS} invoices reversed and paid out by "
        "Odoo's wizards"
    )
    rounds = 3

    def prepare(self, env):
        bills = raise_bills(env, REFUNDS, "Bench refund")
        bills._complete_payment(get_method(env))
        self.bills = bills.ids

    def ours(self, env):
        bills = env["kavi.bill"].browse(self.bills)
        bills._refund()
        assert set(bills.mapped("state")) == {"refunded"}

    def peer(self, env):
        invoices = env["kavi.bill"].browse(self.bills).invoice_id
        reversal = (
            env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"journal_id": invoices.journal_id.id})
        )
        reversal.refund_moves()
        notes = reversal.new_move_ids
        notes.filtered(lambda move: move.state == "draft").action_post()
        env["account.payment.register"].with_context(
            active_model="account.move", active_ids=notes.ids
        ).create({"group_payment": False})._create_payments()
        assert set(notes.mapped("payment_state")) <= {"paid", "in_payment"}


class ApplyCredits(Benchmark):
    name = "credits"
    doc = f"{PAYMENTS} credits applied / {PAYMENTS} by Odoo's “Add” on each invoice"
    rounds = 3

    def prepare(self, env):
        bills = raise_bills(env, PAYMENTS, "Bench credit")
        credits = env["kavi.credit"].create(
            [
                {
                    "partner_id": bill.partner_id.id,
                    "kind": "goodwill",
                    "reason": "Benchmark",
                    "amount": 20.0,
                }
                for bill in bills
            ]
        )
        credits._issue()
        self.bills, self.credits = bills.ids, credits.ids

    def ours(self, env):
        credits = env["kavi.credit"].browse(self.credits)
        credits._match_automatically(env["kavi.bill"].browse(self.bills))
        assert set(credits.mapped("state")) == {"used"}

    def peer(self, env):
        credits = env["kavi.credit"].browse(self.credits)
        bills = env["kavi.bill"].browse(self.bills)
        for credit, bill in zip(credits, bills, strict=True):
            line = credit.move_id.line_ids.filtered(
                lambda item: item.account_id.account_type == "asset_receivable"
            )
            bill.invoice_id.js_assign_outstanding_line(line.id)
        assert {credit.move_id.payment_state for credit in credits} <= {
            "paid",
            "in_payment",
        }
