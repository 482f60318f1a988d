"""What is an outage of the database, and what is only a request that failed."""

from contextlib import ExitStack
from unittest.mock import Mock, patch

import psycopg2
from psycopg2 import errors
from werkzeug.exceptions import ServiceUnavailable

from odoo import http
from odoo.exceptions import UserError
from odoo.service import server
from odoo.tests import BaseCase, HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.kavi_billing import hooks
from odoo.addons.kavi_billing.tools import outage

LINE = psycopg2.OperationalError("server closed the connection unexpectedly")


def caused_by(error, cause):
    error.__cause__ = cause
    return error


@tagged("post_install", "-at_install")
class TestOutage(BaseCase):
    def test_table_walk_what_is_an_outage(self):
        for error, expected in (
            (LINE, True),
            (errors.AdminShutdown(), True),
            (errors.CannotConnectNow(), True),
            (errors.TooManyConnections(), True),
            (psycopg2.InterfaceError("connection already closed"), True),
            (caused_by(RuntimeError("page"), LINE), True),
            # somebody else was in the way, or a mistake of ours
            (errors.SerializationFailure(), False),
            (errors.LockNotAvailable(), False),
            (errors.QueryCanceled(), False),
            (psycopg2.InterfaceError("Cursor already closed"), False),
            (psycopg2.IntegrityError(), False),
            (UserError("no"), False),
        ):
            with self.subTest(error=error):
                self.assertIs(outage.is_cut(error), expected)

    @mute_logger("odoo.addons.kavi_billing.tools.outage")
    def test_a_database_that_is_gone_is_none(self):
        """Odoo knows what to say of it, as long as the server is there; and a server
        that has just come back is asked once more."""
        gone = caused_by(http.RegistryError("x"), LINE)
        for lost, answers, expected in (
            (None, [gone, gone], http.RegistryError),
            (None, [gone, "page"], "page"),
            (LINE, [gone, "page"], ServiceUnavailable),
            (None, [http.RegistryError("y"), "page"], http.RegistryError),
        ):
            # one answer after the other, raised where it is an error
            serve = Mock(side_effect=answers)
            with self.subTest(lost=lost, answers=answers), self.server(lost):
                if expected == "page":
                    self.assertEqual(outage.serve_db(serve, None), "page")
                    continue
                with self.assertRaises(expected):
                    outage.serve_db(serve, None)

    def server(self, lost):
        """The database server, which is there, or cannot be reached."""
        return patch.object(outage.sql_db, "db_connect", side_effect=lost)

    @mute_logger("odoo.addons.kavi_billing.tools.outage")
    def test_who_has_no_session_yet(self):
        """Odoo finds no database for them when it cannot list any."""
        for path, lost, expected in (
            ("/my/bills/1", None, "served"),
            ("/web/health", LINE, "served"),
        ):
            asked = Mock(httprequest=Mock(path=path))
            with self.subTest(path=path), self.server(lost):
                found = outage.serve_nodb(lambda request: "served", asked)
                self.assertEqual(found, expected)
        asked = Mock(httprequest=Mock(path="/my/bills/1"))
        with self.server(LINE), self.assertRaises(ServiceUnavailable):
            outage.serve_nodb(lambda request: "served", asked)

    @mute_logger("odoo.addons.kavi_billing.tools.outage")
    def test_the_answer_is_a_sentence(self):
        answer = outage.outage(LINE).error_response
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.headers["Retry-After"], str(outage.RETRY_AFTER))
        self.assertIn("try again in a minute", answer.get_data(as_text=True))
        self.assertNotIn("server closed", answer.get_data(as_text=True))

    def test_it_holds_for_the_whole_process(self):
        """A second time changes nothing."""

        def original(one):
            return "done"

        places = [(http.Request, "_serve_db"), (http.Request, "_serve_nodb")]
        places.append((server.PreforkServer, "process_spawn"))
        with ExitStack() as stack:
            for place in places:
                stack.enter_context(patch.object(*place, original))
            hooks.post_load()
            patched = [getattr(*place) for place in places]
            hooks.post_load()
            for place, now in zip(places, patched, strict=True):
                with self.subTest(place=place):
                    self.assertIs(now.kavi_original, original)
                    self.assertIs(getattr(*place), now)

    @mute_logger("odoo.addons.kavi_billing.tools.outage")
    def test_the_parent_of_workers_waits(self):
        def spawn(parent):
            raise parent

        with patch.object(server.PreforkServer, "process_spawn", spawn):
            outage.outlive_outages()
            server.PreforkServer.process_spawn(LINE)
            with self.assertRaises(ValueError):  # what is no outage ends it, as before
                server.PreforkServer.process_spawn(ValueError())


@tagged("post_install", "-at_install")
class TestOutageServed(HttpCase):
    @mute_logger("odoo.addons.kavi_billing.tools.outage", "odoo.addons.base")
    @mute_logger("odoo.http")
    def test_while_it_is_asked_who_calls(self):
        """The line is cut in the first question of a request: no wrong password."""
        for name in ("_serve_db", "_serve_nodb"):  # this process is no server's
            place = patch.object(http.Request, name, getattr(http.Request, name))
            self.startPatcher(place)
        outage.answer_outages()
        self.authenticate("admin", "admin")
        for error, code in ((LINE, 503), (errors.AdminShutdown(), 503)):
            for path in ("/web/dataset/call_kw", "/my"):
                with self.subTest(error=error, path=path), self.asked(error):
                    answer = self.ask(path)
                    self.assertEqual(answer.status_code, code)
                    self.assertIn("try again in a minute", answer.text)
        with self.asked(ValueError()):  # what else fails there is Odoo's affair
            self.assertIn("Access Denied", self.ask("/web/dataset/call_kw").text)
        answer = self.ask("/web/dataset/call_kw")
        self.assertEqual(answer.json()["result"], 1, "they are still logged in")

    def asked(self, error):
        return patch(
            "odoo.addons.base.models.ir_http.security.check_session", side_effect=error
        )

    def ask(self, path):
        if path == "/my":
            return self.url_open(path)
        params = {
            "model": "res.users",
            "method": "search_count",
            "args": [[("login", "=", "admin")]],
            "kwargs": {},
        }
        return self.url_open(path, json={"params": params})
