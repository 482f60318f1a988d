"""The payer's way back from the gateway: who has its key, where it leads, and how often
one sets out. By HTTP, as each was found."""

from urllib.parse import parse_qs, urlsplit

from odoo import http
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import CommerceCommon


@tagged("post_install", "-at_install")
class TestCardWayBack(HttpCase, CommerceCommon):
    def setUp(self):
        super().setUp()
        self.bill = self.issued(100)
        self.token = self.bill.sudo()._portal_ensure_token()
        self.env.flush_all()

    def open(self, way, **query):
        answer = self.url_open(
            f"/kavi/paypal/{way}", params=query, allow_redirects=False
        )
        self.env.invalidate_all()
        return answer

    def landing(self, tx, way="return"):
        answer = self.open(way, **self.way_back(tx))
        return urlsplit(answer.headers["Location"])

    def post(self, **vals):
        """The payer's button, by the link of the mail."""
        answer = self.url_open(
            f"/my/bills/{self.bill.id}/pay",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "access_token": self.token,
                **vals,
            },
            allow_redirects=False,
        )
        self.env.invalidate_all()
        return answer

    def attempts(self):
        return self.bill.sudo().transaction_ids.sorted("id")

    # === THE KEY === #

    def test_access_order_id_alone_opens_nothing(self):
        """It stands in mails and messages. Without the key of the way back, or with
        that of another attempt, nothing is done, and no token of the bill's is told."""
        self.authenticate(None, None)
        tx, other = self.start(self.bill), self.start(self.issued(50))
        self.approve(tx)
        self.env.flush_all()
        for key in (None, "", "x", "é", other._get_return_key(), self.token):
            for way in ("return", "cancel"):
                query = {"token": tx.paypal_order_id, "return_key": key}
                with self.subTest(way=way, key=key):
                    answer = self.open(way, **query)
                    self.assertEqual(answer.status_code, 200)
                    self.assertIn("open it by the link", " ".join(answer.text.split()))
                    self.assertNotIn(self.token, answer.text)
                    self.assertEqual(tx.state, "draft")
        self.assertIn(self.token, self.landing(tx).query)
        self.assertBill(self.bill, "paid")

    def test_access_key_is_nowhere_to_read(self):
        """In the gateway's address only: people read the attempt and its messages."""
        tx = self.start(self.bill)
        order = tx._prepare_order()["payment_source"]["paypal"]["experience_context"]
        key = tx._get_return_key()
        for name in ("return_url", "cancel_url"):
            query = parse_qs(urlsplit(order[name]).query)
            self.assertEqual(query["return_key"], [key])
        told = "".join(
            f"{message.text}{message.detail}" for message in tx.gateway_message_ids
        )
        self.assertIn("experience_context", told)
        self.assertNotIn(key, told)
        self.assertNotIn(self.token, str(tx.read()))

    def test_bad_input_garbage_on_the_way_back(self):
        """400, or the page that says what to do; not 500."""
        self.authenticate(None, None)
        for query in ("token=%00", "token=a%00b&return_key=x", "x=%00", "%00=1"):
            for way in ("return", "cancel"):
                answer = self.url_open(f"/kavi/paypal/{way}?{query}")
                self.assertEqual(answer.status_code, 400, (way, query))
        for query in ("token=%ff", "token=../../x", "token=1&token=2", "token[]=1", ""):
            answer = self.url_open(f"/kavi/paypal/return?{query}")
            self.assertEqual(answer.status_code, 200, query)

    def test_bad_input_email_of_the_payer(self):
        """NUL, line breaks, too long: refused, whether it is asked for or not."""
        self.authenticate(None, None)
        for email in ("a@b.example\0", "a@b.example\nBcc: x@y.example", "x", "a@" * 99):
            for is_asked in (False, True):
                self.company.billing_gateway_collect_email = is_asked
                self.env.flush_all()
                with self.subTest(email=email, is_asked=is_asked):
                    answer = self.post(email=email)
                    self.assertIn(answer.status_code, (200, 400))
                    self.assertFalse(self.attempts())
        self.post(email="payer@example.com")
        self.assertEqual(self.attempts().payer_email, "payer@example.com")

    # === WHERE IT LEADS === #

    def test_officer_begins_and_the_payer_pays(self):
        """By the officer's link: the payer comes to the payer's page, which opens for
        them; the officer, paying by telephone, comes back to the bill."""
        other = self.issued(50)
        for bills in (self.bill, self.bill | other):
            for act in ("return", "cancel"):
                with self.subTest(bills=len(bills), way=act):
                    wizard = (
                        self.as_user("officer")["kavi.bill.card.wizard"]
                        .with_context(active_model="kavi.bill", active_ids=bills.ids)
                        .create({"bill_ids": [Command.set(bills.ids)]})
                    )
                    wizard.action_pay_by_card()
                    tx = self.attempts()[-1]
                    self.env.flush_all()
                    login = self.users["officer"].login
                    self.authenticate(login, login)
                    self.assertEqual(tx.landing_route[:16], "/odoo/kavi-bills")
                    self.assertEqual(self.landing(tx).path, tx.landing_route)
                    self.authenticate(None, None)
                    landing = self.landing(tx, act)
                    page = self.url_open(f"{landing.path}?{landing.query}")
                    shown = bills.filtered(
                        lambda bill, url=page.url: f"/my/bills/{bill.id}?" in url
                    )
                    self.assertEqual(
                        parse_qs(landing.query)["access_token"],
                        [shown.sudo().access_token],
                    )
                    self.assertIn(shown.name, page.text)

    def test_payer_goes_on_with_the_officers(self):
        """The same order, taken up on the payer's page: back to that page, for the
        officer who looks at it as a preview as well."""
        tx = self.bill._pay_by_card(self.provider, landing_route="/odoo/kavi-bills/1")
        tx._kavi_open_checkout()
        self.env.flush_all()
        self.authenticate(None, None)
        self.assertEqual(self.post().headers["Location"], tx.approve_url)
        self.assertEqual(self.attempts(), tx)
        login = self.users["officer"].login
        self.authenticate(login, login)
        self.assertEqual(self.landing(tx).path, f"/my/bills/{self.bill.id}")

    # === HOW OFTEN === #

    def test_storm_of_amounts_by_the_link(self):
        """40 amounts in a row: ten are begun, the others read why not; the last one
        stays open, and is gone on with."""
        self.authenticate(None, None)
        answers = [self.post(amount=str(cents / 100)) for cents in range(101, 141)]
        self.assertEqual(len(self.attempts()), 10)
        self.assertEqual(
            [answer.status_code for answer in answers], [303] * 10 + [200] * 30
        )
        self.assertIn("10 card payments", answers[-1].text)
        self.assertIn("try again in an hour", answers[-1].text)
        last = self.attempts()[-1]
        self.assertEqual((last.state, last.amount), ("draft", 1.1))
        again = self.post(amount="1.1")
        self.assertEqual(again.headers["Location"], last.approve_url)
        self.assertEqual(len(self.attempts()), 10)
        # each bill has its own hour, and the setting says how many
        self.env["ir.config_parameter"].set_param(
            "kavi_commerce.attempts_per_hour", "11"
        )
        self.assertEqual(self.post(amount="2").status_code, 303)
        self.assertEqual(self.post(amount="3").status_code, 200)
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = '2020-01-01' WHERE id IN %s",
            [tuple(self.attempts().ids)],
        )
        self.env.invalidate_all()
        self.assertEqual(self.post(amount="3").status_code, 303)

    def test_bad_input_attempt_limit(self):
        """What is no number is the default; 0 is no limit."""
        set_param = self.env["ir.config_parameter"].set_param
        for text, limit in (("x", 10), (False, 10), ("-3", 0), ("0", 0), ("7", 7)):
            set_param("kavi_commerce.attempts_per_hour", text)
            self.assertEqual(self.bill._get_attempt_limit(), limit)

    # === WHAT WINDOWS SHOW === #

    def test_access_wizards_show_what_their_user_may_read(self):
        """By RPC: the windows of a transaction of another company, or of an invoice
        that is no bill's, show nothing of it."""
        other = self._new_company("Other Ltd")
        plain = self.no_bills_transaction("PLAIN-1", 77)
        stranger = self._new_user(
            "stranger",
            "kavi_billing.group_billing_administrator",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        tx = self.pay_by_card(self.bill)
        self.env.flush_all()
        self.authenticate(stranger.login, stranger.login)
        for found in (tx, plain):
            for model, fields in (
                ("kavi.transaction.refund.wizard", ("amount", "amount_charged")),
                ("kavi.transaction.complete.wizard", ("amount", "status")),
            ):
                with self.subTest(model=model, tx=found.reference):
                    for text in self.rpc_shows(model, fields, found):
                        self.assertNotIn("77", text)
                        self.assertNotIn("100", text)
                        self.assertIn("AccessError", text)

    def rpc_shows(self, model, fields, tx):
        """What opening a window, and saving it, answers."""
        spec = {name: {} for name in ("transaction_id", *fields)}
        vals = {"transaction_id": tx.id}
        for method, args, kwargs in (
            ("onchange", [[], vals, ["transaction_id"], spec], {}),
            ("web_save", [[], vals], {"specification": spec}),
        ):
            asked = {"model": model, "method": method, "args": args, "kwargs": kwargs}
            self.env.invalidate_all()
            with mute_logger("odoo.http", "odoo.addons.base.models.ir_rule"):
                answer = self.url_open(
                    "/web/dataset/call_kw", json={"params": asked}
                ).json()
            error = answer.get("error")
            yield error["data"]["name"] if error else str(answer)
