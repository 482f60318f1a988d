"""What the fake is told to do wrong."""

import random
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

# kind: what happens
KINDS = {
    "drop_before": "the connection is closed, nothing was done",
    "drop_after": "the work is done, then the connection is closed without an answer",
    "late": "the work is done, the answer comes after `delay` seconds",
    "malformed": "the work is done, the answer is no JSON",
    "status": "the answer has `status` (and `issue`, `retry_after`); the work is done "
    "first if `after` is true, else not at all",
    "hook": "`call()` is called: after the work and before the answer if `after` is "
    "true, else before the work (to kill a process there, or to let two calls meet)",
    "pending": "the capture or refund is PENDING (`reason`), until it is settled",
    "declined": "the capture is made, with the status DECLINED",
}


@dataclass
class Fault:
    endpoint: str  # a name such as orders.capture, or a pattern: orders.*, *
    kind: str
    count: int | None = 1  # so many times; None: always
    probability: float | None = None  # each time with this chance
    skip: int = 0  # let so many calls pass first
    status: int = 500
    issue: str | None = None
    retry_after: int | None = None
    headers: dict = field(default_factory=dict)  # more of them, with a status
    after: bool = False
    delay: float = 1.0
    reason: str | None = None
    call: object = None
    hits: int = field(default=0, init=False)

    def takes(self, endpoint, chance):
        if not fnmatchcase(endpoint, self.endpoint):
            return False
        if self.count is not None and self.hits >= self.count:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.probability is not None and chance.random() >= self.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """Faults are asked in the order in which they were told; the first that fits an
    endpoint happens."""

    def __init__(self, seed):
        self.seed = seed
        self._chance = random.Random(seed)
        self._faults = []
        self._lock = threading.Lock()

    def add(self, endpoint, kind, **details):
        if isinstance(kind, int):
            details["status"], kind = kind, "status"
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}; there are {', '.join(KINDS)}")
        if "probability" in details:
            details.setdefault("count", None)
        fault = Fault(endpoint, kind, **details)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self):
        with self._lock:
            self._faults.clear()

    def pick(self, endpoint):
        with self._lock:
            for fault in self._faults:
                if fault.takes(endpoint, self._chance):
                    return fault
        return None

    def pending(self):
        """What has not happened as often as it was told to."""
        with self._lock:
            return [
                fault
                for fault in self._faults
                if fault.count is None or fault.hits < fault.count
            ]
