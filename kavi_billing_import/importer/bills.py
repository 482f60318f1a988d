"""What becomes of the rows of a Bill Data file."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal

from odoo.fields import Command
from odoo.tools import plaintext2html

from odoo.addons.kavi_billing.tools.bill_rules import CLOSED, OPEN

from .base import Plan
from .planner import RowPlanner
from .rules import (
    BILLS,
    OF_LINES,
    TARGETS,
    ZERO,
    RowError,
    fit_amounts,
    is_partly_paid,
    read_state,
)

AMOUNTS = [
    name
    for name, target in TARGETS.items()
    if target.kind == "amount" and BILLS in target.files
]


class BillPlanner(RowPlanner):
    """Plans bills: each row is a new one, or one that is here already.

    :ivar bills: the bills that are here already, ``{Bill ID: bill}``
    :ivar groups: the rows of the file with each Bill ID that several have
    :ivar open_badges: labels of flags that only open bills have
    :ivar too_many: number of rows of those that too many have
    """

    def __init__(self, record, dry_run=False):
        super().__init__(record, dry_run)
        self.bills = {}
        self.groups, self.too_many = {}, {}
        self.open_badges = []

    def _load(self, lines):
        labels = self.env["kavi.bill"]._get_flag_labels()
        settled = (*CLOSED, "opening_balance")
        self.open_badges = [
            label for flag, label in labels.items() if flag not in settled
        ]
        self.bills = self._find_bills(lines)
        names = {name for name in lines.mapped("reference") if name}
        self.groups, self.too_many = self._find_alike("reference", names)

    def _find_bills(self, lines):
        names = [line.reference for line in lines if line.reference]
        # sudo: the role was checked, and only bills of this company are looked at
        bills = self.env["kavi.bill"].sudo()
        bills = bills.search(
            [("company_id", "=", self.record.company_id.id), ("name", "in", names)]
        )
        return {bill.name: bill for bill in bills}

    def _describe_foreign_row(self, company):
        return self.env._("A bill of %s.", company)

    def _plan_row(self, line):
        content = line.content
        if result := self._get_early_result(line):
            return Plan(line, result)
        name = content.get("bill_id")
        if not name:
            raise RowError("missing", field="bill_id")
        if name in self.too_many:
            raise RowError("too_many_alike", count=self.too_many[name])
        rows = self.groups.get(name, line)
        kept = rows.filtered(lambda other: other.decision != "skip") or line
        first = kept[0]
        content, parts = self._merge_rows(kept)
        vals = self._prepare_bill_vals(content)
        if first != line:
            return self._plan_further_row(line, first, parts)
        if parts:
            vals["line_ids"] = self._prepare_part_lines(content, parts)
        match = self.accounts.match(line)
        bill = self.bills.get(name)
        if bill:
            return Plan(line, self._compare_bill(bill, vals, match.partner))
        if match.result:
            return Plan(line, match.result)
        partner = match.partner
        if vals.get("opening_date") and partner and not partner.active:
            reason = self.env._(
                "The account %s is archived. Unarchive it before billing it.",
                partner.name,
            )
            return Plan(line, self._reject_row(reason, partner_id=partner.id))
        outcome = self._get_row_result("created", match.how)
        return Plan(line, outcome, partner, match.new_account, vals)

    def _merge_rows(self, lines):
        """What the rows with one Bill ID say together.

        Rows that say the same are one. An export with a row for each line of a bill is
        one bill, if a column says what a line comes to. Anything else is two bills with
        one number, and nobody but a person knows which of them counts.

        :return: ``(content, contents of its lines)``; no lines where the rows are one
        :raise RowError: "rows_differ", "no_line" or "lines"
        """
        contents = [line.content for line in lines]
        numbers = ", ".join(str(line.row) for line in lines)
        has_lines = any("line_amount" in content for content in contents)
        for content in contents[1:]:
            for field in sorted({*content, *contents[0]} - {"unread", "signs"}):
                if has_lines and field in OF_LINES:
                    continue
                if content.get(field) != contents[0].get(field):
                    field = "total" if field not in TARGETS else field
                    raise RowError("rows_differ", rows=numbers, field=field)
        signs = {
            f"{name} {line.row}": found
            for line in lines
            for name, found in (line.content.get("signs") or {}).items()
        }
        content = {**contents[0], "signs": signs}
        if not has_lines:
            return content, []
        for line in lines:
            if not line.content.get("line_amount"):
                raise RowError("no_line", row=line.row)
        lines_sum = sum((Decimal(each["line_amount"]) for each in contents), ZERO)
        tax = sum((Decimal(each.get("line_tax") or 0) for each in contents), ZERO)
        total = contents[0].get("total")
        if total is None:
            total = lines_sum + tax
        # taxes may be in the amounts of the lines, or come on top
        elif Decimal(total) not in (lines_sum, lines_sum + tax):
            raise RowError("lines", rows=numbers, lines=lines_sum + tax, total=total)
        return {**content, "total": str(total)}, contents

    def _plan_further_row(self, line, first, parts):
        """A row with the Bill ID of a row before, that says the same or another line
        of the bill."""
        if not parts:
            reason = self.env._("Row %s has the same Bill ID.", first.row)
        else:
            reason = self.env._("A line of the bill of row %s.", first.row)
        return Plan(line, self._get_row_result("skipped", reason))

    def _prepare_part_lines(self, content, parts):
        """The lines of a bill that has a row for each.

        :return: list of values
        """
        lines = [
            {
                "name": part.get("line_text") or content.get("bill") or "/",
                "amount": Decimal(part["line_amount"]),
            }
            for part in parts
        ]
        rest = Decimal(content["total"]) - sum(line["amount"] for line in lines)
        if rest:
            lines.append({"name": self.env._("Taxes"), "amount": rest})
        return [
            {
                "name": line["name"],
                "quantity": 1.0,
                "price_unit": float(line["amount"]),
                "tax_ids": [Command.clear()],
            }
            for line in lines
        ]

    def _compare_bill(self, bill, vals, partner):
        """The result of a row whose bill is here already."""
        same = {"bill_id": bill.id, "partner_id": bill.partner_id.id}
        currency = self.env["res.currency"].browse(vals["currency_id"])
        there = vals["opening_total"]
        if vals.get("opening_date"):
            there += vals["opening_due"]
        # what came on top here, such as a surcharge, was not in the file
        here = bill.amount_total
        if bill.opening_state or bill.opening_date:
            here = bill.opening_total
            here += bill.opening_due if bill.opening_date else 0.0
        if bill.currency_id != currency or currency.compare_amounts(here, there):
            reason = self.env._(
                "Bill %(bill)s is here already, over %(here)s and not %(there)s. "
                "Nothing was changed.",
                bill=bill.name,
                here=bill.currency_id.format(here),
                there=currency.format(there),
            )
            return self._reject_row(reason, **same)
        if partner and partner != bill.partner_id:
            reason = self.env._(
                "Bill %(bill)s is here already, and is %(account)s's. Nothing was "
                "changed.",
                bill=bill.name,
                account=bill.partner_id.name,
            )
            return self._reject_row(reason, **same)
        reason = self.env._("The bill is here already.")
        return self._get_row_result("matched", reason, **same)

    # -- what the bill is

    def _prepare_bill_vals(self, content):
        """Values of the bill that a row becomes, without its account.

        :param dict content: of the row
        :raise RowError: when the row does not say enough, or contradicts itself
        """
        currency = self._get_currency(content)
        amounts = self._read_amounts(content, currency)
        bill_date, due_date = self._read_dates(content)
        is_historical = self.record.mode == "history" or amounts.state not in OPEN
        if not is_historical and not currency.active:
            raise RowError("inactive", value=currency.name)
        if not is_historical and bill_date > self.record.opening_date:
            raise RowError("after_opening", issued=bill_date)
        method = self._get_named("payment_type", content)
        # on a bill that nobody has promised to pay, it would be a promise
        has_method = amounts.state != "new" or is_historical
        vals = {
            "name": content["bill_id"],
            "title": content.get("bill") or content["bill_id"],
            "company_id": self.record.company_id.id,
            "currency_id": currency.id,
            "kind_id": self._get_named("kind", content).id,
            "payment_term_id": False,
            "fiscal_position_id": False,
            "bill_date": bill_date,
            "due_date": due_date,
            "description": self._read_description(content.get("description")),
            "purchase_order": content.get("purchase_order"),
            "invoice_number": content.get("invoice_number"),
            "item_key": content.get("item_key"),
            "payment_method_id": method.id if has_method else False,
            "payment_number": content.get("payment_number"),
            "is_canceled": amounts.state == "canceled",
            "import_id": self.record.id,
            **self._prepare_opening_vals(content, amounts, is_historical),
        }
        if content.get("created_by"):
            vals["created_by"] = content["created_by"]
        return vals

    def _prepare_opening_vals(self, content, amounts, is_historical):
        """Values of what a bill was before these books.

        :param Amounts amounts: what the row says
        :param bool is_historical: nothing of the bill is booked
        """
        vals = {
            f"opening_{name}": float(value)
            for name, value in asdict(amounts).items()
            if name not in ("state", "total")
        }
        vals["opening_refund_date"] = self._read_day(content, "refund_date")
        if is_historical:
            vals.update(
                opening_total=float(amounts.total),
                opening_state=amounts.state,
                opening_payment_date=self._read_day(content, "payment_date"),
                opening_cancel_date=self._read_day(content, "cancel_date"),
            )
        else:
            vals.update(
                opening_total=float(amounts.total - amounts.due),
                opening_date=self.record.opening_date,
                opening_account_id=self.record._get_opening_account().id,
                opening_journal_id=self.record._get_opening_journal().id,
            )
        return vals

    def _read_dates(self, content):
        """:return: days of issue and when the bill is due"""
        bill_date = self._read_day(content, "bill_date")
        if not bill_date:
            raise RowError("missing", field="bill_date")
        due_date = self._read_day(content, "due_date") or bill_date
        if due_date < bill_date:
            raise RowError("due_before", due=due_date, issued=bill_date)
        return bill_date, due_date

    def _read_amounts(self, content, currency):
        """:rtype: rules.Amounts"""
        amounts = {
            name: Decimal(content[name]) if content.get(name) else None
            for name in AMOUNTS
        }
        unit = Decimal(1).scaleb(-currency.decimal_places)
        for name, amount in amounts.items():
            if amount is not None and amount != amount.quantize(unit):
                raise RowError("decimals", field=name, value=currency.name)
        if content.get("bill_state"):
            state = read_state(content["bill_state"], self.open_badges)
        elif self.record.all_open:
            state = "new"
        else:
            raise RowError("missing", field="bill_state")
        if is_partly_paid(content.get("bill_state")):
            if amounts["amount_paid"] is None and amounts["amount_due"] is None:
                raise RowError("partly")
        return fit_amounts(state, amounts, bool(content.get("payment_date")))

    def _read_day(self, content, name):
        return date.fromisoformat(content[name]) if content.get(name) else False

    def _read_description(self, text):
        if not text:
            return False
        return text if "<" in text else plaintext2html(text)
