"""What the pages of the portal show and do (KB-18, KB-19, KB-38, KB-42 ... KB-48)."""

from lxml import html

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.kavi_bill.message import MAX_MESSAGE, MAX_PER_HOUR
from .test_portal_access import PortalCase

XSS = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'


class PageCase(PortalCase):
    def page(self, path, **query):
        answer = self.open(path, **query)
        self.assertEqual(answer.status_code, 200, path)
        return html.fromstring(answer.text)

    def bill_page(self, bill, **query):
        return self.page(f"/my/bills/{bill.id}", **query)

    def post(self, bill, act, **data):
        answer = self.open(f"/my/bills/{bill.id}/{act}", data)
        self.env.invalidate_all()
        return answer

    @staticmethod
    def text(page, path="//div[@id='wrap']"):
        return " ".join(" ".join(page.xpath(path + "//text()")).split())

    @staticmethod
    def rows(page):
        return [
            " ".join(row.text_content().split())
            for row in page.xpath("//table[contains(@class, 'doc_table')]/tbody/tr")
        ]


@tagged("post_install", "-at_install")
class TestPortalAccount(PageCase):
    def test_my_account(self):
        """KB-08, KB-43: balance per currency, credits, bills with their status."""
        self.env.ref("base.EUR").active = True
        self.issued(12.5, currency_id=self.env.ref("base.EUR").id, title="In euros")
        credit = self.as_user("officer")["kavi.credit"].create(
            {"partner_id": self.account.id, "amount": 7.0, "reason": "Sorry"}
        )
        credit.action_issue()
        self.env.flush_all()
        self.log_in("contact")
        page = self.page("/my/billing")
        text = self.text(page)
        for part in ("Acme Ltd", "$ 100.00", "12.50 €", "$ 7.00", self.bill.name):
            self.assertIn(part, text.replace("\xa0", " "))
        self.assertEqual(len(self.rows(page)), 2)
        page = self.page("/my/billing/credits")
        self.assertIn("Sorry", self.text(page))
        page = self.page("/my/billing/statement")
        self.assertIn(self.bill.name, self.text(page))

    def test_statement_on_paper(self):
        self.log_in("contact")
        url = "/my/billing/statement/pdf"
        answer = self.open(url, account=self.account.id)
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        self.assertIn(self.bill.name.encode(), answer.content)
        self.assertIn(url, self.open("/my/billing/statement").text)
        # of nobody else, nor of a period that ends before it starts
        for query in (
            {"account": self.own_bill.partner_id.id},
            {"date_from": "2030-01-01", "date_to": "2029-01-01"},
        ):
            self.assertEqual(self.open(url, **query).status_code, 303)

    def test_filters_search_and_pages(self):
        bills = self.bills.create(
            [
                {"partner_id": self.account.id, "title": f"Fee {n:02}", "amount": n}
                for n in range(1, 26)
            ]
        )
        bills.action_issue()
        self.pay(bills[:3], self.wire)
        self.cancel(bills[3])
        self.env.flush_all()
        self.log_in("admin")
        self.assertEqual(len(self.rows(self.page("/my/billing"))), 20)
        self.assertEqual(len(self.rows(self.page("/my/billing/page/2"))), 2)
        paid = self.page("/my/billing", filterby="paid")
        self.assertEqual(len(self.rows(paid)), 3)
        self.assertNotIn("Pay the chosen bills", self.text(paid))
        # KB-38: the canceled one is in no list, but its page tells
        found = self.page("/my/billing", filterby="all", search="Fee 04")
        self.assertFalse(self.rows(found))
        self.assertIn("Canceled on", self.text(self.bill_page(bills[3])))
        found = self.page("/my/billing", filterby="all", search="fee 2")
        self.assertEqual(len(self.rows(found)), 6)
        rows = self.rows(self.page("/my/billing", sortby="amount"))
        self.assertIn("100.00", rows[0])
        self.assertIn("25.00", rows[1])
        # what nobody offers changes nothing
        page = self.page("/my/billing", sortby="x", filterby="y", account="-1")
        self.assertEqual(len(self.rows(page)), 20)
        # what no database takes, and what is a pattern in one, is just not found
        for search in ("\x00", "fee\x00 2", "%' OR 1=1", "x" * 5000):
            page = self.page("/my/billing", search=search)
            self.assertTrue(page.xpath("//h1[text()='Billing']"))

    def test_two_accounts(self):
        """KB-43: a person's own account, and the company's they look after."""
        owner = self.people["owner"]
        self.account.billing_contact_id = owner.partner_id
        self.env.flush_all()
        self.log_in("owner")
        page = self.page("/my/billing")
        self.assertEqual(len(self.rows(page)), 2)
        page = self.page("/my/billing", account=self.account.id)
        self.assertEqual(len(self.rows(page)), 1)
        self.assertIn(self.bill.name, self.rows(page)[0])
        # bills of two accounts are not paid at once
        both = f"bill={self.bill.id}&bill={self.own_bill.id}"
        answer = self.open(f"/my/billing/pay?{both}")
        self.assertIn("one account", answer.text)
        self.assertNotIn('name="method_id"', answer.text)
        self.open(
            "/my/billing/pay",
            {
                "bill": [self.bill.id, self.own_bill.id],
                "method_id": self.wire.id,
            },
        )
        self.assertFalse((self.bill | self.own_bill).payment_method_id)

    def test_member_who_works_here(self):
        """Whoever has an account sees it, also if they have no billing role."""
        clerk = self._new_user("clerk", "base.group_user")
        bill = self.issued(partner_id=clerk.partner_id.id)
        self.people["clerk"] = clerk
        self.env.flush_all()
        self.log_in("clerk")
        self.assertEqual(len(self.rows(self.page("/my/billing"))), 1)
        self.post(bill, "method", method_id=self.wire.id)
        self.assertEqual(bill.state, "pending")

    def test_who_bills_looks_only(self):
        """A billing user sees the page as the payer does, and does nothing there."""
        self.people["user"] = self.users["user"]
        self.log_in("user")
        page = self.bill_page(self.bill)
        self.assertFalse(page.xpath("//form[contains(@action, '/my/bills/')]"))
        answer = self.post(self.bill, "method", method_id=self.wire.id)
        self.assertIn("Your role", answer.text)
        self.assertEqual(self.bill.state, "new")
        self.assertFalse(self.rows(self.page("/my/billing")))

    def test_queries_are_constant(self):
        """Twenty bills cost no more queries than two."""
        self.issued()
        self.env.flush_all()
        self.log_in("admin")
        counts = []
        for more in (0, 0, 17):
            if more:
                self.bills.create(
                    [{"partner_id": self.account.id, "title": "X", "amount": 5}] * more
                ).action_issue()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            rows = self.rows(self.page("/my/billing"))
            counts.append((len(rows), self.cr.sql_log_count - before))
        (_few, _cold), (few, warm), (many, queries) = counts
        self.assertEqual((few, many), (2, 19))
        self.assertLessEqual(queries, warm + 3, counts)

    def test_home(self):
        """The card is there for whoever has an account, with the open bills' count."""
        self.log_in("admin")
        self.assertIn("/my/billing", self.open("/my/home").text)
        answer = self.url_open(
            "/my/counters",
            json={"params": {"counters": ["kavi_open_bill_count"]}},
        ).json()
        self.assertEqual(answer["result"], {"kavi_open_bill_count": 1})
        self.log_in("employee")
        self.assertNotIn("/my/billing", self.open("/my/home").text)


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
        """BB-09: a refund is no payment: it has a minus, and a day at the top."""
        self.pay(self.bill)
        self.give_back(self.bill, 40)
        self.env.flush_all()
        rows = self.bill._get_settlements()
        said = [(row["label"], row["amount"]) for row in rows]
        total = self.bill.amount_paid
        self.assertEqual(said, [("Payment", total), ("Refund", -40.0)])
        self.log_in("contact")
        text = self.text(self.bill_page(self.bill)).replace("\xa0", " ")
        self.assertIn("Refunded on", text)
        self.assertIn("Refund " + rows[1]["reference"], text)
        self.assertNotIn("Credit Note", text)

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
        for bad in ("x" * 65, "a\x00b", "a\u202eb"):
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
        with self.refused("no longer be changed"):
            self.rpc(
                "administrator",
                "kavi.bill",
                "write",
                bills.ids,
                {"access_token": "known to all"},
            )


@tagged("post_install", "-at_install")
class TestPortalText(PageCase):
    def assertHarmless(self, text):
        page = html.fromstring(text)
        for script in page.xpath("//script"):
            self.assertNotIn("alert(", script.text or "")
        for element in page.iter():
            for name, value in element.attrib.items():
                if element.tag == "script" and value == "__odooAssetError=1":
                    continue  # Odoo's own
                self.assertFalse(name.startswith("on"), (element.tag, name, value))
                if name in ("href", "src", "action"):
                    self.assertNotIn("javascript:", value.lower())

    def test_xss(self):
        """Text is shown as text, HTML is sanitized, in every field somebody fills."""
        self.account.name = "Acme" + XSS
        self.company.name = "Kavi" + XSS
        self.wire.write({"name": "Wire" + XSS, "instructions": f"<p>Iban</p>{XSS}"})
        bill = self.issued(
            title="Fee" + XSS,
            description="<p>See <a href='javascript:alert(3)'>this</a></p>" + XSS,
            purchase_order="PO" + XSS,
            invoice_number="I" + XSS,
            line_ids=[Command.create({"name": "Line" + XSS, "price_unit": 5})],
        )
        self.choose(bill, self.wire)
        self.env.flush_all()
        self.log_in("admin")
        for path in (
            f"/my/bills/{bill.id}",
            "/my/billing",
            f"/my/billing?search={XSS}&sortby={XSS}&filterby={XSS}&account={XSS}",
            f"/my/bills/{bill.id}?done={XSS}&error={XSS}&pid={XSS}&hash={XSS}",
            f"/my/billing/pay?bill={bill.id}&done=1",
            f"/my/billing/statement?date_from={XSS}&date_to={XSS}",
        ):
            with self.subTest(path=path):
                answer = self.open(path)
                self.assertEqual(answer.status_code, 200)
                self.assertHarmless(answer.text)
                self.assertIn("&lt;script&gt;", answer.text)
                self.assertNotIn("}49", answer.text)
        self.post(bill, "numbers", purchase_order=XSS[:60])
        self.assertEqual(bill.purchase_order, XSS[:60])
        self.assertHarmless(self.open(f"/my/bills/{bill.id}").text)

    def fetch(self, bill, **kwargs):
        answer = self.url_open(
            "/mail/chatter_fetch",
            json={
                "params": {
                    "thread_model": "kavi.bill",
                    "thread_id": bill.id,
                    **kwargs,
                }
            },
        ).json()
        return str(answer["result"]["data"])

    def write_message(self, bill, body, **kwargs):
        data = {"body": body, **kwargs.pop("post_data", {})}
        return self.url_open(
            "/mail/message/post",
            json={
                "params": {
                    "thread_model": "kavi.bill",
                    "thread_id": bill.id,
                    "post_data": data,
                    **kwargs,
                }
            },
        ).json()

    def test_messages(self):
        """KB-41: to whoever raised the bill, sanitized; notes are never shown."""
        bill = self.bill
        bill._log_note("Owes us for years")
        bill.message_post(body="An internal remark", subtype_xmlid="mail.mt_note")
        bill.message_post(
            body="Dear payer", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.env.flush_all()
        for name in ("contact", None):
            self.log_in(name)
            link = {} if name else {"token": bill.access_token}
            answer = self.write_message(
                bill,
                "<p>Why?</p><script>alert(1)</script><img src='x' onerror='alert(2)'>",
                **link,
            )
            self.assertNotIn("error", answer)
            message = self.messages(bill)[0]
            self.assertIn("Why?", message.body)
            self.assertNotIn("script", message.body)
            self.assertNotIn("onerror", message.body)
            self.assertEqual(message.message_type, "comment")
            self.assertEqual(message.partner_ids, self.officer.partner_id)
            shown = self.fetch(bill, **link)
            self.assertIn("Dear payer", shown)
            self.assertIn("Why?", shown)
            for hidden in ("Owes us", "internal remark", "Issued as"):
                self.assertNotIn(hidden, shown)
        if name is None:
            self.assertEqual(message.author_id, self.account)

    @mute_logger("odoo.http")
    def test_messages_have_limits(self):
        self.log_in("contact")
        answer = self.write_message(self.bill, "x" * (MAX_MESSAGE + 1))
        self.assertIn("longer than", str(answer["error"]))
        # nobody is mailed at a payer's wish, under another's name or kind
        self.write_message(
            self.bill,
            "Spam",
            post_data={
                "partner_ids": self.person.ids,
                "message_type": "notification",
                "subtype_xmlid": "mail.mt_note",
                "author_id": self.person.id,
                "email_from": "boss@example.com",
            },
        )
        message = self.messages(self.bill)[0]
        self.assertEqual(message.message_type, "comment")
        self.assertEqual(message.partner_ids, self.officer.partner_id)
        self.assertEqual(message.author_id, self.people["contact"].partner_id)
        for _n in range(MAX_PER_HOUR - 1):
            self.assertNotIn("error", self.write_message(self.bill, "Again"))
        answer = self.write_message(self.bill, "And again")
        self.assertIn("last hour", str(answer["error"]))
        answer = self.url_open(
            "/web/dataset/call_kw",
            json={
                "params": {
                    "model": "kavi.bill",
                    "method": "message_post",
                    "args": self.bill.ids,
                    "kwargs": {"body": "By RPC"},
                }
            },
        ).json()
        self.assertIn("last hour", str(answer["error"]))
