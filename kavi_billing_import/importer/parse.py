"""The file as rows: what its columns are, how dates and amounts are written."""

import base64
import binascii
import hashlib

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import split_every

from ..reader.errors import ImportFileError
from ..reader.table import read_table
from ..reader.values import (
    find_mixed_amounts,
    find_mixed_dates,
    is_empty,
    reads_amounts,
    reads_dates,
    recognize_dates,
    recognize_decimal_mark,
)
from .accounts import get_account_key
from .messages import format_file_error, get_target_label
from .row import MAX_EXAMPLE, RowReader
from .rules import (
    BILLS,
    TARGETS,
    column_problem,
    is_header,
    normalize_key,
    recognize_columns,
    recognize_kind,
)
from .totals import AsideFinder

# Rows that are looked at for an example of what a column holds.
EXAMPLE_ROWS = 50
# Titles above a table that are told.
MAX_TITLES = 5
# Rows that are stored at a time.
BATCH = 1000


class FileParser(RowReader):
    """Reads the file of an import into its columns and rows."""

    # -- the file

    def _get_table(self):
        """The file as a table.

        :rtype: reader.table.Table
        :raise UserError: when it cannot be read
        """
        content = self.record.file
        try:
            return read_table(
                base64.b64decode(content or b""),
                self.record.file_name or "",
                encoding=self.record.encoding or None,
                separator=self.record.separator or None,
                sheet=self.record.sheet or None,
                is_header=is_header,
            )
        except ImportFileError as error:
            raise UserError(format_file_error(self.env, error)) from error
        except binascii.Error as error:
            raise UserError(self.env._("Choose a file, CSV or XLSX.")) from error

    def read_file(self):
        """Recognize the file, or find out that one like it was here before."""
        record = self.record
        table = self._get_table()
        mapping = self._find_mapping(table.headers)
        kind = record.kind or mapping.kind or recognize_kind(table.headers) or BILLS
        if mapping.kind == kind:
            targets = list(mapping.targets)
        else:
            targets = recognize_columns(table.headers, kind)
        # what somebody has named already stays
        known = {column.header: column.target for column in record.column_ids}
        if set(known) == set(table.headers) and kind == record.kind:
            targets = [known[header] or None for header in table.headers]
        record._as_act().column_ids.unlink()
        record._write_facts(
            {
                "state": "read",
                "kind": kind,
                "encoding": table.encoding,
                "separator": table.separator,
                "sheet": table.sheet,
                "sheets": ", ".join(table.sheets),
                "row_count": len(table.rows),
                "passed_over": self._describe_titles(table.titles),
                "column_ids": self._prepare_columns(table, targets),
                **self._recognize_formats(table, targets, mapping),
            }
        )
        record._as_act().line_ids.unlink()

    def _describe_titles(self, titles):
        """What stands above the table and is not imported, for people."""
        shown = [f"“{title[:MAX_EXAMPLE]}”" for title in titles[:MAX_TITLES]]
        if len(titles) > MAX_TITLES:
            shown.append("…")
        return ", ".join(shown)

    def _prepare_columns(self, table, targets):
        """:return: commands that create the columns"""
        return [
            Command.create(
                {
                    "position": position,
                    "header": header,
                    "target": target,
                    "example": self._get_example(table, position),
                }
            )
            for position, (header, target) in enumerate(
                zip(table.headers, targets, strict=True)
            )
        ]

    def _get_example(self, table, position):
        for row in table.rows[:EXAMPLE_ROWS]:
            text = self._as_text(row[position])
            if text:
                return text[:MAX_EXAMPLE]
        return False

    def _recognize_formats(self, table, targets, mapping):
        """How dates and amounts are written: as somebody chose, as the file shows, or
        as in the last file of this kind, where this one could be read both ways."""

        def values(kind):
            return [
                row[position]
                for position, target in enumerate(targets)
                if target and TARGETS[target].kind == kind
                for row in table.rows
            ]

        dates, amounts = values("date"), values("amount")
        dates = [value for value in dates if not is_empty(value, "date")]
        # what was known of another file counts only if it can be so in this one
        known_dates, known_mark = mapping.date_format, mapping.decimal_mark
        return {
            "date_format": self.record.date_format
            or (dates and recognize_dates(dates))
            or (known_dates and reads_dates(dates, known_dates) and known_dates),
            "decimal_mark": self.record.decimal_mark
            or (amounts and recognize_decimal_mark(amounts))
            or (known_mark and reads_amounts(amounts, known_mark) and known_mark),
        }

    # -- columns

    def _get_headers_key(self, headers):
        names = "\n".join(map(normalize_key, headers))
        return hashlib.sha256(names.encode()).hexdigest()

    def _find_mapping(self, headers):
        mapping = self.env["kavi.import.mapping"].search(
            [("headers_key", "=", self._get_headers_key(headers))]
        )
        return mapping.filtered(lambda known: len(known.targets) == len(headers))

    def _remember_mapping(self, headers):
        """The next file with these headers is read like this one."""
        vals = {
            "name": self.record.file_name or self.env._("File"),
            "kind": self.record.kind,
            "headers_key": self._get_headers_key(headers),
            "headers": ", ".join(headers),
            "targets": [column.target or None for column in self.record.column_ids],
            "date_format": self.record.date_format,
            "decimal_mark": self.record.decimal_mark,
        }
        mapping = self._find_mapping(headers).sudo()  # the role was checked
        if mapping:
            mapping.write(vals)
        else:
            mapping.create(vals)

    def check_columns(self):
        """Refuse columns that a file of this kind cannot be read with."""
        record = self.record
        if not record.column_ids or not record.kind:
            raise UserError(self.env._("Read the file first."))
        problem = column_problem(
            record.column_ids.mapped("target"), record.kind, record.all_open
        )
        if not problem:
            return
        code, name = problem
        label = get_target_label(self.env, name)
        kinds = dict(record._fields["kind"]._description_selection(self.env))
        raise UserError(
            {
                "twice": self.env._(
                    "Two columns are “%s”: choose the one that counts.", label
                ),
                "foreign": self.env._(
                    "“%(column)s” is nothing that %(kind)s has. Choose something "
                    "else for that column, or nothing.",
                    column=label,
                    kind=kinds[record.kind],
                ),
                "state": self.env._(
                    "Say which column is “%s”. If the file has none, because it lists "
                    "only what is open, tick “All Are Open”.",
                    label,
                ),
                "missing": self.env._(
                    "Say which column is “%s”: without it, nothing can be imported.",
                    label,
                ),
            }[code]
        )

    # -- rows

    def load_lines(self):
        """Take the rows out of the file, each cell read as what its column is."""
        table = self._get_table()
        if table.headers != self.record.column_ids.mapped("header"):
            raise UserError(
                self.env._("The columns of the file have changed: read it again.")
            )
        targets = [column.target or None for column in self.record.column_ids]
        formats = self._recognize_formats(
            table, targets, self.env["kavi.import.mapping"]
        )
        self._check_formats(formats, table, targets)
        self.record._write_facts({**formats, "row_count": len(table.rows)})
        self._remember_mapping(table.headers)
        decided, mended = self._get_decisions(), self._get_mended()
        aside = AsideFinder(self.record.kind)
        lines = self.env["kavi.import.line"]._as_act()
        self.record.line_ids._as_act().unlink()
        rows = zip(table.numbers, table.rows, strict=True)
        for batch in split_every(BATCH, rows):
            lines.create(
                [
                    self._prepare_line_vals(
                        number,
                        self._read_data(row, targets, aside),
                        decided,
                        mended.get(number),
                    )
                    for number, row in batch
                ]
            )
            self.env.invalidate_all()

    def _get_mended(self):
        """What somebody has mended, ``{row: {target: text}}``; it outlives another
        test, too."""
        lines = self.env["kavi.import.line"].search(
            [("import_id", "=", self.record.id), ("is_mended", "=", True)]
        )
        return {line.row: line.mended for line in lines}

    def _read_data(self, row, targets, aside):
        """What a row says, or that it is no data.

        :param AsideFinder aside: knows the rows before
        """
        content = self._read_row(row, targets)
        cells = {
            (position, targets[position] if position < len(targets) else None): text
            for position, cell in enumerate(row)
            if (text := self._as_text(cell))
        }
        found = aside.find(content, cells)
        if found == "totals":
            return {"aside": self.env._("A row with a sum: passed over.")}
        if found == "alone":
            return {"aside": self.env._("A heading or a note: passed over.")}
        if found == "sum":
            content["problem"] = self.env._(
                "The row is called a total, but the rows above come to something else: "
                "look whether a row is missing."
            )
        return content

    def _get_decisions(self):
        """What somebody has decided about accounts, ``{key: (decision, account id)}``;
        it outlives another test."""
        lines = self.env["kavi.import.line"].search(
            [
                ("import_id", "=", self.record.id),
                ("decision", "!=", False),
                ("account_key", "!=", False),
            ]
        )
        return {
            line.account_key: (line.decision, line.chosen_partner_id.id)
            for line in lines
        }

    def _prepare_line_vals(self, number, content, decided, mended=None):
        if mended:
            content = self.mend(content, mended)
        key = get_account_key(content)
        decision, partner_id = decided.get(key, (False, False))
        return {
            "import_id": self.record.id,
            "row": number,
            "content": content,
            "account": content.get("account"),
            "account_key": key,
            "reference": content.get("bill_id"),
            "decision": decision,
            "chosen_partner_id": partner_id,
            "mended": mended,
            "is_mended": bool(mended),
        }

    def _check_formats(self, formats, table, targets):
        """Ask for what could be read in two ways, or cannot be read in one."""

        def values(kind):
            return [
                row[position]
                for position, target in enumerate(targets)
                if target and TARGETS[target].kind == kind
                for row in table.rows
                if not is_empty(row[position], kind)
            ]

        kinds = {TARGETS[target].kind for target in targets if target}
        if "date" in kinds and not formats["date_format"]:
            if mixed := find_mixed_dates(values("date")):
                raise UserError(
                    self.env._(
                        "The dates are written in more than one way, “%(one)s” and "
                        "“%(other)s”. Write all of them in one way, or choose one: "
                        "rows with the other are rejected.",
                        one=mixed[0],
                        other=mixed[1],
                    )
                )
            raise UserError(
                self.env._(
                    "Days and months of the dates could be either: choose how dates "
                    "are written in this file."
                )
            )
        if "amount" in kinds and not formats["decimal_mark"]:
            if mixed := find_mixed_amounts(values("amount")):
                raise UserError(
                    self.env._(
                        "The amounts are written in more than one way, “%(one)s” and "
                        "“%(other)s”. Write all of them in one way, or choose one: "
                        "rows with the other are rejected.",
                        one=mixed[0],
                        other=mixed[1],
                    )
                )
            raise UserError(
                self.env._(
                    "Points and commas of the amounts could be either: choose how "
                    "decimals are written in this file."
                )
            )
