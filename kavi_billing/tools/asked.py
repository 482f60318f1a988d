"""What a request may hold: text, numbers, and lists and objects of them."""

import math

MAX_DEPTH = 6  # of lists and objects in each other
MAX_ID = 2**31 - 1  # the database's integers


def find_garbage(value, depth=0):
    """What is in a request that no form and no script of ours sends.

    :param value: str, number, bool, None, or lists, tuples and dicts of these
    :return: why, in a word; "" when there is none
    """
    if depth > MAX_DEPTH:
        return "depth"
    if isinstance(value, str):
        return _find_in_text(value)
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return "number" if abs(value) > MAX_ID else ""
    if isinstance(value, float):
        return "" if math.isfinite(value) else "number"
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        found = (find_garbage(item, depth + 1) for item in value)
        return next(filter(None, found), "")
    return "type"


def _find_in_text(text):
    if "\0" in text:
        return "NUL"  # PostgreSQL takes none
    try:
        text.encode()
    except UnicodeEncodeError:
        return "surrogate"
    return ""
