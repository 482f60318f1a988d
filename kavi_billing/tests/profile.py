"""How much a slow test does: all of its cases in the long profile (``bin/kavi test
--long``, KAVI_LONG=1), some of them by turns in the short one, which CI runs."""

import os

LONG = bool(os.environ.get("KAVI_LONG"))


def by_turns(cases, one_in, turn=0):
    """The cases that are tried: all, or in the short profile one in so many.

    :param cases: any iterable
    :param int one_in: of so many one is tried
    :param int turn: which one; give another number for each value of another axis, and
        each value of both is met
    """
    cases = list(cases)
    return cases if LONG else cases[turn % one_in :: one_in]
