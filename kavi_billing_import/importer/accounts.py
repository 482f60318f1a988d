"""Whose a row is: by e-mail, reference, tax ID, name, in that order."""

from dataclasses import dataclass

from odoo.fields import Command
from odoo.tools import SQL, email_normalize

from odoo.addons.kavi_billing.tools.context import Private
from odoo.addons.kavi_billing.tools.text import fold

from .base import ImportPart
from .rules import normalize_key

# How accounts are found, in this order, and what of a contact is compared.
CRITERIA = {
    "email": SQL("contact.email_normalized"),
    "reference": SQL("contact.ref"),
    "vat": SQL("UPPER(REGEXP_REPLACE(contact.vat, '[^[:alnum:]]', '', 'g'))"),
    "name": SQL("contact.import_name_key"),
}


def get_account_key(content):
    """What a row says of its account; rows with the same key are one account's.

    :param dict content: of a row
    :return: str, or False when the row names no account
    """
    names = ("email", "reference", "vat", "account")
    parts = [fold(content.get(name)) for name in names]
    return "|".join(parts) if any(parts) else False


def get_search_keys(content):
    """What accounts are searched by.

    :param dict content: of a row
    :return: ``{criterion: text}``, without the empty ones
    """
    vat = "".join(filter(str.isalnum, content.get("vat") or "")).upper()
    keys = {
        "email": email_normalize(content.get("email") or "", strict=False),
        "reference": content.get("reference"),
        "vat": vat,
        "name": fold(content.get("account")),
    }
    return {criterion: key for criterion, key in keys.items() if key}


@dataclass
class Match:
    """The account of a row.

    :ivar partner: the account; empty if there is none yet
    :ivar new_account: values of the account to open, if it is not there
    :ivar how: a sentence that says how it was found
    :ivar result: the row's result, if it ends here
    """

    partner: object
    new_account: dict | None = None
    how: str = ""
    result: dict | None = None


class AccountMatcher(ImportPart):
    """Finds the accounts of rows, and opens those that are new."""

    def __init__(self, record):
        super().__init__(record)
        # sudo: the role was checked; contacts may be hidden from who imports
        self.nobody = self.env["res.partner"].sudo()
        self.found = {criterion: {} for criterion in CRITERIA}
        self.first_rows = {}

    # -- search

    def load(self, lines):
        """Search the accounts that rows could mean, in one query for all of them."""
        self.first_rows = self._find_first_rows(lines)
        wanted = {criterion: set() for criterion in CRITERIA}
        for line in lines:
            for criterion, key in get_search_keys(line.content).items():
                wanted[criterion].add(key)
        self.found = self._search_accounts(wanted)

    def _search_accounts(self, wanted):
        """Search accounts.

        :param dict wanted: ``{criterion: texts}``
        :return: ``{criterion: {text: account ids}}``; archived accounts only where
            there is no other
        """
        self.env["res.partner"].flush_model()
        queries = [
            SQL(
                """
                SELECT %(criterion)s AS criterion, %(text)s AS text,
                       account.id, account.active
                  FROM res_partner contact
                  JOIN res_partner account
                    ON account.id = contact.commercial_partner_id
                 WHERE %(text)s = ANY(%(wanted)s)
                   AND (account.company_id IS NULL OR account.company_id = %(company)s)
                   AND %(own)s
                """,
                criterion=criterion,
                text=text,
                wanted=list(wanted[criterion]),
                company=self.record.company_id.id,
                # a company's people are found by their addresses, not by their names
                own=SQL("TRUE")
                if criterion == "email"
                else SQL("contact.id = account.id"),
            )
            for criterion, text in CRITERIA.items()
            if wanted[criterion]
        ]
        rows = self.env.execute_query(SQL(" UNION ").join(queries)) if queries else ()
        found = {criterion: {} for criterion in CRITERIA}
        for criterion, text, id_, active in rows:
            by_activity = found[criterion].setdefault(text, {True: set(), False: set()})
            by_activity[active].add(id_)
        return {
            criterion: {text: ids[True] or ids[False] for text, ids in texts.items()}
            for criterion, texts in found.items()
        }

    def _find_first_rows(self, lines):
        """The first row of the file that names each account, ``{key: row}``."""
        return dict(
            self.env["kavi.import.line"]._read_group(
                [
                    ("import_id", "=", self.record.id),
                    ("account_key", "in", lines.mapped("account_key")),
                ],
                ["account_key"],
                ["row:min"],
            )
        )

    # -- match

    def match(self, line):
        """The account of one of the rows that were loaded.

        Of several rows that name the same account, the first says how it was found.

        :rtype: Match
        """
        match = self._match(line)
        first = self.first_rows.get(line.account_key, line.row)
        if not match.result and first < line.row:
            match.how = self.env._("The account of row %s.", first)
        return match

    def _match(self, line):
        """The first criterion that finds somebody counts; if it finds several, the next
        ones tell them apart. Otherwise, somebody has to decide."""
        if line.decision == "use" and line.chosen_partner_id:
            partner = line.chosen_partner_id.sudo().commercial_partner_id
            return self._check_account(partner, self.env._("Account as decided."))
        if line.decision == "new":
            return self._prepare_new_account(line)
        keys = get_search_keys(line.content)
        hits = [
            (criterion, self.found[criterion][keys[criterion]])
            for criterion in CRITERIA
            if keys.get(criterion) in self.found[criterion]
        ]
        if not hits:
            if self.record.create_accounts:
                return self._prepare_new_account(line)
            reason = self.env._("No account like this is here: decide who it is.")
            return self._end(self._get_row_result("ambiguous", reason))
        criterion, ids = hits[0]
        for __, others in hits[1:]:
            ids = ids & others or ids
        if len(ids) > 1:
            reason = self.env._("%s accounts fit: decide which one it is.", len(ids))
            candidates = [Command.set(sorted(ids))]
            return self._end(
                self._get_row_result("ambiguous", reason, candidate_ids=candidates)
            )
        how = {
            "email": self.env._("Account found by its e-mail address."),
            "reference": self.env._("Account found by its reference."),
            "vat": self.env._("Account found by its tax ID."),
            "name": self.env._("Account found by its name."),
        }[criterion]
        return self._check_account(self.nobody.browse(ids), how)

    def _end(self, result):
        return Match(self.nobody, result=result)

    def _check_account(self, partner, how):
        # sudo: whether it may be billed is asked again when the bill is made
        if partner.sudo().is_billing_holder:
            reason = partner.sudo()._get_holder_problem()
            return self._end(self._reject_row(reason, partner_id=partner.id))
        return Match(partner, how=how)

    def _prepare_new_account(self, line):
        """Match a row with the account that it names and that is not here."""
        content = line.content
        name = content.get("account") or content.get("email")
        if not name:
            return self._end(self._reject_row(self.env._("The row names no account.")))
        kind = normalize_key(content.get("account_type"))
        kind = kind or self.record.new_account_type
        vals = {
            "name": name,
            "is_company": "company" in kind,
            "email": content.get("email"),
            "ref": content.get("reference"),
            "vat": content.get("vat"),
            "is_pending": "pending" in kind,
        }
        return Match(self.nobody, vals, self.env._("New account."))

    # -- open

    def open_accounts(self, plans, opened):
        """Open the accounts that are new, each once.

        :param list plans: ``Plan`` of some rows
        :param dict opened: accounts that were opened before, ``{key: id}``
        :return: those that were opened now, ``{key: id}``
        """
        new = {}
        for plan in plans:
            key = plan.line.account_key
            if not plan.partner and key not in opened:
                new.setdefault(key, plan.new_account)
        vals_list = [
            {name: value for name, value in vals.items() if name != "is_pending"}
            for vals in new.values()
        ]
        accounts = self.nobody.with_context(
            kavi_no_billing_account=Private(), tracking_disable=True
        ).create(vals_list)
        for is_pending in (False, True):
            accounts.browse(
                account.id
                for account, vals in zip(accounts, new.values(), strict=True)
                if vals["is_pending"] == is_pending
            )._open_billing_account(pending=is_pending)
        return dict(zip(new, accounts.ids, strict=True))
