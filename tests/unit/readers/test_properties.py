"""Whatever is done to a recording's bytes, reading it ends, without an exception, with exchanges and problems."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.problem import Problem
from phonehome.readers import iter_inputs, read_input
from phonehome.readers.base import Item

CASES = Path(__file__).parents[2] / "cases"
SMALL = [
    CASES / "har-mitmproxy-insomnia" / "mitmproxy-insomnia.har",
    CASES / "har-mitmproxy-postdata" / "mitmproxy-postdata.har",
    CASES / "har-mitmproxy-websocket" / "mitmproxy-websocket.har",
    CASES / "mitm-corrupted_gzip_body" / "corrupted_gzip_body.mitm",
    CASES / "mitm-dumpfile-011" / "dumpfile-011.mitm",
    CASES / "mitm-dumpfile-7-websocket" / "dumpfile-7-websocket.mitm",
    CASES / "mitm-websocket" / "websocket.mitm",
]
RECORDINGS = [path.read_bytes() for path in SMALL]
# What breaks parsers: brackets, quotes, escapes, lengths, types, bytes of no text.
SNIPPETS = st.sampled_from(
    [
        *(bytes([byte]) for byte in b'{}[]"\\,:-\x00\xff'),
        *(b"null", b"1e999", b'"\\ud800"', b'{"request":{"url":"http://x/"}}'),
        *(b"0:~", b"0:}", b"5:12345,", b"99999999:", b"1:1#", b"4:true!"),
    ]
)
SPLICES = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 60), SNIPPETS | st.binary(max_size=8)), min_size=1, max_size=6
)


def mutate(data: bytes, splices: list[tuple[float, int, bytes]]) -> bytes:
    for place, removed, put in splices:
        at = int(place * len(data))
        data = data[:at] + put + data[at + removed :]
    return data


def read_stdin(data: bytes) -> list[Item]:
    """Read bytes the way a user's file is read: told by content, unwrapped, drained and hashed."""
    try:
        files = iter_inputs(["-"], stdin=io.BytesIO(data))
    except InputError:
        return []
    return [item for file in files for item in read_input(file)]


def check(items: list[Item]) -> None:
    indexes = [item.index for item in items if isinstance(item, Exchange)]
    assert indexes == sorted(set(indexes))
    for item in items:
        if isinstance(item, Problem):
            assert item.reason
            assert "\n" not in item.reason
            assert item.input == 0


@settings(max_examples=300)
@given(st.sampled_from(RECORDINGS), SPLICES)
def test_a_mutated_recording_is_read_to_an_end(data: bytes, splices: list[tuple[float, int, bytes]]) -> None:
    check(read_stdin(mutate(data, splices)))


@settings(max_examples=100)
@given(st.sampled_from(RECORDINGS), SPLICES)
def test_a_mutated_wrapping_is_read_to_an_end(data: bytes, splices: list[tuple[float, int, bytes]]) -> None:
    check(read_stdin(mutate(gzip.compress(data, mtime=0), splices)))


@given(
    st.binary(max_size=400), st.sampled_from([b"", b'{"log":{"entries":[', b"\x1f\x8b\x08", b"PK\x03\x04"])
)
def test_any_bytes_are_refused_or_read(data: bytes, start: bytes) -> None:
    check(read_stdin(start + data))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)
FIELDS = st.sampled_from(
    [
        *("headers", "cookies", "queryString", "postData", "bodySize", "headersSize", "method", "url"),
        *("httpVersion", "status", "content", "_error", "_phonehome"),
    ]
)


@given(
    st.dictionaries(FIELDS, JSON, max_size=5),
    st.dictionaries(FIELDS, JSON, max_size=5),
    st.dictionaries(
        st.sampled_from(["startedDateTime", "serverIPAddress", "_webSocketMessages", "_phonehome", "_error"]),
        JSON,
    ),
)
def test_an_entry_whose_fields_hold_anything_is_read(
    make_har: Callable[..., bytes],
    read_har: Callable[[bytes], list[Item]],
    asked: dict[str, object],
    response: dict[str, object],
    more: dict[str, object],
) -> None:
    request = {"method": "GET", "url": "http://example.org/"} | asked
    items = read_har(make_har({"request": request, "response": response, **more}))
    check(items)
    assert items
