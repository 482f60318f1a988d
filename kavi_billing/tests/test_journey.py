from odoo.tests import HttpCase, new_test_user, tagged


class JourneyCase(HttpCase):
    """In a browser, as the people who work with it do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.ref("base.user_admin").write({"lang": "en_US"})
        new_test_user(
            cls.env,
            "journey_officer",
            "base.group_user,kavi_billing.group_billing_officer",
        )
        cls.club = cls.env["res.partner"].create(
            # before all others: on the first page of every list
            {"name": "  Journey Sailing Club", "is_company": True}
        )

    def _get_bill(self):
        return self.club.bill_ids.ensure_one()


@tagged("post_install", "-at_install")
class TestJourney(JourneyCase):
    def test_journey_from_account_to_entry(self):
        """From nobody's account to a posted entry, each by who may do it."""
        self.start_tour(
            "/odoo", "kavi_billing_journey_officer", login="journey_officer"
        )
        self.assertTrue(self.club.is_billing_account)
        bill = self._get_bill()
        self.assertEqual(bill.state, "paid")
        self.assertEqual(bill.payment_number, "4711")
        self.assertEqual((bill.amount_total, bill.amount_paid), (150.0, 150.0))
        self.assertEqual(bill.amount_due, 0.0)
        self.assertEqual(bill.invoice_id.payment_state, "paid")
        payment = bill._get_payments()
        self.assertEqual(payment.amount, 150.0)
        self.assertIn("4711", payment.memo)
        receivable = (bill.move_ids | payment.move_id).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertEqual(sum(receivable.mapped("balance")), 0.0)
        self.assertTrue(all(receivable.mapped("reconciled")))
        self.assertEqual(self.env["kavi.bill"]._find_book_differences(), {})
        self.start_tour(
            f"/odoo/kavi-bills/{bill.id}",
            "kavi_billing_journey_accountant",
            login="admin",
        )

    def test_journey_through_every_act(self):
        """One bill paid in parts, refunded and canceled; another contested, postponed
        and changed: by an officer, who sees no accounting."""
        bill, other = self.env["kavi.bill"].create(
            [
                {"partner_id": self.club.id, "title": title, "amount": amount}
                for title, amount in (("Berth", 150.0), ("Winter storage", 80.0))
            ]
        )
        (bill | other)._issue()
        invoice = other.invoice_id
        self.start_tour(
            f"/odoo/kavi-bills/{bill.id}",
            "kavi_billing_journey_acts",
            login="journey_officer",
            timeout=120,
        )
        self.assertEqual(bill.state, "canceled")
        self.assertEqual(
            (bill.amount_paid, bill.refund_amount, bill.amount_retained),
            (150.0, 130.0, 20.0),
        )
        self.assertEqual(bill.amount_due, 0.0)
        self.assertEqual(bill.document_ids.mapped("kind").count("payment"), 2)
        self.assertEqual(sum(bill.document_ids.mapped("amount")), 0.0)
        self.assertFalse(any(bill.document_ids.mapped("amount_open")))
        self.assertEqual(other.state, "new")
        self.assertFalse(other.is_disputed)
        self.assertEqual(other.due_date.year, 2099)
        self.assertEqual((other.amount_total, other.amount_due), (40.0, 40.0))
        self.assertNotEqual(other.invoice_id, invoice)
        self.assertEqual(self.env["kavi.bill"]._find_book_differences(), {})
        for text in ("It stood outside", "From"):
            self.assertIn(text, " ".join(other.message_ids.mapped("body")))

    def test_journey_through_every_view(self):
        """No view of ours, nor its data, lets the browser complain."""
        bill = self.env["kavi.bill"].create(
            {
                "partner_id": self.club.id,
                "title": "Berth",
                "amount": 90.0,
                "bill_date": "2020-02-03",
            }
        )
        bill._issue()
        bill.activity_schedule("mail.mail_activity_data_todo", user_id=self.env.uid)
        self.start_tour(
            "/odoo/kavi-bills", "kavi_billing_journey_views", login="admin", timeout=90
        )


@tagged("post_install", "-at_install")
class TestJourneyPhone(JourneyCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_journey_on_a_phone(self):
        """Everything needed for a bill is in reach on a phone."""
        self.club._open_billing_account()
        self.start_tour(
            "/odoo/billing-accounts",
            "kavi_billing_journey_phone",
            login="journey_officer",
        )
        bill = self._get_bill()
        self.assertEqual(bill.state, "new")
        self.assertEqual(bill.amount_due, 80.0)
        self.assertEqual(self.env["kavi.bill"]._find_book_differences(), {})
