"""What each act on card money leaves in the general ledger, entry by entry."""

from odoo.tests import tagged

from .common import CommerceCommon

OWED, BANK = "asset_receivable", "asset_current"
INCOME, FEES = "income", "expense"


@tagged("post_install", "-at_install")
class TestCardJournal(CommerceCommon):
    def setUp(self):
        super().setUp()
        self.known = self.moves()

    def moves(self):
        return self.env["account.move"].search([("company_id", "=", self.company.id)])

    def assertBooked(self, *entries):
        """The posted entries since the last look, in the order in which they came: of
        each what it holds, by the type of account."""
        self.env.flush_all()
        new = (self.moves() - self.known).sorted("id")
        self.known |= new
        self.assertEqual(set(new.mapped("state")) - {"posted"}, set())
        self.assertEqual([self.entries(move) for move in new], list(entries))

    def test_journal_of_each_act(self):
        """D-03: nothing is edited, each act has its own entries, and what is
        outstanding in the end is what the gateway pays out."""
        self.card.surcharge_fixed = 3
        bill = self.issued(100)
        self.assertBooked({OWED: 100.0, INCOME: -100.0})
        tx = self.start(bill)
        self.approve(tx)
        self.assertBooked()  # nothing has moved
        self.come_back(tx)
        self.assertBooked(
            {OWED: 3.0, INCOME: -3.0},  # the surcharge is charged with the money
            {BANK: 103.0, OWED: -103.0},
            {FEES: 3.29, BANK: -3.29},
        )
        refund = self.refund_by_card(bill, 40)
        self.assertBooked(
            {OWED: -40.0, INCOME: 40.0},
            {BANK: -40.0, OWED: 40.0},
        )
        self.assertEqual(refund.payment_id.payment_type, "outbound")
        self.paypal.reverse(tx.paypal_capture_id, 20)
        self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
        self.assertBooked({BANK: -20.0, OWED: 20.0})
        self.assertLedgers(bill)
        self.assertOutstanding(bill)

    def test_journal_of_a_charge_back(self):
        """All of it: the payment's entry is reversed, and its surcharge taken back."""
        self.card.surcharge_fixed = 3
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.known = self.moves()
        self.paypal.reverse(tx.paypal_capture_id)
        self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
        self.assertBooked(
            {BANK: -103.0, OWED: 103.0},
            {OWED: -3.0, INCOME: 3.0},
        )
        self.assertLedgers(bill)

    def test_journal_of_what_is_not_owed(self):
        """It came all the same: a payment that is open on the account."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.pay(bill)
        self.approve(tx)
        self.known = self.moves()
        self.charge_elsewhere(tx)
        self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
        self.assertBooked(
            {BANK: 100.0, OWED: -100.0},
            {FEES: 3.2, BANK: -3.2},
        )
        self.assertFalse(tx.payment_id.is_reconciled)

    def test_journal_of_a_paid_bill_that_is_canceled(self):
        """What was paid goes back to the card: as a refund."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.known = self.moves()
        self.cancel(bill)
        self.assertBooked()  # the gateway has not done it yet
        tx.child_transaction_ids._kavi_send()
        self.assertBooked({OWED: -100.0, INCOME: 100.0}, {BANK: -100.0, OWED: 100.0})

    def test_journal_of_authorized_parts(self):
        """Nothing when it is authorized or given up, a payment when it is taken."""
        self.provider.kavi_intent = "AUTHORIZE"
        bill = self.issued(100)
        self.known = self.moves()
        tx = self.pay_by_card(bill)
        self.assertBooked()
        tx._capture(60)._kavi_send()
        self.assertBooked({BANK: 60.0, OWED: -60.0}, {FEES: 2.04, BANK: -2.04})
        tx._void(40)._kavi_send()
        self.assertBooked()

    def assertOutstanding(self, bill):
        """The accounts of what is at the gateway hold what the gateway will pay out."""
        payments = self.payments(bill) | self.payments(bill, "outbound")
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "in", payments.outstanding_account_id.ids),
                ("parent_state", "=", "posted"),
                ("company_id", "=", self.company.id),
            ]
        )
        net = float(self.paypal.ledger.net(self.company.currency_id.name))
        self.assertAlmostEqual(sum(lines.mapped("balance")), net)
