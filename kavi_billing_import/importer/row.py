"""Rows as a file has them: what each cell says, and what somebody has mended."""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal

from ..reader.cells import BadCell
from ..reader.values import (
    get_signs,
    is_cut_short,
    is_empty,
    is_error,
    parse_amount,
    parse_date,
)
from .base import ImportPart
from .messages import format_file_error, get_target_label
from .rules import MAX_LONG_TEXT, MAX_TEXT, TARGETS

MAX_EXAMPLE = 60
# What nobody sees of a name or number.
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


class RowReader(ImportPart):
    """Reads the cells of a row as what their columns are."""

    def _read_row(self, row, targets):
        """What a row says.

        :return: ``{target: text}``, dates and amounts in plain notation; "problem" is
            the sentence for what could not be read, "unread" what stands in such cells,
            "signs" the currencies beside amounts, ``{target: signs}``
        """
        content, problem, unread, signs = {}, "", {}, {}
        if len(row) > len(targets):
            problem = self.env._(
                "The row has more cells than the file has columns: is a separator in "
                "a text that is not quoted?"
            )
        for cell, name in zip(row, targets, strict=False):
            if not name:
                continue
            kind = TARGETS[name].kind
            bad = self._describe_bad_cell(cell, name)
            if not bad and is_empty(cell, kind):
                continue
            try:
                text = "" if bad else self._read_cell(cell, kind)
            except ValueError:
                bad = self.env._(
                    "“%(cell)s” is not understood as “%(column)s”.",
                    cell=str(cell)[:MAX_EXAMPLE],
                    column=get_target_label(self.env, name),
                )
            if bad:
                problem = problem or bad
                unread[name] = str(cell)[:MAX_EXAMPLE]
                continue
            if kind == "amount" and (found := get_signs(cell)):
                signs[name] = sorted(found)
            most = MAX_LONG_TEXT if TARGETS[name].kind == "long" else MAX_TEXT
            if len(text) > most:
                problem = problem or self.env._(
                    "“%(column)s” is longer than %(most)s characters.",
                    column=get_target_label(self.env, name),
                    most=most,
                )
                unread[name] = text = text[:MAX_EXAMPLE]
            content[name] = text
        if problem:
            content.update(problem=problem, unread=unread)
        if signs:
            content["signs"] = signs
        return content

    def _describe_bad_cell(self, cell, name):
        """Why a cell that is imported has no value, or None."""
        if isinstance(cell, BadCell):
            return format_file_error(self.env, cell.error)
        if is_error(cell):
            return self.env._(
                "“%(column)s” holds an error, %(cell)s: mend it.",
                column=get_target_label(self.env, name),
                cell=cell.strip(),
            )
        if TARGETS[name].kind == "text" and is_cut_short(cell):
            return self.env._(
                "“%(column)s” is a number that a spreadsheet has cut short, %(cell)s: "
                "show it as text there.",
                column=get_target_label(self.env, name),
                cell=cell.strip(),
            )
        return None

    def _read_cell(self, cell, kind):
        if kind == "date":
            return parse_date(cell, self.record.date_format).isoformat()
        if kind == "amount":
            return str(parse_amount(cell, self.record.decimal_mark))
        text = self._as_text(cell)
        if kind == "long":
            return text
        text = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
        return " ".join(text.split())

    def _as_text(self, cell):
        if cell is None:
            return ""
        if isinstance(cell, bool):
            return self.env._("Yes") if cell else self.env._("No")
        if isinstance(cell, Decimal):
            if shown := getattr(cell, "shown", ""):
                return shown
            text = format(cell, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        if isinstance(cell, datetime):
            return cell.isoformat(" ")
        return cell.isoformat() if isinstance(cell, date) else cell.strip()

    def mend(self, content, changes):
        """What a row says with some cells as somebody has mended them.

        :param dict content: what it said
        :param dict changes: ``{target: text}``
        :return: as :meth:`_read_row`
        """
        before = content.get("unread") or {}
        unread = {name: text for name, text in before.items() if name not in changes}
        parts = ("problem", "unread", "aside", "signs")
        # what is not mended is still in the currency that it was in
        signs = content.get("signs") or {}
        signs = {name: found for name, found in signs.items() if name not in changes}
        content = {
            name: value
            for name, value in content.items()
            if name not in changes and name not in parts
        }
        cells = {**unread, **changes}
        content.update(self._read_row(list(cells.values()), list(cells)))
        if signs := {**signs, **content.get("signs", {})}:
            content["signs"] = signs
        return content

    def show_cells(self, content):
        """What a row says as its file would write it, for somebody to mend it.

        :return: ``{target: text}``
        """
        signs = content.get("signs") or {}
        shown = {}
        for name, text in content.items():
            if name in TARGETS and TARGETS[name].kind == "amount":
                text = text.replace(".", self.record.decimal_mark or ".")
                text = " ".join([text, *signs.get(name, ())])
            shown[name] = text
        return {**shown, **(content.get("unread") or {})}
