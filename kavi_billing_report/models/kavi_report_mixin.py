import json

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

# Records that are read at a time: what a download takes of memory.
BATCH = 1000


class KaviReportMixin(models.AbstractModel):
    """A list that can be downloaded and printed with columns of its own."""

    _name = "kavi.report.mixin"
    _description = "Downloadable Report"

    @api.model
    def _get_report_columns(self):
        """Hook: what the report has in its columns.

        :return: list of ``report_columns.Column``
        """
        raise NotImplementedError

    @api.model
    def _get_report_label(self, column):
        """What is over a column on paper, where people read it."""
        return column.header

    def action_download(self):
        """Ask how to download: these records, or without any what the list shows."""
        self.check_access("read")
        domain = (
            [("id", "in", self.ids)] if self else self.env.context.get("active_domain")
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "kavi_billing_report.action_kavi_report_wizard"
        )
        action["context"] = {
            "default_model_name": self._name,
            "default_title": self.env.context.get("report_title", self._description),
            "default_domain": json.dumps(domain or [], default=str),
        }
        return action

    @api.model
    def _iter_report_rows(self, domain, columns, limit=None):
        """Read the report, a batch of records at a time.

        The list of ids is read once, so that no record is missed or there twice.

        :param columns: list of ``report_columns.Column``
        :return: generator of lists of str, int, float, date, datetime or ``None``
        """
        getters = [self._get_report_getter(column.path) for column in columns]
        ids = self._search(Domain(domain), order=self._order, limit=limit)
        for batch in split_every(BATCH, ids.get_result_ids()):
            for record in self.browse(batch):
                yield [get(record) for get in getters]
            self.env.invalidate_all(flush=False)

    @api.model
    def _get_report_getter(self, path):
        """How to read one column.

        :return: function of a record
        """
        *names, name = path.split(".")
        model = self
        for each in names:
            model = self.env[model._fields[each].comodel_name]
        field = model._fields[name]
        convert = self._get_report_converter(model, field)

        def get(record):
            for each in names:
                record = record[each]
            return convert(record, record[name]) if record else None

        return get

    @api.model
    def _get_report_converter(self, model, field):
        if field.type == "monetary":
            currency = field.get_currency_field(model)
            return lambda record, value: record[currency].round(value)
        if field.type == "selection":
            labels = dict(field._description_selection(self.env))
            return lambda _record, value: labels.get(value)
        if field.type == "boolean":
            yes, no = self.env._("Yes"), self.env._("No")
            return lambda _record, value: yes if value else no
        if field.type == "datetime":
            return lambda record, value: (
                fields.Datetime.context_timestamp(record, value).replace(tzinfo=None)
                if value
                else None
            )
        if field.type == "many2one":
            return lambda _record, value: value.display_name or None
        if field.type in ("integer", "float"):
            return lambda _record, value: value
        return lambda _record, value: value or None

    @api.model
    def _get_field_label(self, column):
        """What the column's field is called on screen: for the reports whose headers
        are names for programs."""
        field = self._fields[column.path.partition(".")[0]]
        return field._description_string(self.env)

    @api.model
    def _get_report_totals(self, domain, columns):
        """Sums of the columns that are amounts, per currency, of the whole report.

        :return: ``{res.currency: {path: sum}}``
        """
        paths = [
            column.path
            for column in columns
            if "." not in column.path
            and self._fields[column.path].type == "monetary"
            and self._fields[column.path].store
            and self._fields[column.path].get_currency_field(self) == "currency_id"
        ]
        if not paths:
            return {}
        groups = self._read_group(
            Domain(domain), ["currency_id"], [f"{path}:sum" for path in paths]
        )
        return {
            currency: dict(zip(paths, sums, strict=True)) for currency, *sums in groups
        }
