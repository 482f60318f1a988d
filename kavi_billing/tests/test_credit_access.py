"""What a caller's context holds changes nothing that is booked for a credit."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .profile import LONG
from .test_credit import CreditCommon

# Each of these keys makes Odoo, or this addon, book something else, if it comes so far.
CONTEXT = {
    "skip_invoice_sync": True,
    "check_move_validity": False,
    "tracking_disable": True,
    "skip_account_move_synchronization": True,
    "dynamic_unlink": True,
    "default_move_type": "entry",
    "default_invoice_payment_term_id": False,
    "default_state": "draft",
    "default_auto_post": "at_date",
    "default_invoice_date_due": "2036-01-01",
    "no_exchange_difference": True,
    "kavi_act": True,
    "kavi_no_billing_account": True,
    "kavi_application": "Elsewhere",
}


@tagged("post_install", "-at_install")
class TestCreditAccess(CreditCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tax = cls.env["account.tax"].create(
            {
                "name": "21%",
                "amount": 21,
                "type_tax_use": "sale",
                "company_id": cls.company.id,
                "country_id": cls.company.account_fiscal_country_id.id,
            }
        )
        cls.company.billing_credit_product_id = cls.env["product.product"].create(
            {"name": "Goodwill", "taxes_id": [Command.set(tax.ids)]}
        )

    def entries(self, record):
        """Every entry behind a credit, and what each item of it is matched with."""
        self.env.flush_all()
        items = record.sudo().move_id.line_ids
        matches = items.matched_debit_ids | items.matched_credit_ids
        moves = (matches.debit_move_id | matches.credit_move_id | items).move_id
        return [
            (
                move.move_type,
                move.state,
                move.date,
                move.invoice_date,
                move.invoice_date_due,
                move.auto_post,
                move.partner_id,
                move.journal_id,
                move.currency_id,
                move.amount_untaxed,
                move.amount_tax,
                move.amount_total,
                move.amount_residual,
                [
                    (
                        line.account_id,
                        line.partner_id,
                        line.display_type,
                        line.balance,
                        line.amount_currency,
                        line.amount_residual,
                        line.tax_ids,
                        line.tax_line_id,
                        line.tax_tag_ids,
                        line.matched_debit_ids.mapped("amount"),
                        line.matched_credit_ids.mapped("amount"),
                    )
                    for line in move.line_ids.sorted(
                        lambda line: (line.account_id.code, line.balance)
                    )
                ],
            )
            for move in moves.sorted("id")
        ]

    def act(self, model, method, *args, **context):
        return self.rpc("officer", model, method, *args, context=context)

    def give(self, **context):
        """An officer issues credits over RPC: one is applied and paid out, one applied
        and taken off again, one expires.

        :return: the entries of each
        """
        found = []
        for end in ("refund", "unapply", "expire"):
            bill = self.issued(30)
            draft = self.credit_draft(50)
            self.act("kavi.credit", "action_issue", draft.ids, **context)
            applied = {
                "credit_ids": [Command.set(draft.ids)],
                "bill_ids": [Command.set(bill.ids)],
            }
            wizard = "kavi.credit.apply.wizard"
            ids = self.act(wizard, "create", [applied], **context)
            self.act(wizard, "action_apply_credits", ids, **context)
            self.assertBill(bill, "paid")
            if end == "refund":
                wizard = "kavi.credit.refund.wizard"
                paid = {
                    "credit_ids": [Command.set(draft.ids)],
                    "method_id": self.check.id,
                }
                ids = self.act(wizard, "create", [paid], **context)
                self.act(wizard, "action_refund_credits", ids, **context)
            elif end == "unapply":
                self.env.flush_all()
                self.act(
                    "kavi.account.allocation",
                    "action_unapply",
                    draft.allocation_ids.ids,
                    **context,
                )
                self.assertBill(bill, "new", amount_due=30.0)
            else:
                self.act("kavi.credit", "action_expire", draft.ids, **context)
            self.assertCredit(
                draft,
                {"refund": "refunded", "unapply": "open", "expire": "expired"}[end],
            )
            found.append(self.entries(draft))
        return found

    def test_context_is_not_carried_into_entries(self):
        """An officer's context: the same entries as without it, in every act. All keys
        at once; each by itself in the long profile."""
        plain = self.give()
        amounts = {(debit, credit): 1.0 for debit in range(9) for credit in range(9)}
        context = CONTEXT | {"kavi_match_amounts": amounts}
        self.assertEqual(self.give(**context), plain)
        for key, value in context.items() if LONG else ():
            with self.subTest(key):
                self.assertEqual(self.give(**{key: value}), plain)

    def test_access_no_credit_is_born_issued(self):
        """By values and by the defaults of a context: only acts say what is booked."""
        entry = self.issued().sudo().invoice_id
        vals = {
            "partner_id": self.account.id,
            "reason": "For the trouble",
            "amount": 50.0,
        }
        for name, value in (
            ("name", "CR-2020-00001"),
            ("state", "open"),
            ("amount_open", 50.0),
            ("move_id", entry.id),
            ("kind", "overpayment"),
        ):
            with self.subTest(name):
                with self.refused("by hand"):
                    self.act("kavi.credit", "create", [{**vals, name: value}])
                context = {f"default_{name}": value}
                if name in ("kind", "move_id"):
                    with self.assertRaises(UserError):
                        self.act("kavi.credit", "create", [vals], **context)
                    continue
                ids = self.act("kavi.credit", "create", [vals], **context)
                credit = self.env["kavi.credit"].browse(ids)
                self.assertFalse(credit.name)
                self.assertEqual((credit.state, credit.amount_open), ("draft", 0.0))
