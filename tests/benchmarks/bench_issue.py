"""Issuing bills against plain invoices of the same content."""

from odoo import fields

from .bulk import make_accounts
from .runner import Benchmark

BILLS = 1000


class IssueBills(Benchmark):
    name = "issue"
    doc = f"{BILLS} bills raised and issued / {BILLS} invoices created and posted"
    rounds = 3

    def prepare(self, env):
        self.accounts = make_accounts(env, BILLS, "Bench issue").ids

    def ours(self, env):
        bills = env["kavi.bill"]._raise_bills(
            [
                {"partner_id": partner, "title": "Annual fee", "amount": 120.0}
                for partner in self.accounts
            ]
        )
        assert all(move.state == "posted" for move in bills.invoice_id)

    def peer(self, env):
        term = env.company.billing_payment_term_id
        moves = env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner,
                    "invoice_date": fields.Date.context_today(env.user),
                    "invoice_payment_term_id": term.id,
                    "invoice_line_ids": [
                        fields.Command.create(
                            {
                                "name": "Annual fee",
                                "price_unit": 120.0,
                                "tax_ids": [fields.Command.clear()],
                            }
                        )
                    ],
                }
                for partner in self.accounts
            ]
        )
        moves.action_post()
        assert all(move.state == "posted" for move in moves)
