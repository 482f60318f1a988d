from collections import defaultdict
from uuid import UUID, uuid5

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.kavi_billing.tools.const import LIQUIDITY
from odoo.addons.kavi_billing.tools.text import base36

from ..tools.const import FEE, KINDS

ENTRY_TYPES = {"product": "product", "tax": "tax", "payment_term": "receivable"}


class KaviAccountingDocument(models.AbstractModel):
    """What other programs are told: posted documents, read from the ledger of accounts.

    So an export cannot differ from the books. Files (``kavi.export``) and messages
    (``kavi.outbox``) have the same content.
    """

    _name = "kavi.accounting.document"
    _description = "Accounting Document"

    @api.model
    def _find_documents(self, company, condition):
        """Documents of a company, oldest first.

        :param SQL condition: on ``ledger``, the ledger of accounts with the fees of
            their payments, which are positive: the company owes them
        :return: list of dicts: ``move_id``, ``kind``, ``bill_id``, ``partner_id``,
            ``currency_id``, ``due_date``, ``amount`` (positive: it owes more)
        """
        self.env.flush_all()
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT ledger.move_id, ledger.kind,
                       MIN(ledger.bill_id) AS bill_id,
                       MIN(ledger.partner_id) AS partner_id,
                       MIN(ledger.currency_id) AS currency_id,
                       MAX(ledger.due_date) AS due_date,
                       SUM(ledger.amount) AS amount
                  FROM (
                    SELECT move_id, kind, bill_id, partner_id, currency_id, due_date,
                           amount, company_id, date
                      FROM kavi_account_ledger
                 UNION ALL
                    SELECT move.id, %(fee)s, NULL, partner.commercial_partner_id,
                           line.currency_id, NULL, line.amount_currency,
                           move.company_id, move.date
                      FROM account_move move
                      JOIN account_move_line line ON line.move_id = move.id
                      JOIN account_account account ON account.id = line.account_id
                      JOIN res_partner partner ON partner.id = line.partner_id
                     WHERE move.is_kavi_fee AND move.state = 'posted'
                       AND account.account_type LIKE 'expense%%'
                  ) ledger
                 WHERE ledger.company_id = %(company)s AND ledger.kind IN %(kinds)s
                   AND %(condition)s
              GROUP BY ledger.move_id, ledger.kind
              ORDER BY MIN(ledger.date), ledger.move_id
                """,
                company=company.id,
                fee=FEE,
                kinds=tuple(kind for kind, __ in KINDS),
                condition=condition,
            )
        )

    @api.model
    def _read_documents(self, rows, references=None):
        """The content of documents, in a number of queries that does not depend on how
        many there are (but for Odoo's reading a thousand records at a time).

        :param list rows: of :meth:`_find_documents`
        :param dict references: ``{move id: reference}``
        :return: list of dicts, see ``formats.tables``
        """
        # sudo: who gets the export was checked; it holds what the books say
        moves = self.env["account.move"].sudo().browse(row["move_id"] for row in rows)
        # an account's code is that of the company that asks
        moves = moves.with_company(moves[:1].company_id)
        partners = self._prefetch("res.partner", rows, "partner_id")
        bills = self._prefetch("kavi.bill", rows, "bill_id")
        moves.fetch(["name", "ref", "date", "kavi_bill_id", "origin_payment_id"])
        partners.fetch(["name", "email", "vat", "ref"])
        bills.fetch(["name", "title", "purchase_order"])
        matches = self._read_matches(moves)
        namespace = self._get_namespace()
        documents = []
        for row, move in zip(rows, moves, strict=True):
            partner = partners.browse(row["partner_id"]).with_prefetch(partners.ids)
            bill = bills.browse(row["bill_id"]).with_prefetch(bills.ids)
            documents.append(
                {
                    "id": self._get_document_id(move.id, namespace),
                    "number": move.name,
                    "reference": (references or {}).get(move.id)
                    or self._get_code(move.id),
                    **self._read_amount(row),
                    **self._read_bill(row, move, bill),
                    **self._read_payment(move.origin_payment_id),
                    "account": {
                        "id": partner.id,
                        "name": partner.name or "",
                        "email": partner.email or "",
                        "vat": partner.vat or "",
                        "reference": partner.ref or "",
                    },
                    "applied": [
                        {
                            "id": self._get_document_id(other_id, namespace),
                            "number": number or "",
                            "amount": matched,
                        }
                        for other_id, number, matched in matches[move.id]
                    ],
                    "entries": self._read_entries(move),
                }
            )
        return documents

    @api.model
    def _prefetch(self, model, rows, column):
        """All records that rows refer to, to be read at once."""
        # sudo: as in _read_documents
        records = self.env[model].sudo()
        return records.browse({row[column] for row in rows if row[column]})

    @api.model
    def _read_amount(self, row):
        currency = self.env["res.currency"].browse(row["currency_id"])
        amount = currency.round(row["amount"])
        return {
            "currency": currency.name,
            "decimals": currency.decimal_places,
            "amount": abs(amount),
            "side": "credit" if amount < 0 else "debit",
        }

    @api.model
    def _read_bill(self, row, move, bill):
        """What a document is about, and when."""
        return {
            "kind": row["kind"],
            "bill_id": bill.name or "",
            "date": move.invoice_date or move.date,
            "due_date": row["due_date"] if row["kind"] == "invoice" else None,
            "memo": bill.title or move.ref or "",
            "purchase_order": bill.purchase_order or "",
        }

    @api.model
    def _read_payment(self, payment):
        """How the money moved, where it did."""
        method = payment.kavi_method_id or payment.payment_method_line_id
        return {
            "payment_method": method.name or "",
            "payment_number": payment._get_external_number(),
        }

    @api.model
    def _read_entries(self, move):
        """The journal items of a document, in its own currency."""
        entries = []
        for line in move.line_ids.sorted("id"):
            account = line.account_id
            if line.display_type in ("line_section", "line_subsection", "line_note"):
                continue
            if account.account_type == "asset_receivable":
                kind = "receivable"
            elif move.is_invoice():
                kind = ENTRY_TYPES.get(line.display_type, "other")
            elif account == move.origin_payment_id.outstanding_account_id or (
                account.account_type in LIQUIDITY
            ):
                kind = "money"
            elif move.is_kavi_fee and account.account_type.startswith("asset"):
                kind = "money"  # out of what the service still holds
            else:
                kind = "other"
            is_product = kind == "product"
            entries.append(
                {
                    "type": kind,
                    "account": account.code or "",
                    "name": account.name,
                    "item": (line.product_id.default_code or line.product_id.name or "")
                    if is_product
                    else line.tax_line_id.name or "",
                    "quantity": line.quantity if is_product else None,
                    "text": line.name or "",
                    "amount": line.currency_id.round(line.amount_currency),
                }
            )
        return entries

    @api.model
    def _read_matches(self, moves):
        """What documents are matched with, in their own currency.

        :return: ``{move id: [(other move's id, number, amount)]}``
        """
        matches = defaultdict(list)
        if not moves:
            return matches
        self.env["account.partial.reconcile"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.move_id, other.id, other.name,
                       SUM(CASE WHEN line.id = match.debit_move_id
                           THEN match.debit_amount_currency
                           ELSE match.credit_amount_currency END)
                  FROM account_move_line line
                  JOIN account_partial_reconcile match
                    ON line.id IN (match.debit_move_id, match.credit_move_id)
                  JOIN account_account account ON account.id = line.account_id
                  JOIN account_move_line item
                    ON item.id = match.debit_move_id + match.credit_move_id - line.id
                  JOIN account_move other ON other.id = item.move_id
                 WHERE line.move_id IN %(moves)s AND other.state = 'posted'
                   AND account.account_type = 'asset_receivable'
              GROUP BY line.move_id, other.id, other.name
                HAVING SUM(CASE WHEN line.id = match.debit_move_id
                           THEN match.debit_amount_currency
                           ELSE match.credit_amount_currency END) <> 0
              ORDER BY line.move_id, other.id
                """,
                moves=tuple(moves.ids),
            )
        )
        for move_id, *match in rows:
            matches[move_id].append(match)
        return matches

    # === IDS AND REFERENCES === #

    @api.model
    def _get_namespace(self):
        """A copy of the database gives other ids: its documents are others."""
        parameters = self.env["ir.config_parameter"].sudo()  # no secret
        return UUID(parameters.get_param("database.uuid"))

    @api.model
    def _get_document_id(self, move_id, namespace=None):
        """The id by which other programs know a document, for ever (F-20)."""
        return str(uuid5(namespace or self._get_namespace(), f"account.move,{move_id}"))

    @api.model
    def _get_code(self, move_id):
        """A reference of few characters for a document whose number has more."""
        return f"~{base36(move_id)}"
