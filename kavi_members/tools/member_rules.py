"""What may be done with a membership, when, and where it leads.

Plain Python, no ORM: buttons, guards, pages and tests all read this one table
(KM-32, KM-38, KM-39, KM-41). To change a rule, change it here.
"""

from dataclasses import dataclass
from types import MappingProxyType

from .state import ENDED, PENDING, RUNNING, STATES, WAITING

ACCEPTED = ("pending_start", *RUNNING)
# where the last step may lead, by the days of the term
_GOES_ON = (*PENDING, *RUNNING, "archived")

FLAGS = {
    "suspended": "Suspended",
    "missed": "Term Missed",
    "unbilled": "No Bill",
    "paid": "Paid",
    "renewed": "Renewed",
    "lifetime": "For Life",
}


@dataclass(frozen=True)
class Act:
    """One thing that can be done with a membership.

    :ivar label: its name, for people
    :ivar leads: state it may start from -> states it may end in; a state that is
        missing refuses the act
    :ivar refused: flags that forbid it
    :ivar needs: flags without which it makes no sense
    :ivar role: who may do it: "officer" (and above), "administrator"; "applicant": who
        has the page of the application, and officers
    """

    label: str
    leads: dict
    refused: tuple = ()
    needs: tuple = ()
    role: str = "officer"


def stay(*states):
    """``leads`` of an act that keeps the state."""
    return {state: (state,) for state in states}


def lead(states, *targets):
    """``leads`` of an act that ends in one of several states."""
    return dict.fromkeys(states, targets)


ACTS = MappingProxyType(
    {
        # -- the steps
        "approve": Act("Approve", lead(("pending_moderation",), *_GOES_ON)),
        "deny": Act("Deny", lead(("pending_moderation",), "denied")),
        "expedite": Act("Pass the Step", lead(WAITING, *_GOES_ON)),
        "raise_bill": Act(
            "Raise a Bill", lead(("pending_bill",), *_GOES_ON), needs=("unbilled",)
        ),
        "withdraw": Act(
            "Withdraw", lead(WAITING, "canceled"), refused=("paid",), role="applicant"
        ),
        "next_term": Act(
            "Move to the Next Term",
            lead(("pending_start",), "pending_start", *RUNNING),
            needs=("missed",),
        ),
        # -- the term
        "edit_dates": Act(
            "Edit the Dates", lead((*ACCEPTED, "archived"), *ACCEPTED, "archived")
        ),
        "suspend": Act("Put on Hold", stay(*ACCEPTED), refused=("suspended",)),
        "resume": Act("Resume", stay(*ACCEPTED), needs=("suspended",)),
        # -- what follows it
        "renew": Act(
            "Renew",
            # who renews in grace may be current at once, and needs no grace any more
            {**stay("current", "archived"), "expired": ("expired", "archived")},
            refused=("renewed", "lifetime"),
        ),
        "replace": Act(
            "Replace",
            {
                **lead(PENDING, "canceled"),
                **lead(RUNNING, *RUNNING, "archived"),
            },
            refused=("renewed",),
        ),
        # -- how it ends
        "end": Act(
            "End Now", {"pending_start": ("canceled",), **lead(RUNNING, "archived")}
        ),
        "delete": Act(
            "Delete",
            {
                **lead(PENDING, "canceled"),
                **lead(RUNNING, "archived"),
                **stay(*ENDED),
            },
        ),
        # -- what is said
        "edit": Act("Edit", stay(*PENDING, *RUNNING)),
        "note": Act("Add a Note", stay(*STATES)),
    }
)


def refusal(act, state, flags, table=ACTS):
    """Why an act is refused.

    :param str act: a key of ``table``
    :param flags: set of keys of ``FLAGS``
    :return: ``None`` when it is allowed, else ``(reason, detail)``: "state", "flag" or
        "missing", and the flag
    """
    rule = table[act]
    if state not in rule.leads:
        return "state", None
    for flag in rule.refused:
        if flag in flags:
            return "flag", flag
    for flag in rule.needs:
        if flag not in flags:
            return "missing", flag
    return None


def allowed_acts(state, flags, table=ACTS):
    """The acts that are allowed now.

    :rtype: list
    """
    return [act for act in table if not refusal(act, state, flags, table)]
