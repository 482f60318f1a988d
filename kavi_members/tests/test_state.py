"""The state function and its path: tables, and what holds for all facts (KM-26)."""

import itertools
from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from ..tools.member_rules import ACTS, FLAGS, refusal
from ..tools.state import (
    ENDED,
    STATES,
    TRANSITIONS,
    Facts,
    get_path,
    state_of,
)


def on(number):
    """A day, counted from the first of March."""
    return date(2027, 3, 1) + timedelta(days=number)


TODAY = on(10)
ACCEPTED = {"ready": on(0), "start": on(1), "end": on(20), "grace": on(30)}

# name: (facts, state)
TABLE = {
    "waits for both": (
        {"moderation": "waiting", "billing": "owed"},
        "pending_moderation",
    ),
    "the other order": (
        {"moderation": "waiting", "billing": "owed", "order": "billing_first"},
        "pending_bill",
    ),
    "approved": ({"moderation": "approved", "billing": "owed"}, "pending_bill"),
    "paid": (
        {"moderation": "waiting", "billing": "settled", "order": "billing_first"},
        "pending_moderation",
    ),
    "its bill is gone": ({"billing": "lost"}, "pending_bill"),
    "nothing is waited for": ({}, "pending_start"),
    "denied": ({"moderation": "denied", "billing": "settled"}, "denied"),
    "denied beats the end": ({"moderation": "denied", "ended": on(1)}, "denied"),
    "withdrawn": ({"billing": "owed", "ended": on(10)}, "canceled"),
    "ends tomorrow": ({**ACCEPTED, "activated": on(1), "ended": on(11)}, "current"),
    "current": (ACCEPTED, "current"),
    "its first day": ({**ACCEPTED, "start": on(10)}, "current"),
    "the day before": ({**ACCEPTED, "start": on(11)}, "pending_start"),
    "its last day": ({**ACCEPTED, "end": on(10)}, "current"),
    "the day after": ({**ACCEPTED, "end": on(9)}, "expired"),
    "the last day of grace": ({**ACCEPTED, "end": on(5), "grace": on(10)}, "expired"),
    "the day after grace": ({**ACCEPTED, "end": on(5), "grace": on(9)}, "archived"),
    "without grace": ({**ACCEPTED, "end": on(9), "grace": on(9)}, "archived"),
    "for life": ({**ACCEPTED, "end": None, "grace": None}, "current"),
    "money does not matter any more": ({**ACCEPTED, "billing": "owed"}, "current"),
    "nor does it when it is lost": ({**ACCEPTED, "billing": "lost"}, "current"),
    "missed": ({**ACCEPTED, "ready": on(8), "end": on(7)}, "pending_start"),
    "not missed: was a member": (
        {**ACCEPTED, "ready": on(8), "end": on(7), "grace": on(7), "activated": on(8)},
        "archived",
    ),
    "ready tomorrow": ({**ACCEPTED, "ready": on(11)}, "pending_start"),
    "ended": ({**ACCEPTED, "activated": on(1), "ended": on(10)}, "archived"),
    "ended before it began": (
        {**ACCEPTED, "start": on(15), "ended": on(9)},
        "canceled",
    ),
}


@tagged("post_install", "-at_install")
class TestState(BaseCase):
    def test_table_of_states(self):
        for name, (facts, state) in TABLE.items():
            with self.subTest(name):
                self.assertEqual(state_of(Facts(**facts), TODAY), state)
        self.assertEqual({state for __, state in TABLE.values()}, set(STATES))

    def test_path_with_true_dates(self):
        """Forty days without a walk: each change has its own day."""
        facts = Facts(**ACCEPTED)
        self.assertEqual(
            get_path("pending_start", on(0), facts, on(40)),
            [
                (on(1), "pending_start", "current"),
                (on(21), "current", "expired"),
                (on(31), "expired", "archived"),
            ],
        )

    def test_path_of_an_upload(self):
        facts = Facts(ready=on(1), start=on(1), end=on(5), grace=on(5))
        self.assertEqual(
            [(day, to) for day, __, to in get_path(None, None, facts, TODAY)],
            [(on(1), "current"), (on(6), "archived")],
        )

    def test_path_ended_unseen(self):
        """It began, and was ended, with no walk between: it was a member."""
        facts = Facts(**ACCEPTED, ended=on(5))
        path = get_path("pending_start", on(0), facts, TODAY)
        self.assertEqual([to for *__, to in path], ["current", "archived"])

    def test_property_walk(self):
        """Walked every day, now and then, or once at the end: the same states on the
        same days; nothing moves twice, and only along the table."""
        values = (None, on(0), on(3), on(7))
        for start, end, ended, grace in itertools.product(
            values, values, values, (0, 4)
        ):
            if start and end and end < start:
                continue
            facts = Facts(
                ready=on(0),
                start=start,
                end=end,
                grace=end and end + timedelta(days=grace),
                ended=ended,
            )
            daily, state, since = [], None, None
            for number in range(15):
                path = get_path(state, since, facts, on(number))
                daily += path
                if path:
                    since, __, state = path[-1]
                    if state == "current":
                        facts = Facts(**{**vars(facts), "activated": since})
                self.assertFalse(get_path(state, since, facts, on(number)))
            unseen = Facts(**{**vars(facts), "activated": None})
            self.assertEqual(get_path(None, None, unseen, on(14)), daily)
            for __, before, after in daily:
                self.assertIn(after, TRANSITIONS[before])

    def test_every_fact_has_a_state(self):
        for moderation, billing, order, ready, start, ended in itertools.product(
            ("none", "waiting", "approved", "denied"),
            ("none", "owed", "settled", "lost"),
            ("moderation_first", "billing_first"),
            (None, on(5)),
            (None, on(5), on(15)),
            (None, on(5)),
        ):
            facts = Facts(
                moderation, billing, order, ready, start, None, None, None, ended
            )
            self.assertIn(state_of(facts, TODAY), STATES)


@tagged("post_install", "-at_install")
class TestRules(BaseCase):
    def test_table_walk(self):
        """Each pair of act and state: refused, or it leads along the table."""
        for act, rule in ACTS.items():
            for state in STATES:
                allowed = not refusal(act, state, set(rule.needs))
                self.assertEqual(allowed, state in rule.leads, (act, state))
                for target in rule.leads.get(state, ()):
                    self.assertTrue(
                        target == state or target in TRANSITIONS[state],
                        (act, state, target),
                    )
            for flag in (*rule.refused, *rule.needs):
                self.assertIn(flag, FLAGS)
            self.assertIn(rule.role, ("officer", "administrator", "applicant"))

    def test_what_is_over_stays_over(self):
        for state in ("denied", "canceled"):
            self.assertFalse(TRANSITIONS[state])
        for act, rule in ACTS.items():
            if set(ENDED) & set(rule.leads):
                self.assertIn(act, ("edit_dates", "renew", "delete", "note"))
