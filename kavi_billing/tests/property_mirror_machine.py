"""The state machine of test_property with a set-up that changes between the acts, and
with what the accountant settles from the bank statement.

In the journal items of a bill that has ended: nothing is open, no more money went
out than came in, and what was undone has left no income, no tax and no grid.
"""

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from odoo.fields import Command

from .property_machine import days, which
from .property_shared_machine import SharedOffice

# Of the posted documents of a bill, those replaced by a change included: what is open
# on receivable items.
OPEN_ITEMS = """
    SELECT move.name, line.amount_residual, line.amount_residual_currency
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id
      JOIN account_account account ON account.id = line.account_id
     WHERE move.kavi_bill_id = %s AND move.state = 'posted'
       AND account.account_type = 'asset_receivable'
       AND (line.amount_residual <> 0 OR line.amount_residual_currency <> 0)
"""


class MirrorOffice(SharedOffice):
    """Bills, credits, and a set-up that does not stay."""

    # === WHAT CHANGES MEANWHILE === #

    @rule(number=which, amount=st.sampled_from([0, 5, 7.7, 19, 33.3]))
    def change_tax_rate(self, number, amount):
        taxes = [tax for tax in self.case.taxes if tax]
        taxes[number % len(taxes)].amount = amount

    @rule(number=which, override=st.sampled_from(["tax_included", "tax_excluded"]))
    def change_price_includes(self, number, override):
        taxes = [tax for tax in self.case.taxes if tax]
        taxes[number % len(taxes)].price_include_override = override

    @rule(method=st.sampled_from(["round_per_line", "round_globally"]))
    def change_rounding(self, method):
        self.case.company.tax_calculation_rounding_method = method

    @rule(number=which, rate=st.sampled_from([0.5, 0.9, 1.3]), day=days)
    def change_currency_rate(self, number, rate, day):
        currencies = self.case.currencies - self.case.company.currency_id
        currency = currencies[number % len(currencies)]
        rates = self.env["res.currency.rate"].search(
            [
                ("currency_id", "=", currency.id),
                ("company_id", "=", self.case.company.id),
            ]
        )
        rates[number % len(rates)].rate *= rate

    @rule(account=which, receivable=which)
    def change_receivable(self, account, receivable):
        case = self.case
        account = case.accounts[account % len(case.accounts)].with_company(case.company)
        receivables = case.receivables
        account.property_account_receivable_id = receivables[
            receivable % len(receivables)
        ]

    # === THE BANK STATEMENT === #

    @precondition(lambda self: self.bills)
    @rule(number=which, part=st.sampled_from([0.1, 0.5, 0.9, 1]))
    def settle_from_statement(self, number, part):
        """The bank has got a part; the accountant writes the rest off with it."""
        bill = self.one(number)
        invoice = bill.sudo().invoice_id
        items = (
            bill.sudo()
            ._get_receivable_lines(invoice)
            .filtered(lambda item: not item.reconciled)
        )
        company = self.case.company
        due = sum(items.mapped("amount_residual"))
        money = company.currency_id.round(due * part)
        if (
            bill.currency_id != company.currency_id
            or len(items) != 1
            or not self.is_open(bill)
            or money <= 0
        ):
            return

        def settle():
            line = self.env["account.bank.statement.line"].create(
                {
                    "journal_id": self.case.bank.id,
                    "payment_ref": bill.name,
                    "date": company._billing_today(),
                    "amount": money,
                    "partner_id": bill.partner_id.id,
                }
            )
            _liquidity, suspense, _other = line._seek_for_lines()
            commands = [
                Command.delete(suspense.id),
                Command.create(
                    {
                        "account_id": items.account_id.id,
                        "partner_id": bill.partner_id.id,
                        "balance": -due,
                    }
                ),
            ]
            if due - money:
                account = company.billing_write_off_account_id
                commands.append(
                    Command.create({"account_id": account.id, "balance": due - money})
                )
            line.move_id.with_context(
                force_delete=True, skip_readonly_check=True
            ).write({"line_ids": commands})
            settled = line.move_id.line_ids.filtered(
                lambda item: item.account_id == items.account_id
            )
            (items | settled).reconcile()

        paid = bill.amount_paid
        if self.outside(settle):
            self.case.assertAlmostEqual(bill.amount_paid, paid + money, 6)

    # === WHAT ALWAYS HOLDS === #

    @invariant()
    def ended_bills_leave_nothing(self):
        for bill in getattr(self, "bills", ()):
            is_over = bill.state == "canceled" or (
                bill.state == "refunded"
                and bill.currency_id.is_zero(bill.amount_retained)
            )
            if not is_over or bill.id in self.undone:
                continue
            self.env.cr.execute(OPEN_ITEMS, [bill.id])
            self.case.assertFalse(self.env.cr.fetchall(), f"open on {bill.name}")
            if self.is_kept(bill):
                continue
            self.check_undone(bill)

    def is_kept(self, bill):
        """Whether something of the bill stays: money, or what a credit has settled."""
        sudo = bill.sudo()
        return (
            not bill.currency_id.is_zero(bill.amount_retained)
            or sudo.memo_ids.filtered(lambda memo: memo.move_id.state == "posted")
            or self.env["kavi.credit"].search_count(
                [
                    ("move_id", "in", sudo._get_all_moves().ids),
                    ("kind", "!=", "overpayment"),
                ]
            )
        )

    def check_undone(self, bill):
        company = self.case.company
        apart = (
            company.income_currency_exchange_account_id
            | company.expense_currency_exchange_account_id
        )
        result, taxes, grids = 0.0, {}, {}
        moves = bill.sudo()._get_all_moves()
        if len(moves.kavi_bill_id) > 1:
            return  # a payment of several bills: each would need its part
        for item in moves.filtered(lambda move: move.state == "posted").line_ids:
            if item.account_id in apart:
                continue
            if item.tax_repartition_line_id:
                tax = item.tax_line_id
                taxes[tax] = taxes.get(tax, 0.0) + item.balance
            elif item.account_id.internal_group in ("income", "expense"):
                result += item.balance
            for tag in item.tax_tag_ids:
                grids[tag] = grids.get(tag, 0.0) + item.balance
        self.case.assertAlmostEqual(result, 0, 2, f"income of {bill.name}")
        for sums in (taxes, grids):
            for record, balance in sums.items():
                self.case.assertAlmostEqual(balance, 0, 2, record.display_name)
