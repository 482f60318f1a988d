"""What is wrong with a file or a row, as sentences that say what to do."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

# By the code of an ImportFileError; see there for what each sentence can name.
FILE_ERRORS = {
    "empty": _lt("The file is empty."),
    "format": _lt("This is neither CSV nor XLSX: save it as one of them."),
    "disguised": _lt(
        "This is a file of the kind %(kind)s, whatever its name says: open it in the "
        "program that it is from, and save it as CSV or XLSX."
    ),
    "unreadable": _lt("The file is damaged, or not what its name says: save it again."),
    "too_large": _lt("The file is larger than %(limit)s MB: split it."),
    "too_many_rows": _lt("The file has more than %(limit)s rows: split it."),
    "too_many_columns": _lt(
        "The file has more than %(limit)s columns: remove what is not needed."
    ),
    "too_many_cells": _lt(
        "The file has more cells than can be read (%(limit)s, the empty ones too): "
        "split it, or remove columns that are not needed."
    ),
    "too_packed": _lt(
        "The file unpacks to far more than spreadsheets put into one of its size: save "
        "it again, or as CSV."
    ),
    "row_too_long": _lt(
        "Row %(row)s has more than %(limit)s characters. If it should not, a quotation "
        "mark or a line break is missing there."
    ),
    "cell_too_long": _lt(
        "A cell in row %(row)s has more than %(limit)s characters. If it should not, a "
        "quotation mark is missing there."
    ),
    "encoding": _lt(
        "The file is not written in %(encoding)s: choose another encoding."
    ),
    "separator": _lt("“%(separator)s” cannot separate columns: choose another one."),
    "quoting": _lt("In row %(row)s, a quotation mark is missing or too much."),
    "no_headers": _lt("The file has no row with the names of columns."),
    "duplicate_headers": _lt(
        "Several columns have the same name: %(headers)s. Give each its own."
    ),
    "no_such_sheet": _lt("There is no worksheet “%(sheet)s”, but: %(sheets)s."),
    "formula": _lt(
        "Cell %(cell)s is a formula without a result: open the file in a spreadsheet "
        "and save it, or paste it as values."
    ),
    "error_cell": _lt("Cell %(cell)s holds an error, %(value)s: mend it."),
}
# By the code of a RowError.
ROW_ERRORS = {
    "missing": _lt("“%(field)s” is empty."),
    "state": _lt("“%(value)s” is no state of a bill."),
    "partly": _lt(
        "The bill is partly paid, and no column says how much is paid or due."
    ),
    "sign": _lt(
        "An amount is in %(value)s, and would be booked in %(currency)s. Say which "
        "column is “Currency”, or choose the currency of the file."
    ),
    "rows_differ": _lt(
        "Rows %(rows)s have this Bill ID, but differ in “%(field)s”: nothing of them "
        "is imported. Mend them, or say which column is “Line Amount” if each is a "
        "line of the bill."
    ),
    "lines": _lt(
        "The lines of the bill (rows %(rows)s) come to %(lines)s, and its total is "
        "%(total)s."
    ),
    "too_many_alike": _lt(
        "%(count)s rows have the same Bill ID or account: look whether that is the "
        "right column."
    ),
    "no_line": _lt("Row %(row)s of the bill has no “Line Amount”."),
    "same_account": _lt(
        "Rows %(rows)s are of one account in one currency: make one row of them, or "
        "leave all but one out of the file."
    ),
    "draft": _lt("A draft is no bill yet: raise it here."),
    "negative": _lt("“%(field)s” is negative."),
    "huge": _lt("“%(field)s” is no amount that can be billed."),
    "decimals": _lt("“%(field)s” has more decimals than %(value)s has."),
    "sum": _lt(
        "The amounts do not add up: the total is %(total)s, but paid %(paid)s, "
        "credited %(credited)s and due %(due)s."
    ),
    "nothing_due": _lt("The bill is open, but nothing is due on it."),
    "still_due": _lt("The bill is settled or canceled, but %(due)s is due on it."),
    "refunded": _lt("More was refunded (%(refunded)s) than paid (%(paid)s)."),
    "not_refunded": _lt("The bill is refunded, but by no amount."),
    "surcharge": _lt("The surcharge is more than the total."),
    "due_before": _lt("The bill is due on %(due)s, before it is issued on %(issued)s."),
    "after_opening": _lt(
        "The bill was issued on %(issued)s, after the day on which what is open is "
        "booked: choose a later one."
    ),
    "inactive": _lt("The currency %(value)s is not active. Activate it in Invoicing."),
    "unknown": _lt(
        "There is no %(field)s “%(value)s” here: add it, or do not import that column."
    ),
}


def format_file_error(env, error):
    """Say why a file cannot be read.

    :param ImportFileError error: see there for its codes
    """
    params = {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in error.params.items()
    }
    if error.code not in FILE_ERRORS:
        return env._("The file cannot be read.")
    sentence = env._(FILE_ERRORS[error.code])
    return sentence % params


def format_row_error(env, error):
    """Say why a row is rejected.

    :param RowError error: its params may have ``field``, a column's name
    """
    params = {name: str(value) for name, value in error.params.items()}
    if "field" in params:
        params["field"] = get_target_label(env, params["field"])
    sentence = env._(ROW_ERRORS[error.code])
    return sentence % params


def get_target_label(env, name):
    """What a column that can be imported is called.

    :param str name: a key of ``rules.TARGETS``
    """
    field = env["kavi.import.column"]._fields["target"]
    return dict(field._description_selection(env)).get(name, name)
