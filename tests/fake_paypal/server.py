"""The HTTP side: reads a request, gives it to the API, the pages or the control."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import control, pages
from .call import Call


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "FakePayPal"
    disable_nagle_algorithm = True

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        call = Call(self.command, self.path, self.headers, raw)
        fake = self.server.fake
        if call.path.startswith("/_control"):
            answer = control.answer(fake, call)
        elif call.path in pages.PATHS:
            answer = pages.answer(fake, call)
        else:
            answer = fake.exchanges.answer(call)
        if answer.delay:
            self.server.stopped.wait(answer.delay)
        if answer.drop:
            self._drop()
        else:
            self._send(answer)

    do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = do_OPTIONS = handle_any

    def _drop(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was faster

    def _send(self, answer):
        raw = answer.raw
        headers = {"Content-Type": "application/json", **answer.headers}
        try:
            self.send_response(answer.status)
            for name, value in headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            if answer.status != 204:
                self.wfile.write(raw)
        except OSError:
            self.close_connection = True  # nobody waits for a late answer any more

    def log_message(self, format, *args):
        if self.server.fake.log:
            self.server.fake.log(format % args)


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A connection that the client broke off is no news."""


class Server:
    def __init__(self, fake, port):
        self._http = _HTTPServer(("127.0.0.1", port), Handler)
        self._http.fake = fake
        self._http.stopped = threading.Event()
        self._thread = None
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self):
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def stop(self):
        self._http.stopped.set()
        if self._thread:
            self._http.shutdown()
            self._thread.join(timeout=5)
        self._http.server_close()
