"""The page of a bill in the portal (KB-18, KB-19, KB-42 ... KB-48)."""

from lxml import html

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .test_portal_account import PageCase


@tagged("post_install", "-at_install")
class TestPortalBill(PageCase):
    def test_choose_and_change_the_method(self):
        """KB-46: as often as wanted until the bill is paid."""
        self.wire.instructions = "<p>To account 4711</p>"
        self.env.flush_all()
        self.log_in("contact")
        self.assertNotIn("4711", self.text(self.bill_page(self.bill)))
        for method in (self.check, self.wire, self.check, self.wire):
            answer = self.post(self.bill, "method", method_id=method.id)
            self.assertEqual(answer.status_code, 303)
            self.assertEqual(self.bill.state, "pending")
            self.assertEqual(self.bill.payment_method_id, method)
        self.assertIn("4711", self.text(self.bill_page(self.bill)))
        self.assertEqual(
            self.messages(self.bill)[:1].author_id, self.people["contact"].partner_id
        )
        self.pay(self.bill, self.wire)
        self.env.flush_all()
        self.assertNotIn("method_id", self.open(f"/my/bills/{self.bill.id}").text)
        answer = self.post(self.bill, "method", method_id=self.check.id)
        self.assertIn("not on a bill that is Paid", answer.text)
        self.assertEqual(self.bill.payment_method_id, self.wire)

    def test_schedule_surcharge_and_discount(self):
        """BB-04, BB-09, KB-53: what is due when, what each method adds, what paying
        early saves, what was paid already."""
        self.wire.surcharge_percent = 2.0
        whole, half = (
            {"value": "percent", "value_amount": percent} for percent in (100, 50)
        )
        term, early = self.env["account.payment.term"].create(
            [
                {
                    "name": "Half and half",
                    "line_ids": [
                        Command.create({**half, "nb_days": days}) for days in (0, 60)
                    ],
                },
                {
                    "name": "2% within 10 days",
                    "early_discount": True,
                    "discount_percentage": 2,
                    "discount_days": 10,
                    "line_ids": [Command.create({**whole, "nb_days": 30})],
                },
            ]
        )
        bill = self.issued(200.0, payment_term_id=term.id)
        quick = self.issued(100.0, payment_term_id=early.id)
        self.pay(bill, self.check, amount=60.0)
        self.env.flush_all()
        self.log_in("contact")
        page = self.bill_page(bill)
        schedule = self.text(page, "//section[@aria-labelledby='schedule_title']")
        for part in ("$ 100.00", "$ 40.00", "Due", "To Come"):
            self.assertIn(part, schedule.replace("\xa0", " "))
        settled = self.text(page, "//section[@aria-labelledby='settled_title']")
        self.assertIn("60.00", settled)
        # what was paid until now fills two instalments: still one payment
        self.pay(bill, self.check, amount=60.0)
        rows = bill._get_settlements()
        self.assertEqual([row["amount"] for row in rows], [60.0, 60.0])
        self.bounce(bill, self.payments(bill)[-1:])
        self.env.flush_all()
        # 2 % of the 140 that are due
        options = self.text(page, "//section[@id='pay']").replace("\xa0", " ")
        self.assertIn("$ 2.80 surcharge, $ 142.80 in all", options)
        self.post(bill, "method", method_id=self.wire.id)
        text = self.text(self.bill_page(bill)).replace("\xa0", " ")
        self.assertIn("You pay $ 142.80 by Wire Transfer", text)
        text = self.text(self.bill_page(quick)).replace("\xa0", " ")
        self.assertIn("Pay $ 98.00 by", text)

    def test_what_was_given_back(self):
        """BB-09: a refund is no payment: it has a minus, a credit note of as much, and
        a day at the top."""
        self.pay(self.bill)
        self.give_back(self.bill, 40)
        self.env.flush_all()
        rows = self.bill._get_settlements()
        said = [(row["label"], row["amount"]) for row in rows]
        total = self.bill.amount_paid
        self.assertEqual(
            said, [("Payment", total), ("Credit Note", 40.0), ("Refund", -40.0)]
        )
        self.log_in("contact")
        text = self.text(self.bill_page(self.bill)).replace("\xa0", " ")
        self.assertIn("Refunded on", text)
        self.assertIn("Partly Refunded", text)
        for row in rows:
            self.assertIn(f"{row['label']} {row['reference']}", text)

    def test_documents(self):
        """KB-42, KB-44: the invoice always, the receipt once something was paid."""
        bill = self.bill
        link = {"access_token": bill.access_token}
        for name, query in (("contact", {}), (None, link)):
            self.log_in(name)
            url = f"/my/bills/{bill.id}"
            answer = self.open(f"{url}/invoice", **query)
            self.assertEqual(answer.status_code, 200)
            self.assertEqual(answer.headers["Content-Type"], "application/pdf")
            self.assertIn("inline", answer.headers["Content-Disposition"])
            self.assertIn(bill.name.encode(), answer.content)
            answer = self.open(f"{url}/invoice", download=1, **query)
            self.assertIn("attachment", answer.headers["Content-Disposition"])
            self.assertEqual(self.open(f"{url}/receipt", **query).status_code, 404)
            self.assertEqual(self.open(f"{url}/other", **query).status_code, 404)
            self.assertNotIn("/receipt", self.open(url, **query).text)
        self.pay(bill, self.check)
        self.env.flush_all()
        self.log_in("contact")
        self.assertEqual(self.open(f"{url}/receipt").status_code, 200)
        self.assertIn("/receipt", self.open(url).text)
        page = self.page("/my/billing", filterby="paid")
        self.assertTrue(page.xpath(f"//a[@href='{url}/receipt']"))

    def test_method_that_is_not_offered(self):
        abroad = self._new_company("Kavi Abroad")
        foreign = self.env["kavi.payment.method"].search(
            [("company_id", "=", abroad.id)], limit=1
        )
        self.check.active = False
        self.env.flush_all()
        self.log_in("contact")
        for method_id in (foreign.id, self.check.id, 0, -1, "x", "", "9" * 30):
            answer = self.post(self.bill, "method", method_id=method_id)
            self.assertIn("offered", answer.text)
            self.assertFalse(self.bill.payment_method_id)
        self.assertIn("offered", self.post(self.bill, "method").text)

    def test_what_the_table_refuses(self):
        """Not shown, and refused if posted anyway."""
        self.log_in("admin")
        canceled, frozen = self.issued(), self.issued()
        self.cancel(canceled)
        frozen._write_facts({"is_frozen": True})
        self.env.flush_all()
        for bill in canceled, frozen:
            page = self.bill_page(bill)
            self.assertFalse(page.xpath("//form[contains(@action, '/my/bills/')]"))
            for act, data in (
                ("method", {"method_id": self.wire.id}),
                ("numbers", {"purchase_order": "X"}),
                ("numbers", {"invoice_number": "X"}),
            ):
                answer = self.post(bill, act, **data)
                page = html.fromstring(answer.text)
                self.assertTrue(page.xpath("//*[@role='alert']"), act)
            self.assertFalse(bill.payment_method_id)
            self.assertFalse(bill.purchase_order or bill.invoice_number)

    def test_numbers(self):
        """KB-18, KB-19: PO numbers by company administrators and by persons for
        themselves, invoice numbers by the billing contact, too; nobody by the link."""
        bill = self.bill
        for name, purchase_order, invoice_number in (
            ("contact", False, True),
            ("admin", True, True),
            (None, False, False),
        ):
            with self.subTest(name=name):
                self.log_in(name)
                link = {} if name else {"access_token": bill.access_token}
                page = self.bill_page(bill, **link)
                for field, may in (
                    ("purchase_order", purchase_order),
                    ("invoice_number", invoice_number),
                ):
                    shown = page.xpath(f"//input[@name='{field}']")
                    self.assertEqual(bool(shown), may, field)
                    number = f"{name}-1"
                    self.post(bill, "numbers", **{field: number}, **link)
                    self.assertEqual(bill[field] == number, may, field)
        self.log_in("admin")
        self.assertEqual(bill.invoice_id.ref, "admin-1")
        # the billing contact does not see it either
        self.log_in("contact")
        self.assertNotIn("PO number", self.text(self.bill_page(bill)))
        self.log_in("admin")
        # what no browser sends is not read at all
        answer = self.post(bill, "numbers", purchase_order="a\x00b")
        self.assertEqual(answer.status_code, 400)
        for bad in ("x" * 65, "a\u202eb"):
            answer = self.post(bill, "numbers", purchase_order=bad)
            self.assertIn("at most 64 characters", answer.text)
        self.post(bill, "numbers", purchase_order="  PO \n 7 ")
        self.assertEqual(bill.purchase_order, "PO 7")
        self.post(bill, "numbers", purchase_order="")
        self.assertFalse(bill.purchase_order)
        self.company.billing_collect_purchase_order = False
        self.env.flush_all()
        self.assertNotIn("PO number", self.text(self.bill_page(bill)))
        answer = self.post(bill, "numbers", purchase_order="PO 8")
        self.assertIn("not asked for", answer.text)
        self.assertFalse(bill.purchase_order)

    def test_several_at_once(self):
        """One manual method for all of them, then all are Pending."""
        bills = self.bill | self.issued(50.0) | self.issued(25.0)
        self.check.instructions = "<p>Payable to the treasurer</p>"
        self.env.flush_all()
        self.log_in("contact")
        page = self.page("/my/billing/pay?" + "&".join(f"bill={b.id}" for b in bills))
        self.assertIn("175.00", self.text(page))
        self.assertNotIn("treasurer", self.text(page))
        answer = self.open(
            "/my/billing/pay", {"bill": bills.ids, "method_id": self.check.id}
        )
        self.assertEqual(answer.status_code, 303)
        text = self.text(self.page(answer.headers["Location"]))
        for part in ("treasurer", *bills.mapped("name")):
            self.assertIn(part, text)
        self.env.invalidate_all()
        self.assertEqual(set(bills.mapped("state")), {"pending"})
        # one that is refused: none is done
        self.pay(bills[0], self.check)
        self.env.flush_all()
        answer = self.open(
            "/my/billing/pay", {"bill": bills.ids, "method_id": self.wire.id}
        )
        self.assertIn("Paid", answer.text)
        self.env.invalidate_all()
        self.assertEqual(bills.payment_method_id, self.check)

    def test_applicant_without_a_log_in(self):
        """KB-48: a link in a mail, for somebody who has no user."""
        applicant = self.env["res.partner"].create({"name": "Ann Hope"})
        applicant._open_billing_account(pending=True)
        bill = self.issued(partner_id=applicant.id)
        url = bill.sudo()._get_bill_url()
        self.assertIn(f"/my/bills/{bill.id}?access_token=", url)
        self.assertTrue(bill.sudo()._get_pay_url().endswith("#pay"))
        self.env.flush_all()
        token = bill.sudo().access_token
        self.log_in()
        self.assertIn("Ann Hope", self.text(self.bill_page(bill, access_token=token)))
        answer = self.post(bill, "method", method_id=self.wire.id, access_token=token)
        self.assertIn(token, answer.headers["Location"])
        self.assertEqual(bill.state, "pending")

    def test_revoke_the_link(self):
        """By administrators, on issued bills; the history tells."""
        bills = self.bill | self.own_bill
        before = bills.mapped("access_token")
        for role in ("user", "officer"):
            with self.refused("Administrator", error=AccessError):
                self.rpc(role, "kavi.bill", "action_revoke_link", bills.ids)
        self.rpc("administrator", "kavi.bill", "action_revoke_link", bills.ids)
        after = bills.mapped("access_token")
        self.assertEqual(len(set(before + after)), 4)
        for bill in bills:
            self.assertIn("revoked", self.messages(bill)[0].body)
        # by hand nobody sets one
        with self.refused("cannot be set by hand"):
            self.rpc(
                "administrator",
                "kavi.bill",
                "write",
                bills.ids,
                {"access_token": "known to all"},
            )
