"""Taxes of every shape, changes of the set-up, and what must be left in the books when
a bill has ended."""

from odoo.fields import Command

from .common import BillingCommon

PERCENT = (100,)
REVERSE_CHARGE = (100, -100)
SPLIT = (60, 40)


class MirrorCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.rate("2020-01-01", 0.5)
        account = cls.env["account.account"].create(
            {
                "name": "Tax due",
                "code": "251999",
                "account_type": "liability_current",
                "company_ids": [Command.set(cls.company.ids)],
            }
        )
        cls.tax_account = account

    @classmethod
    def rate(cls, day, rate):
        """How many euros the company's currency is worth from ``day``."""
        cls.env["res.currency.rate"].create(
            {
                "name": day,
                "rate": rate,
                "currency_id": cls.env.ref("base.EUR").id,
                "company_id": cls.company.id,
            }
        )

    @classmethod
    def tax(cls, amount=15.0, shape=PERCENT, **vals):
        """A tax whose repartition has these percentages, with grids of its own."""
        tags = cls.env["account.account.tag"].create(
            [
                {"name": f"grid {amount} {shape} {n}", "applicability": "taxes"}
                for n in range(len(shape) + 1)
            ]
        )
        lines = [
            Command.create(
                {"repartition_type": "base", "tag_ids": [Command.set(tags[0].ids)]}
            )
        ] + [
            Command.create(
                {
                    "repartition_type": "tax",
                    "factor_percent": percent,
                    "account_id": cls.tax_account.id,
                    "tag_ids": [Command.set(tag.ids)],
                }
            )
            for percent, tag in zip(shape, tags[1:], strict=True)
        ]
        return cls.env["account.tax"].create(
            {
                "name": f"Tax {amount} {shape} {len(tags)} {vals}",
                "amount": amount,
                "type_tax_use": "sale",
                "company_id": cls.company.id,
                "invoice_repartition_line_ids": lines,
                "refund_repartition_line_ids": lines,
                **vals,
            }
        )

    @classmethod
    def taxed(cls, tax, *prices, **vals):
        """An issued bill with a line a price."""
        lines = [
            Command.create(
                {"name": f"Fee {n}", "price_unit": p, "tax_ids": [Command.set(tax.ids)]}
            )
            for n, p in enumerate(prices or (100.0,))
        ]
        return cls.issued(line_ids=lines, **vals)

    @classmethod
    def memo(cls, bill, amount=30.0):
        """An issued credit memo on a bill."""
        memo = cls.as_user("officer")["kavi.credit"].create(
            {
                "kind": "memo",
                "partner_id": bill.partner_id.id,
                "bill_id": bill.id,
                "reason": "less",
                "amount": amount,
            }
        )
        memo.action_issue()
        return memo

    @classmethod
    def other_receivable(cls):
        return cls.env["account.account"].create(
            {
                "name": "Doubtful debts",
                "code": "121999",
                "account_type": "asset_receivable",
                "reconcile": True,
                "company_ids": [Command.set(cls.company.ids)],
            }
        )

    @classmethod
    def document_items(cls, bill):
        """Every journal item of the bill's documents, those replaced by a change too,
        and of its payments' write-offs and discounts."""
        bill = bill.sudo()
        cls.env.flush_all()
        moves = bill._get_all_moves() | bill.memo_ids.move_id
        return moves.filtered(lambda move: move.state == "posted").line_ids

    def assertSettled(self, bill):
        """Nothing is open on any receivable item of the bill's documents, in either
        currency."""
        bill = bill.sudo()
        items = bill._get_receivable_lines(
            bill.move_ids.filtered(lambda move: move.state == "posted")
        )
        for item in items:
            self.assertEqual(
                (item.amount_residual, item.amount_residual_currency),
                (0, 0),
                f"open in {item.account_id.code} of {item.move_id.name}",
            )

    def assertResult(self, bill, income, tax=0.0):
        """What is left of income and taxes, exchange differences apart."""
        company = self.company
        exchange = (
            company.income_currency_exchange_account_id
            | company.expense_currency_exchange_account_id
        )
        sums = {"income": 0.0, "tax": 0.0}
        for item in self.document_items(bill):
            if item.account_id in exchange:
                continue
            if item.tax_repartition_line_id:
                sums["tax"] -= item.balance
            elif item.account_id.internal_group in ("income", "expense"):
                sums["income"] -= item.balance
        self.assertAlmostEqual(sums["income"], income, 2)
        self.assertAlmostEqual(sums["tax"], tax, 2)

    def assertGrids(self, bill):
        """Each tax grid of the bill's documents sums to nothing."""
        grids = {}
        for item in self.document_items(bill):
            for tag in item.tax_tag_ids:
                grids[tag] = grids.get(tag, 0.0) + item.balance
        for tag, balance in grids.items():
            self.assertAlmostEqual(balance, 0.0, 2, tag.name)

    def assertUndone(self, bill):
        """The bill has ended and nothing of it is kept: residuals, income, taxes and
        grids are zero."""
        self.assertSettled(bill)
        self.assertResult(bill, 0.0, 0.0)
        self.assertGrids(bill)
        self.assertFalse(self.bills.sudo()._find_book_differences())
