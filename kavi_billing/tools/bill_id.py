"""Bill ID templates: the original's notation, read and put into that of Odoo.

Plain Python, no ORM (KB-13): ``$counter`` always, once, and ``$year``, ``$month`` and
``$day`` of the day of issue, with any text around them.
"""

import re

VARIABLES = {"$year": "%(year)s", "$month": "%(month)s", "$day": "%(day)s"}
COUNTER = "$counter"
DEFAULT_TEMPLATE = "$year-$counter"


class CounterError(ValueError):
    """The template does not hold exactly one counter."""


class UnknownVariableError(ValueError):
    """The template holds what is no variable; ``str()`` of it names these."""


def split_template(template):
    """Split a template at its counter.

    :param str template: such as ``$month-$day-$year_$counter``; may be empty or None
    :return: (prefix, suffix) in the notation of ``ir.sequence``
    :raise CounterError: when there is not exactly one $counter
    :raise UnknownVariableError: for any other ``$word``, and for ``%``, which means
        something to a sequence
    """
    template = (template or "").strip()
    if template.count(COUNTER) != 1:
        raise CounterError(template)
    unknown = [
        name
        for name in re.findall(r"\$[A-Za-z]*", template)
        if name != COUNTER and name not in VARIABLES
    ]
    if "%" in template:
        unknown.append("%")
    if unknown:
        raise UnknownVariableError(", ".join(unknown))
    for ours, theirs in VARIABLES.items():
        template = template.replace(ours, theirs)
    prefix, suffix = template.split(COUNTER)
    return prefix, suffix
