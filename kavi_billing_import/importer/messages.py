from odoo import models


class KaviImport(models.Model):
    """What is wrong with a file or a row, as sentences that say what to do."""

    _inherit = "kavi.import"

    def _say_file_error(self, error):
        """A file that cannot be read, as a sentence.

        :param ImportFileError error: see there for its codes
        """
        params = {
            name: ", ".join(value) if isinstance(value, list) else value
            for name, value in error.params.items()
        }
        sentences = {
            "empty": lambda: self.env._("The file is empty."),
            "format": lambda: self.env._(
                "This is neither CSV nor XLSX: save it as one of them."
            ),
            "unreadable": lambda: self.env._(
                "The file is damaged, or not what its name says: save it again."
            ),
            "too_large": lambda: self.env._(
                "The file is larger than %(limit)s MB: split it.", **params
            ),
            "too_many_rows": lambda: self.env._(
                "The file has more than %(limit)s rows: split it.", **params
            ),
            "too_many_columns": lambda: self.env._(
                "The file has more than %(limit)s columns: remove what is not needed.",
                **params,
            ),
            "too_many_cells": lambda: self.env._(
                "The worksheet holds more than can be read (%(limit)s elements): split "
                "it.",
                **params,
            ),
            "cell_too_long": lambda: self.env._(
                "A cell in row %(row)s has more than %(limit)s characters. If it "
                "should not, a quotation mark is missing there.",
                **params,
            ),
            "encoding": lambda: self.env._(
                "The file is not written in %(encoding)s: choose another encoding.",
                **params,
            ),
            "separator": lambda: self.env._(
                "“%(separator)s” cannot separate columns: choose another one.", **params
            ),
            "quoting": lambda: self.env._(
                "In row %(row)s, a quotation mark is missing or too much.", **params
            ),
            "no_headers": lambda: self.env._(
                "The file has no row with the names of columns."
            ),
            "empty_header": lambda: self.env._(
                "Column %(column)s has no name: write one in the first row.", **params
            ),
            "duplicate_headers": lambda: self.env._(
                "Several columns have the same name: %(headers)s. Give each its own.",
                **params,
            ),
            "no_such_sheet": lambda: self.env._(
                "There is no worksheet “%(sheet)s”, but: %(sheets)s.", **params
            ),
            "formula": lambda: self.env._(
                "Cell %(cell)s is a formula without a result: open the file in a "
                "spreadsheet and save it, or paste it as values.",
                **params,
            ),
            "error_cell": lambda: self.env._(
                "Cell %(cell)s holds an error, %(value)s: mend it.", **params
            ),
        }
        say = sentences.get(error.code)
        return say() if say else self.env._("The file cannot be read.")

    def _say_row_error(self, error):
        """A row that is refused, as a sentence.

        :param RowError error: its params may have ``field``, a column's name
        """
        params = {name: str(value) for name, value in error.params.items()}
        if "field" in params:
            params["field"] = self._get_target_label(params["field"])
        sentences = {
            "missing": lambda: self.env._("“%(field)s” is empty.", **params),
            "state": lambda: self.env._("“%(value)s” is no state of a bill.", **params),
            "draft": lambda: self.env._("A draft is no bill yet: raise it here."),
            "negative": lambda: self.env._("“%(field)s” is negative.", **params),
            "huge": lambda: self.env._(
                "“%(field)s” is no amount that can be billed.", **params
            ),
            "decimals": lambda: self.env._(
                "“%(field)s” has more decimals than %(value)s has.", **params
            ),
            "sum": lambda: self.env._(
                "The amounts do not add up: the total is %(total)s, but paid "
                "%(paid)s, credited %(credited)s and due %(due)s.",
                **params,
            ),
            "nothing_due": lambda: self.env._(
                "The bill is open, but nothing is due on it."
            ),
            "still_due": lambda: self.env._(
                "The bill is settled or canceled, but %(due)s is due on it.", **params
            ),
            "refunded": lambda: self.env._(
                "More was refunded (%(refunded)s) than paid (%(paid)s).", **params
            ),
            "not_refunded": lambda: self.env._(
                "The bill is refunded, but by no amount."
            ),
            "surcharge": lambda: self.env._("The surcharge is more than the total."),
            "due_before": lambda: self.env._(
                "The bill is due on %(due)s, before it is issued on %(issued)s.",
                **params,
            ),
            "after_opening": lambda: self.env._(
                "The bill was issued on %(issued)s, after the day on which what is "
                "open is booked: choose a later one.",
                **params,
            ),
            "inactive": lambda: self.env._(
                "The currency %(value)s is not active. Activate it in Invoicing.",
                **params,
            ),
            "unknown": lambda: self.env._(
                "There is no %(field)s “%(value)s” here: add it, or do not import that "
                "column.",
                **params,
            ),
        }
        return sentences[error.code]()
