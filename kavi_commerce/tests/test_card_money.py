"""Card money moves at the gateway or not at all: nobody says by hand that it did, and
what it holds goes back once, the way it came."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.kavi_billing.tools.context import Private

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestCardMoney(CommerceCommon):
    def late_charge(self, amount=100, settled=None):
        """A bill settled by check, then charged at the gateway all the same.

        :return: the bill, the charge and the credit that it became
        """
        bill = self.issued(amount)
        tx = self.start(bill)
        self.pay(bill, amount=settled or amount)
        self.approve(tx)
        self.charge_elsewhere(tx)
        self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
        credit = self.as_user("officer")["kavi.credit"].search(
            [("partner_id", "=", self.account.id)], order="id desc", limit=1
        )
        return bill, tx, credit

    def send(self, *txs):
        for tx in txs:
            tx.child_transaction_ids._kavi_send()
        self.env.flush_all()

    # === THE AUTOMATIC METHOD === #

    def test_access_no_manual_act_takes_the_card(self):
        """By window, by call with any context, by a payment of Invoicing: refused."""
        paid, owed = self.issued(100), self.issued(100)
        self.pay(paid)
        self.pay(self.issued(10), amount=184)  # 174 too much
        credit = self.as_user("officer")["kavi.credit"].search(
            [("partner_id", "=", self.account.id)]
        )
        self.assertEqual(credit.amount_open, 174)
        card = self.card.id

        def refund_credit(context):
            wizard = (
                credit.env["kavi.credit.refund.wizard"]
                .with_context(
                    active_model="kavi.credit", active_ids=credit.ids, **context
                )
                .create({"method_id": card})
            )
            wizard.action_refund_credits()

        def act(bill, name, method, context):
            values = {"method_id": card, "bill_ids": [Command.set(bill.ids)]}
            wizard = self.as_user("officer")[f"kavi.bill.{name}.wizard"]
            wizard = wizard.with_context(
                active_model="kavi.bill", active_ids=bill.ids, **context
            )
            getattr(wizard.create(values), method)()

        paths = {
            "complete": lambda ctx: act(
                owed, "payment", "action_complete_payment", ctx
            ),
            "refund": lambda ctx: act(paid, "refund", "action_refund", ctx),
            "credit": refund_credit,
            "complete in code": lambda ctx: owed.with_context(**ctx)._complete_payment(
                self.card
            ),
            "refund in code": lambda ctx: paid.with_context(**ctx)._refund(
                method=self.card
            ),
        }
        contexts = ({}, {"kavi_transaction_line_id": 1}, {"kavi_transaction_id": 1})
        for name, path in paths.items():
            for context in contexts:
                with self.subTest(path=name, context=context):
                    with self.refused(error=UserError):
                        path(context)
        self.assertBill(paid, "paid", refund_amount=0.0)
        self.assertBill(owed, "new", amount_paid=0.0)
        self.assertEqual(credit.amount_open, 174)
        self.assertFalse(self.paypal.ledger.entries())

    def test_access_payments_of_invoicing_name_no_card(self):
        """Neither the method nor a transaction of the gateway, written or copied."""
        tx = self.pay_by_card(self.issued(100))
        Payment = self.as_user("accountant")["account.payment"]
        vals = {
            "payment_type": "outbound",
            "partner_type": "customer",
            "partner_id": self.account.id,
            "journal_id": self.bank.id,
            "amount": 40,
        }
        for more in (
            {"kavi_method_id": self.card.id},
            {"payment_transaction_id": tx.id},
        ):
            with self.subTest(more=more), self.refused(error=UserError):
                Payment.create({**vals, **more})
            plain = Payment.create(vals)
            with self.subTest(more=more), self.refused(error=UserError):
                plain.write(more)
        copied = Payment.browse(tx.payment_id.id).copy()
        self.assertFalse(copied.payment_transaction_id or copied.kavi_method_id)

    def test_windows_offer_no_card(self):
        """Complete Payment, Refund of a check and Refund Credits: manual methods."""
        bill, owed = self.issued(100), self.issued(100)
        self.pay(bill, amount=120)
        credit = self.as_user("officer")["kavi.credit"].search(
            [("partner_id", "=", self.account.id)]
        )
        self.choose(owed, self.card)
        manual = self.check | self.wire
        self.assertEqual(self.wizard(bill, "refund", {}).method_ids, manual)
        window = (
            credit.env["kavi.credit.refund.wizard"]
            .with_context(active_model="kavi.credit", active_ids=credit.ids)
            .new()
        )
        self.assertEqual(window.method_ids._origin, manual)
        window = self.wizard(owed, "payment", {"method_id": self.check.id})
        self.assertNotEqual(window.method_id, self.card)
        self.assertIn("manual", window._fields["method_id"].domain)
        # what came by card may go back by it
        self.pay_by_card(owed)
        window = self.wizard(owed, "refund", {})
        self.assertEqual(window.method_id, self.card)
        self.assertEqual(window.method_ids, manual | self.card)

    def test_archived_card_method_books_what_came(self):
        """It is not offered any more, but the money is there."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.approve(tx)
        self.card.active = False
        self.come_back(tx)
        self.assertBill(bill, "paid", amount_paid=100.0)

    # === EACH PART THE WAY IT CAME === #

    def mixed(self, first="check"):
        """A bill of 200: half by check, half by card."""
        bill = self.issued(200)
        if first == "check":
            self.pay(bill, amount=100)
            self.pay_by_card(bill)
        else:
            self.pay_by_card(bill, {bill: 100})
            self.pay(bill)
        return bill

    def test_cancel_gives_each_part_back_the_way_it_came(self):
        """100 by check and 100 by card: 100 at the card, 100 by check."""
        for first in ("check", "card"):
            with self.subTest(first=first):
                self.paypal.reset()
                bill = self.mixed(first)
                self.cancel(bill)
                self.assertBill(bill, "paid", refund_amount=0.0)
                bill.sudo().transaction_ids._kavi_send()
                self.env.flush_all()
                self.assertBill(bill, "canceled", refund_amount=200.0)
                refunds = self.payments(bill, "outbound")
                by_card = refunds.filtered("payment_transaction_id")
                self.assertEqual(by_card.mapped("amount"), [100])
                self.assertEqual((refunds - by_card).mapped("amount"), [100])
                self.assertEqual((refunds - by_card).journal_id, self.bank)
                gross = float(self.paypal.ledger.gross("USD"))
                self.assertEqual(gross, 0)

    def test_cancel_of_a_part_takes_the_card_first(self):
        """130 of 200: 100 at the card, 30 by check."""
        bill = self.mixed()
        self.cancel(bill, refund_amount=130)
        bill.sudo().transaction_ids._kavi_send()
        self.env.flush_all()
        self.assertBill(bill, "canceled", refund_amount=130.0, amount_retained=70.0)
        self.assertEqual(float(self.paypal.ledger.gross("USD")), 0)

    def test_refund_says_each_part(self):
        """One window, one way: the other part is said, not guessed."""
        bill = self.mixed()
        self.assertFalse(self.wizard(bill, "refund", {}).method_id)
        with self.refused("100", "another method"):
            self.give_back(bill)
        self.give_back(bill, 100, method_id=self.check.id)
        self.refund_by_card(bill, 100, method_id=self.card.id)
        self.assertBill(bill, "refunded", refund_amount=200.0)
        self.assertEqual(float(self.paypal.ledger.gross("USD")), 0)

    def test_card_refund_is_in_the_journal_of_the_card(self):
        """Also where the bill was paid by check last."""
        self.provider.journal_id = False
        bank = self.bank.copy({"name": "Second", "code": "SND"})
        self.check.journal_id = bank
        bill = self.mixed("card")
        self.refund_by_card(bill, 100, method_id=self.card.id)
        refund = self.payments(bill, "outbound")
        self.assertNotEqual(refund.journal_id, bank)

    def test_refund_by_check_leaves_nothing_at_the_card(self):
        """What the account got by check is not offered at the gateway again."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.give_back(bill, 70, method_id=self.check.id)
        self.assertEqual(tx.amount_refundable, 30)
        with self.refused("30"):
            tx._kavi_refund(31)
        tx._kavi_refund(20)
        self.assertEqual(tx.amount_refundable, 10)
        with self.refused("10"):
            tx._kavi_refund(20)
        self.send(tx)
        self.assertBill(bill, "refunded", refund_amount=90.0)

    # === LATE MONEY === #

    def test_late_charge_given_back_uses_up_its_credit(self):
        """From the transaction: the credit is gone, and pays no other bill."""
        bill, tx, credit = self.late_charge()
        self.assertEqual(credit.amount_open, 100)
        tx._kavi_refund()
        with self.refused("on its way back"):  # meanwhile
            credit._apply(self.issued(100))
        with self.refused("on its way back"):
            credit._refund_in_money(self.check)
        self.company.billing_apply_credits_automatically = True
        other = self.issued(100)
        self.assertBill(other, "new", amount_credited=0.0)
        self.send(tx)
        self.assertEqual((credit.state, credit.amount_open), ("refunded", 0.0))
        self.assertBill(bill, "paid", refund_amount=0.0)
        self.assertEqual(float(self.paypal.ledger.gross("USD")), 0)

    def test_late_charge_given_back_in_part(self):
        """40 of it: 60 stay open, and go later."""
        bill, tx, credit = self.late_charge()
        tx._kavi_refund(40)
        self.send(tx)
        self.assertEqual((credit.state, credit.amount_open), ("open", 60.0))
        self.assertEqual(tx.amount_refundable, 60)
        tx._kavi_refund()
        self.send(tx)
        self.assertEqual(credit.amount_open, 0)
        self.assertBill(bill, "paid", refund_amount=0.0)

    def test_late_charge_refunded_on_the_site_uses_up_its_credit(self):
        """PayPal's own site, told by an event: the same."""
        bill, tx, credit = self.late_charge()
        self.paypal.payments.make_refund(tx.paypal_capture_id)
        self.receive(*self.events("PAYMENT.CAPTURE.REFUNDED"))
        self.assertEqual(credit.amount_open, 0)
        self.assertBill(bill, "paid", refund_amount=0.0)

    def test_credit_that_pays_another_bill_is_taken_off_first(self):
        """Applied: the gateway is not asked, and the officer reads what to do."""
        _bill, tx, credit = self.late_charge()
        other = self.issued(80)
        credit._apply(other)
        self.assertEqual(tx.amount_refundable, 20)
        with self.refused("take it off"):
            tx._kavi_refund(100)
        credit._unapply(other)
        tx._kavi_refund(100)
        self.send(tx)
        self.assertEqual(credit.amount_open, 0)
        self.assertBill(other, "new", amount_due=80.0)

    def test_credit_of_a_card_goes_back_to_the_card(self):
        """Refund Credits offers the card by which it came, and asks the gateway."""
        _bill, tx, credit = self.late_charge()
        window = (
            credit.env["kavi.credit.refund.wizard"]
            .with_context(active_model="kavi.credit", active_ids=credit.ids)
            .create({"method_id": self.card.id})
        )
        self.assertIn(self.card, window.method_ids)
        window.action_refund_credits()
        self.assertEqual(credit.amount_open, 100)  # until it has answered
        self.send(tx)
        self.assertEqual((credit.state, credit.amount_open), ("refunded", 0.0))
        self.assertEqual(float(self.paypal.ledger.gross("USD")), 0)

    def test_credit_of_a_card_that_went_back_by_check(self):
        """Nothing of it is left to refund at the gateway."""
        _bill, tx, credit = self.late_charge()
        credit._refund_in_money(self.check)
        self.assertEqual(tx.amount_refundable, 0)
        with self.refused("can be refunded"):
            tx._kavi_refund(10)

    def test_failure_12_charge_of_which_a_part_was_owed(self):
        """40 of 100 were still owed: the bill has 40, the credit 60; the transaction
        gives the credit back first, the bill its own."""
        self.company.billing_allow_part_payment = True
        bill, tx, credit = self.late_charge(settled=60)
        self.assertBill(bill, "paid", amount_paid=100.0)
        self.assertEqual(credit.amount_open, 60)
        refund = self.refund_by_card(bill, 30, method_id=self.card.id)
        self.assertEqual(refund.amount, -30)
        self.assertEqual(credit.amount_open, 60)
        self.assertBill(bill, "refunded", refund_amount=30.0)
        tx._kavi_refund(65)
        self.send(tx)
        self.assertEqual(credit.amount_open, 0)
        self.assertBill(bill, "refunded", refund_amount=35.0)

    def test_bill_paid_by_a_credit_of_a_card(self):
        """Its refund goes by a method that is said: the gateway has no charge of it."""
        _bill, tx, credit = self.late_charge()
        other = self.issued(100)
        credit._apply(other)
        self.assertBill(other, "paid")
        with self.refused("by which payment method"):
            other._refund()
        other._refund(method=self.check)
        self.assertBill(other, "refunded", refund_amount=100.0)
        self.assertEqual(tx.amount_refundable, 0)

    # === REVERSED IN THE BOOKS ONLY === #

    def test_reverse_payment_is_refused_while_the_charge_stands(self):
        """The payer would be charged again: the sentence says what to do."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        with self.refused("Refund the bill", "charged once more"):
            self.bounce(bill)
        with self.refused("Refund the bill"):
            bill._reverse_payment(self.payments(bill))
        self.assertBill(bill, "paid", amount_paid=100.0)
        # what the bank takes back is reversed by itself
        self.paypal.reverse(tx.paypal_capture_id)
        self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
        self.assertBill(bill, "new", amount_due=100.0)

    def test_accountant_takes_no_card_payment_back(self):
        """Payment or entry to draft, canceled, rejected, reversed: refused alike, for
        charges and refunds."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.refund_by_card(bill, 30)
        payments = self.payments(bill) | self.payments(bill, "outbound")
        self.assertEqual(len(payments), 2)
        for payment in payments.with_user(self.users["accountant"]):
            move = payment.move_id
            for name, act in {
                "draft": payment.action_draft,
                "cancel": payment.action_cancel,
                "reject": payment.action_reject,
                "entry to draft": move.button_draft,
                "entry canceled": move.button_cancel,
                "entry reversed": lambda move=move: self.reverse(move),
            }.items():
                with self.subTest(act=name, amount=payment.amount):
                    with self.refused("stands at the gateway"):
                        act()
        self.assertBill(bill, "refunded", refund_amount=30.0)

    def test_accountant_takes_no_card_payment_off(self):
        """Unmatched on the invoice, on the payment or on the item, or the invoice or
        its credit note reset, by button and by call: the bill would ask for the money
        again that the gateway holds, or say that it never went back."""
        bill = self.issued(100)
        self.pay_by_card(bill)
        self.refund_by_card(bill, 30)
        accountant = self.as_user("accountant")
        invoice, note = (
            accountant["account.move"].browse(move.id)
            for move in bill.sudo().move_ids.sorted("id")
        )
        payments = self.payments(bill) | self.payments(bill, "outbound")
        matches = bill.sudo()._get_receivable_lines(invoice.sudo()).matched_credit_ids
        Payment = accountant["account.payment"]
        acts = {
            "the cross on the invoice": lambda: invoice.js_remove_outstanding_partial(
                matches.id
            ),
            "the match": matches.with_env(accountant).unlink,
            "invoice reset": invoice.button_draft,
            "invoice canceled": invoice.button_cancel,
            "invoice by call": lambda: invoice.write({"state": "draft"}),
            "note reset": note.button_draft,
            "reversed and matched": lambda: self.reverse(invoice, modify=True),
            "state by call": lambda: Payment.browse(payments.ids).write(
                {"state": "canceled"}
            ),
        }
        for move in (invoice, note, *payments.move_id.with_env(accountant)):
            acts[f"items of {move.name}"] = move.line_ids.remove_move_reconcile
        for name, act in acts.items():
            with self.subTest(act=name), self.refused("stands at the gateway"):
                act()
        self.assertBill(bill, "refunded", refund_amount=30.0, amount_paid=100.0)

    def test_accountant_takes_a_credit_of_a_card_off(self):
        """What was left over at the gateway is a credit as any other: it goes where the
        accountant says, and the nightly check finds nothing."""
        _bill, tx, credit = self.late_charge()
        other = self.issued(60)
        credit._apply(other)
        invoice = self.invoice(other)
        invoice.line_ids.remove_move_reconcile()
        self.assertBill(other, "new", amount_due=60.0)
        self.assertEqual(credit.amount_open, 100)
        self.assertFalse(tx.sudo()._find_book_differences())

    def test_card_payment_that_was_taken_off_is_found(self):
        """Without the guard: the nightly check finds it."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        self.invoice(bill).sudo().line_ids.remove_move_reconcile()
        self.env.flush_all()
        self.assertIn(tx, tx.sudo()._find_book_differences())

    def test_check_beside_a_card_payment_bounces(self):
        """Only what the gateway holds is held."""
        bill = self.mixed()
        check = self.payments(bill).filtered(lambda p: not p.payment_transaction_id)
        self.bounce(bill, check)
        self.assertBill(bill, "new", amount_due=100.0, amount_paid=100.0)

    def test_refund_that_failed_after_all_is_reversed_and_made_again(self):
        """The gateway took its refund back: the accountant reverses the entries, and
        the money goes again."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        refund = self.refund_by_card(bill, 30)
        self.paypal.payments.refunds[refund.paypal_refund_id].status = "FAILED"
        self.refresh(refund)
        self.assertEqual(refund.kavi_state, "failed_return")
        self.assertBill(bill, "refunded", gateway_status="failed")
        payment = self.payments(bill, "outbound")
        payment.with_user(self.users["accountant"]).action_draft()
        self.assertEqual(tx.amount_returned, 0)

    # === WHAT HOLDS THE MONEY === #

    def test_authorization_and_capture_show_one_amount(self):
        """220 captured of an authorization: the capture has them, not both."""
        self.provider.kavi_intent = "AUTHORIZE"
        bill = self.issued(220)
        tx = self.pay_by_card(bill)
        self.assertEqual(tx.amount_refundable, 0)
        part = tx._capture(220)
        part._kavi_send()
        self.env.flush_all()
        self.assertEqual((tx.state, part.state), ("done", "done"))
        self.assertEqual((tx.amount_refundable, part.amount_refundable), (0, 220))
        with self.refused("captures"):
            tx._kavi_refund(10)
        self.assertEqual(bill._get_card_refundable(), 220)
        self.refund_by_card(bill)
        self.assertEqual((tx.amount_refundable, part.amount_refundable), (0, 0))
        self.assertBill(bill, "refunded", refund_amount=220.0)
        self.assertLedgers(bill)

    def test_odoo_wizard_refunds_no_card_payment(self):
        """Odoo's own refund window of a payment, and its button of a transaction."""
        bill = self.issued(100)
        tx = self.pay_by_card(bill)
        accountant = self.as_user("accountant")
        payment = accountant["account.payment"].browse(tx.payment_id.id)
        self.assertEqual(payment.amount_available_for_refund, 0)
        with self.refused(error=UserError):
            accountant["payment.refund.wizard"].create(
                {"payment_id": payment.id, "amount_to_refund": 100}
            ).action_refund()
        tx.action_refund(70)
        self.assertEqual(tx.amount_refundable, 30)
        with self.refused("30"):
            tx.action_refund(70)
        self.send(tx)
        self.assertBill(bill, "refunded", refund_amount=70.0)
        self.assertLedgers(bill)

    def test_access_private_values_only(self):
        """The key that lets the gateway's acts through is no number."""
        bill = self.issued(100)
        line = self.pay_by_card(self.issued(10)).kavi_line_ids
        forged = bill.with_context(kavi_transaction_line_id=line.id)
        self.assertFalse(forged._is_moved_automatically())
        real = bill.with_context(kavi_transaction_line_id=Private(line.id))
        self.assertTrue(real._is_moved_automatically())
