from odoo.tests import tagged

from .test_journey import JourneyCase


@tagged("post_install", "-at_install")
class TestJourneyCheck(JourneyCase):
    def test_journey_of_one_check(self):
        """On the account: one check for two bills, with a part typed by hand."""
        older, newer = self.env["kavi.bill"].create(
            [
                {
                    "partner_id": self.club.id,
                    "title": title,
                    "amount": amount,
                    "bill_date": day,
                }
                for title, amount, day in (
                    ("Berth", 500.0, "2026-01-05"),
                    ("Winter storage", 452.0, "2026-02-05"),
                )
            ]
        )
        (older | newer)._issue()
        self.start_tour(
            f"/odoo/billing-accounts/{self.club.id}",
            "kavi_billing_journey_check",
            login="journey_officer",
        )
        payment = (older | newer)._get_payments()
        self.assertEqual(len(payment), 1)
        self.assertEqual((payment.amount, payment.kavi_number), (960.0, "4711"))
        self.assertEqual((older.state, older.amount_paid), ("paid", 500.0))
        self.assertEqual((newer.state, newer.amount_due), ("new", 52.0))
        credit = self.env["kavi.credit"].search([("partner_id", "=", self.club.id)])
        self.assertEqual(credit.amount, 60.0)
        self.assertEqual(self.env["kavi.bill"]._find_book_differences(), {})

    def test_journey_in_bulk(self):
        """In the list: two drafts are issued, one of which cannot be."""
        good, empty = self.env["kavi.bill"].create(
            [
                {"partner_id": self.club.id, "title": "Journey berth", "amount": 90.0},
                {"partner_id": self.club.id, "title": "Journey nothing"},
            ]
        )
        self.start_tour(
            "/odoo/kavi-bills", "kavi_billing_journey_bulk", login="journey_officer"
        )
        self.assertEqual((good.state, empty.state), ("new", "draft"))
