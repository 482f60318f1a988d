"""How soon a payer is told: from the approval at the gateway to Paid on the page.

At a real server with its scheduler, a PayPal of our own, and a browser that does what
the page's script does. With the webhook the events come while the payer comes back.
"""

import atexit
import contextlib
import re
import statistics
import time

from ..payer import Payer
from ..till import open_till
from .runner import Benchmark


class CardLatency(Benchmark):
    name = "card_latency"
    doc = "a card payment from approval to Paid on the page: with the webhook / without"
    rounds = 50

    def prepare(self, env):
        self.stack = contextlib.ExitStack()
        atexit.register(self.stack.close)
        self.till = self.stack.enter_context(open_till())
        self.url = self.stack.enter_context(self.till.site())
        self.told = {"with": [], "without": []}

    def before_round(self, env):
        """A bill, and its payer at the gateway's page."""
        (bill,) = self.till.issue(100)
        with self.till.scratch.env() as env_:
            token = env_["kavi.bill"].browse(bill)._portal_ensure_token()
        self.payer = Payer(self.url, bill, token)
        self.place = self.payer.check_out()

    def _pay(self, kind):
        begun = time.monotonic()
        page = self.payer.get(self.payer.agree(self.place))
        page = self.payer.wait_until_told(page)
        assert re.search(r">\s*Paid\s*<", page.text), page.text
        self.told[kind].append(time.monotonic() - begun)

    def ours(self, env):
        self.till.paypal.webhooks.release(workers=2)
        self._pay("with")

    def peer(self, env):
        self.till.paypal.webhooks.hold()
        self._pay("without")
        self.till.paypal.webhooks.forget()

    def report(self, env):
        self.stack.close()
        lines = []
        for kind, all_ in self.told.items():
            seconds = all_[1:]  # the first one fills caches
            lines.append(
                f"{kind} webhook: {len(seconds)} payments, median "
                f"{statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s"
            )
        return "\n".join(lines)
