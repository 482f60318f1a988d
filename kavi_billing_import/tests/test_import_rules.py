"""What an import understands, without a database: columns, states, amounts."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.kavi_billing.tools.bill_rules import OPEN, SETTLED, STATES

from ..importer.rules import (
    BALANCES,
    BILLS,
    NEEDED,
    TARGETS,
    RowError,
    column_problem,
    fit_amounts,
    read_state,
    recognize_columns,
    recognize_kind,
)

CENT = Decimal("0.01")
AMOUNTS = [name for name, target in TARGETS.items() if target.kind == "amount"]


def money(low=0, high=10**7):
    return st.integers(low, high).map(lambda cents: cents * CENT)


@st.composite
def bills(draw):
    """The amounts of a bill that somebody has exported, and its state."""
    state = draw(st.sampled_from(["new", "pending", "paid", "refunded", "canceled"]))
    paid, credited = draw(money()), draw(money())
    due = draw(money(low=1)) if state in OPEN else Decimal(0)
    refunded = draw(st.just(Decimal(0)) | money())
    if state not in OPEN:
        refunded = min(refunded, paid)
    if state == "paid":
        refunded = Decimal(0)
    if state == "refunded":
        paid, refunded = paid + CENT, refunded + CENT
    return state, {
        "total": paid + credited + due,
        "amount_paid": paid,
        "amount_credited": credited,
        "amount_due": due,
        "refund_amount": refunded,
        "amount_retained": paid - refunded,
    }


@tagged("post_install", "-at_install")
class TestImportRules(BaseCase):
    def test_columns(self):
        """Our own headers, other programs' words, and what nobody knows."""
        headers = ["Bill_ID", "Account", "Status", "ISSUED", "Total", "Colour", "total"]
        found = recognize_columns(headers, BILLS)
        self.assertEqual(
            found,
            ["bill_id", "account", "bill_state", "bill_date", "total", None, None],
        )
        self.assertIsNone(column_problem(found, BILLS))
        self.assertEqual(recognize_kind(headers), BILLS)
        self.assertEqual(recognize_kind(["name", "balance", "credits"]), BALANCES)
        self.assertIsNone(recognize_kind(["Colour", "Weight"]))
        self.assertEqual(column_problem(["account"] * 2, BILLS), ("twice", "account"))
        self.assertEqual(column_problem(["balance"], BILLS), ("foreign", "balance"))
        self.assertEqual(column_problem([None], BALANCES), ("missing", "account"))
        for kind, names in NEEDED.items():
            self.assertTrue(all(kind in TARGETS[name].files for name in names))

    def test_states(self):
        for state, label in STATES.items():
            if state != "draft":
                self.assertEqual(read_state(label.upper()), state)
        self.assertEqual(read_state(" Cancelled "), "canceled")
        for text, code in (("Draft", "draft"), ("Sold", "state"), ("", "state")):
            with self.assertRaises(RowError) as caught:
                read_state(text)
            self.assertEqual(caught.exception.code, code)

    def test_amounts_of_the_original(self):
        """Its file knows no payments: they follow from the state (KB-66)."""
        total, part = Decimal(100), Decimal(30)

        def fit(state, **amounts):
            found = fit_amounts(state, {"total": total, **amounts})
            return found.paid, found.credited, found.due, found.refunded

        self.assertEqual(fit("new"), (0, 0, 100, 0))
        self.assertEqual(fit("paid"), (100, 0, 0, 0))
        self.assertEqual(fit("refunded", refund_amount=part), (100, 0, 0, 30))
        self.assertEqual(fit("refunded", amount_retained=part), (100, 0, 0, 70))
        self.assertEqual(fit("canceled"), (0, 100, 0, 0))
        self.assertEqual(
            fit("canceled", refund_amount=part, amount_retained=total - part),
            (100, 0, 0, 30),
        )
        self.assertEqual(fit("new", amount_due=part), (70, 0, 30, 0))
        self.assertEqual(
            fit_amounts("canceled", {"total": total}, is_paid=True).paid, total
        )
        self.assertEqual(
            fit_amounts("paid", {"total": total, "refund_amount": part}).state,
            "refunded",
        )

    @given(bills())
    @settings(deadline=None, max_examples=200)
    def test_property_whole(self, bill):
        """What adds up comes in as it was."""
        state, amounts = bill
        found = fit_amounts(state, amounts)
        self.assertEqual(found.state, state)
        self.assertEqual(found.total, amounts["total"])
        self.assertEqual(found.paid, amounts["amount_paid"])
        self.assertEqual(found.credited, amounts["amount_credited"])
        self.assertEqual(found.due, amounts["amount_due"])
        self.assertEqual(found.refunded, amounts["refund_amount"])

    @given(
        st.sampled_from(["new", "pending", "paid", "refunded", "canceled"]),
        st.dictionaries(st.sampled_from(AMOUNTS), st.none() | money(low=-(10**4))),
        st.booleans(),
    )
    @settings(deadline=None, max_examples=500)
    def test_property_any(self, state, amounts, is_paid):
        """Anything else is refused with a reason, or made whole: never half."""
        try:
            found = fit_amounts(state, amounts, is_paid)
        except RowError as error:
            self.assertTrue(error.code)
            return
        if amounts.get("total") is None:
            self.assertEqual(found.total, found.paid + found.credited + found.due)
        else:
            self.assertEqual(found.total, amounts["total"])
        self.assertGreaterEqual(min(found.paid, found.credited, found.due), 0)
        self.assertEqual(found.due > 0, found.state in OPEN)
        if found.state != "canceled":
            self.assertEqual(found.total, found.paid + found.credited + found.due)
        if found.state not in OPEN:
            self.assertLessEqual(found.refunded, found.paid)
        self.assertEqual(
            found.state == "refunded", bool(found.refunded) and state in SETTLED
        )
