"""One HTTP request within bounds: of seconds for all of it, and of bytes of its answer.

A time-out of a socket begins anew with each byte, so it holds nobody who sends one now
and then: here all connections are cut at one moment. And an answer that does not end is
not read to its end.
"""

import socket
import threading
from contextlib import suppress
from functools import partial

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

# Bytes. PayPal's longest answers are pages of reports: 500 rows of a thousand or two.
MAX_ANSWER = 2 * 2**20
# Seconds for the whole of a request, where nobody waits for less.
DEADLINE = 60
_PIECE = 16 * 1024


class TooLong(requests.RequestException):
    """An answer that is too long."""


def ask(method, url, *, seconds, timeout, headers, **request):
    """Make a request, and read its answer.

    :param seconds: for all of it
    :param timeout: seconds for connecting, and for each wait for bytes
    :return: the ``Response`` and the bytes of its body
    :raise requests.Timeout: when the time is over
    :raise requests.RequestException: when there is no answer, or none that can be read
    """
    # nothing is unpacked: it would be more than was read
    headers = {**headers, "Accept-Encoding": "identity"}
    with _Deadline(seconds) as deadline, requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(deadline))
        try:
            with session.request(
                method,
                url,
                headers=headers,
                timeout=min(timeout, seconds),
                allow_redirects=False,
                stream=True,
                **request,
            ) as response:
                content = _read(response)
            deadline.check()
        except (HTTPError, OSError, ValueError) as error:
            deadline.check()
            if isinstance(error, requests.RequestException):
                raise
            raise requests.ConnectionError(type(error).__name__) from error
        return response, content


def _read(response):
    content = bytearray()
    while piece := response.raw.read(_PIECE, decode_content=False):
        content += piece
        if len(content) > MAX_ANSWER:
            raise TooLong
    return bytes(content)


class _Deadline:
    """Cuts all connections when the time is over."""

    def __init__(self, seconds):
        self._is_over, self._handles = False, []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *args):
        self._timer.cancel()
        for handle in self._handles:
            handle.close()

    def check(self):
        if self._is_over:
            raise requests.Timeout

    def watch(self, sock):
        # a handle of its own: TLS takes the socket away from whoever had it
        self._handles.append(sock.dup())
        if self._is_over:
            self._cut()
        return sock

    def _cut(self):
        self._is_over = True
        for handle in self._handles:
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    def __init__(self, *args, deadline, **kwargs):
        super().__init__(*args, **kwargs)
        self._deadline = deadline

    def _new_conn(self):
        return self._deadline.watch(super()._new_conn())


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """As urllib3's own ``contrib.socks`` does it: only how sockets are made differs."""

    def __init__(self, deadline):
        self._pools = {
            "http": partial(_make_pool, HTTPConnectionPool, _Connection, deadline),
            "https": partial(_make_pool, HTTPSConnectionPool, _TlsConnection, deadline),
        }
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        result = super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools
        return result

    def proxy_manager_for(self, *args, **kwargs):
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _make_pool(pool_class, connection_class, deadline, *args, **kwargs):
    pool = pool_class(*args, **kwargs)
    pool.ConnectionCls = partial(connection_class, deadline=deadline)
    return pool
