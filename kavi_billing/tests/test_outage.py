"""What is an outage of the database, and what is only a request that failed."""

from unittest.mock import patch

import psycopg2
from psycopg2 import errors
from werkzeug.exceptions import ServiceUnavailable

from odoo import http
from odoo.exceptions import UserError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

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

    def test_it_answers_for_the_whole_process(self):
        served = http.Request._serve_db
        self.assertTrue(served.kavi_original)
        outage.answer_outages()  # a second time changes nothing
        self.assertIs(http.Request._serve_db, served)
