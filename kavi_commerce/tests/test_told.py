"""What a payer is told of a card payment, at once: by mail and on the page."""

import re
from urllib.parse import urlencode

from odoo.tests import HttpCase, tagged

from odoo.addons.kavi_billing.tools.notice_events import EVENTS

from .common import CommerceCommon


class ToldCommon(CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account.email = "payer@doe.example"

    def told(self, bill, event):
        """The mails of one kind about a bill, as text, oldest first."""
        self.env.flush_all()
        notices = bill.sudo().notice_ids.filtered(lambda notice: notice.event == event)
        bodies = notices.sorted("id").message_id.mapped("body")
        return [
            " ".join(re.sub(r"<[^>]*>|&nbsp;|\xa0", " ", str(body)).split())
            for body in bodies
        ]

    def assertTold(self, bill, event, *words):
        """Told once, with these words."""
        mails = self.told(bill, event)
        self.assertEqual(len(mails), 1, mails)
        for word in words:
            self.assertIn(word, mails[0])


@tagged("post_install", "-at_install")
class TestToldByMail(ToldCommon):
    def test_part_payment_has_its_receipt(self):
        """KB-54: a part by card is a payment as any other; the last part too."""
        bill = self.issued(100)
        self.pay_by_card(bill, {bill: 40})
        self.assertBill(bill, "new", amount_due=60.0)
        self.assertTold(bill, "receipt", "40.00")
        self.pay_by_card(bill)
        self.assertBill(bill, "paid")
        self.assertEqual(len(self.told(bill, "receipt")), 2)

    def test_whole_payment_has_one_receipt(self):
        bills = self.issued(100) | self.issued(50)
        self.pay_by_card(bills)
        for bill in bills:
            self.assertTold(bill, "receipt")

    def test_receipts_switched_off(self):
        """The kind of the bill says whether receipts are sent."""
        kind = self.env["kavi.bill.kind"].create(
            {"name": "Quiet", "notify_receipt": False, "notify_reversal": False}
        )
        bill = self.issued(100, kind_id=kind.id)
        tx = self.pay_by_card(bill, {bill: 40})
        self.paypal.reverse(tx.paypal_capture_id)
        self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
        self.assertFalse(self.told(bill, "receipt") + self.told(bill, "reversal"))

    def test_failure_09_charge_back_has_its_notice(self):
        """KB-54: taken back whole or in part, the account is told what and why, once;
        told again by another event, nothing more is sent."""
        self.assertIn("reversal", EVENTS)
        for amount, text in ((None, "100.00"), (30, "30.00")):
            with self.subTest(amount=amount):
                bill = self.issued(100)
                tx = self.pay_by_card(bill)
                self.paypal.reverse(tx.paypal_capture_id, amount)
                self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
                self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
                self.assertTold(bill, "reversal", text, "Charged back")

    def test_charge_back_over_several_bills_has_one_mail(self):
        """One charge, one mail that lists the bills that are due again, and how much of
        each: as with a check that bounced."""
        for amount, whole, parts in (
            (None, "170.00", ("100.00", "50.00", "20.00")),
            (130, "130.00", ("100.00", "30.00")),
        ):
            with self.subTest(amount=amount):
                bills = self.issued(100) | self.issued(50) | self.issued(20)
                tx = self.pay_by_card(bills)
                self.paypal.reverse(tx.paypal_capture_id, amount)
                self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
                mails = [mail for bill in bills for mail in self.told(bill, "reversal")]
                self.assertEqual(len(mails), 1, mails)
                again = bills.filtered("amount_due")
                self.assertEqual(len(again), len(parts))
                for bill, part in zip(again, parts, strict=True):
                    self.assertRegex(mails[0], rf"{bill.name}\s.*\$\s*{part}")
                self.assertIn(whole, mails[0])
                for bill in bills - again:
                    self.assertNotIn(bill.name, mails[0])

    def test_charge_back_of_a_credit_opens_no_bill(self):
        """What was taken back had not paid the bill: nobody is told that it is open."""
        bill = self.issued(100)
        tx = self.start(bill)
        self.pay(bill)
        self.approve(tx)
        self.charge_elsewhere(tx)
        self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
        self.paypal.reverse(tx.paypal_capture_id)
        self.receive(*self.events("PAYMENT.CAPTURE.REVERSED"))
        self.assertBill(bill, "paid")
        self.assertFalse(self.told(bill, "reversal"))


@tagged("post_install", "-at_install")
class TestPromise(CommerceCommon):
    """KB-20: the method that was chosen before, until a payer agrees to another."""

    def promised(self):
        bill = self.issued(100)
        self.choose(bill, self.check)
        self.assertBill(bill, "pending", payment_method_id=self.check)
        return bill

    def test_choosing_card_and_turning_back(self):
        bill = self.promised()
        tx = self.start(bill)
        self.assertBill(bill, "pending", payment_method_id=self.check)
        tx._kavi_cancel_checkout()
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "pending", payment_method_id=self.check)

    def test_window_closed_and_never_approved(self):
        """Nobody comes back: the attempt ends, the promise stays."""
        bill = self.promised()
        tx = self.start(bill)
        for __ in range(3):
            self.refresh(tx)
        self.assertEqual(tx.state, "cancel")
        self.assertBill(bill, "pending", payment_method_id=self.check)

    def test_agreed_to_a_card(self):
        """Undecided, failed and paid: the check is no longer waited for."""
        undecided, declined, part = (self.promised() for __ in range(3))
        self.paypal.fail("orders.capture", "pending")
        self.pay_by_card(undecided)
        self.assertBill(
            undecided, "new", payment_method_id=False, gateway_status="awaiting"
        )
        self.pay_by_card(declined, source="declined")
        self.assertBill(
            declined, "new", payment_method_id=False, gateway_status="failed"
        )
        self.pay_by_card(part, {part: 40})
        self.assertBill(part, "new", payment_method_id=False, amount_due=60.0)

    def test_turning_back_after_the_approval(self):
        """Who has agreed and then opens the way back has paid all the same."""
        bill = self.promised()
        tx = self.pay_by_card(bill)
        tx._kavi_cancel_checkout()
        self.assertEqual(tx.state, "done")
        self.assertBill(bill, "paid", payment_method_id=self.card)


@tagged("post_install", "-at_install")
class TestToldOnThePage(HttpCase, ToldCommon):
    def setUp(self):
        super().setUp()
        self.bill = self.issued(100)
        self.url = self.payer_path(self.bill)
        self.env.flush_all()

    def page(self, url=None):
        self.env.flush_all()
        answer = self.url_open(url or self.url)
        self.env.invalidate_all()
        return answer.text

    def back(self, tx, way="return"):
        """The payer's browser comes back; the page that is shown."""
        return self.page(f"/kavi/paypal/{way}?{urlencode(self.way_back(tx))}")

    def notice(self, page):
        """Kind and text of what the page says."""
        for tag, text in re.findall(r"<div([^>]*)>([^<]*)</div>", page):
            kind = re.search(r"alert alert-(\w+)", tag)
            if kind and 'role="status"' in tag and "Test mode" not in text:
                return kind[1], " ".join(text.replace("\xa0", " ").split())
        return None

    def status_url(self, page):
        found = re.search(r'data-status-url="([^"]+)"', page)
        return found and found[1].replace("&amp;", "&")

    def is_awaited(self, url):
        self.env.flush_all()
        return self.url_open(url).json()["is_awaited"]

    def test_thanks(self):
        """Whole and part; an hour later the page is as always."""
        tx = self.start(self.bill, {self.bill: 40})
        self.approve(tx)
        kind, text = self.notice(self.back(tx))
        self.assertEqual(kind, "success")
        self.assertIn("40.00 was paid by card.", text)
        self.assertIn("60.00 is still due", text)
        tx = self.start(self.bill)
        self.approve(tx)
        self.assertIn("60.00 was paid by card.", self.notice(self.back(tx))[1])
        tx.last_state_change = "2020-01-01"
        self.assertFalse(self.notice(self.page()))

    def test_turning_back(self):
        """At the gateway, by its own link: the page says that nothing was charged."""
        tx = self.start(self.bill)
        kind, text = self.notice(self.back(tx, "cancel"))
        self.assertEqual(kind, "warning")
        self.assertIn("nothing was charged", text)
        # the next attempt is another matter
        tx = self.start(self.bill)
        self.assertFalse(self.notice(self.page()))
        self.approve(tx)
        self.assertEqual(self.notice(self.back(tx))[0], "success")

    def test_turning_back_and_a_wrong_amount(self):
        """What is said of the last attempt hides no reason for refusing this one."""
        tx = self.start(self.bill)
        self.back(tx, "cancel")
        path = f"/my/bills/{self.bill.id}/pay"
        page = self.page(f"{path}?access_token={self.bill.sudo().access_token}")
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        vals = {"access_token": self.bill.sudo().access_token, "amount": "-5"}
        page = self.url_open(path, data={"csrf_token": csrf, **vals}).text
        self.assertIn('class="alert alert-danger"', page)

    def test_failure_12_approved_while_the_bill_changed(self):
        """F-12: nothing was charged, and the payer reads why."""
        tx = self.start(self.bill)
        self.approve(tx)
        self.register_payment(self.invoice(self.bill), 30)
        kind, text = self.notice(self.back(tx))
        self.assertEqual(kind, "warning")
        self.assertIn("Nothing was charged", text)
        self.assertIn("70.00", text)

    def test_page_asks_again(self):
        """While the outcome is to come, the page knows where to ask; then it thanks."""
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.start(self.bill)
        self.approve(tx)
        page = self.back(tx)
        self.assertIn("being processed", self.notice(page)[1])
        url = self.status_url(page)
        self.assertTrue(self.is_awaited(url))
        self.receive(*self.events("PAYMENT.CAPTURE.COMPLETED"))
        self.assertFalse(self.is_awaited(url))
        page = self.page()
        self.assertEqual(self.notice(page)[0], "success")
        self.assertFalse(self.status_url(page))

    def test_page_of_several_asks_again(self):
        """The same for two bills that are paid together, with a log-in."""
        payer = self._new_user("payer", "base.group_portal")
        payer.partner_id.parent_id = self.account
        self.account.billing_admin_ids = payer.partner_id
        bills = self.bill | self.issued(50)
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(bills)
        self.env.flush_all()
        self.authenticate("kavi_payer", "kavi_payer")
        url = self.status_url(self.page(bills._get_card_url()))
        self.assertTrue(self.is_awaited(url))
        self.refresh(tx)
        self.assertFalse(self.is_awaited(url))
        self.assertIn("150.00", self.notice(self.page(bills._get_card_url()))[1])

    def test_access_status(self):
        """Who may not see the bill learns nothing, and nothing fails."""
        self.paypal.fail("orders.capture", "drop_after")
        self.pay_by_card(self.bill)
        path = f"/my/bills/{self.bill.id}/pay/status"
        self.assertTrue(
            self.is_awaited(f"{path}?access_token={self.bill.sudo().access_token}")
        )
        for query in ("", "?access_token=", "?access_token=wrong", "?x[]=1"):
            self.assertFalse(self.is_awaited(path + query))
        self.assertFalse(self.is_awaited("/my/bills/999999999/pay/status"))
        answer = self.url_open(
            f"/my/billing/pay/card/status?bill={self.bill.id}", allow_redirects=False
        )
        self.assertNotEqual(answer.status_code, 200)  # log in first
        self._new_user("stranger", "base.group_portal")
        self.authenticate("kavi_stranger", "kavi_stranger")
        several = "/my/billing/pay/card/status"
        for query in ("", f"?bill={self.bill.id}", "?bill=x", "?bill=" + "9" * 30):
            self.assertFalse(self.is_awaited(several + query))

    def test_journey_page_asks_by_itself(self):
        """In a browser: the page is left alone, the outcome comes, it thanks."""
        self.paypal.fail("orders.capture", "drop_after")
        tx = self.pay_by_card(self.bill)
        self.env.flush_all()
        self.start_tour(
            f"{self.url}&{urlencode(self.way_back(tx))}",
            "kavi_commerce_journey_awaited",
        )
        self.env.invalidate_all()
        self.assertBill(self.bill, "paid")
        self.assertLedgers(self.bill)
