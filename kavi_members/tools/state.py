"""The state of a membership: a pure function of what is stored, and of today.

Plain Python, no ORM. The walk writes what :func:`get_path` says, and nothing else does
(KM-26). One membership is one term; the last day of a term is a day of membership.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

DAY = timedelta(days=1)

STATES = {
    "pending_moderation": "Pending Moderation",
    "pending_bill": "Pending Bill Payment",
    "pending_start": "Pending Start Date",
    "current": "Current",
    "expired": "Expired",
    "archived": "Archived",
    "denied": "Denied",
    "canceled": "Canceled",
}
# Not accepted yet: a step is to be passed.
WAITING = ("pending_moderation", "pending_bill")
PENDING = (*WAITING, "pending_start")
# Somebody is, or was until lately, a member.
RUNNING = ("current", "expired")
# What counts against the maximum of a group: one cannot have it once more.
COUNTED = (*PENDING, "current")
# Nothing happens with these by itself any more.
ENDED = ("archived", "denied", "canceled")

ORDERS = {
    "moderation_first": ("pending_moderation", "pending_bill"),
    "billing_first": ("pending_bill", "pending_moderation"),
}

# From -> to, and what moves it. Edits of dates move between those that are accepted.
TRANSITIONS = {
    None: (*STATES,),
    "pending_moderation": (
        "pending_bill",  # approved, the bill comes next
        "pending_start",
        "current",
        "denied",
        "canceled",  # withdrawn, replaced, deleted
        "expired",  # approved in time, and seen late
        "archived",
    ),
    "pending_bill": (
        "pending_moderation",  # paid, moderation comes next
        "pending_start",
        "current",
        "denied",
        "canceled",
        "expired",
        "archived",
    ),
    "pending_start": ("current", "expired", "archived", "canceled", "denied"),
    "current": ("pending_start", "expired", "archived"),
    "expired": ("pending_start", "current", "archived"),
    "archived": ("pending_start", "current", "expired"),
    "denied": (),
    "canceled": (),
}


@dataclass(frozen=True)
class Facts:
    """What is stored of a membership, as far as its state follows from it.

    :ivar moderation: "none", "waiting", "approved" or "denied"
    :ivar billing: "none", "owed", "settled" or "lost"
    :ivar order: a key of ``ORDERS``
    :ivar ready: the day on which the last step was passed
    :ivar start: the first day of the term
    :ivar end: its last day; ``None``: it has none
    :ivar grace: the last day of grace
    :ivar activated: the day on which it became current
    :ivar ended: the day on which it was ended before its time
    """

    moderation: str = "none"
    billing: str = "none"
    order: str = "moderation_first"
    ready: date | None = None
    start: date | None = None
    end: date | None = None
    grace: date | None = None
    activated: date | None = None
    ended: date | None = None


def get_step(facts):
    """The step that a membership waits for, in the order that was set for it.

    :return: "pending_moderation", "pending_bill", or ``None`` when all are passed
    """
    waits = {
        "pending_moderation": facts.moderation == "waiting",
        "pending_bill": facts.billing in ("owed", "lost"),
    }
    return next((step for step in ORDERS[facts.order] if waits[step]), None)


def is_missed(facts):
    """Whether the last step was passed only when the term was over: somebody decides.

    Who was a member once has missed nothing.
    """
    return bool(
        facts.ready and facts.end and not facts.activated and facts.end < facts.ready
    )


def state_of(facts, today):
    """The state on a day.

    :rtype: str
    """
    if facts.moderation == "denied":
        return "denied"
    if facts.ended and facts.ended <= today:
        return "archived" if facts.activated else "canceled"
    if not facts.ready or facts.ready > today:
        return get_step(facts) or "pending_start"
    if is_missed(facts) or not facts.start or facts.start > today:
        return "pending_start"
    if not facts.end or facts.end >= today:
        return "current"
    if facts.grace and facts.grace >= today:
        return "expired"
    return "archived"


def get_path(state, since, facts, today):
    """What has happened to a membership since it was looked at last, with true dates.

    :param state: in which it is, ``None`` for a new one
    :param datetime.date since: the day on which it came there, if that is known
    :return: list of ``(day, from, to)``
    """
    path = []
    for day in _days(facts, since, today):
        if state == "current":
            facts = replace(facts, activated=facts.activated or day)
        found = state_of(facts, day)
        if found != state:
            path.append((day, state, found))
            state = found
    return path


def _days(facts, since, today):
    """The days on which a state may change, in order, and today."""
    if not facts.ready:
        return [today]
    after = [day + DAY for day in (facts.end, facts.grace) if day]
    days = {facts.ready, facts.start, facts.ended, *after} - {None}
    low = max(since + DAY if since else date.min, facts.ready)
    return sorted(day for day in days if low <= day < today) + [today]
