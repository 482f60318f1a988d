"""Waiting for what another process does."""

import time

# Seconds until it is given up; cron workers let all others go first.
PATIENCE = 180


def wait_for(condition, complaint, seconds=PATIENCE, pause=0.05):
    """:return: what ``condition`` answers as soon as that is true"""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(pause)
    raise TimeoutError(f"{complaint}, after {seconds} s")
