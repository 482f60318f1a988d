from dataclasses import asdict
from datetime import date
from decimal import Decimal

from odoo import models
from odoo.tools import plaintext2html

from odoo.addons.kavi_billing.tools.bill_rules import OPEN

from ..importer.rules import TARGETS, RowError, fit_amounts, plain, read_state
from .kavi_import_job import Plan

AMOUNTS = [
    name
    for name, target in TARGETS.items()
    if target.kind == "amount" and "bills" in target.files
]


class KaviImport(models.Model):
    """What becomes of the rows of a Bill Data file."""

    _inherit = "kavi.import"

    def _plan_bills(self, lines):
        """:return: a ``Plan`` for each row"""
        known = self._read_known(lines)
        known["accounts"] = self._find_accounts(lines)
        known["bills"] = self._find_bills(lines)
        known["rows"] = self._find_first_rows(lines)
        plans = []
        for line in lines:
            try:
                plans.append(self._plan_bill(line, known))
            except RowError as error:
                reason = self._say_row_error(error)
                plans.append(Plan(line, self._refuse(reason)))
        return plans

    def _find_bills(self, lines):
        """The bills that are here already, ``{name: bill}``."""
        names = [line.reference for line in lines if line.reference]
        # sudo: the role was checked, and only bills of this company are looked at
        bills = self.env["kavi.bill"].sudo()
        bills = bills.search(
            [("company_id", "=", self.company_id.id), ("name", "in", names)]
        )
        return {bill.name: bill for bill in bills}

    def _find_first_rows(self, lines):
        """The first row of the file that has each of these Bill IDs."""
        return dict(
            self.env["kavi.import.line"]._read_group(
                [
                    ("import_id", "=", self.id),
                    ("reference", "in", lines.mapped("reference")),
                ],
                ["reference"],
                ["row:min"],
            )
        )

    def _read_known(self, lines):
        """What rows name by its name: currencies, kinds, methods, other companies."""

        def by_name(model, domain):
            # sudo: names of what there is; the role was checked
            records = self.env[model].sudo().with_context(active_test=False)
            records = records.search(domain).sorted("active", reverse=True)
            found = {}
            # files are written in English, or in the language of who made them
            for language in (records, records.with_context(lang="en_US")):
                for record in language:
                    found.setdefault(plain(record.name), record.with_env(self.env))
            return found

        company = self.company_id
        return {
            "currency": by_name("res.currency", []),
            "kind": by_name(
                "kavi.bill.kind", [("company_id", "in", (company.id, False))]
            ),
            "payment_type": by_name(
                "kavi.payment.method", [("company_id", "=", company.id)]
            ),
            "company": {
                plain(other.name): other
                for other in self.env.user.company_ids - company
            },
        }

    def _plan_bill(self, line, known):
        content = line.content
        if content.get("problem"):
            return Plan(line, self._refuse(content["problem"]))
        if line.decision == "skip":
            return Plan(line, self._conclude("skipped", self.env._("Left out.")))
        if plain(content.get("company")) in known["company"]:
            reason = self.env._("A bill of %s.", content["company"])
            return Plan(line, self._conclude("skipped", reason))
        name = content.get("bill_id")
        if not name:
            raise RowError("missing", field="bill_id")
        first = known["rows"].get(name, line.row)
        if first < line.row:
            reason = self.env._("Row %s has the same Bill ID.", first)
            return Plan(line, self._conclude("skipped", reason))
        vals = self._prepare_bill_vals(line, known)
        partner, new_account, how = self._match_account(line, known["accounts"])
        bill = known["bills"].get(name)
        if bill:
            return Plan(line, self._compare_bill(bill, vals, partner))
        if isinstance(how, dict):
            return Plan(line, how)
        if vals.get("opening_date") and partner and not partner.active:
            reason = self.env._(
                "The account %s is archived. Unarchive it before billing it.",
                partner.name,
            )
            return Plan(line, self._refuse(reason, partner_id=partner.id))
        outcome = self._conclude("created", how)
        return Plan(line, outcome, partner, new_account, vals)

    def _compare_bill(self, bill, vals, partner):
        """The result of a row whose bill is here already."""
        same = {"bill_id": bill.id, "partner_id": bill.partner_id.id}
        total = vals["opening_total"]
        if vals.get("opening_date"):
            total += vals["opening_due"]
        # what came on top here, such as a surcharge, was not in the file
        here = bill.amount_total
        if bill.opening_state or bill.opening_date:
            here = bill.opening_total
            here += bill.opening_due if bill.opening_date else 0.0
        if bill.currency_id.id != vals[
            "currency_id"
        ] or bill.currency_id.compare_amounts(here, total):
            reason = self.env._(
                "Bill %(bill)s is here already, over %(here)s and not %(there)s. "
                "Nothing was changed.",
                bill=bill.name,
                here=bill.currency_id.format(here),
                there=self.env["res.currency"]
                .browse(vals["currency_id"])
                .format(total),
            )
            return self._refuse(reason, **same)
        if partner and partner != bill.partner_id:
            reason = self.env._(
                "Bill %(bill)s is here already, and is %(account)s's. Nothing was "
                "changed.",
                bill=bill.name,
                account=bill.partner_id.name,
            )
            return self._refuse(reason, **same)
        reason = self.env._("The bill is here already.")
        return self._conclude("matched", reason, **same)

    # === WHAT THE BILL IS === #

    def _prepare_bill_vals(self, line, known):
        """Values of the bill that a row becomes, without its account.

        :raise RowError: when the row does not say enough, or contradicts itself
        """
        content = line.content
        currency = self._get_named("currency", content, known, self.company_id)
        amounts = self._read_amounts(content, currency)
        bill_date = self._read_day(content, "bill_date")
        if not bill_date:
            raise RowError("missing", field="bill_date")
        due_date = self._read_day(content, "due_date") or bill_date
        if due_date < bill_date:
            raise RowError("due_before", due=due_date, issued=bill_date)
        is_past = self.mode == "history" or amounts.state not in OPEN
        if not is_past and not currency.active:
            raise RowError("inactive", value=currency.name)
        if not is_past and bill_date > self.opening_date:
            raise RowError("after_opening", issued=bill_date)
        numbers = {
            f"opening_{name}": float(value)
            for name, value in asdict(amounts).items()
            if name not in ("state", "total")
        }
        total = amounts.total if is_past else amounts.total - amounts.due
        method = self._get_named("payment_type", content, known)
        # on a bill that nobody has promised to pay, it would be a promise
        has_method = amounts.state != "new" or is_past
        vals = {
            "name": content["bill_id"],
            "title": content.get("bill") or content["bill_id"],
            "company_id": self.company_id.id,
            "currency_id": currency.id,
            "kind_id": self._get_named("kind", content, known).id,
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
            "import_id": self.id,
            "opening_total": float(total),
            **numbers,
        }
        if content.get("created_by"):
            vals["created_by"] = content["created_by"]
        if is_past:
            vals.update(
                opening_state=amounts.state,
                opening_payment_date=self._read_day(content, "payment_date"),
                opening_refund_date=self._read_day(content, "refund_date"),
                opening_cancel_date=self._read_day(content, "cancel_date"),
            )
        else:
            vals.update(
                opening_date=self.opening_date,
                opening_refund_date=self._read_day(content, "refund_date"),
                opening_account_id=self._get_opening_account().id,
                opening_journal_id=self._get_opening_journal().id,
            )
        return vals

    def _get_named(self, name, content, known, company=None):
        """The record that a column names.

        :param company: whose currency it is when the column is empty
        :raise RowError: "unknown"
        """
        text = content.get(name)
        if not text:
            if company:
                return company.currency_id
            models_ = {"kind": "kavi.bill.kind", "payment_type": "kavi.payment.method"}
            return self.env[models_[name]]
        record = known[name].get(plain(text))
        if not record:
            raise RowError("unknown", field=name, value=text)
        return record

    def _read_amounts(self, content, currency):
        """:rtype: import_rules.Amounts"""
        amounts = {
            name: Decimal(content[name]) if content.get(name) else None
            for name in AMOUNTS
        }
        unit = Decimal(1).scaleb(-currency.decimal_places)
        for name, amount in amounts.items():
            if amount is not None and amount != amount.quantize(unit):
                raise RowError("decimals", field=name, value=currency.name)
        if not content.get("bill_state"):
            raise RowError("missing", field="bill_state")
        state = read_state(content["bill_state"])
        return fit_amounts(state, amounts, bool(content.get("payment_date")))

    def _read_day(self, content, name):
        return date.fromisoformat(content[name]) if content.get(name) else False

    def _read_description(self, text):
        if not text:
            return False
        return text if "<" in text else plaintext2html(text)
