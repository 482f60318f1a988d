"""No text from outside makes a pattern work for longer than the text is long.

Every regular expression of the addons is found and attacked: with what it is made of,
repeated, alone and in pairs, before something that does not fit. Its work is measured
at a length and at four times that: it may grow fourfold, not sixteenfold.
"""

import ast
import itertools
import re
import runpy
import time
import warnings
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import sre_parse

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = "compile findall finditer fullmatch match search split sub".split()
# Patterns that are put together while they run, or that meet nothing long: why not.
EXCEPT = {
    "kavi_billing/models/res_company/numbering.py": "an administrator's template",
    "kavi_billing_import/reader/values.py": "cells of at most 60 letters",
}
LENGTH = 1500
# Seconds; less is lost in what else the machine does.
QUICK = 0.02
# Times the work for four times the text: 4 is linear, 16 is not.
MOST = 9


def written():
    """``(file, pattern, ways)`` of each call of ``re`` in the addons: None for a
    pattern that is put together; the functions that it is used by."""
    for path in sorted(ROOT.glob("kavi_*/**/*.py")):
        if "tests" in path.parts:
            continue
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in FUNCTIONS
            ):
                first, ways, name = node.args[0], {node.func.attr}, None
                if ways == {"compile"}:
                    line = source.splitlines()[node.lineno - 1]
                    name = re.match(r"\s*(\w+) = re\.compile", line)[1]
                    ways = set(re.findall(rf"\b{name}\.(\w+)\(", source))
                value = first.value if isinstance(first, ast.Constant) else None
                if value is None and name and str(path.relative_to(ROOT)) not in EXCEPT:
                    # put together of constants, in a plain module
                    value = runpy.run_path(str(path))[name].pattern
                yield str(path.relative_to(ROOT)), value, tuple(sorted(ways))


def patterns():
    found = {each for each in written() if each[0] not in EXCEPT}
    return sorted(found, key=str)


def alphabet(pattern):
    """What the pattern is made of: its letters, and one of each of its classes."""
    letters = set()

    def walk(parsed):
        for kind, value in parsed:
            name = str(kind)
            if name in ("LITERAL", "NOT_LITERAL"):
                letters.add(chr(value))
            elif name == "RANGE":
                letters.update(chr(each) for each in value)
            elif name == "CATEGORY":
                letters.add({"DIGIT": "7", "SPACE": " "}.get(str(value)[9:], "w"))
            elif name == "ANY":
                letters.add("x")
            elif name == "IN":
                walk(value)
            elif name == "BRANCH":
                for branch in value[1]:
                    walk(branch)
            elif isinstance(value, tuple):
                for part in value:
                    if isinstance(part, sre_parse.SubPattern):
                        walk(part)

    walk(sre_parse.parse(pattern, re.VERBOSE if "\n" in pattern else 0))
    # one of a kind is enough
    kinds = {}
    for letter in sorted(letters):
        kind = letter if not letter.isalnum() else ("7" if letter.isdigit() else "a")
        kinds.setdefault(kind, letter)
    return list(kinds.values())[:14]


def attacks(pattern, length):
    letters = alphabet(pattern)
    units = letters + ["".join(pair) for pair in itertools.permutations(letters, 2)]
    for unit in units:
        yield (unit * length)[:length] + "\0"
        yield '"' + (unit * length)[:length]


def work(compiled, ways, text, tries=1):
    """Seconds of this thread: what else the machine does is not counted."""

    def once():
        started = time.thread_time()
        for way in ways:
            if way in ("match", "fullmatch"):
                getattr(compiled, way)(text)
            else:
                compiled.sub("", text)
        return time.thread_time() - started

    return min(once() for __ in range(tries))


def growth(pattern, ways):
    """The worst text, and by how much more work four times of it is."""
    if isinstance(pattern, bytes):
        pattern = pattern.decode("latin-1")
    compiled = re.compile(pattern, re.VERBOSE if "\n" in pattern else 0)
    worst = (0, "")
    for short, long in zip(
        attacks(pattern, LENGTH), attacks(pattern, 4 * LENGTH), strict=True
    ):
        if work(compiled, ways, long) > QUICK:
            # the best of several: caches and the like are noise, too
            times = work(compiled, ways, long, 3) / work(compiled, ways, short, 5)
            worst = max(worst, (times, short[:6]))
        if worst[0] > MOST:
            break
    return worst


@pytest.mark.parametrize(("path", "pattern", "ways"), patterns())
def test_bad_input_no_pattern_takes_longer_than_the_text(path, pattern, ways):
    assert pattern, f"{path}: say in EXCEPT why this one meets nothing long"
    times, text = growth(pattern, ways)
    assert times < MOST, (path, pattern, text)


@pytest.mark.parametrize("pattern", [r"a+b", r"[A-Za-z][\w-]*\s*:", r"\s+$"])
def test_bad_input_such_a_pattern_is_found(pattern):
    times, __ = growth(pattern, ("search",))
    assert times > MOST


def test_structure_exceptions_are_needed():
    assert set(EXCEPT) <= {path for path, *__ in written()}
