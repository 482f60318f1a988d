"""What becomes of the rows of an Account Balances file.

Accounts are opened where there are none; balances are compared with the bills that are
here, and booked only if somebody asks for it.
"""

from decimal import Decimal

from .base import Plan
from .planner import RowPlanner
from .rules import MAX_AMOUNT, ZERO, RowError, normalize_key


class BalancePlanner(RowPlanner):
    """Plans balances: each row is compared with what its account owes here.

    :ivar matches: the account of each row, ``{line: Match}``
    :ivar alike: the rows of the file with each key of an account, ``{key: lines}``
    :ivar owed: what accounts owe, ``{(account id, currency): (due, number of bills)}``
    """

    def __init__(self, record, dry_run=False):
        super().__init__(record, dry_run)
        self.matches, self.alike, self.too_many = {}, {}, {}
        self.owed = {}

    def _load(self, lines):
        keys = {key for key in lines.mapped("account_key") if key}
        self.alike, self.too_many = self._find_alike("account_key", keys)
        self.matches = {line: self.accounts.match(line) for line in lines}
        partners = self.env["res.partner"].union(
            *(match.partner for match in self.matches.values())
        )
        self.owed = self._read_owed(partners)

    def _read_owed(self, partners):
        # sudo: sums of the import's own company; the role was checked
        groups = (
            self.env["kavi.bill"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "=", self.record.company_id.id),
                    ("partner_id", "in", partners.ids),
                    ("state", "!=", "draft"),
                ],
                ["partner_id", "currency_id"],
                ["amount_due:sum", "__count"],
            )
        )
        return {
            (partner.id, currency): (due, count)
            for partner, currency, due, count in groups
        }

    def _check_alone(self, line):
        """Refuse balances of one account in one currency that stand in several rows:
        whether they add up, or one of them is old, only a person knows.

        :raise RowError: "same_account"
        """
        if line.account_key in self.too_many:
            raise RowError("too_many_alike", count=self.too_many[line.account_key])
        alike = self.alike.get(line.account_key, line)
        partner = self.matches[line].partner
        if partner:
            alike |= self.env["kavi.import.line"].union(
                *(other for other, it in self.matches.items() if it.partner == partner)
            )
        rows = [
            other.row
            for other in alike.sorted("row")
            if other.decision != "skip"
            and not {"problem", "aside"} & set(other.content)
            and self._get_currency_key(other) == self._get_currency_key(line)
        ]
        if len(rows) > 1:
            numbers = ", ".join(map(str, rows))
            raise RowError("same_account", rows=numbers)

    def _get_currency_key(self, line):
        default = self.record.currency_id or self.record.company_id.currency_id
        return normalize_key(line.content.get("currency") or default.name)

    def _describe_foreign_row(self, company):
        return self.env._("A balance with %s.", company)

    def _plan_row(self, line):
        if result := self._get_early_result(line):
            return Plan(line, result)
        balance, currency = self._read_balance(line.content)
        match = self.matches[line]
        if match.result:
            return Plan(line, match.result)
        self._check_alone(line)
        partner, new_account = match.partner, match.new_account
        due, bills = self.owed.get((partner.id, currency), (0.0, 0))
        first = self.accounts.first_rows.get(line.account_key)
        is_new = new_account and first == line.row
        same = {} if new_account else {"partner_id": partner.id}
        plan = Plan(line, {}, partner, new_account)
        if currency.compare_amounts(float(balance), due) == 0:
            reason = self.env._("The balance is the same: %s.", currency.format(due))
            result = "created" if is_new else "matched"
        elif self.record.book_balances and not bills and balance > ZERO:
            result, reason = "created", self.env._("The balance is booked.")
            plan.bill = self._prepare_balance_vals(line, currency, balance)
        else:
            reason = self._describe_difference(balance, due, currency, bills)
            result = "created" if is_new else "matched"
        plan.outcome = self._get_row_result(result, f"{match.how} {reason}", **same)
        return plan

    def _read_balance(self, content):
        """:return: the balance, a Decimal, and its currency"""
        if not content.get("balance"):
            raise RowError("missing", field="balance")
        currency = self._get_currency(content)
        balance = Decimal(content["balance"])
        if abs(balance) >= MAX_AMOUNT:
            raise RowError("huge", field="balance")
        if balance != balance.quantize(Decimal(1).scaleb(-currency.decimal_places)):
            raise RowError("decimals", field="balance", value=currency.name)
        return balance, currency

    def _describe_difference(self, balance, due, currency, bills):
        sentence = self.env._(
            "The file says %(there)s, the bills here %(here)s.",
            there=currency.format(float(balance)),
            here=currency.format(due),
        )
        if balance < ZERO:
            hint = self.env._("What it has in its favour is entered as a credit.")
        elif bills:
            hint = self.env._("It has bills here: look at them.")
        else:
            hint = self.env._("Nothing was booked.")
        return f"{sentence} {hint}"

    def _prepare_balance_vals(self, line, currency, balance):
        """Values of the bill over what an account owes, without the account."""
        record = self.record
        if self.dry_run:
            name = f"~{line.id}"  # a number is not drawn for what is only tested
        else:
            (name,) = record.company_id._next_bill_ids([record.opening_date])
        return {
            "name": name,
            "title": self.env._("Opening balance"),
            "company_id": record.company_id.id,
            "currency_id": currency.id,
            "kind_id": False,
            "payment_term_id": False,
            "fiscal_position_id": False,
            "bill_date": record.opening_date,
            "due_date": record.opening_date,
            "import_id": record.id,
            "opening_key": currency.name,  # and its account, when that is there
            "opening_date": record.opening_date,
            "opening_total": 0.0,
            "opening_due": float(balance),
            "opening_account_id": record._get_opening_account().id,
            "opening_journal_id": record._get_opening_journal().id,
        }
