"""A payer with a browser and the link of the mail, at a real server."""

import re
import time
from urllib.parse import urljoin

import requests

WAITS = 60
# What the page's script does while a payment is under way.
WATCHED = re.compile(r'data-status-url="([^"]+)"')


class Payer:
    """Pays one bill by its link: ``check_out``, ``approve``, ``come_back``."""

    def __init__(self, url, bill, token):
        self.url, self.path, self.token = url, f"/my/bills/{bill}", token
        self.browser = requests.Session()

    def get(self, url, **query):
        return self.browser.get(urljoin(self.url, url), params=query, timeout=WAITS)

    def check_out(self, **vals):
        """Press the button; the address of the gateway's page."""
        page = self.get(f"{self.path}/pay", access_token=self.token)
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        answer = self.browser.post(
            f"{self.url}{self.path}/pay",
            data={"csrf_token": csrf[1], "access_token": self.token, **vals},
            allow_redirects=False,
            timeout=WAITS,
        )
        return answer.headers["Location"]

    def agree(self, place, act="approve"):
        """Press a button on the gateway's page; the address of the way back."""
        answer = requests.post(
            place,
            data={"act": act, "source": "visa"},
            allow_redirects=False,
            timeout=WAITS,
        )
        return answer.headers["Location"]

    def look(self):
        """The bill's page now."""
        return self.get(self.path, access_token=self.token)

    def wait_until_told(self, page, patience=600):
        """Do as the page's script does, until it says that the bill is paid.

        :return: the page
        """
        end = time.monotonic() + patience
        while "being processed" in page.text and time.monotonic() < end:
            watched = WATCHED.search(page.text)
            time.sleep(1)
            if watched:
                answer = self.get(watched[1].replace("&amp;", "&"))
                if answer.json()["is_awaited"]:
                    continue
            page = self.look()
        return page
