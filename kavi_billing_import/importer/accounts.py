from odoo import models
from odoo.tools import SQL, email_normalize

from odoo.addons.kavi_billing.tools.context import Private

from ..importer.rules import plain

# How accounts are found, in this order.
WAYS = ("email", "reference", "vat", "name")


class KaviImport(models.Model):
    """Whose a row is: by e-mail, reference, tax ID, name, in that order."""

    _inherit = "kavi.import"

    def _get_account_key(self, content):
        """What a row says of its account; rows that say the same are one's."""
        parts = [
            plain(content.get(name))
            for name in ("email", "reference", "vat", "account")
        ]
        return "|".join(parts) if any(parts) else False

    def _get_search_keys(self, content):
        """What is looked for.

        :return: ``{way: text}``, without the empty ones
        """
        vat = "".join(filter(str.isalnum, content.get("vat") or "")).upper()
        keys = {
            "email": email_normalize(content.get("email") or "", strict=False),
            "reference": content.get("reference"),
            "vat": vat,
            "name": " ".join((content.get("account") or "").lower().split()),
        }
        return {way: key for way, key in keys.items() if key}

    def _find_accounts(self, lines):
        """The accounts that rows could mean, in one query.

        :return: ``{way: {text: account ids}}``; archived ones only where there is no
            other. Under "row", the first row of the file that names the same account,
            by ``account_key``
        """
        wanted = {way: set() for way in WAYS}
        for line in lines:
            for way, key in self._get_search_keys(line.content).items():
                wanted[way].add(key)
        self.env["res.partner"].flush_model()
        parts = {
            "email": SQL("contact.email_normalized"),
            "reference": SQL("contact.ref"),
            "vat": SQL("UPPER(REGEXP_REPLACE(contact.vat, '[^[:alnum:]]', '', 'g'))"),
            "name": SQL(
                "LOWER(REGEXP_REPLACE(TRIM(contact.name), '[[:space:]]+', ' ', 'g'))"
            ),
        }
        queries = [
            SQL(
                """
                SELECT %(way)s AS way, %(text)s AS text, account.id, account.active
                  FROM res_partner contact
                  JOIN res_partner account
                    ON account.id = contact.commercial_partner_id
                 WHERE %(text)s = ANY(%(wanted)s)
                   AND (account.company_id IS NULL OR account.company_id = %(company)s)
                   AND %(own)s
                """,
                way=way,
                text=text,
                wanted=list(wanted[way]),
                company=self.company_id.id,
                # a company's people are found by their addresses, not by their names
                own=SQL("TRUE") if way == "email" else SQL("contact.id = account.id"),
            )
            for way, text in parts.items()
            if wanted[way]
        ]
        found = {way: {} for way in WAYS}
        rows = self.env.execute_query(SQL(" UNION ").join(queries)) if queries else ()
        for way, text, id_, active in rows:
            found[way].setdefault(text, {True: set(), False: set()})[active].add(id_)
        found = {
            way: {text: ids[True] or ids[False] for text, ids in texts.items()}
            for way, texts in found.items()
        }
        found["row"] = dict(
            self.env["kavi.import.line"]._read_group(
                [
                    ("import_id", "=", self.id),
                    ("account_key", "in", lines.mapped("account_key")),
                ],
                ["account_key"],
                ["row:min"],
            )
        )
        return found

    def _match_account(self, line, found):
        """The account of a row, see :meth:`_choose_account`; of several rows that name
        the same one, the first says how it was found."""
        partner, vals, how = self._choose_account(line, found)
        first = found["row"].get(line.account_key, line.row)
        if isinstance(how, str) and first < line.row:
            how = self.env._("The account of row %s.", first)
        return partner, vals, how

    def _choose_account(self, line, found):
        """Choose the account of a row.

        The first way that finds somebody counts; if it finds several, the next ones
        tell them apart. Whom nothing tells apart, somebody has to decide.

        :param dict found: of :meth:`_find_accounts`
        :return: ``(account, None, how)``, ``(none, values of a new one, how)``, or
            ``(none, None, the row's result)``
        """
        nobody = self.env["res.partner"].sudo()
        if line.decision == "use" and line.chosen_partner_id:
            partner = line.chosen_partner_id.sudo().commercial_partner_id
            return self._check_account(partner, self.env._("Account as decided."))
        if line.decision == "new":
            return self._prepare_new_account(line)
        keys = self._get_search_keys(line.content)
        hits = [
            (way, found[way][keys[way]]) for way in WAYS if keys.get(way) in found[way]
        ]
        if not hits:
            if self.create_accounts:
                return self._prepare_new_account(line)
            reason = self.env._("No account like this is here: decide who it is.")
            return nobody, None, self._conclude("doubt", reason)
        way, ids = hits[0]
        for __, others in hits[1:]:
            ids = ids & others or ids
        if len(ids) > 1:
            reason = self.env._("%s accounts fit: decide which one it is.", len(ids))
            candidates = [(6, 0, sorted(ids))]
            doubt = self._conclude("doubt", reason, candidate_ids=candidates)
            return nobody, None, doubt
        how = {
            "email": self.env._("Account found by its e-mail address."),
            "reference": self.env._("Account found by its reference."),
            "vat": self.env._("Account found by its tax ID."),
            "name": self.env._("Account found by its name."),
        }[way]
        return self._check_account(nobody.browse(ids), how)

    def _check_account(self, partner, how):
        # sudo: whether it may be billed is asked again when the bill is made
        if partner.sudo().is_billing_holder:
            reason = partner.sudo()._get_holder_problem()
            return partner.browse(), None, self._refuse(reason, partner_id=partner.id)
        return partner, None, how

    def _prepare_new_account(self, line):
        """Values of the account that a row names and nobody has."""
        nobody = self.env["res.partner"].sudo()
        content = line.content
        name = content.get("account") or content.get("email")
        if not name:
            return nobody, None, self._refuse(self.env._("The row names no account."))
        kind = plain(content.get("account_type")) or self.new_account_type
        vals = {
            "name": name,
            "is_company": "company" in kind,
            "email": content.get("email"),
            "ref": content.get("reference"),
            "vat": content.get("vat"),
            "is_pending": "pending" in kind,
        }
        return nobody, vals, self.env._("New account.")

    def _open_accounts(self, plans, opened):
        """Open the accounts that are new, each once.

        :param dict opened: those that were opened before, ``{key: id}``
        :return: ``{key: id}``
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
        # sudo: the role was checked; contacts may be read-only for who imports
        accounts = (
            self.env["res.partner"]
            .sudo()
            .with_context(kavi_no_billing_account=Private(), tracking_disable=True)
            .create(vals_list)
        )
        for is_pending in (False, True):
            accounts.browse(
                account.id
                for account, vals in zip(accounts, new.values(), strict=True)
                if vals["is_pending"] == is_pending
            )._open_billing_account(pending=is_pending)
        return dict(zip(new, accounts.ids, strict=True))
