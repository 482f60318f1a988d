"""The fake's clock: the machine's, moved on by hand."""

import time
from datetime import datetime, timedelta, timezone


class Clock:
    def __init__(self):
        self._ahead = 0

    def advance(self, seconds):
        self._ahead += seconds

    def now(self):
        return datetime.fromtimestamp(time.time() + self._ahead, timezone.utc)

    def text(self, moment=None):
        return (moment or self.now()).strftime("%Y-%m-%dT%H:%M:%SZ")

    def after(self, **span):
        return self.now() + timedelta(**span)


def parse(text):
    return datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
