"""Since when PayPal says nothing, in this process.

Whoever posts to the webhook meanwhile holds no worker for as long again: events that
may be genuine are set aside for the job.
"""

import time

# Seconds that a request waits for the word on an event; the job has more.
PATIENCE = 3
# Seconds in which requests do not ask again, once there was silence.
SILENCE = 30

_ends = 0.0


def is_silent():
    return time.monotonic() < _ends


def note_silence():
    global _ends
    _ends = time.monotonic() + SILENCE


def forget_silence():
    """PayPal has spoken."""
    global _ends
    _ends = 0.0
