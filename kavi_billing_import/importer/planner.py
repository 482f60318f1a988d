"""What becomes of the rows of a file, whatever its kind."""

from itertools import chain

from .accounts import AccountMatcher
from .base import ImportPart, Plan
from .currencies import sign_fits
from .messages import format_row_error
from .rules import RowError, normalize_key

# The model of what a column names.
NAMED_MODELS = {
    "currency": "res.currency",
    "kind": "kavi.bill.kind",
    "payment_type": "kavi.payment.method",
}

# Rows of one bill or account that are looked at together.
MAX_ALIKE = 500


class RowPlanner(ImportPart):
    """Decides what becomes of some rows, and does nothing yet.

    There is one planner for each kind of file; it serves one chunk of rows.

    :ivar bool dry_run: what is planned will be taken back
    :ivar names: records by what rows call them, ``{column: {key: record}}``
    """

    def __init__(self, record, dry_run=False):
        super().__init__(record)
        self.dry_run = dry_run
        self.accounts = AccountMatcher(self.record)
        self.names = {}

    def plan(self, lines):
        """:return: a ``Plan`` for each of the lines"""
        self.accounts.load(lines)
        self.names = self._read_names()
        self._load(lines)
        plans = []
        for line in lines:
            try:
                plans.append(self._plan_row(line))
            except RowError as error:
                reason = format_row_error(self.env, error)
                plans.append(Plan(line, self._reject_row(reason)))
        return plans

    def _load(self, lines):
        """Read what the rows may refer to, in a constant number of queries."""
        raise NotImplementedError

    def _find_alike(self, name, keys):
        """The rows of the whole file that have the same in a field as some of them.

        :param str name: of the field
        :param keys: what they have in it
        :return: ``({key: lines}, {key: number of rows})``, in their order; of the
            second there are too many to look at
        """
        domain = [("import_id", "=", self.record.id), (name, "in", list(keys))]
        lines = self.env["kavi.import.line"]
        groups = lines._read_group(domain, [name], ["__count"])
        many = {key: count for key, count in groups if count > MAX_ALIKE}
        few = [key for key, count in groups if key not in many and count > 1]
        found = lines.search(
            [("import_id", "=", self.record.id), (name, "in", few)], order="row, id"
        )
        return found.grouped(name), many

    def _plan_row(self, line):
        """:raise RowError: when the row cannot be imported"""
        raise NotImplementedError

    def _describe_foreign_row(self, company):
        """Why a row of another company of ours is left out.

        :param str company: as the file calls it
        """
        raise NotImplementedError

    def _get_early_result(self, line):
        """The result of a row that nothing has to be looked up for, or None."""
        content = line.content
        if content.get("aside"):
            return self._get_row_result("skipped", content["aside"])
        if content.get("problem"):
            return self._reject_row(content["problem"])
        if line.decision == "skip":
            return self._get_row_result("skipped", self.env._("Left out."))
        if normalize_key(content.get("company")) in self.names["company"]:
            reason = self._describe_foreign_row(content["company"])
            return self._get_row_result("skipped", reason)
        return None

    # -- what rows name

    def _read_names(self):
        """Read what rows name by its name: currencies, kinds, methods, companies."""
        company = self.record.company_id
        domains = {
            "currency": [],
            "kind": [("company_id", "in", (company.id, False))],
            "payment_type": [("company_id", "=", company.id)],
        }
        names = {
            column: self._read_names_of(NAMED_MODELS[column], domain)
            for column, domain in domains.items()
        }
        names["company"] = {
            normalize_key(other.name): other
            for other in self.env.user.company_ids - company
        }
        return names

    def _read_names_of(self, model, domain):
        # sudo: names of what there is; the role was checked
        records = self.env[model].sudo().with_context(active_test=False)
        records = records.search(domain).sorted("active", reverse=True)
        found = {}
        # files are written in English, or in the language of who made them
        for language in (records, records.with_context(lang="en_US")):
            for record in language:
                found.setdefault(normalize_key(record.name), record.with_env(self.env))
        return found

    def _get_named(self, column, content):
        """The record that a column names; none where the column is empty.

        :raise RowError: "unknown"
        """
        text = content.get(column)
        if not text:
            return self.env[NAMED_MODELS[column]]
        record = self.names[column].get(normalize_key(text))
        if not record:
            raise RowError("unknown", field=column, value=text)
        return record

    def _get_currency(self, content):
        """The currency that a row names; the file's or the company's where it names
        none.

        :raise RowError: "sign" when its amounts are marked with another one
        """
        currency = self._get_named("currency", content) or (
            self.record.currency_id or self.record.company_id.currency_id
        )
        for sign in sorted({*chain(*(content.get("signs") or {}).values())}):
            if not sign_fits(sign, currency.name, currency.symbol):
                raise RowError("sign", value=sign, currency=currency.name)
        return currency
