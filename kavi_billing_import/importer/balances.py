from decimal import Decimal

from odoo import models

from ..importer.rules import MAX_AMOUNT, ZERO, RowError, plain
from .kavi_import_job import Plan


class KaviImport(models.Model):
    """What becomes of the rows of an Account Balances file.

    Accounts are opened where there are none; balances are compared with the bills that
    are here, and booked only if somebody asks for it.
    """

    _inherit = "kavi.import"

    def _plan_balances(self, lines):
        """:return: a ``Plan`` for each row"""
        known = self._read_known(lines)
        found = self._find_accounts(lines)
        matches = {line: self._match_account(line, found) for line in lines}
        partners = self.env["res.partner"].union(
            *(partner for partner, __, __ in matches.values())
        )
        known["owed"] = self._read_owed(partners)
        known["rows"] = found["row"]
        plans = []
        for line in lines:
            try:
                plans.append(self._plan_balance(line, matches[line], known))
            except RowError as error:
                reason = self._say_row_error(error)
                plans.append(Plan(line, self._refuse(reason)))
        return plans

    def _read_owed(self, partners):
        """What these accounts owe here, ``{(account id, currency): (due, bills)}``."""
        # sudo: sums of the import's own company; the role was checked
        groups = (
            self.env["kavi.bill"]
            .sudo()
            ._read_group(
                [
                    ("company_id", "=", self.company_id.id),
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

    def _plan_balance(self, line, match, known):
        content = line.content
        if content.get("problem"):
            return Plan(line, self._refuse(content["problem"]))
        if line.decision == "skip":
            return Plan(line, self._conclude("skipped", self.env._("Left out.")))
        if plain(content.get("company")) in known["company"]:
            reason = self.env._("A balance with %s.", content["company"])
            return Plan(line, self._conclude("skipped", reason))
        if not content.get("balance"):
            raise RowError("missing", field="balance")
        currency = self._get_named("currency", content, known, self.company_id)
        balance = Decimal(content["balance"])
        if abs(balance) >= MAX_AMOUNT:
            raise RowError("huge", field="balance")
        if balance != balance.quantize(Decimal(1).scaleb(-currency.decimal_places)):
            raise RowError("decimals", field="balance", value=currency.name)
        partner, new_account, how = match
        if isinstance(how, dict):
            return Plan(line, how)
        due, bills = known["owed"].get((partner.id, currency), (0.0, 0))
        is_new = new_account and known["rows"].get(line.account_key) == line.row
        same = {} if new_account else {"partner_id": partner.id}
        plan = Plan(line, {}, partner, new_account)
        if currency.compare_amounts(float(balance), due) == 0:
            reason = self.env._("The balance is the same: %s.", currency.format(due))
            result = "created" if is_new else "matched"
        elif self.book_balances and not bills and balance > ZERO:
            result, reason = "created", self.env._("The balance is booked.")
            plan.bill = self._prepare_balance_vals(line, currency, balance)
        else:
            reason = self._describe_difference(balance, due, currency, bills)
            result = "created" if is_new else "matched"
        plan.outcome = self._conclude(result, f"{how} {reason}", **same)
        return plan

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
        if self.env.context.get("kavi_rehearsal"):
            name = f"~{line.id}"  # a number is not drawn for what is only tried
        else:
            (name,) = self.company_id._next_bill_ids([self.opening_date])
        return {
            "name": name,
            "title": self.env._("Opening balance"),
            "company_id": self.company_id.id,
            "currency_id": currency.id,
            "kind_id": False,
            "payment_term_id": False,
            "fiscal_position_id": False,
            "bill_date": self.opening_date,
            "due_date": self.opening_date,
            "import_id": self.id,
            "opening_key": currency.name,  # and its account, when that is there
            "opening_date": self.opening_date,
            "opening_total": 0.0,
            "opening_due": float(balance),
            "opening_account_id": self._get_opening_account().id,
            "opening_journal_id": self._get_opening_journal().id,
        }
