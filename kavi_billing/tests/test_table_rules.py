"""The table of states and acts itself, without a database (KB-20 ... KB-27)."""

from itertools import combinations

from odoo.tests import BaseCase, tagged

from ..tools.bill_rules import (
    ACTS,
    DERIVED,
    EDITABLE,
    FACTS,
    FLAGS,
    OPEN,
    SETTLED,
    STATES,
    allowed_acts,
    refusal,
)

# What was decided, written down a second time: who changes a rule changes it here too.
# + allowed, - refused.
DECIDED = """
                  draft  new  pending  paid  refunded  canceled
issue             +      -    -        -     -         -
delete            +      -    -        -     -         -
edit              +      +    +        +     +         -
change_amount     +      +    +        -     -         -
postpone          -      +    +        -     -         -
choose_method     -      +    +        -     -         -
complete_payment  -      +    +        -     -         -
write_off         -      +    +        -     -         -
apply_credit      -      +    +        -     -         -
unapply_credit    -      +    +        +     -         -
reverse_payment   -      +    +        +     +         -
refund            -      -    -        +     +         -
cancel            -      +    +        +     +         -
dispute           -      +    +        -     -         -
resolve_dispute   -      -    -        -     -         -
send_notice       -      +    +        +     +         +
"""
REFUSED_WHEN = {
    "frozen": set(ACTS) - {"send_notice"},
    "partly_paid": {"change_amount"},
    "disputed": {"dispute"},
    "opening_balance": {"change_amount"},
    "historical": set(ACTS),
    "overdue": set(),
}


def every_combination(of):
    names = sorted(of)
    for size in range(len(names) + 1):
        yield from combinations(names, size)


def decided():
    """``{(act, state): sign}`` of the table above."""
    states, *rows = DECIDED.strip().splitlines()
    states = states.split()
    for row in rows:
        act, *signs = row.split()
        yield from (
            ((act, state), sign) for state, sign in zip(states, signs, strict=True)
        )


@tagged("post_install", "-at_install")
class TestTableRules(BaseCase):
    def test_each_state_and_act_is_as_decided(self):
        """KB-20, KB-27: the whole table, cell by cell."""
        table = dict(decided())
        self.assertEqual(len(table), len(ACTS) * len(STATES))
        for (act, state), sign in table.items():
            with self.subTest(act=act, state=state):
                found = refusal(act, state)
                if sign == "+":
                    self.assertIsNone(found)
                else:
                    self.assertIn(found[0], ("state", "missing"))

    def test_flags_forbid_what_was_decided(self):
        """KB-21, KB-23, KB-24, KB-26: each act in each state with each set of marks."""
        table = dict(decided())
        for act in ACTS:
            for state in STATES:
                for flags in every_combination(FLAGS):
                    found = refusal(act, state, flags)
                    sign = table[act, state]
                    if act == "resolve_dispute" and "disputed" in flags:
                        sign = "+" if state in OPEN else "-"
                    wanted = sign == "+" and not any(
                        act in REFUSED_WHEN[flag] for flag in flags
                    )
                    where = (act, state, flags)
                    self.assertEqual(found is None, wanted, where)
                    if wanted:
                        self.assertIn(act, allowed_acts(state, flags), where)
                    else:
                        self.assertNotIn(act, allowed_acts(state, flags), where)
                        self.assertIn(found[0], ("flag", "state", "missing"), where)
                        self.assertIn(found[1], {*STATES, *FLAGS}, where)

    def test_leads_are_states(self):
        """KB-20: every act starts and ends in states that exist, by a known role."""
        for act, rule in ACTS.items():
            with self.subTest(act=act):
                self.assertLessEqual(set(rule.leads), set(STATES))
                for ends in rule.leads.values():
                    self.assertIsInstance(ends, tuple)
                    self.assertLessEqual(set(ends), set(STATES))
                self.assertLessEqual({*rule.refused, *rule.needs}, set(FLAGS))
                self.assertIn(rule.role, ("officer", "administrator"))

    def test_no_way_out_of_canceled(self):
        """KB-27: nothing leads from Canceled to anything else."""
        for act, rule in ACTS.items():
            self.assertIn(rule.leads.get("canceled", ()), ((), ("canceled",)), act)

    def test_no_way_back_to_draft(self):
        """What is issued stays issued; only a draft is issued, and only once."""
        for act, rule in ACTS.items():
            for state, ends in rule.leads.items():
                if state != "draft":
                    self.assertNotIn("draft", ends, act)
        self.assertEqual(set(ACTS["issue"].leads), {"draft"})

    def test_only_drafts_are_deleted(self):
        """D-11: any bill that was issued is canceled instead."""
        self.assertEqual(ACTS["delete"].leads, {"draft": ()})
        ends_nowhere = {
            act
            for act, rule in ACTS.items()
            for ends in rule.leads.values()
            if not ends
        }
        self.assertEqual(ends_nowhere, {"delete"})

    def test_money_moves_as_in_the_original(self):
        """KB-20: the moves of the original's list, and none beside them but ours.

        From Pending back to New leads an attempt at another way to pay, which another
        addon brings.
        """
        moves = {
            (start, end)
            for rule in ACTS.values()
            for start, ends in rule.leads.items()
            for end in ends
            if start != end
        }
        original = {
            ("new", "pending"),
            ("new", "paid"),
            ("new", "canceled"),
            ("pending", "paid"),
            ("pending", "canceled"),
            ("paid", "refunded"),
            ("paid", "canceled"),
            ("refunded", "canceled"),
        }
        ours = {
            ("draft", "new"),
            ("draft", "paid"),
            ("paid", "new"),
            ("paid", "pending"),
            # the payment was taken back after a part was refunded
            ("refunded", "new"),
            ("refunded", "pending"),
            # ... and it is paid again
            ("new", "refunded"),
            ("pending", "refunded"),
        }
        self.assertEqual(moves, original | ours)

    def test_groups_of_fields_do_not_overlap(self):
        """What follows from the books, what acts write and what people may edit."""
        self.assertFalse(DERIVED & FACTS)
        self.assertFalse((DERIVED | FACTS) & EDITABLE)
        self.assertFalse(
            {"bill_date", "partner_id", "currency_id", "company_id"} & EDITABLE
        )

    def test_open_and_settled_are_states(self):
        self.assertEqual({*OPEN, *SETTLED}, set(STATES) - {"draft", "canceled"})

    def test_unknown_names_are_errors(self):
        """A misspelt act or state is a programming error, never an allowance."""
        with self.assertRaises(KeyError):
            refusal("isue", "draft")
        with self.assertRaises(KeyError):
            refusal("issue", "drafft")
