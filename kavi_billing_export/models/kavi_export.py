import base64
import logging

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.kavi_billing.tools.text import clean

from ..formats import FORMATS, WRITERS
from ..formats.qbxml import DECIMALS, REFERENCE
from ..tools.const import KINDS

_logger = logging.getLogger(__name__)


class KaviExport(models.Model):
    """One export to an accounting program: its file, and which documents it holds.

    A document is exported once; again only on purpose, and under the same id (BB-16,
    KB-86, F-20). What is exported: ``kavi.accounting.document``.
    """

    _name = "kavi.export"
    _inherit = ["kavi.protected.mixin"]
    _description = "Accounting Export"
    _order = "id desc"

    name = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    format = fields.Selection(FORMATS, required=True, readonly=True)
    date = fields.Datetime(
        string="Exported", required=True, readonly=True, default=fields.Datetime.now
    )
    user_id = fields.Many2one(
        "res.users",
        string="Exported By",
        readonly=True,
        default=lambda self: self.env.user,
    )
    date_from = fields.Date(string="From", readonly=True)
    date_to = fields.Date(string="To", readonly=True)
    origin_id = fields.Many2one(
        "kavi.export",
        string="Again For",
        readonly=True,
        index="btree_not_null",
        help="The earlier export that this one repeats, under the same ids.",
    )
    line_ids = fields.One2many(
        "kavi.export.line", "export_id", string="Documents", readonly=True
    )
    document_count = fields.Integer(
        string="Documents Exported",
        readonly=True,
        # those of an export that was repeated would count twice
        aggregator=None,
    )
    totals = fields.Html(compute="_compute_totals", sanitize=False)
    note = fields.Char(readonly=True)
    file = fields.Binary(attachment=True, readonly=True)

    # === COMPUTE METHODS === #

    def _get_totals(self):
        """Per kind and currency.

        :return: list of (kind, currency, how many, amount)
        """
        self.ensure_one()
        groups = self.env["kavi.export.line"]._read_group(
            [("export_id", "=", self.id)],
            ["kind", "currency_id"],
            ["__count", "amount:sum"],
        )
        order = [kind for kind, __ in KINDS]
        return sorted(groups, key=lambda row: (order.index(row[0]), row[1].name))

    def _compute_totals(self):
        labels = dict(
            self.env["kavi.export.line"]
            ._fields["kind"]
            ._description_selection(self.env)
        )
        row = Markup(
            "<tr><td>%s</td><td class='text-end'>%s</td>"
            "<td class='text-end'>%s</td></tr>"
        )
        for export in self:
            export.totals = Markup("<table class='table table-sm'>%s</table>") % (
                Markup().join(
                    row % (labels[kind], count, currency.format(amount))
                    for kind, currency, count, amount in export._get_totals()
                )
            )

    # === BUSINESS METHODS === #

    @api.model
    def _export(self, company, format_, date_from=None, date_to=None):
        """Export the documents of a company that no export has held yet.

        :return: the export; none if there is nothing to export
        """
        self._check_exporter(company)
        self._lock_exports(company)
        rows = self._find_new(company, date_from, date_to)
        if not rows:
            return self.browse()
        references = self._get_references(company, rows)
        # sudo: the role was checked; exports are written by nobody
        export = self.sudo().create(
            {
                "company_id": company.id,
                "format": format_,
                "date_from": date_from,
                "date_to": date_to,
            }
        )
        export._write_file(rows, references)
        return export.sudo(self.env.su)

    @api.model
    def _find_new(self, company, date_from=None, date_to=None):
        """Documents that were not exported, see ``kavi.accounting.document``."""
        parts = [
            SQL(
                "NOT EXISTS (SELECT FROM kavi_export_line line"
                " WHERE line.move_id = ledger.move_id AND line.company_id = %s)",
                company.id,
            )
        ]
        if date_from:
            parts.append(SQL("ledger.date >= %s", date_from))
        if date_to:
            parts.append(SQL("ledger.date <= %s", date_to))
        return self.env["kavi.accounting.document"]._find_documents(
            company, SQL(" AND ").join(parts)
        )

    @api.model
    def _get_references(self, company, rows):
        """Short references, unique in the company: see the XSD.

        :return: ``{move id: reference}``
        """
        moves = self.env["account.move"].sudo().browse(row["move_id"] for row in rows)
        wanted = {}
        for move in moves:
            bill = move.kavi_bill_id
            # the bill's own invoice has the number that people know
            name = bill.name if bill.invoice_id == move else move.name
            if (
                name
                and len(name) <= REFERENCE
                and not name.startswith("~")
                and name == " ".join(clean(name).split())
            ):
                wanted.setdefault(name, move.id)
        taken = (
            self.env["kavi.export.line"]
            .sudo()
            ._read_group(
                [("company_id", "=", company.id), ("reference", "in", list(wanted))],
                ["reference"],
            )
        )
        for (name,) in taken:
            del wanted[name]
        found = {move_id: name for name, move_id in wanted.items()}
        return {row["move_id"]: found.get(row["move_id"]) for row in rows}

    @api.model
    def _check_exporter(self, company):
        self.env["kavi.bill"]._check_role("administrator")
        if not self.env.su and company not in self.env.companies:
            raise UserError(
                self.env._("Choose %s among your companies to export it.", company.name)
            )

    @api.model
    def _lock_exports(self, company):
        """Two at once would export the same documents."""
        try:
            company.sudo().lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._("Another export is being made. Try again in a minute.")
            ) from error

    def _write_file(self, rows, references):
        """Write the lines and the file; the id and the reference of each document stay
        what they were when it was exported for the first time.

        :param dict references: ``{move id: reference or None}``
        """
        self.ensure_one()
        documents = self.env["kavi.accounting.document"]._read_documents(
            rows, references
        )
        self._check_format(documents)
        self.env["kavi.export.line"].create(
            [
                {
                    "export_id": self.id,
                    "move_id": row["move_id"],
                    "external_id": doc["id"],
                    "reference": doc["reference"],
                    "is_repeat": bool(self.origin_id),
                    "kind": row["kind"],
                    "name": doc["number"],
                    "date": doc["date"],
                    "partner_id": row["partner_id"],
                    "currency_id": row["currency_id"],
                    "amount": doc["amount"],
                    "bill_name": doc["bill_id"],
                }
                for row, doc in zip(rows, documents, strict=True)
            ]
        )
        write, extension = WRITERS[self.format]
        name = f"billing-{self.company_id._billing_today(self.date)}-{self.id}"
        self.write(
            {
                "name": f"{name}.{extension}",
                "document_count": len(rows),
                "file": base64.b64encode(write(self._prepare_header(), documents)),
            }
        )

    def _check_format(self, documents):
        if self.format != "qbxml":
            return
        for doc in documents:
            if doc["decimals"] > DECIMALS:
                raise UserError(
                    self.env._(
                        "%(number)s is in %(currency)s, which has more decimals than "
                        "QuickBooks knows. Choose another format.",
                        number=doc["number"],
                        currency=doc["currency"],
                    )
                )

    def _prepare_header(self):
        """The header of a file, see ``formats.tables``."""
        self.ensure_one()
        return {
            "id": self.id,
            "company": self.company_id.name,
            "created": self.date,
            "date_from": self.date_from or None,
            "date_to": self.date_to or None,
            "totals": [
                {
                    "kind": kind,
                    "currency": currency.name,
                    "decimals": currency.decimal_places,
                    "count": count,
                    "amount": currency.round(amount),
                }
                for kind, currency, count, amount in self._get_totals()
            ],
        }

    # === ACTION METHODS === #

    def action_export_again(self):
        """Export the same documents once more, on purpose and under the same ids."""
        self.check_access("read")
        again = self.browse()
        for export in self:
            self._check_exporter(export.company_id)
            again += export._export_again()
        return again._get_records_action()

    def _export_again(self):
        self.ensure_one()
        lines = self.sudo().line_ids  # the role was checked
        rows = self.env["kavi.accounting.document"]._find_documents(
            self.company_id, SQL("ledger.move_id = ANY(%s)", lines.move_id.ids)
        )
        present = {row["move_id"] for row in rows}
        if not rows:
            raise UserError(self.env._("None of these documents is posted any more."))
        gone = lines.filtered(lambda line: line.move_id.id not in present)
        export = self.sudo().create(
            {
                "company_id": self.company_id.id,
                "format": self.format,
                "date_from": self.date_from,
                "date_to": self.date_to,
                "origin_id": (self.origin_id or self).id,
                "note": self.env._(
                    "No longer posted and left out: %s", ", ".join(gone.mapped("name"))
                )
                if gone
                else False,
            }
        )
        export._write_file(rows, {line.move_id.id: line.reference for line in lines})
        return export.sudo(self.env.su)

    def action_download(self):
        """Get the file."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/kavi.export/{self.id}/file/{self.name}?download=true",
            "target": "self",
        }

    # === CRON METHODS === #

    @api.model
    def _cron_export(self):
        """Export every company that wants it; one that fails stops no other."""
        companies = self.env["res.company"].search(
            Domain("billing_export_format", "!=", False)
        )
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(companies))
        for company in companies:
            try:
                with self.env.cr.savepoint():
                    self._export(company, company.billing_export_format)
            except UserError as error:
                _logger.info("No nightly export of company %s: %s", company.id, error)
            except Exception:
                _logger.exception("No nightly export of company %s", company.id)
            if not progress._commit_progress(1):
                break
