"""What is an outage of the database, and what is only a request that failed."""

from unittest.mock import patch

import psycopg2
from psycopg2 import errors
from werkzeug.exceptions import ServiceUnavailable

from odoo import http
from odoo.exceptions import UserError
from odoo.service import server
from odoo.tests import BaseCase, tagged
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
        for there, answers, expected in (
            (True, [gone, gone], http.RegistryError),
            (True, [gone, "page"], "page"),
            (False, [gone, "page"], ServiceUnavailable),
            (True, [http.RegistryError("y"), "page"], http.RegistryError),
        ):

            def serve(request, answers=answers):
                answer = answers.pop(0)
                if isinstance(answer, Exception):
                    raise answer
                return answer

            with (
                self.subTest(there=there, answers=answers),
                patch.object(http.Request, "_serve_db", serve),
                patch.object(outage, "is_server_there", return_value=there),
            ):
                outage.answer_outages()
                if expected == "page":
                    self.assertEqual(http.Request._serve_db(None), "page")
                    continue
                with self.assertRaises(expected):
                    http.Request._serve_db(None)

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

        places = (http.Request, "_serve_db"), (server.PreforkServer, "process_spawn")
        with patch.object(*places[0], original), patch.object(*places[1], original):
            hooks.post_load()
            patched = [getattr(*place) for place in places]
            hooks.post_load()
            for place, now in zip(places, patched, strict=True):
                with self.subTest(place=place):
                    self.assertIs(now.kavi_original, original)
                    self.assertIs(getattr(*place), now)
                    self.assertEqual(now(None), "done")

    @mute_logger("odoo.addons.kavi_billing.tools.outage")
    def test_the_parent_of_workers_waits(self):
        def spawn(parent):
            raise parent

        with patch.object(server.PreforkServer, "process_spawn", spawn):
            outage.outlive_outages()
            server.PreforkServer.process_spawn(LINE)
            with self.assertRaises(ValueError):  # what is no outage ends it, as before
                server.PreforkServer.process_spawn(ValueError())
