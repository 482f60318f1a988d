"""Behind a reverse proxy, by two workers: what comes over HTTP (webhook, paying, the
way back, the outbox) does what it does elsewhere, links are https, and the client's
address is the client's, whatever it claims.

The proxy is nginx, on this machine only; `bin/kavi test` gets it.
"""

import contextlib
import datetime
import ipaddress
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests.adapters import HTTPAdapter

from .prefork import Payer, prefork
from .scratch import _free_port
from .till import WEBHOOK_PATH, open_till
from .waiting import PATIENCE, wait_for

PASSWORD = "only for this test"
# Another address of this machine, as a client's that is not the proxy's.
CLIENT, OTHER = "127.0.0.7", "127.0.0.8"
NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        ssl_certificate {folder}/site.pem;
        ssl_certificate_key {folder}/site.pem;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_redirect off;
        location / {{ proxy_pass http://127.0.0.1:{odoo_port}; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def till():
    with open_till() as till:
        yield till


@pytest.fixture(scope="module")
def site(till, tmp_path_factory):
    """Odoo in proxy mode behind nginx, whose address all people know."""
    folder = tmp_path_factory.mktemp("proxy")
    with till.scratch.env() as env:
        env["ir.cron"].search([]).active = False
        # the default of 5 would take longer
        env["ir.config_parameter"].set_param("base.login_cooldown_after", 2)
        env.ref("base.user_admin").password = PASSWORD
    with (
        prefork(till.scratch.name, till.log, "--proxy-mode") as site,
        nginx(folder, urlsplit(site.url).port) as (port, certificate),
    ):
        site.behind, site.url = site.url, f"https://localhost:{port}"
        site.certificate = certificate
        with till.scratch.env() as env:
            env["ir.config_parameter"].set_param("web.base.url", site.url)
            till.register_webhook(env, site.url)
        yield site


@contextlib.contextmanager
def nginx(folder, odoo_port):
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "nginx is missing: `bin/kavi test` gets it, or install nginx"
    port = _free_port()
    write_certificate(folder / "site.pem")
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, odoo_port=odoo_port))
    command = [program, "-p", folder, "-c", config, "-e", folder / "error.log"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: is_there(port, process), "nginx does not answer")
            yield port, str(folder / "site.pem")
        finally:
            process.terminate()


def is_there(port, process):
    assert process.poll() is None, "nginx did not start"
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"http://127.0.0.1:{port}", timeout=5).status_code


def write_certificate(path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    x509.DNSName("localhost"),
                    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                ]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


class From(HTTPAdapter):
    """A way out by one of this machine's addresses."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


def browser(site, address):
    browser = requests.Session()
    # a bundle of the machine's would count for more
    browser.verify, browser.trust_env = site.certificate, False
    browser.mount("https://", From(address))
    # a client may claim whatever it likes
    browser.headers["X-Forwarded-For"] = "203.0.113.9"
    return browser


def test_proxy_card_payment(till, site):
    """The payer's way by nginx, there and back, with an event beside it: paid once."""
    payer = Payer(till, site.url, verify=site.certificate)
    payer.check_out()
    assert payer.way_back.startswith(f"{site.url}/kavi/paypal/return")
    delivery = till.paypal.webhooks.waiting[-1]
    for __ in range(2):  # the second time it is known
        answer = requests.post(
            site.url + WEBHOOK_PATH,
            data=delivery.raw,
            headers=till.paypal.webhooks.sign(delivery),
            timeout=PATIENCE,
            verify=site.certificate,
        )
        assert answer.status_code == 200
    answer = payer.come_back()
    assert answer.status_code == 303
    # relative, or over https: the browser stays at the address that it knows
    place = urlsplit(answer.headers["Location"])
    assert place.path.startswith("/my/")
    assert (place.scheme, place.netloc) in (("", ""), urlsplit(site.url)[:2])
    assert payer.look() == ("paid", 100, 1)
    with till.scratch.env() as env:
        bill = env["kavi.bill"].browse(payer.bill)
        events = env["kavi.gateway.event"].search(
            [("transaction_id", "in", bill.transaction_ids.ids)]
        )
        assert len(events) == 1
    till.check()


def test_proxy_links_are_https(till, site):
    """In mails, on the page, and where the gateway sends its events."""
    (bill,) = till.issue(100)
    with till.scratch.env() as env:
        bill = env["kavi.bill"].browse(bill)
        token = bill._portal_ensure_token()
        assert bill.get_base_url() == site.url
        mails = env["mail.mail"].search([("res_id", "=", bill.id)])
        bodies = "".join(mails.mapped("body_html"))
        url = f"{site.url}{bill.access_url}"
    assert f"{site.url}/" in bodies
    assert "http://" not in bodies.replace("http://www.w3.org", "")
    page = browser(site, CLIENT).get(
        url, params={"access_token": token}, timeout=PATIENCE
    )
    assert page.status_code == 200
    assert site.behind not in page.text
    assert "http://localhost" not in page.text


def test_proxy_outbox(till, site):
    """The receiver fetches by nginx; a wrong key is refused."""
    with till.scratch.env() as env:
        outbox = env["kavi.outbox"].create(
            {"name": "Books", "company_id": till.company}
        )
        key = outbox.action_new_key()["params"]["message"].split()[0]
        address = outbox.fetch_path
    till.issue(100, 50)
    assert address.startswith(f"{site.url}/")

    def fetch(key):
        return requests.get(
            address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE,
            verify=site.certificate,
        )

    assert fetch("wrong").status_code == 401
    answers = [fetch(key).json() for __ in range(3)]  # by either worker
    assert answers[0] == answers[1] == answers[2]
    assert [message["sequence"] for message in answers[0]["messages"]] == [1, 2]


def test_proxy_address_in_the_log(till, site):
    """That of the client, as the proxy sees it: not the proxy's, nor what it claims."""
    browser(site, CLIENT).get(f"{site.url}/web/health?looked=for", timeout=PATIENCE)
    (line,) = wait_for(
        lambda: [line for line in Path(till.log).open() if "looked=for" in line],
        "the log says nothing",
    )
    assert f" {CLIENT} - " in line


def test_proxy_address_that_is_limited(site):
    """Who tries passwords has to wait, and nobody else."""

    def log_in(address, password):
        answer = browser(site, address).post(
            f"{site.url}/web/session/authenticate",
            json={
                "jsonrpc": "2.0",
                "method": "call",
                "params": {"db": site.name, "login": "admin", "password": password},
            },
            timeout=PATIENCE,
        )
        return answer.json()

    # each worker counts for itself
    told = [log_in(CLIENT, "wrong") for __ in range(12)]
    assert any("Too many login failures" in str(answer) for answer in told)
    assert all("result" in log_in(OTHER, PASSWORD) for __ in range(3))
