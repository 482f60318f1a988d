"""A port of this machine that answers as a test wants, and notes who came."""

import re
import socket
import threading
import time
from contextlib import suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Listener:
    """
    :ivar int port:
    :ivar list requests: what came, bytes; empty for who only connected
    :ivar int sent: bytes of the answers
    """

    def __init__(self, answer=OK, drip=0, tls=None):
        """
        :param answer: bytes, or an iterable of bytes that may have no end
        :param drip: seconds before each piece of an answer that is an iterable
        :param tls: an ``ssl.SSLContext``
        """
        self._answer, self._drip, self._tls = answer, drip, tls
        self.requests, self.sent = [], 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self._socket.close()

    def _listen(self):
        with suppress(OSError):
            while True:
                connection, __ = self._socket.accept()
                threading.Thread(
                    target=self._talk, args=(connection,), daemon=True
                ).start()

    def _talk(self, connection):
        with suppress(OSError), connection:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                connection.settimeout(10)
                self.requests.append(self._read(connection))
                if isinstance(self._answer, bytes):
                    connection.sendall(self._answer)
                    return
                for piece in self._answer:
                    time.sleep(self._drip)
                    connection.sendall(piece)
                    self.sent += len(piece)

    @staticmethod
    def _read(connection):
        """A whole request: who answers before has closed on the rest of it."""
        content = connection.recv(65536)
        head, __, body = content.partition(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: *([0-9]+)", head)
        left = int(found[1]) - len(body) if found else 0
        while left > 0 and (piece := connection.recv(65536)):
            content, left = content + piece, left - len(piece)
        return content
