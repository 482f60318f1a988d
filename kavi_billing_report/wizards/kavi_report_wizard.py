import json
from datetime import date, datetime

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from ..tools.columns import XLSX_ROWS

# Rows that are printed: more is no document any more.
MAX_PRINTED = 1000


class KaviReportWizard(models.TransientModel):
    """Download or print a report: what, of it, and in which format (KB-69)."""

    _name = "kavi.report.wizard"
    _description = "Download A Report"
    _inherit = ["kavi.window.mixin"]

    model_name = fields.Char(required=True, readonly=True)
    title = fields.Char(required=True)
    domain = fields.Char(required=True, default="[]", readonly=True)
    row_count = fields.Integer(compute="_compute_row_count", string="Rows")
    file_format = fields.Selection(
        [("xlsx", "Excel (XLSX)"), ("csv", "CSV")], required=True, default="xlsx"
    )

    @api.constrains("model_name", "domain")
    def _check_report(self):
        for wizard in self:
            try:
                wizard._get_records_model()._search(wizard._get_domain())
            except (TypeError, ValueError) as error:
                raise ValidationError(
                    self.env._("What is to be downloaded is no search.")
                ) from error

    @api.depends("model_name", "domain")
    def _compute_row_count(self):
        for wizard in self:
            wizard.row_count = wizard._get_records_model().search_count(
                wizard._get_domain()
            )

    def _get_domain(self):
        return json.loads(self.domain or "[]")

    def _get_records_model(self):
        """The report's model, where the user may read it; no other model is one."""
        model = self.env.get(self.model_name)
        if model is None or not hasattr(model, "_get_report_columns"):
            raise UserError(self.env._("There is no such report."))
        model.check_access("read")
        return model

    def action_download(self):
        """The file, from the controller: it is too long for an answer to RPC."""
        self.ensure_one()
        if self.file_format == "xlsx" and self.row_count > XLSX_ROWS:
            raise UserError(
                self.env._(
                    "A worksheet holds %(most)s rows, these are %(count)s: choose CSV, "
                    "or filter the list.",
                    most=XLSX_ROWS,
                    count=self.row_count,
                )
            )
        return {
            "type": "ir.actions.act_url",
            "url": f"/kavi_billing/report/{self.id}",
            "target": "download",
        }

    def action_print(self):
        """The same rows on paper."""
        self.ensure_one()
        self.check_access("read")
        return self.env.ref("kavi_billing_report.action_report_list").report_action(
            self
        )

    # === WHAT THE TWO FORMATS ARE MADE OF === #

    def _get_rows(self):
        """What goes into a file.

        :return: headers, generator of rows
        """
        self.ensure_one()
        model = self._get_records_model()
        columns = model._get_report_columns()
        return (
            [column.header for column in columns],
            model._iter_report_rows(self._get_domain(), columns),
        )

    def _get_file_name(self):
        day = fields.Date.to_string(fields.Date.context_today(self))
        return f"{self.title} {day}.{self.file_format}"

    def _get_page(self):
        """What goes on paper: the columns that have room, the first rows, the sums.

        :return: dict of ``headers``, ``rows`` (texts), ``numbers`` (which columns are
            to the right), ``totals`` (texts by column, a row per currency),
            ``left_out`` (count of rows)
        """
        self.ensure_one()
        model = self._get_records_model()
        domain = self._get_domain()
        columns = [each for each in model._get_report_columns() if each.printed]
        rows = [
            [self._format_value(value) for value in row]
            for row in model._iter_report_rows(domain, columns, MAX_PRINTED)
        ]
        kinds = [
            "." not in column.path and model._fields[column.path].type
            for column in columns
        ]
        sums = model._get_report_totals(domain, columns)
        totals = [
            [
                currency.format(amounts[column.path])
                if column.path in amounts
                else self.env._("Total %s", currency.name)
                if not number
                else ""
                for number, column in enumerate(columns)
            ]
            for currency, amounts in sums.items()
        ]
        return {
            "headers": [model._get_report_label(column) for column in columns],
            "rows": rows,
            "numbers": [kind in ("monetary", "integer", "float") for kind in kinds],
            "totals": totals,
            "left_out": max(self.row_count - len(rows), 0),
        }

    @api.model
    def _format_value(self, value):
        if isinstance(value, float):
            return formatLang(self.env, value)
        if isinstance(value, datetime):
            return f"{format_date(self.env, value)} {value:%H:%M}"
        if isinstance(value, date):
            return format_date(self.env, value)
        return "" if value is None else str(value)
