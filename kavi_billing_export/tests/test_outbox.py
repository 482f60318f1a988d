"""The outbox: every document is sent once, and until it is delivered (F-20)."""

import hashlib
import hmac
import json
from unittest.mock import patch

import requests

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.kavi_billing.models.kavi_retry_mixin import RETRY_DELAYS
from odoo.addons.kavi_billing.tests.common import BillingCommon

from ..models.kavi_outbox import HOSTS_PARAM
from ..tools import outbound

CRON_LOG = "odoo.addons.base.models.ir_cron"
URL = "https://books.example/kavi"
PROGRESS = "odoo.addons.base.models.ir_cron.IrCron._commit_progress"


class OutboxCommon(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outbox = cls.as_user("administrator")["kavi.outbox"].create(
            {"name": "Accounting office"}
        )

    def messages(self, *states):
        self.env.flush_all()
        messages = self.outbox.sudo().message_ids.sorted("id")
        messages.invalidate_recordset()
        return messages.filtered(lambda one: not states or one.state in states)

    def shown(self, action):
        """The key or secret that a button shows once."""
        return action["params"]["message"].split()[0]


class Receiver:
    """Who is posted to: remembers all, answers as it was told."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.posts = []

    def __call__(self, url, data, headers, allowed):
        self.posts.append((url, data, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def ids(self):
        return [headers["X-Kavi-Message"] for __, __, headers in self.posts]


@tagged("post_install", "-at_install")
class TestOutbox(OutboxCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outbox.url = URL
        cls.secret = cls.outbox.action_new_secret()["params"]["message"].split()[0]

    @mute_logger(CRON_LOG)
    def run_cron(self, receiver, moment=None):
        self.env.flush_all()
        cron = self.env.ref("kavi_billing_export.cron_post_outbox")
        with (
            self.at(moment or "2026-03-01 03:00:00"),
            patch.object(outbound, "post", receiver),
            self.enter_registry_test_mode(),
        ):
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()
        return receiver

    def test_failure_20_one_for_each_document(self):
        """Posted in one transaction with the document; as many as the export has."""
        with self.at("2026-03-01 00:00:00"):
            bill = self.issued(100.0)
            self.pay(bill)
            self.give_back(bill, 10.0)
        receiver = self.run_cron(Receiver())
        kinds = [json.loads(body)["kind"] for __, body, __ in receiver.posts]
        self.assertEqual(sorted(kinds), ["credit_note", "invoice", "payment", "refund"])
        numbers = [json.loads(body)["number"] for __, body, __ in receiver.posts]
        self.assertEqual(len(set(receiver.ids)), 4)
        self.assertTrue(all(numbers))
        numbers = [json.loads(body)["sequence"] for __, body, __ in receiver.posts]
        self.assertEqual(numbers, [1, 2, 3, 4])
        self.assertEqual(self.messages().mapped("state"), ["sent"] * 4)
        self.assertFalse(self.run_cron(Receiver()).posts, "nothing twice")

    def test_failure_20_same_ids_as_the_export(self):
        """A receiver that gets a file, too, knows what it has seen."""
        self.issued()
        exports = self.as_user("administrator")["kavi.export"]
        export = exports._export(self.company.with_env(exports.env), "xml")
        self.assertEqual(
            export.line_ids.mapped("external_id"),
            self.messages().mapped("external_id"),
        )

    def test_signature(self):
        """Over the moment and the body as it was sent, with the company's secret."""
        with self.at("2026-03-01 00:00:00"):
            self.issued()
        receiver = self.run_cron(Receiver())
        url, body, headers = receiver.posts[0]
        content = headers["X-Kavi-Timestamp"].encode() + b"." + body
        expected = hmac.new(self.secret.encode(), content, hashlib.sha256).hexdigest()
        self.assertEqual(url, URL)
        self.assertEqual(headers["X-Kavi-Signature"], f"sha256={expected}")

    def test_failure_20_answer_lost(self):
        """F-20: the receiver has it, the answer is lost; the same id and content again,
        whatever has become of the document since: the receiver tells by it that it has
        it already."""
        with self.at("2026-03-01 00:00:00"):
            bill = self.issued()
            self.pay(bill)
        lost = requests.ReadTimeout(f"{URL}?token=hush timed out")
        receiver = Receiver(200, lost, 200)
        self.run_cron(receiver)
        self.assertNotIn("Timeout", self.messages("waiting").error)
        with self.at("2026-03-01 03:01:00"):
            # the payment bounces, is no longer matched; its account has another name
            payment = bill.sudo()._get_payments()
            bill._reverse_payment(payment, "bounced")
            bill.partner_id.name = "Renamed Ltd"
            bill.write({"title": "Another title"})
        __, before = [json.loads(body) for __, body, __ in receiver.posts]
        self.assertEqual(before["kind"], "payment")
        # what a message made only now would say
        Document = self.env["kavi.accounting.document"].sudo()
        condition = SQL("ledger.move_id = %s", payment.move_id.id)
        (now,) = Document._read_documents(
            Document._find_documents(self.company, condition)
        )
        for name in ("applied", "account"):
            self.assertNotEqual(now[name], before[name])
        self.run_cron(receiver)
        self.assertEqual(len(receiver.posts), 2, "not before its time")
        self.run_cron(receiver, "2026-03-01 03:02:00")
        self.assertEqual(receiver.ids[1], receiver.ids[2])
        self.assertEqual(receiver.posts[1][1], receiver.posts[2][1])
        self.assertNotIn(self.messages()[1], self.messages("waiting", "failed"))

    def test_failure_20_two_at_once(self):
        """A document has one message, an id too, and a number is given once, whoever
        else is at it."""
        with self.at("2026-03-01 00:00:00"):
            self.issued(), self.issued()
        outbox = self.outbox.sudo()
        self.assertEqual(outbox._number_messages(), 2)
        first, second = self.messages()
        for vals, index in (
            ({"move_id": first.move_id.id}, "kavi_outbox_message_move_uniq"),
            ({"external_id": first.external_id}, "kavi_outbox_message_external_uniq"),
            ({"number": first.number}, "kavi_outbox_message_number_uniq"),
        ):
            with (
                self.subTest(index=index),
                mute_logger("odoo.sql_db"),
                self.assertRaises(Exception) as caught,
                self.env.cr.savepoint(),
            ):
                second.write(vals)
                self.env.flush_all()
            self.assertIn(index, str(caught.exception))
        self.issued()
        busy = lambda records, **kwargs: records.browse()  # noqa: E731
        with patch.object(type(outbox), "try_lock_for_update", busy):
            self.assertEqual(outbox._number_messages(), 0)
        self.assertEqual(outbox._number_messages(), 1)
        self.assertEqual(outbox._number_messages(), 0)
        self.assertEqual(self.messages().mapped("number"), [1, 2, 3])

    def test_failure_20_back_off(self):
        """Tried again later and later, then left to a person; others go on."""
        with self.at("2026-03-01 00:00:00"):
            bad, __ = self.issued(), self.issued()
        bad = self.messages()[0]
        receiver = Receiver(500)
        self.run_cron(receiver)
        self.assertEqual(len(self.messages("sent")), 1)
        for day in range(2, 2 + len(RETRY_DELAYS)):
            self.assertEqual(bad.state, "waiting")
            self.run_cron(Receiver(302), f"2026-03-{day:02} 05:00:00")
            bad.invalidate_recordset()
        self.assertEqual((bad.state, bad.error), ("failed", "HTTP 302"))
        self.assertFalse(self.run_cron(Receiver(), "2026-04-01 05:00:00").posts)
        with self.at("2026-04-01 05:00:00"):
            bad.with_env(self.outbox.env).action_retry()
        self.assertEqual(
            self.run_cron(Receiver(), "2026-04-01 05:00:00").ids, [bad.external_id]
        )

    def test_unreachable(self):
        """Who does not answer is not asked for each message of the night."""
        with self.at("2026-03-01 00:00:00"):
            self.issued(), self.issued(), self.issued()
        receiver = self.run_cron(Receiver(requests.ConnectTimeout()))
        self.assertEqual(len(receiver.posts), 1)
        self.assertEqual(self.messages().mapped("tries"), [1, 0, 0])

    def test_failure_20_taken_back(self):
        """What is taken back before anybody heard of it is not told; and told, if it
        is posted again."""
        with self.at("2026-03-01 00:00:00"):
            bill = self.issued()
        self.invoice(bill).button_draft()
        self.assertFalse(self.run_cron(Receiver()).posts)
        self.assertEqual(self.messages().state, "void")
        self.invoice(bill).action_post()
        self.assertEqual(len(self.run_cron(Receiver()).posts), 1)
        self.invoice(bill).button_draft()
        self.invoice(bill).action_post()
        self.assertFalse(self.run_cron(Receiver()).posts, "each message once")

    def test_no_secrets(self):
        """Neither fields nor logs show what opens or signs."""
        with self.at("2026-03-01 00:00:00"):
            self.issued()
        key = self.shown(self.outbox.action_new_key())
        with self.assertLogs("odoo.addons.kavi_billing", "DEBUG") as logs:
            logging = __import__("logging").getLogger("odoo.addons.kavi_billing.x")
            logging.info("something, for assertLogs wants it")
            self.run_cron(Receiver(requests.ConnectionError(URL + key)))
        for text in (key, self.secret):
            self.assertNotIn(text, "\n".join(logs.output))
            self.assertNotIn(text, self.messages().error)
            self.assertNotEqual(self.outbox.sudo().key_digest, text)
        for name in ("secret", "key_digest"):
            for role in ("administrator", "officer"):
                with self.assertRaises(AccessError):
                    self.rpc(role, "kavi.outbox", "read", self.outbox.ids, [name])
            with self.assertRaises(AccessError):
                self.rpc(
                    "administrator",
                    "kavi.outbox",
                    "write",
                    self.outbox.ids,
                    {name: "mine"},
                )

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_access(self):
        """Administrators only; messages are written by nobody."""
        self.issued()
        message = self.messages()
        for role in ("user", "officer", "accountant"):
            for model, ids in (
                ("kavi.outbox", self.outbox.ids),
                ("kavi.outbox.message", message.ids),
            ):
                with self.assertRaises(AccessError):
                    self.rpc(role, model, "read", ids, ["display_name"])
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.outbox", "action_new_key", self.outbox.ids)
            with self.assertRaises(AccessError):
                self.rpc(role, "kavi.outbox.message", "action_retry", message.ids)
        for method, args in (("write", [{"state": "sent"}]), ("unlink", [])):
            with self.assertRaises(AccessError):
                self.rpc(
                    "administrator", "kavi.outbox.message", method, message.ids, *args
                )

    def test_bad_input_addresses(self):
        """Names and amounts leave the house by TLS only, and without passwords."""
        for url in (
            "http://books.example",
            "ftp://books.example",
            "books.example",
            "https://",
            "https://me:hush@books.example",
            "file:///etc/passwd",
            "http://localhost:8000/in",
            "https://[::1",
            "https://books.example:port",
        ):
            with self.subTest(url=url), self.refused(error=ValidationError):
                self.outbox.url = url
        self.env["ir.config_parameter"].sudo().set_param(HOSTS_PARAM, "localhost:8000")
        self.outbox.url = "http://localhost:8000/in"

    def test_without_an_outbox(self):
        """Companies that want none pay for none."""
        self.outbox.active = False
        self.issued()
        self.assertFalse(self.messages())


@tagged("post_install", "-at_install")
class TestFetch(OutboxCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = cls.outbox.action_new_key()["params"]["message"].split()[0]

    def fetch(self, key=None, outbox=None, **params):
        self.env.flush_all()
        answer = self.url_open(
            f"/kavi_billing/outbox/{(outbox or self.outbox).id}",
            headers={"Authorization": f"Bearer {self.key if key is None else key}"},
            params=params,
        )
        return answer

    def url_open(self, url, headers=None, params=None, **kwargs):
        if params:
            url += "?" + "&".join(f"{name}={value}" for name, value in params.items())
        return super().url_open(url, headers=headers, **kwargs)

    def test_failure_20_paging(self):
        """By number: page after page, the same answer to the same question."""
        for __ in range(5):
            self.issued()
        seen, after, more = [], 0, True
        while more:
            page = self.fetch(after=after, limit=2).json()
            self.assertEqual(page, self.fetch(after=after, limit=2).json())
            seen += page["messages"]
            after, more = seen[-1]["sequence"], page["more"]
        self.assertEqual([message["sequence"] for message in seen], [1, 2, 3, 4, 5])
        self.assertEqual(len({message["id"] for message in seen}), 5)
        self.assertFalse(self.fetch(after=after).json()["messages"])
        self.pay(self.issued(20.0))
        new = self.fetch(after=after).json()["messages"]
        self.assertEqual([message["kind"] for message in new], ["invoice", "payment"])
        self.assertEqual(new[1]["applied"][0]["id"], new[0]["id"])

    def test_purge(self):
        """What was delivered long ago keeps its id and loses its content; who asks for
        it learns where to go on, and what was not delivered stays."""
        purge = self.env["kavi.outbox.message"].sudo()._cron_purge
        with self.at("2026-03-01 00:00:00"), patch(PROGRESS, return_value=1):
            for __ in range(3):
                self.issued()
            self.fetch()
            self.assertEqual(self.messages().mapped("state"), ["waiting"] * 3)
            self.fetch(after=2)  # so it has the first two
            self.assertEqual(
                self.messages().mapped("state"), ["sent", "sent", "waiting"]
            )
            self.assertEqual(self.outbox.fetched_number, 2)
            self.fetch(after=99)  # nobody has what was never sent
            self.assertEqual(self.outbox.fetched_number, 2)
            ids = self.messages().mapped("external_id")
            self.env.cr.execute(
                "UPDATE kavi_outbox_message SET write_date = '2026-03-01'"
            )
        for day, count in (("2026-05-01", 0), ("2026-07-01", 2)):
            with self.at(day), patch(PROGRESS, return_value=1):
                purge()
                self.assertEqual(len(self.messages().filtered("is_purged")), count)
        purged = self.messages().filtered("is_purged")
        self.assertFalse(any(purged.mapped("payload")))
        self.assertEqual(self.messages().mapped("external_id"), ids)
        answer = self.fetch(after=1)
        self.assertEqual((answer.status_code, answer.json()["after"]), (410, 2))
        page = self.fetch(after=2).json()
        self.assertEqual([message["id"] for message in page["messages"]], ids[2:])

    def test_access_keys(self):
        """Its own key opens an outbox, nothing else; all refusals look alike."""
        self.issued()
        other = self._new_company("Elsewhere")
        theirs = self.env["kavi.outbox"].create(
            {"name": "Theirs", "company_id": other.id}
        )
        refusals = {
            (answer.status_code, answer.text)
            for answer in (
                self.fetch(key=""),
                self.fetch(key="wrong"),
                self.fetch(key=self.outbox.sudo().key_digest),
                self.fetch(outbox=theirs),
                self.fetch(outbox=theirs, key=""),
                self.fetch(outbox=self.env["kavi.outbox"].browse(999999)),
            )
        }
        self.assertEqual(len(refusals), 1)
        self.assertEqual(refusals.pop()[0], 401)
        self.assertEqual(self.fetch().status_code, 200)
        old, self.key = self.key, self.shown(self.outbox.action_new_key())
        self.assertEqual(self.fetch(key=old).status_code, 401)
        self.assertEqual(self.fetch().status_code, 200)
        self.outbox.active = False
        self.assertEqual(self.fetch().status_code, 401)

    def test_bad_input_pages(self):
        for params in (
            {"after": "x"},
            {"after": -1},
            {"after": 2**40},
            {"limit": 0},
            {"limit": 10**6},
            {"limit": "1;drop"},
        ):
            with self.subTest(params=params):
                self.assertEqual(self.fetch(**params).status_code, 400)
