"""Fails when an Odoo log holds a warning or an error.

Every record at WARNING or above counts, whoever wrote it, with the traceback below it.
What is plainly the machine's and not ours is allowed, here and with its reason.
"""

import re
import sys
from pathlib import Path

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ "
    r"(?P<level>[A-Z]+) \S+ (?P<logger>\S+): (?P<message>.*)"
)
COUNTED = {"WARNING", "ERROR", "CRITICAL"}

# (logger, start of message or expression): why
ALLOWED = []


def allowed(logger, message):
    return any(logger == name and re.match(text, message) for name, text in ALLOWED)


def counts(record):
    return record["level"] in COUNTED and not allowed(
        record["logger"], record["message"]
    )


def findings(lines):
    """The records that count, each with the lines that belong to it."""
    found, current = [], None
    for line in lines:
        record = RECORD.match(line)
        if record:
            current = None
            if counts(record):
                current = [line]
                found.append(current)
        elif current is not None:
            current.append(line)
    return ["\n".join(record) for record in found]


def main(paths):
    failed = False
    for path in map(Path, paths):
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found = findings(text.splitlines())
        if found:
            failed = True
            print(f"\n{path}: {len(found)} warnings or errors:")
            print("\n".join(found))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
