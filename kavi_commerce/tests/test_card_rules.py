"""What card payment adds to the table of states and acts, without a database."""

from odoo.tests import BaseCase, tagged

from odoo.addons.kavi_billing.tests.test_table_rules import every_combination
from odoo.addons.kavi_billing.tools import bill_rules

from ..tools.card_rules import ACTS, FLAGS, REFUSED

TABLE = bill_rules.extend_acts(bill_rules.ACTS, ACTS, REFUSED)
# What was decided, written down a second time: act -> states that allow it.
DECIDED = {
    "pay_by_card": {"new", "pending"},
    "freeze": {"paid", "refunded", "canceled"},
    "retry_refund": {"new", "pending", "paid", "refunded", "canceled"},
}
NEEDED = {"retry_refund": {"failed_gateway"}}
REFUSED_WHEN = {
    "frozen": {"pay_by_card", "freeze", "retry_refund"},
    "historical": {"pay_by_card", "freeze", "retry_refund"},
    "awaiting_gateway": {
        "change_amount",
        "choose_method",
        "complete_payment",
        "pay_by_card",
        "write_off",
        "apply_credit",
        "refund",
        "retry_refund",
        "cancel",
    },
}


@tagged("post_install", "-at_install")
class TestCardRules(BaseCase):
    def test_card_acts_are_as_decided(self):
        """KB-20, KB-24: each act of card payment, in each state with each set of
        flags."""
        self.assertEqual(set(DECIDED), set(ACTS))
        flags_of_all = {*bill_rules.FLAGS, *FLAGS}
        for act, states in DECIDED.items():
            for state in bill_rules.STATES:
                for flags in every_combination(flags_of_all):
                    forbidden = any(act in REFUSED_WHEN.get(flag, ()) for flag in flags)
                    found = bill_rules.refusal(act, state, flags, TABLE)
                    wanted = state in states and not forbidden
                    wanted &= NEEDED.get(act, set()) <= set(flags)
                    self.assertEqual(found is None, wanted, (act, state, flags))

    def test_awaiting_gateway_forbids_what_was_decided(self):
        """KB-24: what waits while the gateway has not answered, and nothing else."""
        forbidden = {
            act for act, rule in TABLE.items() if "awaiting_gateway" in rule.refused
        }
        self.assertEqual(forbidden, REFUSED_WHEN["awaiting_gateway"])
        for act in forbidden - set(ACTS):
            for state in bill_rules.ACTS[act].leads:
                found = bill_rules.refusal(act, state, {"awaiting_gateway"}, TABLE)
                self.assertEqual(found, ("flag", "awaiting_gateway"), (act, state))

    def test_money_moves_of_cards(self):
        """KB-20: an attempt by card makes a Pending bill New again; it adds no other
        move to those of the core."""

        def moves(acts):
            return {
                (start, end)
                for rule in acts.values()
                for start, ends in rule.leads.items()
                for end in ends
                if start != end
            }

        self.assertEqual(moves(TABLE) - moves(bill_rules.ACTS), {("pending", "new")})

    def test_failed_gateway_forbids_nothing(self):
        """KB-25: after a failed charge the bill is paid again, by any method."""
        for rule in TABLE.values():
            self.assertNotIn("failed_gateway", rule.refused)

    def test_table_of_the_core_stays_as_it_is(self):
        """What is added is a new table: the core's own knows nothing of it."""
        self.assertFalse(set(ACTS) & set(bill_rules.ACTS))
        for rule in bill_rules.ACTS.values():
            self.assertFalse({*rule.refused, *rule.needs} & set(FLAGS))
