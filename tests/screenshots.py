"""Pictures of the demo for the README, taken in headless Chromium.

    bin/kavi up &
    python tests/screenshots.py [--url URL] [--login LOGIN] [NAME ...]

Each picture of PICTURES goes to static/description/NAME.png of its addon, with as few
colors as keep it small.
"""

import argparse
import base64
import io
import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

import websocket
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
DESKTOP = (1400, 900)
PHONE = (390, 844)
PAPER = (800, 900)
# When a page has come to rest.
QUIET = """
    !document.querySelector(".o_blockUI, .o_loading_indicator")
    && (
        document.querySelector(".o_action_manager .o_view_controller")
        || document.querySelector(".o_kavi_overview_page")
        || document.querySelector("#wrap, .kb") && document.readyState === "complete"
    )
"""
# Who looks at the portal: the administrator of a company that is billed.
PAYER = "nora"


def open_row(cell, *texts):
    """The script that opens the first row of a list that holds all of ``texts``."""
    return f"""
        const rows = [...document.querySelectorAll(".o_data_row")];
        const holds = (row) => (text) => row.innerText.includes(text);
        rows.find((row) => {json.dumps(texts)}.every(holds(row)))
            .querySelector("td[name={cell}]").click()
    """


def follow(text):
    """The script that follows the first link in a row of a page's table."""
    return f"""
        [...document.querySelectorAll("tr")]
            .find((row) => row.innerText.includes({json.dumps(text)}))
            .querySelector("a").click()
    """


TRANSACTIONS = "/odoo/action-kavi_commerce.action_kavi_transaction"
# From the list of one's bills to the page on which the first is paid.
PAY_BY_CARD = """
    const bill = document.querySelector("tbody a[href*='/my/bills/']");
    location.assign(`${bill.pathname}/pay`);
"""


def open_report(report, title):
    """The script that opens a report of the bill of that title, as a page."""
    call = {
        "params": {
            "model": "kavi.bill",
            "method": "search",
            "args": [[["title", "=", title], ["name", "!=", False]]],
            "kwargs": {"limit": 1},
        }
    }
    return f"""
        document.body.insertAdjacentHTML("beforeend", "<i class='o_blockUI'></i>");
        fetch("/web/dataset/call_kw", {{
            method: "POST",
            headers: {{"Content-Type": "application/json"}},
            body: JSON.stringify({json.dumps(call)}),
        }})
            .then((answer) => answer.json())
            .then((answer) => {{
                location = "/report/html/kavi_billing.{report}/" + answer.result[0];
            }});
    """


# name -> (path, size, script to run before the picture is taken); those of the portal
# are taken as PAYER
PICTURES = {
    "overview": ("/odoo/billing-overview", DESKTOP, ""),
    "overview_phone": ("/odoo/billing-overview", PHONE, ""),
    "aging": ("/odoo/billing-aging", DESKTOP, ""),
    "import": (
        "/odoo/billing-imports",
        DESKTOP,
        open_row("file_name", "Bill Data.csv"),
    ),
    "bills": ("/odoo/kavi-bills", DESKTOP, ""),
    "bill": (
        "/odoo/kavi-bills",
        DESKTOP,
        open_row("title", "Harbor Instruments", "Membership"),
    ),
    "invoice": (
        "/odoo/kavi-bills",
        PAPER,
        open_report("report_bill_invoice", "Two boats for the season"),
    ),
    "account": (
        "/odoo/billing-accounts",
        DESKTOP,
        open_row("name", "Harbor Instruments"),
    ),
    "phone": ("/odoo/kavi-bills", PHONE, ""),
    "portal": ("/my/billing", DESKTOP, ""),
    "portal_bill": ("/my/billing?filterby=all", DESKTOP, follow("workshop")),
    "portal_phone": ("/my/billing", PHONE, ""),
    "portal_bill_phone": ("/my/billing?filterby=all", PHONE, follow("workshop")),
    "pay_by_card": ("/my/billing", DESKTOP, PAY_BY_CARD),
    "pay_by_card_phone": ("/my/billing", PHONE, PAY_BY_CARD),
    "transactions": (TRANSACTIONS, DESKTOP, ""),
    "transaction": (TRANSACTIONS, DESKTOP, open_row("order_id", "Charged")),
}
# Those that are not kavi_billing's.
ADDONS = {
    "overview": "kavi_billing_report",
    "overview_phone": "kavi_billing_report",
    "aging": "kavi_billing_report",
    "import": "kavi_billing_import",
    "pay_by_card": "kavi_commerce",
    "pay_by_card_phone": "kavi_commerce",
    "transactions": "kavi_commerce",
    "transaction": "kavi_commerce",
}


def find_folder(name):
    return ROOT / ADDONS.get(name, "kavi_billing") / "static" / "description"


class Browser:
    """One tab, driven over Chromium's own protocol."""

    def __init__(self):
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        if not program:
            sys.exit("No Chromium on the PATH: bin/kavi test gets one into .odoo/bin")
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            [program, *SWITCHES, f"--user-data-dir={self.folder.name}", "about:blank"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stderr:
            found = re.search(r"ws://[^/]+/", line)
            if found:
                break
        else:
            sys.exit("Chromium did not start.")
        port = found.group().split(":")[2].rstrip("/")
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/devtools/page/{self._find_tab(port)}",
            suppress_origin=True,
            timeout=60,
        )
        self.numbers = itertools.count(1)
        self.errors = []
        self.send("Runtime.enable")
        self.send("Page.enable")

    @staticmethod
    def _find_tab(port):
        with urlopen(f"http://127.0.0.1:{port}/json", timeout=30) as answer:
            return next(tab["id"] for tab in json.load(answer) if tab["type"] == "page")

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=30)
        self.folder.cleanup()

    def send(self, method, **params):
        """Sends a command and returns its result; notes errors of the page."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("method") == "Runtime.exceptionThrown":
                self.errors.append(message["params"]["exceptionDetails"]["text"])
            if message.get("method") == "Runtime.consoleAPICalled":
                if message["params"]["type"] == "error":
                    self.errors.append(str(message["params"]["args"]))
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def run(self, script):
        """Runs JavaScript in the page and returns its value."""
        answer = self.send(
            "Runtime.evaluate", expression=f"{{{script}}}", returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait(self, condition=QUIET, seconds=120):
        """Waits until the condition held for half a second."""
        since, end = None, time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                holds = self.run(f"Boolean({condition})")
            except RuntimeError:  # the page is being replaced
                holds = False
            if not holds:
                since = None
            elif since is None:
                since = time.monotonic()
            elif time.monotonic() - since > 0.7:
                return
            time.sleep(0.1)
        raise TimeoutError(f"The page did not come to rest: {condition}")

    def open(self, url, size):
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size[0] < 768,
        )
        self.send("Page.navigate", url=url)
        time.sleep(0.3)

    def log_in(self, url, login, password):
        self.open(urljoin(url, "/web/session/logout?redirect=/web/login"), DESKTOP)
        self.open(urljoin(url, "/web/login"), DESKTOP)
        self.wait("document.querySelector('form.oe_login_form')")
        for field, value in (("login", login), ("password", password)):
            self.run(
                f"document.getElementById({json.dumps(field)}).value ="
                f" {json.dumps(value)}"
            )
        self.run("document.querySelector('form.oe_login_form').submit()")
        self.wait("!location.pathname.startsWith('/web/login')")

    def shoot(self, colors=128):
        """Returns what is seen as the bytes of a PNG."""
        shot = self.send("Page.captureScreenshot", format="png")
        picture = Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
        small = io.BytesIO()
        picture.quantize(colors, dither=Image.Dither.NONE).save(
            small, "png", optimize=True
        )
        return small.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://localhost:8069")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", help="default: the login")
    parser.add_argument("--to", type=Path, help="default: the addon's own folder")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    options = parser.parse_args()
    unknown = set(options.names) - set(PICTURES)
    if unknown:
        parser.error(f"there is no picture {', '.join(sorted(unknown))}")
    browser = Browser()
    try:
        known = None
        for name in options.names or PICTURES:
            path, size, script = PICTURES[name]
            login = PAYER if path.startswith("/my") else options.login
            if login != known:
                browser.log_in(options.url, login, options.password or login)
                known = login
            browser.open(urljoin(options.url, path), size)
            browser.wait()
            if script:
                browser.run(script)
                time.sleep(0.3)
                browser.wait()
            picture = (options.to or find_folder(name)) / f"{name}.png"
            picture.write_bytes(browser.shoot())
            print(f"{picture}: {picture.stat().st_size // 1024} kB")
    finally:
        browser.close()
    if browser.errors:
        sys.exit("The page reported: " + "\n".join(browser.errors))


if __name__ == "__main__":
    main()
