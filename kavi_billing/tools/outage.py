"""What people are told while the database cannot be reached, and that the server is
still there when it is back.

Odoo serves a site whose database is gone as one without any: a payer who comes back
from paying reads that the page does not exist, and whoever was logged in is logged out.
Here it is 503 and a sentence: programs try again, Odoo's client says that it has lost
the connection, and all go on when it is back.

Odoo's parent of several workers ends, and the site with it, when one of them has to be
replaced at such a moment. Here it waits for the database.
"""

import functools
import logging

import psycopg2
from psycopg2 import errors
from werkzeug.exceptions import ServiceUnavailable

from odoo import http, sql_db
from odoo.service import server

_logger = logging.getLogger(__name__)

# Seconds until a machine should try again.
RETRY_AFTER = 30
SENTENCE = (
    "The database cannot be reached at the moment. Please try again in a minute. If "
    "you were just paying or saving something, look first whether it was done."
)
# What looks after the server asks whether the server itself is there.
WITHOUT_DATABASE = ("/web/health",)
# The server goes down or comes up, or takes no more connections.
CUT = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.TooManyConnections,
)


def answer_outages():
    """Have each request answered so: once, for the whole process."""
    replace(http.Request, "_serve_db", serve_db)
    replace(http.Request, "_serve_nodb", serve_nodb)


def replace(owner, name, instead):
    """Have ``instead(original, record)`` called for a method; a second time changes
    nothing."""
    original = getattr(owner, name)
    if hasattr(original, "kavi_original"):
        return

    @functools.wraps(original)
    def method(record):
        return instead(original, record)

    method.kavi_original = original
    setattr(owner, name, method)


def serve_db(serve, request):
    try:
        return serve(request)
    except http.RegistryError as error:
        # nothing was served yet
        if not is_cut(error):
            raise
        check_server()
    except Exception as error:
        if not is_cut(error):
            raise
        raise outage(error) from error
    # it has just come back; or it is this database that is gone, and Odoo says so
    return serve(request)


def serve_nodb(serve, request):
    # who has no session yet is served so, too, when databases cannot be listed
    if request.httprequest.path not in WITHOUT_DATABASE:
        check_server()
    return serve(request)


def outlive_outages():
    """Have the parent of the workers wait for the database: once, for its process."""
    replace(server.PreforkServer, "process_spawn", process_spawn)


def process_spawn(spawn, parent):
    try:
        return spawn(parent)
    except psycopg2.OperationalError as error:
        # it looks again in some seconds
        _logger.warning("No worker can be started: %s", first_line(error))


def is_cut(error):
    """Whether the line to the database server was cut, or never came about."""
    seen = set()
    while error and error not in seen:
        seen.add(error)
        # without a code it is the line's own error, and no answer of the server
        is_line = type(error) is psycopg2.OperationalError and not error.pgcode
        if is_line or isinstance(error, CUT):
            return True
        if isinstance(error, psycopg2.InterfaceError):
            if "connection already closed" in str(error):
                return True
        error = error.__cause__ or error.__context__
    return False


def check_server():
    """:raise ServiceUnavailable: when the database server cannot be reached"""
    try:
        with sql_db.db_connect("postgres").cursor():
            pass
    except psycopg2.OperationalError as error:
        raise outage(error) from error


def outage(error):
    """The answer, whatever kind of request it was."""
    reason = first_line(error.__cause__ or error)
    _logger.warning("The database cannot be reached: %s", reason)
    answer = ServiceUnavailable(SENTENCE, retry_after=RETRY_AFTER)
    answer.error_response = answer.get_response()
    answer.error_response.headers["Cache-Control"] = "no-store"
    return answer


def first_line(error):
    return str(error).strip().partition("\n")[0]
