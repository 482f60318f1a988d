"""bad_input: whatever is at PayPal's address, and whatever it answers: a call comes to
an end, costs a bounded time and memory, and is an answer or one of the client's errors.

The bounds are ours: a minute and 2 MB; what PayPal itself answers stays far below.
"""

import gzip
import itertools
import json
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .paypal_without_odoo import (
    Listener,
    bounds,
    connection,
    event,
    exceptions,
    paypal_client,
)

NoAnswer, Silence = exceptions.NoAnswer, exceptions.Silence
DEEP = b'{"a":' * 200_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=9), each)
    ),
    max_leaves=9,
)
# The members that are read of a refusal, each with whatever.
READ = "name message error error_description debug_id details issue description".split()
BODIES = (
    st.dictionaries(st.sampled_from(READ), JSON, max_size=4)
    | st.builds(
        lambda item: {"details": [item]},
        st.dictionaries(st.sampled_from(READ), JSON, max_size=3),
    )
    | JSON
)
STATUSES = st.sampled_from((200, 201, 204, 302, 400, 401, 404, 409, 422, 500, 599, 700))


def http(content=b"", status=200, *headers):
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def ask(port, **options):
    client = paypal_client.PayPalClient(
        f"http://127.0.0.1:{port}", "id", "secret", lambda: "token", print, **options
    )
    return client.get_order("ORDER1")


def answer(content, **options):
    with Listener(content) as listener:
        return ask(listener.port, **options)


def unknown(content, error=NoAnswer, **options):
    with pytest.raises(error) as caught:
        answer(content, **options)
    assert len(caught.value.message.split()) > 3
    return caught.value


# --- how much


def test_bad_input_no_end():
    """What does not end is left where the bound is, and not kept on the way."""
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    packed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"x" * 65536
    for pieces in (
        itertools.chain([head], itertools.repeat(piece)),
        itertools.chain([packed], itertools.repeat(b"10000\r\n%b\r\n" % piece)),
        itertools.chain([packed], itertools.repeat(b"1" * 65536)),
        itertools.chain([head[:-2], b"X: "], itertools.repeat(piece)),
        itertools.repeat(b"X: y\r\n"),
    ):
        with Listener(pieces) as listener:
            with pytest.raises(NoAnswer):
                ask(listener.port)
            time.sleep(0.2)
            sent = listener.sent
            time.sleep(0.2)
            assert listener.sent == sent, "it is cut off"
            # what the system keeps on the way is not the client's
            assert sent < bounds.MAX_ANSWER + 2**24


def test_bad_input_length():
    """As much as is allowed is read; a byte more is not, whatever length is told."""
    whole = json.dumps({"id": "ORDER1"}).encode()
    most = whole.ljust(bounds.MAX_ANSWER)
    assert answer(http(most)) == {"id": "ORDER1"}
    unknown(http(most + b" "))
    # said to be endless, and ends: not all of it came
    unknown(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + whole)


def test_bad_input_packed():
    """Nothing that unpacks to more than it is: it was not asked for so."""
    bomb = gzip.compress(b" " * 2**26)
    for name in ("gzip", "GZIP", "deflate", "br", "gzip, gzip"):
        unknown(http(bomb, 200, f"Content-Encoding: {name}"))
    whole = b'{"id": "ORDER1"}'
    assert answer(http(whole, 200, "Content-Encoding: identity")) == {"id": "ORDER1"}


def test_bad_input_length_of_an_event():
    """Whoever reads it: the web server's own bound is another one."""
    whole = json.dumps({"id": "WH-1", "event_type": "A.B"}).encode()
    assert event.read_event(whole.ljust(event.MAX_BODY))["id"] == "WH-1"
    with pytest.raises(ValueError, match="too long"):
        event.read_event(whole.ljust(event.MAX_BODY + 1))


# --- how long


def drips():
    """Answers that come byte by byte, each where a different part of them is read."""
    whole = http(b'{"id": "ORDER1"}')
    head = whole[: whole.index(b"\r\n\r\n") + 4]
    ok = b"HTTP/1.1 200 OK\r\n"
    packed = ok + b"Transfer-Encoding: chunked\r\n\r\n"
    repeat = itertools.repeat
    return {
        "status": repeat(b"H"),
        "header": itertools.chain([ok, b"X: "], repeat(b"x")),
        "headers": itertools.chain([ok], repeat(b"X: y\r\n")),
        "body": itertools.chain([head.replace(b"16", b"999")], repeat(b" ")),
        "body without an end": itertools.chain([ok, b"\r\n"], repeat(b" ")),
        "size of a chunk": itertools.chain([packed], repeat(b"0")),
        "chunks": itertools.chain([packed], repeat(b"1\r\n \r\n")),
        "refusal": itertools.chain([b"HTTP/1.1 422 X\r\n\r\n"], repeat(b" ")),
    }


@pytest.mark.parametrize("where", drips())
@pytest.mark.parametrize("is_told", [True, False])
def test_bad_input_drip(monkeypatch, where, is_told):
    """A byte now and then holds nobody: neither who has told how long they wait, nor
    anybody else."""
    if not is_told:
        monkeypatch.setattr(connection, "DEADLINE", 0.8)
    options = {"within": 0.8} if is_told else {}
    with Listener(drips()[where], drip=0.02) as listener:
        started = time.monotonic()
        with pytest.raises(Silence):
            ask(listener.port, **options)
        assert 0.7 < time.monotonic() - started < 3
        assert listener.sent > 2, "it did drip"


def test_bad_input_silence():
    """Who is there and says nothing."""
    with Listener(iter([])) as listener:
        with pytest.raises(NoAnswer):
            ask(listener.port)
    with Listener(itertools.repeat(b""), drip=0.1) as listener:
        with pytest.raises(Silence):
            ask(listener.port, timeout=0.3)


# --- what


@pytest.mark.parametrize("status", [200, 201, 400, 401, 422, 500])
def test_bad_input_deep(status):
    """Nested deeper than anybody's: no answer, and no word of PayPal's."""
    for content in (DEEP, b"[" * 200_000):
        assert unknown(http(content, status)).status == status


def test_a_page_of_a_proxy_is_no_refusal():
    def status(status, content, *headers):
        return unknown(http(content, status, *headers)).status

    assert status(403, b"<html>Blocked</html>") == 403
    assert status(302, b"", "Location: https://example.com") == 302
    assert status(200, b"[]") == 200
    assert status(201, b"") == 201
    assert status(200, b"\xff\xfe") == 200
    assert status(429, b"{}") == 429


@settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(status=STATUSES, body=BODIES)
@example(status=400, body={"details": 5})
@example(status=422, body={"details": [{"issue": {"a": 1}}]})
@example(status=422, body={"details": [{"description": ["x"]}], "message": {}})
@example(status=400, body={"debug_id": {}, "name": 7, "error": []})
def test_property_whatever_is_answered(status, body):
    """A dict, a refusal or an unknown outcome, with texts in them; nothing else."""
    content = b"" if status == 204 else json.dumps(body).encode()
    try:
        found = answer(http(content, status))
    except exceptions.PayPalError as error:
        told = [error.message, *getattr(error, "issues", ())]
        told += [error.debug_id or "", getattr(error, "name", "")]
        assert all(isinstance(text, str) for text in told)
        assert error.message
    else:
        assert isinstance(found, dict)
