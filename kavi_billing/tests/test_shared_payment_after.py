"""What becomes of one payment for several bills: bounced, refunded, undone; and who is
told of it."""

from lxml import html

from odoo.tests import tagged

from .test_shared_payment import SharedPaymentCommon


@tagged("post_install", "-at_install")
class TestSharedPaymentAfter(SharedPaymentCommon):
    # === WHAT COMES AFTER === #

    def test_bounce_reopens_all(self):
        older, newer = self.bills_of(300, 200)
        self.pay(older | newer, payment_number="4711", amount=530)
        payment = self.one_payment(older | newer)
        self.bounce(newer, reason="no cover")
        self.assertBill(older, "pending", amount_due=300.0, amount_paid=0.0)
        self.assertBill(newer, "pending", amount_due=200.0, amount_paid=0.0)
        self.assertEqual(payment.state, "rejected")
        self.assertEqual(self.credits_of().amount_open, 0.0)
        for bill in older | newer:
            self.assertIn("no cover", str(self.messages(bill).mapped("body")))
        self.pay(older | newer, payment_number="4712")
        for bill in older | newer:
            self.assertBill(bill, "paid", payment_number="4711, 4712")

    def test_notice_of_a_bounce_lists_all(self):
        """One mail says which bills are due again, and how much of each, as the receipt
        of the check did; the other bill's history says where it is."""
        self.account.email = "office@acme.example"
        older, newer = self.bills_of(300, 200, title="Seat")
        self.pay(older | newer, amount=530)
        self.bounce(newer, notify=True)
        notice = self.env["kavi.notice"].search(
            [("bill_id", "in", (older | newer).ids), ("event", "=", "reversal")]
        )
        self.assertEqual(notice.bill_id, newer)
        body = " ".join(html.fromstring(str(notice.body)).text_content().split())
        self.assertIn("your payment of $ 530.00 was returned", body)
        for bill, amount in ((older, "$ 300.00"), (newer, "$ 200.00")):
            self.assertIn(f"{bill.name} Seat {amount}", body)
            self.assertIn(bill.name, notice.subject)
        self.assertIn(
            f"was sent with bill {newer.name}",
            " ".join(
                html.fromstring(str(body)).text_content()
                for body in self.messages(older).mapped("body")
                if body
            ),
        )
        # of a payment for one bill nothing has changed
        self.pay(older)
        self.bounce(older, notify=True)
        notice = self.env["kavi.notice"].search(
            [("bill_id", "=", older.id), ("event", "=", "reversal")]
        )
        self.assertIn("The amount is due again", notice.body)

    def test_refund_is_per_bill(self):
        older, newer = self.bills_of(500, 452)
        self.pay(older | newer)
        with self.refused("452.00"):
            newer._refund(amount=453.0)
        self.give_back(newer, 52)
        self.assertBill(newer, "refunded", refund_amount=52.0, amount_retained=400.0)
        self.assertBill(older, "paid", refund_amount=0.0, amount_retained=500.0)
        self.assertEqual(self.payments(newer, "outbound").journal_id, self.bank)
        self.cancel(older)
        self.assertBill(older, "canceled", refund_amount=500.0)
        self.assertBill(newer, "refunded", amount_retained=400.0)

    def test_credit_is_not_what_the_bills_were_paid_by(self):
        """What is left over may go to a third bill and come back; the payment of the
        two bills is not taken off as if it were a credit."""
        self.company.billing_apply_credits_automatically = False
        older, newer = self.bills_of(300, 200)
        self.pay(older | newer, amount=550)
        credit = self.credits_of().with_env(self.bills.env)
        for bill in older | newer:
            with self.refused("Reverse the payment"):
                credit._unapply(bill)
        third = self.issued(80)
        credit._apply(third)
        self.assertBill(third, "new", amount_paid=50.0, amount_due=30.0)
        self.bounce(older)
        for bill, due in ((older, 300.0), (newer, 200.0), (third, 80.0)):
            self.assertBill(bill, bill.state, amount_due=due, amount_paid=0.0)

    def test_accountant_undoes_it(self):
        """In Invoicing: all bills are open again."""
        bills = self.bills_of(300, 200)
        self.pay(bills)
        payment = self.one_payment(bills).with_env(self.as_user("accountant"))
        payment.action_draft()
        for bill, due in zip(bills, (300.0, 200.0), strict=True):
            self.assertBill(bill, "pending", amount_due=due, amount_paid=0.0)
        payment.action_post()
        for bill in bills:
            self.assertBill(bill, "paid")

    def test_history(self):
        """Each bill's history says the whole payment and its own part."""
        older, newer = self.bills_of(500, 452)
        self.pay(older | newer, payment_number="4711")
        for bill, part in ((older, "500.00"), (newer, "452.00")):
            text = str(self.messages(bill).mapped("body"))
            for word in ("952.00", part, "4711", older.name, newer.name):
                self.assertIn(word, text)
        document = str(self.messages(self.one_payment(older | newer)).mapped("body"))
        self.assertIn(older.name, document)
        self.assertIn(newer.name, document)

    def parts(self, bill):
        """What the page of the bill shows of each document in the ledger."""
        spec = {
            "fields": {"kind": {}, "part_debit": {}, "part_credit": {}, "amount": {}},
            "context": {"kavi_ledger_bill": bill.id},
        }
        self.env.flush_all()
        (read,) = bill.web_read({"document_ids": spec})
        return sorted(
            (row["kind"], row["part_debit"], row["part_credit"], row["amount"])
            for row in read["document_ids"]
        )

    def test_page_shows_the_bills_part(self):
        """In The Books: of one check for two bills each has its own part; of an
        overpayment, what paid the bill. Together they come to what is due."""
        older, newer = self.bills_of(500, 452)
        self.pay(older | newer, amount=960)
        for bill, part in ((older, 500), (newer, 452)):
            self.assertEqual(
                self.parts(bill),
                [("invoice", part, 0, part), ("payment", 0, part, -960)],
            )
        third = self.issued(30)
        self.credits_of().with_env(self.bills.env)._apply(third)
        self.assertEqual(
            self.parts(third), [("invoice", 30, 0, 30), ("payment", 0, 8, -960)]
        )
        self.give_back(newer, 52)
        self.assertEqual(
            self.parts(newer),
            [
                ("credit_note", 0, 52, -52),
                ("invoice", 452, 0, 452),
                ("payment", 0, 452, -960),
                ("refund", 52, 0, 52),
            ],
        )
        self.bounce(older)
        self.assertEqual(
            self.parts(older),
            [
                ("invoice", 500, 0, 500),
                ("payment", 0, 960, -960),
                ("reversal", 960, 0, 960),
            ],
        )
        arch = self.bills.get_view(
            self.env.ref("kavi_billing.view_kavi_bill_form").id, "form"
        )["arch"]
        self.assertIn("'kavi_ledger_bill': id", arch)

    # === WHO IS TOLD === #

    def receipts(self, bills):
        return self.env["kavi.notice"].search(
            [("bill_id", "in", bills.ids), ("event", "=", "receipt")]
        )

    def test_one_receipt(self):
        """One mail that lists the bills, with the receipt of each."""
        self.person.email = "jane@doe.example"
        bills = self.bills_of(500, 452, partner_id=self.person.id)
        self.pay(bills, notify=True, reason="Thanks", amount=960)
        notice = self.receipts(bills)
        self.assertEqual(len(notice), 1)
        body = str(notice.message_id.body)
        for bill in bills:
            self.assertIn(bill.name, body)
        for text in ("960.00", "500.00", "452.00", "8.00", "Thanks"):
            self.assertIn(text, body)
        self.assertEqual(
            [bill for bill, _document in notice._get_documents()], list(bills)
        )
        note = str(self.messages(bills[1]).mapped("body"))
        self.assertIn("sent with bill", note)

    def test_sent_again_it_lists_them_all(self):
        """The receipt of a payment for several bills, the notice of its bounce, and
        the receipts of two parts of one bill: each says again what it said."""
        self.account.email = "office@acme.example"
        self.company.billing_allow_part_payment = True
        bills = self.bills_of(500, 452, title="Seat")
        self.pay(bills, notify=True)
        self.bounce(bills[0], notify=True, reason="no cover")
        other = self.issued(100)
        for part in (30, 25):
            self.pay(other, amount=part, notify=True)
        self.env.flush_all()
        known = self.env["kavi.notice"].search(
            [
                ("bill_id", "in", (bills | other).ids),
                ("event", "in", ("receipt", "reversal")),
            ],
            order="id",
        )
        self.assertEqual(len(known), 4)
        known.with_env(self.as_user("officer")).action_send_again()
        again = self.env["kavi.notice"].search(
            [("bill_id", "in", (bills | other).ids), ("id", ">", max(known.ids))],
            order="id",
        )
        self.assertEqual(len(again), 4)
        for first, second in zip(
            known.sorted("subject"), again.sorted("subject"), strict=True
        ):
            self.assertEqual(first.subject, second.subject)
            self.assertEqual(first.other_bill_ids, second.other_bill_ids)
        bodies = sorted(str(one.message_id.body) for one in again)
        self.assertEqual(bodies, sorted(str(one.message_id.body) for one in known))
        self.assertEqual(len(set(bodies)), 4)
        # of two that say the same, one is sent
        both = (known | again).with_env(self.as_user("officer"))
        both.action_send_again()
        self.assertEqual(
            self.env["kavi.notice"].search_count(
                [("bill_id", "in", (bills | other).ids), ("id", ">", max(again.ids))]
            ),
            4,
        )

    def test_one_receipt_without_a_window(self):
        """Another application pays both: one mail as well."""
        self.person.email = "jane@doe.example"
        bills = self.bills_of(500, 452, partner_id=self.person.id)
        bills._complete_payment(self.check)
        self.assertEqual(len(self.receipts(bills)), 1)
        bills = self.bills_of(5, 4, partner_id=self.person.id)
        self.pay(bills, notify=False)
        self.assertFalse(self.receipts(bills))

    # === ON THE ACCOUNT === #

    def test_on_the_account(self):
        """The button on the account opens the window on all that is owed."""
        bills = self.bills_of(500, 452)
        self.pay(self.issued(1))
        self.cancel(self.issued(2))
        account = self.account.with_env(self.bills.env)
        action = account.action_record_payment()
        wizard = (
            self.bills.env[action["res_model"]]
            .with_context(**action["context"])
            .create({"method_id": self.check.id, "amount": 952, "payment_number": "1"})
        )
        self.assertEqual(wizard.bill_ids, bills)
        wizard.action_complete_payment()
        self.assertEqual(self.one_payment(bills).amount, 952.0)
        with self.refused("owes nothing"):
            account.action_record_payment()

    def test_window_that_was_open_too_long(self):
        """Somebody else has recorded the check meanwhile: nothing is booked twice."""
        bills = self.bills_of(500, 452)
        wizard = self.wizard(bills, "payment", {"method_id": self.check.id})
        bills[0]._complete_payment(self.check, amount=40)
        with self.refused("since you opened this window"):
            wizard.action_complete_payment()
        self.assertBill(bills[1], "new", amount_paid=0.0)

    def test_by_rpc(self):
        """Over RPC, without a screen: the same."""
        bills = self.bills_of(500, 452)
        context = {"active_model": "kavi.bill", "active_ids": bills.ids}
        model, vals = "kavi.bill.payment.wizard", {"method_id": self.check.id}
        id_ = self.rpc("officer", model, "create", vals, context=context)
        self.rpc("officer", model, "action_complete_payment", [id_], context=context)
        self.assertEqual(self.one_payment(bills).amount, 952.0)
