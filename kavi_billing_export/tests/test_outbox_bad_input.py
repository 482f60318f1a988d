"""bad_input: addresses that only the server reaches, and receivers that do harm."""

import datetime
import ipaddress
import itertools
import json
import socket
import ssl
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from odoo.tests import TransactionCase, tagged
from odoo.tests.common import _super_send
from odoo.tools import mute_logger

from odoo.addons.kavi_billing.tests.listener import OK, Listener

from ..models.kavi_outbox import HOSTS_PARAM
from ..tools import outbound
from .test_outbox import CRON_LOG, OutboxCommon

PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8")
# RFC 6890 and its registries: what is no address of the Internet.
FORBIDDEN = (
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1"),
    *("fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::1", "x"),
)
# One port, as somebody could write it who wants to pass a look at the text.
SPELLINGS = (
    *("127.0.0.1", "localhost", "LOCALHOST", "127.1", "0", "0.0.0.0", "2130706433"),
    *("0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "[::1]", "[::]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.0.0.2", "a:b@127.0.0.1"),
)


def resolving(*answers):
    """Names resolve to these addresses, one list after the other."""
    answers = list(answers)
    return patch.object(
        socket,
        "getaddrinfo",
        side_effect=lambda host, port, *args, **kwargs: [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in answers.pop(0)
        ],
    )


def tls_server(name, folder):
    """:return: an SSL context of a server, and the file that trusts its certificate"""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    trusted = Path(folder, f"{name}.pem")
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    both = Path(folder, f"{name}.key")
    both.write_bytes(secret + trusted.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, str(trusted)


class ReallySent:
    """Odoo's tests block requests before ours sees them; here ours has to."""

    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        return _super_send(session, request, **kwargs)


@tagged("post_install", "-at_install")
class TestOutbound(ReallySent, TransactionCase):
    def post(self, url, **options):
        return outbound.post(url, b"{}", {}, **options)

    def test_bad_input_ranges(self):
        for address in PUBLIC:
            self.assertTrue(outbound.is_public(address), address)
        for address in FORBIDDEN:
            self.assertFalse(outbound.is_public(address), address)

    def test_bad_input_own_address(self):
        """What listens on the machine's own address in the Internet may be behind a
        firewall: it is none that others reach."""
        with patch.object(outbound, "_is_own", return_value=True):
            self.assertFalse(outbound.is_public(PUBLIC[0]))
        self.assertTrue(outbound._is_own(ipaddress.ip_address("127.0.0.1")))
        self.assertFalse(outbound._is_own(ipaddress.ip_address(PUBLIC[0])))

    def test_bad_input_spellings(self):
        """However the port is written, nobody comes there."""
        with Listener() as listener:
            for scheme, host in itertools.product(("http", "https"), SPELLINGS):
                url = f"{scheme}://{host}:{listener.port}/"
                # a name that nobody knows is as good
                unheard = suppress(outbound.ForbiddenAddress, requests.RequestException)
                with self.subTest(url=url), unheard:
                    self.assertFalse(self.post(url))
            self.assertFalse(listener.requests)
            # the listener can be reached, if that is wanted
            url = f"http://127.0.0.1:{listener.port}/"
            self.assertEqual(self.post(url, allowed={"127.0.0.1"}), 200)
            self.assertEqual(len(listener.requests), 1)
            other_port = {f"127.0.0.1:{listener.port + 1}"}
            with self.assertRaises(outbound.ForbiddenAddress):
                self.post(url, allowed=other_port)

    def test_bad_input_one_of_several_addresses(self):
        for addresses in ([PUBLIC[0], "127.0.0.1"], ["10.0.0.1", PUBLIC[0]]):
            with resolving(addresses), self.assertRaises(outbound.ForbiddenAddress):
                self.post("https://books.example/")

    def test_bad_input_rebinding(self):
        """A name that is another address at the second look is looked at once, and
        that address is connected to."""
        connected = []

        def connect(sock, place):
            connected.append(place[0])
            raise ConnectionRefusedError

        with (
            resolving(PUBLIC[:1], ["127.0.0.1"]) as resolved,
            patch.object(socket.socket, "connect", connect),
            self.assertRaises(requests.RequestException),
        ):
            self.post("https://books.example/")
        self.assertEqual(resolved.call_count, 1)
        self.assertEqual(connected, [PUBLIC[0]])

    def test_bad_input_tls_name(self):
        """The address is pinned, and the certificate is still that of the name."""
        with tempfile.TemporaryDirectory() as folder:
            context, trusted = tls_server("books.example", folder)
            with (
                Listener(tls=context) as listener,
                patch.object(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", trusted),
            ):
                url = f"https://books.example:{listener.port}/"
                with resolving(["127.0.0.1"]):
                    self.assertEqual(self.post(url, allowed={"books.example"}), 200)
                self.assertIn(b"Host: books.example", listener.requests[0])
                url = f"https://other.example:{listener.port}/"
                with (
                    resolving(["127.0.0.1"]),
                    self.assertRaises(requests.exceptions.SSLError),
                ):
                    self.post(url, allowed={"other.example"})

    def test_bad_input_drip(self):
        """A byte now and then holds nobody: the whole of it has one end."""
        headers = itertools.chain([b"HTTP/1.1 200 OK\r\nX: "], itertools.repeat(b"x"))
        status = itertools.repeat(b"H")
        hello = itertools.chain([b"\x16\x03\x03\x3f\xff\x02"], itertools.repeat(b"x"))
        for scheme, answer in (("http", headers), ("http", status), ("https", hello)):
            with Listener(answer, drip=0.1) as listener:
                started = time.monotonic()
                with self.assertRaises(requests.RequestException):
                    self.post(
                        f"{scheme}://127.0.0.1:{listener.port}/",
                        allowed={"127.0.0.1"},
                        deadline=1.5,
                    )
                self.assertLess(time.monotonic() - started, 4)
                self.assertGreater(listener.sent, 5, "it did drip")

    def test_bad_input_endless_answer(self):
        """Only the status is read; what comes behind it stays where it is."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
        answer = itertools.chain([head], itertools.repeat(b"x" * 65536))
        with Listener(answer) as listener:
            url = f"http://127.0.0.1:{listener.port}/"
            self.assertEqual(self.post(url, allowed={"127.0.0.1"}), 200)
            time.sleep(0.3)
            sent = listener.sent
            time.sleep(0.3)
            self.assertEqual(listener.sent, sent)


@tagged("post_install", "-at_install")
class TestOutboxBadInput(ReallySent, OutboxCommon):
    def post_to(self, port, allowed=""):
        """Have the job post one message; :return: the message"""
        self.env["ir.config_parameter"].sudo().set_param(HOSTS_PARAM, allowed)
        self.outbox.url = f"https://127.0.0.1:{port}/" if port else False
        if not self.outbox.sudo().secret:
            self.outbox.action_new_secret()
        with self.at("2026-03-01 00:00:00"):
            self.issued()
        return self.messages().sorted("id")[-1:]

    @mute_logger(CRON_LOG)
    def run_cron(self):
        self.env.flush_all()
        cron = self.env.ref("kavi_billing_export.cron_post_outbox")
        with self.at("2026-03-01 03:00:00"), self.enter_registry_test_mode():
            cron.sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_bad_input_says_nothing_of_ports(self):
        """Open or closed, web server or not: the same sentence, and nobody came."""
        said = set()
        with Listener() as open_port, Listener(b"SSH-2.0-secret\r\n") as other:
            with Listener() as closed:
                pass
            for port in (open_port.port, other.port, closed.port):
                message = self.post_to(port)
                self.run_cron()
                self.assertEqual(message.state, "waiting")
                said.add(message.error)
            self.assertEqual(len(said), 1, said)
            self.assertFalse(open_port.requests + other.requests)
        self.assertIn("network", said.pop())

    def test_bad_input_what_failed(self):
        """Where it is allowed to ask, only a status is told."""
        said = set()
        with Listener(b"SSH-2.0-secret\r\n") as other:
            for port in (other.port, 1):
                message = self.post_to(port, "127.0.0.1")
                self.run_cron()
                said.add(message.error)
        self.assertEqual(said, {"The receiver did not answer in time."})
        self.env["kavi.outbox.message"].sudo().search([]).state = "void"
        body = b"HTTP/1.1 500 secret\r\nX: secret\r\n\r\nsecret"
        with Listener(body) as listener:
            message = self.post_to(0, "127.0.0.1")
            self.outbox.url = f"http://127.0.0.1:{listener.port}/"
            self.run_cron()
        self.assertEqual(message.error, "HTTP 500")

    def test_bad_input_redirect(self):
        """Nobody is sent on, not even where the first place was allowed."""
        with Listener() as inner:
            line = f"HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:{inner.port}/\r\n\r\n"
            with Listener(line.encode()) as listener:
                message = self.post_to(0, "127.0.0.1")
                self.outbox.url = f"http://127.0.0.1:{listener.port}/"
                self.run_cron()
                self.assertEqual(len(listener.requests), 1)
            self.assertFalse(inner.requests)
        self.assertEqual(message.error, "HTTP 307")

    def test_allowed_by_the_parameter(self):
        """The receiver in the next room, for who runs the server says so."""
        with Listener(OK) as listener:
            message = self.post_to(0, f"127.0.0.1:{listener.port}")
            self.outbox.url = f"http://127.0.0.1:{listener.port}/in"
            self.run_cron()
        self.assertEqual(message.state, "sent")
        head, __, body = listener.requests[0].partition(b"\r\n\r\n")
        self.assertIn(message.external_id.encode(), head)
        if body:
            self.assertEqual(json.loads(body)["id"], message.external_id)
