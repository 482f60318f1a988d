"""A server on this machine that takes what is posted to it: an accounting program, or
who hears of PayPal's events."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Who broke off is no news."""


class Receiver:
    """
    :ivar got: what came, as (body, headers)
    :ivar statuses: what it answers next; 200 when there is none
    :ivar instead: what it does once, without an answer
    """

    def __init__(self):
        self.got, self.statuses, self.instead = [], [], None
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def __enter__(self):
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((raw, dict(self.headers)))
                instead, receiver.instead = receiver.instead, None
                if instead:
                    instead()
                    return
                statuses = receiver.statuses
                self.send_response(statuses.pop(0) if statuses else 200)
                self.end_headers()

            def log_message(self, format, *args):  # noqa: A002
                pass

        return Handler
