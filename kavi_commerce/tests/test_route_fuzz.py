"""Every route of the suite, asked with whatever comes, over HTTP.

The routes come from Odoo's own map, so that a new one is asked by itself. Right is: no
500, no traceback, and nothing stored by who has no right to the bill. Whoever has the
link of the mail stores what the page offers, and nothing that is no number, method or
amount of the bill.

KAVI_LONG=1: at least 2,000 cases; else some hundred.
"""

import inspect
import json
import logging
import os
import re
import threading
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import CommerceCommon

_logger = logging.getLogger(__name__)

OURS = "odoo.addons.kavi_"
# What verifies and stores events has tests of its own.
EXEMPT = {"/payment/paypal/webhook/"}
CASES = 40 if os.environ.get("KAVI_LONG") else 3
# An error that is an answer of Odoo's, not a failure of ours.
ANSWERS = ("SessionExpiredException", "werkzeug.exceptions.", "odoo.exceptions.")
# Where something would have been stored.
TABLES = (
    "account_move",
    "account_payment",
    "kavi_activity",
    "kavi_bill",
    "kavi_credit",
    "kavi_gateway_event",
    "kavi_gateway_message",
    "kavi_notice",
    "kavi_transaction_bill",
    "mail_message",
    "payment_transaction",
    "res_partner",
)
STRANGE = (
    "",
    "\0",
    "a\0b",
    "'\";--",
    "%s%(x)s",
    "-1",
    "0",
    "9" * 30,
    "9" * 5000,
    "²",
    "1e400",
    "nan",
    "-inf",
    "१२",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "x" * 5000,
    "a\r\nBcc: b@c.example",
    "a@b.example\0",
    "\u202e\ufeff",
    "../../x",
    "https://evil.example",
    "{{7*7}}",
    "[]",
    "true",
)
# Beyond what a URL can say.
SURROGATE = "\ud800"
WORDS = st.sampled_from(STRANGE) | st.text(max_size=20)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats()
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS | st.just(SURROGATE)
VALUES = st.recursive(
    LEAVES,
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each)
    ),
    max_leaves=6,
)
# What may not be named so in any route of Odoo's: its own wrapper takes the word.
NOT_ASKED = {"self"}


@tagged("post_install", "-at_install")
class TestRouteFuzz(HttpCase, CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls._new_user("stranger", "base.group_portal")
        cls.payer = cls._new_user("payer", "base.group_portal")
        cls.account.primary_contact_id = cls.payer.partner_id
        cls.bill = cls.issued(100)
        cls.token = cls.bill.sudo()._portal_ensure_token()
        cls.foreign = cls.draft(50)

    # === THE ROUTES === #

    def routes(self):
        """Each route of ours: (rule, words that it knows)."""
        found = []
        # Odoo's server names the database of a thread
        with patch.object(
            threading.current_thread(), "dbname", self.env.cr.dbname, create=True
        ):
            rules = list(self.env["ir.http"].routing_map().iter_rules())
        for rule in rules:
            endpoint = getattr(rule.endpoint, "original_endpoint", None)
            if not getattr(endpoint, "__module__", "").startswith(OURS):
                continue
            if rule.rule in EXEMPT:
                continue
            code = inspect.getsource(inspect.getmodule(endpoint))
            words = set(re.findall(r"""(?:get|getlist)\(\s*"(\w+)"\)""", code))
            words |= set(re.findall(r'"(\w+)" in (?:kw|post)', code))
            words |= set(re.findall(r'"(purchase_order|invoice_number)"', code))
            words |= {
                name
                for name, each in inspect.signature(endpoint).parameters.items()
                if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
            }
            # what methods that they call are named by
            words |= {"bill", "bills", "roles", "error", "done", "kw", "post"}
            found.append((rule, sorted(words - NOT_ASKED - rule.arguments)))
        return sorted(found, key=lambda each: each[0].rule)

    def test_every_controller_is_asked(self):
        """The map has them all: each addon's, and the way back from the gateway."""
        paths = {rule.rule for rule, __ in self.routes()}
        self.assertLessEqual(
            {
                "/kavi/paypal/return",
                "/kavi/paypal/cancel",
                "/payment/paypal/complete_order",
                "/my/bills/<int:bill_id>/pay/order",
                "/my/billing/statement/pdf",
                "/kavi_billing/report/<int:wizard_id>",
            },
            paths,
        )
        self.assertGreaterEqual(len(paths), 20)

    # === ONE CASE === #

    def draw_path(self, data, rule):
        def fill(match):
            if choices := re.match(r"any\((.*)\):", match[1]):
                return data.draw(st.sampled_from(choices[1].split(",")))
            if match[1].startswith("int:"):
                ids = [self.bill.id, self.foreign.id, 0, 1, 2**31, 10**30]
                return str(data.draw(st.sampled_from(ids)))
            return "x"

        return re.sub(r"<([^>]+)>", fill, rule.rule)

    def ask(self, data, rule, words, known):
        """One request.

        :param dict known: what the sender really has, at times among the garbage
        """
        path = self.draw_path(data, rule)
        names = st.sampled_from(words)
        is_json = rule.endpoint.routing["type"] == "jsonrpc"
        sent = data.draw(
            st.dictionaries(names, VALUES if is_json else WORDS, max_size=4)
        )
        if data.draw(st.booleans()):
            sent = {**sent, **known}
        if is_json:
            body = data.draw(
                st.just(json.dumps({"params": sent}))
                | st.sampled_from(
                    ("", "[]", "{", "[" * 20_000, '{"params": []}', '{"params": 1}')
                )
            )
            return self.url_open(
                path,
                data=body,
                headers={"Content-Type": "application/json"},
                method="POST",
                allow_redirects=False,
            )
        methods = sorted((rule.methods or {"GET", "POST"}) & {"GET", "POST"})
        if data.draw(st.sampled_from(methods)) == "GET":
            return self.url_open(path, params=sent, allow_redirects=False)
        files = None
        if sent and data.draw(st.integers(0, 4)) == 0:
            files = {next(iter(sent)): ("x.txt", b"x")}
        sent["csrf_token"] = http.Request.csrf_token(self)
        return self.url_open(path, data=sent, files=files, allow_redirects=False)

    def assertAnswered(self, answer):
        about = (answer.request.method, answer.url, answer.request.body)
        self.assertLess(answer.status_code, 500, about)
        self.assertNotIn("Traceback", answer.text.split('"debug"')[0], about)
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            found = answer.json()
            error = found.get("error") if isinstance(found, dict) else None
            if isinstance(error, dict):
                name = error["data"]["name"]
                self.assertTrue(any(each in name for each in ANSWERS), (name, about))

    def stored(self):
        """What is there: rows of each table, and what the bills say."""
        self.env.flush_all()
        self.env.invalidate_all()
        counts = []
        for table in TABLES:
            self.env.cr.execute(f"SELECT COUNT(*) FROM {table}")
            counts.append((table, self.env.cr.fetchone()[0]))
        names = ("state", "payment_method_id", "purchase_order", "invoice_number")
        bills = (self.bill + self.foreign).sudo()
        return counts, [[bill[name] for name in names] for bill in bills]

    def fuzz(self, check, known):
        count = [0]
        for rule, words in self.routes():
            asked = given(st.data(), st.just(rule), st.just(words))

            @asked
            @settings(deadline=None, max_examples=CASES, database=None)
            def one(data, rule, words):
                before = self.stored()
                with mute_logger("odoo.http", "odoo.addons.base.models.ir_rule"):
                    self.assertAnswered(self.ask(data, rule, words, known))
                check(before, self.stored())
                count[0] += 1

            with self.subTest(route=rule.rule):
                one()
        if os.environ.get("KAVI_LONG"):
            _logger.info("%s cases by %s", count[0], self.session.uid or "the public")

    # === WHO ASKS === #

    def test_bad_input_by_who_has_no_right(self):
        """Public, a portal user with nothing here, an officer, who is no payer: no 500,
        and nothing stored."""
        for login in (None, self.stranger.login, self.users["officer"].login):
            self.authenticate(login, login)
            with self.subTest(login=login):
                self.fuzz(self.assertEqual, {})

    def test_bad_input_by_who_has_the_link(self):
        """Nothing but what the page offers is stored: a number that can be printed, a
        method, an attempt of no more than is due."""
        self.authenticate(None, None)
        self.fuzz(self.check_offered, {"access_token": self.token})

    def test_bad_input_by_who_pays(self):
        """With a log-in and the account's bills, the same as by its link: no more."""
        self.authenticate(self.payer.login, self.payer.login)
        self.fuzz(self.check_offered, {"bill": self.bill.ids})

    def check_offered(self, before, after):
        changed = dict(after[0]).items() - dict(before[0]).items()
        allowed = {"kavi_activity", "kavi_notice", "mail_message"}
        allowed |= {"payment_transaction", "kavi_transaction_bill"}
        allowed |= {"kavi_gateway_message"}
        self.assertLessEqual({table for table, __ in changed}, allowed)
        bill = self.bill.sudo()
        for number in (bill.purchase_order, bill.invoice_number):
            self.assertTrue((number or "x").isprintable() and len(number or "") <= 64)
        self.assertIn(bill.state, ("new", "pending"))
        for tx in bill.transaction_ids:
            self.assertLessEqual(0.01, tx.amount)
            self.assertLessEqual(tx.amount, 110)
        self.assertLessEqual(len(bill.transaction_ids), 10)
