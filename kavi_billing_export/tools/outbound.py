"""A request to an address that a person typed. Plain Python, no ORM.

The server reaches more than whoever types addresses does: its own ports, its network,
the metadata of its cloud. So a name is resolved once, every address it has is looked
at, and that address is connected to: a name that changes between the look and the
connection changes nothing. TLS still checks the name. Redirects are not followed, no
byte of an answer's body is read, and all of it ends at one moment, however slowly the
other side speaks.
"""

import ipaddress
import re
import socket
import threading
import time
from contextlib import suppress
from functools import partial

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

# Seconds for the whole of a request; to connect to one address of it.
DEADLINE, CONNECT = 20, 5
# IPv6 addresses that a router turns into the IPv4 address at their end.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """The address is one that only the server reaches.

    No ``OSError``: urllib3 would take it for a broken connection.
    """


def parse_hosts(text):
    """The places that are allowed all the same: ``host`` or ``host:port``, with commas
    or spaces between them.

    :rtype: frozenset
    """
    return frozenset(re.findall(r"[^\s,]+", (text or "").lower()))


def is_allowed(host, port, allowed):
    """Whether a place was allowed by name, with or without its port."""
    host = host.lower()
    return host in allowed or f"{host}:{port}" in allowed


def is_public(address):
    """Whether anybody on the Internet reaches an address as this server does.

    :param str address: as the system resolved it, so never "0x7f.1" or "2130706433"
    """
    try:
        place = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if place.version == 6:
        inner = place.ipv4_mapped or place.sixtofour
        if place in _NAT64:
            inner = ipaddress.ip_address(int(place) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
        if place.is_site_local:
            return False
    special = place.is_multicast or place.is_reserved or place.is_unspecified
    return place.is_global and not special and not _is_own(place)


def _is_own(place):
    """Whether an address is one of this machine's: what listens there may be behind a
    firewall for everybody else."""
    family = socket.AF_INET6 if place.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(place), 0))  # no packet is sent
    except OSError:
        return False
    return True


def post(url, data, headers, *, allowed=frozenset(), deadline=DEADLINE):
    """Post, and hear the status.

    :param str url: http or https
    :param bytes data: the body
    :param frozenset allowed: see :func:`parse_hosts`
    :param deadline: seconds for all of it
    :return: the HTTP status; nothing else of the answer
    :raise ForbiddenAddress: when it is not asked at all
    :raise requests.RequestException: when there is no answer in time
    """
    with _Guard(allowed, deadline) as guard, requests.Session() as session:
        # no proxy, no passwords of the machine
        session.trust_env = False
        session.mount("http://", _GuardedAdapter(guard))
        session.mount("https://", _GuardedAdapter(guard))
        try:
            with session.post(
                url,
                data=data,
                headers=headers,
                timeout=deadline,
                allow_redirects=False,
                stream=True,
            ) as answer:
                if guard.is_over():
                    raise requests.Timeout
                return answer.status_code
        except requests.RequestException:
            raise
        except (ValueError, OSError, HTTPError) as error:
            # what the libraries raise of odd addresses and broken answers
            raise requests.RequestException(type(error).__name__) from error


class _Guard:
    """Connects to what is allowed, and cuts all connections when the time is over.

    A time-out of a socket begins anew with each byte, so it holds nobody who sends one
    now and then.
    """

    def __init__(self, allowed, deadline):
        self._allowed = allowed
        self._ends = time.monotonic() + deadline
        self._handles = []
        self._timer = threading.Timer(deadline, self._cut)
        self._timer.daemon = True

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *args):
        self._timer.cancel()
        for handle in self._handles:
            handle.close()

    def is_over(self):
        return self._ends <= time.monotonic()

    def _cut(self):
        for handle in self._handles:
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

    def connect(self, connection, host):
        """:return: a socket, connected to an address that was looked at"""
        # sockets know nothing of the brackets of IPv6 addresses
        host, port = host.strip("[]"), connection.port
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys((family, place) for family, *__, place in found)
        if not is_allowed(host, port, self._allowed):
            if not all(is_public(place[0]) for __, place in addresses):
                raise ForbiddenAddress(host)
        error = OSError("no address")
        for family, place in addresses:
            left = self._ends - time.monotonic()
            if left <= 0:
                break
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(min(CONNECT, left))
                sock.connect(place)
            except OSError as failure:
                sock.close()
                error = failure
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # a handle of its own: TLS takes the socket away from whoever had it
            self._handles.append(sock.dup())
            if self.is_over():
                self._cut()
            return sock
        raise NewConnectionError(connection, type(error).__name__) from error


class _GuardedConnection(HTTPConnection):
    def __init__(self, *args, guard, **kwargs):
        super().__init__(*args, **kwargs)
        self._guard = guard

    def _new_conn(self):
        return self._guard.connect(self, self._dns_host)


class _GuardedTlsConnection(_GuardedConnection, HTTPSConnection):
    pass


class _GuardedAdapter(HTTPAdapter):
    """As urllib3's own ``contrib.socks`` does it: only how sockets are made differs."""

    def __init__(self, guard):
        self._guard = guard
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        self.poolmanager = PoolManager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(self._make_pool, HTTPConnectionPool, _GuardedConnection),
            "https": partial(
                self._make_pool, HTTPSConnectionPool, _GuardedTlsConnection
            ),
        }

    def _make_pool(self, pool_class, connection_class, *args, **kwargs):
        pool = pool_class(*args, **kwargs)
        pool.ConnectionCls = partial(connection_class, guard=self._guard)
        return pool
